//! The Platform API as a function: one request in, one answer out, on a world and at a time. No sockets.
//!
//! The order of doors is: an app's own page; faults on purpose; version; account; rate limit; route; conditional
//! answer. Everything that every answer has in common is here, the nouns have a file each.

mod accept;
mod account;
mod apps;
mod call;
mod config_vars;
mod drains;
mod dynos;
mod etag;
mod formation;
mod garble;
mod page;
mod range;
mod releases;
mod route;
mod sizes;
mod wire;

use crate::world::{Answered, FaultKind, ReceivedCall, Refusal, Took, World};
use accept::Variant;
use call::Call;
use flyball_model::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// So much of a changing call's body is remembered: enough for every call that there is.
const BODY_REMEMBERED: usize = 4096;

/// One HTTP request, without its connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, still percent-encoded, without the query.
    pub path: String,
    /// What follows the `?`, if anything.
    pub query: Option<String>,
    /// Names, in any case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query.to_owned())));
        Self { method: method.to_owned(), path: path.to_owned(), query, ..Self::default() }
    }

    /// A request as a client of the API sends it: a token, and version 3 of the API.
    #[must_use]
    pub fn api(method: &str, path: &str, token: &str) -> Self {
        Self::new(method, path)
            .header("Accept", "application/vnd.heroku+json; version=3")
            .header("Authorization", &format!("Bearer {token}"))
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// The answer is sent.
    Answered,
    /// It is cut without an answer: status, headers and body are what nobody sees.
    Cut,
}

/// One HTTP answer, without its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the caller waits for it.
    pub delay: Duration,
    /// Whether the caller gets it at all.
    pub connection: Connection,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let (delay, connection) = (Duration::ZERO, Connection::Answered);
        Self { status, headers: Vec::new(), body: body.into(), delay, connection }
    }

    /// The first header of this name, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the caller gets no answer.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.connection == Connection::Cut
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

/// Answers one request at `now`, to which the world is advanced before.
#[must_use]
pub fn handle(world: &mut World, request: &Request, now: Timestamp) -> Reply {
    world.advance_to(now);
    let now = world.now();
    if let Some((app, path)) = page::asked_for(world, request) {
        return page::visit(world, request, &app, &path);
    }
    let faults = world.faults_for(&request.method, &request.path);
    world.traffic_mut().calls += 1;
    let (mut reply, took) = match without_the_platform(&faults) {
        Some(reply) => (reply, Took::NotReached),
        None => through_the_platform(world, request, &faults),
    };
    for fault in &faults {
        garble::after(fault, &mut reply);
    }
    finish(world, request, now, &mut reply);
    record(world, request, now, &reply, took);
    world.remember_state();
    reply
}

/// What something in front of the platform answers on purpose.
fn without_the_platform(faults: &[FaultKind]) -> Option<Reply> {
    faults.iter().find_map(|fault| match fault {
        FaultKind::TooMany => Some(refuse(&Refusal::rate_limit())),
        FaultKind::Status(status) => Some(refuse(&garble::refusal_of(*status))),
        FaultKind::UnknownError => {
            Some(refuse(&Refusal::new(422, "flux_misaligned", "The flux capacitor is misaligned.")))
        }
        FaultKind::Html => Some(garble::html_page()),
        FaultKind::CutBefore => Some(Reply { connection: Connection::Cut, ..Reply::new(0, "") }),
        FaultKind::Slow(_)
        | FaultKind::CutAfter
        | FaultKind::Truncated
        | FaultKind::Stale(_)
        | FaultKind::UnknownFields
        | FaultKind::UnknownStates
        | FaultKind::UnknownSizes => None,
    })
}

