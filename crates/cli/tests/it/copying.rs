//! Going over from a file to a server, with everything that is remembered.

use crate::pausing::FAILING;
use crate::support::{Ended, Stage, ended, wait_for};
use flyball_scratch::Scratch;
use std::process::Stdio;

/// The address of a server's database, with the password that no word of the binary may hold.
fn address(scratch: &Scratch) -> String {
    format!("{}?sslmode=verify-full&sslrootcert={}", scratch.network_url(), scratch.certificate().display())
}

async fn copy(stage: &Stage, from: &str, to: &str) -> Ended {
    stage.run(&["store", "copy", "--from", from, "--to", to]).await
}

#[tokio::test]
async fn a_team_goes_over_to_a_server_and_its_streak_goes_on_there() {
    let stage = Stage::new().await;
    let scratch = Scratch::new().await.unwrap();
    let server = address(&scratch);
    stage.write(&FAILING.replace("90", "2"));
    let mut up = stage.up().await;
    wait_for("it fails some times", async || stage.monitor("page").await["streak"].as_u64().unwrap() >= 3).await;

    let told = copy(&stage, "sqlite:flyball.db", &server).await;
    assert_eq!(told.code, Some(75), "{told:?}");
    let whose = format!("cannot copy while an engine runs on flyball.db: process {} on this machine", up.id());
    assert!(told.stderr.contains(&whose) && told.stderr.contains("hint: stop it and copy again"), "{}", told.stderr);
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0), "{}", up.printed());

    let (before, history) = (stage.monitor("page").await, stage.run(&["history"]).await.stdout);
    let bytes = std::fs::read(stage.path("flyball.db")).unwrap();
    let told = copy(&stage, "sqlite:flyball.db", &server).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("is now the same as flyball.db"), "{}", told.stdout);
    assert_eq!(std::fs::read(stage.path("flyball.db")).unwrap(), bytes, "the source is never changed");
    let told = copy(&stage, "sqlite:flyball.db", &server).await;
    assert!(told.code == Some(0) && told.stdout.contains("nothing was left to copy"), "{told:?}");

    let there = |arguments: &[&str]| {
        let mut command = stage.command(arguments);
        command.env("DATABASE_URL", &server);
        command
    };
    let told = ended(there(&["history"])).await;
    assert_eq!(told.stdout, history, "{}", told.stderr);
    let up = stage.up_with(there(&["up"])).await;
    let page = async || {
        let told = ended(there(&["--json", "status"])).await.stdout;
        serde_json::from_str::<serde_json::Value>(&told).unwrap()["monitors"][0].clone()
    };
    let streak = before["streak"].as_u64().unwrap();
    wait_for("the streak goes on", async || page().await["streak"].as_u64().unwrap() > streak).await;
    assert_eq!(page().await["since"], before["since"], "it is the same episode");

    // Back to a file; and while an engine works on the server, neither from there nor to there.
    for (from, to) in [(server.as_str(), "sqlite:back.db"), ("sqlite:flyball.db", &server)] {
        let told = copy(&stage, from, to).await;
        assert!(told.code == Some(75) && told.stderr.contains(&format!("process {} on ", up.id())), "{told:?}");
    }
    drop(up);
    let told = stage.run(&["--json", "store", "copy", "--from", "sqlite:flyball.db", "--to", "sqlite:back.db"]).await;
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let timeline = told["tables"].as_array().unwrap().iter().find(|table| table["table"] == "timeline").unwrap();
    assert!(timeline["copied"].as_u64().unwrap() >= 1 && timeline["copied"] == timeline["compared"], "{told}");
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn another_history_is_refused_in_words_and_stays_as_it_is() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("90", "2"));
    stage.make_database().await;
    assert_eq!(stage.run(&["pause"]).await.code, Some(75), "no engine holds it yet");
    assert_eq!(copy(&stage, "sqlite:flyball.db", "sqlite:other.db").await.code, Some(0));
    assert_eq!(stage.run(&["--database", "sqlite:other.db", "pause", "--app", "shop"]).await.code, Some(75));
    let told = copy(&stage, "sqlite:flyball.db", "sqlite:other.db").await;
    assert_eq!(told.code, Some(1), "{told:?}");
    for words in [
        "error: cannot copy to other.db: it holds a history that is not that of flyball.db, and two are never made one",
        "cause: pauses, scope_key app:shop, paused_at ",
        ": this row is not in the source",
        "hint: name a file that is not there yet; or move other.db away, if nobody needs it",
    ] {
        assert!(told.stderr.contains(words), "{words}: {}", told.stderr);
    }
    let told = copy(&stage, "sqlite:flyball.db", "sqlite:flyball.db").await;
    assert!(told.code == Some(78) && told.stderr.contains("cannot copy flyball.db to itself"), "{told:?}");
    let told = copy(&stage, "sqlite:nowhere.db", "sqlite:new.db").await;
    assert!(told.code == Some(1) && told.stderr.contains("nowhere.db"), "{told:?}");
    assert!(!stage.path("new.db").exists(), "nothing is made for a source that is not there");
}

#[tokio::test]
async fn a_copy_that_was_killed_goes_on_and_nobody_works_on_the_half_of_it() {
    let stage = Stage::new().await;
    let scratch = Scratch::new().await.unwrap();
    let server = address(&scratch);
    stage.write(&FAILING.replace("90", "2"));
    stage.make_database().await;
    many_lines(&stage).await;
    // While somebody holds the table of the timeline, the copy stands still before its end, and is killed there.
    let mut holder = scratch.connect().await.unwrap();
    let store = flyball_store::Address::of(&scratch.url(), &stage.path("")).unwrap().open().await.unwrap();
    store.close().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE flyball.timeline IN EXCLUSIVE MODE").execute(&mut holder).await.unwrap();
    let mut command = stage.command(&["store", "copy", "--from", "sqlite:flyball.db", "--to", &server]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut beside = scratch.connect().await.unwrap();
    wait_for("the copy waits for the timeline", async || {
        let waits =
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'flyball.timeline'::regclass)";
        sqlx::query_scalar(waits).fetch_one(&mut beside).await.unwrap()
    })
    .await;
    child.kill().await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();

    for command in ["up", "status"] {
        let mut command = stage.command(&[command]);
        command.env("DATABASE_URL", &server);
        let told = ended(command).await;
        assert!(told.code == Some(1) && told.stderr.contains("has not come to its end"), "{told:?}");
        assert!(told.stderr.contains("hint: run the same `flyball store copy` again"), "{told:?}");
    }
    let told = copy(&stage, "sqlite:flyball.db", &server).await;
    assert!(told.code == Some(0) && told.stdout.contains("is now the same as flyball.db"), "{told:?}");
    let mut command = stage.command(&["history", "-n", "1000"]);
    command.env("DATABASE_URL", &server);
    let there = ended(command).await.stdout;
    assert_eq!(there, stage.run(&["history", "-n", "1000"]).await.stdout);
    scratch.remove().await.unwrap();
}

/// More lines than are copied at once.
async fn many_lines(stage: &Stage) {
    let store = stage.store().await;
    let line = |nth| flyball_model::Entry::new(crate::support::now(), told(nth));
    let entries = (0..700).map(line).collect();
    store.save(&flyball_store::Batch { entries, ..flyball_store::Batch::default() }).await.unwrap();
    store.close().await;
}

fn told(nth: u32) -> flyball_model::Event {
    let words = format!("line {nth}");
    flyball_model::Event::Engine { happened: flyball_model::EngineEvent::Told(words.as_str().into()) }
}
