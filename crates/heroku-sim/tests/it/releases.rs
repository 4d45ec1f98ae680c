//! Releases: what makes one, what a rollback restores, what can be gone back to and for how long.

use crate::support::{START, days, minutes, seconds, shop, world_of};
use flyball_heroku_sim::{AppSpec, DeploySpec, DynoState, Outcome, ReleaseStatus, World, slug_id};
use std::collections::BTreeMap;

fn release(world: &World, version: u64) -> &flyball_heroku_sim::Release {
    world.app("shop").unwrap().release(version).unwrap()
}

#[test]
fn every_app_begins_with_two_releases_without_code() {
    let world = world_of(AppSpec::new("shop"));
    let app = world.app("shop").unwrap();
    let first: Vec<_> = app.releases().map(|release| (release.version, release.description.as_str())).collect();
    assert_eq!(first, [(1, "Initial release"), (2, "Enable Logplex")]);
    assert!(app.releases().all(|release| release.content.slug.is_none() && !release.is_eligible_for_rollback()));
    assert_eq!(app.dynos().len(), 0);
}

#[test]
fn a_rollback_is_a_new_release_with_the_old_code_and_the_old_config() {
    let mut world = world_of(shop().config("A", "1").deploy("two").config("A", "2").config("B", "x"));
    assert_eq!(world.app("shop").unwrap().current_release().version, 7);
    assert_eq!(world.roll_back("shop", 4), Ok(8));
    let made = release(&world, 8);
    assert_eq!((made.description.as_str(), made.origin), ("Rollback to v4", 4));
    assert_eq!(made.content, release(&world, 4).content);
    assert_eq!(made.content.slug, Some(slug_id("one")));
    let app = world.app("shop").unwrap();
    assert_eq!(app.config(), &BTreeMap::from([("A".to_owned(), "1".to_owned())]));
    assert_eq!((app.current_release().version, app.quantity("web")), (8, 2));
    assert!(app.formation_dynos().all(|dyno| dyno.release_version == 8 && dyno.state == DynoState::Starting));
}

#[test]
fn a_rollback_to_a_rollback_has_the_origin_of_the_first() {
    let mut world = world_of(shop().deploy("two").deploy("three"));
    world.roll_back("shop", 4).unwrap();
    world.roll_back("shop", 6).unwrap();
    assert_eq!((release(&world, 7).origin, release(&world, 7).description.as_str()), (4, "Rollback to v6"));
}

#[test]
fn a_failed_release_is_never_current_and_leaves_the_dynos_alone() {
    let mut world = world_of(shop());
    let before: Vec<_> = world.app("shop").unwrap().dynos().to_vec();
    world.deploy("shop", &DeploySpec::new("bad").fails()).unwrap();
    let app = world.app("shop").unwrap();
    assert_eq!((release(&world, 4).status, app.current_release().version), (ReleaseStatus::Failed, 3));
    assert_eq!(app.dynos(), before);
    assert_eq!(world.roll_back("shop", 4).unwrap_err().status, 422);
    world.deploy("shop", &DeploySpec::new("good")).unwrap();
    assert_eq!(world.app("shop").unwrap().current_release().version, 5, "a failed release keeps its number");
}

#[test]
fn while_a_release_phase_runs_the_old_release_stays_current() {
    for (outcome, current, status) in
        [(Outcome::Succeeds, 4, ReleaseStatus::Succeeded), (Outcome::Fails, 3, ReleaseStatus::Failed)]
    {
        let mut world = world_of(shop());
        world.deploy("shop", &DeploySpec::new("two").release_phase(minutes(2), outcome)).unwrap();
        let app = world.app("shop").unwrap();
        assert_eq!((release(&world, 4).status, app.current_release().version), (ReleaseStatus::Pending, 3));
        assert!(app.dynos().iter().any(|dyno| dyno.name.starts_with("release.")));
        assert_eq!(world.roll_back("shop", 4).unwrap_err().status, 422, "pending is not eligible");
        world.advance_to(START + minutes(2));
        let app = world.app("shop").unwrap();
        assert_eq!((release(&world, 4).status, app.current_release().version), (status, current));
        assert!(app.dynos().iter().all(|dyno| !dyno.name.starts_with("release.")));
    }
}

#[test]
fn a_release_phase_runs_on_a_rollback_too_and_can_fail_there() {
    let phase = DeploySpec::new("two").release_phase(seconds(30), Outcome::Succeeds).rollbacks(Outcome::Fails);
    let mut world = world_of(shop().deploy_with(phase).ago(minutes(90)).deploy("three"));
    assert_eq!(release(&world, 4).status, ReleaseStatus::Succeeded);
    assert_eq!(world.roll_back("shop", 4), Ok(6));
    assert_eq!(release(&world, 6).status, ReleaseStatus::Pending);
    world.advance_to(START + seconds(30));
    assert_eq!(
        (release(&world, 6).status, release(&world, 4).is_eligible_for_rollback()),
        (ReleaseStatus::Failed, true)
    );
    assert_eq!(world.app("shop").unwrap().current_release().version, 5);
}

