//! How far a check has come, and how long each step took.

use super::{Failure, Peer, of_proxy};
use flyball_model::{Blind, Cause, Phases, duration};
use std::time::Duration;
use tokio::time::Instant;

/// A step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Looking the name up.
    Name,
    /// Connecting.
    Connect,
    /// Having a proxy open a tunnel: a part of connecting.
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// From the request to the first byte of the answer.
    FirstByte,
    /// The rest of the answer.
    Page,
}

/// How far a check has come. Stands outside the future that does the work, so that it survives a time-out.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    step: Step,
    step_began: Instant,
    /// Who was connected to last, or is being connected to.
    pub(crate) peer: Option<Peer>,
    phases: Phases,
}

impl Progress {
    /// Nothing was done yet.
    pub(crate) fn begin() -> Self {
        let began = Instant::now();
        Self { began, step: Step::Name, step_began: began, peer: None, phases: Phases::default() }
    }

    /// Ends the present step, and begins the next.
    pub(crate) fn enter(&mut self, step: Step) {
        let now = Instant::now();
        self.note(now);
        if step == Step::Name {
            // Another hop: the phases are those of the last.
            self.phases = Phases::default();
            self.peer = None;
        }
        (self.step, self.step_began) = (step, now);
    }

    /// Skips to sending a request on a connection that exists already.
    pub(crate) fn reuse(&mut self, peer: &Peer) {
        self.phases = Phases::default();
        self.peer = Some(peer.clone());
        (self.step, self.step_began) = (Step::FirstByte, Instant::now());
    }

    /// The address that was connected to last, or is being connected to; none behind a proxy.
    pub(crate) fn address(&self) -> Option<String> {
        match &self.peer {
            Some(Peer::At(address)) => Some(address.to_string()),
            Some(Peer::Behind(_)) | None => None,
        }
    }

    /// The proxy through which was connected last, or is being connected: host and port.
    pub(crate) fn proxy(&self) -> Option<String> {
        match &self.peer {
            Some(Peer::Behind(behind)) => Some(behind.proxy.to_string()),
            Some(Peer::At(_)) | None => None,
        }
    }

    /// How long all of it has taken.
    pub(crate) fn took(&self) -> Duration {
        self.began.elapsed()
    }

    /// How long the steps took that came to their end.
    pub(crate) const fn phases(&self) -> Phases {
        self.phases
    }

    /// What it means that the time is over in the present step, unless we were held up: see [`super::StallWatch`].
    pub(crate) fn timed_out(&self, timeout: Duration) -> Failure {
        let within = duration::print(timeout);
        let failing = |words: String| Failure::failing(Cause::TimeOut, words);
        match (self.step, &self.peer) {
            (Step::Name, _) => {
                Failure::unknown(Blind::Resolver, format!("the resolver did not answer within {within}"))
            }
            (Step::Connect, Some(Peer::Behind(behind))) => {
                let failure = failing(format!("no connection to it within {within}"));
                of_proxy(&behind.proxy, &failure)
            }
            (Step::Tunnel, Some(Peer::Behind(behind))) => {
                let words = format!(
                    "the proxy {} opened no way to {}:{} within {within}",
                    behind.proxy, behind.host, behind.port
                );
                Failure::unknown(Blind::Network, words)
            }
            (Step::Connect, Some(address)) => failing(format!("no connection to {address} within {within}")),
            (Step::Connect | Step::Tunnel, _) => failing(format!("no connection within {within}")),
            (Step::Tls, _) => failing(format!("connected, but no TLS handshake within {within}")),
            (Step::FirstByte, _) => failing(format!("no answer within {within}")),
            (Step::Page, _) => failing(format!("the answer was not whole within {within}")),
        }
    }

    fn note(&mut self, now: Instant) {
        let took = now.duration_since(self.step_began).as_millis();
        let took = Some(u32::try_from(took).unwrap_or(u32::MAX));
        match self.step {
            Step::Name => self.phases.name_ms = took,
            Step::Connect => self.phases.connect_ms = took,
            Step::Tunnel => {
                self.phases.connect_ms = self.phases.connect_ms.zip(took).map(|(one, two)| one.saturating_add(two));
            }
            Step::Tls => self.phases.tls_ms = took,
            Step::FirstByte => self.phases.first_byte_ms = took,
            Step::Page => {}
        }
    }
}
