//! `scale_to`: what an app's drain tells becomes a load, and the load a quantity, at once or not at all.

use crate::support::{Day, Scenario, mins, reaction, secs};
use flyball_engine::Frame;
use flyball_heroku_sim::{AppEvent, AppSpec, Cycling, DeploySpec};
use flyball_model::Timestamp;
use std::fmt::Write as _;

const BUSY: &str = "[receive.apps.shop]\n[[monitor]]\nname = \"busy\"\nevery = \"10s\"\n\
    heroku_router = { app = \"shop\", measure = \"requests\" }\nreactions = [\"enough web\"]\n";
const ENOUGH: &str = "scale_to = { app = \"shop\", per_dyno = 10, min_quantity = 2, max_quantity = 10 }";

/// Two dynos serve the web.
fn twice() -> AppSpec {
    let spec = AppSpec::new("shop").process("web", 2, "Standard-1X").deploys(3);
    spec.mechanics(|mechanics| mechanics.cycling = Cycling::Never)
}

fn begin() -> Day {
    Scenario::of(twice()).file(BUSY.to_owned() + &reaction("enough web", ENOUGH)).begin()
}

/// Lines as Heroku's router writes them: so many a second, from then on for five seconds.
fn lines(from: Timestamp, per_second: u64) -> String {
    let mut body = String::new();
    for nth in 0..per_second * 5 {
        let at = Timestamp::from_millis(from.as_millis() + i64::try_from(nth * 1000 / per_second).unwrap());
        let line = format!(
            "<158>1 {at} host heroku router - at=info method=GET path=\"/\" dyno=web.1 connect=1ms service=200ms status=200\n"
        );
        write!(body, "{} {line}", line.len()).unwrap();
    }
    body
}

fn send(day: &Day, body: String) {
    let frame = Frame { app: "shop".parse().unwrap(), id: None, messages: 1, body: body.into() };
    day.engine().take_frame(frame);
}

/// Requests come for so long, and their lines with them.
fn serve(day: &mut Day, per_second: u64, seconds: u64) {
    for _ in 0..seconds / 5 {
        let from = day.now();
        day.pass(secs(5));
        if per_second == 0 {
            // An app without requests says something else.
            let line = format!("<190>1 {from} host app worker.1 - nothing to do\n");
            send(day, format!("{} {line}", line.len()));
        } else {
            send(day, lines(from, per_second));
        }
    }
}

/// What was called: `web=6`.
fn calls(day: &Day) -> Vec<String> {
    let after_the_time = |call: String| call.split_once(' ').map_or(call.clone(), |(_, what)| what.to_owned());
    day.calls().into_iter().map(after_the_time).collect()
}

fn why(day: &Day) -> &'static str {
    day.why_on("busy", "enough web").0
}

#[test]
fn a_burst_is_met_within_half_a_minute_and_dynos_go_one_by_one_once_it_is_over() {
    let mut day = begin();
    serve(&mut day, 18, 120);
    assert_eq!((calls(&day).len(), why(&day)), (0, "enough"), "{:?}", day.calls());
    serve(&mut day, 55, 45);
    // What is looked back over fills with it meanwhile: each look asks for all that it needs.
    assert_eq!(calls(&day), ["web=4", "web=5", "web=6"], "{:?}", day.calls());
    serve(&mut day, 8, 240);
    assert_eq!((day.web().0, why(&day)), (6, "needed_of_late"));
    serve(&mut day, 8, 120);
    let begun = day.web().0;
    assert!((4..6).contains(&begun), "{:?}", day.calls());
    serve(&mut day, 8, 420);
    assert_eq!((day.web().0, why(&day)), (2, "enough"), "{:?}", day.calls());
    assert_eq!(calls(&day)[3..], ["web=5", "web=4", "web=3", "web=2"], "one by one: {:?}", day.calls());
    let said = day.timeline().into_iter().find(|line| line.contains("from 5 to 6")).unwrap();
    assert!(said.contains("a load of 55 a second needs 6 dynos"), "{said}");
}

#[test]
fn silence_is_not_zero() {
    let mut day = begin();
    serve(&mut day, 55, 120);
    assert_eq!(day.web().0, 6, "{:?}", day.timeline());
    day.pass(mins(30));
    assert_eq!((day.web().0, why(&day)), (6, "load_unknown"));
    // A drain that says something else lives, and then no request is none.
    serve(&mut day, 0, 720);
    assert_eq!(day.web().0, 2, "{:?}", day.calls());
}

