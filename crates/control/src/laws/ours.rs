//! Ours: `scale_to` on what is busy, by the very function that decides it in a running Flyball, with the defaults of its settings; and
//! beside it `scale_out` on a queue time, as a guard where requests wait although the load says that there is room.
//!
//! The file that it stands for:
//!
//! ```toml
//! [[monitor]]
//! name = "shop is busy"
//! every = "10s"
//! heroku_router = { app = "shop", measure = "busy" }
//! reactions = ["enough web"]
//!
//! [[reaction]]
//! name = "enough web"
//! scale_to = { app = "shop", per_dyno = 3.5, min_quantity = 2, max_quantity = 40 }
//!
//! [[monitor]]
//! name = "requests of shop wait"
//! every = "10s"
//! queue_time = { app = "shop", above = "100ms" }
//! reactions = ["more web"]
//!
//! [[reaction]]
//! name = "more web"
//! scale_out = { app = "shop", max_quantity = 40 }
//! ```
//!
//! What the guard added stands for as long as `scale_to` looks back: for `stabilize` after it none is taken away.

use super::{Law, SLOW};
use crate::stage::{MAX, MIN};
use crate::{SLOT_SECONDS, Told};
use flyball_decide::{Aim, By, LookedAt, Stands, Target, WithoutData, aim};
use flyball_model::{Amount, Measured, Timestamp, Unit};
use serde::Serialize;
use std::time::Duration;

/// Looks that are further apart leave a gap: as `scale_to` has it.
const LATE: Duration = Duration::from_secs(90);
/// A delay that is told from fewer requests fails nothing: the default of `at_least`.
const REQUESTS_AT_LEAST: f64 = 20.0;

/// What a user may say of ours. Whatever is not among it is as it is unless the file says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Settings {
    /// `per_dyno` of `scale_to`: requests at once that a dyno carries; above 0.
    pub per_dyno: f64,
    /// Its `slack`: from 0 up to 1.
    pub slack: f64,
    /// Its `stabilize`.
    pub stabilize: Duration,
    /// `above` of the guard's monitor, in seconds.
    pub above: f64,
    /// The guard's `cooldown`.
    pub cooldown: Duration,
}

impl Default for Settings {
    /// The defaults of `scale_to` and of `scale_out`, which has no cooldown; 70 % of the five requests that a dyno serves at once; and a guard
    /// that adds where requests wait for more than 100 ms, which is the aim of all laws.
    fn default() -> Self {
        let stabilize = Duration::from_secs(300);
        Self { per_dyno: 3.5, slack: 0.1, stabilize, above: SLOW, cooldown: Duration::ZERO }
    }
}

impl Settings {
    const fn target(&self) -> Target {
        Target {
            by: By::Load { per_dyno: self.per_dyno, slack: self.slack },
            min: MIN,
            floor: None,
            max: MAX,
            max_out: None,
            max_in: 1,
            stabilize: self.stabilize,
            late: LATE,
            without_data: WithoutData::Hold,
            from_zero: false,
        }
    }
}

pub(super) struct Ours {
    target: Target,
    /// As many as `scale_to` looks back, oldest first.
    looks: Vec<LookedAt>,
    added_at: Option<Timestamp>,
    acted_at: Option<Timestamp>,
    guard: Option<Guard>,
}

impl Ours {
    pub(super) fn guarded(settings: &Settings) -> Self {
        let Settings { above, cooldown, .. } = *settings;
        let guard = Guard { above, cooldown, is_slow: false, acted_at: None };
        Self { guard: Some(guard), ..Self::by_load_alone(settings) }
    }

    pub(super) const fn by_load_alone(settings: &Settings) -> Self {
        Self { target: settings.target(), looks: Vec::new(), added_at: None, acted_at: None, guard: None }
    }
}

impl Law for Ours {
    fn every(&self) -> Duration {
        Duration::from_secs(SLOT_SECONDS)
    }

    fn hear(&mut self, told: &Told) {
        let since = told.at - (self.target.stabilize + self.target.late);
        self.looks.retain(|look| look.at >= since);
        let amount = Amount::new(told.busy, Unit::Things);
        let measured = Measured { amount, complete: true, few: false, dynos: None };
        self.looks.push(LookedAt { at: told.at, told: Some(measured) });
        if let Some(guard) = &mut self.guard {
            guard.is_slow = told.queue_p95 > guard.above && told.requests >= REQUESTS_AT_LEAST;
        }
    }

