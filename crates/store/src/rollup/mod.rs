//! Roll-ups: what outlives the readings of a span of time.
//!
//! Uptime is of time and not of readings: a reading's verdict holds until the next reading, or for its interval when the
//! next one is missing. So a span's roll-up says how long each verdict held, how many readings had it, and how long checks
//! took; and roll-ups of spans that follow one another add up to that of the whole.

mod sketch;
mod spell;

pub use sketch::Sketch;
pub use spell::Spell;
pub(crate) use spell::{Open, spells};

use crate::narrow::{Numbers, Seen};
use flyball_model::{Amount, Timestamp, Unit, Verdict};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A gap of this length is none, whatever the interval is: a restart of Flyball. As for streaks.
const GAP_MIN: Duration = Duration::from_secs(300);

/// A gap of this many intervals is none: a check or two that came late. As for streaks.
const GAP_INTERVALS: u32 = 3;

/// How long a roll-up spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Five minutes; kept for 30 days.
    FiveMinutes,
    /// An hour; kept for thirteen months.
    Hour,
    /// A day of UTC; kept for five years.
    Day,
}

impl Span {
    /// Every span, shortest first.
    pub const ALL: [Self; 3] = [Self::FiveMinutes, Self::Hour, Self::Day];

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::FiveMinutes => 300,
            Self::Hour => 3600,
            Self::Day => 24 * 3600,
        })
    }

    /// The start of the span that a moment is in.
    #[must_use]
    pub fn start_of(self, at: Timestamp) -> Timestamp {
        let length = i64::try_from(self.length().as_millis()).expect("a day is short");
        Timestamp::from_millis(at.as_millis().div_euclid(length) * length)
    }
}

/// A verdict's share of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// For how long it held, in milliseconds.
    pub held_ms: u64,
    /// How many readings had it.
    pub readings: u32,
}

impl Share {
    fn add(&mut self, other: Self) {
        self.held_ms += other.held_ms;
        self.readings = self.readings.saturating_add(other.readings);
    }
}

/// A step's time, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Step {
    /// Of so many readings.
    pub readings: u32,
    /// The sum, in milliseconds.
    pub sum_ms: u64,
}

impl Step {
    fn of(times: impl Iterator<Item = Option<u32>>) -> Self {
        times.flatten().fold(Self::default(), |sum, ms| Self {
            readings: sum.readings.saturating_add(1),
            sum_ms: sum.sum_ms + u64::from(ms),
        })
    }

    fn add(&mut self, other: Self) {
        self.readings = self.readings.saturating_add(other.readings);
        self.sum_ms += other.sum_ms;
    }

    /// The mean, in milliseconds; `None` when no reading had this step.
    #[must_use]
    pub fn mean_ms(self) -> Option<f64> {
        // Far below 2^53.
        (self.readings > 0).then(|| self.sum_ms as f64 / f64::from(self.readings))
    }
}

/// What was measured in a span: how much at least, at most, and on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    unit: Unit,
    /// Of so many readings.
    pub readings: u32,
    /// So many of them were told from what had gaps.
    pub incomplete: u32,
    /// In thousandths, of which a year of readings has more than 64 bits.
    sum: i128,
    least: i64,
    most: i64,
}

impl Amounts {
    fn of(amount: Amount, is_complete: bool) -> Self {
        let Amount { thousandths, unit } = amount;
        let incomplete = u32::from(!is_complete);
        Self { unit, readings: 1, incomplete, sum: thousandths.into(), least: thousandths, most: thousandths }
    }

    /// Puts those of another span into these. Of what was measured in two units, by a monitor that was changed, that counts which has
    /// more readings.
    fn add(&mut self, other: Self) {
        match (self.unit == other.unit, self.readings >= other.readings) {
            (true, _) => {
                self.readings = self.readings.saturating_add(other.readings);
                self.incomplete = self.incomplete.saturating_add(other.incomplete);
                self.sum = self.sum.saturating_add(other.sum);
                self.least = self.least.min(other.least);
                self.most = self.most.max(other.most);
            }
            (false, true) => {}
            (false, false) => *self = other,
        }
    }

