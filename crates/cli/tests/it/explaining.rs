//! What goes wrong is told in `history` and `why` in words that say what to do, and costs at most one changing call a
//! reading.

use crate::pausing::FAILING;
use crate::support::{Stage, Way, both_ways, ended, shop, wait_for};
use flyball_heroku_sim::{Fault, FaultKind};
use std::time::Duration;

/// What a failure must be told with, in the timeline and in an explanation.
struct Told<'a> {
    history: &'a str,
    why: &'a [&'a str],
}

/// Runs the failing shop until the failure is told, and a few readings more; returns the explanation.
async fn told(stage: &Stage, told: Told<'_>) -> String {
    let _up = stage.up().await;
    let line = stage.history_until(told.history).await;
    let streak = async || stage.monitor("page").await["streak"].as_u64().unwrap_or(0);
    let then = streak().await;
    wait_for("some more readings fail", async || streak().await >= then + 3).await;
    let readings = streak().await;
    let changes = stage.changes().len() as u64;
    assert!(changes <= readings, "{changes} changing calls for {readings} readings");
    let why = stage.run(&["why", "more"]).await.stdout;
    for words in told.why {
        assert!(why.contains(words), "{words:?} is not told:\n{why}\nafter {line}");
    }
    why
}

both_ways!(
    a_wrong_token,
    names_are_found_and_misspelt_ones_corrected,
    status_check_answers_well_only_while_an_engine_runs_and_all_passes,
    times_are_in_the_zone_of_the_terminal_or_in_utc_and_read_as_they_are_shown,
);

async fn a_wrong_token(way: Way) {
    let stage = Stage::new().await.asking(way).token("HRKU-pl4nted-wrong");
    let dynos = "[[monitor]]\nname = \"dynos\"\nevery = \"1s\"\nheroku_dynos = { app = \"shop\" }\n";
    stage.write(&format!("{FAILING}{dynos}"));
    let why = told(
        &stage,
        Told {
            history: "Heroku does not take the token of account \"default\": put a valid one in",
            why: &["holds still at readings of \"page\"", "put a valid one in, and restart if it is in a variable"],
        },
    )
    .await;
    assert!(!why.contains("HRKU-pl4nted-wrong"));
    let status = stage.run(&["status", "--check"]).await;
    let (needed, rest) = status.stdout.split_once("MONITOR ").unwrap();
    assert!(status.code == Some(1) && needed.contains("NEEDS A PERSON") && !rest.contains("NEEDS"), "{status:?}");
    assert!(
        needed.contains("more: Heroku does not take the token") && needed.contains("dynos: cannot look"),
        "{status:?}"
    );
    let why = stage.run(&["why", "dynos"]).await;
    assert!(why.stdout.contains("It is unknown"), "{why:?}");
    assert!(why.stdout.contains("the token in HEROKU_API_KEY is wrong"), "{why:?}");
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn an_unknown_app() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("app = \"shop\"", "app = \"shopp\""));
    told(
        &stage,
        Told { history: "cannot read `shopp`", why: &["no such app (404)", "check the name with `heroku apps --all`"] },
    )
    .await;
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn a_limit_of_heroku_s() {
    let stage = Stage::with([shop().limit("standard-1x", 2)]).await;
    stage.write(FAILING);
    let why = [
        "cannot scale `web` of `shop` to 3",
        "422",
        "set `max_quantity = 2` in the reaction",
        "not tried again before",
    ];
    told(&stage, Told { history: "refused: cannot scale", why: &why }).await;
    // The refused plan backs off: it is not sent again at each reading.
    assert_eq!(stage.changes().len(), 2, "{:?}", stage.changes());
}

#[tokio::test]
async fn too_many_calls() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    stage.fault(Fault::new(FaultKind::TooMany).on("PATCH", "*"));
    let why = ["the account's calls are used up (429)", "`flyball doctor` shows what is left"];
    told(&stage, Told { history: "not done: cannot scale", why: &why }).await;
    assert_eq!(stage.web(), 1);
}

#[tokio::test]
async fn a_page_of_html_instead_of_the_api() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    stage.fault(Fault::new(FaultKind::Html).on("GET", "/apps/*"));
    let why = ["the Platform API is in trouble (503)", "see https://status.heroku.com"];
    told(&stage, Told { history: "the app cannot be looked at", why: &why }).await;
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn an_answer_that_never_comes_is_looked_for_and_not_sent_again() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("90", "2"));
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_secs(600))).on("PATCH", "*").times(1));
    let up = stage.up().await;
    let lost = stage.history_until("answer lost").await;
    assert!(lost.contains("no answer in time"), "{lost}");
    up.until("it was seen afterwards", |up| {
        up.printed().contains("done: the answer was lost, and it was seen afterwards")
    })
    .await;
    up.until("it asks again", |up| up.printed().contains("at limit: web has 2 dynos")).await;
    assert_eq!((stage.changes().len(), stage.web()), (1, 2));
    let why = stage.run(&["why", "shop"]).await.stdout;
    assert!(why.contains("web of shop from 1 to 2") && why.contains("seen afterwards"), "{why}");
    assert!(why.contains("web=2:"), "{why}");
}

