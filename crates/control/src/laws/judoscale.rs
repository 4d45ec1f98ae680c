//! Like Judoscale: a dyno more where a queue time is above its range, and one fewer where all were below it for ten minutes.
//!
//! Our stand-in, from judoscale.com: *Refining your autoscaling behavior* (aggregates of ten seconds; any above the range adds a jump; all
//! must be below it to go down), *Tuning your application* (a jump is one dyno; the upscale frequency is to be as long as a dyno boots; a
//! dyno is taken after ten minutes below, and no sooner than ten minutes after the last).

use super::{FAST, Law, SLOW};
use crate::{SLOT_SECONDS, Told};
use std::time::Duration;

/// After a jump it waits for so long, in seconds: a dyno boots for 45, and is seen in the slot after that.
const UP_APART: u64 = 60;
/// For so long it must be below, in seconds, and so far apart are steps down.
const DOWN_APART: u64 = 600;

#[derive(Default)]
pub(super) struct Judoscale {
    queue_p95: f64,
    jumped_at: Option<u64>,
    /// For so long it has been below the range, in seconds.
    below_for: u64,
}

impl Law for Judoscale {
    fn every(&self) -> Duration {
        Duration::from_secs(SLOT_SECONDS)
    }

    fn hear(&mut self, told: &Told) {
        self.queue_p95 = told.slot_queue_p95;
        self.below_for = if told.slot_queue_p95 < FAST { self.below_for + SLOT_SECONDS } else { 0 };
    }

    fn wants(&mut self, second: u64, quantity: u32) -> u32 {
        let may_jump = self.jumped_at.is_none_or(|at| second >= at + UP_APART);
        if self.queue_p95 > SLOW && may_jump {
            self.jumped_at = Some(second);
            quantity + 1
        } else if self.below_for >= DOWN_APART {
            self.below_for = 0;
            quantity.saturating_sub(1)
        } else {
            quantity
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{calm, play};
    use super::*;

    #[test]
    fn a_jump_when_it_is_above_and_the_next_when_the_first_can_be_seen() {
        let slow = |second, _| Told { slot_queue_p95: 0.2, ..calm(second) };
        assert_eq!(play(&mut Judoscale::default(), 1..140, 5, slow), [(10, 6), (70, 7), (130, 8)]);
    }

    #[test]
    fn one_fewer_each_ten_minutes_below() {
        let fast = |second, _| Told { slot_queue_p95: 0.01, ..calm(second) };
        assert_eq!(play(&mut Judoscale::default(), 1..1300, 5, fast), [(600, 4), (1200, 3)]);
        let once_not = |second, _| if second == 590 { calm(second) } else { fast(second, 0) };
        assert_eq!(play(&mut Judoscale::default(), 1..1300, 5, once_not), [(1190, 4)]);
    }

    #[test]
    fn within_the_range_it_holds() {
        assert_eq!(play(&mut Judoscale::default(), 1..3000, 5, |second, _| calm(second)), []);
    }
}
