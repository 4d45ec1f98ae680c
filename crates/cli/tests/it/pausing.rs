//! Pauses beside a running engine.

use crate::support::{Stage, wait_for};

/// The page says "Welcome", which this monitor does not want: it fails at each reading.
pub(crate) const FAILING: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\n\
                                  http = { url = \"PAGE\", keyword = \"Welcome\", present = false }\nreactions = [\"more\"]\n\
                                  [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 90 }\n";

#[tokio::test]
async fn a_pause_is_honoured_within_a_second_and_a_resume_as_well() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let _up = stage.up().await;
    wait_for("it scales", async || stage.web() >= 3).await;
    assert_eq!(stage.run(&["pause", "--reaction", "more"]).await.code, Some(0));
    // The pause is on disk: no call is sent from here on, and one that was sent has long arrived.
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["reason"] == "paused").await;
    let held_at = stage.web();
    wait_for("it holds again and again", async || {
        stage.reaction("more").await["holdings"][0]["count"].as_u64() >= Some(3)
    })
    .await;
    assert_eq!(stage.web(), held_at);
    let why = stage.run(&["why", "more"]).await.stdout;
    assert!(why.contains("Paused: reaction \"more\", by ann, until somebody resumes it."), "{why}");
    assert!(why.contains("It can act again when somebody resumes reaction \"more\": `flyball resume`"), "{why}");
    assert_eq!(stage.run(&["resume", "--reaction", "more"]).await.code, Some(0));
    wait_for("it scales again", async || stage.web() > held_at).await;
}

#[tokio::test]
async fn a_pause_survives_a_restart_and_ends_by_its_time() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    assert_eq!(stage.run(&["pause"]).await.code, Some(0));
    let up = stage.up().await;
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["reason"] == "paused").await;
    up.kill().await;
    let _up = stage.up().await;
    wait_for("it holds still", async || stage.reaction("more").await["holdings"][0]["count"].as_u64() >= Some(3)).await;
    assert!(stage.changes().is_empty());
    assert_eq!(stage.run(&["pause", "--for", "1s"]).await.code, Some(0));
    wait_for("it scales", async || stage.web() >= 2).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_paused_and_what_is_not_paused_not_resumed() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let misspelt = stage.run(&["pause", "--reaction", "mroe"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"more\"?"), "{misspelt:?}");
    assert_eq!(stage.run(&["pause", "--app", "other"]).await.code, Some(1));
    // In an emergency a pause works with a broken file, too.
    stage.write("broken");
    assert_eq!(stage.run(&["pause", "--app", "shop"]).await.code, Some(0));
    stage.write(FAILING);
    let resumed = stage.run(&["resume"]).await;
    assert_eq!(resumed.code, Some(1));
    assert!(resumed.stderr.contains("still paused: app shop"), "{resumed:?}");
    assert_eq!(stage.json(&["resume", "--app", "shop"]).await["was_paused"], true);
}
