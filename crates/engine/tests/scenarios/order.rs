//! One app, one at a time: who goes first, who stands back, and who waits.

use crate::support::{Scenario, Spoilt, front, lock, mins, monitor, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Cycling, Fault, FaultKind};

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 9 }"#;
const ALL: [(&str, &str); 7] = [
    ("in", "call_on = \"failing\"\nscale_in = { app = \"shop\", process_type = \"worker\", min_quantity = 0 }"),
    (
        "down",
        "call_on = \"failing\"\nscale_down = { app = \"shop\", process_type = \"worker\", min_size = \"standard-1x\" }",
    ),
    ("out", r#"scale_out = { app = "shop", max_quantity = 9 }"#),
    ("up", r#"scale_up = { app = "shop", max_size = "performance-2xl" }"#),
    ("one", r#"restart_dyno = { app = "shop", dyno = "web.1" }"#),
    ("all", r#"restart_all_dynos = { app = "shop" }"#),
    ("back", r#"rollback_release = { app = "shop", min_release = 1 }"#),
];

#[test]
fn of_those_that_would_act_in_the_same_moment_the_first_of_the_order_goes() {
    let expected =
        ["worker=0", "worker Standard-1X", "web=2", "web Standard-2X", "restart web.1", "restart all", "back to v4"];
    // With each kind more, the one that was added goes, and every other says which it lets go first.
    for (most, expected) in (1..=ALL.len()).zip(expected) {
        let present = &ALL[..most];
        let names: Vec<&str> = present.iter().map(|(name, _)| *name).collect();
        let reactions: String = present.iter().map(|(name, lines)| reaction(name, lines)).collect();
        let mut day = Scenario::of(shop()).file(front(&names) + &reactions).front_reads("f").begin();
        day.happens(AppEvent::Resize { process: "worker".to_owned(), size: "Standard-2X".to_owned() });
        day.pass(secs(29));
        day.readings(1);
        assert_eq!(day.calls(), [format!("0:30 {expected}")], "{names:?}");
        for (name, _) in &present[..most - 1] {
            assert_eq!(day.why(name), "outranked", "{name} of {names:?}");
        }
    }
}

#[test]
fn a_ladder_restarts_at_the_second_reading_and_rolls_back_at_the_fifth() {
    let file = front(&["again", "back"])
        + &reaction("again", "trigger = 2\ncooldown = \"10m\"\nrestart_all_dynos = { app = \"shop\" }")
        + &reaction("back", "trigger = 5\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(10);
    // The restart settles at 1:10: the rollback's five readings count from there, since earlier ones saw other dynos.
    assert_eq!(day.calls(), ["1:00 restart all", "3:30 back to v4"]);
    assert_eq!(day.why("again"), "cooling_down");
}

#[test]
fn a_ladder_climbs_also_when_its_lower_rung_would_act_again_and_again() {
    let file = front(&["again", "back"])
        + &reaction("again", "trigger = 2\nrestart_all_dynos = { app = \"shop\" }")
        + &reaction("back", "trigger = 5\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(6);
    assert_eq!(day.why("again"), "outranked", "the rollback's turn has come, and it waits for its five readings");
    day.readings(3);
    assert_eq!(day.calls(), ["1:00 restart all", "2:00 restart all", "4:30 back to v4"]);
}

#[test]
fn a_ladder_does_not_fall_together_when_an_outage_of_the_api_ends() {
    let app = || shop().mechanics(|mechanics| mechanics.one_off_runs = secs(80));
    let file = front(&["clean up", "back"])
        + &reaction("clean up", "trigger = 2\ncreate_one_off_dyno = { app = \"shop\", command = \"clean\" }")
        + &reaction("back", "trigger = 4\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(app()).file(file).front_reads("f").begin();
    day.fault(Fault::new(FaultKind::Status(503)).on("GET", "*"));
    day.pass(mins(60));
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    day.world(flyball_heroku_sim::World::clear_faults);
    day.pass(mins(10));
    // The clean-up first; the rollback at the fourth reading after its dyno has ended, and nothing below it meanwhile.
    assert_eq!(day.calls()[..2], ["60:30 run clean", "64:00 back to v4"], "{:?}", day.calls());
}

#[test]
fn a_ladder_climbs_past_a_clean_up_that_would_run_again_and_again() {
    let app = || shop().mechanics(|mechanics| mechanics.one_off_runs = secs(20));
    let file = front(&["clean up", "back"])
        + &reaction("clean up", "create_one_off_dyno = { app = \"shop\", command = \"clean\" }")
        + &reaction("back", "trigger = 4\nrollback_release = { app = \"shop\", max_steps = 1 }");
    let mut day = Scenario::of(app()).file(file).front_reads("f").begin();
    day.readings(6);
    assert_eq!(day.why("clean up"), "outranked", "{:?}", day.calls());
    day.readings(2);
    assert_eq!(day.calls()[2..4], ["1:30 run clean", "3:30 back to v4"], "{:?}", day.calls());
}

#[test]
fn in_and_down_stand_back_for_as_long_as_an_adder_has_its_condition_met() {
    let file = front(&["more"])
        + &monitor("calm", r#"http = { url = "http://shop.localhost/calm" }"#, &["fewer", "smaller"])
        + &reaction("more", "cooldown = \"1h\"\nscale_out = { app = \"shop\", max_quantity = 2 }")
        + &reaction(
            "fewer",
            "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 1, stabilize = \"0s\" }",
        )
        + &reaction("smaller", "call_on = \"passing\"\nscale_down = { app = \"shop\", min_size = \"standard-1x\" }");
    let mut day = Scenario::of(shop()).file(file).front_reads("fffp").reads("calm", "p").begin();
    day.happens(AppEvent::Resize { process: "web".to_owned(), size: "Standard-2X".to_owned() });
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2"]);
    for name in ["fewer", "smaller"] {
        assert_eq!(day.why_on("calm", name).0, "stands_back", "{name}");
    }
    day.readings(2);
    assert_eq!(day.calls()[1..], ["2:00 web Standard-1X", "2:30 web=1"], "down goes before in");
}

#[test]
fn an_adder_to_another_process_type_is_no_reason_to_stand_back() {
    let file = front(&["more"])
        + &monitor("calm", r#"http = { url = "http://shop.localhost/calm" }"#, &["fewer"])
        + &reaction("more", r#"scale_out = { app = "shop", process_type = "worker", max_quantity = 1 }"#)
        + &reaction("fewer", "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 0 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").reads("calm", "p").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=0"]);
}

#[test]
fn one_app_does_not_wait_for_another() {
    let other =
        AppSpec::new("other").process("web", 1, "Standard-1X").mechanics(|m| m.cycling = Cycling::Never).deploys(2);
    let file = front(&["more", "other"])
        + &reaction("more", MORE)
        + &reaction("other", r#"restart_all_dynos = { app = "other" }"#);
    let mut day = Scenario::of(shop()).and(other).file(file).front_reads("fp").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 web=2", "0:30 other: restart all"]);
}

#[test]
fn while_a_run_on_the_app_is_open_the_others_hold() {
    let file = front(&["more"])
        + &monitor("deep", r#"http = { url = "http://shop.localhost/deep" }"#, &["again"])
        + &reaction("more", MORE)
        + &reaction("again", r#"restart_all_dynos = { app = "shop" }"#);
    let scenario = Scenario::of(shop()).file(file).front_reads("fp").reads("deep", "f").phase("deep", secs(45));
    let mut day = scenario.begin();
    day.spoil("PATCH /apps/shop/formation", Spoilt::TooLate);
    let until = day.now() + secs(50);
    day.after("PATCH /apps/shop/formation", 1, move |outside| async move {
        let fault = Fault::new(FaultKind::Status(503)).on("GET", "/apps/*").between(outside.time.now(), until);
        lock(&outside.world).add_fault(fault);
    });
    day.pass(secs(49));
    assert_eq!(day.calls(), ["0:30 web=2"]);
    assert_eq!(day.why_on("deep", "again").0, "app_busy", "its answer was lost, and nobody can look");
    day.pass(secs(10));
    assert_eq!(day.calls(), ["0:30 web=2", "0:57 restart all"], "who waited is asked as soon as the run has ended");
    assert_eq!(day.outcomes(), ["done", "done"]);
}

#[test]
fn one_reaction_on_several_monitors_starts_at_most_once_in_their_shortest_interval() {
    let page = |every: &str| format!("every = \"{every}\"\nhttp = {{ url = \"http://shop.localhost/\" }}");
    for (one, two) in [(30, 30), (30, 31), (30, 45), (29, 31), (10, 59)] {
        let file = monitor("one", &page("30s"), &["more"])
            + &monitor("two", &page("40s"), &["more"])
            + &reaction("more", r#"scale_out = { app = "shop", max_quantity = 99 }"#);
        let scenario = Scenario::of(shop()).file(file).reads("one", "f").reads("two", "f");
        let mut day = scenario.phase("one", secs(one)).phase("two", secs(two)).begin();
        day.pass(mins(10));
        let starts: Vec<i64> = day.runs().iter().map(|run| run.queued_at.as_millis()).collect();
        let runs = starts.len();
        // Half-minutes of the clock, so that readings that come a little early or late are not held up by the last.
        let mut intervals: Vec<i64> = starts.iter().map(|start| start / 30_000).collect();
        intervals.dedup();
        assert_eq!(intervals.len(), runs, "{one} {two}: {:?}", day.calls());
        assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= 15_000), "{one} {two}: {:?}", day.calls());
        assert!(runs >= 19, "{one} {two}: it acts on every reading that it may: {:?}", day.calls());
    }
}

#[test]
fn two_monitors_that_call_in_the_same_moment_start_one_run() {
    let page = r#"http = { url = "http://shop.localhost/" }"#;
    let sleep = r#"create_one_off_dyno = { app = "shop", command = "sleep", at_once = 9 }"#;
    for lines in [MORE, sleep] {
        let file = monitor("one", page, &["it"]) + &monitor("two", page, &["it"]) + &reaction("it", lines);
        let mut day = Scenario::of(shop()).file(file).reads("one", "f").reads("two", "f").begin();
        day.pass(secs(59));
        assert_eq!(day.calls().len(), 1, "{:?}", day.calls());
    }
}

#[test]
fn what_only_tells_holds_nobody_up() {
    let file = front(&["back", "more"])
        + &reaction("back", "mode = \"dry_run\"\nrollback_release = { app = \"shop\", min_release = 1 }")
        + &reaction("more", MORE);
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3"]);
    assert_eq!(day.told("would take shop back from v5 to v4").len(), 1);
}

#[test]
fn a_dry_run_does_everything_but_the_effect() {
    for file in
        [one("more", &format!("mode = \"dry_run\"\n{MORE}")), format!("mode = \"dry_run\"\n\n{}", one("more", MORE))]
    {
        let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
        day.readings(4);
        assert!(day.calls().is_empty() && day.runs().is_empty());
        assert_eq!(day.told("would take web of shop from 1 to 2").len(), 1, "the same again is counted, not repeated");
        assert_eq!(day.why("more"), "matched");
    }
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").dry_run().begin();
    day.readings(4);
    assert!(day.calls().is_empty());
}

#[test]
fn a_dry_run_tells_the_same_again_in_the_next_episode() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("ffpf").dry_run().begin();
    day.readings(5);
    assert_eq!(day.told("would take web of shop from 1 to 2").len(), 2);
}

#[test]
fn a_dry_run_keeps_a_cooldown_and_a_settling_of_its_own() {
    let lines = "mode = \"dry_run\"\ncooldown = \"2m\"\nscale_out = { app = \"shop\", max_quantity = 9 }";
    let mut day = Scenario::of(shop()).file(one("more", lines)).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.why("more"), "cooling_down");

    let lines = "mode = \"dry_run\"\nrestart_all_dynos = { app = \"shop\" }";
    let mut day = Scenario::of(shop()).file(one("again", lines)).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.why("again"), "dry_settling");
    day.readings(9);
    assert_eq!(day.why("again"), "matched");
}
