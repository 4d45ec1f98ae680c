//! When somebody who was not told is to be told again: the plan of Standard Webhooks, within a day.

use flyball_model::Timestamp;
use std::time::Duration;

/// Who could not be told for a day is told by other means, or knows.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(DAY_S);

const DAY_S: u64 = 86_400;

/// How long after the first try each next one is made, in seconds.
///
/// Source: Standard Webhooks, *Deliverability and reliability*: at once, then 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h.
const STEPS_S: [u64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, DAY_S];

/// By how much of the time since the step before a try is put off at most: so that those that failed together do not come back together.
const JITTER_MAX: f64 = 0.1;

/// When a notice is tried again that was first tried at `first_at` and has been tried `tries` times since, the first one included;
/// `None` once that is to end. `retry_after` is what the last answer asked for, from `now` on. `jitter` is a number from 0 to 1.
///
/// A try that is past, since nobody was there to make it, is made now.
#[must_use]
pub fn next_try(
    first_at: Timestamp,
    now: Timestamp,
    tries: u32,
    retry_after: Option<Duration>,
    jitter: f64,
) -> Option<Timestamp> {
    let nth = usize::try_from(tries).ok()?;
    let (step, end) = (*STEPS_S.get(nth)?, first_at + GIVE_UP_AFTER);
    if now > end {
        return None;
    }
    let gap = step - nth.checked_sub(1).map_or(0, |before| STEPS_S[before]);
    let put_off =
        Duration::from_secs(gap).mul_f64(JITTER_MAX * if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 });
    let planned = first_at + Duration::from_secs(step) + put_off;
    // Whoever asks for more than the day has is asked once more at its end.
    Some(planned.max(now + retry_after.unwrap_or_default()).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_follow_the_plan_within_a_day() {
        let first: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        let after = |seconds: u64| first + Duration::from_secs(seconds);
        let hour = 3_600;
        for (tries, now, retry_after, jitter, expected) in [
            (0, 0, None, 0.0, Some(0)),
            (1, 0, None, 0.0, Some(5)),
            (2, 6, None, 0.0, Some(300)),
            (3, 301, None, 0.0, Some(1_800)),
            (4, 1_801, None, 0.0, Some(2 * hour)),
            (8, 14 * hour, None, 0.0, Some(20 * hour)),
            (9, 20 * hour, None, 0.0, Some(24 * hour)),
            // The last try is not put off beyond the day.
            (9, 20 * hour, None, 1.0, Some(24 * hour)),
            (10, 24 * hour, None, 0.0, None),
            (u32::MAX, 1, None, 0.0, None),
            // What is asked for counts from now, and only where it is more.
            (1, 1, Some(60), 0.0, Some(61)),
            (2, 6, Some(1), 0.0, Some(300)),
            (2, 6, Some(u64::MAX), 0.0, Some(24 * hour)),
            // We were away.
            (2, 3 * hour, None, 0.0, Some(3 * hour)),
            (2, 25 * hour, None, 0.0, None),
            (3, 301, None, 1.0, Some(1_950)),
            (3, 301, None, f64::NAN, Some(1_800)),
            (3, 301, None, 9.0, Some(1_950)),
        ] {
            let at = next_try(first, after(now), tries, retry_after.map(Duration::from_secs), jitter);
            assert_eq!(at, expected.map(after), "try {tries} at {now} s, {retry_after:?}, {jitter}");
        }
    }
}
