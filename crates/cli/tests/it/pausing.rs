//! Pauses beside a running engine.

use crate::support::{Stage, Way, both_ways, wait_for};
use flyball_heroku_sim::{Fault, FaultKind};
use sqlx::{Connection as _, SqliteConnection};
use std::time::Duration;

/// The page says "Welcome", which this monitor does not want: it fails at each reading.
pub(crate) const FAILING: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\n\
                                  http = { url = \"PAGE\", keyword = \"Welcome\", present = false }\nreactions = [\"more\"]\n\
                                  [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 90 }\n";

both_ways!(
    a_pause_is_honoured_within_a_second_and_a_resume_as_well,
    a_pause_survives_a_restart_and_ends_by_its_time,
    a_pause_says_which_engine_holds_it_and_what_is_under_way,
    what_is_not_there_is_not_paused_and_what_is_not_paused_not_resumed,
    a_broken_or_deleted_file_blinds_nobody_beside_a_running_engine,
);

async fn a_pause_is_honoured_within_a_second_and_a_resume_as_well(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let _up = stage.up().await;
    wait_for("it scales", async || stage.web() >= 3).await;
    paused(&stage, &["--reaction", "more"]).await;
    // The pause is on disk: no call is sent from here on, and one that was sent has long arrived.
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["reason"] == "paused").await;
    let held_at = stage.web();
    wait_for("it holds again and again", async || {
        stage.reaction("more").await["holdings"][0]["count"].as_u64() >= Some(3)
    })
    .await;
    assert_eq!(stage.web(), held_at);
    let why = stage.run(&["why", "more"]).await.stdout;
    assert!(why.contains("Paused: reaction \"more\", by ann@"), "{why}");
    assert!(why.contains("It can act again when somebody resumes reaction \"more\": `flyball resume`"), "{why}");
    let resumed = stage.run(&["resume", "--reaction", "more"]).await;
    assert!(resumed.stdout.contains("is resumed; streaks start anew"), "{resumed:?}");
    wait_for("it scales again", async || stage.web() > held_at).await;
}

async fn a_pause_survives_a_restart_and_ends_by_its_time(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    stage.make_database().await;
    let before = stage.run(&["pause"]).await;
    assert!(before.code == Some(75), "no engine holds it yet: {before:?}");
    let words = "no engine runs on flyball.db; the next will start with everything paused until resumed";
    assert!(before.stdout.contains(words) && !before.stdout.contains("looking goes on"), "{before:?}");
    let up = stage.up().await;
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["reason"] == "paused").await;
    up.kill().await;
    let _up = stage.up().await;
    wait_for("it holds still", async || stage.reaction("more").await["holdings"][0]["count"].as_u64() >= Some(3)).await;
    assert!(stage.changes().is_empty());
    paused(&stage, &["--for", "1s"]).await;
    wait_for("it scales", async || stage.web() >= 2).await;
}

/// Pauses until it is taken in, which on a machine with much else to do may take more than one try.
async fn paused(stage: &Stage, arguments: &[&str]) -> String {
    let mut told = String::new();
    wait_for("the pause is taken in", async || {
        let ended = stage.run(&[&["pause"], arguments].concat()).await;
        assert!(matches!(ended.code, Some(0 | 75)), "{ended:?}");
        told = ended.stdout;
        ended.code == Some(0)
    })
    .await;
    told
}

async fn a_pause_says_which_engine_holds_it_and_what_is_under_way(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let up = stage.up().await;
    let told = paused(&stage, &[]).await;
    assert!(told.contains("everything is paused until resumed; looking goes on\nheld by the engine on "), "{told}");
    assert!(told.contains(&format!("(process {}), since ", up.id())), "{told}");
    assert!(told.contains("effect is under way") || told.contains("under way ends first"), "{told}");
    let data = stage.json(&["pause", "--app", "shop"]).await;
    assert_eq!((&data["engine"], data["process"].as_u64()), (&"running".into(), Some(up.id().into())), "{data}");
}

#[tokio::test]
async fn an_effect_under_way_is_said_to_end_first() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_secs(60))).on("PATCH", "*"));
    let _up = stage.up().await;
    wait_for("the call arrives", async || stage.changes().len() == 1).await;
    let told = paused(&stage, &[]).await;
    assert!(told.contains("1 effect under way ends first"), "{told}");
}

#[tokio::test]
async fn where_no_engine_has_run_a_pause_says_so_and_makes_no_database() {
    let stage = Stage::new().await;
    for command in [&["pause"][..], &["pause", "--app", "nosuch"], &["resume"]] {
        let told = stage.run(command).await;
        assert_eq!(told.code, Some(75), "{told:?}");
        assert!(told.stderr.contains("no engine has run here yet") && told.stdout.is_empty(), "{told:?}");
    }
    stage.write(FAILING);
    for command in
        [&["pause"][..], &["resume"], &["status"], &["why", "more"], &["history"], &["react", "more", "--yes"]]
    {
        let told = stage.run(command).await;
        assert!(told.code != Some(0) && told.stderr.contains("`flyball up` makes it"), "{told:?}");
    }
    assert!(!stage.path("flyball.db").exists());
}

#[tokio::test]
async fn an_engine_that_stands_still_has_not_taken_a_pause_in() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FAILING);
    let up = stage.up().await;
    up.signal("-STOP").await;
    let told = stage.run(&["pause"]).await;
    up.signal("-CONT").await;
    assert_eq!(told.code, Some(75), "{told:?}");
    // It may stand still in the middle of a write as well: then nothing can be left for it.
    let is_left = told.stdout.contains("has not taken it in within 1 s");
    assert!(is_left || told.stderr.contains("stayed locked"), "{told:?}");
    assert!(!told.stdout.contains("is paused"), "{told:?}");
}

