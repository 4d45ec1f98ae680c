//! The database under a running engine: deleted, replaced, emptied, unlocked. An engine whose store is not its own any more
//! makes no effects and says so, and nobody says that it runs.

use crate::pausing::FAILING;
use crate::support::{Stage, Up, Way, both_ways, wait_for};
use std::fs::{File, remove_file, rename};
use std::os::unix::fs::PermissionsExt as _;

fn remove_database(stage: &Stage) {
    for name in ["flyball.db", "flyball.db-wal", "flyball.db-shm"] {
        remove_file(stage.path(name)).expect("it is there");
    }
}

/// Another database of the same name, as a restored backup is.
async fn replace_database(stage: &Stage) {
    remove_database(stage);
    stage.make_database().await;
}

/// It scales; then something happens to its database; it says so, and makes no effect from then on.
async fn loses(stage: &Stage, up: &Up, what: impl AsyncFnOnce(), words: &str) {
    wait_for("it scales", async || stage.web() >= 2).await;
    what().await;
    up.until("it says so", |up| up.printed().contains(words)).await;
    assert!(up.printed().contains("nothing is done any more until `flyball up` is started again"));
    // A call that was sent before may still be counted; looking goes on, and nothing else is sent.
    let (then, visits) =
        (stage.changes().len(), async || stage.sim.world().lock().expect("nobody panicked").traffic().visits);
    let seen = visits().await;
    wait_for("it looks on", async || visits().await >= seen + 4).await;
    assert!(stage.changes().len() <= then + 1, "at most what was on its way");
    let held = stage.changes().len();
    let seen = visits().await;
    wait_for("it looks on", async || visits().await >= seen + 4).await;
    assert_eq!(stage.changes().len(), held);
    assert!(up.printed().matches("nothing is done any more").count() <= 2, "told once: log and timeline");
    let doctor = stage.run(&["doctor"]).await.stdout;
    assert!(!doctor.contains("engine: runs"), "{doctor}");
}

#[tokio::test]
async fn an_engine_whose_database_was_deleted_makes_no_effects_and_a_pause_says_so() {
    // What has become of the file is seen beside it.
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FAILING);
    let up = stage.up().await;
    loses(&stage, &up, async || remove_database(&stage), "database was deleted while it ran").await;
    for command in ["pause", "status"] {
        let told = stage.run(&[command]).await;
        assert!(told.code != Some(0) && told.stderr.contains("it was deleted while an engine runs"), "{told:?}");
        assert!(told.stderr.contains(&format!("end process {}", up.id())), "{told:?}");
    }
    assert!(!stage.path("flyball.db").exists());
}

both_ways!(an_engine_whose_database_was_replaced_makes_no_effects_and_is_not_said_to_run);

async fn an_engine_whose_database_was_replaced_makes_no_effects_and_is_not_said_to_run(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let up = stage.up().await;
    loses(&stage, &up, async || replace_database(&stage).await, "database was replaced by another file").await;
    let told = stage.run(&["pause"]).await;
    assert!(told.code == Some(75) && told.stdout.contains("gives no sign of life in it"), "{told:?}");
    assert_eq!(stage.json(&["status"]).await["engine"], "silent");
    assert!(stage.run(&["doctor"]).await.stdout.contains("✗ engine: holds the lock, and gives no sign of life"));
}

#[tokio::test]
async fn an_engine_whose_database_was_emptied_makes_no_effects() {
    // What has become of the file is seen beside it.
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FAILING);
    let up = stage.up().await;
    let empty = async || drop(File::options().write(true).truncate(true).open(stage.path("flyball.db")).unwrap());
    loses(&stage, &up, empty, "database was emptied while it ran").await;
    assert!(stage.run(&["status"]).await.stderr.contains("it is empty"));
    assert_ne!(stage.run(&["pause"]).await.code, Some(0));
}

#[tokio::test]
async fn with_its_lock_deleted_an_engine_gives_way_to_the_next() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let first = stage.up().await;
    let unlock = async || remove_file(stage.path("flyball.db.lock")).unwrap();
    loses(&stage, &first, unlock, "the lock file beside Flyball's database was deleted").await;
    let second = stage.up().await;
    let then = stage.web();
    wait_for("the second acts", async || stage.web() > then).await;
    assert!(stage.run(&["doctor"]).await.stdout.contains("✓ engine: runs"));
    second.until("it says so", |up| up.printed().contains("\"more\" web of shop from ")).await;
}

#[tokio::test]
async fn a_start_mends_it() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let mut up = stage.up().await;
    let away = async || rename(stage.path("flyball.db"), stage.path("old.db")).unwrap();
    loses(&stage, &up, away, "database was deleted while it ran").await;
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0));
    let _up = stage.up().await;
    let then = stage.web();
    wait_for("it acts", async || stage.web() > then).await;
}

/// A folder in which nothing may be written. Whoever may write everywhere runs the binary as nobody.
fn seal(stage: &Stage, mode: u32) {
    std::fs::set_permissions(stage.path(""), std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[tokio::test]
async fn what_a_stopped_engine_left_can_be_read_where_nothing_may_be_written() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let mut up = stage.up().await;
    stage.history_until("\"page\" is failing").await;
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0));
    // It is its owner's alone, until that one lets others read it.
    for name in ["flyball.db", "flyball.db.lock"] {
        std::fs::set_permissions(stage.path(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    seal(&stage, 0o555);
    let run = async |arguments: &[&str]| crate::support::ended(stage.command_as_nobody(arguments)).await;
    for (arguments, words) in
        [(&["status"][..], "No engine runs here"), (&["history"], "\"page\" is failing"), (&["why", "more"], "more")]
    {
        let told = run(arguments).await;
        assert!(told.code == Some(0) && told.stdout.contains(words), "{arguments:?}: {told:?}");
    }
    for command in ["pause", "up"] {
        let told = run(&[command]).await;
        assert!(told.code == Some(77) && told.stderr.contains("hint: let this user write"), "{told:?}");
    }
    seal(&stage, 0o755);
}

#[tokio::test]
async fn up_takes_files_of_ours_that_others_may_read_from_them_and_says_so_once() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let mut up = stage.up().await;
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0));
    assert!(!up.printed().contains("could read"), "what it made is its own: {}", up.printed());
    let mode = |name| std::fs::metadata(stage.path(name)).unwrap().permissions().mode() & 0o777;
    for name in ["flyball.db", "flyball.db.lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
        std::fs::set_permissions(stage.path(name), std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    for told in [1, 0] {
        let mut up = stage.up().await;
        for name in ["flyball.db", "flyball.db-wal", "flyball.db-shm", "flyball.db.lock"] {
            assert_eq!(mode(name), 0o600, "{name}");
        }
        let printed = up.printed();
        let lines: Vec<&str> = printed.lines().filter(|line| line.contains("could read")).collect();
        assert_eq!(lines.len(), told, "{printed}");
        assert!(
            lines
                .iter()
                .all(|line| line.contains("flyball.db, ") && line.contains("flyball.db.lock, and cannot any more"))
        );
        up.signal("-TERM").await;
        assert_eq!(up.end().await.0, Some(0));
    }
}
