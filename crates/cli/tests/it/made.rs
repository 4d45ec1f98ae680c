//! What is made in pages comes into force beside the file, by itself, and the file is what holds.

use crate::support::{Stage, Way, both_ways, now, wait_for};
use flyball_engine::commands::{NotMade, files_in_force, make_piece, unmake_piece};
use flyball_model::{Excerpt, Family};
use flyball_store::NewPiece;
use uuid::Uuid;

const PAGE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n";

/// A monitor of this name, as somebody makes it in pages.
fn monitor(stage: &Stage, name: &str) -> NewPiece {
    let text = PAGE.replace("page", name).replace("PAGE", &stage.sim.page_url("shop"));
    let (id, family, name) = (Uuid::from_u128(1), Family::Monitor, name.to_owned());
    NewPiece { id, family, name, text, by: Excerpt::of("ann") }
}

/// Waits until a monitor has been looked at from now on.
async fn is_looked_at(stage: &Stage, monitor: &str) {
    let since = now();
    wait_for(&format!("{monitor:?} is looked at"), async || {
        stage.readings(monitor).await.last().is_some_and(|reading| reading.begun_at > since)
    })
    .await;
}

both_ways!(what_is_made_is_in_force_within_seconds_survives_a_restart_and_gives_way_to_the_file);

async fn what_is_made_is_in_force_within_seconds_survives_a_restart_and_gives_way_to_the_file(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(PAGE);
    let up = stage.up().await;
    let store = stage.store().await;
    let files = files_in_force(&*store, "flyball.toml", now()).await.unwrap().unwrap();
    let piece = monitor(&stage, "made");
    let version = make_piece(&*store, &files, &piece, None, now()).await.unwrap().version;
    stage.history_until("what was changed in pages is in force: 2 monitors").await;
    up.until("it says what", |up| up.printed().contains("+ monitor \"made\"")).await;
    is_looked_at(&stage, "made").await;
    let checked = stage.run(&["check", "made"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.stderr);
    assert_eq!(stage.run(&["why", "made"]).await.code, Some(0));

    let exported = stage.run(&["export", "--all"]).await.stdout;
    std::fs::write(stage.path("exported.toml"), &exported).unwrap();
    let valid = stage.run(&["validate", "--config", stage.path("exported.toml").to_str().unwrap()]).await;
    assert!(valid.stdout.contains("is good: 2 monitors"), "{exported}\n{}", valid.stderr);
    assert_eq!(stage.run(&["export"]).await.stdout.trim_end(), piece.text.trim_end());
    assert_eq!(stage.run(&["plan"]).await.stdout, "nothing changes\n");

    up.kill().await;
    let up = stage.up().await;
    assert!(up.printed().contains(": 2 monitors"), "{}", up.printed());
    is_looked_at(&stage, "made").await;

    let taken = monitor(&stage, "page");
    let refused = make_piece(&*store, &files, &taken, Some(version), now()).await;
    let Err(NotMade::Mistakes(wrong)) = refused else { panic!("a name of the file is to be had: {refused:?}") };
    assert_eq!(wrong.iter().map(|wrong| wrong.key.as_deref()).collect::<Vec<_>>(), [Some("name")], "{wrong:?}");

    stage.write(&format!("{PAGE}{}", PAGE.replace("\"page\"", "\"made\"").replace("1s", "2s")));
    stage.history_until("monitor \"made\", which was made in pages, is not in force").await;
    up.until("it says why", |up| up.printed().contains("two monitors are called \"made\"")).await;
    assert_eq!(stage.monitor("made").await["every"], "2s", "the file's");
    let attention = stage.json(&["status"]).await["attention"].clone();
    assert!(attention.as_array().unwrap().iter().any(|one| one["need"] == "left_out"), "{attention}");

    unmake_piece(&*store, &files, piece.id, version, &Excerpt::of("ann"), now()).await.unwrap();
    wait_for("nothing needs a person", async || stage.json(&["status"]).await["attention"] == serde_json::json!([]))
        .await;
    drop(up);
}

#[tokio::test]
async fn each_node_goes_by_what_is_made() {
    let stage = Stage::new().await.on_server().await;
    stage.write(PAGE);
    let first = stage.up().await;
    let second = stage.up().await;
    let store = stage.store().await;
    let files = files_in_force(&*store, "flyball.toml", now()).await.unwrap().unwrap();
    make_piece(&*store, &files, &monitor(&stage, "made"), None, now()).await.unwrap();
    for up in [&first, &second] {
        // Its own word, beside the lines of both in the timeline.
        up.until("it goes by it", |up| up.printed().contains("follow: what was changed in pages is in force")).await;
    }
    is_looked_at(&stage, "made").await;
}
