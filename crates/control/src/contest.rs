//! All laws over one load, each on an app of its own, and how ours stands among them.
//!
//! There is no column for jobs that a scaler kills: requests of `web` are done or given up within half a minute, which a dyno that is stopped
//! is given. Workers have a contest of their own.

use crate::laws::{Settings, Which};
use crate::stage::{AT_ONCE, MAX, MIN, SERVICE};
use crate::{Load, SLOT_SECONDS, Stage, Totals};
use serde::Serialize;

/// Laws that differ by no more than this share of slow requests do not differ: a hundredth of a percent, as a report tells it.
const ALIKE: f64 = 0.0001;
/// A law whose share of slow requests is within this factor of ours does about as well: it may not be cheaper.
const ABOUT: f64 = 1.5;

/// What came of a law over a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Played {
    /// What it is called.
    pub law: &'static str,
    /// Which share of requests waited for longer than 100 ms: 0 to 1.
    pub slow: f64,
    /// Requests that were given up after 30 s.
    pub lost: f64,
    /// Hours of dynos.
    pub dyno_hours: f64,
    /// How many times those of who is clairvoyant.
    pub cost: f64,
    /// How often the quantity changed.
    pub changes: u32,
}

/// What came of a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contest {
    /// What it is called.
    pub load: String,
    /// How long it lasts, in seconds.
    pub seconds: u64,
    /// The most requests a second.
    pub peak: f64,
    /// All requests.
    pub requests: f64,
    /// All laws, ours first.
    pub played: Vec<Played>,
    /// How ours stands.
    pub judged: Judged,
}

/// Another law had fewer slow requests than ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Behind {
    /// The one with the fewest.
    pub law: &'static str,
    /// By so much of all requests: 0 to 1.
    pub by: f64,
    /// What it cost for that, in dyno-hours, by those of ours.
    pub at_cost: f64,
}

/// Another law that does about as well was cheaper.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dearer {
    /// The cheapest.
    pub law: &'static str,
    /// By so much of its dyno-hours ours are more.
    pub by: f64,
}

/// How ours stands among the others: it is to have the fewest slow requests, and no more dyno-hours than any that does about as well.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Who had fewer slow requests, if anybody.
    pub behind: Option<Behind>,
    /// Who did about as well, within 1.5 times as many slow requests, with fewer dyno-hours, if anybody.
    pub dearer: Option<Dearer>,
}

impl Judged {
    fn of(ours: &Played, others: &[&Played]) -> Self {
        let fewest = others.iter().min_by(|one, other| one.slow.total_cmp(&other.slow));
        let behind = fewest.filter(|other| other.slow + ALIKE < ours.slow).map(|other| Behind {
            law: other.law,
            by: ours.slow - other.slow,
            at_cost: other.dyno_hours / ours.dyno_hours,
        });
        let about = others.iter().filter(|other| other.slow <= (ours.slow * ABOUT).max(ours.slow + ALIKE));
        let cheapest = about.min_by(|one, other| one.dyno_hours.total_cmp(&other.dyno_hours));
        let dearer = cheapest
            .filter(|other| other.dyno_hours < ours.dyno_hours)
            .map(|other| Dearer { law: other.law, by: ours.dyno_hours / other.dyno_hours - 1.0 });
        Self { behind, dearer }
    }

    /// Whether ours is the best.
    #[must_use]
    pub const fn is_best(&self) -> bool {
        self.behind.is_none() && self.dearer.is_none()
    }
}

/// Plays all laws over a load, ours with these settings, each on a stage of its own that begins with so many dynos.
#[must_use]
pub fn contest<S: Stage>(load: &Load, settings: &Settings, stage: impl Fn(u32) -> S) -> Contest {
    let played = |which: &Which| (*which, play(*which, load, settings, &stage));
    let totals: Vec<(Which, Totals)> = Which::ALL.iter().map(played).collect();
    let clairvoyant = totals.iter().find(|(which, _)| *which == Which::Clairvoyant);
    let fewest = clairvoyant.map_or(1, |(_, totals)| totals.dyno_seconds.max(1)) as f64;
    let played: Vec<(Which, Played)> = totals
        .iter()
        .map(|(which, totals)| {
            let played = Played {
                law: which.name(),
                slow: totals.slow / totals.arrived.max(f64::MIN_POSITIVE),
                lost: totals.lost,
                dyno_hours: totals.dyno_seconds as f64 / 3600.0,
                cost: totals.dyno_seconds as f64 / fewest,
                changes: totals.changes,
            };
            (*which, played)
        })
        .collect();
    let others: Vec<&Played> =
        played.iter().filter(|(which, _)| Which::OTHERS.contains(which)).map(|(_, played)| played).collect();
    let ours = played.iter().find(|(which, _)| *which == Which::Ours).map(|(_, played)| played);
    let judged = ours.map_or(Judged { behind: None, dearer: None }, |ours| Judged::of(ours, &others));
    Contest {
        load: load.name().to_owned(),
        seconds: load.seconds(),
        peak: load.peak(),
        requests: totals.first().map_or(0.0, |(_, totals)| totals.arrived),
        judged,
        played: played.into_iter().map(|(_, played)| played).collect(),
    }
}

