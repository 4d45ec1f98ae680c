//! `react`: shown, asked for, held, done.

use crate::support::{Stage, Up, Way, both_ways, ended, shop};
use flyball_heroku_sim::{Fault, FaultKind, Maintenance, Took};

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1h\"\nhttp = { url = \"PAGE\" }\n\
                    reactions = [\"more\", \"restart\", \"clean\", \"only tells\"]\n\
                    [[reaction]]\nname = \"more\"\ntrigger = 9\ncooldown = \"1h\"\nscale_out = { app = \"shop\", max_quantity = 3 }\n\
                    [[reaction]]\nname = \"restart\"\nrestart_all_dynos = { app = \"shop\" }\n\
                    [[reaction]]\nname = \"clean\"\ncreate_one_off_dyno = { app = \"shop\", command = \"clean\", env = { KEY = { env = \"SHOP_KEY\" } } }\n\
                    [[reaction]]\nname = \"only tells\"\nmode = \"dry_run\"\nscale_out = { app = \"shop\", max_quantity = 9 }\n";

async fn stage() -> Stage {
    let stage = Stage::with([shop().mechanics(|mechanics| mechanics.boot = std::time::Duration::from_secs(60))]).await;
    stage.make_database().await;
    stage.write(FILE);
    stage
}

both_ways!(
    it_is_done_up_to_the_limit_without_trigger_and_cooldown,
    a_dry_run_is_told_before_the_plan_with_where_it_is_written,
    beside_a_running_up_the_engine_performs_it,
    a_token_that_heroku_does_not_take_is_told_with_where_it_is,
    a_run_is_explained_by_its_id,
    only_a_run_that_is_in_doubt_can_be_settled,
    what_a_run_did_is_given_back_once,
);

