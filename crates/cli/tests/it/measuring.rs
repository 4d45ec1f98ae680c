//! `bench`: it measures, tells what it measured on, and says no when something was not done.

use crate::support::{bare, ended};
use serde_json::Value;

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
