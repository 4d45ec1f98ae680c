//! When a monitor is due: at a fixed rate, from a phase that only its id decides.

use flyball_model::{MonitorId, Timestamp};
use std::time::Duration;

/// First readings are spread over the interval or this, whichever is less: whoever starts Flyball wants to see
/// something within a minute.
const SPREAD_MAX: Duration = Duration::from_secs(60);

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// When a monitor that starts now is first due: within its interval or a minute, at a place that its id decides.
#[must_use]
pub fn first_due(id: MonitorId, every: Duration, now: Timestamp) -> Timestamp {
    let spread = every.min(SPREAD_MAX);
    let every = millis(spread).max(1);
    #[expect(clippy::cast_possible_truncation, reason = "a fraction of a minute in milliseconds")]
    let phase = (id.phase() * spread.as_secs_f64() * 1000.0) as i64;
    // Aligned to the epoch rather than to `now`, so that a restart keeps the phase.
    let slot = (now.as_millis() - phase).div_euclid(every) + 1;
    Timestamp::from_millis(slot * every + phase)
}

/// The first of the times `due`, `due + every`, … that is not before `now`, and how many were missed before it.
#[must_use]
pub fn due_at_or_after(due: Timestamp, every: Duration, now: Timestamp) -> (Timestamp, u64) {
    let every = every.as_millis().max(1);
    let missed = now.since(due).as_millis().div_ceil(every);
    let later = u64::try_from(missed * every).unwrap_or(u64::MAX);
    (due + Duration::from_millis(later), u64::try_from(missed).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::MonitorName;

    fn id(n: u32) -> MonitorId {
        MonitorId::of(&format!("monitor {n}").parse::<MonitorName>().unwrap())
    }

    #[test]
    fn first_readings_are_spread_over_the_interval_and_at_most_a_minute() {
        let now = Timestamp::from_millis(1_700_000_000_123);
        for every in [1, 30, 3600] {
            let every = Duration::from_secs(every);
            let spread = every.min(SPREAD_MAX);
            let dues: Vec<Duration> = (0..1000).map(|n| first_due(id(n), every, now).since(now)).collect();
            assert!(dues.iter().all(|due| *due <= spread && *due > Duration::ZERO));
            let early = dues.iter().filter(|due| **due < spread / 2).count();
            assert!((400..600).contains(&early), "{early} of 1000 in the first half of {spread:?}");
        }
    }

    #[test]
    fn a_restart_keeps_the_phase() {
        let every = Duration::from_secs(30);
        let first = first_due(id(1), every, Timestamp::from_millis(1_700_000_000_000));
        let later = first_due(id(1), every, Timestamp::from_millis(1_700_000_777_777));
        assert_eq!((later.as_millis() - first.as_millis()) % 30_000, 0);
    }

    #[test]
    fn a_late_monitor_goes_on_at_its_rate() {
        let every = Duration::from_secs(10);
        let at = |s: i64| Timestamp::from_millis(s * 1000);
        assert_eq!(due_at_or_after(at(100), every, at(95)), (at(100), 0));
        assert_eq!(due_at_or_after(at(100), every, at(100)), (at(100), 0));
        assert_eq!(due_at_or_after(at(100), every, at(101)), (at(110), 1));
        assert_eq!(due_at_or_after(at(100), every, at(110)), (at(110), 1), "at the next time itself");
        assert_eq!(due_at_or_after(at(100), every, at(135)), (at(140), 4));
    }
}
