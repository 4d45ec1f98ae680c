//! What machines and hosts ask of `flyball up`: figures for Prometheus, a log that programs read, and words for systemd.

use crate::support::{SOON, Stage, Up, ended};
use flyball_model::Timestamp;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use tokio::net::UnixDatagram;

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"more\"]\n\
                    [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 3 }\n";

/// Figures as a program reads them that knows nothing of ours: each series by its name and labels.
fn read(text: &str) -> HashMap<String, f64> {
    let (mut kinds, mut helped, mut series) = (HashMap::new(), HashSet::new(), HashMap::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(name.starts_with("flyball_") && words.ends_with('.'), "{line}");
            assert!(helped.insert(name), "a family is named once: {line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(helped.contains(name) && kinds.insert(name, kind).is_none(), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let bare = name.split('{').next().unwrap();
            let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| bare.strip_suffix(end));
            let kind = kinds.get(bare).copied();
            match kind.or_else(|| kinds.get(of_histogram?).copied()) {
                Some("counter") => assert!(bare.ends_with("_total"), "{line}"),
                Some("gauge") => assert!(kind.is_some() && !bare.ends_with("_total"), "{line}"),
                Some("histogram") => assert!(of_histogram.unwrap().ends_with("_seconds"), "{line}"),
                _ => panic!("of no family: {line}"),
            }
            let value: f64 = value.parse().unwrap();
            assert!(value >= 0.0 && series.insert(name.to_owned(), value).is_none(), "{line}");
        }
    }
    assert!(text.ends_with('\n'));
    series
}

/// The figures at an address, or the status where they are refused.
async fn figures(server: &str, token: Option<&str>) -> Result<HashMap<String, f64>, u16> {
    let asked = reqwest::Client::new().get(format!("{server}/metrics"));
    let asked = if let Some(token) = token { asked.bearer_auth(token) } else { asked };
    let answer = asked.send().await.unwrap();
    if !answer.status().is_success() {
        return Err(answer.status().as_u16());
    }
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    Ok(read(&answer.text().await.unwrap()))
}

#[tokio::test]
async fn figures_are_told_to_who_may_look_and_follow_what_happens() {
    let stage = Stage::new().await;
    stage.write(&format!("[server]\nhosts = [\"flyball.example.com\"]\n{FILE}"));
    let _up = stage.serve().await;
    let server = stage.server();
    assert_eq!(figures(&server, None).await, Err(401), "it is not for this machine alone");
    let token = ended(stage.command(&["token", "create", "--scope", "read", "--name", "prometheus"])).await.stdout;
    let figures = async || figures(&server, Some(token.trim())).await.unwrap();
    crate::support::wait_for("the page is looked at", async || {
        figures().await["flyball_monitor_verdict{monitor=\"page\",verdict=\"passing\"}"] == 1.0
    })
    .await;
    assert_eq!(ended(stage.command(&["react", "more", "--yes"])).await.code, Some(0));
    crate::support::wait_for("the run is counted", async || {
        figures().await["flyball_runs_ended_total{outcome=\"done\"}"] == 1.0
    })
    .await;
    let now = figures().await;
    for (series, expected) in [
        ("flyball_info{version=\"0.1.0\"}", 1.0),
        ("flyball_monitors{verdict=\"passing\"}", 1.0),
        ("flyball_monitors{verdict=\"failing\"}", 0.0),
        ("flyball_monitor_verdict{monitor=\"page\",verdict=\"failing\"}", 0.0),
        ("flyball_runs_ended_total{outcome=\"in_doubt\"}", 0.0),
        ("flyball_readings_dropped_total", 0.0),
        ("flyball_oldest_due_run_seconds", 0.0),
        ("flyball_store_commits_failed_total", 0.0),
        ("flyball_unnamed{of=\"monitors\"}", 0.0),
    ] {
        assert_eq!(now.get(series), Some(&expected), "{series} of {now:#?}");
    }
    assert!(now["flyball_checks_total"] >= 1.0 && now["flyball_checks_due_total"] >= now["flyball_checks_total"]);
    assert!(now["flyball_heroku_budget_left{account=\"default\"}"] > 4000.0, "{now:#?}");
    assert!(now["flyball_heroku_calls_total{account=\"default\"}"] >= 1.0, "{now:#?}");
    assert!(now.keys().any(|series| series.starts_with("flyball_holds{reason=")), "{now:#?}");
    for histogram in ["flyball_check_late_seconds", "flyball_store_commit_seconds"] {
        let count = now[&format!("{histogram}_count")];
        assert!(count >= 1.0 && now[&format!("{histogram}_bucket{{le=\"+Inf\"}}")] == count, "{now:#?}");
    }
}

