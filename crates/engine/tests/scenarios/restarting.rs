//! One dyno, or all of them.

use crate::support::{Scenario, mins, one, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Cycling, OneOffRequest, Place};

const ONE: &str = r#"restart_dyno = { app = "shop", dyno = "web.1" }"#;
const ALL: &str = r#"restart_all_dynos = { app = "shop" }"#;

#[test]
fn one_dyno_is_restarted_at_each_failing_reading() {
    let mut day = Scenario::of(shop()).file(one("again", ONE)).front_reads("fffp").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 restart web.1", "1:00 restart web.1", "1:30 restart web.1"]);
}

#[test]
fn every_dyno_is_restarted_and_no_one_off_dyno() {
    let mut day = Scenario::of(shop()).file(one("again", ALL)).front_reads("fp").begin();
    let one_off = OneOffRequest { command: "sleep".to_owned(), ..OneOffRequest::default() };
    day.world(|world| world.run_one_off("shop", &one_off)).unwrap();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 restart all"]);
    let ended = day.world(|world| world.app("shop").unwrap().one_offs().next().unwrap().ended);
    assert!(matches!(ended, Some((_, flyball_heroku_sim::Ending::Exited(0)))), "it ran to its own end: {ended:?}");
}

#[test]
fn a_leak_is_cured_by_one_restart() {
    let mut day = Scenario::of(shop()).file(one("again", ONE)).begin();
    day.happens(AppEvent::Leak { dyno: Some("web.1".to_owned()), mib_per_minute: 300.0 });
    day.pass(mins(10));
    assert_eq!(day.effects(), ["restart web.1"]);
    assert_eq!(day.why("again"), "not_called_on");
}

#[test]
fn a_hiccup_of_the_platform_is_cured_by_restarting_all() {
    let mut day = Scenario::of(shop()).file(one("again", ALL)).begin();
    day.happens(AppEvent::Hiccup);
    day.pass(mins(5));
    assert_eq!(day.calls(), ["0:30 restart all"]);
}

#[test]
fn a_dyno_that_does_not_exist_is_an_explained_hold() {
    let two = r#"restart_dyno = { app = "shop", dyno = "web.2" }"#;
    let mut day = Scenario::of(shop()).file(one("again", two)).front_reads("f").begin();
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.told("the app has no dyno web.2: see `heroku ps`").len(), 1);
}

#[test]
fn on_fir_a_named_dyno_is_an_explained_hold_and_all_are_restarted_all_the_same() {
    let fir = || {
        let app = AppSpec::new("shop").place(Place::Fir).process("web", 2, "dyno-1c-0.5gb");
        app.mechanics(|mechanics| mechanics.cycling = Cycling::Never).deploys(2)
    };
    let mut day = Scenario::of(fir()).file(one("again", ONE)).front_reads("f").begin();
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("again"), "fir_dyno_names");

    let mut day = Scenario::of(fir()).file(one("again", ALL)).front_reads("fp").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 restart all"]);
}

#[test]
fn an_app_without_dynos_has_nothing_to_restart() {
    let mut day = Scenario::of(shop()).file(one("again", ALL)).front_reads("f").begin();
    for process in ["web", "worker"] {
        day.happens(AppEvent::Scale { process: process.to_owned(), quantity: 0 });
    }
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("again"), "no_dynos");
}
