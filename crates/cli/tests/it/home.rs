//! The app that Flyball runs on, and others who change what it watches.

use crate::pausing::FAILING;
use crate::support::{Stage, Up, wait_for};
use flyball_heroku_sim::{AppEvent, Event};

/// Starts `flyball up` as Heroku would, on a dyno with these variables.
async fn up_on_a_dyno(stage: &Stage, metadata: &[(&str, &str)]) -> Up {
    let mut command = stage.command(&["up"]);
    command.env("DYNO", "worker.1").envs(metadata.iter().copied());
    stage.up_with(command).await
}

#[tokio::test]
async fn a_reaction_on_the_app_that_flyball_runs_on_holds_unless_the_file_allows_it() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = up_on_a_dyno(&stage, &[("HEROKU_APP_NAME", "shop")]).await;
    stage.history_until("\"more\" holds: Flyball runs on shop itself").await;
    let holds = async |reason: &str| {
        let holding = stage.reaction("more").await["holdings"][0].clone();
        holding["reason"] == reason && holding["count"].as_u64() >= Some(3)
    };
    wait_for("it holds again and again", async || holds("ourselves").await).await;
    assert!(stage.changes().is_empty());
    up.kill().await;

    let up = up_on_a_dyno(&stage, &[]).await;
    wait_for("it does not know where it is", async || holds("unknown_home").await).await;
    assert!(stage.changes().is_empty());
    up.kill().await;

    stage.write(&format!("own_app = \"shop\"\n{}", FAILING.replace("\"more\"\n", "\"more\"\nallow_self = true\n")));
    let _up = stage.up().await;
    wait_for("it acts where it may", async || stage.web() >= 2).await;
}

#[tokio::test]
async fn doctor_tells_of_reactions_on_the_own_app_and_of_a_dyno_without_metadata() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let told = stage.run(&["doctor"]).await;
    assert!(told.code == Some(0) && !told.stdout.contains("home: "), "{told:?}");

    stage.write(&format!("own_app = \"shop\"\n{FAILING}"));
    let told = stage.run(&["doctor"]).await;
    assert!(told.code == Some(0), "{told:?}");
    assert!(told.stdout.contains("· home: \"more\" holds: Flyball itself runs on shop"), "{told:?}");

    stage.write(FAILING);
    let mut command = stage.command(&["doctor"]);
    command.env("DYNO", "worker.1");
    let told = crate::support::ended(command).await;
    assert_eq!(told.code, Some(1));
    assert!(told.stdout.contains("✗ home: Flyball runs on a dyno, and does not know of which app"), "{told:?}");
    assert!(told.stdout.contains("heroku labs:enable runtime-dyno-metadata"), "{told:?}");
}

#[tokio::test]
async fn somebody_who_scales_again_and_again_is_told_by_why_and_doctor() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("90", "1"));
    let _up = stage.up().await;
    let seen = async |words: &str| {
        let why = stage.run(&["why", "shop"]).await.stdout;
        why.contains(words)
    };
    wait_for("the app is seen", async || stage.reaction("more").await["holdings"][0]["reason"] == "at_maximum").await;
    for (quantity, words) in [(3, "web from 1 to 3"), (5, "web from 3 to 5"), (2, "web from 5 to 2")] {
        let what = AppEvent::Scale { process: "web".to_owned(), quantity };
        stage.sim.world().lock().unwrap().apply(Event::app("shop", what)).unwrap();
        wait_for(words, async || seen(words).await).await;
    }
    let why = stage.run(&["why", "shop"]).await.stdout;
    assert!(why.contains("Others changed it: web from 5 to 2"), "{why}");
    let told = stage.run(&["doctor"]).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stdout.contains("✗ rivals: web of shop was scaled 3 times within an hour by others"), "{told:?}");
    assert!(told.stdout.contains("this looks like another autoscaler"), "{told:?}");
    assert!(stage.changes().is_empty());
}
