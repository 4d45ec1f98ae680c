//! One HTTP connection, of either version, driven by whoever uses it: there is no task that could outlive a check.

use super::{Failure, Peer, of_io, of_tls};
use bytes::Bytes;
use flyball_model::{Blind, Cause, MonitorId};
use futures_util::Stream;
use futures_util::stream::FuturesUnordered;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// A request's body.
pub(crate) type RequestBody = Full<Bytes>;

/// A connection's bytes.
type Io = TokioIo<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

/// The longest head of an answer: as long as nginx and Heroku's router send, and then some. What came with the last read
/// beyond it is taken as well.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;
/// The most headers of an answer: hyper's own bound, said here so that it can be told.
pub(super) const HEADERS_MAX: usize = 100;

/// The version that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// HTTP/1.1.
    One,
    /// HTTP/2.
    Two,
}

/// A connection that requests can be sent on, one after the other.
pub(crate) struct Connection {
    sender: Sender,
    driver: Driver,
    /// Where it leads.
    pub(crate) peer: Peer,
}

enum Sender {
    One(http1::SendRequest<RequestBody>),
    Two(http2::SendRequest<RequestBody>),
}

impl Connection {
    /// Begins to speak HTTP.
    pub(crate) async fn open(
        stream: Either<TcpStream, Box<TlsStream<TcpStream>>>,
        version: Version,
        peer: Peer,
    ) -> Result<Self, Failure> {
        let io: Io = TokioIo::new(stream);
        let mut driver = Driver::default();
        let sender = match version {
            Version::One => {
                let mut builder = http1::Builder::new();
                builder
                    .max_buf_size(HEAD_BYTES_MAX)
                    .max_headers(HEADERS_MAX)
                    // An odd line is no reason to refuse a page that every browser shows.
                    .allow_spaces_after_header_name_in_responses(true)
                    .allow_obsolete_multiline_headers_in_responses(true)
                    .ignore_invalid_headers_in_responses(true);
                let (sender, connection) =
                    builder.handshake(io).await.map_err(|error| of_hyper(&error, version, &peer))?;
                driver.connection = Some(Box::pin(connection));
                Sender::One(sender)
            }
            Version::Two => {
                let mut builder = http2::Builder::new(driver.tasks.clone());
                builder.max_header_list_size(u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX));
                let (sender, connection) =
                    driver.alongside(builder.handshake(io)).await.map_err(|error| of_hyper(&error, version, &peer))?;
                driver.connection = Some(Box::pin(connection));
                Sender::Two(sender)
            }
        };
        Ok(Self { sender, driver, peer })
    }

    /// The version that it speaks.
    pub(crate) const fn version(&self) -> Version {
        match self.sender {
            Sender::One(_) => Version::One,
            Sender::Two(_) => Version::Two,
        }
    }

    /// Sends a request, and waits for the answer's head.
    ///
    /// # Errors
    ///
    /// The failure, and whether the request may have arrived: on a connection that was used before, one that did not can
    /// be sent again elsewhere.
    pub(crate) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, (Failure, Arrived)> {
        let version = self.version();
        let sent: Result<_, TrySendError<Request<RequestBody>>> = match &mut self.sender {
            Sender::One(sender) => {
                let ready = self.driver.alongside(sender.ready()).await;
                ready.map_err(|error| (of_hyper(&error, version, &self.peer), Arrived::No))?;
                self.driver.alongside(sender.try_send_request(request)).await
            }
            Sender::Two(sender) => {
                let ready = self.driver.alongside(sender.ready()).await;
                ready.map_err(|error| (of_hyper(&error, version, &self.peer), Arrived::No))?;
                self.driver.alongside(sender.try_send_request(request)).await
            }
        };
        sent.map_err(|mut error| {
            let arrived = if error.take_message().is_some() { Arrived::No } else { Arrived::Maybe };
            (of_hyper(error.error(), version, &self.peer), arrived)
        })
    }

    /// Does `work` while the connection goes on.
    pub(crate) async fn alongside<F: Future>(&mut self, work: F) -> F::Output {
        self.driver.alongside(work).await
    }
}

/// Whether a request that failed may have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// It was certainly not sent.
    No,
    /// It may have been.
    Maybe,
}

