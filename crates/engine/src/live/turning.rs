//! Whether the loop turns: its timer notes each turn, and whoever watches over the process asks when the last was.

use flyball_store::Sign;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A loop that has not turned for so long has stalled. It turns each second at least; this is what an engine is called silent after.
const STALLED_AFTER: Duration = Sign::SILENT_AFTER;
/// Before the first turn.
const NEVER: u64 = u64::MAX;

/// When the loop turned last, by the time that passes.
pub(crate) struct Turning(AtomicU64);

impl Turning {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(NEVER))
    }

    /// It turns now.
    pub(crate) fn turned(&self, now: Duration) {
        self.0.store(u64::try_from(now.as_millis()).unwrap_or(NEVER - 1), Ordering::Relaxed);
    }

    pub(crate) fn is_alive(&self, now: Duration) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        alive(now, (last != NEVER).then(|| Duration::from_millis(last)))
    }
}

/// Whether a loop turns that turned last then.
fn alive(now: Duration, last_turn: Option<Duration>) -> bool {
    last_turn.is_some_and(|last| now.saturating_sub(last) < STALLED_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_alive_while_its_last_turn_is_not_long_ago() {
        let at = Duration::from_secs;
        for (now, last_turn, expected) in [
            (at(0), None, false),
            (at(100), None, false),
            (at(100), Some(at(100)), true),
            (at(100), Some(at(99)), true),
            (at(100), Some(at(86)), true),
            (at(100), Some(at(85)), false),
            (at(100), Some(at(0)), false),
            // Noted by another thread since `now` was read.
            (at(100), Some(at(101)), true),
        ] {
            assert_eq!(alive(now, last_turn), expected, "{now:?} {last_turn:?}");
        }
        let turning = Turning::new();
        assert!(!turning.is_alive(at(1)));
        turning.turned(at(1));
        assert!(turning.is_alive(at(15)) && !turning.is_alive(at(16)));
    }
}
