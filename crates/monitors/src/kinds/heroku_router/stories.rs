//! Whose doing it is: seeded stories of a world in which one thing is wrong, whose cause is therefore known, and what the monitor says
//! of the lines that the world writes. Each story has a little of what is always there: clients that go away, and a few errors.

use super::{HerokuRouter, RouterMeasure, drained};
use crate::values::{CodeList, Level};
use flyball_heroku_sim::{
    AppEvent, AppSpec, Behaviour, Cycling, DeploySpec, DrainSpec, Event, FrameAnswer, Maintenance, Serving, World,
    WorldFile,
};
use flyball_model::{Amount, Cause, Finding, Timestamp, Unit};
use flyball_signals::{Feed, Slot};
use std::collections::BTreeMap;
use std::time::Duration;

const START: Timestamp = Timestamp::from_millis(1_793_491_200_000);
/// Stories that each run of the tests plays, 30 of each trouble; `FLYBALL_CAUSES` plays another number of them.
const STORIES: u64 = 330;
/// Nothing is wrong for so many seconds: long enough that it is known what the app carries.
const WELL: u64 = 90;
/// A story takes so many seconds.
const LASTS: u64 = 180;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    TooSmall,
    ScaledDown,
    Database,
    SlowDatabase,
    BadRelease,
    CrashingRelease,
    BadDyno,
    Platform,
    Clients,
    Boot,
    SetSo,
}

impl Trouble {
    const ALL: [Self; 11] = [
        Self::TooSmall,
        Self::ScaledDown,
        Self::Database,
        Self::SlowDatabase,
        Self::BadRelease,
        Self::CrashingRelease,
        Self::BadDyno,
        Self::Platform,
        Self::Clients,
        Self::Boot,
        Self::SetSo,
    ];

    /// The cause of readings that fail; none where none may.
    const fn cause(self) -> Option<Cause> {
        match self {
            Self::TooSmall | Self::ScaledDown => Some(Cause::Capacity),
            Self::Database
            | Self::SlowDatabase
            | Self::BadRelease
            | Self::CrashingRelease
            | Self::BadDyno
            | Self::Boot => Some(Cause::App),
            Self::Platform => Some(Cause::Platform),
            Self::Clients | Self::SetSo => None,
        }
    }
}

/// Numbers of a seed: SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        least + (z ^ (z >> 31)) % (most - least + 1)
    }

    /// A place in a list of so many.
    fn place(&mut self, many: u64) -> usize {
        usize::try_from(self.between(0, many - 1)).unwrap()
    }

    /// A share, in hundredths.
    fn share(&mut self, least: u64, most: u64) -> f64 {
        f64::from(u32::try_from(self.between(least, most)).unwrap()) / 100.0
    }
}

fn monitor() -> HerokuRouter {
    HerokuRouter {
        app: "shop".parse().unwrap(),
        measure: RouterMeasure::Errors,
        path: None,
        codes: CodeList::default(),
        percentile: 95,
        at_least: 20,
        levels: super::Levels { above: Some(Level(Amount::new(5.0, Unit::Percent))), below: None, clears_at: None },
        span: super::Span { over: Duration::from_secs(30), late: Duration::from_secs(60) },
    }
}

