//! Out and in: one dyno at a time, between the limits.

use crate::support::{Scenario, front, one, reaction, shop};
use flyball_heroku_sim::AppEvent;
use std::time::Duration;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 4 }"#;
const FEWER: &str = "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 2 }";

fn scale(process: &str, quantity: u32) -> AppEvent {
    AppEvent::Scale { process: process.to_owned(), quantity }
}

#[test]
fn out_by_one_at_each_failing_reading_until_the_maximum_and_then_no_call() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin();
    day.readings(6);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3", "1:30 web=4"]);
    assert_eq!(day.web(), (4, "Standard-1X"));
    assert_eq!(day.why("more"), "at_maximum");
    assert_eq!(day.told("at limit").len(), 1, "the same reason again is counted, not repeated");
    assert_eq!(day.outcomes(), ["done", "done", "done"]);
}

#[test]
fn out_stops_at_once_when_the_monitor_passes() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("ffpffp").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3"]);
    day.readings(3);
    assert_eq!(day.calls().last().unwrap(), "2:00 web=4");
    assert_eq!(day.calls().len(), 3);
}

#[test]
fn a_surge_is_met_by_as_many_dynos_as_it_needs() {
    let app = shop().load(Duration::ZERO, 31.0);
    let mut day = Scenario::of(app).file(one("more", MORE)).begin();
    day.readings(8);
    assert_eq!(day.web().0, 3, "each answers 15 requests a second at the most: {:?}", day.calls());
    assert_eq!(day.why("more"), "not_called_on");
}

#[test]
fn in_by_one_at_each_passing_reading_until_the_minimum() {
    let mut day = Scenario::of(shop()).file(one("fewer", FEWER)).front_reads("p").begin();
    day.happens(scale("web", 4));
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 web=3", "1:00 web=2"]);
    assert_eq!(day.why("fewer"), "at_minimum");
}

#[test]
fn in_stops_at_once_when_the_monitor_fails() {
    let mut day = Scenario::of(shop()).file(one("fewer", FEWER)).front_reads("pfff").begin();
    day.happens(scale("web", 6));
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 web=5"]);
}

#[test]
fn another_process_type_is_scaled_when_it_is_named() {
    let more = r#"scale_out = { app = "shop", process_type = "worker", max_quantity = 2 }"#;
    let mut day = Scenario::of(shop()).file(one("more", more)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 worker=2"]);
    assert_eq!(day.web().0, 1);
}

#[test]
fn a_process_type_that_does_not_exist_is_an_explained_hold() {
    let more = r#"scale_out = { app = "shop", process_type = "clock", max_quantity = 2 }"#;
    let mut day = Scenario::of(shop()).file(one("more", more)).front_reads("f").begin();
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.told("no process type clock: see `heroku ps`").len(), 1);
}

#[test]
fn a_quantity_past_the_limit_is_at_the_limit_and_never_stepped_back() {
    let both = front(&["more", "fewer"]) + &reaction("more", MORE) + &reaction("fewer", FEWER);
    let mut day = Scenario::of(shop()).file(both).front_reads("fffppp").begin();
    day.happens(scale("web", 7));
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("more"), "at_maximum");
    day.happens(scale("web", 1));
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("fewer"), "at_minimum");
}

#[test]
fn out_from_zero_undoes_nobodys_decision_unless_it_is_asked_to() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin();
    day.happens(scale("web", 0));
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("more"), "from_zero");

    let asked = r#"scale_out = { app = "shop", max_quantity = 4, from_zero = true }"#;
    let mut day = Scenario::of(shop()).file(one("more", asked)).front_reads("f").begin();
    day.happens(scale("web", 0));
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=1"]);
}

#[test]
fn what_a_person_scaled_in_between_is_where_the_next_step_begins() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin();
    day.readings(1);
    day.happens(scale("web", 1));
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=2"]);
}

#[test]
fn in_waits_for_stabilize_after_an_out() {
    let both = front(&["more", "fewer"]) + &reaction("more", MORE) + &reaction("fewer", FEWER);
    let mut day = Scenario::of(shop()).file(both).front_reads("ffp").begin();
    day.happens(scale("web", 2));
    day.readings(11);
    assert_eq!(day.calls(), ["0:30 web=3", "1:00 web=4"]);
    assert_eq!(day.why("fewer"), "stabilizing");
    // Five minutes after the last out, and not before.
    day.readings(1);
    assert_eq!(day.calls().last().unwrap(), "6:00 web=3");
}

#[test]
fn stabilize_is_what_the_file_says_and_another_process_type_does_not_count() {
    let workers = "call_on = \"passing\"\nscale_in = { app = \"shop\", process_type = \"worker\", min_quantity = 0 }";
    let soon = "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 1, stabilize = \"45s\" }";
    let file = front(&["more", "web", "workers"])
        + &reaction("more", MORE)
        + &reaction("web", soon)
        + &reaction("workers", workers);
    let mut day = Scenario::of(shop()).file(file).front_reads("fp").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 worker=0", "1:30 web=1"]);
}