async fn names_are_found_and_misspelt_ones_corrected(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let none = stage.run(&["why", "page"]).await;
    assert!(none.code == Some(1) && none.stderr.contains("hint: `flyball up` makes it"), "{none:?}");
    let up = stage.up().await;
    up.until("it looks", |up| up.printed().contains("is failing")).await;
    let why = stage.run(&["why", "page"]).await;
    assert!(why.stdout.contains("monitor page") && why.stdout.contains("It is failing since"), "{why:?}");
    assert!(why.stdout.contains("reaction more"), "{why:?}");
    let misspelt = stage.run(&["why", "shpo"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"shop\"?"), "{misspelt:?}");
    let status = stage.json(&["status", "--app", "shop"]).await;
    assert_eq!((&status["monitors"][0]["name"], &status["engine"]), (&"page".into(), &"running".into()));
    assert!(stage.json(&["status", "--app", "other"]).await["monitors"].as_array().unwrap().is_empty());
    let json = stage.json(&["why", "--app", "shop"]).await;
    assert_eq!(json["parts"][0]["about"]["app"], "shop");
    let history = stage.json(&["history", "--monitor", "page", "--since", "1h"]).await;
    assert_eq!(history[0]["event"], "flipped");
    for (option, name, meant) in
        [("--app", "shpo", "shop"), ("--monitor", "pgae", "page"), ("--reaction", "mroe", "more")]
    {
        let misspelt = stage.run(&["history", option, name]).await;
        let hint = format!("hint: did you mean \"{meant}\"?");
        assert!(misspelt.code == Some(1) && misspelt.stderr.contains(&hint), "{misspelt:?}");
    }
    let cut = stage.run(&["history", "--no-holds", "--lines", "1"]).await;
    assert!(cut.stderr.contains("there are more before; to see those: --until \""), "{cut:?}");
    let whole = stage.run(&["history", "--no-holds"]).await;
    assert!(whole.code == Some(0) && !whole.stdout.contains("holds:") && whole.stderr.is_empty(), "{whole:?}");
    assert!(stage.json(&["history", "--since", "2100-01-01T00:00:00Z"]).await.as_array().unwrap().is_empty());
}

#[tokio::test]
async fn with_a_broken_file_what_happened_stays_readable() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    up.until("it looks", |up| up.printed().contains("is failing")).await;
    stage.write("broken");
    assert!(stage.run(&["history", "--lines", "1"]).await.code == Some(0));
    // Where no engine has anything in force, only the file can say what is watched.
    up.kill().await;
    assert!(stage.run(&["history", "--lines", "1"]).await.code == Some(0));
    assert_eq!(stage.run(&["status"]).await.code, Some(78));
}

async fn status_check_answers_well_only_while_an_engine_runs_and_all_passes(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(&FAILING.replace("present = false", "present = true"));
    let mut up = stage.up().await;
    wait_for("it passes", async || stage.monitor("page").await["verdict"] == "passing").await;
    let well = stage.run(&["status", "--check"]).await;
    assert!(well.code == Some(0) && !well.stdout.contains("NEEDS A PERSON"), "{well:?}");
    assert_eq!(stage.run(&["status", "--check", "--app", "shpo"]).await.code, Some(1), "nothing is known of it");
    up.signal("-TERM").await;
    up.end().await;
    assert_eq!(stage.run(&["status", "--check"]).await.code, Some(1));
    assert_eq!(stage.run(&["status"]).await.code, Some(0));
}

async fn times_are_in_the_zone_of_the_terminal_or_in_utc_and_read_as_they_are_shown(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let up = stage.up().await;
    stage.history_until("failing").await;
    let there = async |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env("TZ", "XST-5:30");
        ended(command).await
    };
    let (local, utc) = (there(&["history", "-n", "1000"]).await, there(&["--utc", "history", "-n", "1000"]).await);
    let first = |ended: &crate::support::Ended| ended.stdout.lines().next().unwrap()[..19].replace(' ', "T");
    let (shown, started) = (format!("{}+05:30", first(&local)), format!("{}Z", first(&utc)));
    assert_eq!(shown.parse::<flyball_model::Timestamp>(), started.parse(), "{local:?} {utc:?}");
    assert!(local.stderr.contains("times are at +05:30; --utc shows UTC"), "{local:?}");
    assert!(!utc.stderr.contains("times are"), "{utc:?}");

    let until = first(&local).replace('T', " ");
    let told = there(&["history", "--until", &until, "--since", &until]).await;
    assert!(told.stdout.contains(" started with "), "what was shown is what is read: {told:?}");
    let why = there(&["why", "page"]).await;
    assert!(why.stdout.starts_with("times are at +05:30"), "{why:?}");
    assert!(why.stdout.lines().all(|line| !line.contains("Z (")), "every time is in the zone: {why:?}");
    let status = there(&["status"]).await;
    assert!(status.stdout.lines().next().unwrap().contains("+05:30"), "{status:?}");
    let json = there(&["--json", "history", "-n", "1"]).await;
    assert!(json.stdout.contains("Z\"") && !json.stdout.contains("+05:30"), "{json:?}");
    drop(up);
}
