//! When a reaction is called: verdicts, streaks, gaps, causes, and what becomes of them when the file changes.

use crate::support::{Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_model::PauseScope;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 9 }"#;
const THIRD: &str = "trigger = 3\nscale_out = { app = \"shop\", max_quantity = 9 }";

fn calls_after(lines: &str, verdicts: &str) -> Vec<String> {
    let mut day = Scenario::of(shop()).file(one("more", lines)).front_reads(verdicts).begin();
    day.readings(verdicts.len() as u64);
    day.calls()
}

#[test]
fn it_acts_from_the_third_failing_reading_in_a_row_on_and_on_every_one_after() {
    assert_eq!(calls_after(THIRD, "ffpffff"), ["3:00 web=2", "3:30 web=3"]);
}

#[test]
fn a_trigger_of_zero_is_the_first_reading() {
    let zero = "trigger = 0\nscale_out = { app = \"shop\", max_quantity = 9 }";
    assert_eq!(calls_after(zero, "f"), ["0:30 web=2"]);
}

#[test]
fn a_reaction_called_on_passing_acts_on_passing_alone() {
    let passing = "call_on = true\ntrigger = 2\nscale_out = { app = \"shop\", max_quantity = 9 }";
    assert_eq!(calls_after(passing, "fppf?pp"), ["1:30 web=2", "3:30 web=3"]);
}

#[test]
fn unknown_never_causes_a_reaction() {
    assert!(calls_after(MORE, "?????").is_empty());
    let passing = "call_on = \"passing\"\nscale_out = { app = \"shop\", max_quantity = 9 }";
    assert!(calls_after(passing, "f????").is_empty());
}

#[test]
fn unknown_between_two_failings_neither_ends_nor_extends_the_streak() {
    assert_eq!(calls_after(THIRD, "f?f??f"), ["3:00 web=2"]);
}

#[test]
fn an_unknown_reading_is_told_and_calls_nothing_though_the_streak_goes_on() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f?f").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 web=2"]);
    assert_eq!(day.told("cannot look").len(), 1);
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=2", "1:30 web=3"]);
    assert_eq!(day.told("from failing").len(), 0, "a spell of unknown is no flip");
}

#[test]
fn after_a_gap_of_more_than_five_minutes_the_streak_starts_anew() {
    assert_eq!(calls_after(THIRD, "ff?????????f"), ["6:00 web=2"], "a gap of five minutes is none");
    assert_eq!(calls_after(THIRD, "ff??????????fff"), ["7:30 web=2"]);
}

#[test]
fn a_gap_of_three_long_intervals_is_none() {
    let slow = one("more", THIRD).replace("http =", "every = \"3m\"\nhttp =");
    let mut day = Scenario::of(shop()).file(slow).front_reads("ff??f").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["15:00 web=2"]);
}

#[test]
fn a_streak_survives_a_restart_of_flyball() {
    let mut day = Scenario::of(shop()).file(one("more", THIRD)).front_reads("f").begin();
    day.readings(2);
    day.kill(secs(10));
    day.readings(1);
    assert_eq!(day.calls(), ["1:30 web=2"]);
}

#[test]
fn a_streak_does_not_survive_a_long_time_without_flyball() {
    let mut day = Scenario::of(shop()).file(one("more", THIRD)).front_reads("f").begin();
    day.readings(2);
    day.kill(mins(6));
    day.readings(2);
    assert!(day.calls().is_empty());
    day.readings(1);
    assert_eq!(day.calls(), ["8:30 web=2"]);
}

#[test]
fn a_monitor_that_looks_elsewhere_now_loses_its_streak_and_others_keep_theirs() {
    let file = |url: &str, every: &str| {
        let http = format!("every = \"{every}\"\nhttp = {{ url = \"{url}\" }}");
        monitor("front", &http, &["more"]) + &reaction("more", THIRD)
    };
    let page = "http://shop.localhost/";
    let mut day = Scenario::of(shop()).file(file(page, "30s")).front_reads("f").begin();
    day.readings(2);
    day.new_file(&file(page, "15s"));
    day.readings(1);
    assert_eq!(day.effects(), ["web=2"], "the interval is no part of what it looks at");

    let mut day = Scenario::of(shop()).file(file(page, "30s")).front_reads("f").begin();
    day.readings(2);
    day.new_file(&file("http://shop.localhost/other", "30s"));
    day.readings(2);
    assert!(day.calls().is_empty());
    day.readings(1);
    assert_eq!(day.effects(), ["web=2"]);
}