#[test]
fn a_release_overtaken_while_its_phase_ran_does_not_become_current() {
    let mut world = world_of(shop());
    world.deploy("shop", &DeploySpec::new("slow").release_phase(minutes(5), Outcome::Succeeds)).unwrap();
    world.deploy("shop", &DeploySpec::new("quick")).unwrap();
    world.advance_to(START + minutes(6));
    assert_eq!(
        (world.app("shop").unwrap().current_release().version, release(&world, 4).status),
        (5, ReleaseStatus::Succeeded)
    );
}

#[test]
fn releases_expire_when_older_than_30_days_and_beyond_the_newest_20() {
    let mut app = AppSpec::new("shop").process("web", 1, "Standard-1X");
    for n in 0..25_u64 {
        app = app.deploy(&format!("slug-{n}")).ago(days(29) - minutes(n));
    }
    let mut world = world_of(app);
    let expired = |world: &World| -> Vec<u64> {
        let app = world.app("shop").unwrap();
        app.releases()
            .filter(|release| release.status == ReleaseStatus::Expired)
            .map(|release| release.version)
            .collect()
    };
    assert_eq!(expired(&world), [] as [u64; 0], "beyond 20, but not old");
    world.advance_to(START + days(1));
    assert_eq!(expired(&world), [3], "v3 is thirty days old to the minute");
    world.advance_to(START + days(2));
    assert_eq!(expired(&world), [3, 4, 5, 6, 7], "the newest twenty stay, however old");
    assert_eq!(world.roll_back("shop", 5).unwrap_err().id, "invalid_params");
    assert_eq!(world.roll_back("shop", 8), Ok(28));
    world.advance_to(START + days(2) + seconds(1));
    assert_eq!(expired(&world), [3, 4, 5, 6, 7, 8], "one more release pushes one more out");
}

#[test]
fn the_current_release_never_expires_however_many_failed_ones_follow() {
    let mut app = AppSpec::new("shop").process("web", 1, "Standard-1X").deploy("good").ago(days(60));
    for n in 0..25 {
        app = app.deploy_with(DeploySpec::new(format!("bad-{n}")).fails());
    }
    let mut world = world_of(app);
    assert_eq!(release(&world, 3).status, ReleaseStatus::Succeeded);
    world.deploy("shop", &DeploySpec::new("better")).unwrap();
    world.advance_to(START + seconds(1));
    assert_eq!(release(&world, 3).status, ReleaseStatus::Expired);
}

#[test]
fn process_types_follow_the_slug() {
    let two = DeploySpec::new("two").process_types(&[("web", "bin/web"), ("clock", "bin/clock")]);
    let mut world = world_of(shop());
    world.deploy("shop", &two).unwrap();
    let app = world.app("shop").unwrap();
    let types: Vec<_> =
        app.formation().iter().map(|process| (process.process_type.as_str(), process.quantity)).collect();
    assert_eq!(types, [("web", 2), ("clock", 0)]);
    assert!(app.formation_dynos().all(|dyno| dyno.process_type.as_str() == "web"));
}

#[test]
fn with_preboot_the_old_code_answers_until_the_new_dynos_take_over() {
    let bad = DeploySpec::new("bad")
        .behaviour(flyball_heroku_sim::Behaviour::ErrorPage { status: 500, text: "broken".into() });
    let mut world = world_of(shop().preboot());
    world.deploy("shop", &bad).unwrap();
    assert_eq!(world.app("shop").unwrap().current_release().version, 4);
    world.advance_to(START + minutes(2));
    assert_eq!(world.page("shop").unwrap().status, 200);
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 4, "old and new run side by side");
    world.advance_to(START + minutes(3));
    assert_eq!(world.page("shop").unwrap().status, 500);
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 2);
}

#[test]
fn config_changes_describe_themselves_and_odd_names_are_refused() {
    let mut world = world_of(shop());
    let vars = |pairs: &[(&str, Option<&str>)]| -> BTreeMap<String, Option<String>> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect()
    };
    world.set_config("shop", &vars(&[("B", Some("2")), ("A", Some("1"))])).unwrap();
    world.set_config("shop", &vars(&[("A", None)])).unwrap();
    assert_eq!(release(&world, 4).description, "Set A, B config vars");
    assert_eq!(release(&world, 5).description, "Remove A config vars");
    assert_eq!(release(&world, 5).content.slug, release(&world, 3).content.slug);
    assert_eq!(world.set_config("shop", &vars(&[("A-B", Some("1"))])).unwrap_err().status, 422);
}
