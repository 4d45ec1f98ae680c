//! An app's own page follows from the state of the world.

use crate::support::{START, minutes, seconds, shop, world_of};
use flyball_heroku_sim::{
    AppEvent, AppSpec, Behaviour, DeploySpec, Event, Maintenance, OneOffRequest, Page, Routing, World, WorldFile,
};

fn page(world: &World) -> Page {
    world.page("shop").unwrap()
}

fn happens(world: &mut World, what: AppEvent) {
    world.apply(Event::app("shop", what)).unwrap();
}

#[test]
fn over_capacity_answers_get_slower_and_far_over_it_they_fail() {
    // Two Standard-1X dynos answer 20 requests a second.
    for (load, status, code) in
        [(0.0, 200, None), (20.0, 200, None), (25.0, 200, None), (30.0, 503, Some("H12")), (60.0, 503, Some("H11"))]
    {
        let mut world = world_of(shop());
        happens(&mut world, AppEvent::Load(load));
        assert_eq!((page(&world).status, page(&world).code), (status, code), "{load} requests a second");
    }
    let mut world = world_of(shop());
    happens(&mut world, AppEvent::Load(20.0));
    assert_eq!(page(&world).latency_ms, 80);
    happens(&mut world, AppEvent::Load(25.0));
    assert_eq!(page(&world).latency_ms, 480);
}

#[test]
fn more_and_larger_dynos_meet_the_load_once_they_are_up() {
    let mut world = world_of(shop());
    happens(&mut world, AppEvent::Load(40.0));
    world.scale("shop", "web", 4).unwrap();
    assert_eq!(page(&world).status, 503, "not before they have booted");
    world.advance_to(START + seconds(10));
    assert_eq!(page(&world).status, 200);
    happens(&mut world, AppEvent::Load(80.0));
    assert_eq!(page(&world).status, 503);
    world.resize("shop", "web", "Standard-2X").unwrap();
    world.advance_to(START + seconds(20));
    assert_eq!((page(&world).status, page(&world).latency_ms), (200, 80));
}

#[test]
fn a_surge_passes_by_itself() {
    let mut world = world_of(shop().load(seconds(0), 5.0));
    happens(&mut world, AppEvent::Surge { extra: 90.0, lasts: minutes(1) });
    assert_eq!(page(&world).code, Some("H11"));
    world.advance_to(START + minutes(1));
    assert_eq!(page(&world).status, 200);
}

#[test]
fn without_a_dyno_that_is_up_the_router_answers() {
    let mut world = world_of(shop());
    world.restart_all("shop").unwrap();
    assert_eq!((page(&world).status, page(&world).code), (503, Some("H20")));
    world.scale("shop", "web", 0).unwrap();
    assert_eq!(page(&world).code, Some("H14"));
    world.deploy("shop", &DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot)).unwrap();
    world.scale("shop", "web", 1).unwrap();
    world.advance_to(START + seconds(30));
    assert_eq!((page(&world).status, page(&world).code), (503, Some("H10")));
}

#[test]
fn maintenance_mode_hides_everything_else() {
    let mut world = world_of(shop());
    world.set_maintenance("shop", Maintenance::On).unwrap();
    assert_eq!((page(&world).status, page(&world).code), (503, Some("H80")));
    assert_eq!(world.app("shop").unwrap().releases().len(), 3);
    world.set_maintenance("shop", Maintenance::Off).unwrap();
    assert_eq!(page(&world).status, 200);
}

#[test]
fn a_bad_release_shows_its_text_until_it_is_rolled_back_and_has_booted() {
    let mut world = world_of(shop());
    let bad = Behaviour::ErrorPage { status: 500, text: "checkout is <broken>".into() };
    world.deploy("shop", &DeploySpec::new("bad").behaviour(bad)).unwrap();
    world.advance_to(START + seconds(10));
    assert_eq!(page(&world).status, 500);
    assert!(page(&world).body.contains("checkout is &lt;broken&gt;"));
    world.roll_back("shop", 3).unwrap();
    world.advance_to(START + seconds(20));
    assert_eq!(page(&world).status, 200);
}

#[test]
fn config_is_content_too() {
    let bad = Behaviour::ErrorPage { status: 500, text: "no such gateway".into() };
    let mut world = world_of(shop().config_fault("GATEWAY", "new", bad).config("GATEWAY", "old"));
    let vars = [("GATEWAY".to_owned(), Some("new".to_owned()))].into();
    world.set_config("shop", &vars).unwrap();
    world.advance_to(START + seconds(10));
    assert!(page(&world).body.contains("no such gateway"));
    world.roll_back("shop", 4).unwrap();
    world.advance_to(START + seconds(20));
    assert_eq!(page(&world).status, 200);
}

