//! Several engines on one PostgreSQL whose machines have different files: all go by the newest.

use crate::support::{Stage, Up, now, wait_for};
use flyball_model::{Excerpt, NodeId, TextHash};
use flyball_store::{Lease, Sign};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

const PAGE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n";
const SECOND: &str = "[[monitor]]\nname = \"second\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n";

/// Another machine, with the file as it is now.
fn copy(stage: &Stage) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(stage.path("flyball.toml"), folder.path().join("flyball.toml")).unwrap();
    folder
}

async fn up_in(stage: &Stage, folder: &Path) -> Up {
    stage.up_with(stage.command_in(folder, &["up"])).await
}

/// What `flyball node` says of an engine.
async fn node(stage: &Stage, up: &Up) -> Value {
    let nodes = stage.json(&["node"]).await;
    let found = nodes.as_array().unwrap().iter().find(|node| node["process"] == up.id());
    found.cloned().unwrap_or(Value::Null)
}

async fn name(stage: &Stage, up: &Up) -> String {
    node(stage, up).await["name"].as_str().unwrap().to_owned()
}

/// Waits until a monitor has been looked at from now on.
async fn is_looked_at(stage: &Stage, monitor: &str) {
    let since = now();
    wait_for(&format!("{monitor:?} is looked at"), async || {
        stage.readings(monitor).await.last().is_some_and(|reading| reading.begun_at > since)
    })
    .await;
}

#[tokio::test]
async fn all_nodes_go_by_the_newest_file_until_nobody_who_has_it_is_left() {
    let stage = Stage::new().await.on_server().await;
    stage.write(PAGE);
    let machine = copy(&stage);
    let mut first = stage.up().await;
    let second = up_in(&stage, machine.path()).await;
    let first_name = name(&stage, &first).await;
    assert_eq!(node(&stage, &second).await["outdated_by"], Value::Null);

    stage.write(&format!("{PAGE}{SECOND}"));
    let goes_by = format!("goes by the file of {first_name}, which is newer than its own");
    second.until("it goes by the newer file", |up| up.printed().contains(&goes_by)).await;
    let told = node(&stage, &second).await;
    assert!(told["outdated_by"]["of"] == first_name.as_str() && told["outdated_by"]["is_read"] == true, "{told}");
    assert_eq!(told["has_another_file"], false, "{told}");
    assert_eq!(node(&stage, &first).await["outdated_by"], Value::Null);
    let status = stage.run(&["status"]).await.stdout;
    assert!(status.contains("goes by the newer file of"), "{status}");
    // It does the work of that file, and not only says so.
    assert_eq!(stage.run(&["node", "drain", &first_name]).await.code, Some(0));
    is_looked_at(&stage, "second").await;

    second.kill().await;
    let again = up_in(&stage, machine.path()).await;
    again.until("it goes by the newer file from the start", |up| up.printed().contains(&goes_by)).await;
    assert!(again.printed().contains(": 2 monitors"), "{}", again.printed());
    assert_eq!(node(&stage, &first).await["outdated_by"], Value::Null, "a start makes no file newer");
    is_looked_at(&stage, "second").await;

    first.signal("-TERM").await;
    assert_eq!(first.end().await.0, Some(0), "{}", first.printed());
    let again_name = name(&stage, &again).await;
    stage.history_until(&format!("{again_name} goes by its own file again")).await;
    wait_for("its own file is in force", async || {
        let monitors = stage.json_in(machine.path(), &["status"]).await["monitors"].clone();
        monitors.as_array().unwrap().iter().all(|monitor| monitor["name"] == "page")
    })
    .await;
    is_looked_at(&stage, "page").await;
    assert_eq!(node(&stage, &again).await["outdated_by"], Value::Null);
}

#[tokio::test]
async fn a_node_that_cannot_read_the_newest_file_works_on_nothing_and_says_so() {
    let stage = Stage::new().await.on_server().await;
    stage.write(PAGE);
    let up = stage.up().await;
    is_looked_at(&stage, "page").await;
    // A node of a later version, as it shows itself in the database for as long as it lives.
    let in_force = format!("key_of_tomorrow = 1\n{PAGE}");
    let own = Some(TextHash::of([in_force.as_str()]));
    let later = NodeId(Uuid::from_u128(9));
    let sign = Sign { node: later, host: Excerpt::of("ops-9"), process: 9, since: now(), in_force, own };
    let store = stage.store().await;
    store.appear(&sign, now()).await.unwrap();
    let mut lives = JoinSet::new();
    let living = Arc::clone(&store);
    lives.spawn(async move {
        loop {
            living.hold(later, &[], &[], now()).await.unwrap();
            tokio::time::sleep(Lease::RENEW_EVERY).await;
        }
    });

    let line = stage.history_until("cannot read the file of ops-9:9").await;
    assert!(line.contains("works on nothing") && line.contains("update Flyball there"), "{line}");
    assert!(up.printed().contains("key_of_tomorrow"), "it says what it does not know: {}", up.printed());
    let told = node(&stage, &up).await;
    assert!(told["outdated_by"]["of"] == "ops-9:9" && told["outdated_by"]["is_read"] == false, "{told}");
    let attention = stage.json(&["status"]).await["attention"].clone();
    assert!(attention.as_array().unwrap().iter().any(|one| one["need"] == "works_on_nothing"), "{attention}");
    wait_for("it gives its share to others", async || node(&stage, &up).await["shards"] == 0).await;

    lives.shutdown().await;
    store.leave(later).await.unwrap();
    store.close().await;
    stage.history_until("goes by its own file again").await;
    is_looked_at(&stage, "page").await;
    assert_eq!(node(&stage, &up).await["outdated_by"], Value::Null);
}
