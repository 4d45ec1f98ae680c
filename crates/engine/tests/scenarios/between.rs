//! What comes between: a pause, a person, maintenance, another file, while a look is in flight. No call is sent on what
//! no longer holds.

use crate::support::{Day, Outside, Scenario, mins, one, secs, shop};
use flyball_heroku_sim::{AppEvent, DeploySpec, Event, Maintenance};
use flyball_model::{Outcome, PauseScope};
use std::time::Duration;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 9 }"#;
const LOOK: &str = "GET /apps/shop/formation";

fn more() -> Day {
    Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin()
}

/// Nothing was sent, and the one run says why.
fn assert_superseded(day: &Day, words: &str) {
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    let Outcome::Superseded { why } = day.last_outcome() else { panic!("{:?}", day.outcomes()) };
    assert!(why.to_string().contains(words), "{why}");
    assert_eq!(day.told("superseded, no call was sent").len(), 1);
}

#[test]
fn while_it_is_paused_nothing_is_called_and_everything_is_observed_and_told() {
    let mut day = more();
    day.pause(PauseScope::Everything, None);
    day.readings(4);
    assert!(day.calls().is_empty() && day.runs().is_empty());
    assert_eq!(day.streak("front"), 4);
    assert_eq!(day.told("holds: everything is paused").len(), 1);
    day.resume(&PauseScope::Everything);
    day.readings(1);
    assert_eq!(day.calls(), ["2:30 web=2"]);
}

#[test]
fn an_app_a_reaction_or_everything_can_be_paused() {
    let scope = |word: &str| match word {
        "app" => PauseScope::App("shop".parse().unwrap()),
        "other app" => PauseScope::App("other".parse().unwrap()),
        "reaction" => PauseScope::Reaction("more".parse().unwrap()),
        "other reaction" => PauseScope::Reaction("less".parse().unwrap()),
        _ => PauseScope::Everything,
    };
    for (word, calls) in [("app", 0), ("reaction", 0), ("everything", 0), ("other app", 2), ("other reaction", 2)] {
        let mut day = more();
        day.pause(scope(word), None);
        day.readings(2);
        assert_eq!(day.calls().len(), calls, "{word}");
    }
}

#[test]
fn a_pause_for_a_time_ends_by_itself() {
    let mut day = more();
    day.pause(PauseScope::Everything, Some(secs(75)));
    day.readings(3);
    assert_eq!(day.calls(), ["1:30 web=2"]);
}

#[test]
fn a_pause_holds_across_a_kill() {
    let mut day = more();
    day.pause(PauseScope::Everything, None);
    day.readings(1);
    day.kill(secs(5));
    day.readings(3);
    assert!(day.calls().is_empty());
}

#[test]
fn a_cooldown_holds_across_a_kill() {
    let file = one("more", &format!("cooldown = \"3m\"\n{MORE}"));
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(2);
    day.kill(secs(5));
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 web=2"]);
    assert_eq!(day.why("more"), "cooling_down");
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=2", "3:30 web=3"]);
}

#[test]
fn a_pause_that_arrives_while_a_choice_looks_stops_the_call() {
    let mut day = more();
    day.before(LOOK, 3, |outside| async move { outside.pause(PauseScope::Everything, None) });
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 web=2"]);
    let Outcome::Superseded { why } = day.last_outcome() else { panic!("{:?}", day.outcomes()) };
    assert_eq!(why.to_string(), "everything was paused by ops");
}

#[test]
fn a_pause_that_arrives_while_an_app_is_looked_at_first_is_a_hold() {
    let mut day = more();
    day.before(LOOK, 1, |outside| async move { outside.pause(PauseScope::Everything, None) });
    day.readings(1);
    assert!(day.calls().is_empty() && day.runs().is_empty());
    assert_eq!(day.why("more"), "paused");
}

#[test]
fn a_pause_that_arrives_while_the_plan_is_checked_stops_the_call() {
    let mut day = more();
    day.after(LOOK, 2, |outside| async move { outside.pause(PauseScope::Everything, None) });
    day.readings(1);
    assert_superseded(&day, "everything was paused by ops");
}

#[test]
fn a_pause_that_arrives_in_the_last_instant_stops_the_call() {
    let mut day = more();
    day.before("store mark_sent", 1, |outside| async move {
        outside.pause(PauseScope::Reaction("more".parse().unwrap()), None);
    });
    day.readings(1);
    assert_superseded(&day, "reaction \"more\" was paused by ops");
}

#[test]
fn a_person_who_scales_between_look_and_call_is_not_overruled() {
    let mut day = more();
    day.before(LOOK, 2, |outside| async move {
        outside.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 6 });
    });
    day.readings(1);
    assert_superseded(&day, "web has 6 dynos by now, and not 1");
    day.readings(1);
    assert_eq!(day.calls(), ["1:00 web=7"], "the next reading decides anew");
}

#[test]
fn a_person_who_resizes_between_look_and_call_is_not_overruled() {
    let up = r#"scale_up = { app = "shop", max_size = "performance-m" }"#;
    let mut day = Scenario::of(shop()).file(one("larger", up)).front_reads("f").begin();
    day.before(LOOK, 2, |outside| async move {
        outside.happens(AppEvent::Resize { process: "web".to_owned(), size: "Performance-L".to_owned() });
    });
    day.readings(1);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes(), ["superseded"]);
}

