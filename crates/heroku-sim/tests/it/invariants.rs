//! What holds in every world, whatever is done to it.

use crate::support::{START, seconds, shop, world_of};
use flyball_heroku_sim::{
    App, AppEvent, Behaviour, Cycling, DeploySpec, Event, Maintenance, OneOffRequest, Outcome, ReleaseStatus, World,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// Numbers that look like chance, the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Somebody does something; refusals are part of life.
fn disturb(world: &mut World, draws: &mut Draws) {
    let event = |what| Event::app("shop", what);
    let phase = match draws.below(3) {
        0 => Some(Duration::from_secs(draws.below(90))),
        _ => None,
    };
    let outcome = if draws.below(4) == 0 { Outcome::Fails } else { Outcome::Succeeds };
    let crashing = draws.below(6) == 0;
    let _refused = match draws.below(11) {
        0 => {
            let deploy = DeploySpec {
                release_phase: phase,
                outcome,
                behaviour: if crashing { Behaviour::CrashesOnBoot } else { Behaviour::Healthy },
                ..DeploySpec::new(format!("slug-{}", draws.below(20)))
            };
            world.deploy("shop", &deploy).map(drop)
        }
        1 => {
            let vars = [(format!("K{}", draws.below(3)), Some(draws.below(4).to_string()))].into();
            world.set_config("shop", &vars).map(drop)
        }
        2 | 3 => world.roll_back("shop", 1 + draws.below(12)).map(drop),
        4 | 5 => world.scale("shop", ["web", "worker"][draws.below(2) as usize], draws.below(6) as u32).map(drop),
        6 => world.resize("shop", "web", ["Standard-1X", "Standard-2X"][draws.below(2) as usize]).map(drop),
        7 => world.restart_dyno("shop", &format!("web.{}", 1 + draws.below(4))),
        8 => world.crash("shop", &format!("web.{}", 1 + draws.below(4))),
        9 => {
            let request = OneOffRequest { command: "bin/report".into(), ..OneOffRequest::default() };
            world.run_one_off("shop", &request).map(drop)
        }
        _ => world.apply(event(AppEvent::Maintenance(Maintenance::Off))),
    };
}

/// What must hold; `known` are contents that were seen before.
fn check(app: &App, seed: u64) {
    let versions: Vec<u64> = app.releases().map(|release| release.version).collect();
    assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>(), "seed {seed}");
    let current = app.current_release();
    assert_eq!(current.status, ReleaseStatus::Succeeded, "seed {seed}: the current release succeeded");
    for release in app.releases() {
        let origin = app.release(release.origin).unwrap();
        assert_eq!(release.content, origin.content, "seed {seed}: v{} has the content of its origin", release.version);
        assert_eq!(origin.origin, origin.version, "seed {seed}: an origin is its own");
        let newer = release.version > current.version && release.status == ReleaseStatus::Succeeded;
        assert!(!newer, "seed {seed}: nothing newer than the current release has succeeded");
    }
    for process in app.formation() {
        let dynos = || app.formation_dynos().filter(|dyno| dyno.process_type == process.process_type);
        assert_eq!(dynos().count(), process.quantity as usize, "seed {seed}: {}", process.process_type);
        assert!(dynos().all(|dyno| dyno.size == process.size && dyno.release_id == current.id), "seed {seed}");
    }
    let names: BTreeSet<&str> = app.dynos().iter().map(|dyno| dyno.name.as_str()).collect();
    assert_eq!(names.len(), app.dynos().len(), "seed {seed}: no two dynos of one name");
    let running = app.one_offs().filter(|one_off| one_off.ended.is_none()).count();
    let listed = app.dynos().iter().filter(|dyno| dyno.process_type.as_str() == "run").count();
    assert_eq!(running, listed, "seed {seed}: one-offs that have not ended are listed, and no others");
}

#[test]
fn whatever_is_done_to_a_world_its_rules_hold() {
    for seed in 0..150 {
        let mut draws = Draws(seed);
        let mut world = world_of(shop().mechanics(|mechanics| mechanics.cycling = Cycling::Daily));
        let mut now = START;
        for _ in 0..60 {
            disturb(&mut world, &mut draws);
            check(world.app("shop").unwrap(), seed);
            now = now + seconds(draws.below(120) * draws.below(120));
            world.advance_to(now);
            check(world.app("shop").unwrap(), seed);
        }
    }
}