/// A law from the first second of a load to the last. All begin with dynos that are full to 70 %.
fn play<S: Stage>(which: Which, load: &Load, settings: &Settings, stage: impl Fn(u32) -> S) -> Totals {
    let mut law = which.law(load, settings);
    let every = law.every().as_secs().max(1);
    let busy = load.rate(0) * load.heaviness(0) * SERVICE;
    let begins_with = (MIN..MAX).find(|dynos| busy <= f64::from(dynos * AT_ONCE) * 0.7).unwrap_or(MAX);
    let mut world = stage(begins_with);
    for second in 0..load.seconds() {
        if second > 0 && second.is_multiple_of(SLOT_SECONDS) {
            law.hear(&world.tell());
        }
        if second.is_multiple_of(every) {
            let quantity = world.quantity();
            world.set(law.wants(second, quantity));
        }
        world.pass(load.rate(second), load.heaviness(second));
    }
    world.totals()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{World, made};

    fn played(law: &'static str, slow: f64, dyno_hours: f64) -> Played {
        Played { law, slow, lost: 0.0, dyno_hours, cost: 1.0, changes: 0 }
    }

    #[test]
    fn ours_is_best_where_nobody_is_faster_and_nobody_as_good_is_cheaper() {
        let behind = |law, by, at_cost| Some(Behind { law, by, at_cost });
        let dearer = |law, by| Some(Dearer { law, by });
        for (case, one, other, behind, dearer) in [
            ("faster and cheaper than both", (0.02, 110.0), (0.03, 120.0), None, None),
            ("those that are cheaper are slower", (0.02, 80.0), (0.016, 90.0), None, None),
            ("one that is about as good is cheaper", (0.014, 80.0), (0.5, 10.0), None, dearer("one", 0.25)),
            ("the cheapest of those", (0.014, 80.0), (0.012, 50.0), None, dearer("other", 1.0)),
            ("one is faster and dearer", (0.005, 125.0), (0.5, 10.0), behind("one", 0.005, 1.25), None),
            ("one is faster and cheaper", (0.005, 80.0), (0.5, 10.0), behind("one", 0.005, 0.8), dearer("one", 0.25)),
            ("a hundredth of a percent is nothing", (0.009_95, 110.0), (0.5, 10.0), None, None),
        ] {
            let ours = played("ours", 0.01, 100.0);
            let (one, other) = (played("one", one.0, one.1), played("other", other.0, other.1));
            let judged = Judged::of(&ours, &[&one, &other]);
            let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
            match (&judged.behind, &behind) {
                (Some(told), Some(expected)) => {
                    assert_eq!(told.law, expected.law, "{case}");
                    assert!(near(told.by, expected.by) && near(told.at_cost, expected.at_cost), "{case}: {told:?}");
                }
                (told, expected) => assert_eq!(told, expected, "{case}"),
            }
            match (&judged.dearer, &dearer) {
                (Some(told), Some(expected)) => {
                    assert!(told.law == expected.law && near(told.by, expected.by), "{case}: {told:?}");
                }
                (told, expected) => assert_eq!(told, expected, "{case}"),
            }
            assert_eq!(judged.is_best(), judged.behind.is_none() && judged.dearer.is_none());
        }
    }

    #[test]
    fn the_same_load_is_played_in_the_same_way() {
        let load = || made(3).swap_remove(2);
        let settings = Settings::default();
        assert_eq!(contest(&load(), &settings, World::new), contest(&load(), &settings, World::new));
    }

    #[test]
    fn nobody_has_fewer_dyno_hours_than_who_is_clairvoyant_without_losing_requests() {
        for load in made(1) {
            let contest = contest(&load, &Settings::default(), World::new);
            assert_eq!(contest.played.len(), Which::ALL.len());
            for played in &contest.played {
                assert!((0.0..=1.0).contains(&played.slow) && played.lost >= 0.0, "{played:?}");
                assert!(played.cost > 0.9, "{}: {played:?}", contest.load);
            }
        }
    }

    #[test]
    fn ours_is_best_over_the_five_loads_but_where_requests_get_heavier() {
        for seed in [1, 2, 3] {
            for load in made(seed) {
                let contest = contest(&load, &Settings::default(), World::new);
                if contest.load != "heavier" {
                    assert!(contest.judged.is_best(), "{contest:?}");
                    continue;
                }
                // Utilization tells a heavier mix at once, and the usual time of service after half an hour. Until then it is the guard that
                // adds, and what it added stands beside what the load needs.
                assert!(contest.judged.behind.is_none(), "{contest:?}");
                let dearer = contest.judged.dearer.as_ref();
                assert!(dearer.is_none_or(|dearer| dearer.law == Which::Hpa.name() && dearer.by < 0.1), "{contest:?}");
            }
        }
    }
}
