//! Reading a page: its content encoding undone, and no further than is needed or allowed.

use super::page_text::PageText;
use super::search::Aim;
use super::settings::Http;
use crate::memory::Share;
use crate::net::{Connection, Failure, Peer, Version, io_error, of_hyper};
use async_compression::tokio::bufread::{BrotliDecoder, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use bytes::Bytes;
use flyball_model::{Blind, Cause, Excerpt};
use futures_util::{Stream, StreamExt};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

/// A decoder's output is taken in pieces of this size: as long as a TLS record.
const PIECE: usize = 16 * 1024;

/// The largest window that a zstd page may ask for, as a power of two: 8 MiB.
///
/// Source: RFC 9659, section 3. Without it a page of a few bytes takes 128 MiB of memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How many bytes an encoded page may be longer than what it decodes to: dictionaries, headers, file names.
const OVERHEAD_MAX: u64 = 64 * 1024;

/// A page, as far as it was read.
pub(super) struct Partial {
    /// The status that it came with.
    pub(super) status: u16,
    /// Its text, and the search in it.
    pub(super) text: PageText,
    /// Bytes read so far.
    pub(super) body_bytes: u64,
    /// Whether there was more than may be read.
    pub(super) cut_short: bool,
    /// What it takes of the memory that all pages share.
    pub(super) share: Share,
}

/// A content encoding that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Encoding {
    const fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "brotli",
            Self::Zstd => "zstd",
        }
    }
}

/// Reads the page into `page`, until it ends, is certain, or is too long. Says whether it was read to its end, so that
/// the connection can serve another request.
///
/// # Errors
///
/// When the page breaks off, or its encoding is broken; what was read until then is in `page`.
pub(super) async fn read_page(
    (http, aim): (&Http, Option<Aim<'_>>),
    connection: &mut Connection,
    answer: Response<Incoming>,
    page: &mut Partial,
) -> Result<bool, Failure> {
    let (head, body) = answer.into_parts();
    let intake = Intake {
        limit: http.max_body.get(),
        // How long the whole page took is asked for too, so that a text found early does not end it.
        stops_when_found: http.slower_than.is_none(),
        page,
    };
    let ends_with_connection = ends_with_connection(&head.headers, connection.version());
    match encoding(&head.headers) {
        Ok(None) => read_plain(connection, body, ends_with_connection, intake).await,
        Ok(Some(encoding)) => read_encoded(connection, body, encoding, intake).await,
        // Nothing is sought in it, so it does not matter how it is written.
        Err(_) if aim.is_none() => read_plain(connection, body, ends_with_connection, intake).await,
        Err(failure) => Err(failure),
    }
}

/// The encoding of a page; `None` if it has none.
///
/// # Errors
///
/// Unknown when it is one that was not asked for, or more than one: what we alone refuse is no fault of the page.
fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Failure> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let said: Vec<String> =
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase()).collect();
    let said = said.join(",");
    let mut words = said.split(',').map(str::trim).filter(|word| !is_identity(word));
    match (words.next(), words.next()) {
        (None, _) => Ok(None),
        (Some("gzip" | "x-gzip"), None) => Ok(Some(Encoding::Gzip)),
        (Some("deflate"), None) => Ok(Some(Encoding::Deflate)),
        (Some("br"), None) => Ok(Some(Encoding::Brotli)),
        (Some("zstd"), None) => Ok(Some(Encoding::Zstd)),
        _ => {
            let words =
                format!("the page came in content encoding \"{}\", which was not asked for", Excerpt::of(&said));
            Err(Failure::unknown(Blind::Unreadable, words))
        }
    }
}

/// Whether this word means that nothing was encoded: of the standard, of other headers, or a charset, which servers put
/// there by mistake and browsers pass over.
fn is_identity(word: &str) -> bool {
    matches!(word, "" | "identity" | "none" | "7bit" | "8bit" | "binary")
        || encoding_rs::Encoding::for_label(word.as_bytes()).is_some()
}

/// Whether the page has no length of its own, and ends where the connection does.
fn ends_with_connection(headers: &HeaderMap, version: Version) -> bool {
    version == Version::One && !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING)
}

/// Whether reading goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    More,
    Enough,
}

/// No memory is left for a page.
pub(super) fn no_room() -> Failure {
    let words = "no memory is left for this page: the pages of other checks fill what all of them may take";
    Failure::unknown(Blind::Overload, words)
}

/// Takes a page in, piece by piece.
struct Intake<'a> {
    limit: u64,
    stops_when_found: bool,
    page: &'a mut Partial,
}

impl Intake<'_> {
    fn take(&mut self, piece: &[u8]) -> Result<Then, Failure> {
        let room = self.limit.saturating_sub(self.page.body_bytes);
        let length = piece.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        self.page.text.push(&piece[..length]);
        self.page.body_bytes += length as u64;
        if !self.page.share.grow_to(self.page.text.bytes_held()) {
            return Err(no_room());
        }
        if length < piece.len() {
            self.page.cut_short = true;
            return Ok(Then::Enough);
        }
        Ok(if self.stops_when_found && self.page.text.is_certain() { Then::Enough } else { Then::More })
    }
}

