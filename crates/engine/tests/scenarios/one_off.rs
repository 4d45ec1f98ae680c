//! One-off dynos: any command, and never more of them than wanted.

use crate::support::{Day, Scenario, Spoilt, front, lock, mins, one, reaction, secs, shop};
use flyball_engine::commands::{Known, Settled};
use flyball_heroku_sim::{AppEvent, Fault, FaultKind, OneOffRequest};
use flyball_model::Outcome;

const CLEAN: &str = "trigger = 2\ncooldown = \"10m\"\ncauses = [\"text\"]\n\
                     create_one_off_dyno = { app = \"shop\", command = \"bin/rails db:cleanup\" }";
const SLEEP: &str = r#"create_one_off_dyno = { app = "shop", command = "sleep", time_to_live = "10m" }"#;

/// The file of the README's example: the page must not show a database error.
fn storefront(reactions: &str) -> String {
    let page = r#"http = { url = "http://shop.localhost/", keyword = "database error", present = false }"#;
    crate::support::monitor("front", page, &["clean up"]) + &reaction("clean up", reactions)
}

#[test]
fn a_database_error_is_cleaned_up_at_the_second_failing_reading() {
    let mut day = Scenario::of(shop()).file(storefront(CLEAN)).begin();
    day.pass(secs(45));
    day.happens(AppEvent::DatabaseError(500));
    day.pass(mins(5));
    assert_eq!(day.calls(), ["1:30 run bin/rails db:cleanup"]);
    assert!(!day.world(|world| world.app("shop").unwrap().has_database_error()));
    assert_eq!(day.why("clean up"), "not_called_on");
}

#[test]
fn it_is_not_run_because_a_router_answered_503() {
    let file = storefront(CLEAN).replace("present = false", "present = false, status = \"2xx\"");
    let mut day = Scenario::of(shop()).file(file).begin();
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 0 });
    day.pass(mins(5));
    assert!(day.calls().is_empty());
    assert_eq!(day.why("clean up"), "other_cause");
}

#[test]
fn the_cooldown_counts_from_the_start_of_its_last_run() {
    let file = one(
        "clean up",
        "trigger = 2\ncooldown = \"10m\"\ncreate_one_off_dyno = { app = \"shop\", command = \"true\" }",
    );
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.pass(mins(22));
    assert_eq!(day.calls(), ["1:00 run true", "11:00 run true", "21:00 run true"]);
}

#[test]
fn by_default_it_holds_while_the_one_before_is_running() {
    let app = || shop().mechanics(|mechanics| mechanics.one_off_runs = secs(100));
    let mut day = Scenario::of(app()).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.pass(secs(140));
    // Up after 3 s, ended at 2:13.
    assert_eq!(day.calls(), ["0:30 run sleep"]);
    assert_eq!(day.why("sleep"), "one_off_running");
    day.pass(secs(10));
    assert_eq!(day.calls(), ["0:30 run sleep", "2:30 run sleep"]);

    let two = SLEEP.replace(" }", ", at_once = 2 }");
    let mut day = Scenario::of(app()).file(one("sleep", &two)).front_reads("f").begin();
    day.pass(secs(100));
    assert_eq!(day.calls(), ["0:30 run sleep", "1:00 run sleep"]);
}

#[test]
fn a_one_off_dyno_is_named_when_it_starts_and_when_its_end_is_seen() {
    let app = shop().mechanics(|mechanics| mechanics.one_off_runs = secs(40));
    let mut day = Scenario::of(app).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.pass(secs(85));
    let name = day.world(|world| world.app("shop").unwrap().one_offs().next().unwrap().name.clone());
    assert_eq!(day.told(&format!("run `sleep` once on shop, for 10m at most: started as {name}")).len(), 1);
    assert!(day.told("has ended").is_empty());
    // Seen by the look that the next readings ask for, and told once.
    day.pass(mins(1));
    let told = day.told(&format!("{name} has ended, "));
    let log = format!("`sleep`; its exit status is only in the app's log (`heroku logs -a shop -d {name}`)");
    assert!(told.len() == 1 && told[0].contains(&log), "{told:?}");
}

#[test]
fn a_lost_answer_whose_dyno_is_still_there_is_found_again() {
    let app = shop().mechanics(|mechanics| mechanics.one_off_runs = mins(5));
    let mut day = Scenario::of(app).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.spoil("POST /apps/shop/dynos", Spoilt::TooLate);
    day.pass(mins(3));
    assert_eq!(day.effects(), ["run sleep"]);
    let Outcome::Done { dyno, .. } = day.last_outcome() else { panic!("{:?}", day.outcomes()) };
    let started = day.world(|world| world.app("shop").unwrap().one_offs().next().unwrap().id.to_string());
    assert_eq!(dyno.unwrap().as_str(), started);
    assert_eq!(day.why("sleep"), "one_off_running");
}

#[test]
fn somebody_elses_dyno_of_the_same_command_is_not_taken_for_ours() {
    let app = shop().mechanics(|mechanics| mechanics.one_off_runs = mins(5));
    let mut day = Scenario::of(app).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.pass(secs(29));
    let theirs = OneOffRequest { command: "sleep".to_owned(), ..OneOffRequest::default() };
    day.world(|world| world.run_one_off("shop", &theirs)).unwrap();
    day.fault(Fault::new(FaultKind::CutBefore).on("POST", "/apps/shop/dynos").times(1));
    day.pass(mins(1));
    assert_eq!(day.calls(), ["0:30 run sleep (never reached it)"]);
    assert_eq!(day.outcomes(), ["in_doubt"]);
}

