//! On a PostgreSQL server: the same binary, the same behaviour, seen from any machine; and what it does while the server is away.

use crate::database::{CLEANING, it_recovers, it_watches_and_does_nothing, trouble, visits};
use crate::pausing::FAILING;
use crate::support::{Ended, Stage, ended, now, shop, wait_for};
use std::time::Duration;
use tempfile::TempDir;

/// The example that everyone starts from, and a reaction for people.
const EXAMPLE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nreactions = [\"clean up\"]\n\
                       http = { url = \"PAGE\", keyword = \"database error\", present = false }\n\
                       [[reaction]]\nname = \"clean up\"\ncauses = [\"text\"]\ntrigger = 2\n\
                       create_one_off_dyno = { app = \"shop\", command = \"bin/rails db:cleanup\" }\n\
                       [[reaction]]\nname = \"restart\"\nrestart_all_dynos = { app = \"shop\" }\n";

/// For how long the server lets nobody in. Longer than a connection is waited for, so that nothing is merely late.
const AWAY: Duration = Duration::from_secs(10);

/// Another machine: a folder with the same file, and no database.
struct Elsewhere<'a> {
    stage: &'a Stage,
    folder: TempDir,
}

impl<'a> Elsewhere<'a> {
    fn of(stage: &'a Stage) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(stage.path("flyball.toml"), folder.path().join("flyball.toml")).unwrap();
        Self { stage, folder }
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.stage.command_in(self.folder.path(), arguments)).await
    }

    /// Runs it until an engine has taken it in, which on a machine with much else to do may take more than one try.
    async fn taken_in(&self, arguments: &[&str]) -> String {
        let mut told = String::new();
        wait_for(&format!("{arguments:?} is taken in"), async || {
            let ended = self.run(arguments).await;
            assert!(matches!(ended.code, Some(0 | 75)), "{ended:?}");
            told = ended.stdout;
            ended.code == Some(0)
        })
        .await;
        told
    }
}

#[tokio::test]
async fn a_database_error_is_cleaned_up_and_every_command_works_beside_it_from_another_machine() {
    let shop = shop().mechanics(|mechanics| {
        mechanics.one_off_boot = Duration::from_millis(100);
        mechanics.commands[0].runs = Duration::from_millis(500);
    });
    let stage = Stage::with([shop]).await.on_server().await;
    stage.write(EXAMPLE);
    let elsewhere = Elsewhere::of(&stage);
    let before = elsewhere.run(&["doctor"]).await.stdout;
    assert!(
        before.contains("✓ database: the database flyball_") && before.contains("answers, and is empty yet"),
        "{before}"
    );
    assert_eq!(elsewhere.run(&["history"]).await.code, Some(1), "only `up` makes tables");

    let up = stage.up().await;
    wait_for("the page is looked at", async || visits(&stage) >= 2).await;
    trouble(&stage);
    wait_for("it cleans up", async || !stage.changes().is_empty()).await;
    wait_for("the page is put right", async || stage.monitor("page").await["verdict"] == "passing").await;
    assert_eq!(stage.changes().len(), 1, "{:?}", stage.changes());
    for (arguments, words) in [
        (&["status"][..], "clean up"),
        (&["history"], "run `bin/rails db:cleanup` once on shop"),
        (&["why", "page"], "is passing"),
        (&["why", "clean up"], "clean up"),
        (&["report"], "page"),
        (&["doctor"], "can be written"),
        (&["doctor"], "✓ engine: runs"),
    ] {
        let told = elsewhere.run(arguments).await;
        assert!(told.code == Some(0) && told.stdout.contains(words), "{arguments:?}: {}", told.stdout);
    }

    let told = elsewhere.taken_in(&["pause", "--app", "shop"]).await;
    assert!(told.contains("held by the engine on ") && told.contains(&format!("(process {})", up.id())), "{told}");
    let told = elsewhere.run(&["react", "restart", "--yes"]).await;
    assert!(told.code == Some(1) && told.stdout.contains("app shop is paused"), "{}", told.stdout);
    elsewhere.taken_in(&["resume", "--app", "shop"]).await;
    let told = elsewhere.run(&["react", "restart", "--yes"]).await;
    assert!(told.code == Some(0) && stage.changes().len() == 2, "{}", told.stdout);
    for folder in [&stage.path(""), elsewhere.folder.path()] {
        assert!(!folder.join("flyball.db").exists(), "nothing is remembered beside the file");
    }
}

