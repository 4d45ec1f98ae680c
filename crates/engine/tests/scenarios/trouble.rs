//! Trouble with Heroku: told in words that say what to do, and never more than one changing call for a reading.

use crate::support::{Cut, Day, Scenario, TOKEN, front, mins, monitor, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, Fault, FaultKind, Traffic};
use std::collections::HashSet;
use std::fmt::Write as _;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 9 }"#;

fn more() -> Day {
    Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin()
}

fn traffic(day: &Day) -> Traffic {
    day.world(|world| world.traffic())
}

/// The timeline has these words on exactly one line, and no two changing calls belong to one reading.
fn assert_told(day: &Day, words: &str) {
    let told = day.told(words);
    assert_eq!(told.len(), 1, "{words}: {:#?}", day.timeline());
    assert_one_call_a_reading(day);
}

fn assert_one_call_a_reading(day: &Day) {
    let calls = day.calls();
    let times: HashSet<&str> = calls.iter().map(|call| call.split(' ').next().unwrap()).collect();
    assert_eq!(times.len(), calls.len(), "{calls:?}");
}

#[test]
fn a_wrong_token_stops_the_account_but_for_a_slow_probe() {
    let scenario = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").token("HRKU-pl4nted-wrong");
    let mut day = scenario.begin();
    day.pass(mins(11));
    assert_told(
        &day,
        "Heroku does not take the token of account \"default\": put a valid one in, and restart if it is in a variable",
    );
    assert_eq!(day.why("more"), "account_stopped");
    assert!(day.calls().is_empty());
    assert_eq!(traffic(&day).unauthorized, 3, "once, and once in five minutes");
    TOKEN.clone_into(&mut day.token);
    day.kill(secs(1));
    day.readings(1);
    assert_eq!(day.effects(), ["web=2"]);
}

