//! The way to Heroku: the real client speaks through it to a world without sockets.

use super::script::{Cut, Outside, Script, Side};
use async_trait::async_trait;
use bytes::Bytes;
use flyball_heroku::{Body, Request, Response, Transport, TransportError};
use flyball_heroku_sim::{Reply, World, handle};
use flyball_testing::lock;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How an answer is spoilt on its way, after the call has had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoilt {
    /// It becomes this status without a body.
    Status(u16),
    /// It comes too late.
    TooLate,
}

/// The transport of every client of a scenario.
pub(crate) struct Wire {
    outside: Outside,
    script: Arc<Script>,
    spoilt: Mutex<Vec<(String, Spoilt)>>,
    elsewhere: Mutex<Elsewhere>,
    answers_take: Duration,
}

/// A second world, in which the last changing call went the other way: what had an effect had none there, and what had
/// none had one. Whoever is led there for a look sees what is false.
#[derive(Default)]
struct Elsewhere {
    kept: bool,
    looked_at: bool,
    /// The task that looks what became of a run.
    looks: Option<u64>,
    world: Option<World>,
}

impl Wire {
    pub(crate) fn new(outside: Outside, script: Arc<Script>, answers_take: Duration) -> Self {
        Self { outside, script, spoilt: Mutex::default(), elsewhere: Mutex::default(), answers_take }
    }

    /// Spoils the answer of the next call with this line.
    pub(crate) fn spoil(&self, line: &str, how: Spoilt) {
        lock(&self.spoilt).push((line.to_owned(), how));
    }

    /// From now on there is a second world.
    pub(crate) fn keep_elsewhere(&self) {
        lock(&self.elsewhere).kept = true;
    }

    /// From now on whoever looks what became of a run is led into the second world, where there is one.
    pub(crate) fn look_elsewhere(&self) {
        lock(&self.elsewhere).looked_at = true;
    }

    /// The present task looks what became of a run.
    pub(crate) fn looks(&self) {
        lock(&self.elsewhere).looks = Some(self.outside.starter.present());
    }

    fn handle(&self, asked: &flyball_heroku_sim::Request) -> Reply {
        let now = self.outside.time.now();
        let mut elsewhere = lock(&self.elsewhere);
        let is_look = asked.method == "GET";
        let led_astray = is_look && elsewhere.looked_at && elsewhere.looks == Some(self.outside.starter.present());
        if let Some(other) = elsewhere.world.as_mut().filter(|_| led_astray) {
            return handle(other, asked, now);
        }
        let mut world = lock(&self.outside.world);
        if elsewhere.kept && !is_look {
            elsewhere.world = Some(world.clone());
        }
        handle(&mut world, asked, now)
    }

    /// The call is not made here, but it is elsewhere.
    fn handle_elsewhere(&self, asked: &flyball_heroku_sim::Request) {
        let mut elsewhere = lock(&self.elsewhere);
        if elsewhere.kept && asked.method != "GET" {
            let mut other = lock(&self.outside.world).clone();
            let _unseen = handle(&mut other, asked, self.outside.time.now());
            elsewhere.world = Some(other);
        }
    }

    fn spoilt(&self, line: &str) -> Option<Spoilt> {
        let mut spoilt = lock(&self.spoilt);
        let index = spoilt.iter().position(|(of, _)| of == line)?;
        Some(spoilt.remove(index).1)
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let line = format!("{} {}", request.method, request.url.path());
        let asked = asked(&request);
        self.script.run(&line, Side::Before, &self.outside).await;
        let fate = self.script.fate(&line);
        match fate {
            Some(Cut::Before) => {
                self.handle_elsewhere(&asked);
                self.script.die().await;
            }
            Some(Cut::Failed) => {
                self.handle_elsewhere(&asked);
                return Err(TransportError::MaybeSent(None));
            }
            Some(Cut::After | Cut::Lost) | None => {}
        }
        if !self.answers_take.is_zero() {
            self.outside.time.wait_for(self.answers_take).await;
        }
        let reply = self.handle(&asked);
        self.script.run(&line, Side::After, &self.outside).await;
        match fate {
            Some(Cut::After) => self.script.die().await,
            Some(Cut::Lost) => return Err(TransportError::MaybeSent(None)),
            Some(Cut::Before | Cut::Failed) | None => {}
        }
        if reply.is_cut() {
            return Err(TransportError::MaybeSent(None));
        }
        let spoilt = self.spoilt(&line);
        if reply.delay > request.deadline || spoilt == Some(Spoilt::TooLate) {
            return Err(TransportError::TimedOut { after: request.deadline });
        }
        Ok(match spoilt {
            Some(Spoilt::Status(status)) => response(Reply { status, body: Vec::new(), ..reply }),
            Some(Spoilt::TooLate) | None => response(reply),
        })
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