#[test]
fn lines_that_were_lost_add_dynos_and_take_none() {
    let mut day = begin();
    serve(&mut day, 55, 120);
    for _ in 0..30 {
        serve(&mut day, 8, 25);
        let words = "Error L10 (output buffer overflow): 3 messages dropped since 2026-11-29T03:00:00+00:00.";
        let line = format!("<172>1 {} host heroku logplex - {words}", day.now());
        send(&day, format!("{} {line}", line.len()));
    }
    assert_eq!((day.web().0, why(&day)), (6, "lines_lost"));
    serve(&mut day, 85, 60);
    assert_eq!(day.web().0, 9, "{:?}", day.calls());
}

#[test]
fn a_restart_of_ours_takes_nothing_and_is_the_same_in_the_end() {
    let mut day = begin();
    serve(&mut day, 55, 120);
    serve(&mut day, 8, 200);
    day.kill(secs(5));
    serve(&mut day, 8, 30);
    assert_eq!((day.web().0, why(&day)), (6, "lines_lost"), "what came meanwhile is not known");
    serve(&mut day, 8, 240);
    assert_eq!(day.web().0, 6, "nor what it was for long enough: {:?}", day.calls());
    serve(&mut day, 8, 720);
    assert_eq!(day.web().0, 2, "{:?}", day.calls());
}

#[test]
fn dynos_that_come_up_are_waited_for_before_any_is_taken_and_not_before_one_is_added() {
    let slow = twice().mechanics(|mechanics| mechanics.boot = secs(60));
    let mut day = Scenario::of(slow).file(BUSY.to_owned() + &reaction("enough web", ENOUGH)).begin();
    serve(&mut day, 55, 120);
    serve(&mut day, 8, 315);
    day.happens(AppEvent::Deploy(DeploySpec::new("fix")));
    serve(&mut day, 8, 30);
    assert_eq!(day.web().0, 6, "{:?}", day.calls());
    assert!(["settling", "rolling_out", "preboot"].contains(&why(&day)), "{}", why(&day));
    serve(&mut day, 95, 45);
    assert_eq!(day.web().0, 10, "{:?}", day.calls());
}

#[test]
fn who_sets_a_quantity_by_hand_keeps_it_for_half_an_hour_unless_more_is_needed() {
    let mut day = begin();
    serve(&mut day, 18, 120);
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 8 });
    serve(&mut day, 18, 600);
    assert_eq!((day.web().0, why(&day)), (8, "giving_way"));
    serve(&mut day, 95, 60);
    assert_eq!(day.web().0, 10, "{:?}", day.calls());
}

#[test]
fn a_dry_run_only_tells() {
    let file = BUSY.to_owned() + &reaction("enough web", &format!("mode = \"dry_run\"\n{ENOUGH}"));
    let mut day = Scenario::of(twice()).file(file).begin();
    serve(&mut day, 95, 120);
    assert!(day.calls().is_empty());
    let would: Vec<_> = day.timeline().into_iter().filter(|line| line.contains("would")).collect();
    assert_eq!(would.len(), 1, "{would:?}");
}

const FLOOR: &str = "scale_to = { app = \"shop\", per_dyno = 10, min_quantity = 2, max_quantity = 10, \
    floors = [{ during = \"Mon 11:10-11:20 Europe/Berlin\", min_quantity = 4 }] }";

#[test]
fn a_floor_stands_in_its_hours_and_is_left_in_steps() {
    let mut day = Scenario::of(twice()).file(BUSY.to_owned() + &reaction("enough web", FLOOR)).begin();
    serve(&mut day, 18, 590);
    assert_eq!((calls(&day).len(), why(&day)), (0, "enough"), "{:?}", day.calls());
    serve(&mut day, 18, 300);
    assert_eq!((calls(&day), why(&day)), (vec!["web=4".to_owned()], "kept_during"), "{:?}", day.calls());
    let said = day.timeline().into_iter().find(|line| line.contains("from 2 to 4")).unwrap();
    assert!(said.contains("at least 4 during Mon 11:10-11:20 Europe/Berlin"), "{said}");
    serve(&mut day, 55, 60);
    assert_eq!(day.web().0, 6, "more is given where it is needed: {:?}", day.calls());
    serve(&mut day, 18, 720);
    assert_eq!(calls(&day)[1..].iter().filter(|call| *call == "web=3").count(), 1, "{:?}", day.calls());
    assert_eq!((day.web().0, why(&day)), (2, "enough"), "{:?}", day.calls());
}

