//! What was taken away and had to be given back: load that needs three dynos is not served by two, however often that is
//! tried.
//!
//! A step in or down is undone when our next step on the process type is one out or up, within the time that an effect has
//! to show. After each undoing the next such step waits twice as long as the last; a day without one forgets them all.

use crate::facts::Step;
use flyball_model::{Because, ProcessType, Rank, Timestamp};
use std::time::Duration;

/// How long an effect has to show.
const TIME_TO_SHOW: Duration = Duration::from_secs(10 * 60);
/// The longest wait: a quarter of a day, so that a night's lull is still made use of.
const WAIT_MAX: Duration = Duration::from_secs(6 * 60 * 60);
/// A day without an undoing is another day.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Undoings in a row, none of them a day after the one before.
#[derive(Debug, Clone, Copy)]
struct Undone {
    /// How many steps were undone.
    times: u32,
    /// Of how many, counted from the first that was.
    of: u32,
    /// The longest time that it took.
    within: Duration,
    /// When the last was undone.
    at: Timestamp,
}

impl Undone {
    /// How long the next step waits, from the last undoing on.
    fn wait(self) -> Duration {
        let doubled = 2_u32.saturating_pow(self.times);
        TIME_TO_SHOW.saturating_mul(doubled).min(WAIT_MAX)
    }
}

/// Whether a step that takes away may be tried again. `steps` are ours on the app, latest first.
///
/// # Errors
///
/// The reason for holding still.
pub(crate) fn may_be_tried_again(
    rank: Rank,
    process_type: Option<&ProcessType>,
    steps: &[Step],
    now: Timestamp,
) -> Result<(), Because> {
    let (Some(process_type), Some(back)) = (process_type, rank.undone_by()) else { return Ok(()) };
    let of_type = steps.iter().rev().filter(|step| step.process_type == *process_type);
    let Some(undone) = undone(rank, of_type.filter(|step| step.rank == rank || step.rank == back)) else {
        return Ok(());
    };
    let until = undone.at.min(now) + undone.wait();
    if until <= now {
        return Ok(());
    }
    let Undone { times, of, within, .. } = undone;
    Err(Because::Undone { step: rank, times, of, within, until })
}