/// The doors of the platform, in order.
fn through_the_platform(world: &mut World, request: &Request, faults: &[FaultKind]) -> (Reply, Took) {
    let answered = admit(world, request).and_then(|(variant, account)| {
        let call = Call::read(request, variant, account)?;
        let free = call.is_free();
        // platform-api 3 [S26]: asking for the limit costs nothing.
        if !free && !world.account_mut(account).take() {
            return Err(Refusal::rate_limit());
        }
        let stale = faults.iter().find_map(|fault| match fault {
            FaultKind::Stale(age) if call.is_read() => world.apps_at(world.now() - *age),
            _ => None,
        });
        match stale {
            Some(apps) => world.with_apps(apps, |world| route::route(world, &call)),
            None => etag::check_precondition(world, &call).and_then(|()| route::route(world, &call)),
        }
    });
    match answered {
        Ok(answer) => {
            let took = if answer.changed { Took::Effect } else { Took::Nothing };
            (etag::conditional(request, answer), took)
        }
        Err(refusal) => (refuse(&refusal), Took::Refused(refusal.status)),
    }
}

/// Which version of the API is asked for, and by whom.
fn admit(world: &mut World, request: &Request) -> Result<(Variant, usize), Refusal> {
    let variant = accept::variant(request)?;
    let account = accept::account(world, request)?;
    let now = world.now();
    world.account_mut(account).refill(now);
    Ok((variant, account))
}

/// The headers that every answer has. Source: platform-api 1 (WIRE22).
fn finish(world: &mut World, request: &Request, now: Timestamp, reply: &mut Reply) {
    if let Ok(account) = accept::account(world, request) {
        let remaining = world.accounts()[account].remaining();
        reply.headers.push(("RateLimit-Multiplier", "1".to_owned()));
        reply.headers.push(("RateLimit-Remaining", remaining.to_string()));
    }
    // The caller's id is one element of the list, and not the first. // platform-api 1 [WIRE22, GO]
    let ids = world.request_ids();
    let theirs = request.get("Request-Id").filter(|id| !id.is_empty());
    let ids = match theirs {
        Some(theirs) => format!("{},{theirs},{},{}", ids[0], ids[1], ids[2]),
        None => format!("{},{},{}", ids[0], ids[1], ids[2]),
    };
    reply.headers.push(("Request-Id", ids));
    reply.headers.push(("Date", wire::http_date(now)));
    reply.headers.push(("Cache-Control", "private, no-cache".to_owned()));
    reply.headers.push(("Vary", "Authorization,Accept-Encoding".to_owned()));
    reply.headers.push(("Via", "1.1 spaces-router, 2.0 spaces-router".to_owned()));
    reply.headers.push(("X-Content-Type-Options", "nosniff".to_owned()));
    if reply.get("Content-Type").is_none() {
        reply.headers.push(("Content-Type", "application/json".to_owned()));
    }
    if request.method == "HEAD" {
        reply.body.clear();
    }
}

fn record(world: &mut World, request: &Request, now: Timestamp, reply: &Reply, took: Took) {
    let traffic = world.traffic_mut();
    if !reply.is_cut() {
        match reply.status {
            304 => traffic.not_modified += 1,
            401 => traffic.unauthorized += 1,
            429 => traffic.rate_limited += 1,
            _ => {}
        }
    }
    if matches!(request.method.as_str(), "GET" | "HEAD") {
        return;
    }
    traffic.changing += 1;
    let body = &request.body[..request.body.len().min(BODY_REMEMBERED)];
    world.record_call(ReceivedCall {
        at: now,
        method: request.method.clone(),
        path: request.path.clone(),
        body: String::from_utf8_lossy(body).into_owned(),
        request_id: request.get("Request-Id").map(str::to_owned),
        took,
        answered: if reply.is_cut() { Answered::Cut } else { Answered::With(reply.status) },
    });
}

/// An error as the API words it. Source: platform-api 2.
fn refuse(refusal: &Refusal) -> Reply {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        resource: Option<&'a str>,
        id: &'a str,
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        size: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        app: Option<AppRef<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        url: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct AppRef<'a> {
        name: &'a str,
    }
    let body = Body {
        resource: refusal.resource,
        id: refusal.id,
        message: &refusal.message,
        limit: refusal.limit,
        size: refusal.size,
        app: refusal.app.as_deref().map(|name| AppRef { name }),
        url: refusal.url,
    };
    let body = serde_json::to_vec(&body).expect("an error body is plain text and numbers");
    // A quoted ETag comes on every response, errors included. // platform-api 1 [WIRE22]
    let tag = etag::of(&body);
    let mut reply = Reply::new(refusal.status, body);
    reply.headers.push(("ETag", tag));
    reply
}
