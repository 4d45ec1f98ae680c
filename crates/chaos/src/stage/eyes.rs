//! Who looks: pages of the world are judged by the real judgement, dynos are looked at through the real client.

use super::fates::Port;
use super::journal::Noted;
use super::{SharedOutside, lock};
use crate::story::{Fate, Spell};
use async_trait::async_trait;
use flyball_engine::{Observe, References};
use flyball_heroku::{Heroku, Live};
use flyball_heroku_sim::handle;
use flyball_model::{Blind, Cause, Excerpt, Phases, Reading, Reference, Timestamp};
use flyball_monitors::{Exchange, Failure, Http, Kind, Monitor, Observer, Trust};
use std::sync::Arc;
use std::time::Duration;

/// Makes the readings of a process.
pub(crate) struct Eyes {
    outside: SharedOutside,
    observer: Observer,
}

impl Eyes {
    pub(crate) fn new(outside: SharedOutside, live: &Live) -> Self {
        let live: Arc<dyn Heroku> = Arc::new(live.for_monitors());
        // No page is fetched over a socket, so nobody's certificate is needed.
        let trust = Trust::Only(rustls::RootCertStore::empty());
        let observer = Observer::new(Arc::new(|_| None), Arc::new(move |_| Some(Arc::clone(&live))), trust);
        Self { outside, observer }
    }

    async fn look(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        match &monitor.kind {
            Kind::Http(http) => self.visit(monitor, http, begun_at).await,
            _ => {
                let reading = self.observer.observe(monitor, begun_at).await;
                // How long it really took is nothing that a stopped clock knows.
                Reading { took: Duration::ZERO, ..reading }
            }
        }
    }

    async fn visit(&self, monitor: &Monitor, http: &Http, begun_at: Timestamp) -> Reading {
        let outside = &self.outside;
        let turn = outside.turn(Port::Page, &format!("page {}", monitor.name));
        outside.comes_before(turn.fate).await;
        outside.time.wait_for(turn.there).await;
        match turn.fate {
            Some(Fate::PageTimeOut) => {
                outside.time.wait_for(http.timeout).await;
                return time_out(http, begun_at);
            }
            Some(Fate::PageRefused) => {
                return http.reading(&failed(Failure::failing(Cause::Refused, "nobody listens")), begun_at);
            }
            Some(Fate::PageUnknown) => {
                return http.reading(&failed(Failure::unknown(Blind::Network, "no network here")), begun_at);
            }
            _ => {}
        }
        let url = http.url.url();
        let request = flyball_heroku_sim::Request::new(http.method.as_str(), url.path())
            .header("Host", url.host_str().expect("a page has a host"));
        let reply = handle(&mut lock(&outside.world), &request, outside.time.now());
        outside.dies_after(turn.fate).await;
        if reply.delay > http.timeout {
            outside.time.wait_for(http.timeout).await;
            return time_out(http, begun_at);
        }
        outside.time.wait_for(reply.delay + turn.back).await;
        http.judge_page(reply.status, &reply.body, reply.delay, begun_at)
    }
}

fn time_out(http: &Http, begun_at: Timestamp) -> Reading {
    http.reading(&failed(Failure::failing(Cause::TimeOut, "no answer in time")), begun_at)
}

fn failed(failure: Failure) -> Exchange {
    let (took, phases) = (Duration::ZERO, Phases::default());
    Exchange { page: None, failure: Some(failure), address: None, proxy: None, redirected_to: None, phases, took }
}

#[async_trait]
impl Observe for Eyes {
    async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        let reading = self.look(monitor, begun_at).await;
        // From here on nothing is waited for: it is folded at this very moment.
        self.outside.note(Noted::TakenIn {
            monitor: monitor.id,
            finding: reading.finding,
            begun_at: reading.begun_at,
            every: monitor.every,
        });
        reading
    }
}

/// Places that have nothing to do with what is watched: they are reached whenever Flyball has a network.
pub(crate) struct Landmarks(pub(crate) SharedOutside);

#[async_trait]
impl References for Landmarks {
    async fn reached(&self) -> Vec<Reference> {
        let outside = &self.0;
        let turn = outside.turn(Port::Page, "references");
        outside.comes_before(turn.fate).await;
        outside.time.wait_for(turn.there + turn.back).await;
        outside.dies_after(turn.fate).await;
        let reached = !outside.is_under(Spell::NoNetwork);
        // One of them may be down by itself.
        let one_fails = matches!(turn.fate, Some(Fate::PageTimeOut | Fate::PageRefused | Fate::PageUnknown));
        let found = [("one.localhost:443", reached), ("other.localhost:443", reached && !one_fails)];
        found.map(|(address, reached)| Reference { address: Excerpt::of(address), reached }).to_vec()
    }
}
