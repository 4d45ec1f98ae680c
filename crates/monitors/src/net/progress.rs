//! How far a check has come, and how long each step took.

use super::Failure;
use flyball_model::{Blind, Cause, Phases, duration};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// A step of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Looking the name up.
    Name,
    /// Connecting.
    Connect,
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
    /// The address that was connected to last, or is being connected to.
    pub(crate) address: Option<SocketAddr>,
    phases: Phases,
}

impl Progress {
    /// Nothing was done yet.
    pub(crate) fn begin() -> Self {
        let began = Instant::now();
        Self { began, step: Step::Name, step_began: began, address: None, phases: Phases::default() }
    }

    /// Ends the present step, and begins the next.
    pub(crate) fn enter(&mut self, step: Step) {
        let now = Instant::now();
        self.note(now);
        if step == Step::Name {
            // Another hop: the phases are those of the last.
            self.phases = Phases::default();
            self.address = None;
        }
        (self.step, self.step_began) = (step, now);
    }

    /// Skips to sending a request on a connection that exists already.
    pub(crate) fn reuse(&mut self, address: SocketAddr) {
        self.phases = Phases::default();
        self.address = Some(address);
        (self.step, self.step_began) = (Step::FirstByte, Instant::now());
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
        match (self.step, self.address) {
            (Step::Name, _) => {
                Failure::unknown(Blind::Resolver, format!("the resolver did not answer within {within}"))
            }
            (Step::Connect, Some(address)) => failing(format!("no connection to {address} within {within}")),
            (Step::Connect, None) => failing(format!("no connection within {within}")),
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
            Step::Tls => self.phases.tls_ms = took,
            Step::FirstByte => self.phases.first_byte_ms = took,
            Step::Page => {}
        }
    }
}
