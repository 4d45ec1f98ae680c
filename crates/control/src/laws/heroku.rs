//! Like Heroku's autoscaler: one dyno at a time towards the fewest that would have met the wanted p95 response time.
//!
//! Our stand-in, from Heroku Dev Center, *Autoscaling* (2024-12): "uses data from the past hour to calculate the minimum number of web dynos
//! required to achieve the desired response time for 95% of incoming requests at your current request throughput"; an event is one dyno, at
//! least a minute after the last; it goes down less aggressively than up. How it calculates is not said: here, by the most requests a dyno
//! served within a minute of the past hour in which the wish was met.

use super::{Law, SLOW, whole};
use crate::Told;
use crate::stage::SERVICE;
use std::collections::VecDeque;
use std::time::Duration;

/// It looks so many minutes back.
const MINUTES: usize = 60;
/// Fewer dynos must have done for so many minutes: "less aggressively".
const FEWER_FOR: u32 = 5;

#[derive(Default)]
pub(super) struct Heroku {
    /// Slots of this minute.
    slots: Vec<Told>,
    /// Requests a second of a dyno, in each minute in which the wish was met; 0 in the others.
    met: VecDeque<f64>,
    /// For so many minutes fewer would have done.
    fewer_for: u32,
}

impl Law for Heroku {
    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn hear(&mut self, told: &Told) {
        self.slots.push(*told);
    }

    fn wants(&mut self, _second: u64, quantity: u32) -> u32 {
        let slots = std::mem::take(&mut self.slots);
        if slots.is_empty() {
            return quantity;
        }
        let mean = |of: fn(&Told) -> f64| slots.iter().map(of).sum::<f64>() / slots.len() as f64;
        let (response, rate) = (mean(|told| told.slot_response_p95), mean(|told| told.slot_rate));
        let is_met = response <= SERVICE + SLOW;
        self.met.push_back(if is_met { mean(|told| told.slot_rate / f64::from(told.up.max(1))) } else { 0.0 });
        if self.met.len() > MINUTES {
            self.met.pop_front();
        }
        let a_dyno = self.met.iter().copied().fold(0.0, f64::max);
        let needed = if a_dyno > 0.0 { whole(rate / a_dyno) } else { quantity };
        self.fewer_for = if is_met && needed < quantity { self.fewer_for + 1 } else { 0 };
        if !is_met || needed > quantity {
            quantity + 1
        } else if self.fewer_for >= FEWER_FOR {
            self.fewer_for = 0;
            quantity - 1
        } else {
            quantity
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{calm, play};
    use super::*;

    fn slow(second: u64, _: u32) -> Told {
        Told { slot_response_p95: 0.9, ..calm(second) }
    }

    #[test]
    fn one_more_a_minute_while_it_is_slow() {
        assert_eq!(play(&mut Heroku::default(), 1..200, 5, slow), [(60, 6), (120, 7), (180, 8)]);
    }

    #[test]
    fn one_fewer_after_five_minutes_in_which_fewer_would_have_done() {
        let mut law = Heroku::default();
        // Eight a second of a dyno were well, and now there are half as many.
        let busy = |second, _| Told { slot_rate: 40.0, ..calm(second) };
        assert_eq!(play(&mut law, 1..61, 5, busy), []);
        let idle = |second, _| Told { slot_rate: 20.0, ..calm(second) };
        assert_eq!(play(&mut law, 61..700, 5, idle), [(360, 4), (660, 3)]);
    }

    #[test]
    fn it_adds_before_it_is_slow_where_the_hour_has_told() {
        let mut law = Heroku::default();
        assert_eq!(play(&mut law, 1..61, 5, |second, _| calm(second)), []);
        let more = |second, quantity| Told { slot_rate: 26.0, slot_response_p95: 0.9, quantity, ..calm(second) };
        assert_eq!(play(&mut law, 61..121, 5, more), [(120, 6)]);
    }
}