#[test]
fn a_changed_file_that_is_read_at_a_restart_counts_the_same() {
    let mut day = Scenario::of(shop()).file(one("more", THIRD)).front_reads("f").begin();
    day.readings(2);
    day.kill(secs(1));
    day.new_file(&one("more", THIRD).replace("localhost/", "localhost/other"));
    day.kill(secs(1));
    day.readings(2);
    assert!(day.calls().is_empty());
}

#[test]
fn a_removed_monitor_stops_and_so_does_one_that_is_switched_off() {
    let back = monitor("back", r#"http = { url = "http://shop.localhost/back" }"#, &[]);
    let mut day = Scenario::of(shop()).file(one("more", MORE) + &back).front_reads("f").begin();
    day.readings(1);
    day.new_file(&(back.clone() + &reaction("more", MORE)));
    day.pass(mins(3));
    assert_eq!(day.effects(), ["web=2"]);

    let off = one("more", MORE).replace("http =", "enabled = false\nhttp =");
    let mut day = Scenario::of(shop()).file(off + &back).front_reads("f").begin();
    day.pass(mins(3));
    assert!(day.calls().is_empty());
}

#[test]
fn a_reaction_that_is_switched_off_in_the_file_holds_and_says_so() {
    let off = "enabled = false\nscale_out = { app = \"shop\", max_quantity = 9 }";
    let mut day = Scenario::of(shop()).file(one("more", off)).front_reads("f").begin();
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("more"), "disabled");
}

#[test]
fn a_rename_is_a_new_monitor() {
    let mut day = Scenario::of(shop()).file(one("more", THIRD)).front_reads("f").reads("shop", "f").begin();
    day.readings(2);
    day.new_file(&one("more", THIRD).replace("\"front\"", "\"shop\""));
    day.pass(secs(60));
    assert!(day.calls().is_empty());
    day.pass(secs(30));
    assert_eq!(day.effects(), ["web=2"]);
}

#[test]
fn a_reaction_with_causes_holds_while_the_reading_fails_for_another() {
    let on_time_out = "trigger = 2\ncauses = [\"time_out\"]\nscale_out = { app = \"shop\", max_quantity = 9 }";
    // The streak is the monitor's: a failing reading is a failing reading.
    assert_eq!(calls_after(on_time_out, "ffof"), ["1:30 web=2"]);
}

#[test]
fn after_a_resume_the_streak_starts_anew() {
    let mut day = Scenario::of(shop()).file(one("more", THIRD)).front_reads("f").begin();
    day.readings(1);
    day.pause(PauseScope::Everything, None);
    day.readings(5);
    day.resume(&PauseScope::Everything);
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("more"), "too_few_since");
    day.readings(1);
    assert_eq!(day.calls(), ["4:30 web=2"]);
}

#[test]
fn an_app_is_watched_by_its_dynos_too() {
    let file = monitor("front", r#"heroku_dynos = { app = "shop", process_type = "worker" }"#, &["again"])
        + &reaction("again", r#"restart_dyno = { app = "shop", dyno = "worker.1" }"#);
    let mut day = Scenario::of(shop()).file(file).begin();
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.streak("front"), 2);
    // The second crash in a row waits for ten minutes before the platform starts the dyno again.
    for _ in 0..2 {
        day.happens(flyball_heroku_sim::AppEvent::Crash("worker.1".to_owned()));
        day.pass(secs(1));
    }
    day.pass(mins(6));
    assert_eq!(day.effects(), ["restart worker.1"]);
    day.pass(mins(2));
    assert_eq!(day.why("again"), "not_called_on");
}

#[test]
fn nothing_that_is_attached_to_nothing_acts() {
    let file = front(&[]) + &reaction("more", MORE);
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(4);
    assert!(day.calls().is_empty() && day.runs().is_empty());
    assert_eq!(day.live().stats().total(), 0, "nobody asks Heroku for what nobody needs");
}
