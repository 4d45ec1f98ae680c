//! Like HireFire: each minute, some dynos more where the queue time is above its range, and one fewer where it was below it twice.
//!
//! Our stand-in, from the fields of its managers (`Manager::Web::Logplex::QueueTime` in carwow/terraform-provider-hirefire,
//! `docs/resources/manager.md`) and with the quantities of the example there: up by 5 after one breach, down by 1 after two, a minute apart.
//! It looks each 60 s, as it does unless one pays for more.

use super::{FAST, Law, SLOW};
use crate::Told;
use std::time::Duration;

/// Dynos added at a time.
const UP: u32 = 5;
/// Dynos taken at a time.
const DOWN: u32 = 1;
/// Looks below the range until some are taken.
const DOWN_SENSITIVITY: u32 = 2;

#[derive(Default)]
pub(super) struct HireFire {
    /// Queue times of the slots since it looked last, each weighted by its requests, and the sum of those.
    sum: f64,
    requests: f64,
    below: u32,
}

impl Law for HireFire {
    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn hear(&mut self, told: &Told) {
        self.sum += told.slot_queue_p95 * told.slot_rate;
        self.requests += told.slot_rate;
    }

    fn wants(&mut self, _second: u64, quantity: u32) -> u32 {
        let queue_p95 = if self.requests > 0.0 { self.sum / self.requests } else { 0.0 };
        (self.sum, self.requests) = (0.0, 0.0);
        if queue_p95 > SLOW {
            self.below = 0;
            return quantity + UP;
        }
        self.below = if queue_p95 < FAST { self.below + 1 } else { 0 };
        if self.below >= DOWN_SENSITIVITY {
            self.below = 0;
            return quantity.saturating_sub(DOWN);
        }
        quantity
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{calm, play};
    use super::*;

    #[test]
    fn five_more_a_minute_and_one_fewer_each_two() {
        let slow = |second, _| Told { slot_queue_p95: 0.2, ..calm(second) };
        assert_eq!(play(&mut HireFire::default(), 1..130, 5, slow), [(60, 10), (120, 15)]);
        let fast = |second, _| Told { slot_queue_p95: 0.01, ..calm(second) };
        assert_eq!(play(&mut HireFire::default(), 1..250, 5, fast), [(120, 4), (240, 3)]);
        assert_eq!(play(&mut HireFire::default(), 1..900, 5, |second, _| calm(second)), []);
    }

    #[test]
    fn a_slot_with_many_requests_counts_for_more() {
        let mixed = |second, _| {
            let (slot_queue_p95, slot_rate) = if second == 60 { (0.5, 100.0) } else { (0.01, 10.0) };
            Told { slot_queue_p95, slot_rate, ..calm(second) }
        };
        assert_eq!(play(&mut HireFire::default(), 1..61, 5, mixed), [(60, 10)]);
    }
}