#[test]
fn a_person_who_restarts_between_look_and_call_has_done_it_already() {
    for (lines, words) in [
        (r#"restart_dyno = { app = "shop", dyno = "web.1" }"#, "booting"),
        (r#"restart_all_dynos = { app = "shop" }"#, "booting"),
    ] {
        let mut day = Scenario::of(shop()).file(one("again", lines)).front_reads("f").begin();
        day.before("GET /apps/shop/dynos", 2, |outside| async move { outside.happens(AppEvent::RestartAll) });
        day.readings(1);
        assert_superseded(&day, words);
    }
}

#[test]
fn a_person_who_deploys_between_look_and_call_is_not_rolled_back() {
    let back = r#"rollback_release = { app = "shop", min_release = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.before("GET /apps/shop/dynos", 2, |outside| async move {
        outside.happens(AppEvent::Deploy(DeploySpec::new("fix")));
    });
    day.readings(1);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes(), ["superseded"]);
    assert_eq!(day.release(), (6, 6));
}

#[test]
fn a_release_phase_that_began_between_look_and_call_is_waited_for() {
    let back = r#"rollback_release = { app = "shop", min_release = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.before("GET /apps/shop/dynos", 2, |outside| async move {
        let phase = DeploySpec::new("fix").release_phase(mins(2), flyball_heroku_sim::Outcome::Succeeds);
        outside.happens(AppEvent::Deploy(phase));
    });
    day.readings(1);
    assert_superseded(&day, "v6 is in its release phase by now");
}

#[test]
fn maintenance_mode_holds_everything_on_the_app() {
    let mut day = more();
    day.happens(AppEvent::Maintenance(Maintenance::On));
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("more"), "maintenance");
    day.happens(AppEvent::Maintenance(Maintenance::Off));
    day.readings(1);
    assert_eq!(day.calls(), ["2:00 web=2"]);

    let all_the_same = one("more", &format!("in_maintenance = true\n{MORE}"));
    let mut day = Scenario::of(shop().in_maintenance()).file(all_the_same).front_reads("f").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 web=2"]);
}

#[test]
fn maintenance_mode_that_is_switched_on_between_look_and_call_stops_it() {
    let mut day = more();
    day.before("GET /apps/shop", 2, |outside| async move {
        outside.happens(AppEvent::Maintenance(Maintenance::On));
    });
    day.readings(1);
    assert_superseded(&day, "the app is in maintenance mode");
}

#[test]
fn a_page_that_is_well_by_now_needs_no_call() {
    let mut day = more();
    day.front_reads("fp");
    day.before(LOOK, 2, another_reading);
    day.readings(1);
    assert_superseded(&day, "the monitor does not call for it any more");
}

#[test]
fn a_file_that_no_longer_wants_it_stops_the_call() {
    let file = |lines: &str| one("more", lines);
    for (changed, words) in [
        (file(&format!("mode = \"dry_run\"\n{MORE}")), "only tells by now"),
        (file(MORE).replace("reactions = [\"more\"]", ""), "not attached to the monitor any more"),
        (file(&format!("trigger = 5\n{MORE}")), "the monitor does not call for it any more"),
        (file(MORE).replace("\"more\"", "\"other\""), "not in the file"),
    ] {
        let mut day = more();
        let definitions = flyball_config::read("flyball.toml", &changed).unwrap();
        day.before(LOOK, 2, |outside| async move { outside.engine().apply(&definitions).await.unwrap() });
        day.readings(1);
        assert_superseded(&day, words);
    }
}

#[test]
fn an_app_that_was_renamed_between_look_and_call_is_not_called_by_its_old_name() {
    let mut day = more();
    day.before("GET /apps/shop", 2, |outside| async move {
        crate::support::lock(&outside.world).rename("shop", "store").unwrap();
    });
    day.readings(1);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes(), ["not_done"]);
}

#[test]
fn two_readings_whose_looks_overlap_lead_to_one_run() {
    let sleep = r#"create_one_off_dyno = { app = "shop", command = "sleep" }"#;
    for point in ["GET /apps/shop/dynos", "store save"] {
        let mut day = Scenario::of(shop()).file(one("sleep", sleep)).front_reads("f").begin();
        day.before(point, 1, another_reading);
        day.readings(1);
        assert_eq!(day.effects(), ["run sleep"], "while {point} was in flight");
        assert_eq!(day.runs().len(), 1, "while {point} was in flight");
    }
}

#[test]
fn what_a_slow_choice_writes_down_is_not_older_than_what_came_meanwhile() {
    let mut day = more();
    day.before(LOOK, 1, another_reading);
    day.readings(1);
    assert_eq!(day.streak("front"), 2, "both readings count, also after a restart");
}

/// The same monitor is read once more, by itself.
async fn another_reading(outside: Outside) {
    let monitor = outside.engine().wiring().monitors().next().unwrap().id;
    outside.live().look(monitor);
    // Whatever else can go on meanwhile does.
    outside.time.wait_for(Duration::from_millis(1)).await;
}

#[test]
fn readings_that_come_while_the_app_is_looked_at_do_not_hide_what_the_looks_find() {
    let mut day = Scenario::of(shop()).file(one("more", &MORE.replace('9', "1"))).front_reads("f").begin();
    for look in 1..=4 {
        day.before(LOOK, look, another_reading);
    }
    day.readings(4);
    // The fourth time it need not look: what it saw last is new enough for one who stands at its limit.
    assert_eq!(day.streak("front"), 7);
    assert_eq!(day.held_for("front", "more"), ("at_maximum", 7), "who came while it was looked is asked afterwards");
    assert!(day.told("still being looked at").is_empty(), "{:#?}", day.timeline());
    assert_eq!(day.told("at limit").len(), 1, "{:#?}", day.timeline());
}

#[test]
fn nothing_happens_to_an_app_that_is_well() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).begin();
    day.pass(mins(30));
    day.world(|world| world.apply(Event::app("shop", AppEvent::RestartAll))).unwrap();
    assert!(day.calls().is_empty() && day.runs().is_empty());
    assert_eq!(day.live().stats().total(), 0);
}
