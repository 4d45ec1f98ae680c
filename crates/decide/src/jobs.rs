//! Jobs that run while dynos are to be taken away: how long they are waited for.
//!
//! Whoever takes a dyno away kills what runs on it. So taking away waits while jobs run, though not for ever: one that never ends, or a
//! queue that is never empty, must not keep dynos up for good.

use flyball_model::{Because, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known of the jobs of an app in one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Jobs {
    /// How many run; nothing where nobody tells.
    pub running: Option<u64>,
    /// Since when a reaction waits for them, where it does.
    pub waited: Option<Waited>,
}

/// A time in which dynos are to be taken away, and jobs run on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// Since when.
    pub since: Timestamp,
    /// When it was so last.
    pub last_at: Timestamp,
}

impl Waited {
    /// What there is of it after a reaction came to this reason at this time.
    ///
    /// It ends with a step, and once dynos are known not to be taken away. It goes on while that is not known, since a restart or a line
    /// that was lost does not end what jobs are waited for.
    #[must_use]
    pub fn after(before: Option<Self>, because: &Because, now: Timestamp) -> Option<Self> {
        match because {
            Because::JobsRun { since, .. } => Some(Self { since: *since, last_at: now }),
            because if because.acts() || !because.is_while_called() || because.is_limit() => None,
            Because::Enough { .. }
            | Because::NeededOfLate { .. }
            | Because::NeededBy { .. }
            | Because::BetweenDelays { .. }
            | Because::StepComesUp { .. }
            | Because::StandsBack { .. }
            | Because::Stabilizing { .. }
            | Because::KeptDuring { .. } => None,
            _ => before,
        }
    }

    /// As it was written: jobs were waited for since then, and were so last at that time.
    #[must_use]
    pub fn of(because: &Because, last_at: Timestamp) -> Option<Self> {
        Self::after(None, because, last_at)
    }
}

impl Jobs {
    /// Whether they are waited for now, at most for so long.
    ///
    /// # Errors
    ///
    /// How many run, and until when they are waited for.
    pub fn may_be_killed(&self, drain_max: Duration, now: Timestamp) -> Result<(), Because> {
        let Some(jobs) = self.running.filter(|running| *running > 0) else { return Ok(()) };
        let since = self.since(drain_max, now);
        let until = since + drain_max;
        if until <= now { Ok(()) } else { Err(Because::JobsRun { jobs, since, until }) }
    }

    /// Why dynos are taken away though jobs run, where some do.
    pub(crate) fn killed(&self, drain_max: Duration) -> Option<Because> {
        let jobs = self.running.filter(|running| *running > 0)?;
        Some(Because::JobsWaitedFor { jobs, long: drain_max })
    }

    /// Since when they are waited for. What was not waited for, for as long as they may be, begins anew.
    fn since(&self, drain_max: Duration, now: Timestamp) -> Timestamp {
        let waited = self.waited.filter(|waited| waited.since <= now && now.since(waited.last_at) < drain_max);
        waited.map_or(now, |waited| waited.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Amount, ProcessType, Quantity, Unit};

    const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis((100_000 + second) * 1000)
    }

    #[test]
    fn jobs_are_waited_for_and_not_for_ever() {
        let waited = |since, last_at| Some(Waited { since: at(since), last_at: at(last_at) });
        for (case, running, waited, now, expected) in [
            ("nobody tells", None, None, 0, None),
            ("none runs", Some(0), waited(0, 0), 10, None),
            ("it begins", Some(2), None, 5, Some((5, 1805))),
            ("it goes on", Some(1), waited(0, 1780), 1790, Some((0, 1800))),
            ("long enough", Some(1), waited(0, 1790), 1800, None),
            ("after a gap", Some(1), waited(0, 10), 1500, Some((0, 1800))),
            ("after a gap that is too long", Some(1), waited(0, 10), 1810, Some((1810, 3610))),
            ("a clock that was set back", Some(1), waited(500, 510), 100, Some((100, 1900))),
        ] {
            let held = Jobs { running, waited }.may_be_killed(HALF_AN_HOUR, at(now)).err();
            let jobs = running.unwrap_or_default();
            let expected = expected.map(|(since, until)| Because::JobsRun { jobs, since: at(since), until: at(until) });
            assert_eq!(held, expected, "{case}");
        }
    }

    #[test]
    fn waiting_ends_with_a_step_or_once_it_is_known_that_none_is_wanted() {
        let before = Some(Waited { since: at(0), last_at: at(10) });
        let run = |since| Because::JobsRun { jobs: 1, since: at(since), until: at(since + 1800) };
        let (process_type, quantity) = (ProcessType::web(), Quantity::new(2));
        let load = Amount::new(1.0, Unit::Things);
        for (case, because, expected) in [
            ("jobs run", run(0), Some(Waited { since: at(0), last_at: at(20) })),
            ("a step", Because::JobsWaitedFor { jobs: 1, long: HALF_AN_HOUR }, None),
            ("as many are needed", Because::Enough { process_type: process_type.clone(), quantity, load }, None),
            ("there are as few as may be", Because::AtMinimum { process_type, quantity, min: quantity }, None),
            ("it is not called", Because::Disabled, None),
            ("lines were lost, or we began anew", Because::LinesLost, before),
            ("the load is not known", Because::LoadUnknown, before),
            ("it looks yet", Because::StillLooking, before),
        ] {
            assert_eq!(Waited::after(before, &because, at(20)), expected, "{case}");
        }
        assert_eq!(Waited::of(&run(5), at(9)), Some(Waited { since: at(5), last_at: at(9) }), "as it was written");
    }
}