async fn read_plain(
    connection: &mut Connection,
    mut body: Incoming,
    ends_with_connection: bool,
    mut intake: Intake<'_>,
) -> Result<bool, Failure> {
    while let Some(frame) = connection.alongside(body.frame()).await {
        let frame = match frame {
            Ok(frame) => frame,
            // Many servers end TLS without saying so. Where nothing else ends the page, that has to be its end.
            Err(error) if ends_with_connection && is_unexpected_end(&error) => return Ok(false),
            Err(error) => return Err(of_hyper(&error, connection.version(), &connection.peer)),
        };
        if let Some(piece) = frame.data_ref()
            && intake.take(piece)? == Then::Enough
        {
            return Ok(body.is_end_stream());
        }
    }
    Ok(!ends_with_connection)
}

async fn read_encoded(
    connection: &mut Connection,
    body: Incoming,
    encoding: Encoding,
    mut intake: Intake<'_>,
) -> Result<bool, Failure> {
    let (version, peer) = (connection.version(), connection.peer.clone());
    let mut pieces = Pieces::of(body, intake.limit.saturating_add(OVERHEAD_MAX));
    let mut reader = StreamReader::new(pieces.clone());
    let first = connection.alongside(reader.fill_buf()).await;
    let first = match first.map_err(|error| broken(&error, encoding, version, &peer))? {
        [] => return Ok(true),
        [only] => [*only, 0],
        [one, two, ..] => [*one, *two],
    };
    let mut decoder = decoder(encoding, first, reader);
    let mut piece = vec![0; PIECE];
    loop {
        match connection.alongside(decoder.read(&mut piece)).await {
            // The encoding has an end of its own; the page's may still have to come.
            Ok(0) => return Ok(connection.alongside(pieces.next()).await.is_none()),
            Ok(length) => {
                if intake.take(&piece[..length])? == Then::Enough {
                    return Ok(false);
                }
            }
            Err(_) if pieces.are_too_many() => {
                intake.page.cut_short = true;
                return Ok(false);
            }
            Err(error) => return Err(broken(&error, encoding, version, &peer)),
        }
    }
}

/// A page as it comes in, up to a number of bytes: one that decodes to nothing and never ends is bounded by that.
/// Clones share it: one is given to a decoder, and the other still sees the end.
#[derive(Clone)]
struct Pieces(Arc<Mutex<Source>>);

struct Source {
    body: Incoming,
    room: Option<u64>,
}

impl Pieces {
    fn of(body: Incoming, room: u64) -> Self {
        Self(Arc::new(Mutex::new(Source { body, room: Some(room) })))
    }

    /// Whether there were more bytes than may come in.
    fn are_too_many(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).room.is_none()
    }
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut source = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(room) = source.room else { return Poll::Ready(None) };
        loop {
            let frame = match ready!(Pin::new(&mut source.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                Some(Ok(frame)) => frame,
            };
            // Trailers are no part of the page.
            let Ok(piece) = frame.into_data() else { continue };
            source.room = room.checked_sub(piece.len() as u64);
            return Poll::Ready(source.room.map(|_| Ok(piece)));
        }
    }
}

/// Undoes an encoding; `first` are the two bytes that a page begins with.
fn decoder<R>(encoding: Encoding, first: [u8; 2], reader: R) -> Pin<Box<dyn AsyncRead + Send>>
where
    R: AsyncBufRead + Send + 'static,
{
    match encoding {
        Encoding::Gzip => {
            let mut decoder = GzipDecoder::new(reader);
            decoder.multiple_members(true);
            Box::pin(decoder)
        }
        // The standard means zlib's format; some servers send the bare one.
        Encoding::Deflate if is_zlib(first) => Box::pin(ZlibDecoder::new(reader)),
        Encoding::Deflate => Box::pin(DeflateDecoder::new(reader)),
        Encoding::Brotli => Box::pin(BrotliDecoder::new(reader)),
        Encoding::Zstd => {
            Box::pin(ZstdDecoder::with_params(reader, &[DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX)]))
        }
    }
}

/// RFC 1950, section 2.2: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(first: [u8; 2]) -> bool {
    first[0] & 0x0f == 8 && u16::from_be_bytes(first).is_multiple_of(31)
}

/// What an error in the middle of an encoded page means: of the connection, or of the encoding.
fn broken(error: &io::Error, encoding: Encoding, version: Version, peer: &Peer) -> Failure {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<hyper::Error>()) {
        Some(error) => of_hyper(error, version, peer),
        None => Failure::failing(Cause::Protocol, format!("the page's {} encoding is broken", encoding.word())),
    }
}

fn is_unexpected_end(error: &hyper::Error) -> bool {
    io_error(error).is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof)
}