    /// In which unit it was measured.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// The least.
    #[must_use]
    pub const fn least(&self) -> Amount {
        Amount { thousandths: self.least, unit: self.unit }
    }

    /// The most.
    #[must_use]
    pub const fn most(&self) -> Amount {
        Amount { thousandths: self.most, unit: self.unit }
    }

    /// The mean of the readings, to the thousandth.
    #[must_use]
    pub fn mean(&self) -> Amount {
        let mean = self.sum / i128::from(self.readings.max(1));
        Amount { thousandths: i64::try_from(mean).unwrap_or(self.most), unit: self.unit }
    }
}

/// What became of a span: how long each verdict held, and how long checks took. The rest of the span nobody looked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rollup {
    /// It was as it should be.
    pub passing: Share,
    /// It was not.
    pub failing: Share,
    /// It could not be looked at.
    pub unknown: Share,
    /// How long those checks took that were not unknown.
    pub took: Sketch,
    /// Looking names up.
    pub name: Step,
    /// Connecting.
    pub connect: Step,
    /// TLS handshakes.
    pub tls: Step,
    /// Waiting for the first byte of an answer.
    pub first_byte: Step,
    /// What was measured, where something was. Stored behind all else: see `sql::packing`.
    #[serde(skip)]
    pub amounts: Option<Amounts>,
}

impl Rollup {
    /// Puts what became of a span that follows, or lies elsewhere, into this one.
    pub fn add(&mut self, other: &Self) {
        self.passing.add(other.passing);
        self.failing.add(other.failing);
        self.unknown.add(other.unknown);
        self.took.add(&other.took);
        self.name.add(other.name);
        self.connect.add(other.connect);
        self.tls.add(other.tls);
        self.first_byte.add(other.first_byte);
        self.measure(other.amounts);
    }

    fn measure(&mut self, more: Option<Amounts>) {
        match (&mut self.amounts, more) {
            (Some(amounts), Some(more)) => amounts.add(more),
            (none @ None, more) => *none = more,
            (Some(_), None) => {}
        }
    }

    /// How many readings there were.
    #[must_use]
    pub const fn readings(&self) -> u64 {
        self.passing.readings as u64 + self.failing.readings as u64 + self.unknown.readings as u64
    }

    /// The share of the time that it was passing, of that in which it was known; `None` when it never was.
    #[must_use]
    pub fn uptime(&self) -> Option<f64> {
        let known = self.passing.held_ms + self.failing.held_ms;
        // Five years are 2^38 ms.
        (known > 0).then(|| self.passing.held_ms as f64 / known as f64)
    }

    fn share(&mut self, verdict: Verdict) -> &mut Share {
        match verdict {
            Verdict::Passing => &mut self.passing,
            Verdict::Failing => &mut self.failing,
            Verdict::Unknown => &mut self.unknown,
        }
    }
}

/// A verdict, and the reading from whose beginning on it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Since {
    pub(crate) verdict: Verdict,
    pub(crate) begun_at_ms: i64,
}

