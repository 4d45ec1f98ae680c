//! Asking for a page: hop after hop, within one time-out, and what was met on the way.

use super::body::{Partial, no_room, read_page};
use super::page_text::PageText;
use super::request::Hop;
use super::search::{Aim, Text};
use super::settings::Http;
use super::verdict::{Exchange, Page};
use crate::means::Means;
use crate::memory::Share;
use crate::net::{
    Arrived, Behind, Connection, Failure, Peer, Progress, StallWatch, Step, Version, Way, of_proxy, unauthorized,
};
use crate::values::Method;
use flyball_model::{Blind, Cause, Excerpt, Finding, MonitorId, Reading, Timestamp};
use http::header::LOCATION;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::either::Either;

/// A check that waited this long for room had less time for its page than it was given: that it ran out is no fault of the
/// page.
const SHORTENED_MIN: Duration = Duration::from_millis(10);

/// A search of more than this is not done between two other checks: a regex that is slow takes milliseconds for it.
const SEARCH_INLINE_MAX: usize = 64 * 1024;

/// What has been met so far. Stands outside the future that does the work, so that it survives a time-out.
struct Seen {
    progress: Progress,
    redirected_to: Option<Excerpt>,
    page: Option<Partial>,
    /// The memory that is kept for the page.
    room: Option<Share>,
}

impl Seen {
    /// What came of it when no page was asked for.
    fn without_page(self, failure: Failure) -> Exchange {
        Exchange {
            page: None,
            failure: Some(failure),
            address: None,
            proxy: None,
            redirected_to: None,
            phases: self.progress.phases(),
            took: self.progress.took(),
        }
    }
}

/// What a page may take of the memory that all pages share: keywords are sought as it streams, and take nothing.
async fn room(means: &Means, http: &Http, aim: Option<Aim<'_>>) -> Option<Share> {
    if aim.is_some_and(Aim::needs_whole) { Some(means.memory.room_for(http.max_body.get()).await) } else { None }
}

/// Asks for the page, and judges it.
pub(super) async fn observe(means: &Means, monitor: MonitorId, http: &Http, begun_at: Timestamp) -> Reading {
    let mut stall = StallWatch::begin();
    let exchange = ask(means, monitor, (http, http.aim()), &mut stall).await;
    stall.judge(http.reading(&exchange, begun_at))
}

/// Asks for the page, and reads it for what is aimed at.
pub(in crate::kinds) async fn ask(
    means: &Means,
    monitor: MonitorId,
    (http, aim): (&Http, Option<Aim<'_>>),
    stall: &mut StallWatch,
) -> Exchange {
    let came = Instant::now();
    let waited = stall.within(http.timeout, room(means, http, aim)).await;
    // What was waited for room is no time of the page's: it counts from here on, and has what is left.
    let left = http.timeout.saturating_sub(came.elapsed());
    let mut seen = Seen { progress: Progress::begin(), redirected_to: None, page: None, room: None };
    let Some(room) = waited else {
        return seen.without_page(no_room());
    };
    let shortened = http.timeout - left >= SHORTENED_MIN;
    seen.room = room;
    let asked = Asking { means, monitor, http, aim };
    let failure = match Hop::first(http, |name| (means.secrets)(name)) {
        Err(failure) => Some(failure),
        Ok(first) => match stall.within(left, asked.follow(first, &mut seen)).await {
            Some(result) => result.err(),
            None if shortened => Some(no_room()),
            None => Some(seen.progress.timed_out(http.timeout)),
        },
    };
    let took = seen.progress.took();
    let (page, failure) = match seen.page {
        None => (None, failure),
        Some(partial) => match finished(partial).await {
            Ok(page) => (Some(page), failure),
            Err(worse) => (None, Some(worse)),
        },
    };
    Exchange {
        page,
        failure,
        address: seen.progress.address(),
        proxy: seen.progress.proxy(),
        redirected_to: seen.redirected_to,
        phases: seen.progress.phases(),
        took,
    }
}

/// Ends the search in a page.
async fn finished(partial: Partial) -> Result<Page, Failure> {
    // Its share is given back once the search is over.
    let Partial { status, text, body_bytes, cut_short, share: _share } = partial;
    let text: Text = if text.bytes_left() <= SEARCH_INLINE_MAX {
        text.finish()
    } else {
        let text = tokio::task::spawn_blocking(move || text.finish()).await;
        text.map_err(|_| Failure::unknown(Blind::Overload, "the page could not be searched, because Flyball stops"))?
    };
    Ok(Page { status, text, body_bytes, cut_short })
}

/// The failure; of a network that may not be reached also that it is the page which leads there, and not the file.
fn led_there(failure: Failure, redirected_to: Option<&Excerpt>) -> Failure {
    match (failure.finding, redirected_to) {
        (Finding::Unknown(Blind::Forbidden), Some(_)) => {
            Failure { words: format!("{}, and a redirect led there", failure.words), ..failure }
        }
        _ => failure,
    }
}

/// The answer, unless it is the proxy's own that wants to know who asks.
fn let_through(answer: Response<Incoming>, peer: &Peer) -> Result<Response<Incoming>, Failure> {
    match peer.asks_for_us() {
        Some(proxy) if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => Err(unauthorized(proxy)),
        Some(_) | None => Ok(answer),
    }
}

/// Who asks, and for what.
struct Asking<'a> {
    means: &'a Means,
    monitor: MonitorId,
    http: &'a Http,
    aim: Option<Aim<'a>>,
}

