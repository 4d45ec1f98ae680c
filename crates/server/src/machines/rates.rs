//! How often somebody may come: so many at once, and then one in so long.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many are remembered; of more the one goes that is nearest to being as if it had never come.
const REMEMBERED_MAX: usize = 10_000;

/// Who came of late. Of each is remembered when it would be as if it had never come, by the time that passes.
pub(crate) struct Rates<K> {
    at_once: u32,
    every: Duration,
    until: Mutex<HashMap<K, Duration>>,
}

impl<K: Eq + Hash + Copy> Rates<K> {
    /// So many at once, and then one in so long.
    pub(crate) fn of(at_once: u32, every: Duration) -> Self {
        Self { at_once, every, until: Mutex::default() }
    }

    /// Lets somebody through now, or says how long they must wait.
    pub(crate) fn pass(&self, who: K, passed: Duration) -> Result<(), Duration> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if !until.contains_key(&who) && until.len() >= REMEMBERED_MAX {
            until.retain(|_, until| *until > passed);
            if until.len() >= REMEMBERED_MAX {
                let nearest = until.iter().min_by_key(|(_, until)| **until).map(|(who, _)| *who);
                nearest.map(|who| until.remove(&who));
            }
        }
        let own = until.entry(who).or_default();
        let next = (*own).max(passed) + self.every;
        let longest = passed + self.every * self.at_once;
        if next > longest {
            return Err(next.saturating_sub(longest));
        }
        *own = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_at_once_and_then_one_in_so_long() {
        let rates = Rates::of(3, Duration::from_secs(1));
        let at = Duration::from_millis;
        for (who, passed, expected) in [
            (1, 0, Ok(())),
            (1, 0, Ok(())),
            (1, 10, Ok(())),
            (1, 10, Err(at(990))),
            (2, 10, Ok(())),
            (1, 999, Err(at(1))),
            (1, 1000, Ok(())),
            (1, 1000, Err(at(1000))),
            (1, 60_000, Ok(())),
            (1, 60_000, Ok(())),
            (1, 60_000, Ok(())),
            (1, 60_000, Err(at(1000))),
        ] {
            assert_eq!(rates.pass(who, at(passed)), expected, "{who} at {passed}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let rates = Rates::of(1, Duration::from_secs(3600));
        for who in 0..REMEMBERED_MAX + 10 {
            rates.pass(who, Duration::from_millis(1)).unwrap();
        }
        assert_eq!(rates.until.lock().unwrap().len(), REMEMBERED_MAX);
        assert!(rates.pass(REMEMBERED_MAX + 9, Duration::from_millis(2)).is_err());
    }
}
