//! Formation and dynos: what scaling, restarting, crashing and running one-offs do to a world.

use crate::support::{START, days, minutes, names_of, seconds, shop, world_of};
use flyball_heroku_sim::{
    AppEvent, AppSpec, Behaviour, Changed, Cycling, DeploySpec, DynoState, Ending, Event, FormationUpdate,
    OneOffRequest, Place, World, WorldFile,
};

#[test]
fn scaling_starts_and_stops_the_difference_and_highest_numbers_stop_first() {
    let mut world = world_of(shop());
    let before = world.app("shop").unwrap().dyno("web.1").unwrap().id;
    assert_eq!(world.scale("shop", "web", 4), Ok(Changed::Yes));
    assert_eq!(names_of(&world, "shop"), ["web.1", "web.2", "web.3", "web.4", "worker.1"]);
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Starting), 2);
    world.advance_to(START + seconds(10));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 4);
    assert_eq!(world.scale("shop", "web", 1), Ok(Changed::Yes));
    assert_eq!(names_of(&world, "shop"), ["web.1", "worker.1"]);
    assert_eq!(world.app("shop").unwrap().dyno("web.1").unwrap().id, before);
    assert_eq!(world.scale("shop", "web", 1), Ok(Changed::No));
    assert_eq!(world.app("shop").unwrap().releases().len(), 3, "scaling makes no release");
}

#[test]
fn a_resize_restarts_the_dynos_of_that_type_only_and_makes_no_release() {
    let mut world = world_of(shop());
    let id = |world: &World, name: &str| world.app("shop").unwrap().dyno(name).unwrap().id;
    let (web, worker) = (id(&world, "web.1"), id(&world, "worker.1"));
    assert_eq!(world.resize("shop", "web", "performance-l"), Ok(Changed::Yes));
    assert_ne!(id(&world, "web.1"), web);
    assert_eq!(id(&world, "worker.1"), worker);
    let app = world.app("shop").unwrap();
    assert_eq!((app.size("web"), app.dyno("web.1").unwrap().size.name), ("Performance-L", "Performance-L"));
    assert_eq!(app.current_release().version, 3);
}

