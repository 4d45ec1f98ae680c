//! The timeline as it grows, as server-sent events. A stream that is cut goes on where it was: each event has its line's number, and
//! whoever comes back says which was the last. A reader that is slow is read for more slowly; nothing waits for it in memory.

use crate::answer::{Problem, Problems};
use crate::guard::{Origin, Visitor};
use crate::house::House;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use flyball_model::Right;
use flyball_store::Error;
use flyball_views::HistoryLine;
use futures_util::stream::{self, Stream};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OwnedSemaphorePermit};

/// Heroku's router, and proxies, close what is silent for 55 s.
const KEPT_ALIVE_EVERY: Duration = Duration::from_secs(15);
/// How often it is asked whether whoever listens still may: a session that was ended, or a token that was revoked, hears no more.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// Lines that are read at once.
const LINES: u32 = 100;

/// The lines that were read last, and behind which: all who heard everything up to there are told from them, so that a line is read once
/// and not by each of them.
#[derive(Default)]
pub(crate) struct Tail(Mutex<(i64, Arc<[HistoryLine]>)>);

impl House {
    /// Some of the lines behind this one, the first of them at least where there is one.
    async fn lines_behind(&self, number: i64) -> Result<Arc<[HistoryLine]>, Error> {
        let mut tail = self.tail.0.lock().await;
        let (behind, lines) = &*tail;
        if *behind != number || lines.is_empty() {
            let in_force = self.in_force();
            *tail = (number, self.reader(&in_force).history_behind(number, LINES).await?.into());
        }
        Ok(Arc::clone(&tail.1))
    }
}

/// One who listens.
struct Listener {
    house: Arc<House>,
    origin: Origin,
    /// By what they came in.
    headers: HeaderMap,
    /// When it was asked last whether they may, by the time that passes.
    asked: Duration,
    /// The number of the last line that was sent.
    sent: i64,
    waiting: VecDeque<HistoryLine>,
    _place: OwnedSemaphorePermit,
}

/// The timeline as it grows: each line is an event whose id is the line's number.
#[utoipa::path(get, path = "/events", tag = "standing", params(("Last-Event-ID" = Option<String>, Header, description = "Go on behind this line")), responses((status = 200, description = "A stream of lines", content_type = "text/event-stream", body = HistoryLine), Problems))]
pub(crate) async fn events(
    State(house): State<Arc<House>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = Arc::clone(&house.listeners).try_acquire_owned().map_err(|_| Problem {
        retry_after_s: Some(30),
        ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many streams are open")
    })?;
    let sent = match headers.get("last-event-id") {
        Some(id) => {
            let number = id.to_str().ok().and_then(|id| id.trim().parse().ok());
            number.ok_or_else(|| Problem::not_understood("`Last-Event-ID` is no line's number"))?
        }
        None => house.last_line().await?,
    };
    let asked = house.engine.ports().time.passed();
    let listener = Listener { house, origin, headers, asked, sent, waiting: VecDeque::new(), _place: place };
    let lines = stream::unfold(listener, |mut listener| async move {
        let line = listener.next().await?;
        let event = Event::default().id(line.number.to_string()).event("line");
        Some((Ok(event.json_data(&line).unwrap_or_default()), listener))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(KEPT_ALIVE_EVERY)))
}

impl Listener {
    /// The next line; none once the server stops, whoever listens may not any more, or the store does not answer: they come back then.
    async fn next(&mut self) -> Option<HistoryLine> {
        let (stop, mut growth) = (self.house.stop.clone(), self.house.growth.clone());
        let time = Arc::clone(&self.house.engine.ports().time);
        loop {
            if time.passed().saturating_sub(self.asked) >= ASKED_EVERY {
                let visitor = Visitor::of(&self.house, &self.origin, &self.headers).await.ok()?;
                visitor.may(Right::Read).ok()?;
                self.asked = time.passed();
            }
            if let Some(line) = self.waiting.pop_front() {
                self.sent = line.number;
                return Some(line);
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                () = time.wait(ASKED_EVERY) => continue,
                () = growth.beyond(self.sent) => {}
            }
            match self.house.lines_behind(self.sent).await {
                Ok(lines) => self.waiting = lines.iter().cloned().collect(),
                Err(error) => {
                    tracing::warn!(%error, "a stream of the timeline ends: the store does not answer");
                    return None;
                }
            }
        }
    }
}
