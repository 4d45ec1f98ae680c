//! Where laws play: an app that serves a load second by second, and what a reader of its drain and of its adapter is told of it.

use flyball_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;

/// Requests that a dyno serves at once: five threads are what Rails' own server has unless it is told otherwise.
pub const AT_ONCE: u32 = 5;
/// How long a request is served, in seconds. So a dyno serves ten a second.
pub const SERVICE: f64 = 0.5;
/// How long a dyno boots, in seconds: what apps of some size take.
pub const BOOT: u64 = 45;
/// There are never fewer dynos.
pub const MIN: u32 = 2;
/// There are never more.
pub const MAX: u32 = 40;
/// A request that waited for so long is given up, in seconds. Source: Heroku Dev Center, *Request Timeout* (H12).
pub const PATIENCE: f64 = 30.0;
/// A request that waited for longer is slow, in seconds: about what people notice.
pub const SLOW: f64 = 0.1;
/// It is told what was in so many seconds each time: a slot.
pub const SLOT_SECONDS: u64 = 10;
/// Loads and delays are told over so many slots: `over = "30s"`, the default.
const OVER: usize = 3;
/// The usual time of service is the median of the means of so many minutes.
const USUAL_MINUTES: usize = 60;

/// An app that a load is played on.
pub trait Stage {
    /// How many dynos there are to be; those that boot are among them.
    fn quantity(&self) -> u32;

    /// From now on there are to be so many dynos, within what there may be. New ones boot.
    fn set(&mut self, quantity: u32);

    /// A second goes by in which so many requests come in, each of which takes so many times as long as usually.
    fn pass(&mut self, arrived: f64, heaviness: f64);

    /// What is told of the slot that is over now: asked for once each ten seconds.
    fn tell(&mut self) -> Told;

    /// What came of it so far.
    fn totals(&self) -> Totals;
}

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

/// A second as routers, dynos and an adapter tell it. Times are in seconds, and summed over requests.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Second {
    /// Requests of which there is a time.
    pub requests: f64,
    /// How long they took, as routers tell it: it has the waiting within the dyno.
    pub service: f64,
    /// How long 95 of 100 waited at most.
    pub queue_p95: f64,
    /// How many were served at once, on average.
    pub served_at_once: f64,
    /// How many dynos can serve at once.
    pub servers: f64,
}

/// Who reads what is told, second by second, and tells it as our monitors and the others' do.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    slot: Slot,
    slots: VecDeque<Slot>,
    usual: Usual,
}

impl Reader {
    /// A second is over.
    pub fn hear(&mut self, second: &Second) {
        self.slot.add(&Slot { seconds: 1, told: *second });
    }

    /// What is told of the slot that is over now, at this second, with so many dynos of which so many serve.
    pub fn tell(&mut self, second: u64, quantity: u32, up: u32) -> Told {
        let slot = std::mem::take(&mut self.slot);
        self.usual.add(&slot);
        if self.slots.len() == OVER {
            self.slots.pop_front();
        }
        self.slots.push_back(slot);
        let mut over = Slot::default();
        self.slots.iter().for_each(|slot| over.add(slot));
        let slot_queue_p95 = slot.mean(slot.told.queue_p95);
        // As if times of service did not differ, so that who waits longest takes longest: where they do, whoever wishes for a time of response
        // wishes for one that is longer by as much.
        let slot_response_p95 =
            if slot.told.requests > 0.0 { slot.mean(slot.told.service).max(slot_queue_p95 + SERVICE) } else { 0.0 };
        Told {
            at: Timestamp::EPOCH + Duration::from_secs(second),
            quantity,
            up,
            rate: over.rate(),
            requests: over.told.requests,
            busy: over.rate() * self.usual.service(),
            queue_p95: over.mean(over.told.queue_p95),
            slot_queue_p95,
            slot_response_p95,
            slot_rate: slot.rate(),
            utilization: slot.told.served_at_once / slot.told.servers.max(1.0),
        }
    }
}

/// What was in some seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    seconds: u64,
    told: Second,
}

impl Slot {
    fn add(&mut self, other: &Self) {
        self.seconds += other.seconds;
        self.told.requests += other.told.requests;
        self.told.service += other.told.service;
        self.told.queue_p95 += other.told.queue_p95;
        self.told.served_at_once += other.told.served_at_once;
        self.told.servers += other.told.servers;
    }

    /// Of a request.
    fn mean(&self, sum: f64) -> f64 {
        if self.told.requests > 0.0 { sum / self.told.requests } else { 0.0 }
    }

    fn rate(&self) -> f64 {
        self.told.requests / self.seconds.max(1) as f64
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
        let with_some = self.minutes.iter().filter(|minute| minute.told.requests > 0.0);
        let mut means: Vec<f64> = with_some.map(|minute| minute.mean(minute.told.service)).collect();
        means.sort_unstable_by(f64::total_cmp);
        let (middle, count) = (means.len() / 2, means.len());
        match count {
            0 => 0.0,
            _ if count % 2 == 0 => f64::midpoint(means[middle - 1], means[middle]),
            _ => means[middle],
        }
    }
}
