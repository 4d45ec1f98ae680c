//! File descriptors: each check takes one, and how many there are decides how many checks can be under way at once.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the store, Heroku, the terminal and name look-ups need beside the checks.
const RESERVED: u64 = 124;
/// Fewer places than this are no use; where there are fewer descriptors, checks fail as unknown.
const CHECKS_MIN: u64 = 100;
/// More checks than this at once are a matter of memory, not of descriptors: each holds tens of KiB.
const CHECKS_MAX: u64 = 10_000;

/// How many descriptors this process may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptors {
    before: u64,
    now: u64,
}

impl Descriptors {
    /// Raises the limit as far as the system lets us without asking, and says what was found.
    pub(crate) fn raise() -> Self {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        // None means that there is no limit.
        let before = current.unwrap_or(u64::MAX);
        let wanted = RESERVED + CHECKS_MAX;
        let most = maximum.unwrap_or(u64::MAX).min(wanted).max(before);
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum });
        Self { before, now: if raised.is_ok() { most } else { before } }
    }

    /// How many there are.
    pub(crate) const fn count(self) -> u64 {
        self.now
    }

    /// How many checks can be under way at once.
    pub(crate) fn checks_at_once(self) -> usize {
        let checks = self.now.saturating_sub(RESERVED).clamp(CHECKS_MIN, CHECKS_MAX);
        usize::try_from(checks).unwrap_or(usize::MAX)
    }

    /// In words.
    pub(crate) fn words(self) -> String {
        let Self { before, now } = self;
        let raised = if now > before { format!(", raised from {before}") } else { String::new() };
        format!("at most {} checks at once ({now} file descriptors{raised})", self.checks_at_once())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_told() {
        let usual = Descriptors { before: 1024, now: 1024 };
        assert_eq!(usual.words(), "at most 900 checks at once (1024 file descriptors)");
        let raised = Descriptors { before: 1024, now: 4096 };
        assert_eq!(raised.words(), "at most 3972 checks at once (4096 file descriptors, raised from 1024)");
        assert_eq!(Descriptors { before: 1, now: u64::MAX }.checks_at_once(), 10_000);
    }
}
