//! `bench`: it measures, tells what it measured on, and says no when something was not done.

use crate::support::{bare, ended, must_hold_no_secret};
use flyball_scratch::Scratch;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

async fn measured(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let ended = ended(bare(folder.path(), &[&["--json", "bench"], arguments].concat())).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("one document: {error}: {ended:?}"))
}

#[tokio::test]
async fn the_floor_and_the_monitors_make_the_same_checks_and_are_told_in_the_same_figures() {
    let how = ["--count", "30", "--every", "1s", "--for", "3s"];
    let floor = measured(&[&["floor"][..], &how].concat()).await;
    let monitors = measured(&[&["monitors"][..], &how].concat()).await;
    for report in [&floor, &monitors] {
        assert_eq!((&report["monitors"], &report["every_ms"]), (&30.into(), &1000.into()), "{report}");
        let (due, made) = (report["checks_due"].as_u64().unwrap(), report["checks_made"].as_u64().unwrap());
        assert!((60..=120).contains(&due) && made <= due && due - made <= 30, "{report}");
        assert!(report["cpu_us_per_check"].is_number() && report["bytes_per_monitor"].is_number(), "{report}");
        assert!(report["late_ms_p50"].as_f64() <= report["late_ms_p99"].as_f64(), "{report}");
    }
    let keys = |report: &Value| report.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&floor), keys(&monitors));
    assert!(floor["stored_bytes_per_check"].is_null() && monitors["stored_bytes_per_check"].is_number());
}

#[tokio::test]
async fn every_effect_has_the_times_from_its_pages_answer_to_the_commit_and_to_the_call() {
    let report = measured(&["effects", "--count", "4", "--every", "1s"]).await;
    assert_eq!((&report["effects_wanted"], &report["effects_made"]), (&4.into(), &4.into()), "{report}");
    let at = |what: &str, share: &str| report[what][share].as_f64().unwrap();
    for share in ["p50", "p99", "max"] {
        let (commit, call) = (at("answer_to_commit_ms", share), at("answer_to_call_ms", share));
        assert!(0.0 < commit && commit < call, "{report}");
    }
}

#[tokio::test]
async fn every_page_of_monitors_with_a_past_is_asked_for_and_weighed() {
    let folder = tempfile::tempdir().unwrap();
    let how = ["--json", "bench", "pages", "--monitors", "60", "--days", "2", "--seconds", "1", "--every", "1s"];
    let ended = ended(bare(folder.path(), &how)).await;
    // Whether a build for tests is fast enough says nothing.
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let pages = report["pages"].as_array().unwrap();
    for path in ["/", "/apps", "/apps/bench-7", "/monitors/bench%207", "/timeline", "/pause", "/settings", "/sign-in"] {
        let page = pages.iter().find(|page| page["path"] == path).unwrap_or_else(|| panic!("{path}: {report}"));
        let figure = |name: &str| page[name].as_f64().unwrap();
        assert!(0.0 < figure("p50_ms") && figure("p50_ms") <= figure("p95_ms"), "{page}");
        assert!(0.0 < figure("compressed_bytes") && figure("compressed_bytes") < figure("bytes"), "{page}");
    }
    assert!(report["reads"].as_array().unwrap().iter().any(|read| read["path"] == "/metrics"), "{report}");
}

#[tokio::test]
async fn those_who_listen_meanwhile_hear_the_timeline_grow_and_are_held_against_the_same_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let how = ["--json", "bench", "monitors", "--count", "30", "--every", "1s", "--for", "3s", "--streams", "3"];
    let ended = ended(bare(folder.path(), &[&how[..], &["--slow-readers", "1"]].concat())).await;
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let listened = &report["listened"];
    assert!(listened["lines_heard"].as_u64().unwrap() >= 3, "{report}");
    assert!(listened["without"]["checks_made"].as_u64().unwrap() >= 60, "{report}");
}

