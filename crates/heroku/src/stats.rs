//! What a client has done so far, in numbers.

use flyball_model::Timestamp;
use std::collections::BTreeMap;

/// Counts since the client was made, shared by all its clones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Calls that were handed to the transport, by the call's name ([`crate::Call::name`]); pages and repeats count singly.
    pub calls: BTreeMap<&'static str, u64>,
    /// Of these, those that Heroku answered with 304, because nothing had changed.
    pub not_modified: u64,
    /// Of these, those that failed, whatever the reason.
    pub failed: u64,
    /// Calls that the budget refused, and that were never sent.
    pub over_budget: u64,
    /// When Heroku answered last, whatever it said, and the answer's status.
    pub answered: Option<(Timestamp, u16)>,
}

impl Stats {
    /// All calls that were handed to the transport.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Calls of one name.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.calls.get(name).copied().unwrap_or(0)
    }
}
