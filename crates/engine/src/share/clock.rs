//! Whose clock they go by who work on one store: the store's. A pause until two o'clock, a cooldown of ten minutes and a reading of
//! a minute ago are the same to all of them then, however wrong their machines' clocks are.

use crate::ports::Clock;
use flyball_model::Timestamp;
use flyball_store::{Error, Store};
use std::time::Duration;

/// A clock that is wrong by less is left alone: whoever asks cannot tell better what the time is elsewhere, and nothing here is
/// decided by less than a second.
const WRONG_BY: Duration = Duration::from_secs(1);

/// By how many milliseconds a clock is to be shifted which showed `asked` when another's was asked for, and `answered` when that had
/// answered `theirs`. Nothing where the way there and back may explain the difference.
fn shift(asked: Timestamp, theirs: Timestamp, answered: Timestamp) -> Option<i64> {
    let (asked, theirs, answered) = (asked.as_millis(), theirs.as_millis(), answered.as_millis());
    let way = answered.saturating_sub(asked).max(0);
    let wrong = theirs.saturating_sub(asked.saturating_add(way / 2));
    let tolerated = i64::try_from(WRONG_BY.as_millis()).unwrap_or(i64::MAX).saturating_add(way / 2);
    (wrong.saturating_abs() > tolerated).then_some(wrong)
}

/// Sets a clock by the store's, where others share that and it is wrong by it.
///
/// # Errors
///
/// When the store does not answer.
pub async fn go_by_the_stores_clock(store: &dyn Store, clock: &dyn Clock) -> Result<(), Error> {
    if !store.is_shared() {
        return Ok(());
    }
    let asked = clock.now();
    let theirs = store.time(asked).await?;
    if let Some(millis) = shift(asked, theirs, clock.now()) {
        clock.shift(millis);
        tracing::info!(millis, "this machine's clock is not the database's, which is gone by");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_shifted_by_what_the_way_cannot_explain() {
        // When it was asked and answered, what the answer was, and by how much the clock is shifted.
        type Case<'a> = (&'a str, (i64, i64), i64, Option<i64>);
        let cases: [Case<'_>; 8] = [
            ("both are right", (10_000, 10_004), 10_002, None),
            ("a little wrong", (10_000, 10_004), 10_900, None),
            ("a minute behind", (10_000, 10_004), 70_002, Some(60_000)),
            ("a minute ahead", (70_000, 70_004), 10_002, Some(-60_000)),
            ("just over a second", (10_000, 10_000), 11_001, Some(1_001)),
            ("a long way, which may explain it", (10_000, 14_000), 13_900, None),
            ("a long way, which does not explain it", (10_000, 14_000), 42_000, Some(30_000)),
            ("it was set back while it was asked", (10_000, 4_000), 10_500, None),
        ];
        for (case, (asked, answered), theirs, wanted) in cases {
            let at = Timestamp::from_millis;
            assert_eq!(shift(at(asked), at(theirs), at(answered)), wanted, "{case}");
        }
    }
}
