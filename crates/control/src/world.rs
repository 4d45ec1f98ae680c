//! The app that serves a load: a fluid that dynos let through, in whole seconds.
//!
//! What it leaves out, and so cannot tell: routers that pick dynos at random, times of service and of booting that differ, dynos that
//! restart, releases. A request that is given up costs no dyno anything, which is kinder than an app is.

use flyball_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Requests that a dyno serves at once: five threads are what Rails' own server has unless it is told otherwise.
pub(crate) const AT_ONCE: u32 = 5;
/// How long a request is served, in seconds. So a dyno serves ten a second.
pub(crate) const SERVICE: f64 = 0.5;
/// How long a dyno boots, in seconds: what apps of some size take.
pub(crate) const BOOT: u64 = 45;
/// There are never fewer dynos.
pub(crate) const MIN: u32 = 2;
/// There are never more.
pub(crate) const MAX: u32 = 40;
/// A request that waited for so long is given up, in seconds. Source: Heroku Dev Center, *Request Timeout* (H12).
const PATIENCE: f64 = 30.0;
/// A request that waited for longer is slow, in seconds: about what people notice.
const SLOW: f64 = 0.1;
/// A crowd needs time to gather: with two dynos, more than a minute where they are this full. Beyond it what waits is the backlog, by
/// second, and the steady state that the formula tells is never reached.
const FULL: f64 = 0.95;
/// It tells what was in so many seconds each time: a slot.
pub const SLOT_SECONDS: u64 = 10;
/// Loads and delays are told over so many slots: `over = "30s"`, the default.
const OVER: usize = 3;
/// The usual time of service is the median of the means of so many minutes.
const USUAL_MINUTES: usize = 60;

/// What is told of the slot that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// When it was over.
    pub at: Timestamp,
    /// How many dynos there are to be; those that boot are among them.
    pub quantity: u32,
    /// How many serve.
    pub up: u32,
    /// How many requests came in a second, over 30 s.
    pub rate: f64,
    /// How many requests came in the 30 s.
    pub requests: f64,
    /// How many were served at once over 30 s: requests a second times how long one is usually served.
    pub busy: f64,
    /// How long 95 of 100 waited at most, over 30 s; in seconds.
    pub queue_p95: f64,
    /// How long 95 of 100 waited at most in the slot alone; in seconds.
    pub slot_queue_p95: f64,
    /// How long 95 of 100 took at most in the slot, waiting and being served; in seconds.
    pub slot_response_p95: f64,
    /// How many requests came in a second, in the slot.
    pub slot_rate: f64,
    /// Which share of what dynos can serve at once they served, in the slot.
    pub utilization: f64,
}

/// What came of it so far. Requests are a fluid: there are parts of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Requests that came in.
    pub arrived: f64,
    /// That were served.
    pub served: f64,
    /// That were given up.
    pub lost: f64,
    /// That waited for longer than 100 ms.
    pub slow: f64,
    /// Seconds of dynos that were there, or booted.
    pub dyno_seconds: u64,
    /// How often the quantity was changed.
    pub changes: u32,
}

