//! Folding a reading into what its monitor remembers.

use flyball_model::{Finding, Flip, MonitorState, Standing, Timestamp, Verdict};
use std::time::Duration;

/// A streak survives a gap of this length whatever the interval is, so that a restart of Flyball does not end it.
const GAP_MIN: Duration = Duration::from_secs(300);
/// A streak survives this many intervals without a known reading.
const GAP_INTERVALS: u32 = 3;

/// What came of folding a reading in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folded {
    /// What the monitor remembers now.
    pub state: MonitorState,
    /// Whether it flipped.
    pub flip: Option<Flip>,
    /// Whether a spell of unknown readings began or ended.
    pub spell: Option<Spell>,
}

/// A spell of unknown readings. Shown, and no flip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spell {
    /// It begins with this reading.
    Begins,
    /// It ended with this reading.
    Ends,
}

/// Folds a reading in. `remember` is how many readings' times are kept: the longest trigger of the attached reactions.
///
/// An unknown reading neither extends nor ends the streak. A gap without a known reading of more than three intervals
/// *and* five minutes starts it anew; the episode goes on, since nothing flipped.
#[must_use]
pub fn fold(state: &MonitorState, finding: Finding, begun_at: Timestamp, every: Duration, remember: u32) -> Folded {
    let verdict = finding.verdict();
    let mut next = state.clone();
    next.last_at = Some(begun_at);

    if verdict == Verdict::Unknown {
        next.unknown_in_a_row = state.unknown_in_a_row.saturating_add(1);
        let spell = (state.unknown_in_a_row == 0).then_some(Spell::Begins);
        return Folded { state: next, flip: None, spell };
    }

    next.unknown_in_a_row = 0;
    let spell = (state.unknown_in_a_row > 0).then_some(Spell::Ends);
    let before = next.standing.take();
    let flip = match &before {
        Some(standing) if standing.verdict == verdict => None,
        other => Some(Flip { from: other.as_ref().map(|standing| standing.verdict), to: verdict, at: begun_at }),
    };
    let mut standing = match before {
        Some(standing) if standing.verdict == verdict && !is_gap(standing.known_at, begun_at, every) => standing,
        Some(standing) if standing.verdict == verdict => {
            Standing { streak: 0, begun: std::collections::VecDeque::new(), ..standing }
        }
        _ => Standing {
            verdict,
            cause: None,
            streak: 0,
            since: begun_at,
            known_at: begun_at,
            begun: std::collections::VecDeque::new(),
        },
    };
    standing.streak = standing.streak.saturating_add(1);
    standing.cause = finding.cause();
    standing.known_at = begun_at;
    standing.begun.push_back(begun_at);
    let keep = usize::try_from(remember.max(1)).unwrap_or(usize::MAX);
    standing.begun.drain(..standing.begun.len().saturating_sub(keep));
    next.standing = Some(standing);
    Folded { state: next, flip, spell }
}

fn is_gap(known_at: Timestamp, begun_at: Timestamp, every: Duration) -> bool {
    let gap = begun_at.since(known_at);
    gap > every * GAP_INTERVALS && gap > GAP_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Blind, Cause};

    const EVERY: Duration = Duration::from_secs(30);
    const FAILS: Finding = Finding::Failing(Cause::Status);
    const BLIND: Finding = Finding::Unknown(Blind::Heroku);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// Folds findings, one every 30 s, and gives the streak after each (negative when failing).
    fn streaks(findings: &[Finding]) -> Vec<i64> {
        let mut state = MonitorState::default();
        let mut streaks = Vec::new();
        for (n, finding) in findings.iter().enumerate() {
            state = fold(&state, *finding, at(30 * i64::try_from(n).unwrap()), EVERY, 3).state;
            streaks.push(state.standing.as_ref().map_or(0, |standing| {
                let sign = if standing.verdict == Verdict::Failing { -1 } else { 1 };
                sign * i64::from(standing.streak)
            }));
        }
        streaks
    }

    #[test]
    fn a_streak_counts_readings_of_one_verdict() {
        assert_eq!(streaks(&[FAILS, FAILS, Finding::Passing, FAILS]), [-1, -2, 1, -1]);
    }

    #[test]
    fn unknown_neither_extends_nor_ends_a_streak() {
        assert_eq!(streaks(&[BLIND, FAILS, BLIND, FAILS, BLIND, BLIND, FAILS]), [0, -1, -1, -2, -2, -2, -3]);
    }

    #[test]
    fn another_cause_is_the_same_streak() {
        assert_eq!(streaks(&[FAILS, Finding::Failing(Cause::TimeOut)]), [-1, -2]);
    }

    #[test]
    fn a_flip_is_told_once_and_unknown_is_no_flip() {
        let passing = fold(&MonitorState::default(), Finding::Passing, at(0), EVERY, 1);
        assert_eq!(passing.flip, Some(Flip { from: None, to: Verdict::Passing, at: at(0) }));
        assert_eq!(passing.spell, None, "nothing was unknown before the first reading");
        let blind = fold(&passing.state, BLIND, at(30), EVERY, 1);
        assert_eq!((blind.flip, blind.spell), (None, Some(Spell::Begins)));
        let still = fold(&blind.state, BLIND, at(60), EVERY, 1);
        assert_eq!(still.spell, None);
        let failing = fold(&still.state, FAILS, at(90), EVERY, 1);
        assert_eq!(failing.flip, Some(Flip { from: Some(Verdict::Passing), to: Verdict::Failing, at: at(90) }));
        assert_eq!(failing.spell, Some(Spell::Ends));
    }

    #[test]
    fn a_long_gap_starts_the_streak_anew_and_the_episode_goes_on() {
        let cases = [
            // (interval, gap, streak after)
            (30, 90, 2),
            (30, 300, 2),
            (30, 301, 1),
            (1, 299, 2),
            (200, 600, 2),
            (200, 601, 1),
        ];
        for (every, gap, streak) in cases {
            let every = Duration::from_secs(every);
            let first = fold(&MonitorState::default(), FAILS, at(0), every, 9).state;
            let second = fold(&first, FAILS, at(gap), every, 9);
            let standing = second.state.standing.unwrap();
            assert_eq!(standing.streak, streak, "interval {every:?}, gap {gap}");
            assert_eq!(standing.since, at(0));
            assert_eq!(standing.streak_since(Some(at(-1))), streak, "what was before the gap is no evidence");
            assert_eq!(second.flip, None);
        }
    }

    #[test]
    fn as_many_times_are_remembered_as_the_longest_trigger_asks_for() {
        let mut state = MonitorState::default();
        for second in 0..10 {
            state = fold(&state, FAILS, at(second), EVERY, 3).state;
        }
        let standing = state.standing.unwrap();
        assert_eq!(standing.begun, [at(7), at(8), at(9)]);
        assert_eq!(standing.streak_since(None), 10);
        assert_eq!(standing.streak_since(Some(at(7))), 2);
        assert_eq!(standing.streak_since(Some(at(6))), 3, "no more are remembered");
        assert_eq!(standing.streak_since(Some(at(9))), 0);
    }
}
