//! The stand-in for Heroku as a stage: each dyno is a queue of its own, boots by itself and is cycled once a day, and the quantity is
//! changed by the formation update that a client would send.
//!
//! Laws are told what a reader of its lines and reports would be. What came of it is the world's own account, second by second; no line is
//! drawn.

use flyball_control::{AT_ONCE, BOOT, MAX, MIN, PATIENCE, Reader, SERVICE, SLOW, Stage, Told, Totals};
use flyball_heroku_sim::{AppEvent, AppSpec, DynoState, Event, Serving, Share, World, WorldFile};
use flyball_model::Timestamp;
use std::time::Duration;

const APP: &str = "shop";
/// When dynos are cycled comes from it, and nothing else.
const SEED: u64 = 1;
/// What is ordered between two seconds is ordered so long before the next one begins.
const BETWEEN: Duration = Duration::from_millis(1);
/// Halvings of 30 s until it is known how long 95 of 100 wait: 2 µs are left.
const HALVINGS: u32 = 24;

pub(super) struct StandIn {
    world: World,
    second: u64,
    totals: Totals,
    reader: Reader,
}

impl StandIn {
    /// An app with so many dynos, all of which serve.
    pub(super) fn new(quantity: u32) -> Self {
        let app =
            AppSpec::new(APP).process("web", quantity.clamp(MIN, MAX), "Standard-1X").deploy("shop").mechanics(|how| {
                how.boot = Duration::from_secs(BOOT);
                how.router_timeout = Duration::from_secs_f64(PATIENCE);
                how.serving =
                    Some(Serving { threads: AT_ONCE, service: Duration::from_secs_f64(SERVICE), broken_off: 0.0 });
            });
        let mut world = World::new(&WorldFile::with_apps([app]), Timestamp::EPOCH, SEED);
        // A world has begun its first second when it is made, in which nobody comes: the load begins with the next one.
        world.advance_to(Timestamp::EPOCH + Duration::from_secs(1) - BETWEEN);
        Self { world, second: 0, totals: Totals::default(), reader: Reader::default() }
    }

    fn count(&self, of: impl Fn(DynoState) -> bool) -> u32 {
        let dynos = self.world.app(APP).into_iter().flat_map(|app| app.formation_dynos());
        dynos.filter(|dyno| of(dyno.state)).count() as u32
    }

    /// What came of the requests of the second that has just begun.
    fn account(&mut self) {
        let second = self.world.second(APP);
        let shares = second.map_or(&[][..], |second| &second.given);
        let refused: f64 = second.into_iter().flat_map(|second| second.refused).map(|(count, _)| count as f64).sum();
        self.totals.arrived += refused;
        self.totals.lost += refused;
        self.totals.slow += refused;
        let served: f64 = shares.iter().map(|share| share.served as f64).sum();
        let lost: f64 = shares.iter().map(|share| share.timed_out as f64).sum();
        self.totals.arrived += served + lost;
        self.totals.served += served;
        self.totals.lost += lost;
        self.totals.slow += beyond(shares, SLOW);
        let took = |share: &Share| share.served as f64 * (share.backlog + share.wait + share.service);
        self.reader.hear(&flyball_control::Second {
            requests: served + lost,
            service: shares.iter().map(took).sum::<f64>() + lost * PATIENCE,
            queue_p95: (served + lost) * p95(shares, served + lost),
            served_at_once: shares.iter().map(|share| share.at_work).sum(),
            servers: shares.len() as f64 * f64::from(AT_ONCE),
        });
        self.totals.dyno_seconds += u64::from(self.count(|_| true));
    }
}

impl Stage for StandIn {
    fn quantity(&self) -> u32 {
        self.world.app(APP).map_or(0, |app| app.quantity("web"))
    }

    fn set(&mut self, quantity: u32) {
        let quantity = quantity.clamp(MIN, MAX);
        if quantity != self.quantity() {
            self.world.scale(APP, "web", quantity).expect("forty dynos are within what an app may have");
            self.totals.changes += 1;
        }
    }

