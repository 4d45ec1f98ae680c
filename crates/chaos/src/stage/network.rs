//! The way to Heroku. What has left Flyball is on its way, whether Flyball still lives or not.

use super::fates::{Port, Turn};
use super::journal::Noted;
use super::{Outside, SharedOutside, lock};
use crate::story::{Deed, Fate};
use async_trait::async_trait;
use bytes::Bytes;
use flyball_heroku::{Body, Request, Response, Transport, TransportError};
use flyball_heroku_sim::{Fault, FaultKind, Reply, handle};
use flyball_model::{AppName, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An answer that comes after the caller has given up, comes so much later.
const TOO_LATE: Duration = Duration::from_secs(1);

type Slot = Arc<Mutex<Option<Reply>>>;

/// A request that is on its way.
#[derive(Debug)]
pub(crate) struct Flight {
    /// From which machine.
    pub(crate) machine: usize,
    arrives_at: Timestamp,
    number: u64,
    request: flyball_heroku_sim::Request,
    fault: Option<FaultKind>,
    /// What somebody does just before it arrives, and to which app.
    meanwhile: Option<(Deed, AppName)>,
    slot: Slot,
}

/// What is on its way.
#[derive(Debug, Default)]
pub(crate) struct Network {
    flights: Vec<Flight>,
    sent: u64,
}

impl Network {
    /// When something arrives next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.flights.iter().map(|flight| flight.arrives_at).min()
    }

    fn send(&mut self, flight: Flight) -> Slot {
        self.sent += 1;
        let slot = Arc::clone(&flight.slot);
        self.flights.push(Flight { number: self.sent, ..flight });
        slot
    }

    /// What has arrived by now, in order.
    pub(crate) fn take_arrived(&mut self, now: Timestamp) -> Vec<Flight> {
        let flights = std::mem::take(&mut self.flights);
        let (mut arrived, under_way): (Vec<_>, Vec<_>) =
            flights.into_iter().partition(|flight| flight.arrives_at <= now);
        self.flights = under_way;
        arrived.sort_by_key(|flight| (flight.arrives_at, flight.number));
        arrived
    }
}

impl Outside {
    /// Brings what has arrived from this machine to the platform.
    pub(crate) fn deliver(&self, flight: &Flight) {
        if let Some((deed, app)) = &flight.meanwhile {
            self.meanwhile(*deed, app);
        }
        let reply = self.arrive(flight);
        *lock(&flight.slot) = Some(reply);
    }

    fn arrive(&self, flight: &Flight) -> Reply {
        let (request, now) = (&flight.request, self.time.now());
        let changes = request.method != "GET";
        let name = app_of(&request.path);
        let before = changes.then(|| self.app(name)).flatten();
        let mut world = lock(&self.world);
        if let Some(kind) = flight.fault.clone() {
            world.add_fault(Fault::new(kind).on(&request.method, &request.path).times(1));
        }
        let reply = handle(&mut world, request, now);
        let call = changes.then(|| world.effects().next_back().cloned()).flatten();
        drop(world);
        if let Some(call) = call {
            let after = self.app(name);
            self.note(Noted::Arrived { call: Box::new(call), before, after });
        }
        reply
    }
}

/// The app in a path such as `/apps/shop/dynos`.
pub(crate) fn app_of(path: &str) -> &str {
    path.strip_prefix("/apps/").and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// The transport of every client of a story.
pub(crate) struct Wire(pub(crate) SharedOutside);

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let outside = &self.0;
        let line = format!("{} {}", request.method, request.url.path());
        let port = if request.method == http::Method::GET { Port::Look } else { Port::Change };
        let turn = outside.turn(port, &line);
        outside.dies_before(turn.fate).await;
        let asked = asked(&request);
        if port == Port::Change {
            let request_id = asked.get("Request-Id").unwrap_or_default().to_owned();
            outside.note(Noted::Left { run: outside.run_in_hand(), request_id });
        }
        self.exchange(asked, &turn, request.deadline).await
    }
}

impl Wire {
    async fn exchange(
        &self,
        asked: flyball_heroku_sim::Request,
        turn: &Turn,
        deadline: Duration,
    ) -> Result<Response, TransportError> {
        let (outside, began) = (&self.0, self.0.time.now());
        let arrives_at = match turn.fate {
            Some(Fate::NotSent) => {
                outside.time.wait_for(turn.there).await;
                return Err(TransportError::NotSent(None));
            }
            Some(Fate::CutBefore) => {
                outside.time.wait_for(turn.there).await;
                return Err(TransportError::MaybeSent(None));
            }
            Some(Fate::ArrivesLate(by)) => began + deadline + by,
            _ => began + turn.there,
        };
        let meanwhile = match turn.fate {
            Some(Fate::Meanwhile(deed)) => outside.app_in_hand().map(|app| (deed, app)),
            _ => None,
        };
        let (number, slot) = (0, Slot::default());
        let machine = outside.machine;
        let flight = Flight { machine, arrives_at, number, request: asked, fault: fault(turn.fate), meanwhile, slot };
        let slot = lock(&outside.network).send(flight);
        if let Some(Fate::KilledAfter(_)) = turn.fate {
            outside.time.wait_until(arrives_at).await;
            outside.dies_after(turn.fate).await;
        }
        let gives_up_at = began + deadline;
        outside.time.wait_until(arrives_at.min(gives_up_at)).await;
        let Some(reply) = lock(&slot).take() else {
            return Err(TransportError::TimedOut { after: deadline });
        };
        let late = matches!(turn.fate, Some(Fate::AnsweredLate));
        let back = if late { deadline + TOO_LATE } else { turn.back + reply.delay };
        outside.time.wait_until((outside.time.now() + back).min(gives_up_at)).await;
        if outside.time.now() >= gives_up_at {
            return Err(TransportError::TimedOut { after: deadline });
        }
        if reply.is_cut() {
            return Err(TransportError::MaybeSent(None));
        }
        Ok(match turn.fate {
            Some(Fate::StatusAfter(status)) => response(Reply { status, body: Vec::new(), ..reply }),
            _ => response(reply),
        })
    }
}

/// What the platform does wrong by itself.
fn fault(fate: Option<Fate>) -> Option<FaultKind> {
    match fate? {
        Fate::CutAfter => Some(FaultKind::CutAfter),
        Fate::Status(429) => Some(FaultKind::TooMany),
        Fate::Status(status) => Some(FaultKind::Status(status)),
        Fate::Html => Some(FaultKind::Html),
        Fate::Truncated => Some(FaultKind::Truncated),
        Fate::Stale(age) => Some(FaultKind::Stale(age)),
        Fate::Unknown => Some(FaultKind::UnknownFields),
        _ => None,
    }
}

fn asked(request: &Request) -> flyball_heroku_sim::Request {
    let mut asked = flyball_heroku_sim::Request::new(request.method.as_str(), request.url.path());
    for (name, value) in &request.headers {
        asked = asked.header(name.as_str(), value.to_str().expect("our headers are text"));
    }
    asked.body(request.body.to_vec())
}

fn response(reply: Reply) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in reply.headers {
        let name = HeaderName::try_from(name).expect("the stand-in's headers have names");
        headers.append(name, HeaderValue::try_from(value).expect("the stand-in's headers are text"));
    }
    let status = StatusCode::from_u16(reply.status).expect("the stand-in answers with a status");
    Response { status, headers, body: Body::Whole(Bytes::from(reply.body)) }
}