#[test]
fn mixing_rules_and_limits_are_herokus() {
    let to = |size: &str| FormationUpdate::size("web", size);
    type Expected = Result<Changed, (u16, &'static str, Option<u32>)>;
    let cases: [(&str, AppSpec, Vec<FormationUpdate>, Expected); 11] = [
        ("standard and performance mix", shop(), vec![to("Performance-M")], Ok(Changed::Yes)),
        ("basic beside standard", shop(), vec![to("Basic")], Err((422, "invalid_params", None))),
        (
            "basic for all, one dyno each",
            shop(),
            vec![to("Basic"), FormationUpdate::quantity("web", 1), FormationUpdate::size("worker", "Basic")],
            Ok(Changed::Yes),
        ),
        (
            "basic for all, two web dynos",
            shop(),
            vec![to("Basic"), FormationUpdate::size("worker", "Basic")],
            Err((422, "cannot_update_above_limit", Some(1))),
        ),
        (
            "eleven performance dynos",
            shop(),
            vec![to("Performance-L"), FormationUpdate::quantity("web", 11)],
            Err((422, "cannot_update_above_limit", Some(10))),
        ),
        (
            "eleven where the limit was raised",
            shop().limit("performance-l", 20),
            vec![to("Performance-L"), FormationUpdate::quantity("web", 11)],
            Ok(Changed::Yes),
        ),
        (
            "a hundred over both types",
            shop(),
            vec![FormationUpdate::quantity("web", 99), FormationUpdate::quantity("worker", 2)],
            Err((422, "cannot_run_above_limit", Some(100))),
        ),
        ("an old name", shop(), vec![to("PX")], Err((422, "invalid_params", None))),
        ("a size of another place", shop(), vec![to("Private-M")], Err((422, "invalid_params", None))),
        ("no such type", shop(), vec![FormationUpdate::quantity("clock", 1)], Err((404, "not_found", None))),
        (
            "never deployed",
            AppSpec::new("shop").process("web", 0, "Standard-1X"),
            vec![FormationUpdate::quantity("web", 1)],
            Err((422, "invalid_params", None)),
        ),
    ];
    for (what, app, updates, expected) in cases {
        let mut world = world_of(app);
        let before = world.app("shop").unwrap().formation().to_vec();
        let done = world.patch_formation("shop", &updates);
        let refused = done.as_ref().map(|done| *done).map_err(|refusal| (refusal.status, refusal.id, refusal.limit));
        assert_eq!(refused, expected, "{what}");
        if expected.is_err() {
            assert_eq!(world.app("shop").unwrap().formation(), before, "{what}: nothing is done by halves");
        }
    }
}

#[test]
fn a_shield_space_takes_shield_names_and_answers_private_ones() {
    let mut world =
        world_of(AppSpec::new("shop").place(Place::ShieldSpace).process("web", 1, "Private-S").deploy("one"));
    assert_eq!(world.resize("shop", "web", "Shield-M"), Ok(Changed::Yes));
    assert_eq!(world.app("shop").unwrap().size("web"), "Private-M");
}

#[test]
fn a_restart_gives_a_new_id_under_the_same_name_and_takes_its_time_to_boot() {
    let mut world = world_of(shop());
    let before = world.app("shop").unwrap().dyno("web.1").unwrap().clone();
    world.restart_dyno("shop", "web.1").unwrap();
    let after = world.app("shop").unwrap().dyno("web.1").unwrap().clone();
    assert_ne!(after.id, before.id);
    assert_eq!((after.state, after.created_at), (DynoState::Starting, START));
    world.advance_to(START + seconds(9));
    assert_eq!(world.app("shop").unwrap().dyno("web.1").unwrap().state, DynoState::Starting);
    world.advance_to(START + seconds(10));
    let up = world.app("shop").unwrap().dyno("web.1").unwrap().clone();
    assert_eq!((up.id, up.state, up.updated_at), (after.id, DynoState::Up, START + seconds(10)));
    assert_eq!(world.restart_dyno("shop", "web.9").unwrap_err().status, 404);
}

#[test]
fn with_preboot_the_old_dyno_answers_until_its_successor_takes_over_also_at_a_restart() {
    let mut world = world_of(shop().preboot());
    let old = world.app("shop").unwrap().dyno("web.1").unwrap().id;
    world.apply(Event::HiccupEverywhere).unwrap();
    world.restart_all("shop").unwrap();
    assert_ne!(world.app("shop").unwrap().dyno("web.1").unwrap().id, old);
    assert_eq!(names_of(&world, "shop"), ["web.1", "web.1", "web.2", "web.2", "worker.1"]);
    world.advance_to(START + seconds(179));
    assert_eq!(world.page("shop").unwrap().status, 500, "the old ones answer");
    world.advance_to(START + seconds(180));
    assert_eq!(world.page("shop").unwrap().status, 200);
    assert_eq!(names_of(&world, "shop"), ["web.1", "web.2", "worker.1"]);
}

#[test]
fn on_fir_a_restart_gives_a_new_name_too() {
    let mut world = world_of(AppSpec::new("shop").place(Place::Fir).process("web", 1, "dyno-1c-4gb").deploy("one"));
    let before = names_of(&world, "shop");
    assert!(before[0].starts_with("web-"), "{before:?}");
    world.restart_dyno("shop", &before[0]).unwrap();
    assert_ne!(names_of(&world, "shop"), before);
    assert_eq!(names_of(&world, "shop").len(), 1);
}

#[test]
fn restarting_all_leaves_one_offs_alone_and_restarting_a_type_leaves_the_others() {
    let mut world = world_of(shop());
    let command = OneOffRequest { command: "bin/report".into(), ..OneOffRequest::default() };
    let one_off = world.run_one_off("shop", &command).unwrap();
    let ids = |world: &World| -> Vec<_> { world.app("shop").unwrap().formation_dynos().map(|dyno| dyno.id).collect() };
    let before = ids(&world);
    assert_eq!(world.restart_all("shop"), Ok(3));
    let after = ids(&world);
    assert!(before.iter().all(|id| !after.contains(id)));
    assert_eq!(world.app("shop").unwrap().dyno(&one_off.name).unwrap().id, one_off.id);
    assert_eq!(world.restart_type("shop", "worker"), Ok(1));
    assert_eq!(ids(&world).iter().filter(|id| after.contains(id)).count(), 2);
}

#[test]
fn a_dyno_that_crashes_again_soon_cools_off_for_longer_each_time() {
    let mut world = world_of(shop());
    let dyno = |world: &World| world.app("shop").unwrap().dyno("web.1").unwrap().clone();
    let mut now = START + minutes(1);
    world.advance_to(now);
    let first = dyno(&world).id;
    world.crash("shop", "web.1").unwrap();
    world.advance_to(now);
    assert_eq!(dyno(&world).state, DynoState::Starting, "the first crash is followed by a restart at once");
    assert_ne!(dyno(&world).id, first);
    for wait in [10, 20, 40, 80] {
        now = now + seconds(30);
        world.advance_to(now);
        world.crash("shop", "web.1").unwrap();
        world.advance_to(now + minutes(wait) - seconds(1));
        assert_eq!(dyno(&world).state, DynoState::Crashed, "cool-off of {wait} minutes");
        now = now + minutes(wait);
        world.advance_to(now);
        assert_eq!(dyno(&world).state, DynoState::Starting, "after {wait} minutes");
    }
    now = now + minutes(11);
    world.advance_to(now);
    world.crash("shop", "web.1").unwrap();
    world.advance_to(now);
    assert_eq!(dyno(&world).state, DynoState::Starting, "ten steady minutes are forgiven");
}

#[test]
fn code_that_crashes_on_boot_keeps_crashing_until_another_release() {
    let mut world = world_of(shop());
    world.deploy("shop", &DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot)).unwrap();
    world.advance_to(START + seconds(25));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Crashed), 2);
    world.roll_back("shop", 3).unwrap();
    world.advance_to(START + seconds(40));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 2, "a release forgets the cool-off");
}

