//! What the world remembers of calls: every changing call that was received, and how often others came.

use flyball_model::Timestamp;
use std::collections::VecDeque;

/// At most this many changing calls are remembered: more than any scenario makes, and a bound all the same.
const REMEMBERED: usize = 10_000;

/// What a changing call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Took {
    /// The world is different now.
    Effect,
    /// It was accepted, and the world was already so.
    Nothing,
    /// It was refused with this status.
    Refused(u16),
    /// It never reached the platform: the connection was cut before, or something in front of the API answered.
    NotReached,
}

/// Whether the caller got an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// With this status.
    With(u16),
    /// The connection was cut.
    Cut,
}

/// One changing call (POST, PATCH, PUT, DELETE) that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCall {
    /// When.
    pub at: Timestamp,
    /// `POST`, `PATCH`, …
    pub method: String,
    /// With the app as the caller wrote it.
    pub path: String,
    /// The body as it came; at most 4 KiB of it.
    pub body: String,
    /// The `Request-Id` that the caller sent, if any.
    pub request_id: Option<String>,
    /// What it did.
    pub took: Took,
    /// What the caller saw.
    pub answered: Answered,
}

/// How many calls came, by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Every call to the API.
    pub calls: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Answered 429.
    pub rate_limited: u64,
    /// Answered 401.
    pub unauthorized: u64,
    /// Changing calls.
    pub changing: u64,
    /// Visits to apps' own pages.
    pub visits: u64,
}

/// The memory of a world.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) traffic: Traffic,
    pub(crate) received: VecDeque<ReceivedCall>,
}

impl History {
    pub(crate) fn record(&mut self, call: ReceivedCall) {
        if self.received.len() == REMEMBERED {
            self.received.pop_front();
        }
        self.received.push_back(call);
    }
}