/// The undoings that are remembered, from steps of two opposite ranks, oldest first.
fn undone<'a>(rank: Rank, steps: impl Iterator<Item = &'a Step>) -> Option<Undone> {
    let mut undone: Option<Undone> = None;
    let mut last: Option<&Step> = None;
    for step in steps {
        undone = undone.filter(|before| step.at.since(before.at) < FORGOTTEN_AFTER);
        if step.rank == rank {
            undone = undone.map(|before| Undone { of: before.of + 1, ..before });
        } else if let Some(taken) = last.filter(|last| last.rank == rank) {
            let took = step.at.since(taken.at);
            if took <= TIME_TO_SHOW {
                let before = undone.unwrap_or(Undone { times: 0, of: 1, within: Duration::ZERO, at: step.at });
                let times = before.times + 1;
                undone = Some(Undone { times, within: before.within.max(took), at: step.at, ..before });
            }
        }
        last = Some(step);
    }
    undone
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;

    /// What was done, now, and until when the next step waits after how many undoings of how many steps.
    type Case = (&'static str, Vec<(char, i64)>, i64, Option<(i64, u32, u32)>);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(minutes * 60_000)
    }

    /// Steps of web, oldest first: `-` takes a dyno, `+` adds one, each at its minute.
    fn steps(written: &[(char, i64)]) -> Vec<Step> {
        let rank = |sign| if sign == '-' { Rank::In } else { Rank::Out };
        let step =
            |&(sign, minute): &(char, i64)| Step { process_type: ProcessType::web(), rank: rank(sign), at: at(minute) };
        written.iter().rev().map(step).collect()
    }

    /// The next minute at which one may be taken, and the sentence of it.
    fn next(written: &[(char, i64)], now: i64) -> Option<(i64, u32, u32)> {
        match may_be_tried_again(Rank::In, Some(&ProcessType::web()), &steps(written), at(now)) {
            Ok(()) => None,
            Err(Because::Undone { until, times, of, .. }) => Some((until.as_millis() / 60_000, times, of)),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn each_undoing_doubles_the_wait_and_a_day_without_one_forgets_them() {
        let again = |count: i64, apart: i64| -> Vec<(char, i64)> {
            (0..count).flat_map(|n| [('-', n * apart), ('+', n * apart + 2)]).collect()
        };
        #[rustfmt::skip]
        let cases: [Case; 16] = [
            ("nothing was done", vec![], 5, None),
            ("one was taken, and that was well", vec![('-', 0)], 5, None),
            ("one was added", vec![('+', 0)], 5, None),
            ("added first, taken later", vec![('+', 0), ('-', 2)], 5, None),
            ("undone within two minutes", vec![('-', 0), ('+', 2)], 5, Some((22, 1, 1))),
            ("its wait is over", vec![('-', 0), ('+', 2)], 22, None),
            ("undone within ten minutes, just", vec![('-', 0), ('+', 10)], 11, Some((30, 1, 1))),
            ("later is another load", vec![('-', 0), ('+', 11)], 12, None),
            ("two taken, one given back", vec![('-', 0), ('-', 5), ('+', 7)], 8, Some((27, 1, 1))),
            ("one given back twice is one undoing", vec![('-', 0), ('+', 2), ('+', 4)], 5, Some((22, 1, 1))),
            ("twice", again(2, 30), 33, Some((32 + 40, 2, 2))),
            ("one between them was well", vec![('-', 0), ('+', 2), ('-', 60), ('-', 120), ('+', 122)], 123, Some((162, 2, 3))),
            ("six times, and the wait has its longest", again(6, 3 * HOUR), 15 * HOUR + 3, Some((15 * HOUR + 2 + 6 * HOUR, 6, 6))),
            ("a minute less than a day later they are remembered", vec![('-', 0), ('+', 2), ('-', DAY), ('+', DAY + 1)], DAY + 3, Some((DAY + 41, 2, 2))),
            ("a day later they are forgotten", vec![('-', 0), ('+', 2), ('-', DAY), ('+', DAY + 2)], DAY + 3, Some((DAY + 22, 1, 1))),
            ("two days later it begins anew", [again(3, 60), vec![('-', 2 * DAY), ('+', 2 * DAY + 2)]].concat(), 2 * DAY + 3, Some((2 * DAY + 22, 1, 1))),
        ];
        for (case, written, now, expected) in cases {
            assert_eq!(next(&written, now), expected, "{case}");
        }
    }

    #[test]
    fn the_reason_tells_the_longest_time_that_an_undoing_took() {
        let thrice = [('-', 0), ('+', 2), ('-', 30), ('+', 37), ('-', 90), ('+', 93)];
        let held = may_be_tried_again(Rank::In, Some(&ProcessType::web()), &steps(&thrice), at(94));
        let Err(Because::Undone { within, .. }) = held else { panic!("it waits: {held:?}") };
        assert_eq!(within, Duration::from_secs(7 * 60));
    }

    #[test]
    fn only_what_takes_away_waits_and_only_for_its_own_process_type() {
        let undone = steps(&[('-', 0), ('+', 2)]);
        let (web, worker) = (ProcessType::web(), "worker".parse().unwrap());
        let may = |rank, of| may_be_tried_again(rank, of, &undone, at(5)).is_ok();
        assert!(!may(Rank::In, Some(&web)));
        assert!(may(Rank::In, Some(&worker)) && may(Rank::Out, Some(&web)) && may(Rank::Down, Some(&web)));
        assert!(may(Rank::RestartAll, None));
        let sizes =
            [(Rank::Up, 2), (Rank::Down, 0)].map(|(rank, minute)| Step { rank, at: at(minute), ..undone[0].clone() });
        assert!(may_be_tried_again(Rank::Down, Some(&web), &sizes, at(5)).is_err());
        // A clock that was set back since frees nothing, and holds no longer than it would have.
        assert_eq!(next(&[('-', 100), ('+', 102)], 50), Some((70, 1, 1)));
    }
}
