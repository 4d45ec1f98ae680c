//! Spells: stretches of time in which a monitor was failing, or unknown, without a break.
//!
//! They go by the same rule of time as roll-ups: a verdict holds until the next reading, or for its interval when that is
//! missing. So the spells of a verdict are together as long as a roll-up says that it held.

use super::{holds_until, is_no_gap};
use flyball_model::{Finding, Timestamp, Verdict};
use std::time::Duration;

/// For how long a spell without an end goes on, by [`Spell::goes_on`], while nothing is heard: a check that is late, or a
/// restart of Flyball. As for roll-ups.
const LATE_MAX: Duration = super::GAP_MIN;

/// A stretch of time in which a monitor had one verdict, failing or unknown, without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// What its first reading found; never passing. Later readings have the same verdict, and any cause.
    pub finding: Finding,
    /// When its first reading began.
    pub began_at: Timestamp,
    /// When the next reading began that said something else; where none did in time, one interval after its last.
    pub ended_at: Timestamp,
    /// Of how many readings it is; at least 1.
    pub readings: u32,
    /// The longest time within it without a reading.
    pub longest_silence: Duration,
    /// The verdict that ended it; `None` where nobody looked any more, or has not yet.
    pub then: Option<Verdict>,
}

impl Spell {
    /// How long it lasted, of the time between these two.
    #[must_use]
    pub fn length_within(&self, since: Timestamp, until: Timestamp) -> Duration {
        self.ended_at.min(until).since(self.began_at.max(since))
    }

    /// Whether it has not ended yet, as far as anybody knows.
    #[must_use]
    pub fn goes_on(&self, now: Timestamp) -> bool {
        self.then.is_none() && now.since(self.ended_at) <= LATE_MAX
    }
}

/// A spell of which the latest reading is part, so that the next one may be as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) finding: Finding,
    pub(crate) began_at: Timestamp,
    /// When its latest reading began.
    pub(crate) last_at: Timestamp,
    pub(crate) readings: u32,
    pub(crate) longest_silence: Duration,
}

impl Open {
    fn begun(at: Timestamp, finding: Finding) -> Option<Self> {
        let open = Self { finding, began_at: at, last_at: at, readings: 1, longest_silence: Duration::ZERO };
        (finding.verdict() != Verdict::Passing).then_some(open)
    }

    fn with(self, at: Timestamp) -> Self {
        Self {
            last_at: at,
            readings: self.readings.saturating_add(1),
            longest_silence: self.longest_silence.max(at.since(self.last_at)),
            ..self
        }
    }

    /// The spell, as it is when this reading comes next, or none has come yet.
    pub(crate) fn ended(self, every: Duration, next: Option<(Timestamp, Finding)>) -> Spell {
        let ended_at = holds_until(self.last_at, every, next.map(|(at, _)| at));
        let in_time = next.filter(|(at, _)| is_no_gap(self.last_at, every, *at));
        Spell {
            finding: self.finding,
            began_at: self.began_at,
            ended_at,
            readings: self.readings,
            longest_silence: self.longest_silence.max(ended_at.since(self.last_at)),
            then: in_time.map(|(_, finding)| finding.verdict()),
        }
    }
}