/// Rolls up a span: `readings` of it, sorted by when they began, `before` them the latest reading of an earlier span, and
/// `after` them when the first of a later one began, if that is known.
pub(crate) fn roll_up(
    start: Timestamp,
    end: Timestamp,
    every: Duration,
    before: Option<Since>,
    readings: &[(Seen, Numbers)],
    after: Option<Timestamp>,
) -> Rollup {
    let mut rollup = Rollup {
        took: Sketch::of(readings.iter().filter(|(found, _)| is_known(found)).map(|(_, numbers)| numbers.took_us)),
        name: Step::of(readings.iter().map(|(_, numbers)| numbers.phases().name_ms)),
        connect: Step::of(readings.iter().map(|(_, numbers)| numbers.phases().connect_ms)),
        tls: Step::of(readings.iter().map(|(_, numbers)| numbers.phases().tls_ms)),
        first_byte: Step::of(readings.iter().map(|(_, numbers)| numbers.phases().first_byte_ms)),
        ..Rollup::default()
    };
    for (found, numbers) in readings {
        let share = rollup.share(found.finding.verdict());
        share.readings = share.readings.saturating_add(1);
        rollup.measure(found.measured(numbers).map(|(amount, is_complete)| Amounts::of(amount, is_complete)));
    }
    let before = before.map(|since| (since.verdict, Timestamp::from_millis(since.begun_at_ms)));
    let begun = readings.iter().map(|(found, numbers)| (found.finding.verdict(), numbers.begun_at));
    let held: Vec<(Verdict, Timestamp)> = before.into_iter().chain(begun).collect();
    for (nth, (verdict, from)) in held.iter().enumerate() {
        let next = held.get(nth + 1).map(|(_, next)| *next).or(after);
        let until = holds_until(*from, every, next);
        let within = until.min(end).since((*from).max(start));
        rollup.share(*verdict).held_ms += u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    }
    rollup
}

/// Until when a reading's verdict holds: until the next, or for its interval when that is too far off or not there yet.
#[must_use]
pub fn holds_until(from: Timestamp, every: Duration, next: Option<Timestamp>) -> Timestamp {
    next.filter(|next| is_no_gap(from, every, *next)).unwrap_or(from + every)
}

/// Whether somebody looked all the time between these two readings.
fn is_no_gap(from: Timestamp, every: Duration, next: Timestamp) -> bool {
    next.since(from) <= (every * GAP_INTERVALS).max(GAP_MIN)
}

