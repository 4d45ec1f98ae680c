//! What is kept for how long, and how much of it: the bounds that a sweep holds the store to, and people are told.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Raw readings: a week, so that last week's same hour can be looked at.
pub(crate) const READINGS_KEPT: Duration = DAY.saturating_mul(7);

/// What apps told by their drains: as long as readings, which are told from it.
pub(crate) const SLOTS_KEPT: Duration = READINGS_KEPT;

/// Shapes, after they were looked up last: a process looks up those that it writes every day, and what it wrote is kept for
/// a week.
pub(crate) const SHAPES_KEPT: Duration = DAY.saturating_mul(9);

/// Roll-ups of five minutes: a month, so that an incident can be looked at from near.
pub(crate) const FIVE_MINUTES_KEPT: Duration = DAY.saturating_mul(30);

/// Roll-ups of days: five years, with a day of a leap year, as service agreements ask.
pub(crate) const DAYS_KEPT: Duration = DAY.saturating_mul(1827);

/// Roll-ups of hours: thirteen months, so that a month can be held against the same month a year before.
pub(crate) const HOURS_KEPT: Duration = DAY.saturating_mul(396);

/// What was told: three months, so that one can look whether somebody was.
pub(crate) const NOTICES_KEPT: Duration = DAY.saturating_mul(92);

/// Timeline with its flips, runs, pauses: two years, as audits ask.
pub(crate) const HISTORY_KEPT: Duration = DAY.saturating_mul(731);

/// What a monitor remembers, once it is gone from the file: as long as its readings.
pub(crate) const RETIRED_STATES_KEPT: Duration = READINGS_KEPT;

/// Sessions and tokens, once their time is over: nobody sees them any more.
pub(crate) const ENDED_KEPT: Duration = Duration::ZERO;

/// Lines of one monitor that belong to no run: its flips, its unknown spells, and what its reactions held for. A monitor
/// that flaps every second makes some 4 MiB of them in an hour, and two years of that would fill a disk; of one that is
/// well these are decades. What a run did is kept as long as all history.
pub(crate) const LINES_KEPT: i64 = 20_000;

/// What is left once the bound is reached: less, so that a monitor that goes on flapping is told of every hour or two
/// and not at each sweep.
pub(crate) const LINES_LEFT: i64 = 15_000;

/// Spells of one monitor: one that flaps every second makes 1,800 an hour, and two years of that would be 30 million rows. Of
/// one that is down every hour these are two years.
pub(crate) const SPELLS_KEPT: i64 = 20_000;

/// What is left once the bound is reached, as of lines.
pub(crate) const SPELLS_LEFT: i64 = 15_000;

/// Incidents of one app, or of one monitor that has to do with none: as many as spells, since a flap makes one of each.
pub(crate) const INCIDENTS_KEPT: i64 = SPELLS_KEPT;

/// What is left once the bound is reached, as of lines.
pub(crate) const INCIDENTS_LEFT: i64 = SPELLS_LEFT;

/// Something that is kept, and its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What.
    pub what: &'static str,
    /// For how long.
    pub long: Duration,
    /// How many of one monitor at most, where that is bounded too.
    pub of_a_monitor: Option<u64>,
    /// How many of one app at most, where that is bounded too.
    pub of_an_app: Option<u64>,
}

impl Kept {
    /// Everything that goes by itself, what goes first first.
    pub const ALL: [Self; 9] = [
        Self::of("readings", READINGS_KEPT),
        Self::of("what apps tell by their drains", SLOTS_KEPT),
        Self::of("roll-ups of five minutes", FIVE_MINUTES_KEPT),
        Self::of("what people were told", NOTICES_KEPT),
        Self::of("roll-ups of hours", HOURS_KEPT),
        Self {
            of_a_monitor: Some(LINES_KEPT.unsigned_abs()),
            ..Self::of("the timeline with its runs and pauses", HISTORY_KEPT)
        },
        Self { of_a_monitor: Some(SPELLS_KEPT.unsigned_abs()), ..Self::of("times of failing", HISTORY_KEPT) },
        Self { of_an_app: Some(INCIDENTS_KEPT.unsigned_abs()), ..Self::of("incidents", HISTORY_KEPT) },
        Self::of("roll-ups of days", DAYS_KEPT),
    ];

    const fn of(what: &'static str, long: Duration) -> Self {
        Self { what, long, of_a_monitor: None, of_an_app: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_first_comes_first() {
        assert!(Kept::ALL.is_sorted_by_key(|kept| kept.long), "{:?}", Kept::ALL);
    }
}