#[tokio::test]
async fn a_dry_run_shows_the_calls_and_makes_none() {
    let stage = stage().await;
    let told = stage.run(&["react", "more", "--dry-run"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert_eq!(
        told.stdout,
        "web of shop from 1 to 2\n  PATCH /apps/shop/formation {\"updates\":[{\"quantity\":2,\"type\":\"web\"}]}\n"
    );
    let clean = stage.json(&["react", "clean", "--dry-run"]).await;
    assert_eq!(clean["calls"][0]["body"]["env"]["KEY"], "[SHOP_KEY]");
    let unknown = stage.run(&["react", "mor", "--dry-run"]).await;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("did you mean \"more\"?"), "{unknown:?}");
    assert!(stage.changes().is_empty());
    assert!(stage.run(&["history"]).await.stdout.is_empty(), "a dry run is no event");
}

async fn it_is_done_up_to_the_limit_without_trigger_and_cooldown(way: Way) {
    let stage = stage().await.asking(way);
    let _engine = stage.engine_to_ask().await;
    let nobody = stage.run(&["react", "more"]).await;
    assert!(nobody.code == Some(2) && nobody.stderr.contains("--yes does it without asking"), "{nobody:?}");
    for web in [2, 3] {
        let options: &[&str] = if web == 2 { &["--yes"] } else { &["--yes", "--verbose"] };
        let told = stage.run(&[&["react", "more"], options].concat()).await;
        assert_eq!(told.code, Some(0), "{told:?}");
        assert!(told.stdout.contains("done") && told.stdout.contains("done [request ") == (web == 3), "{told:?}");
        assert_eq!(stage.web(), web);
    }
    let told = stage.run(&["react", "more", "--yes"]).await;
    assert_eq!((told.code, stage.web()), (Some(1), 3), "{told:?}");
    assert!(told.stdout.contains("holds: at limit: web has 3 dynos, and at most 3 are allowed"), "{told:?}");
    assert_eq!(stage.changes().len(), 2);
    let history = stage.run(&["history", "--reaction", "more"]).await.stdout;
    assert_eq!(history.matches("asked for by ann").count(), 2, "{history}");
    assert!(stage.run(&["why", "more"]).await.stdout.contains("web of shop from 2 to 3 (ann@"));
}

#[tokio::test]
async fn pauses_maintenance_settling_and_a_dry_run_hold() {
    let stage = stage().await;
    assert_eq!(stage.run(&["pause", "--app", "shop", "--for", "2h"]).await.code, Some(75), "no engine runs");
    let told = stage.run(&["react", "more", "--yes"]).await;
    assert!(told.code == Some(1) && told.stdout.contains("app shop is paused until"), "{told:?}");
    assert_eq!(stage.run(&["resume", "--app", "shop"]).await.code, Some(75));

    stage.sim.world().lock().unwrap().set_maintenance("shop", Maintenance::On).unwrap();
    let told = stage.json(&["react", "more", "--yes"]).await;
    assert_eq!(told["holds"]["reason"], "maintenance");
    stage.sim.world().lock().unwrap().set_maintenance("shop", Maintenance::Off).unwrap();

    assert_eq!(stage.run(&["react", "restart", "--yes"]).await.code, Some(0));
    let told = stage.json(&["react", "restart", "--yes"]).await;
    assert_eq!(told["holds"]["reason"], "settling", "its dyno boots for a minute");

    let told = stage.run(&["react", "only tells", "--yes"]).await;
    assert!(told.code == Some(1) && told.stderr.contains("mode = \"dry_run\""), "{told:?}");
    assert_eq!(stage.changes().len(), 1);
}

async fn a_dry_run_is_told_before_the_plan_with_where_it_is_written(way: Way) {
    let stage = stage().await.asking(way);
    let engine = stage.engine_to_ask().await;
    let first = async |reaction: &str| {
        let told = stage.run(&["react", reaction, "--yes"]).await;
        assert_eq!(told.code, Some(1), "{told:?}");
        let plan = told.stdout.lines().nth(1).unwrap();
        assert_eq!(plan, "web of shop from 1 to 2", "{told:?}");
        told.stdout.lines().next().unwrap().to_owned()
    };
    let own =
        "in dry run, since the reaction says `mode = \"dry_run\"`: nothing will be done, and this is what would be:";
    assert_eq!(first("only tells").await, own);
    if let Some(engine) = engine {
        engine.kill().await;
    }
    stage.write(&format!("mode = \"dry_run\"\n{FILE}"));
    let _engine = stage.engine_to_ask().await;
    assert_eq!(first("more").await, own.replace("the reaction says", "the file says"));
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn heroku_s_refusal_is_told_and_decides_the_exit_code() {
    let stage = Stage::with([shop().limit("standard-1x", 1)]).await;
    stage.make_database().await;
    stage.write(FILE);
    let told = stage.run(&["react", "more", "--yes"]).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stdout.contains("refused: cannot scale `web` of `shop` to 2"), "{told:?}");
    assert!(matches!(stage.changes()[0].took, Took::Refused(422)));

    let told = stage.run(&["react", "clean", "--yes"]).await;
    assert!(told.code == Some(1) && told.stdout.contains("SHOP_KEY is not set"), "{told:?}");
    stage.fault(Fault::new(FaultKind::TooMany).on("GET", "*").times(1));
    assert_eq!(stage.run(&["react", "more", "--yes"]).await.code, Some(75));
}

async fn a_token_that_heroku_does_not_take_is_told_with_where_it_is(way: Way) {
    let stage = stage().await.asking(way).token("HRKU-pl4nted-wrong");
    let _engine = stage.engine_to_ask().await;
    let told = stage.run(&["react", "more", "--yes"]).await;
    assert!(
        told.code == Some(77) && told.stderr.contains("hint: the token in HEROKU_API_KEY is wrong or expired"),
        "{told:?}"
    );
}

async fn beside_a_running_up_the_engine_performs_it(way: Way) {
    let stage = stage().await.asking(way);
    let up = stage.up().await;
    let told = stage.run(&["react", "more", "--yes"]).await;
    assert_eq!((told.code, stage.web()), (Some(0), 2), "{told:?}");
    up.until("it tells of it", |up| up.printed().contains("\"more\" web of shop from 1 to 2: done")).await;
    assert_eq!(stage.changes().len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_looked_for_also_where_no_engine_runs() {
    let stage = stage().await;
    stage.fault(Fault::new(FaultKind::CutAfter).on("PATCH", "*").times(1));
    let mut react = Up::spawn(stage.command(&["react", "more", "--yes"]));
    let (code, _) = react.end().await;
    assert_eq!(code, Some(0), "{}", react.printed());
    react
        .until("it says so", |react| react.printed().contains("the answer was lost, and it was seen afterwards"))
        .await;
    assert_eq!((stage.changes().len(), stage.web()), (1, 2));
}

#[tokio::test]
async fn each_account_acts_by_its_own_token() {
    let stage = stage().await.token("HRKU-pl4nted-nobody-s");
    let own = "[heroku.accounts.ops]\ntoken = { env = \"OPS_TOKEN\" }\n";
    stage.write(&format!("{own}{}", FILE.replace("max_quantity = 3", "account = \"ops\", max_quantity = 3")));
    let unset = stage.run(&["react", "more", "--yes"]).await;
    assert!(unset.code == Some(77) && unset.stderr.contains("OPS_TOKEN is not set"), "{unset:?}");
    let mut command = stage.command(&["react", "more", "--yes"]);
    command.env("OPS_TOKEN", crate::support::TOKEN);
    let done = ended(command).await;
    assert_eq!((done.code, stage.web()), (Some(0), 2), "{done:?}");
}

async fn a_run_is_explained_by_its_id(way: Way) {
    let stage = stage().await.asking(way);
    let _engine = stage.engine_to_ask().await;
    assert_eq!(stage.run(&["react", "more", "--yes"]).await.code, Some(0));
    let run = stage.runs().await[0].id.to_string();
    let why = stage.run(&["why", &run]).await;
    for words in ["asked for it", "The quantity of web was 1", "PATCH /apps/shop/formation", ": done"] {
        assert!(why.code == Some(0) && why.stdout.contains(words), "{words}: {why:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&stage.run(&["--json", "why", &run]).await.stdout).unwrap();
    assert_eq!((&json["run"]["id"], &json["helped"]), (&run.into(), &serde_json::Value::Null));
    let unknown = stage.run(&["why", "0192f000-0000-7000-8000-000000000001"]).await;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("there is no run"), "{unknown:?}");
}

async fn only_a_run_that_is_in_doubt_can_be_settled(way: Way) {
    let stage = stage().await.asking(way);
    let _engine = stage.engine_to_ask().await;
    assert_eq!(stage.run(&["react", "more", "--yes"]).await.code, Some(0));
    let run = stage.runs().await[0].id.to_string();
    let neither = stage.run(&["settle", &run]).await;
    assert_eq!(neither.code, Some(2), "{}", neither.stderr);
    let settled = stage.run(&["settle", &run, "--not-done"]).await;
    assert_eq!((settled.code, settled.stdout.trim()), (Some(1), "nothing to settle; it ended: done"));
    let unknown = stage.run(&["settle", "0192f000-0000-7000-8000-000000000001", "--done"]).await;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("there is no run 0192f000"), "{}", unknown.stderr);
    assert!(unknown.stderr.contains("flyball history --json"), "{}", unknown.stderr);
}

async fn what_a_run_did_is_given_back_once(way: Way) {
    let stage = stage().await.asking(way);
    let _engine = stage.engine_to_ask().await;
    assert_eq!(stage.run(&["react", "more", "--yes"]).await.code, Some(0));
    let run = stage.runs().await[0].id.to_string();
    let shown = stage.run(&["undo", &run, "--dry-run"]).await;
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(
        shown.stdout,
        "web of shop from 2 to 1\n  PATCH /apps/shop/formation {\"updates\":[{\"quantity\":1,\"type\":\"web\"}]}\n"
    );
    assert_eq!(stage.web(), 2);
    let nobody = stage.run(&["undo", &run]).await;
    assert!(nobody.code == Some(2) && nobody.stderr.contains("--yes does it without asking"), "{nobody:?}");

    let undone = stage.run(&["--json", "undo", &run, "--yes"]).await;
    assert_eq!((undone.code, stage.web()), (Some(0), 1), "{undone:?}");
    let undone: serde_json::Value = serde_json::from_str(&undone.stdout).unwrap();
    assert_eq!((&undone["undoes"], &undone["run"]["undoes"]), (&run.clone().into(), &run.clone().into()));
    let by = undone["run"]["id"].as_str().unwrap();
    assert!(stage.run(&["why", &run]).await.stdout.contains(&format!("Run {by} undid it")));
    assert!(stage.run(&["why", by]).await.stdout.contains(&format!("asked for undoing run {run}")));

    let again = stage.run(&["undo", &run, "--yes"]).await;
    assert_eq!((again.code, stage.changes().len()), (Some(1), 2), "{again:?}");
    assert!(
        again.stdout.contains(&format!("is not undone: cannot be undone: run {by} undoes it already")),
        "{again:?}"
    );
    let unknown = stage.run(&["undo", "0192f000-0000-7000-8000-000000000001", "--yes"]).await;
    assert!(unknown.code == Some(1) && unknown.stderr.contains("there is no"), "{unknown:?}");
}
