//! Settling: dynos that boot are let boot, whoever made them.

use crate::support::{Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, DeploySpec};

const AGAIN: &str = r#"restart_dyno = { app = "shop", dyno = "web.1" }"#;

fn boots_in(seconds: u64) -> AppSpec {
    shop().mechanics(|mechanics| mechanics.boot = secs(seconds))
}

#[test]
fn a_slow_boot_is_waited_for_and_the_first_reading_after_it_is_evidence() {
    let mut day = Scenario::of(boots_in(45)).file(one("again", AGAIN)).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.why("again"), "settling");
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 restart web.1", "1:30 restart web.1"]);
}

#[test]
fn a_reading_that_began_while_it_booted_is_no_evidence() {
    // Up at 1:30 sharp: the reading of that moment saw it boot, as far as anybody can tell.
    let mut day = Scenario::of(boots_in(60)).file(one("again", AGAIN)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.why("again"), "too_few_since");
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 restart web.1", "2:00 restart web.1"]);
}

#[test]
fn its_trigger_counts_from_the_end_of_settling() {
    let third = format!("trigger = 3\n{AGAIN}");
    let mut day = Scenario::of(shop()).file(one("again", &third)).front_reads("f").begin();
    day.readings(8);
    assert_eq!(day.calls(), ["1:30 restart web.1", "3:00 restart web.1"]);
}

#[test]
fn a_boot_that_a_person_began_is_waited_for_too() {
    let mut day = Scenario::of(boots_in(50)).file(one("again", AGAIN)).front_reads("f").begin();
    day.pass(secs(10));
    day.happens(AppEvent::RestartAll);
    day.readings(2);
    assert!(day.calls().is_empty());
    day.readings(1);
    assert_eq!(day.calls(), ["1:30 restart web.1"]);
}

#[test]
fn with_preboot_a_restart_is_waited_out_until_the_old_dyno_has_gone() {
    let all = r#"restart_all_dynos = { app = "shop" }"#;
    for (lines, effect) in [(AGAIN, "restart web.1"), (all, "restart all")] {
        let mut day = Scenario::of(shop().preboot()).file(one("again", lines)).front_reads("f").begin();
        day.readings(6);
        assert_eq!(day.why("again"), "preboot");
        day.pass(secs(29));
        assert_eq!(day.calls(), [format!("0:30 {effect}")], "the old one answers to the end");
        day.readings(1);
        assert_eq!(day.calls(), [format!("0:30 {effect}"), format!("3:30 {effect}")]);
    }
}

#[test]
fn a_preboot_that_a_person_began_is_waited_out_too() {
    let mut day = Scenario::of(shop().preboot()).file(one("again", AGAIN)).front_reads("f").begin();
    day.pass(secs(10));
    day.happens(AppEvent::RestartAll);
    day.pass(mins(3));
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    assert_eq!(day.why("again"), "preboot");
    day.pass(mins(1));
    assert_eq!(day.effects().first().unwrap(), "restart web.1");
}

#[test]
fn a_boot_that_never_ends_does_not_stop_the_cure() {
    let back = r#"rollback_release = { app = "shop", min_release = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).begin();
    day.pass(secs(10));
    day.happens(AppEvent::Deploy(DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot)));
    day.pass(mins(5));
    assert!(day.calls().is_empty(), "it crashed before it ever was up");
    day.pass(mins(3));
    assert_eq!(day.calls(), ["5:30 back to v5"]);
    assert_eq!(day.why("back"), "not_called_on");
}

#[test]
fn settle_is_what_the_file_says() {
    let lines = format!("settle = \"40s\"\n{AGAIN}");
    let mut day = Scenario::of(boots_in(600)).file(one("again", &lines)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 restart web.1", "1:30 restart web.1"]);
}

#[test]
fn the_settle_of_one_reaction_is_not_that_of_another() {
    // It would go back from a release that is as far back as it may, once the app has had its ten minutes.
    let patient = "settle = \"10m\"\nrollback_release = { app = \"shop\", min_release = 5 }";
    let file = front(&["again"])
        + &monitor("deep", r#"http = { url = "http://shop.localhost/deep" }"#, &["back"])
        + &reaction("again", &format!("settle = \"40s\"\ntrigger = 2\n{AGAIN}"))
        + &reaction("back", patient);
    let scenario = Scenario::of(boots_in(600)).file(file).front_reads("f").reads("deep", "f");
    let mut day = scenario.phase("deep", secs(15)).begin();
    day.readings(5);
    assert_eq!(day.why_on("deep", "back").0, "settling");
    assert_eq!(day.calls(), ["1:00 restart web.1", "2:30 restart web.1"]);
}

#[test]
fn changing_a_quantity_does_not_wait_for_dynos_that_boot() {
    let more = r#"scale_out = { app = "shop", max_quantity = 4 }"#;
    let mut day = Scenario::of(boots_in(200)).file(one("more", more)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3", "1:30 web=4"]);
}

#[test]
fn a_dyno_that_crashed_after_it_was_up_is_not_booting_also_across_a_restart_of_flyball() {
    let file = front(&["look"])
        + &monitor("deep", r#"http = { url = "http://shop.localhost/deep" }"#, &["again"])
        // At its limit, so that it looks at the app and does nothing.
        + &reaction("look", r#"scale_up = { app = "shop", max_size = "standard-1x" }"#)
        + &reaction("again", AGAIN);
    for (seen_up, killed, restarts) in [(true, false, 1), (true, true, 1), (false, false, 0)] {
        let front = if seen_up { "fp" } else { "p" };
        let scenario = Scenario::of(shop()).file(file.as_str()).front_reads(front).reads("deep", "pf");
        let mut day = scenario.begin();
        day.pass(secs(5));
        // After the first crash it boots at once, after the second it stays crashed for ten minutes.
        day.happens(AppEvent::Crash("web.1".to_owned()));
        day.pass(secs(40));
        day.happens(AppEvent::Crash("web.1".to_owned()));
        if killed {
            day.kill(secs(1));
        }
        day.pass(secs(30));
        assert_eq!(day.calls().len(), restarts, "seen up {seen_up}, killed {killed}: {:?}", day.timeline());
    }
}