#[test]
fn dynos_are_cycled_within_a_day_and_216_minutes() {
    let mut world = world_of(shop().mechanics(|mechanics| mechanics.cycling = Cycling::Daily));
    let before = world.app("shop").unwrap().dyno("web.1").unwrap().id;
    world.advance_to(START + minutes(22 * 60));
    assert_eq!(world.app("shop").unwrap().dyno("web.1").unwrap().id, before);
    world.advance_to(START + minutes(24 * 60 + 216));
    assert_ne!(world.app("shop").unwrap().dyno("web.1").unwrap().id, before);
}

#[test]
fn a_one_off_starts_runs_ends_and_vanishes_and_is_remembered() {
    let mut world = world_of(shop());
    let command = OneOffRequest { command: "bin/report".into(), ..OneOffRequest::default() };
    let dyno = world.run_one_off("shop", &command).unwrap();
    assert_eq!((dyno.state, dyno.size.name, dyno.process_type.as_str()), (DynoState::Starting, "Standard-1X", "run"));
    let number: u32 = dyno.name.strip_prefix("run.").unwrap().parse().unwrap();
    assert!((1000..10_000).contains(&number));
    world.advance_to(START + seconds(3));
    assert_eq!(world.app("shop").unwrap().dyno(&dyno.name).unwrap().state, DynoState::Up);
    world.advance_to(START + seconds(23));
    let app = world.app("shop").unwrap();
    assert!(app.dyno(&dyno.name).is_none());
    let remembered: Vec<_> = app.one_offs().map(|one_off| (one_off.command.as_str(), one_off.ended)).collect();
    assert_eq!(remembered, [("bin/report", Some((START + seconds(23), Ending::Exited(0))))]);
}