    /// The world's requests do not get heavier: loads that do are not played here.
    fn pass(&mut self, arrived: f64, _heaviness: f64) {
        self.world.apply(Event::app(APP, AppEvent::Load(arrived))).expect("the app is there");
        let begins = Timestamp::EPOCH + Duration::from_secs(1 + self.second);
        self.world.advance_to(begins);
        self.account();
        self.second += 1;
        self.world.advance_to(begins + Duration::from_secs(1) - BETWEEN);
    }

    fn tell(&mut self) -> Told {
        let up = self.count(|state| state == DynoState::Up);
        self.reader.tell(self.second, self.quantity(), up)
    }

    fn totals(&self) -> Totals {
        self.totals
    }
}

/// How many wait for longer than so many seconds; those that the router gives up on do.
fn beyond(shares: &[Share], seconds: f64) -> f64 {
    shares.iter().map(|share| share.served as f64 * share.waiting_beyond(seconds) + share.timed_out as f64).sum()
}

/// How long 95 of 100 of so many requests wait at most, in seconds.
fn p95(shares: &[Share], requests: f64) -> f64 {
    let few = requests * 0.05;
    let (mut least, mut most) = (0.0, PATIENCE);
    if beyond(shares, least) <= few {
        return 0.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(least, most);
        if beyond(shares, middle) > few { least = middle } else { most = middle }
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_control::SLOT_SECONDS;

    /// So many seconds of a steady load.
    fn after(stage: &mut StandIn, seconds: u64, rate: f64) -> Told {
        let mut told = None;
        for _ in 0..seconds {
            stage.pass(rate, 1.0);
            if stage.second.is_multiple_of(SLOT_SECONDS) {
                told = Some(stage.tell());
            }
        }
        told.unwrap()
    }

    #[test]
    fn what_is_told_is_what_the_world_knows() {
        let mut stage = StandIn::new(10);
        let told = after(&mut stage, 60, 70.0);
        assert_eq!((told.quantity, told.up), (10, 10));
        assert!((told.rate - 70.0).abs() < 1e-9 && (told.requests - 2100.0).abs() < 1e-6, "{told:?}");
        assert!((told.utilization - 0.7).abs() < 1e-9, "{told:?}");
        // Each dyno is a queue of its own, so that requests wait where those of one queue would not.
        assert!((36.0..42.0).contains(&told.busy) && (0.1..0.3).contains(&told.queue_p95), "{told:?}");
        assert_eq!(stage.totals().dyno_seconds, 600);
    }

    #[test]
    fn dynos_boot_in_the_world_and_go_at_once() {
        let mut stage = StandIn::new(4);
        after(&mut stage, 10, 1.0);
        stage.set(6);
        // They serve from the 45th second on.
        let told = after(&mut stage, 40, 1.0);
        assert_eq!((told.quantity, told.up), (6, 4));
        let told = after(&mut stage, 10, 1.0);
        assert_eq!((told.quantity, told.up), (6, 6));
        stage.set(0);
        assert_eq!((stage.quantity(), stage.count(|_| true)), (MIN, MIN));
        stage.set(MIN);
        stage.set(1000);
        assert_eq!((stage.quantity(), stage.totals().changes), (MAX, 3));
    }

    #[test]
    fn whoever_came_was_served_or_lost_and_whoever_was_lost_was_slow() {
        let mut stage = StandIn::new(2);
        let told = after(&mut stage, 300, 40.0);
        assert!(told.utilization > 0.999 && told.slot_queue_p95 > 20.0, "{told:?}");
        let Totals { arrived, served, lost, slow, .. } = stage.totals();
        assert!(
            (arrived - 12_000.0).abs() < 1e-6 && (arrived - served - lost).abs() < 1e-6,
            "{arrived} {served} {lost}"
        );
        assert!(lost > 4000.0 && slow > 11_000.0 && slow <= arrived, "{lost} {slow}");
    }
}