impl Asking<'_> {
    /// Follows redirects to the last page, and reads it.
    async fn follow(&self, first: Hop<'_>, seen: &mut Seen) -> Result<(), Failure> {
        let mut hop = first;
        for _ in 0..=self.http.follow_redirects {
            let way = self.way(&hop)?;
            let asked = self.ask(&hop, &way, &mut seen.progress).await;
            let (mut connection, answer) = asked.map_err(|failure| led_there(failure, seen.redirected_to.as_ref()))?;
            let key = self.http.reuse.then(|| hop.connection_key(&way));
            let method = hop.method();
            hop.take_cookies(answer.headers());
            // With nothing to follow, the redirect is the page.
            let location = answer.headers().get(LOCATION).filter(|_| self.http.follow_redirects > 0);
            if let Some((next, to)) = hop.redirected(answer.status().as_u16(), location)? {
                seen.redirected_to = Some(to);
                hop = next;
                continue;
            }
            let is_whole = self.read(&mut connection, answer, method, seen).await?;
            if let Some(key) = key.filter(|_| is_whole) {
                self.means.idle.keep(self.monitor, key, connection);
            }
            return Ok(());
        }
        let most = self.http.follow_redirects;
        let last = seen.redirected_to.as_ref().map(Excerpt::as_str).unwrap_or_default();
        Err(Failure::failing(Cause::Redirects, format!("redirected more than {most} times, the last time to {last}")))
    }

    /// Sends one request, and waits for the answer's head.
    async fn ask(
        &self,
        hop: &Hop<'_>,
        way: &Way,
        progress: &mut Progress,
    ) -> Result<(Connection, Response<Incoming>), Failure> {
        if self.http.reuse
            && let Some(mut connection) = self.means.idle.take(self.monitor, &hop.connection_key(way))
            // The rules may have changed since it was made. Then the name is looked up again, and judged anew.
            && self.means.network.permits(&connection.peer)
        {
            progress.reuse(&connection.peer);
            match connection.send(hop.request(connection.version(), &connection.peer)).await {
                Ok(answer) => {
                    progress.enter(Step::Page);
                    return let_through(answer, &connection.peer).map(|answer| (connection, answer));
                }
                // The other side may have closed it in the meantime, which says nothing: a fresh one is asked. But what
                // may have arrived, and is not harmless, is not sent twice.
                Err((failure, Arrived::Maybe)) if hop.method() == Method::Post => return Err(failure),
                Err(_) => {}
            }
        }
        let mut connection = self.connect(hop, way, progress).await?;
        progress.enter(Step::FirstByte);
        let sent = connection.send(hop.request(connection.version(), &connection.peer)).await;
        let answer = sent.map_err(|(failure, _)| match connection.peer.asks_for_us() {
            // What cannot reach the page answers that, and hangs up for reasons of its own alone.
            Some(proxy) => of_proxy(proxy, &failure),
            None => failure,
        })?;
        progress.enter(Step::Page);
        let_through(answer, &connection.peer).map(|answer| (connection, answer))
    }

    /// Which way leads to this hop: chosen anew for each, since a redirect may lead to a host of NO_PROXY, or out of it.
    fn way(&self, hop: &Hop<'_>) -> Result<Way, Failure> {
        let (is_https, (host, _)) = (hop.tls_name().is_some(), hop.target());
        self.means.network.way(self.http.proxy.as_ref(), is_https, &host, |name| (self.means.secrets)(name))
    }

    async fn connect(&self, hop: &Hop<'_>, way: &Way, progress: &mut Progress) -> Result<Connection, Failure> {
        let (host, port) = hop.target();
        let stream = match way {
            Way::Direct => self.means.network.reach(&host, port, progress).await?,
            Way::Through(proxy) => {
                let behind = Behind { host, port, proxy: proxy.clone(), relay: hop.relay() };
                self.means.network.reach_behind(&behind, progress).await?
            }
        };
        let peer = progress.peer.clone().expect("a connection leads to somebody");
        let Some(name) = hop.tls_name() else {
            return Connection::open(Either::Left(stream), Version::One, peer).await;
        };
        let stream = self.means.tls.shake_hands(stream, &name, progress).await?;
        let version = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Version::Two,
            _ => Version::One,
        };
        Connection::open(Either::Right(Box::new(stream)), version, peer).await
    }

    /// Reads the page; says whether to its end, so that the connection can serve another check.
    async fn read(
        &self,
        connection: &mut Connection,
        answer: Response<Incoming>,
        method: Method,
        seen: &mut Seen,
    ) -> Result<bool, Failure> {
        let text = PageText::new(answer.headers(), self.aim, self.http.max_body);
        let status = answer.status().as_u16();
        let page = seen.page.insert(Partial {
            status,
            text,
            body_bytes: 0,
            cut_short: false,
            share: seen.room.take().unwrap_or_else(|| self.means.memory.share()),
        });
        if method == Method::Head {
            return Ok(true);
        }
        read_page((self.http, self.aim), connection, answer, page).await
    }
}
