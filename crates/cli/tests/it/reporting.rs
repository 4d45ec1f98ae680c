//! `report`: what became of monitors over days and months, as people and as programs read it.

use crate::support::{Stage, Way, both_ways};
use flyball_model::{Cause, Evidence, Excerpt, Finding, MonitorId, Reading, Timestamp};
use flyball_store::{Batch, Definition, Origin};
use insta::assert_snapshot;
use std::time::Duration;

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1m\"\nhttp = { url = \"PAGE\" }\n\
                    [[monitor]]\nname = \"new\"\nevery = \"1m\"\nhttp = { url = \"PAGE\" }\n";
/// Two hours of a day.
const DAY: [&str; 4] = ["--since", "2026-01-02 10:00", "--until", "2026-01-02 11:59"];

/// A page that was watched from ten to twelve, every minute, and failed for a quarter of an hour.
async fn watched() -> Stage {
    let stage = Stage::new().await;
    stage.write(FILE);
    let (begins, every): (Timestamp, _) = ("2026-01-02T10:00:00Z".parse().unwrap(), Duration::from_mins(1));
    let monitor = MonitorId::of(&"page".parse().unwrap());
    let definition = Definition {
        id: monitor.0,
        name: "page".to_owned(),
        origin: Origin::File,
        kind: "http".to_owned(),
        settings: serde_json::Value::Null,
        every: Some(every),
    };
    let readings = (0..120).map(|minute| {
        let finding = if (30..45).contains(&minute) { Finding::Failing(Cause::Status) } else { Finding::Passing };
        let begun_at = begins + every * minute;
        let words = Excerpt::of("as it was");
        (monitor, Reading { begun_at, took: Duration::from_millis(50), finding, words, evidence: Evidence::None })
    });
    let store = stage.store().await;
    store.define(&[definition], &[], begins).await.unwrap();
    store.save(&Batch { readings: readings.collect(), ..Batch::default() }).await.unwrap();
    store.close().await;
    stage
}

#[tokio::test]
async fn how_long_a_page_was_up_and_down_is_told_and_what_nobody_watched_is_neither() {
    let stage = watched().await;
    let told = stage.run(&[&["--utc", "report"], &DAY[..]].concat()).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_snapshot!(told.stdout, @r"
    2026-01-02 10:00:00 to 2026-01-02 12:00:00 UTC

    MONITOR       UP  DOWN FOR  OUTAGES  LONGEST  UNKNOWN FOR  NOT WATCHED  READINGS   P50   P95   P99
    page     87.500%       15m        1      15m            -            -       120  50ms  50ms  50ms
    new            -         -        -        -            -           2h         0     -     -     -
    ");
}

#[tokio::test]
async fn programs_read_the_same_in_seconds_that_add_up_to_the_whole() {
    let stage = watched().await;
    let report = stage.json(&[&["report", "--monitor", "page"], &DAY[..]].concat()).await;
    let [page] = report["monitors"].as_array().unwrap().as_slice() else { panic!("one monitor: {report}") };
    let seconds = |of: &str| page[of].as_f64().unwrap();
    assert_eq!((seconds("passing_s"), seconds("failing_s")), (6300.0, 900.0), "{page}");
    let parts = ["passing_s", "failing_s", "unknown_s", "unwatched_s"];
    assert!((parts.map(seconds).iter().sum::<f64>() - 7200.0).abs() < 0.0001, "{page}");
    let uptime = page["uptime"].as_f64().unwrap();
    assert!((uptime - 0.875).abs() < 0.0001 && page["readings"] == 120, "{page}");
}

#[tokio::test]
async fn of_hours_that_are_packed_the_last_minutes_count_as_well() {
    let stage = watched().await;
    let store = stage.store().await;
    while store.sweep("2026-01-02T14:00:00Z".parse().unwrap()).await.unwrap() > 0 {}
    store.close().await;
    let report = stage.json(&[&["report", "--monitor", "page"], &DAY[..]].concat()).await;
    let page = &report["monitors"][0];
    assert_eq!((page["readings"].as_u64(), page["unwatched_s"].as_f64()), (Some(120), Some(0.0)), "{page}");
    assert_eq!((page["passing_s"].as_f64(), page["failing_s"].as_f64()), (Some(6300.0), Some(900.0)), "{page}");
}

both_ways!(a_monitor_that_is_not_in_the_file_is_named_and_none_is_reported);

async fn a_monitor_that_is_not_in_the_file_is_named_and_none_is_reported(way: Way) {
    let stage = watched().await.asking(way);
    let _engine = stage.engine_to_ask().await;
    let told = stage.run(&["report", "--monitor", "pages"]).await;
    assert_eq!((told.code, told.stdout.as_str()), (Some(1), ""));
    assert!(told.stderr.contains("pages") && told.stderr.contains("page"), "{told:?}");
}