    fn wants(&mut self, _second: u64, quantity: u32) -> u32 {
        let Some(now) = self.looks.last().map(|look| look.at) else { return quantity };
        let stands = Stands { now, quantity, added_at: self.added_at, acted_at: self.acted_at };
        let aimed = match aim(&self.target, &self.looks, stands) {
            Aim::Set(aimed, _) => aimed,
            Aim::Hold(_) => quantity,
        };
        let guarded = self.guard.as_mut().and_then(|guard| guard.step(now, quantity)).unwrap_or_default();
        // The larger wish of the two; what is there beyond the most that there may be stays.
        let wanted = aimed.max(guarded.min(self.target.max.max(quantity)));
        if wanted > quantity {
            self.added_at = Some(now);
        }
        if aimed == wanted && wanted != quantity {
            self.acted_at = Some(now);
        }
        wanted
    }
}

/// `scale_out` on a queue time.
struct Guard {
    above: f64,
    cooldown: Duration,
    is_slow: bool,
    acted_at: Option<Timestamp>,
}

impl Guard {
    /// One more than there are, where requests wait and it may act.
    fn step(&mut self, now: Timestamp, quantity: u32) -> Option<u32> {
        let may_act = self.acted_at.is_none_or(|at| at + self.cooldown <= now);
        (self.is_slow && may_act).then(|| {
            self.acted_at = Some(now);
            quantity + 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{calm, play};
    use super::*;

    fn guarded() -> Ours {
        Ours::guarded(&Settings::default())
    }

    /// So much is busy, and requests wait or not.
    fn busy(busy: f64, queue_p95: f64) -> impl Fn(u64, u32) -> Told {
        move |second, _| Told { busy, queue_p95, ..calm(second) }
    }

    #[test]
    fn it_jumps_to_what_the_load_needs_by_as_many_as_there_are() {
        assert_eq!(play(&mut guarded(), 1..21, 5, busy(17.5, 0.0)), []);
        assert_eq!(play(&mut guarded(), 1..21, 5, busy(34.9, 0.0)), [(10, 10)]);
        assert_eq!(play(&mut guarded(), 1..21, 2, busy(34.9, 0.0)), [(10, 6), (20, 10)]);
        assert_eq!(play(&mut guarded(), 1..31, 20, busy(500.0, 0.0)), [(10, 40)]);
    }

    #[test]
    fn it_takes_one_a_minute_once_fewer_were_enough_for_five_minutes() {
        let taken = play(&mut guarded(), 1..440, 5, busy(6.2, 0.0));
        assert_eq!(taken, [(310, 4), (370, 3), (430, 2)]);
        // Two would be full to more than nine tenths.
        assert_eq!(play(&mut guarded(), 1..2000, 3, busy(6.4, 0.0)), []);
    }

    #[test]
    fn the_guard_adds_while_requests_wait_and_what_it_added_stands_for_as_long_as_the_load_is_looked_back_at() {
        let slow_until_100 = |second, _| busy(12.5, if second < 100 { 0.2 } else { 0.0 })(second, 0);
        // Four are enough with a tenth to spare, all the time.
        let mut law = Ours::guarded(&Settings { cooldown: Duration::from_secs(60), ..Settings::default() });
        let changes = play(&mut law, 1..900, 5, slow_until_100);
        assert_eq!(changes, [(10, 6), (70, 7), (370, 6), (430, 5), (490, 4)]);
        // Without a cooldown, at every reading.
        let changes = play(&mut guarded(), 1..41, 5, slow_until_100);
        assert_eq!(changes, [(10, 6), (20, 7), (30, 8), (40, 9)]);
    }

    #[test]
    fn the_larger_wish_counts_and_there_are_never_more_than_there_may_be() {
        assert_eq!(play(&mut guarded(), 1..11, 5, busy(34.9, 0.2)), [(10, 10)]);
        assert_eq!(play(&mut guarded(), 1..100, 39, busy(120.0, 0.2)), [(10, 40)]);
    }

    #[test]
    fn without_the_guard_waiting_is_nothing_to_it() {
        assert_eq!(play(&mut Ours::by_load_alone(&Settings::default()), 1..300, 5, busy(12.5, 5.0)), []);
    }

    #[test]
    fn of_few_requests_that_wait_nobody_tells() {
        let few = |second, _| Told { requests: 19.0, ..busy(12.5, 5.0)(second, 0) };
        assert_eq!(play(&mut guarded(), 1..100, 5, few), []);
    }
}
