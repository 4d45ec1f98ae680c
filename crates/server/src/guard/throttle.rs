//! How soon somebody may try to sign in again. The delay grows with each wrong password from one address for one name, so that whoever
//! guesses waits, and nobody is locked out: from another address the person signs in at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// So many wrong passwords cost nothing: people mistype.
const FREE: u32 = 3;
/// The first delay; each further wrong password doubles it.
const FIRST: Duration = Duration::from_secs(2);
/// And it is never longer than this.
const LONGEST: Duration = Duration::from_secs(300);
/// After so long without a wrong password it is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3600);
/// So many pairs of address and name are remembered; of more the one goes that tried least recently. One who guesses from so many
/// addresses is slowed by the cost of the hash alone.
const PAIRS_MAX: usize = 10_000;

/// Who tried, how often in vain, and when last, by the time that passes.
#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<(IpAddr, String), (u32, Duration)>>);

impl Throttle {
    /// How long somebody must wait before the next try; none where they need not.
    pub(crate) fn wait(&self, address: IpAddr, name: &str, passed: Duration) -> Option<Duration> {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (wrong, last) = tries.get(&(address, name.to_owned()))?;
        let until = *last + delay(*wrong);
        (until > passed).then(|| until.saturating_sub(passed))
    }

    /// A wrong password. Returns how many there were in a row.
    pub(crate) fn wrong(&self, address: IpAddr, name: &str, passed: Duration) -> u32 {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, (_, last)| passed.saturating_sub(*last) < FORGOTTEN);
        if tries.len() >= PAIRS_MAX {
            let oldest = tries.iter().min_by_key(|(_, (_, last))| *last).map(|(pair, _)| pair.clone());
            oldest.map(|pair| tries.remove(&pair));
        }
        let (wrong, last) = tries.entry((address, name.to_owned())).or_default();
        *wrong = wrong.saturating_add(1);
        *last = passed;
        *wrong
    }

    /// The right one.
    pub(crate) fn right(&self, address: IpAddr, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(address, name.to_owned()));
    }
}

fn delay(wrong: u32) -> Duration {
    match wrong.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => FIRST.saturating_mul(1_u32.checked_shl(beyond - 1).unwrap_or(u32::MAX)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_grows_and_is_bounded() {
        let seconds: Vec<u64> = [0, 1, 3, 4, 5, 6, 11, 12, 50, u32::MAX].map(|wrong| delay(wrong).as_secs()).to_vec();
        assert_eq!(seconds, [0, 0, 0, 2, 4, 8, 256, 300, 300, 300]);
    }

    #[test]
    fn whoever_guesses_waits_and_locks_nobody_out() {
        let (throttle, guesser, person) = (Throttle::default(), [192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let at = Duration::from_secs;
        for second in 0..5 {
            throttle.wrong(guesser, "ann", at(second));
        }
        assert_eq!(throttle.wait(guesser, "ann", at(4)), Some(at(4)));
        assert_eq!(throttle.wait(guesser, "ann", at(8)), None);
        assert_eq!(throttle.wait(person, "ann", at(4)), None, "the person comes from elsewhere");
        assert_eq!(throttle.wait(guesser, "bob", at(4)), None, "another name");
        throttle.right(guesser, "ann");
        assert_eq!(throttle.wait(guesser, "ann", at(4)), None);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..u32::try_from(PAIRS_MAX).unwrap() + 10 {
            throttle.wrong(IpAddr::from(number.to_be_bytes()), "ann", Duration::from_millis(number.into()));
        }
        assert_eq!(throttle.0.lock().unwrap().len(), PAIRS_MAX);
    }
}