#[test]
fn one_leaking_dyno_slows_down_then_fails_and_its_restart_cures_it() {
    let mut world = world_of(shop());
    happens(&mut world, AppEvent::Leak { dyno: Some("web.2".into()), mib_per_minute: 100.0 });
    // 300 MiB to begin with, a quota of 512: over it after 2.2 minutes, half as much again after 4.7.
    world.advance_to(START + minutes(2));
    assert_eq!(page(&world).code, None);
    world.advance_to(START + minutes(3));
    assert_eq!((page(&world).status, page(&world).code), (200, Some("R14")));
    assert!(page(&world).latency_ms > 500);
    world.advance_to(START + minutes(5));
    assert_eq!(page(&world).status, 500);
    assert!(page(&world).body.contains("out of memory"));
    world.restart_dyno("shop", "web.1").unwrap();
    assert_eq!(page(&world).status, 500, "the wrong dyno");
    world.restart_dyno("shop", "web.2").unwrap();
    world.advance_to(START + minutes(30));
    assert_eq!((page(&world).status, page(&world).code), (200, None));
}

#[test]
fn spread_visitors_meet_a_sick_dyno_now_and_then() {
    let mut world = world_of(shop().mechanics(|mechanics| mechanics.routing = Routing::Spread));
    happens(&mut world, AppEvent::Leak { dyno: Some("web.1".into()), mib_per_minute: 1000.0 });
    let mut failed = 0;
    for second in 60..160 {
        world.advance_to(START + seconds(second));
        failed += u32::from(page(&world).status == 500);
    }
    assert!((25..75).contains(&failed), "{failed} of 100");
}

#[test]
fn a_database_error_stays_until_the_clean_up_has_run_to_its_end() {
    let mut world = world_of(shop());
    happens(&mut world, AppEvent::DatabaseError(500));
    world.restart_all("shop").unwrap();
    world.advance_to(START + seconds(10));
    assert!(page(&world).body.contains("database error"), "a restart does not help");
    let run = |world: &mut World, command: &str, time_to_live| {
        let request = OneOffRequest { command: command.into(), time_to_live, ..OneOffRequest::default() };
        world.run_one_off("shop", &request).unwrap();
    };
    run(&mut world, "bin/report", None);
    run(&mut world, "bin/rails db:cleanup", Some(5));
    world.advance_to(START + minutes(1));
    assert_eq!(page(&world).status, 500, "another command, and one that was cut short");
    run(&mut world, "bin/rails db:cleanup", None);
    world.advance_to(START + minutes(1) + seconds(22));
    assert_eq!(page(&world).status, 500, "still running");
    world.advance_to(START + minutes(1) + seconds(23));
    assert_eq!(page(&world).status, 200);
}

#[test]
fn the_world_without_a_file_has_something_to_put_right_again_and_again() {
    let mut world = World::new(&WorldFile::shop_with_trouble(), START, 1);
    for trouble in [minutes(2), minutes(22)] {
        world.advance_to(START + trouble - seconds(1));
        assert_eq!(page(&world).status, 200);
        world.advance_to(START + trouble);
        assert!(page(&world).body.contains("database error"));
        let request = OneOffRequest { command: "bin/rails db:cleanup".into(), ..OneOffRequest::default() };
        world.run_one_off("shop", &request).unwrap();
        world.advance_to(START + trouble + minutes(1));
        assert_eq!(page(&world).status, 200);
    }
}

#[test]
fn after_a_hiccup_every_dyno_must_be_restarted() {
    let mut world = world_of(shop());
    world.apply(Event::HiccupEverywhere).unwrap();
    assert!(page(&world).body.contains("connection pool is stuck"));
    world.restart_type("shop", "web").unwrap();
    world.advance_to(START + seconds(10));
    assert_eq!(page(&world).status, 500, "the worker is still wedged");
    world.restart_dyno("shop", "worker.1").unwrap();
    world.advance_to(START + seconds(20));
    assert_eq!(page(&world).status, 200);
}

#[test]
fn a_page_changes_nothing_and_is_the_same_again() {
    let world = world_of(AppSpec::new("shop").process("web", 1, "Standard-1X").deploy("one"));
    assert_eq!(page(&world), page(&world));
    assert!(world.page("nowhere").is_none());
}
