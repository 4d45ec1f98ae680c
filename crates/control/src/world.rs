//! The app that serves a load: a fluid that dynos let through, in whole seconds.
//!
//! What it leaves out, and so cannot tell: routers that pick dynos at random, times of service and of booting that differ, dynos that
//! restart, releases. A request that is given up costs no dyno anything, which is kinder than an app is.

use crate::stage::{AT_ONCE, BOOT, MAX, MIN, PATIENCE, Reader, SERVICE, SLOW, Second, Stage, Told, Totals};
use std::collections::VecDeque;

/// A crowd needs time to gather: with two dynos, more than a minute where they are this full. Beyond it what waits is the backlog, by
/// second, and the steady state that the formula tells is never reached.
const FULL: f64 = 0.95;

/// The app.
#[derive(Debug, Clone)]
pub struct World {
    second: u64,
    up: u32,
    /// Those that boot: from which second on they serve, and how many. In that order.
    booting: VecDeque<(u64, u32)>,
    waiting: f64,
    totals: Totals,
    reader: Reader,
}

impl World {
    /// An app with so many dynos, all of which serve.
    #[must_use]
    pub fn new(quantity: u32) -> Self {
        Self {
            second: 0,
            up: quantity.clamp(MIN, MAX),
            booting: VecDeque::new(),
            waiting: 0.0,
            totals: Totals::default(),
            reader: Reader::default(),
        }
    }

    /// Requests that wait.
    #[must_use]
    pub const fn waiting(&self) -> f64 {
        self.waiting
    }
}

impl Stage for World {
    fn quantity(&self) -> u32 {
        self.up + self.booting.iter().map(|(_, dynos)| dynos).sum::<u32>()
    }

    fn totals(&self) -> Totals {
        self.totals
    }

    /// Of those that go, the newest go first, at once.
    fn set(&mut self, quantity: u32) {
        let (quantity, had) = (quantity.clamp(MIN, MAX), self.quantity());
        if quantity == had {
            return;
        }
        self.totals.changes += 1;
        if quantity > had {
            self.booting.push_back((self.second + BOOT, quantity - had));
            return;
        }
        let mut too_many = had - quantity;
        while let Some((at, dynos)) = self.booting.pop_back() {
            let go = dynos.min(too_many);
            too_many -= go;
            if dynos > go {
                self.booting.push_back((at, dynos - go));
                break;
            }
        }
        self.up -= too_many;
    }

    fn pass(&mut self, arrived: f64, heaviness: f64) {
        while let Some((_, dynos)) = self.booting.pop_front_if(|(at, _)| *at <= self.second) {
            self.up += dynos;
        }
        let servers = f64::from(self.up * AT_ONCE);
        let service = SERVICE * heaviness;
        let capacity = servers / service;

        let before = self.waiting;
        let served = (before + arrived).min(capacity);
        let left = before + arrived - served;
        let lost = (left - capacity * PATIENCE).max(0.0);
        self.waiting = left - lost;

        let crowd = Crowd::of(servers, service, (arrived / capacity).min(FULL));
        let backlog = f64::midpoint(before, self.waiting) / capacity;
        self.totals.arrived += arrived;
        self.totals.served += served;
        self.totals.lost += lost;
        self.totals.slow += arrived * crowd.share_beyond(SLOW - backlog);
        self.totals.dyno_seconds += u64::from(self.quantity());
        self.reader.hear(&Second {
            requests: arrived,
            service: arrived * (service + backlog + crowd.mean()),
            queue_p95: arrived * (backlog + crowd.percentile(0.95)),
            served_at_once: served * service,
            servers,
        });
        self.second += 1;
    }

    fn tell(&mut self) -> Told {
        self.reader.tell(self.second, self.quantity(), self.up)
    }
}

/// Those who wait although there is room on average, since requests do not come one after another: M/M/c, in Sakasegawa's
/// approximation (*An approximation formula Lq ≃ α·ρ^β/(1−ρ)*, 1977).
#[derive(Debug, Clone, Copy)]
struct Crowd {
    /// Which share waits at all.
    share: f64,
    /// How fast their number falls with the time waited: it is divided by e each 1/`falls` seconds.
    falls: f64,
}

impl Crowd {
    fn of(servers: f64, service: f64, utilization: f64) -> Self {
        let share = utilization.powf((2.0 * (servers + 1.0)).sqrt() - 1.0);
        Self { share, falls: servers / service * (1.0 - utilization) }
    }

    /// How long one waits, in seconds.
    fn mean(self) -> f64 {
        self.share / self.falls
    }

    /// Which share waits for longer than so many seconds: all where that is none.
    fn share_beyond(self, seconds: f64) -> f64 {
        if seconds <= 0.0 { 1.0 } else { self.share * (-self.falls * seconds).exp() }
    }

