//! Like Kubernetes' horizontal pod autoscaler on utilization: pods are to be as full as ours keeps dynos.
//!
//! Our stand-in, from *Horizontal Pod Autoscaling* (kubernetes.io) and `replica_calculator.go`: each 15 s `ceil(replicas × metric / target)`;
//! within 10 % of the target it does nothing; pods that are not ready count as idle where it would add; at most as many again, or four, are added
//! in 15 s; down goes to the highest wish of 300 s. No app on Heroku can have it: it is what the others are held against.

use super::{Law, whole};
use crate::Told;
use std::collections::VecDeque;
use std::time::Duration;

/// Closer to it than this is close enough.
const TOLERANCE: f64 = 0.1;
/// The highest wish of this time counts before any are taken, in seconds.
const STABILIZE: u64 = 300;
/// Pods that may be added at a time, where there are fewer.
const UP_AT_LEAST: u32 = 4;

pub(super) struct Hpa {
    /// How full pods are to be, 0 to 1.
    target: f64,
    /// How many pods are busy, and how many are ready.
    told: Option<(f64, u32)>,
    wishes: VecDeque<(u64, u32)>,
}

impl Hpa {
    pub(super) const fn at(target: f64) -> Self {
        Self { target, told: None, wishes: VecDeque::new() }
    }

    fn wish(&self, quantity: u32) -> u32 {
        let Some((busy, ready)) = self.told else { return quantity };
        let needed = busy / self.target;
        let ratio_of = |pods: u32| needed / f64::from(pods.max(1));
        if ratio_of(ready) > 1.0 {
            // Those that boot are idle, and must not turn it round.
            let ratio = ratio_of(quantity);
            return if ratio <= 1.0 + TOLERANCE { quantity } else { whole(needed) };
        }
        if ratio_of(ready) >= 1.0 - TOLERANCE { quantity } else { whole(needed) }
    }
}

impl Law for Hpa {
    fn every(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn hear(&mut self, told: &Told) {
        self.told = Some((told.utilization * f64::from(told.up), told.up));
    }

    fn wants(&mut self, second: u64, quantity: u32) -> u32 {
        let wish = self.wish(quantity);
        self.wishes.push_back((second, wish));
        while self.wishes.pop_front_if(|(at, _)| *at + STABILIZE < second).is_some() {}
        if wish > quantity {
            return wish.min(quantity + quantity.max(UP_AT_LEAST));
        }
        let highest = self.wishes.iter().map(|(_, wish)| *wish).max().unwrap_or(wish);
        quantity.min(highest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{calm, play};
    use super::*;

    /// So much work for dynos, in dynos that are wholly busy.
    fn work(dynos: f64) -> impl Fn(u64, u32) -> Told {
        move |second, quantity| Told { utilization: (dynos / f64::from(quantity)).min(1.0), ..calm(second) }
    }

    #[test]
    fn it_goes_to_what_is_needed_at_seventy_percent() {
        assert_eq!(play(&mut Hpa::at(0.7), 1..31, 5, work(4.9)), [(15, 7)]);
        // More than it can see is more than it asks for.
        assert_eq!(play(&mut Hpa::at(0.7), 1..61, 5, work(14.0)), [(15, 8), (30, 12), (45, 18), (60, 20)]);
    }

    #[test]
    fn close_enough_is_enough() {
        assert_eq!(play(&mut Hpa::at(0.7), 1..900, 10, work(7.6)), []);
        assert_eq!(play(&mut Hpa::at(0.7), 1..900, 10, work(6.4)), []);
    }

    #[test]
    fn it_takes_what_was_not_needed_for_five_minutes() {
        let mut law = Hpa::at(0.7);
        assert_eq!(play(&mut law, 1..31, 10, work(7.0)), []);
        assert_eq!(play(&mut law, 31..700, 10, work(2.1)), [(345, 3)]);
    }

    #[test]
    fn those_that_boot_are_idle() {
        let mut law = Hpa::at(0.7);
        law.hear(&Told { up: 5, quantity: 10, utilization: 1.0, ..calm(15) });
        assert_eq!(law.wants(15, 10), 10);
        assert_eq!(Hpa::at(0.7).wants(15, 6), 6);
    }
}