/// Goes on from the spell that is open before these readings, which are sorted by when they began: those that ended, oldest
/// first, and the one that is left open.
pub(crate) fn spells(
    mut open: Option<Open>,
    every: Duration,
    readings: impl IntoIterator<Item = (Timestamp, Finding)>,
) -> (Vec<Spell>, Option<Open>) {
    let mut ended = Vec::new();
    for (at, finding) in readings {
        let goes_on = |open: &Open| open.finding.verdict() == finding.verdict() && is_no_gap(open.last_at, every, at);
        open = match open {
            Some(open) if goes_on(&open) => Some(open.with(at)),
            Some(open) => {
                ended.push(open.ended(every, Some((at, finding))));
                Open::begun(at, finding)
            }
            None => Open::begun(at, finding),
        };
    }
    (ended, open)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, seen};
    use super::super::{Since, roll_up};
    use super::*;
    use crate::narrow::{Numbers, Seen};
    use flyball_model::{Blind, Cause};
    use proptest::prelude::*;

    const EVERY: Duration = Duration::from_secs(30);
    const UP: Finding = Finding::Passing;
    const SLOW: Finding = Finding::Failing(Cause::Slow);
    const DOWN: Finding = Finding::Failing(Cause::Status);
    const BLIND: Finding = Finding::Unknown(Blind::Network);

    /// Every spell of these readings; what is open at their end as it is while nothing came after.
    fn all(readings: &[(Timestamp, Finding)]) -> Vec<Spell> {
        let (mut all, open) = spells(None, EVERY, readings.iter().copied());
        all.extend(open.map(|open| open.ended(EVERY, None)));
        all
    }

    #[test]
    fn a_spell_lasts_while_every_reading_says_the_same_and_somebody_looks() {
        /// What its first reading found, from and to in seconds, readings, the longest silence, and what came then.
        type Told = (Finding, i64, i64, u32, u64, Option<Verdict>);
        type Case<'a> = (&'a str, &'a [(i64, Finding)], &'a [Told]);
        let passing = Some(Verdict::Passing);
        let table: [Case<'_>; 9] = [
            ("nobody looked", &[], &[]),
            ("all is well", &[(0, UP), (30, UP)], &[]),
            ("down, and no look since", &[(0, UP), (30, DOWN)], &[(DOWN, 30, 60, 1, 30, None)]),
            ("down and up", &[(0, DOWN), (30, DOWN), (50, UP)], &[(DOWN, 0, 50, 2, 30, passing)]),
            ("the first cause is told", &[(0, SLOW), (30, DOWN), (60, UP)], &[(SLOW, 0, 60, 2, 30, passing)]),
            ("a late look breaks nothing", &[(0, DOWN), (300, DOWN), (330, UP)], &[(DOWN, 0, 330, 2, 300, passing)]),
            (
                "a long gap does",
                &[(0, DOWN), (301, DOWN), (331, UP)],
                &[(DOWN, 0, 30, 1, 30, None), (DOWN, 301, 331, 1, 30, passing)],
            ),
            ("passing after a long gap ended nothing", &[(0, DOWN), (999, UP)], &[(DOWN, 0, 30, 1, 30, None)]),
            (
                "what could not be looked at is a spell of its own",
                &[(0, DOWN), (30, BLIND), (60, DOWN), (90, UP)],
                &[
                    (DOWN, 0, 30, 1, 30, Some(Verdict::Unknown)),
                    (BLIND, 30, 60, 1, 30, Some(Verdict::Failing)),
                    (DOWN, 60, 90, 1, 30, passing),
                ],
            ),
        ];
        for (case, readings, expected) in table {
            let readings: Vec<_> = readings.iter().map(|(second, finding)| (at(*second), *finding)).collect();
            let expected: Vec<Spell> = expected
                .iter()
                .map(|(finding, from, to, readings, silence, then)| Spell {
                    finding: *finding,
                    began_at: at(*from),
                    ended_at: at(*to),
                    readings: *readings,
                    longest_silence: Duration::from_secs(*silence),
                    then: *then,
                })
                .collect();
            assert_eq!(all(&readings), expected, "{case}");
        }
    }

    #[test]
    fn a_spell_goes_on_until_another_verdict_came_or_nobody_looked_for_long() {
        let spell = all(&[(at(0), DOWN)])[0];
        assert!(spell.goes_on(at(30)) && spell.goes_on(at(330)) && !spell.goes_on(at(331)));
        assert!(!all(&[(at(0), DOWN), (at(30), UP)])[0].goes_on(at(30)));
    }

    /// Readings of some hours, with gaps of every length between them.
    fn any_hours() -> impl Strategy<Value = Vec<(Timestamp, Finding)>> {
        let finding = prop_oneof![3 => Just(UP), 2 => Just(DOWN), 1 => Just(SLOW), 1 => Just(BLIND)];
        let wait = prop_oneof![4 => 1_i64..60, 2 => 60_i64..600, 1 => 600_i64..9000];
        proptest::collection::vec((wait, finding), 0..60).prop_map(|readings| {
            let mut second = 0;
            let begun = |(wait, finding)| {
                second += wait;
                (at(second), finding)
            };
            readings.into_iter().map(begun).collect()
        })
    }

    proptest! {
        #[test]
        fn cut_at_every_hour_they_are_the_same(readings in any_hours(), hour in 1_i64..7200) {
            let (mut cut, mut open) = (Vec::new(), None);
            for of_hour in readings.chunk_by(|(one, _), (other, _)| one.as_millis() / (hour * 1000) == other.as_millis() / (hour * 1000)) {
                let (ended, left_open) = spells(open, EVERY, of_hour.iter().copied());
                cut.extend(ended);
                open = left_open;
            }
            cut.extend(open.map(|open: Open| open.ended(EVERY, None)));
            prop_assert_eq!(cut, all(&readings));
        }

        #[test]
        fn in_any_span_they_are_as_long_as_its_roll_up_says(
            readings in any_hours(),
            from in 0_i64..20_000,
            length in 1_i64..20_000,
        ) {
            let (start, end) = (at(from), at(from + length));
            let spells = all(&readings);
            let seen: Vec<(Seen, Numbers)> =
                readings.iter().map(|(begun, finding)| seen(begun.as_millis() / 1000, *finding)).collect();
            let (early, rest) = seen.split_at(seen.partition_point(|(_, numbers)| numbers.begun_at < start));
            let (within, late) = rest.split_at(rest.partition_point(|(_, numbers)| numbers.begun_at < end));
            let before = early.last().map(|(found, numbers)| Since {
                verdict: found.finding.verdict(),
                begun_at_ms: numbers.begun_at.as_millis(),
            });
            let after = late.first().map(|(_, numbers)| numbers.begun_at);
            let rolled_up = roll_up(start, end, EVERY, before, within, after);
            for (verdict, share) in [(Verdict::Failing, rolled_up.failing), (Verdict::Unknown, rolled_up.unknown)] {
                let of_verdict = spells.iter().filter(|spell| spell.finding.verdict() == verdict);
                let sum: Duration = of_verdict.map(|spell| spell.length_within(start, end)).sum();
                prop_assert_eq!(u64::try_from(sum.as_millis()).expect("some hours"), share.held_ms, "{}", verdict);
            }
        }
    }
}