#[tokio::test]
async fn a_streak_outlasts_a_kill_on_a_server() {
    let stage = Stage::new().await.on_server().await;
    stage.write(&FAILING.replace("90", "2"));
    let up = stage.up().await;
    let page = async || stage.monitor("page").await;
    let streak = async || page().await["streak"].as_u64().unwrap();
    wait_for("it fails some times", async || streak().await >= 4).await;
    let before = page().await;
    up.kill().await;
    let _up = stage.up().await;
    wait_for("it goes on", async || streak().await > before["streak"].as_u64().unwrap()).await;
    assert_eq!(page().await["since"], before["since"], "it is the same episode");
    let history = stage.run(&["history"]).await.stdout;
    assert_eq!(history.matches("\"page\" is failing").count(), 1, "{history}");
}

#[tokio::test]
async fn connections_that_are_cut_again_and_again_end_nothing() {
    let stage = Stage::new().await.on_server().await;
    stage.write(CLEANING);
    let mut up = stage.up().await;
    for _ in 0..3 {
        let then = visits(&stage);
        stage.scratch().cut().await.unwrap();
        wait_for("the page is looked at and remembered", async || {
            visits(&stage) >= then + 2 && stage.readings("page").await.len() as u64 > then
        })
        .await;
    }
    trouble(&stage);
    wait_for("the page is put right", async || stage.changes().len() == 1).await;
    up.signal("-TERM").await;
    assert_eq!(up.end().await.0, Some(0), "{}", up.printed());
}

#[tokio::test]
async fn a_server_that_lets_nobody_in_stops_effects_and_not_checks() {
    let stage = Stage::new().await.on_server().await;
    stage.write(CLEANING);
    let up = stage.up().await;
    wait_for("the page is looked at", async || visits(&stage) >= 2).await;
    stage.scratch().shut(true).await.unwrap();
    let begun = now();
    trouble(&stage);
    it_watches_and_does_nothing(&stage, &up).await;
    assert!(up.printed().contains("is not currently accepting connections"), "it says what is wrong: {}", up.printed());
    let told = stage.run(&["status"]).await;
    assert!(told.code == Some(75) && told.stderr.contains("does not answer"), "{told:?}");
    wait_for("it is away for long", async || {
        assert!(stage.changes().is_empty(), "nothing is done that is not recorded first");
        now().since(begun) >= AWAY
    })
    .await;
    stage.scratch().shut(false).await.unwrap();
    it_recovers(&stage, &up).await;
}

#[tokio::test]
async fn who_is_turned_away_is_told_so_and_the_password_is_not() {
    let stage = Stage::new().await.on_server().await;
    stage.write(EXAMPLE);
    for (url, code, words) in [
        (stage.scratch().network_url() + "?sslmode=disable", 77, "turns us away"),
        (stage.scratch().network_url() + "?sslmode=verify-full", 77, "is not as safe as its address wants it"),
        (stage.scratch().network_url() + "?sslmod=require", 78, "its address names neither"),
    ] {
        for from_environment in [true, false] {
            let mut command = stage.command_in(&stage.path(""), &["up"]);
            if from_environment {
                command.env("DATABASE_URL", &url);
            } else {
                command.args(["--database", &url]);
            }
            let told = ended(command).await;
            assert!(told.code == Some(code) && told.stderr.contains(words), "{words}: {told:?}");
        }
    }
}