#[tokio::test]
async fn a_bench_tells_what_it_measured_on() {
    let how = ["store", "--count", "2", "--days", "1", "--every", "1h"];
    let machine = &measured(&how).await["machine"];
    for (fact, is_told) in [
        ("at", Value::is_string as fn(&Value) -> bool),
        ("cpus", Value::is_number),
        ("load", Value::is_number),
        ("memory_mib", Value::is_number),
        ("kernel", Value::is_string),
        ("rustc", Value::is_string),
        ("build", Value::is_string),
        ("flyball", Value::is_string),
    ] {
        assert!(is_told(&machine[fact]), "{fact}: {machine}");
    }
    assert!(machine["rustc"].as_str().unwrap().starts_with("rustc 1."), "{machine}");
    let folder = tempfile::tempdir().unwrap();
    let table = ended(bare(folder.path(), &[&["bench"], &how[..]].concat())).await.stdout;
    assert!(table.contains(" build of rustc 1.") && table.contains("kernel"), "{table}");
}

#[tokio::test]
async fn laws_of_scaling_play_the_loads_that_are_made_and_those_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let how = ["--json", "bench", "control", "--world", "fluid"];
    let five = ended(bare(folder.path(), &how)).await;
    let report: Value = serde_json::from_str(&five.stdout).unwrap_or_else(|error| panic!("{error}: {five:?}"));
    let contests = report["contests"].as_array().unwrap();
    let loads: Vec<&str> = contests.iter().map(|contest| contest["load"].as_str().unwrap()).collect();
    assert_eq!(loads, ["day", "step", "bursts", "ramp", "heavier"]);
    let best = contests
        .iter()
        .filter(|contest| contest["judged"]["behind"].is_null() && contest["judged"]["dearer"].is_null());
    assert_eq!(five.code, Some(i32::from(best.count() < contests.len())), "{report}");

    let minute = |nth: u32| format!("2026-05-04 00:{nth:02}:00,{}\n", 10 + nth);
    let mut trace: String = (0..60).map(minute).collect();
    std::fs::write(folder.path().join("trace.csv"), format!("timestamp,count\n{trace}")).unwrap();
    let of_file = ["bench", "control", "--trace", "trace.csv", "--peak", "50"];
    let played = ended(bare(folder.path(), &of_file)).await.stdout;
    assert!(played.contains("trace.csv") && played.contains("50 a second at most"), "{played}");
    assert!(played.contains("like Heroku") && played.contains("a stand-in"), "{played}");

    let in_the_stand_in = ended(bare(folder.path(), &[&["--json"], &of_file[..]].concat())).await;
    let report: Value = serde_json::from_str(&in_the_stand_in.stdout).unwrap();
    let fluid = 50.0 * 3600.0 * 39.5 / 69.0;
    let (world, requests) = (&report["world"], report["contests"][0]["requests"].as_f64().unwrap());
    assert!(*world == "heroku-sim" && (requests / fluid - 1.0).abs() < 0.02, "{world} {requests} {fluid}");

    trace.push_str("2026-05-04 01:05:00,5\n");
    std::fs::write(folder.path().join("trace.csv"), trace).unwrap();
    let gap = ended(bare(folder.path(), &of_file)).await;
    assert!(gap.code == Some(1) && gap.stderr.contains("line 61 is 360 s after"), "{gap:?}");
    for wrong in
        [["--stabilize", "2h"], ["--per-dyno", "0"], ["--slack", "60"], ["--peak", "50"], ["--drain-max", "5m"]]
    {
        let ended = ended(bare(folder.path(), &[&["bench", "control"][..], &wrong].concat())).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
    let none = ended(bare(folder.path(), &["bench", "control", "--trace", "none.csv"])).await;
    assert!(none.code == Some(1) && none.stderr.contains("cannot read the trace none.csv"), "{none:?}");
}

#[tokio::test]
async fn laws_of_scaling_play_workers() {
    let folder = tempfile::tempdir().unwrap();
    let played = ended(bare(folder.path(), &["bench", "control", "--workers"])).await;
    assert_eq!(played.code, Some(0), "{played:?}");
    for expected in ["trickle and bursts", "long jobs", "ours, with `quiet`", "killed", "a stand-in"] {
        assert!(played.stdout.contains(expected), "{expected}: {}", played.stdout);
    }
}

/// Whoever may make databases on the server, and does nothing else there: what is left of them can be counted.
struct Maker {
    server: PgConnection,
    name: String,
    url: String,
}