async fn what_is_not_there_is_not_paused_and_what_is_not_paused_not_resumed(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let _up = stage.up().await;
    let misspelt = stage.run(&["pause", "--reaction", "mroe"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"more\"?"), "{misspelt:?}");
    let misspelt = stage.run(&["resume", "--app", "shpo"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"shop\"?"), "{misspelt:?}");
    // In an emergency a pause works with a broken file, too.
    stage.write("broken");
    assert_eq!(stage.run(&["pause", "--app", "other"]).await.code, Some(1));
    paused(&stage, &["--app", "shop"]).await;
    let resumed = stage.run(&["resume"]).await;
    assert_eq!(resumed.code, Some(1));
    assert!(resumed.stderr.contains("still paused: app shop"), "{resumed:?}");
    assert_eq!(stage.json(&["resume", "--app", "shop"]).await["was_paused"], true);
}

async fn a_broken_or_deleted_file_blinds_nobody_beside_a_running_engine(way: Way) {
    let stage = Stage::new().await.asking(way);
    stage.write(FAILING);
    let _up = stage.up().await;
    stage.history_until("\"page\" is failing").await;
    let sees = async |mistake: &str| {
        if way == Way::Through {
            // Beside the engine a command reads the file itself; a server tells what its engine has read.
            wait_for("the server says it", async || stage.run(&["status"]).await.stderr.contains(mistake)).await;
        }
        for command in [&["status"][..], &["why", "more"]] {
            let told = stage.run(command).await;
            assert!(told.code == Some(0) && told.stdout.contains("more"), "{told:?}");
            assert!(told.stderr.contains(mistake) && told.stderr.contains("as it was before"), "{told:?}");
        }
        assert!(stage.run(&["history"]).await.stdout.contains("\"page\" is failing"));
        paused(&stage, &["--reaction", "more"]).await;
    };
    stage.write("evry = 1");
    sees("unknown key `evry`").await;
    std::fs::remove_file(stage.path("flyball.toml")).unwrap();
    sees("it does not exist").await;
}

/// Holds the database's one write lock, as a browser of databases or a backup does, until it is closed.
async fn write_locked(stage: &Stage) -> SqliteConnection {
    let url = format!("sqlite://{}", stage.path("flyball.db").display());
    let mut holder = SqliteConnection::connect(&url).await.unwrap();
    // An engine writes often, and this waits for its turn.
    sqlx::query("PRAGMA busy_timeout = 20000").execute(&mut holder).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut holder).await.unwrap();
    holder
}

#[cfg(unix)]
#[tokio::test]
async fn where_the_database_cannot_be_written_a_pause_goes_by_a_signal_and_is_recorded_later() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FAILING);
    let up = stage.up().await;
    wait_for("it scales", async || stage.web() >= 2).await;
    let holder = write_locked(&stage).await;
    let one = stage.run(&["pause", "--app", "shop"]).await;
    assert!(one.code == Some(75) && !one.stdout.contains("signal"), "who pauses one app does not mean all: {one:?}");
    let told = stage.run(&["pause"]).await;
    let words = format!("the engine (process {}) was told by a signal to hold everything", up.id());
    assert!(told.code == Some(75) && told.stdout.contains(&words), "{told:?}");
    if cfg!(target_os = "linux") {
        let who = format!("stayed locked by process {}, `", std::process::id());
        assert!(told.stderr.contains(&who), "{told:?}");
    }
    up.until("it hears it", |up| up.printed().contains("everything is held by a signal")).await;
    let held_at = stage.web();
    holder.close().await.unwrap();
    stage.history_until("everything paused by a signal (SIGUSR1)").await;
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["count"].as_u64() >= Some(3)).await;
    assert_eq!(stage.web(), held_at);
    assert!(stage.run(&["resume"]).await.code.is_some());
    wait_for("it scales again", async || stage.web() > held_at).await;
}

#[cfg(unix)]
#[tokio::test]
async fn kill_usr1_holds_everything() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    wait_for("it scales", async || stage.web() >= 2).await;
    up.signal("-USR1").await;
    stage.history_until("everything paused by a signal (SIGUSR1)").await;
    wait_for("it holds", async || stage.reaction("more").await["holdings"][0]["reason"] == "paused").await;
}

/// What a process keeps out of core dumps belongs to root in `/proc`, whoever runs it, and anything else to that user. Root
/// itself would see no difference, so that the engine runs as nobody then. Source: `man 5 proc`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_running_engine_is_kept_out_of_core_dumps() {
    use std::os::unix::fs::MetadataExt as _;
    let owner = |process: u32, file: &str| std::fs::metadata(format!("/proc/{process}/{file}")).unwrap().uid();
    let stage = Stage::new().await;
    stage.write(FAILING);
    let we_are_root = owner(std::process::id(), "") == 0;
    let command = |arguments: &[&str]| match we_are_root {
        true => stage.command_as_nobody(arguments),
        false => stage.command(arguments),
    };
    if we_are_root {
        stage.give_to_nobody();
    }
    let up = stage.up_with(command(&["up"])).await;
    for file in ["environ", "mem", "maps"] {
        assert_eq!(owner(up.id(), file), 0, "{file}");
        let is_open = std::fs::File::open(format!("/proc/{}/{file}", up.id())).is_ok();
        assert_eq!(is_open, we_are_root, "{file}");
    }
    // The same program, where it holds no token, is its user's as everything is.
    let sim = crate::support::Up::spawn(command(&["heroku-sim", "--listen", "127.0.0.1:0"]));
    sim.until("it listens", |sim| sim.printed().contains("HEROKU_HOST=")).await;
    assert_ne!(owner(sim.id(), "environ"), 0);
}
