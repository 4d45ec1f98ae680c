//! Blast radius: how much is done to an app in an hour, by a reaction in a time, and in one episode.

use crate::support::{Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_engine::commands::Considered;
use flyball_heroku_sim::AppEvent;
use flyball_model::PauseScope;

const AGAIN: &str = "settle = \"0s\"\nrestart_dyno = { app = \"shop\", dyno = \"web.1\" }";

#[test]
fn an_app_has_no_more_than_its_effects_in_an_hour_and_then_goes_on() {
    let file =
        "[limits]\neffects_per_hour = 3\n\n".to_owned() + &one("again", &format!("give_up_after = 100\n{AGAIN}"));
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.pass(mins(60));
    assert_eq!(day.calls().len(), 3, "{:?}", day.calls());
    assert_eq!(day.why("again"), "app_spent");
    let (_, words) = day.why_on("front", "again");
    assert!(words.starts_with("the app had 3 restarts, resizes and one-off dynos within an hour"), "{words}");
    day.pass(mins(2));
    assert!(day.calls().len() > 3, "the first is an hour old");
}

#[test]
fn a_rollback_has_its_own_and_a_quantity_is_not_counted() {
    let file = "[limits]\neffects_per_hour = 1\nrollbacks_per_hour = 1\n\n".to_owned()
        + &front(&["again", "more", "back"])
        + &reaction("again", AGAIN)
        + &reaction("more", "trigger = 4\nscale_out = { app = \"shop\", max_quantity = 4 }")
        + &reaction("back", "trigger = 12\nsettle = \"0s\"\nrollback_release = { app = \"shop\", min_release = 1 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.pass(mins(20));
    assert_eq!(day.effects(), ["restart web.1", "web=2", "web=3", "web=4", "back to v4"]);
    assert_eq!((day.why("again"), day.why("back")), ("app_spent", "app_spent"));
}

#[test]
fn one_off_dynos_decided_in_one_moment_do_not_pass_the_limit_together() {
    let clean = |n: u32| format!("create_one_off_dyno = {{ app = \"shop\", command = \"clean {n}\" }}");
    let file = "[limits]\neffects_per_hour = 2\n\n".to_owned()
        + &front(&["one", "two", "three"])
        + &reaction("one", &clean(1))
        + &reaction("two", &clean(2))
        + &reaction("three", &clean(3));
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.pass(mins(30));
    assert_eq!(day.effects(), ["run clean 1", "run clean 2"]);
    assert_eq!(day.outcomes(), ["done", "done"], "the third was never decided");
}

#[test]
fn a_limit_holds_across_a_kill_and_for_whoever_asks() {
    let cases = [
        ("[limits]\neffects_per_hour = 1\n\n", "", Some("app_spent")),
        ("", "max_per_hour = 1\n", Some("reaction_spent")),
        ("", "max_per_day = 1\n", Some("reaction_spent")),
        // It needs a person then, and this is one.
        ("", "give_up_after = 1\n", None),
    ];
    for (limits, policy, held) in cases {
        let file = limits.to_owned() + &one("again", &format!("{policy}{AGAIN}"));
        let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
        day.readings(1);
        day.kill(secs(5));
        day.readings(10);
        assert_eq!(day.calls().len(), 1, "{limits}{policy}");
        let (engine, again) = (day.engine(), "again".parse().expect("a name"));
        let considered = day.asks(async move { engine.consider(&again).await });
        let because = match considered.expect("it can be considered") {
            Considered::Holds(because) => Some(because.code()),
            Considered::Would(_) => None,
        };
        assert_eq!(because, held, "{limits}{policy}");
    }
}

#[test]
fn a_reaction_has_limits_of_its_own_where_the_file_says_so() {
    let more = "scale_out = { app = \"shop\", max_quantity = 9 }";
    for (limit, after, more_after) in
        [("max_per_hour = 2", mins(59), mins(3)), ("max_per_day = 2", mins(120), mins(1322))]
    {
        let mut day = Scenario::of(shop()).file(one("more", &format!("{limit}\n{more}"))).front_reads("f").begin();
        day.pass(after);
        assert_eq!(day.effects(), ["web=2", "web=3"], "{limit}");
        assert_eq!(day.why("more"), "reaction_spent");
        day.pass(more_after);
        assert!(day.effects().len() > 2, "{limit}");
    }
}

#[test]
fn after_ten_restarts_that_did_not_help_it_needs_a_person_until_the_monitor_has_passed() {
    let mut day = Scenario::of(shop()).file(one("again", AGAIN)).front_reads("f").begin();
    day.pass(mins(40));
    assert_eq!(day.calls().len(), 10);
    assert_eq!(day.why("again"), "given_up");
    assert_eq!(day.told("It needs a person").len(), 1, "told once");
    // A restart of Flyball is no recovery.
    day.kill(secs(5));
    day.pass(mins(2));
    assert_eq!(day.calls().len(), 10);
    day.front_reads("pf");
    day.pass(mins(2));
    assert!(day.calls().len() > 10, "a new episode begins anew");
}

#[test]
fn what_is_called_on_passing_readings_never_gives_up() {
    let smaller = "call_on = \"passing\"\nsettle = \"0s\"\nscale_down = { app = \"shop\", min_size = \"standard-1x\" }";
    let file = one("smaller", smaller);
    let mut day = Scenario::of(shop()).file(file).front_reads("p").begin();
    for _ in 0..12 {
        day.happens(AppEvent::Resize { process: "web".to_owned(), size: "Standard-2X".to_owned() });
        day.readings(2);
    }
    assert!(day.effects().len() > 10, "{:?}", day.effects());
}

#[test]
fn a_global_pause_stops_every_effect_and_survives_restarts() {
    let file = front(&["again"])
        + &monitor("back door", r#"http = { url = "http://shop.localhost/" }"#, &["more"])
        + &reaction("again", AGAIN)
        + &reaction("more", "scale_out = { app = \"shop\", max_quantity = 9 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").reads("back door", "f").begin();
    day.pause(PauseScope::Everything, None);
    day.readings(2);
    day.kill(secs(5));
    day.kill(secs(5));
    day.readings(2);
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    assert_eq!((day.why("again"), day.why_on("back door", "more").0), ("paused", "paused"));
    day.resume(&PauseScope::Everything);
    day.readings(2);
    assert!(!day.calls().is_empty());
}