impl Maker {
    async fn new() -> Self {
        let scratch = Scratch::new().await.unwrap();
        let mut server = scratch.connect().await.unwrap();
        let name: String = sqlx::query_scalar("SELECT current_database()").fetch_one(&mut server).await.unwrap();
        let name = name.replace("flyball", "bench");
        let made = format!("CREATE ROLE {name} LOGIN CREATEDB");
        sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut server).await.unwrap();
        let (_, at) = scratch.url().split_once('@').map(|(user, at)| (user.to_owned(), at.to_owned())).unwrap();
        Self { server, url: format!("postgres://{name}@{at}"), name }
    }

    async fn databases_left(mut self) -> i64 {
        let left = "SELECT COUNT(*) FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba WHERE rolname = $1";
        sqlx::query_scalar(left).bind(self.name).fetch_one(&mut self.server).await.unwrap()
    }
}

#[tokio::test]
async fn what_a_bench_measures_on_a_server_is_in_a_database_of_its_own_that_is_gone_afterwards() {
    let maker = Maker::new().await;
    for how in [
        &["monitors", "--count", "30", "--every", "1s", "--for", "3s"][..],
        &["effects", "--count", "4", "--every", "1s"],
        &["store", "--count", "2", "--days", "1", "--every", "10m"],
    ] {
        let report = measured(&[how, &["--store", &maker.url]].concat()).await;
        assert_eq!(report["store"], "PostgreSQL", "{report}");
        let sized = ["stored_bytes_per_check", "first_hour_bytes_per_reading", "effects_made"];
        assert!(sized.iter().any(|size| report[size].as_f64().is_some_and(|bytes| bytes > 0.0)), "{report}");
    }
    assert_eq!(maker.databases_left().await, 0);
}

#[tokio::test]
async fn a_bench_on_no_server_says_so_and_never_repeats_the_password() {
    let folder = tempfile::tempdir().unwrap();
    for store in ["postgres://ann:hunter2@127.0.0.1:1/none", "mysql://ann:hunter2@127.0.0.1/none", "hunter2"] {
        let ended = ended(bare(folder.path(), &["bench", "monitors", "--count", "1", "--store", store])).await;
        assert!(ended.code != Some(0) && ended.stderr.to_lowercase().contains("postgres"), "{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

#[tokio::test]
async fn a_history_that_is_kept_is_read_by_the_commands_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let how = ["bench", "store", "--count", "2", "--days", "1", "--every", "1m", "--keep", "kept"];
    let first = ended(bare(folder.path(), &[&["--json"], &how[..]].concat())).await;
    let report: Value = serde_json::from_str(&first.stdout).unwrap_or_else(|error| panic!("{error}: {first:?}"));
    for what in ["report_ms", "history_ms", "readings_ms", "status_ms"] {
        let at = |share: &str| report[what][share].as_f64().unwrap();
        assert!(0.0 < at("p50") && at("p50") <= at("max"), "{report}");
    }
    let asked = ["--config", "kept/flyball.toml", "report", "--since", "2026-09-22", "--until", "2026-09-22"];
    let told = ended(bare(folder.path(), &asked)).await.stdout;
    // Down for five minutes of a day.
    assert!(told.contains("bench 1") && told.contains("99.65"), "{told}");
    let again = ended(bare(folder.path(), &how)).await;
    assert!(again.code == Some(1) && again.stderr.contains("there is a database already"), "{again:?}");
}

#[tokio::test]
async fn what_an_engine_left_is_looked_at_by_the_other_and_how_soon_is_told() {
    let maker = Maker::new().await;
    let folder = tempfile::tempdir().unwrap();
    let how = ["--json", "bench", "failover", "--store", &maker.url, "--times", "1"];
    let ended = ended(bare(folder.path(), &how)).await;
    must_hold_no_secret("the report", ended.stdout.as_bytes());
    let report: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let at = |what: &str, share: &str| report[what][share].as_f64().unwrap();
    for what in ["killed", "asked_to_stop", "frozen"] {
        assert!(report[what]["monitors"].as_u64() > Some(0), "{report}");
        assert!(at(what, "ms_p50") <= at(what, "ms_p95") && at(what, "ms_p95") <= at(what, "ms_max"), "{report}");
    }
    // Who is asked to stop gives its part away; else the others wait until its lease is over.
    assert!(at("asked_to_stop", "ms_p50") < at("killed", "ms_p50"), "{report}");
    let in_time = ["killed", "asked_to_stop", "frozen"].iter().all(|what| at(what, "ms_max") <= 16_000.0);
    assert_eq!(ended.code, Some(i32::from(!in_time)), "{report}");
    assert_eq!(maker.databases_left().await, 0);
}