/// A line of the log, as a program reads it.
fn is_of_the_log(line: &Value) -> bool {
    let text = |key: &str| line[key].as_str();
    let Some(at) = text("timestamp") else { return false };
    at.parse::<Timestamp>().unwrap();
    assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&text("level").unwrap()), "{line}");
    let is_ours = text("target").unwrap().starts_with("flyball");
    assert!(!is_ours || text("message").is_some(), "{line}");
    true
}

#[tokio::test]
async fn a_log_for_programs_is_one_object_a_line_and_says_what_the_other_says() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let mut command = stage.command(&["--json", "up", "--listen", "127.0.0.1:0", "--log", "json"]);
    command.env("RUST_LOG", "trace");
    let mut up = Up::spawn(command);
    up.until("it follows the file", |up| up.printed().contains("following flyball.toml")).await;
    let second = ended(stage.command(&["up", "--log", "json"])).await;
    let last = second.stderr.lines().last().unwrap();
    let last: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {second:?}"));
    assert!(is_of_the_log(&last) && last["level"] == "ERROR", "{last}");
    assert!(last["message"].as_str().unwrap().contains("another flyball runs on it"), "{last}");
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0));
    up.until("all of it is read", |up| up.printed().ends_with('\n')).await;
    let printed = up.printed();
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let logged: Vec<&Value> = lines.iter().filter(|line| is_of_the_log(line)).collect();
    for (level, words) in [("INFO", "pages: http://127.0.0.1:"), ("INFO", "following flyball.toml; Ctrl-C stops")] {
        let is_said = |line: &&Value| line["message"].as_str().is_some_and(|message| message.contains(words));
        let said: Vec<&&Value> = logged.iter().filter(|line| is_said(line)).collect();
        assert!(said.len() == 1 && said[0]["level"] == level, "{words}: {said:?}");
    }
    let fields = logged.iter().find(|line| line["message"] == "Heroku answered" || line["call"].is_string());
    assert!(fields.is_none_or(|line| line["took_ms"].is_number()), "fields stay what they are: {fields:?}");
}

/// What a service manager hears.
struct Manager(UnixDatagram);

impl Manager {
    /// The next message, as its lines.
    async fn hears(&self) -> Vec<String> {
        let mut message = vec![0; 4096];
        let length =
            tokio::time::timeout(SOON, self.0.recv(&mut message)).await.expect("it is told something").unwrap();
        String::from_utf8_lossy(&message[..length]).lines().map(str::to_owned).collect()
    }

    /// The next message but that the loop turns.
    async fn hears_news(&self) -> Vec<String> {
        loop {
            let heard = self.hears().await;
            if heard != ["WATCHDOG=1"] {
                return heard;
            }
        }
    }
}

#[tokio::test]
async fn a_service_manager_is_told_when_it_is_up_reads_again_and_stops_and_that_the_loop_turns() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let manager = Manager(UnixDatagram::bind(stage.path("notify")).unwrap());
    let mut command = stage.command(&["up", "--listen", "127.0.0.1:0"]);
    command.env("NOTIFY_SOCKET", stage.path("notify")).env("WATCHDOG_USEC", "400000");
    let mut up = Up::spawn(command);
    let ready = ["READY=1", "STATUS=1 monitors, 1 reactions"];
    assert_eq!(manager.hears().await, ready);
    let pages = up.pages().await;
    assert!(reqwest::get(format!("{pages}/healthz")).await.unwrap().status().is_success(), "it is ready");
    for _ in 0..3 {
        assert_eq!(manager.hears().await, ["WATCHDOG=1"]);
    }
    up.signal("-HUP").await;
    let reading = manager.hears_news().await;
    assert!(reading[0] == "RELOADING=1" && reading[1].starts_with("MONOTONIC_USEC="), "{reading:?}");
    assert_eq!(manager.hears_news().await, ready);
    up.signal("-TERM").await;
    assert_eq!(manager.hears_news().await, ["STOPPING=1", "STATUS=stopping"]);
    assert_eq!(up.end().await.0, Some(0));
}
