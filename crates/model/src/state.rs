//! What a monitor remembers between its readings.

use crate::{Cause, Finding, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What a monitor remembers. Grows by folding readings in, and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct MonitorState {
    /// Where it stands; none before the first reading that could be made.
    pub standing: Option<Standing>,
    /// When its latest reading began, unknown ones among them.
    pub last_at: Option<Timestamp>,
    /// How many unknown readings in a row came last.
    pub unknown_in_a_row: u32,
}

/// Where a monitor stands: its last verdict that was not unknown, and how long it has held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Passing or failing.
    pub verdict: Verdict,
    /// Why, when failing: of the latest reading.
    pub cause: Option<Cause>,
    /// How many readings in a row had this verdict.
    pub streak: u32,
    /// When it flipped into this verdict: the start of the episode.
    pub since: Timestamp,
    /// When the latest known reading began.
    pub known_at: Timestamp,
    /// When the latest readings of the streak began, oldest first; as many as the longest trigger asks for.
    pub begun: VecDeque<Timestamp>,
}

impl Standing {
    /// What the latest known reading found.
    #[must_use]
    pub fn finding(&self) -> Finding {
        match (self.verdict, self.cause) {
            (Verdict::Failing, Some(cause)) => Finding::Failing(cause),
            (Verdict::Passing | Verdict::Failing | Verdict::Unknown, _) => Finding::Passing,
        }
    }

    /// How many readings of the streak are known to have begun after `from`: at most as many as are remembered, which
    /// is enough to compare with a trigger. One that is longer than those that the streak was remembered for finds fewer
    /// than there were, and waits for more.
    #[must_use]
    pub fn streak_since(&self, from: Option<Timestamp>) -> u32 {
        match from {
            None => self.streak,
            Some(from) => {
                let count = self.begun.iter().rev().take_while(|begun| **begun > from).count();
                u32::try_from(count).unwrap_or(u32::MAX)
            }
        }
    }
}

/// A change between passing and failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// From this; none at the first known reading.
    pub from: Option<Verdict>,
    /// To this.
    pub to: Verdict,
    /// When the reading began that showed it.
    pub at: Timestamp,
}
