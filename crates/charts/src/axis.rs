//! From times and values to places, and where the ticks are.

use crate::text::at;

/// The largest value that a chart tells apart, either way: in milliseconds more than thirty years.
const VALUE_MAX: f64 = 1e12;

/// Steps between the ticks of a value axis: with more than five ticks it is noise.
const VALUE_STEPS_MAX: f64 = 4.0;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Distances between ticks that a person calls round.
const ROUND: [i64; 22] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    91 * DAY,
    364 * DAY,
];

/// The time axis that everything in a chart shares.
pub(crate) struct TimeAxis {
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl TimeAxis {
    pub(crate) fn new(from: i64, until: i64, left: f64, right: f64) -> Self {
        let from = from.min(i64::MAX - 1);
        Self { from, until: until.max(from + 1), left, right }
    }

    pub(crate) fn has(&self, time: i64) -> bool {
        (self.from..=self.until).contains(&time)
    }

    /// Where a time is; times outside are at the edges.
    pub(crate) fn x(&self, time: i64) -> f64 {
        let share = (time as f64 - self.from as f64) / (self.until as f64 - self.from as f64).max(1.0);
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Times at round distances, by a clock that is `utc_offset` ahead; about `max`, at most one more.
    pub(crate) fn ticks(&self, max: i64, utc_offset: i64) -> Vec<i64> {
        let (from, until, ahead) = (i128::from(self.from), i128::from(self.until), i128::from(utc_offset));
        let wanted = (until - from) / i128::from(max);
        let step = ROUND.iter().map(|step| i128::from(*step)).find(|step| *step >= wanted).unwrap_or(wanted + 1);
        let first = from + (-(from + ahead)).rem_euclid(step);
        (0..=i128::from(max)).map(|n| first + n * step).filter(|time| *time <= until).map(|time| time as i64).collect()
    }
}

/// A value axis, from the bottom up.
pub(crate) struct ValueAxis {
    pub(crate) ticks: Vec<f64>,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl ValueAxis {
    /// An axis with round ticks that has zero, `low` and `high` on it.
    pub(crate) fn new(low: f64, high: f64, top: f64, bottom: f64) -> Self {
        Self { ticks: round_ticks(low, high), top, bottom }
    }

    /// The values at its lower and its upper end.
    pub(crate) fn reach(&self) -> (f64, f64) {
        (self.ticks[0], self.ticks[self.ticks.len() - 1])
    }

    /// Where a value is; values outside are at the edges.
    pub(crate) fn y(&self, value: f64) -> f64 {
        let (low, high) = self.reach();
        self.bottom - ((value - low) / (high - low)).clamp(0.0, 1.0) * (self.bottom - self.top)
    }
}

/// Three to five round values that reach over zero, `low` and `high`.
fn round_ticks(low: f64, high: f64) -> Vec<f64> {
    let low = within(low).min(0.0);
    // Nothing but zeros, or nothing at all, is shown on a scale to one.
    let high = if low == 0.0 && within(high) <= 0.0 { 1.0 } else { within(high).max(0.0) };
    let mut size = 10f64.powf(((high - low) / VALUE_STEPS_MAX).log10().floor());
    loop {
        for step in [size, 2.0 * size, 2.5 * size, 5.0 * size] {
            let (first, last) = ((low / step).floor(), (high / step).ceil());
            if last - first <= VALUE_STEPS_MAX {
                return (0..=(last - first) as u32).map(|n| (first + f64::from(n)) * step).collect();
            }
        }
        size *= 10.0;
    }
}

/// The value, or the nearest that can be drawn. What is no number is taken for zero; callers leave it out before.
pub(crate) fn within(value: f64) -> f64 {
    // What is as good as nothing is nothing: a scale to the smallest of numbers has no ticks that can be written.
    if value.is_nan() || value.abs() < 1e-9 { 0.0 } else { value.clamp(-VALUE_MAX, VALUE_MAX) }
}

/// One column of a chart: what was read there, merged, since the eye cannot tell it apart.
#[derive(Debug)]
pub(crate) struct Column {
    first: i64,
    last: i64,
    sum: f64,
    count: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Column {
    pub(crate) fn middle(&self) -> f64 {
        self.sum / self.count
    }

    pub(crate) fn x(&self, axis: &TimeAxis) -> f64 {
        f64::midpoint(axis.x(self.first), axis.x(self.last))
    }
}

/// Units per column: two, since a line is about as wide.
const COLUMN_UNITS: f64 = 2.0;

/// Readings as `(time, middle, low, high)`, merged to columns, and cut where nobody looked: where two that follow each
/// other are two `step`s or more apart.
pub(crate) fn stretches(
    axis: &TimeAxis,
    step: i64,
    readings: impl Iterator<Item = (i64, f64, f64, f64)>,
) -> Vec<Vec<Column>> {
    let count = ((axis.right - axis.left) / COLUMN_UNITS) as usize + 1;
    let mut columns: Vec<Option<Column>> = std::iter::repeat_with(|| None).take(count).collect();
    for (time, middle, low, high) in readings {
        if !axis.has(time) || middle.is_nan() || low.is_nan() || high.is_nan() {
            continue;
        }
        let (middle, low, high) = (within(middle), within(low), within(high));
        match &mut columns[((axis.x(time) - axis.left) / COLUMN_UNITS) as usize] {
            Some(column) => {
                column.first = column.first.min(time);
                column.last = column.last.max(time);
                column.sum += middle;
                column.count += 1.0;
                column.low = column.low.min(low);
                column.high = column.high.max(high);
            }
            empty => *empty = Some(Column { first: time, last: time, sum: middle, count: 1.0, low, high }),
        }
    }
    let mut stretches: Vec<Vec<Column>> = Vec::new();
    for column in columns.into_iter().flatten() {
        match stretches.last_mut() {
            Some(stretch) if stretch.last().is_some_and(|last| near(last.last, column.first, step)) => {
                stretch.push(column);
            }
            _ => stretches.push(vec![column]),
        }
    }
    stretches
}

fn near(last: i64, next: i64, step: i64) -> bool {
    next.saturating_sub(last) < step.max(1).saturating_mul(2)
}

/// A line through places. A single one is a dot: no length, but round ends.
pub(crate) fn line(places: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    let mut count = 0;
    for (x, y) in places {
        path += &format!("{}{} {}", if count == 0 { "M" } else { "L" }, at(x), at(y));
        count += 1;
    }
    if count == 1 {
        path += "h0";
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_three_to_five_and_reach_over_all_values() {
        for (low, high) in [
            (0.0, 0.0),
            (0.0, 1.0),
            (0.0, 43.0),
            (0.0, 401.0),
            (0.0, 1e300),
            (0.0, f64::MIN_POSITIVE),
            (-5.0, 3.0),
            (-1e9, 0.0),
            (f64::NAN, f64::NAN),
        ] {
            let ticks = round_ticks(low, high);
            assert!((3..=5).contains(&ticks.len()), "{low} to {high}: {ticks:?}");
            let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
            assert!(first <= within(low).min(0.0) && last >= within(high), "{low} to {high}: {ticks:?}");
        }
        assert_eq!(round_ticks(0.0, 350.0), [0.0, 100.0, 200.0, 300.0, 400.0]);
    }

    #[test]
    fn times_are_round_by_the_clock_that_is_shown() {
        let axis = TimeAxis::new(10 * MINUTE, 4 * HOUR, 0.0, 100.0);
        assert_eq!(axis.ticks(4, 0), [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR]);
        assert_eq!(axis.ticks(4, 30 * MINUTE)[0], 30 * MINUTE, "one o'clock where the clock is half an hour ahead");
        assert!(TimeAxis::new(i64::MIN, i64::MAX, 0.0, 100.0).ticks(8, i64::MAX).len() <= 9);
        assert!(TimeAxis::new(i64::MAX, i64::MIN, 0.0, 100.0).ticks(8, 0).len() <= 9);
    }

    #[test]
    fn a_stretch_ends_where_nobody_looked() {
        let axis = TimeAxis::new(0, 1_000, 0.0, 1_000.0);
        let lengths = |times: &[(i64, f64)]| -> Vec<usize> {
            stretches(&axis, 10, times.iter().map(|(time, value)| (*time, *value, *value, *value)))
                .iter()
                .map(Vec::len)
                .collect()
        };
        for (times, wanted) in [
            (&[][..], &[][..]),
            (&[(0, 1.0)], &[1]),
            (&[(0, 1.0), (10, 1.0), (20, 1.0)], &[3]),
            (&[(0, 1.0), (10, f64::NAN), (20, 1.0)], &[1, 1]),
            (&[(0, 1.0), (10, 1.0), (500, 1.0)], &[2, 1]),
            (&[(20, 1.0), (0, 1.0), (10, 1.0)], &[3]),
            (&[(0, 1.0), (1, 3.0), (10, 1.0)], &[2]),
            (&[(-10, 1.0), (2_000, 1.0)], &[]),
        ] {
            assert_eq!(lengths(times), wanted, "{times:?}");
        }
    }
}