    /// How long this share waits at most, in seconds.
    fn percentile(self, share: f64) -> f64 {
        ((self.share / (1.0 - share)).ln() / self.falls).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SLOT_SECONDS;
    use proptest::prelude::*;

    /// So many seconds of a steady load.
    fn after(world: &mut World, seconds: u64, rate: f64) -> Told {
        let mut told = None;
        for _ in 0..seconds {
            world.pass(rate, 1.0);
            if world.second.is_multiple_of(SLOT_SECONDS) {
                told = Some(world.tell());
            }
        }
        told.unwrap()
    }

    #[test]
    fn what_is_told_is_what_is_there() {
        let mut world = World::new(10);
        let told = after(&mut world, 60, 70.0);
        assert_eq!((told.quantity, told.up), (10, 10));
        assert!((told.rate - 70.0).abs() < 1e-9 && (told.requests - 2100.0).abs() < 1e-6, "{told:?}");
        assert!((told.utilization - 0.7).abs() < 1e-9, "{told:?}");
        // The waiting is in the service that routers tell, and there is little of it.
        assert!((35.0..35.3).contains(&told.busy), "{told:?}");
        assert!(told.queue_p95 < 0.01 && world.waiting() < 1e-9, "{told:?}");
    }

    #[test]
    fn the_fuller_dynos_are_the_longer_requests_wait_and_the_fewer_dynos_the_more_so() {
        let delay = |dynos: u32, rate: f64| after(&mut World::new(dynos), 60, rate).queue_p95;
        assert!(delay(2, 14.0) > delay(10, 70.0));
        assert!(delay(10, 95.0) > delay(10, 85.0) && delay(10, 85.0) > delay(10, 70.0));
        // Nobody waits of whom there are few.
        assert_eq!(delay(2, 2.0), 0.0);
    }

    #[test]
    fn what_is_too_much_waits_and_is_given_up_after_half_a_minute() {
        let mut world = World::new(2);
        let told = after(&mut world, 10, 40.0);
        assert!((world.waiting() - 200.0).abs() < 1e-6 && told.utilization > 0.999, "{told:?}");
        assert!((5.0..15.0).contains(&told.slot_queue_p95), "{told:?}");
        after(&mut world, 600, 40.0);
        let totals = world.totals();
        assert!(
            (world.waiting() - 600.0).abs() < 1e-6 && totals.lost > 10_000.0 && totals.slow > 24_000.0,
            "{totals:?}"
        );
        // It is served once there is room.
        world.set(10);
        after(&mut world, 120, 40.0);
        assert!(world.waiting() < 1e-9);
    }

    #[test]
    fn dynos_boot_and_go_at_once_the_newest_first() {
        let mut world = World::new(4);
        world.set(6);
        after(&mut world, 20, 1.0);
        world.set(8);
        assert_eq!((world.quantity(), world.up), (8, 4));
        after(&mut world, 30, 1.0);
        assert_eq!((world.quantity(), world.up), (8, 6));
        world.set(7);
        assert_eq!((world.quantity(), world.up), (7, 6));
        world.set(3);
        assert_eq!((world.quantity(), world.up), (3, 3));
        world.set(0);
        world.set(MIN);
        assert_eq!(world.quantity(), MIN);
        world.set(1000);
        assert_eq!(world.quantity(), MAX);
        assert_eq!(world.totals().changes, 6);
    }

    #[test]
    fn a_heavier_mix_is_usual_after_half_an_hour() {
        let mut world = World::new(20);
        after(&mut world, 3600, 50.0);
        let busy = |world: &mut World, minutes: u64| {
            let mut told = None;
            for _ in 0..minutes * 60 {
                world.pass(50.0, 1.6);
                told = if world.second.is_multiple_of(SLOT_SECONDS) { Some(world.tell()) } else { told };
            }
            told.unwrap().busy
        };
        assert!((25.0..25.5).contains(&busy(&mut world, 20)));
        assert!((40.0..40.5).contains(&busy(&mut world, 15)));
    }

    proptest! {
        #[test]
        fn whoever_came_was_served_or_given_up_or_waits(
            steps in proptest::collection::vec((0.0..500.0_f64, 0_u32..60, 1_u64..200, 1.0..2.0_f64), 1..20),
        ) {
            let mut world = World::new(5);
            for (rate, quantity, seconds, heaviness) in steps {
                world.set(quantity);
                for _ in 0..seconds {
                    world.pass(rate, heaviness);
                }
                let Totals { arrived, served, lost, slow, .. } = world.totals();
                prop_assert!((arrived - served - lost - world.waiting()).abs() < 1e-6 * arrived.max(1.0));
                prop_assert!(slow <= arrived * (1.0 + 1e-9) && lost >= 0.0 && world.waiting() >= 0.0);
                prop_assert!((MIN..=MAX).contains(&world.quantity()));
                let told = world.tell();
                prop_assert!(told.utilization <= 1.0 + 1e-9 && told.busy.is_finite() && told.queue_p95.is_finite());
            }
        }
    }
}
