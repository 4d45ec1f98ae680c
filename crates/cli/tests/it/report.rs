//! `report`: what became of monitors over days and months.

use crate::support::{Stage, Way, both_ways, now};
use flyball_model::{Blind, Cause, Evidence, Excerpt, Finding, MonitorId, MonitorName, Reading, Timestamp};
use flyball_store::{Batch, Loop as _, Retention as _, Sqlite};
use std::time::Duration;

const TWO_MONITORS: &str = "[[monitor]]\nname = \"page\"\nevery = \"60s\"\nhttp = { url = \"PAGE\" }\n\
    [[monitor]]\nname = \"door\"\nevery = \"60s\"\nhttp = { url = \"PAGE\" }\n";

/// What an engine would have left that looked once a minute for five hours until a minute ago: by the minute, the first of which
/// is returned.
async fn watched(stage: &Stage, finding: impl Fn(u32) -> Finding) -> Timestamp {
    let minute = Duration::from_secs(60);
    let first = now() - minute * 300;
    let page = MonitorId::of(&"page".parse::<MonitorName>().unwrap());
    let store = Sqlite::open(&stage.path("flyball.db")).await.unwrap();
    for minutes in [0..150_u32, 150..300] {
        let seen_by = first + minute * minutes.end;
        let readings = minutes
            .map(|nth| Reading {
                begun_at: first + minute * nth,
                took: Duration::from_millis(7),
                finding: finding(nth),
                words: Excerpt::default(),
                evidence: Evidence::None,
            })
            .map(|reading| (page, reading))
            .collect();
        store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
        store.sweep(seen_by).await.unwrap();
    }
    store.close().await;
    first
}

#[tokio::test]
async fn how_long_it_was_down_is_told_outage_by_outage() {
    let stage = Stage::new().await;
    stage.write(TWO_MONITORS);
    let first = watched(&stage, |minute| match minute {
        10..100 => Finding::Failing(Cause::TimeOut),
        200..202 => Finding::Failing(Cause::Status),
        202..205 => Finding::Unknown(Blind::Network),
        297..300 => Finding::Failing(Cause::Slow),
        _ => Finding::Passing,
    })
    .await;

    let report = stage.json(&["report", "--since", "6h", "--outages"]).await;
    let outages = &report["monitors"][0]["outages"];
    assert_eq!(outages["count"], 3, "{report}");
    assert_eq!(outages["longest_s"], 90.0 * 60.0, "{report}");
    assert_eq!(outages["total_s"], report["monitors"][0]["failing_s"], "as long as the roll-ups say: {report}");
    let told = |key: &str| -> Vec<String> {
        outages["list"].as_array().unwrap().iter().map(|outage| outage[key].to_string()).collect()
    };
    let begun = |minute| serde_json::json!(first + Duration::from_secs(60) * minute).to_string();
    assert_eq!(told("began_at"), [begun(10), begun(200), begun(297)]);
    assert_eq!(told("cause"), ["\"time_out\"", "\"status\"", "\"slow\""]);
    assert_eq!(told("readings"), ["90", "2", "3"]);
    assert_eq!(told("then"), ["\"passing\"", "\"unknown\"", "null"]);
    assert_eq!(told("ended_at"), [begun(100), begun(202), "null".to_owned()], "the last goes on");
    assert_eq!(
        report["monitors"][1]["outages"],
        serde_json::json!({"count": 0, "longest_s": 0.0, "total_s": 0.0, "list": []})
    );

    let text = stage.run(&["report", "--since", "6h", "--outages"]).await.stdout;
    let line =
        |words: &str| text.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}:\n{text}"));
    assert!(line("NOT WATCHED").contains("OUTAGES  LONGEST"), "{text}");
    assert!(line("page  ").contains("1h 30m"), "{text}");
    assert!(line("page: ").starts_with("page: 3 outages, 1h 3"), "{text}");
    assert!(line("time_out").contains("1h 30m") && line("time_out").ends_with("it passed"), "{text}");
    assert!(line("status").contains("2m") && line("status").ends_with("it could not be looked at"), "{text}");
    assert!(line("slow").ends_with("it goes on"), "{text}");
    assert_eq!(line("door: "), "door: no outage");
}

both_ways!(of_an_outage_that_began_before_the_report_only_its_part_counts);

async fn of_an_outage_that_began_before_the_report_only_its_part_counts(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(TWO_MONITORS);
    let first = watched(&stage, |minute| match minute {
        10..100 => Finding::Failing(Cause::TimeOut),
        _ => Finding::Passing,
    })
    .await;
    let _engine = stage.engine_to_ask().await;
    let since = (first + Duration::from_secs(70 * 60)).to_string();
    let report = stage.json(&["report", "--since", &since, "--monitor", "page", "--outages"]).await;
    let outages = &report["monitors"][0]["outages"];
    assert_eq!(outages["count"], 1, "{report}");
    let longest = outages["longest_s"].as_f64().unwrap();
    assert!((longest - 30.0 * 60.0).abs() <= 1.0, "{report}");
    assert_eq!(outages["list"][0]["began_at"], serde_json::json!(first + Duration::from_secs(600)), "{report}");
    let text = stage.run(&["report", "--since", &since, "--outages"]).await.stdout;
    assert!(text.contains("it passed; it began before"), "{text}");

    let summed = stage.json(&["report", "--since", &since]).await;
    assert!(summed["monitors"][0]["outages"].get("list").is_none(), "only who asks gets the list: {summed}");
    let text = stage.run(&["report", "--since", &since]).await.stdout;
    assert!(!text.contains("BEGAN"), "{text}");
}