/// From the call on, until the one-off dyno has ended, nobody can look.
fn nothing_is_seen_until_it_has_gone(day: &Day) {
    let until = day.now() + secs(58);
    day.after("POST /apps/shop/dynos", 1, move |outside| async move {
        let fault = Fault::new(FaultKind::Status(503)).on("GET", "/apps/*").between(outside.time.now(), until);
        lock(&outside.world).add_fault(fault);
    });
}

#[test]
fn one_of_which_nothing_can_be_known_ends_in_doubt_and_fills_its_place_until_its_time_is_over() {
    let mut day = Scenario::of(shop()).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.spoil("POST /apps/shop/dynos", Spoilt::TooLate);
    nothing_is_seen_until_it_has_gone(&day);
    day.pass(mins(10));
    // It ended at 0:53, and could only be looked for later.
    assert_eq!(day.calls(), ["0:30 run sleep"]);
    assert_eq!(day.outcomes(), ["in_doubt"]);
    assert_eq!(day.told(": in doubt: ").len(), 1);
    assert_eq!(day.why("sleep"), "one_off_running");
    day.pass(secs(30));
    assert_eq!(day.calls()[1..], ["10:30 run sleep"]);
}

#[test]
fn one_that_may_run_twice_is_repeated_when_in_doubt() {
    let repeat = SLEEP.replace(" }", ", in_doubt = \"repeat\" }");
    let mut day = Scenario::of(shop()).file(one("sleep", &repeat)).front_reads("ffp").begin();
    day.spoil("POST /apps/shop/dynos", Spoilt::TooLate);
    nothing_is_seen_until_it_has_gone(&day);
    day.pass(secs(89));
    assert_eq!(day.effects(), ["run sleep"]);
    day.front_reads("fp");
    day.pass(secs(60));
    assert_eq!(day.calls(), ["0:30 run sleep", "1:30 run sleep"]);
    assert_eq!(day.outcomes(), ["in_doubt", "done"]);
}

#[test]
fn a_cooldown_counts_from_a_run_that_may_have_taken_effect() {
    let repeat = SLEEP.replace(" }", ", in_doubt = \"repeat\" }");
    let file = one("sleep", &format!("cooldown = \"4m\"\n{repeat}"));
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.spoil("POST /apps/shop/dynos", Spoilt::TooLate);
    day.pass(mins(5));
    assert_eq!(day.calls(), ["0:30 run sleep", "4:30 run sleep"]);
}

#[test]
fn it_stands_outside_the_order_and_neither_waits_nor_makes_wait() {
    let more = r#"scale_out = { app = "shop", max_quantity = 9 }"#;
    let file = front(&["sleep", "more"]) + &reaction("sleep", SLEEP) + &reaction("more", more);
    let mut day = Scenario::of(shop()).file(file).front_reads("fp").begin();
    day.readings(2);
    let mut calls = day.calls();
    calls.sort();
    assert_eq!(calls, ["0:30 run sleep", "0:30 web=2"]);
}

#[test]
fn its_variables_are_read_when_it_runs_and_one_that_is_not_set_sends_nothing() {
    let with_env = SLEEP.replace(" }", ", env = { KEY = { env = \"SECRET\" }, PLAIN = \"p\" } }");
    let mut day = Scenario::of(shop()).file(one("sleep", &with_env)).front_reads("f").begin();
    day.readings(3);
    assert!(day.calls().is_empty() && day.runs().is_empty());
    assert_eq!(day.told("the environment variable SECRET is not set").len(), 1, "counted, not repeated");
    day.variable("SECRET", "hunter2");
    day.readings(1);
    assert_eq!(day.calls(), ["2:00 run sleep"]);
    let env = day.world(|world| world.app("shop").unwrap().one_offs().next().unwrap().env.clone());
    assert_eq!(env.get("KEY").map(String::as_str), Some("hunter2"));
    assert!(!format!("{:?} {:?}", day.timeline(), day.runs()).contains("hunter2"));
}

#[test]
fn a_person_who_knows_settles_what_is_in_doubt() {
    let mut day = Scenario::of(shop()).file(one("sleep", SLEEP)).front_reads("f").begin();
    day.spoil("POST /apps/shop/dynos", Spoilt::TooLate);
    nothing_is_seen_until_it_has_gone(&day);
    day.pass(mins(3));
    let (code, words) = day.why_on("front", "sleep");
    let run = day.runs()[0].id;
    assert_eq!(code, "one_off_running");
    assert!(words.contains(&format!("run {run} is in doubt, and counts until ")), "{words}");
    assert!(words.contains(&format!("`flyball settle {run} --done` or `--not-done`")), "{words}");
    let settled = day.settle(run, Known::NotDone);
    assert!(matches!(settled, Settled::As { .. }), "{settled:?}");
    day.pass(secs(30));
    assert_eq!(day.calls().len(), 2, "{:?}", day.calls());
    assert_eq!(day.told("settled by ops: run `sleep` once on shop").len(), 1);
}