/// What the monitor finds in a story, look by look, each ten seconds.
fn found(seed: u64, trouble: Trouble) -> Vec<(u64, Finding, String)> {
    let mut numbers = Numbers(seed);
    let dynos = numbers.between(2, 4);
    let (errors, noise) = (numbers.share(0, 2), numbers.share(0, 20));
    let noise = if trouble == Trouble::Clients { numbers.share(30, 80) } else { noise };
    // A dyno carries five a second; where the database is slow, also one that has room for many that wait for it.
    let threads = if trouble == Trouble::SlowDatabase { [1, 5, 30][numbers.place(3)] } else { 1 };
    let service = Duration::from_millis(200);
    let serving = Serving { threads, service, broken_off: noise };
    let spec = AppSpec::new("shop").process("web", u32::try_from(dynos).unwrap(), "Standard-1X").deploys(2);
    let spec = spec.deploy_with(DeploySpec::new("now").behaviour(Behaviour::SomeErrors(errors)));
    let boot = Duration::from_secs(numbers.between(5, 40));
    let timeout = Duration::from_secs(numbers.between(6, 30));
    let spec = spec.drain(DrainSpec::new("https://flyball.example.com/drain")).mechanics(|mechanics| {
        (mechanics.cycling, mechanics.serving) = (Cycling::Never, Some(serving));
        (mechanics.boot, mechanics.router_timeout) = (boot, timeout);
    });
    let carried = f64::from(u32::try_from(dynos).unwrap()) * 5.0;
    let mut world = World::new(&WorldFile::with_apps([spec]), START, seed);
    let happens = |world: &mut World, what| world.apply(Event::app("shop", what)).unwrap();
    happens(&mut world, AppEvent::Load(carried * numbers.share(30, 60)));
    let (mut feed, mut slots) = (Feed::beginning(START), BTreeMap::<Timestamp, Slot>::new());
    let (mut said, mut before) = (Vec::new(), None);
    for second in 1..=LASTS {
        let now = START + Duration::from_secs(second);
        world.advance_to(now);
        if second == WELL {
            let share = numbers.share(10, 100);
            match trouble {
                Trouble::TooSmall => happens(&mut world, AppEvent::Load(carried * numbers.share(150, 400))),
                Trouble::Database => {
                    let status = [500, 502, 503][numbers.place(3)];
                    happens(&mut world, AppEvent::DatabaseError(status));
                }
                // From a few pages that hang to all of them, and from too slow for a thread to too slow for the router.
                Trouble::SlowDatabase => {
                    let by = Duration::from_secs(numbers.between(2, 60));
                    happens(&mut world, AppEvent::DatabaseSlow { share, by });
                }
                Trouble::Platform => happens(&mut world, AppEvent::PlatformError(share)),
                // Somebody takes dynos that the load needs.
                Trouble::ScaledDown => {
                    happens(&mut world, AppEvent::Load(carried * numbers.share(70, 80)));
                    let quantity = u32::try_from(dynos / 2).unwrap();
                    happens(&mut world, AppEvent::Scale { process: "web".to_owned(), quantity });
                }
                Trouble::BadRelease => {
                    let bad = DeploySpec::new("bad").behaviour(Behaviour::SomeErrors(share));
                    happens(&mut world, AppEvent::Deploy(bad));
                }
                Trouble::CrashingRelease => {
                    let bad = DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot);
                    happens(&mut world, AppEvent::Deploy(bad));
                }
                Trouble::BadDyno => {
                    let mib_per_minute = 100.0 * numbers.share(500, 3000);
                    happens(&mut world, AppEvent::Leak { dyno: Some("web.1".to_owned()), mib_per_minute });
                }
                Trouble::Clients => {}
                Trouble::Boot => happens(&mut world, AppEvent::RestartAll),
                Trouble::SetSo if numbers.between(0, 1) == 0 => {
                    happens(&mut world, AppEvent::Maintenance(Maintenance::On));
                }
                Trouble::SetSo => happens(&mut world, AppEvent::Scale { process: "web".to_owned(), quantity: 0 }),
            }
        }
        for frame in world.frames() {
            feed.take(Some(frame.id.as_bytes()), &frame.body, now);
            world.frame_answered(frame.drain, FrameAnswer::Status(204));
        }
        slots.extend(feed.due(now, false));
        if second % 10 == 3 && second > WELL + 10 {
            let told: Vec<_> = slots.iter().map(|(at, slot)| (*at, slot.clone())).collect();
            let (finding, words, _) = drained::found(monitor().judge(&told, before, now));
            before = Some(finding);
            said.push((second, finding, words));
        }
    }
    said
}

#[test]
fn nearly_every_reading_that_fails_says_whose_doing_it_is() {
    #[expect(clippy::disallowed_methods, reason = "a test is asked for more")]
    let asked = std::env::var("FLYBALL_CAUSES").ok();
    let stories = asked.and_then(|asked| asked.parse().ok()).unwrap_or(STORIES);
    let (mut of, mut missed) = (BTreeMap::<Trouble, [u64; 4]>::new(), Vec::new());
    for (seed, trouble) in (1..=stories).zip(Trouble::ALL.into_iter().cycle()) {
        let found = found(seed, trouble);
        let failing = || found.iter().filter(|(_, finding, _)| matches!(finding, Finding::Failing(_)));
        let is_right = |finding: &Finding| trouble.cause().is_some_and(|cause| *finding == Finding::Failing(cause));
        let wrong = || failing().filter(|(_, finding, _)| !is_right(finding));
        let scales = trouble.cause() != Some(Cause::Capacity)
            && wrong().any(|(_, f, _)| *f == Finding::Failing(Cause::Capacity));
        let [played, readings, right, scaled] = of.entry(trouble).or_default();
        (*played, *readings) = (*played + 1, *readings + failing().count() as u64);
        (*right, *scaled) = (*right + (failing().count() - wrong().count()) as u64, *scaled + u64::from(scales));
        missed.extend(wrong().map(|wrong| format!("seed {seed} {trouble:?} {wrong:?}")));
        if trouble.cause().is_some() && failing().next().is_none() {
            missed.push(format!("seed {seed} {trouble:?}: nothing fails: {found:?}"));
        }
    }
    let sum = |nth: usize| of.values().map(|counts| counts[nth]).sum::<u64>();
    let told = format!("stories, failing readings, right, wrong scale-outs: {of:?}\n{}", missed.join("\n"));
    eprintln!("{told}");
    assert!(sum(2) * 100 >= sum(1) * 95, "{told}");
    assert!(sum(3) * 100 <= stories, "{told}");
    assert!(sum(1) > stories * 3, "too few readings fail: {told}");
}