/// The app.
#[derive(Debug, Clone)]
pub struct World {
    second: u64,
    up: u32,
    /// Those that boot: from which second on they serve, and how many. In that order.
    booting: VecDeque<(u64, u32)>,
    waiting: f64,
    totals: Totals,
    slot: Slot,
    slots: VecDeque<Slot>,
    usual: Usual,
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
            slot: Slot::default(),
            slots: VecDeque::with_capacity(OVER),
            usual: Usual::default(),
        }
    }

    /// How many dynos there are to be.
    #[must_use]
    pub fn quantity(&self) -> u32 {
        self.up + self.booting.iter().map(|(_, dynos)| dynos).sum::<u32>()
    }

    /// Which second is next.
    #[must_use]
    pub const fn second(&self) -> u64 {
        self.second
    }

    /// What came of it so far.
    #[must_use]
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Requests that wait.
    #[must_use]
    pub const fn waiting(&self) -> f64 {
        self.waiting
    }

    /// From now on there are to be so many dynos. New ones boot; of those that go, the newest go first, at once.
    pub fn set(&mut self, quantity: u32) {
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

    /// A second goes by in which so many requests come in, each of which takes so many times as long as usually.
    pub fn pass(&mut self, arrived: f64, heaviness: f64) {
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
        self.slot.add(&Slot {
            seconds: 1,
            requests: arrived,
            service: arrived * (service + backlog + crowd.mean()),
            queue_p95: arrived * (backlog + crowd.percentile(0.95)),
            served_at_once: served * service,
            servers,
        });
        self.second += 1;
    }

    /// What is told of the slot that is over now: asked for once each ten seconds.
    pub fn tell(&mut self) -> Told {
        let slot = std::mem::take(&mut self.slot);
        self.usual.add(&slot);
        if self.slots.len() == OVER {
            self.slots.pop_front();
        }
        self.slots.push_back(slot);
        let mut over = Slot::default();
        self.slots.iter().for_each(|slot| over.add(slot));
        let slot_queue_p95 = slot.mean(slot.queue_p95);
        // Times of service hardly differ here, so that who waits longest takes longest.
        let slot_response_p95 =
            if slot.requests > 0.0 { slot.mean(slot.service).max(slot_queue_p95 + SERVICE) } else { 0.0 };
        Told {
            at: Timestamp::EPOCH + Duration::from_secs(self.second),
            quantity: self.quantity(),
            up: self.up,
            rate: over.rate(),
            requests: over.requests,
            busy: over.rate() * self.usual.service(),
            queue_p95: over.mean(over.queue_p95),
            slot_queue_p95,
            slot_response_p95,
            slot_rate: slot.rate(),
            utilization: slot.served_at_once / slot.servers.max(1.0),
        }
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

/// What was in some seconds. Times are summed over requests.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    seconds: u64,
    requests: f64,
    /// As routers tell it: it has the waiting within the dyno.
    service: f64,
    queue_p95: f64,
    served_at_once: f64,
    servers: f64,
}

impl Slot {
    fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.requests += other.requests;
        self.service += other.service;
        self.queue_p95 += other.queue_p95;
        self.served_at_once += other.served_at_once;
        self.servers += other.servers;
    }

    /// Of a request.
    fn mean(&self, sum: f64) -> f64 {
        if self.requests > 0.0 { sum / self.requests } else { 0.0 }
    }

    fn rate(&self) -> f64 {
        self.requests / self.seconds.max(1) as f64
    }
}

/// How long a request is usually served, as a `heroku_router` monitor has it: the median of the last hour's means of minutes.
#[derive(Debug, Clone, Default)]
struct Usual {
    /// Requests and their service, by minute; the last is the present one.
    minutes: VecDeque<Slot>,
}

impl Usual {
    fn add(&mut self, slot: &Slot) {
        match self.minutes.back_mut() {
            Some(minute) if minute.seconds < 60 => minute.add(slot),
            Some(_) | None => self.minutes.push_back(*slot),
        }
        if self.minutes.len() > USUAL_MINUTES {
            self.minutes.pop_front();
        }
    }

    /// In seconds; 0 where there was no request, and nothing is busy then.
    fn service(&self) -> f64 {
        let with_some = self.minutes.iter().filter(|minute| minute.requests > 0.0);
        let mut means: Vec<f64> = with_some.map(|minute| minute.mean(minute.service)).collect();
        means.sort_unstable_by(f64::total_cmp);
        let (middle, count) = (means.len() / 2, means.len());
        match count {
            0 => 0.0,
            _ if count % 2 == 0 => f64::midpoint(means[middle - 1], means[middle]),
            _ => means[middle],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// So many seconds of a steady load.
    fn after(world: &mut World, seconds: u64, rate: f64) -> Told {
        let mut told = None;
        for _ in 0..seconds {
            world.pass(rate, 1.0);
            if world.second().is_multiple_of(SLOT_SECONDS) {
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
                told = if world.second().is_multiple_of(SLOT_SECONDS) { Some(world.tell()) } else { told };
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
                let Totals { arrived, served, lost, slow, .. } = *world.totals();
                prop_assert!((arrived - served - lost - world.waiting()).abs() < 1e-6 * arrived.max(1.0));
                prop_assert!(slow <= arrived * (1.0 + 1e-9) && lost >= 0.0 && world.waiting() >= 0.0);
                prop_assert!((MIN..=MAX).contains(&world.quantity()));
                let told = world.tell();
                prop_assert!(told.utilization <= 1.0 + 1e-9 && told.busy.is_finite() && told.queue_p95.is_finite());
            }
        }
    }
}