#[test]
fn a_one_off_ends_by_its_time_to_live_or_when_somebody_stops_it() {
    let mut world = world_of(shop());
    let short = OneOffRequest { command: "x".into(), time_to_live: Some(2), ..OneOffRequest::default() };
    world.run_one_off("shop", &short).unwrap();
    let other = world.run_one_off("shop", &OneOffRequest { command: "y".into(), ..OneOffRequest::default() }).unwrap();
    world.advance_to(START + seconds(2));
    world.restart_dyno("shop", &other.name).unwrap();
    let endings: Vec<_> = world.app("shop").unwrap().one_offs().map(|one_off| one_off.ended.unwrap().1).collect();
    assert_eq!(endings, [Ending::TimeToLive, Ending::Stopped]);
    let long = OneOffRequest { command: "x".into(), time_to_live: Some(86_401), ..OneOffRequest::default() };
    assert_eq!(world.run_one_off("shop", &long).unwrap_err().status, 422);
}

#[test]
fn only_so_many_one_offs_run_at_once() {
    let mut world = world_of(shop());
    let command = OneOffRequest { command: "x".into(), ..OneOffRequest::default() };
    for _ in 0..50 {
        world.run_one_off("shop", &command).unwrap();
    }
    let refused = world.run_one_off("shop", &command).unwrap_err();
    assert_eq!((refused.id, refused.limit, refused.size), ("cannot_run_above_limit", Some(50), Some(51)));
}

#[test]
fn a_script_happens_at_its_times_and_applies_what_people_do() {
    let scale = AppEvent::Scale { process: "web".into(), quantity: 5 };
    let file = WorldFile::with_apps([shop()])
        .at(seconds(60), Event::app("shop", scale))
        .at(seconds(30), Event::app("shop", AppEvent::Deploy(DeploySpec::new("two"))));
    let mut world = World::new(&file, START, 1);
    world.advance_to(START + seconds(59));
    assert_eq!((world.app("shop").unwrap().releases().len(), world.app("shop").unwrap().quantity("web")), (4, 2));
    world.advance_to(START + seconds(60));
    assert_eq!(world.app("shop").unwrap().quantity("web"), 5);
    let added = world.app("shop").unwrap().dyno("web.5").unwrap();
    assert_eq!(added.created_at, START + seconds(60));
    assert_eq!(world.refused_events(), []);
}

#[test]
fn what_a_script_asks_for_in_vain_is_told() {
    let file = WorldFile::with_apps([shop()]).at(seconds(5), Event::app("shop", AppEvent::Rollback(2)));
    let mut world = World::new(&file, START, 1);
    world.advance_to(START + seconds(5));
    let refused: Vec<_> = world.refused_events().iter().map(|(at, refusal)| (*at, refusal.status)).collect();
    assert_eq!(refused, [(START + seconds(5), 422)]);
}

#[test]
fn an_unvisited_eco_web_dyno_falls_asleep_and_a_visit_wakes_it() {
    let mut world = world_of(AppSpec::new("shop").process("web", 1, "Eco").deploy("one"));
    world.advance_to(START + minutes(29));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 1);
    world.advance_to(START + minutes(31));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Idle), 1);
    assert_eq!(world.visit("shop").unwrap().status, 503);
    world.advance_to(START + minutes(32));
    assert_eq!(world.app("shop").unwrap().count("web", DynoState::Up), 1);
}

#[test]
fn time_never_goes_back() {
    let mut world = world_of(shop());
    world.advance_to(START + days(1));
    world.advance_to(START);
    assert_eq!(world.now(), START + days(1));
}
