//! Up and down: one rung at a time, within a tier.

use crate::support::{Scenario, mins, one, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Cycling, Place};

fn resize(size: &str) -> AppEvent {
    AppEvent::Resize { process: "web".to_owned(), size: size.to_owned() }
}

#[test]
fn up_one_rung_at_each_failing_reading_until_the_limit() {
    let up = r#"scale_up = { app = "shop", max_size = "performance-m" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("f").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 web Standard-2X", "1:00 web Performance-M"]);
    assert_eq!(day.why("larger"), "at_size_limit");
}

#[test]
fn the_old_names_go_from_1x_to_2x_to_px_and_back() {
    let up = r#"scale_up = { app = "shop", max_size = "PX" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("f").begin();
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 web Standard-2X", "1:00 web Performance-L"]);
    assert_eq!(day.web(), (1, "Performance-L"));

    let down = "call_on = \"passing\"\nscale_down = { app = \"shop\", min_size = \"1X\" }";
    let mut day = Scenario::of(shop()).file(one("smaller", down)).front_reads("p").begin();
    day.happens(resize("Performance-L"));
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 web Standard-2X", "1:00 web Standard-1X"]);
    assert_eq!(day.why("smaller"), "at_size_limit");
}

#[test]
fn up_stops_at_once_when_the_monitor_passes() {
    let up = r#"scale_up = { app = "shop", max_size = "performance-2xl" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("fp").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 web Standard-2X"]);
}

#[test]
fn a_size_past_the_limit_is_at_the_limit() {
    let up = r#"scale_up = { app = "shop", max_size = "standard-2x" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("f").begin();
    day.happens(resize("Performance-L"));
    day.pass(mins(2));
    assert!(day.calls().is_empty());
    assert_eq!(day.why("larger"), "at_size_limit");
}

#[test]
fn a_size_off_the_ladder_is_an_explained_hold_and_no_tier_is_left() {
    let up = r#"scale_up = { app = "shop", max_size = "performance-l" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("f").begin();
    day.happens(resize("Performance-L-RAM"));
    day.pass(mins(2));
    assert_eq!(day.why("larger"), "off_ladder");

    let basic = AppSpec::new("shop").process("web", 1, "Basic").deploys(2);
    let mut day = Scenario::of(basic).file(one("larger", up)).front_reads("f").begin();
    day.pass(mins(2));
    assert_eq!(day.why("larger"), "off_ladder");
    assert!(day.calls().is_empty());
}

#[test]
fn fir_has_a_ladder_of_its_own() {
    let fir = AppSpec::new("shop")
        .place(Place::Fir)
        .process("web", 1, "dyno-1c-4gb")
        .mechanics(|mechanics| mechanics.cycling = Cycling::Never)
        .deploys(2);
    let up = r#"scale_up = { app = "shop", max_size = "dyno-4c-16gb" }"#;
    let mut day = Scenario::of(fir).file(one("larger", up)).front_reads("f").begin();
    day.pass(mins(4));
    assert_eq!(day.effects(), ["web dyno-2c-8gb", "web dyno-4c-16gb"]);
    assert_eq!(day.why("larger"), "at_size_limit");
}