#[test]
fn a_wrong_token_makes_dynos_unknown_and_never_failing() {
    let file = monitor("front", r#"heroku_dynos = { app = "shop" }"#, &["more"]) + &reaction("more", MORE);
    let mut day = Scenario::of(shop()).file(file).token("HRKU-pl4nted-wrong").begin();
    day.pass(mins(5));
    assert!(day.calls().is_empty());
    assert_eq!(day.streak("front"), 0);
    assert_told(&day, "cannot look: ");
    assert_told(&day, "the token is wrong or expired");
}

#[test]
fn an_unknown_app_is_told_with_what_to_check() {
    let mut day = Scenario::of(shop()).file(one("more", &MORE.replace("shop", "shoop"))).front_reads("f").begin();
    day.pass(mins(5));
    assert_told(&day, "sees no app `shoop`: check the name with `heroku apps --all`");
    let (code, words) = day.why_on("front", "more");
    assert_eq!(code, "cannot_see");
    assert!(words.contains("no such app (404)"), "{words}");
}

#[test]
fn another_trouble_is_another_reason_and_the_same_again_is_counted() {
    let mut day = more();
    let until = day.now() + secs(100);
    day.fault(Fault::new(FaultKind::Html).on("GET", "/apps/*").between(day.now(), until));
    day.readings(3);
    assert_told(&day, "in trouble (503)");
    day.world(|world| world.rename("shop", "store")).unwrap();
    day.readings(3);
    assert_told(&day, "no such app (404)");
    assert_eq!(day.told("the app cannot be looked at").len(), 2);
}

#[test]
fn a_limit_of_heroku_backs_the_reaction_off_and_says_what_to_set() {
    let app = || shop().limit("Standard-1X", 2);
    let mut day = Scenario::of(app()).file(one("more", MORE)).front_reads("f").begin();
    day.pass(mins(9));
    let refused = |time: &str| format!("{time} web=3 (refused 422)");
    // Doubling: after 30 s, a minute, two, four.
    let expected = ["1:00", "1:30", "2:30", "4:30", "8:30"].map(refused);
    assert_eq!(day.calls()[0], "0:30 web=2");
    assert_eq!(day.calls()[1..], expected);
    assert_eq!(day.told("web of shop from 2 to 3: refused").len(), 5, "every refusal is told");
    assert!(day.told("set `max_quantity = 2` in the reaction").len() >= 5);
    assert_one_call_a_reading(&day);
    let (code, words) = day.why_on("front", "more");
    assert_eq!(code, "backed_off");
    assert!(words.contains("set `max_quantity = 2` in the reaction"), "{words}");

    // What is seen of the app changes: it is tried at once.
    day.happens(AppEvent::Scale { process: "worker".to_owned(), quantity: 2 });
    day.readings(1);
    assert_eq!(day.calls().last().unwrap(), &refused("9:30"));

    // The file changes, and so does the reaction: forgiven.
    day.new_file(&one("more", &MORE.replace('9', "2")));
    day.readings(1);
    assert_eq!(day.why("more"), "at_maximum");
}

#[test]
fn a_refusal_is_remembered_across_a_kill() {
    let mut day = Scenario::of(shop().limit("Standard-1X", 1)).file(one("more", MORE)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls().len(), 2, "0:30 and 1:00");
    day.kill(secs(1));
    day.pass(secs(25));
    assert_eq!(day.calls().len(), 2, "{:?}", day.calls());
}

#[test]
fn what_was_written_and_said_not_to_be_is_not_told_as_not_made() {
    for (cut, told) in [(Cut::Failed, "one effect was decided and not made"), (Cut::Lost, "in which it was not")] {
        let mut day = more();
        day.fail("store save", cut);
        day.readings(2);
        let lines = day.told("what is seen is recorded again");
        assert!(lines.len() == 1 && lines[0].contains(told), "{cut:?}: {lines:?}");
        assert_eq!(lines[0].contains("not made"), cut == Cut::Failed, "{lines:?}");
    }
}

#[test]
fn too_many_calls_are_told_and_tried_again_at_the_next_reading() {
    let mut day = more();
    day.fault(Fault::new(FaultKind::TooMany).on("PATCH", "/apps/shop/formation").times(2));
    day.readings(3);
    let never = |time: &str, quantity: u32| format!("{time} web={quantity} (never reached it)");
    assert_eq!(day.calls(), [never("0:30", 2), never("1:00", 2), "1:30 web=2".to_owned()]);
    assert_eq!(day.told("the account has 4500 calls, refilled 75 a minute").len(), 2);
    assert_one_call_a_reading(&day);

    let mut day = more();
    day.fault(Fault::new(FaultKind::TooMany).on("GET", "/apps/shop*").times(2));
    day.readings(3);
    assert_told(&day, "the account has 4500 calls, refilled 75 a minute");
    assert_eq!(day.calls(), ["1:30 web=2"]);
}

#[test]
fn an_error_page_is_told_and_looked_behind() {
    let mut day = more();
    day.fault(Fault::new(FaultKind::Html).on("PATCH", "/apps/shop/formation").times(1));
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2 (never reached it)", "1:30 web=2"], "nothing until it was looked for");
    assert_told(&day, "in trouble (503)");
    assert_told(&day, "see https://status.heroku.com");
    assert_told(&day, "it did not happen: web has 1 dyno");

    let mut day = more();
    day.fault(Fault::new(FaultKind::Html).on("GET", "/apps/*").times(1));
    day.readings(2);
    assert_told(&day, "the app cannot be looked at: ");
    assert_told(&day, "see https://status.heroku.com");
    assert_eq!(day.calls(), ["1:00 web=2"]);
}

#[test]
fn an_answer_that_does_not_come_in_time_is_told_and_looked_behind() {
    let mut day = more();
    day.fault(Fault::new(FaultKind::Slow(secs(25))).on("PATCH", "/apps/shop/formation").times(1));
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 web=2", "1:00 web=3", "1:30 web=4"]);
    assert_told(&day, "no answer in time");
    assert_told(&day, "see https://status.heroku.com, and this machine's network");
    assert_told(&day, "the answer was lost, and it was seen afterwards");

    let mut day = more();
    day.fault(Fault::new(FaultKind::Slow(secs(15))).on("GET", "/apps/shop").times(1));
    day.readings(2);
    assert_told(&day, "no answer in time");
    assert_eq!(day.calls(), ["1:00 web=2"]);
}

#[test]
fn what_heroku_says_in_words_of_its_own_is_survived() {
    for (method, kind) in [
        ("GET", FaultKind::UnknownFields),
        ("GET", FaultKind::UnknownStates),
        ("GET", FaultKind::UnknownSizes),
        ("PATCH", FaultKind::UnknownError),
        ("PATCH", FaultKind::Truncated),
    ] {
        let mut day = more();
        day.fault(Fault::new(kind.clone()).on(method, "*").times(1));
        day.pass(mins(5));
        assert!(day.effects().contains(&"web=2".to_owned()), "{kind:?}: {:?}", day.calls());
        assert!(day.runs().iter().all(|run| !run.state.is_open()), "{kind:?}");
        assert_one_call_a_reading(&day);
    }
}

#[test]
fn fifty_monitors_on_a_bucket_of_thirty_calls_leave_enough_for_an_effect() {
    let mut file =
        monitor("the page", r#"http = { url = "http://shop.localhost/" }"#, &["more"]) + &reaction("more", MORE);
    for n in 0..50 {
        let _infallible = write!(file, "{}", monitor(&format!("dynos {n}"), r#"heroku_dynos = { app = "shop" }"#, &[]));
    }
    let scenario = Scenario::of(shop()).bucket(30, 75).file(file).reads("the page", "f");
    let mut day = scenario.begin();
    day.pass(mins(4));
    assert_eq!(day.effects(), ["web=2", "web=3", "web=4", "web=5", "web=6", "web=7", "web=8", "web=9"]);
    assert_eq!(day.calls()[0], "0:30 web=2");
    assert_eq!(traffic(&day).rate_limited, 0, "we stop before Heroku does");
    assert!(traffic(&day).not_modified > 20, "{:?}", traffic(&day));
    assert_eq!(day.live().stats().not_modified, traffic(&day).not_modified);
    assert!(!day.told("the account has 4500 calls").is_empty(), "the monitors that could not look say so");
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let mut day = Scenario::of(shop())
        .file(front(&["more"]) + &reaction("more", &MORE.replace('9', "1")))
        .front_reads("f")
        .begin();
    day.readings(10);
    assert_eq!(day.why("more"), "at_maximum");
    assert_eq!(traffic(&day).not_modified, 8, "app and formation at every look but the first, and looks grow rarer");
}

#[test]
fn eight_reactions_at_their_limit_ask_at_most_eight_times_a_minute() {
    let names: Vec<String> = (0..8).map(|n| format!("page {n}")).collect();
    let page = r#"http = { url = "http://shop.localhost/" }"#;
    let file: String =
        names.iter().map(|name| monitor(name, page, &[name]) + &reaction(name, &MORE.replace('9', "1"))).collect();
    // Where their readings fall within the half minute: together, spread out, too far apart to share a fresh look, and anyhow.
    let phases: [[u64; 8]; 5] = [
        [30; 8],
        [3, 7, 11, 15, 18, 22, 26, 30],
        [1, 7, 13, 19, 25, 2, 8, 14],
        [5, 5, 11, 11, 17, 17, 23, 29],
        [2, 29, 17, 8, 8, 23, 14, 27],
    ];
    for phases in phases {
        let mut scenario = Scenario::of(shop()).file(file.as_str());
        for (name, phase) in names.iter().zip(phases) {
            scenario = scenario.reads(name, "f").phase(name, secs(phase));
        }
        let mut day = scenario.begin();
        day.pass(mins(1));
        for name in &names {
            assert_eq!(day.why_on(name, name).0, "at_maximum", "{phases:?}");
        }
        let before = traffic(&day).calls;
        day.pass(mins(1));
        let calls = traffic(&day).calls - before;
        assert!(calls <= 8, "{calls} calls in the second minute, {phases:?}");
        assert!(day.calls().is_empty());
    }
}
