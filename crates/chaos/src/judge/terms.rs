//! The terms in which invariants speak. Every file of the judgement takes them from here.

use flyball_model::{RunId, Timestamp};
use std::fmt;

/// Something that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// What happened instead.
    pub words: String,
    /// When, in the world's time.
    pub at: Timestamp,
    /// In which run, if in one.
    pub run: Option<RunId>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.words)
    }
}

/// What an invariant says of one run: nothing, or what is wrong.
pub(super) type Opinion = Option<String>;

/// A place in the journal: what comes later has a higher one.
pub(super) type Place = usize;