#[test]
fn a_floor_needs_no_data_and_starts_nothing_that_somebody_set_to_0() {
    let mut day = Scenario::of(twice()).file(BUSY.to_owned() + &reaction("enough web", FLOOR)).begin();
    day.pass(secs(620));
    assert_eq!((calls(&day), why(&day)), (vec!["web=4".to_owned()], "load_unknown"), "{:?}", day.calls());
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 0 });
    day.pass(secs(60));
    assert_eq!((day.web().0, why(&day)), (0, "from_zero"), "{:?}", day.calls());
}

const TWO_NEEDS: &str = "[receive.apps.shop]\n[receive.apps.jobs]\n\
    [[monitor]]\nname = \"busy\"\nevery = \"10s\"\nheroku_router = { app = \"shop\", measure = \"requests\" }\n\
    reactions = [\"enough web\", \"roomy web\"]\n\
    [[monitor]]\nname = \"deep\"\nevery = \"10s\"\nheroku_router = { app = \"jobs\", measure = \"requests\" }\n\
    reactions = [\"web for jobs\"]\n";
const FOR_JOBS: &str = "scale_to = { app = \"shop\", per_dyno = 10, min_quantity = 1, max_quantity = 10, without_data = { at_least = 5 } }";

#[test]
fn of_two_loads_on_one_process_type_the_larger_need_counts() {
    let roomy = ENOUGH.replace("per_dyno = 10", "per_dyno = 5");
    let file = TWO_NEEDS.to_owned() + &reaction("enough web", ENOUGH) + &reaction("roomy web", &roomy);
    let mut day = Scenario::of(twice()).file(file.replace("\"web for jobs\"", "")).begin();
    serve(&mut day, 18, 1200);
    assert_eq!(calls(&day), ["web=4"], "{:?}", day.calls());
    assert_eq!((why(&day), day.why_on("busy", "roomy web").0), ("needed_by", "enough"));
    // What neither needs goes one by one, a minute apart, however many there are who would take it.
    serve(&mut day, 38, 60);
    serve(&mut day, 4, 900);
    assert_eq!(calls(&day)[4..], ["web=7", "web=6", "web=5", "web=4", "web=3", "web=2"], "{:?}", day.calls());
    let minutes: Vec<u64> =
        day.calls()[4..].iter().map(|call| call.split(':').next().unwrap().parse().unwrap()).collect();
    assert!(minutes.windows(2).all(|two| two[1] > two[0]), "a minute apart: {:?}", day.calls());
}

#[test]
fn a_need_that_is_not_known_keeps_what_there_is() {
    let file = TWO_NEEDS.to_owned() + &reaction("enough web", ENOUGH) + &reaction("web for jobs", FOR_JOBS);
    let mut day = Scenario::of(twice()).file(file.replace(", \"roomy web\"", "")).begin();
    serve(&mut day, 18, 1200);
    assert_eq!(calls(&day), ["web=5"], "{:?}", day.calls());
    assert_eq!((why(&day), day.why_on("deep", "web for jobs").0), ("needed_by", "load_unknown"));
    let words = day.why_on("busy", "enough web").1;
    assert_eq!(words, "fewer dynos would do for its own load, and \"web for jobs\" keeps them");
}

#[test]
fn whose_monitor_does_not_look_keeps_nothing() {
    for line in ["during = \"Tue 08:00-20:00 UTC\"", "enabled = false"] {
        let needs = TWO_NEEDS.replace("name = \"deep\"\n", &format!("name = \"deep\"\n{line}\n"));
        let file = needs + &reaction("enough web", ENOUGH) + &reaction("web for jobs", FOR_JOBS);
        let mut day = Scenario::of(twice()).file(file.replace(", \"roomy web\"", "")).begin();
        serve(&mut day, 38, 60);
        serve(&mut day, 18, 900);
        assert_eq!(calls(&day), ["web=4", "web=3", "web=2"], "{line}: {:?}", day.calls());
    }
}