const fn is_known(found: &Seen) -> bool {
    !matches!(found.finding.verdict(), Verdict::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Blind, Cause, Evidence, Excerpt, Finding, Measured, Reading};
    use proptest::prelude::*;

    const EVERY: Duration = Duration::from_secs(30);

    pub(super) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    pub(super) fn seen(seconds: i64, finding: Finding) -> (Seen, Numbers) {
        read(seconds, finding, Evidence::None)
    }

    fn read(seconds: i64, finding: Finding, evidence: Evidence) -> (Seen, Numbers) {
        let (words, took) = (Excerpt::default(), Duration::from_millis(7));
        let reading = Reading { begun_at: at(seconds), took, finding, words, evidence };
        (Seen::of(finding, &reading.evidence), Numbers::of(&reading))
    }

    /// A reading each second, of so many things; every third was incomplete.
    fn measured(numbers: &[f64], unit: Unit) -> Vec<(Seen, Numbers)> {
        let read = |(second, number): (i64, &f64)| {
            let amount = Amount::new(*number, unit);
            let measured = Measured { amount, complete: second % 3 > 0, few: false, dynos: None };
            read(second, Finding::Passing, Evidence::Measured(measured))
        };
        (0..).zip(numbers).map(read).collect()
    }

    #[test]
    fn what_was_measured_is_told_by_its_least_its_mean_and_its_most() {
        let of = |numbers: &[f64], unit| roll_up(at(0), at(300), EVERY, None, &measured(numbers, unit), None);
        let told = |rollup: &Rollup| {
            let told = |amounts: Amounts| {
                let of = [amounts.least(), amounts.mean(), amounts.most()].map(Amount::number);
                (amounts.unit(), amounts.readings, amounts.incomplete, of)
            };
            rollup.amounts.map(told)
        };
        assert_eq!(told(&roll_up(at(0), at(300), EVERY, None, &[seen(0, Finding::Passing)], None)), None);
        let things = of(&[4.0, -1.5, 0.0, 12.0], Unit::Things);
        assert_eq!(told(&things), Some((Unit::Things, 4, 2, [-1.5, 3.625, 12.0])));
        // A monitor that was changed, and measures something else now.
        let (mut few, mut many) = (of(&[500.0, 700.0], Unit::Millis), things);
        few.add(&many);
        many.add(&of(&[500.0], Unit::Millis));
        assert_eq!((told(&few), told(&many)), (told(&many), Some((Unit::Things, 4, 2, [-1.5, 3.625, 12.0]))));
        let huge = of(&[1e12; 20], Unit::Things);
        assert_eq!(told(&huge), Some((Unit::Things, 20, 7, [1e12; 3])));
    }

    /// Seconds that passing, failing and unknown held.
    fn held(rollup: &Rollup) -> [u64; 3] {
        [rollup.passing, rollup.failing, rollup.unknown].map(|share| share.held_ms / 1000)
    }

    #[test]
    fn a_verdict_holds_until_the_next_reading_and_no_longer_than_somebody_looks() {
        const UP: Finding = Finding::Passing;
        const DOWN: Finding = Finding::Failing(Cause::Slow);
        const BLIND: Finding = Finding::Unknown(Blind::Network);
        let before = |seconds: i64, verdict| Some(Since { verdict, begun_at_ms: seconds * 1000 });
        type Case<'a> = (&'a str, Option<Since>, &'a [(Seen, Numbers)], Option<i64>, [u64; 3]);
        let table: [Case<'_>; 7] = [
            ("nobody looked", None, &[], None, [0, 0, 0]),
            ("one look", None, &[seen(100, UP)], None, [30, 0, 0]),
            ("up, down, up", None, &[seen(0, UP), seen(60, DOWN), seen(80, UP)], Some(110), [90, 20, 0]),
            ("blind for a while", None, &[seen(0, UP), seen(30, BLIND), seen(60, UP)], None, [60, 0, 30]),
            ("a restart of ours", None, &[seen(0, DOWN), seen(290, UP)], Some(310), [10, 290, 0]),
            ("a long gap", before(-1000, Verdict::Failing), &[seen(200, UP)], None, [30, 0, 0]),
            (
                "from before into after",
                before(-20, Verdict::Failing),
                &[seen(10, UP), seen(295, UP)],
                Some(325),
                [290, 10, 0],
            ),
        ];
        for (case, before, readings, after, expected) in table {
            let rollup = roll_up(at(0), at(300), EVERY, before, readings, after.map(at));
            assert_eq!(held(&rollup), expected, "{case}");
        }
    }

    fn any_day() -> impl Strategy<Value = Vec<(Seen, Numbers)>> {
        let finding = prop_oneof![
            4 => Just(Finding::Passing),
            2 => Just(Finding::Failing(Cause::Status)),
            1 => Just(Finding::Unknown(Blind::Network)),
        ];
        let evidence = prop_oneof![
            Just(Evidence::None),
            (any::<i64>(), any::<bool>()).prop_map(|(thousandths, complete)| {
                let amount = Amount { thousandths, unit: Unit::Things };
                Evidence::Measured(Measured { amount, complete, few: false, dynos: None })
            }),
        ];
        proptest::collection::btree_map(0_i64..3600, (finding, evidence), 0..60).prop_map(|readings| {
            readings.into_iter().map(|(second, (finding, evidence))| read(second, finding, evidence)).collect()
        })
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole_wherever_it_is_cut(readings in any_day(), cut in 0_i64..3600) {
            let whole = roll_up(at(0), at(3600), EVERY, None, &readings, None);
            let (early, late) = readings.split_at(readings.partition_point(|(_, numbers)| numbers.begun_at < at(cut)));
            let before = early.last().map(|(found, numbers)| Since {
                verdict: found.finding.verdict(),
                begun_at_ms: numbers.begun_at.as_millis(),
            });
            let after = late.first().map(|(_, numbers)| numbers.begun_at);
            let mut parts = roll_up(at(0), at(cut), EVERY, None, early, after);
            parts.add(&roll_up(at(cut), at(3600), EVERY, before, late, None));
            prop_assert_eq!(&parts, &whole);
            prop_assert!(held(&whole).iter().sum::<u64>() <= 3600);
            prop_assert_eq!(whole.readings(), u64::try_from(readings.len()).expect("few"));
        }
    }
}