/// What an error of hyper means.
pub(crate) fn of_hyper(error: &hyper::Error, version: Version, peer: &Peer) -> Failure {
    let closed = || Failure::failing(Cause::Reset, format!("connection closed by {peer} before the answer was whole"));
    match io_error(error) {
        Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => return closed(),
        Some(error) if is_misframed(error) => {
            let words = format!("the page came in chunks that cannot be read ({error})");
            return Failure::failing(Cause::Protocol, words);
        }
        Some(error) => return of_tls(error).unwrap_or_else(|| of_io(error, &format!("by {peer}"))),
        None => {}
    }
    if error.is_parse_too_large() {
        let most = HEAD_BYTES_MAX / 1024;
        let words = format!("the answer's head is too large: more than {most} KiB, or more than {HEADERS_MAX} headers");
        // The bound is ours: a browser takes more.
        return Failure::unknown(Blind::Unreadable, words);
    }
    if error.is_parse() {
        return Failure::failing(Cause::Protocol, format!("what answered did not speak HTTP ({error})"));
    }
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() || version == Version::Two {
        return closed();
    }
    Failure::failing(Cause::Protocol, format!("the answer was not understood: {error}"))
}

/// Whether the pieces of a page make no sense. hyper tells that as an error of the connection; one of the system has its
/// number, and one of TLS its own type.
fn is_misframed(error: &io::Error) -> bool {
    let is_ours = error.raw_os_error().is_none() && of_tls(error).is_none();
    is_ours && matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData)
}

/// The error of the connection beneath, if there was one.
pub(crate) fn io_error(error: &hyper::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return Some(error);
        }
        source = cause.source();
    }
    None
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What has to go on while something is done on a connection: the connection itself, and under HTTP/2 what it starts.
#[derive(Default)]
pub(super) struct Driver {
    connection: Option<Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>>,
    tasks: Tasks,
    running: FuturesUnordered<Task>,
}

impl Driver {
    /// Of a connection that starts nothing beside it.
    pub(super) fn of(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        Self { connection: Some(Box::pin(connection)), ..Self::default() }
    }

    /// Does `work` while the connection goes on.
    pub(super) async fn alongside<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            // The work first: it puts in what the connection then takes out. Whichever moves the other wakes this.
            let output = work.as_mut().poll(context);
            if output.is_pending() {
                self.go_on(context);
            }
            output
        })
        .await
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        // What ends it is told to the work, by the channel between them.
        if let Some(connection) = &mut self.connection
            && connection.as_mut().poll(context).is_ready()
        {
            self.connection = None;
        }
        loop {
            self.running.extend(self.tasks.take());
            while let Poll::Ready(Some(())) = Pin::new(&mut self.running).poll_next(context) {}
            if self.tasks.is_empty() {
                return;
            }
        }
    }
}

/// The executor that hyper hands HTTP/2's tasks to: keeps them until the driver takes them.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<Task>>>);

impl Tasks {
    fn take(&self) -> Vec<Task> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }
}

/// Connections of monitors with `reuse`, between two checks. A monitor never overlaps itself, so that one connection is
/// all that it can use.
#[derive(Default)]
pub(crate) struct IdleConnections(Mutex<Idle>);

#[derive(Default)]
struct Idle {
    kept: HashMap<MonitorId, Kept>,
    swept_at: Option<Instant>,
}

struct Kept {
    target: String,
    connection: Connection,
    since: Instant,
}

/// How long an idle connection is kept. Heroku's router ends one after about the same time.
const IDLE_MAX: Duration = Duration::from_secs(90);
/// How many connections are kept, at most: each is a descriptor, and about 20 KiB with its buffers and TLS.
const KEPT_MAX: usize = 4096;

impl IdleConnections {
    /// Takes the connection that this monitor kept, if it leads to the same target and is not too old.
    pub(crate) fn take(&self, monitor: MonitorId, target: &str) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that leads elsewhere may be for a later hop of the same check.
        idle.kept.get(&monitor).filter(|kept| kept.target == target)?;
        let kept = idle.kept.remove(&monitor)?;
        (kept.since.elapsed() < IDLE_MAX).then_some(kept.connection)
    }

    /// Keeps a connection for the monitor's next check.
    pub(crate) fn keep(&self, monitor: MonitorId, target: String, connection: Connection) {
        let now = Instant::now();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.swept_at.is_none_or(|swept_at| now.duration_since(swept_at) > IDLE_MAX) {
            idle.swept_at = Some(now);
            idle.kept.retain(|_, kept| now.duration_since(kept.since) < IDLE_MAX);
        }
        if idle.kept.len() < KEPT_MAX {
            idle.kept.insert(monitor, Kept { target, connection, since: now });
        }
    }
}
