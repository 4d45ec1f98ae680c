//! Several machines on one store, and what befalls them.

use super::times;
use crate::chance::Stream;
use crate::story::{Incident, What};
use std::time::Duration;

/// Clocks are so far apart at most, in milliseconds.
const APART_MAX_MS: u32 = 240_000;

/// The clocks of the machines beside the first: two to five machines in all.
pub(super) fn others(draws: &mut Stream) -> Vec<i64> {
    let count = draws.between(1, 4);
    (0..count).map(|_| if draws.below(3) == 0 { 0 } else { either_way(draws) }).collect()
}

fn either_way(draws: &mut Stream) -> i64 {
    i64::from(draws.between(0, 2 * APART_MAX_MS)) - i64::from(APART_MAX_MS)
}

/// What befalls them. The first has troubles of its own beside these.
pub(super) fn troubles(draws: &mut Stream, others: usize, minutes: u32) -> Vec<Incident> {
    if others == 0 {
        return Vec::new();
    }
    let mut troubles = Vec::new();
    for at in times(draws, minutes, Duration::from_secs(90)) {
        let machine = usize::try_from(draws.below(others as u64 + 1)).expect("a few machines");
        let mut seconds = |from, to| draws.time(Duration::from_secs(from), Duration::from_secs(to));
        let (short, long) = (seconds(2, 40), seconds(1, 120));
        let what = match draws.below(10) {
            0..=3 => What::Halt { machine, lasts: short },
            4..=6 => What::Kill { machine, down: long },
            7 | 8 => What::Leave { machine, away: long },
            _ => What::ClockStep { machine, millis: either_way(draws) },
        };
        troubles.push(Incident { at, what });
    }
    troubles
}
