//! `flyball init --all`: a first file for every app; and what `flyball plan` says of it, and of what is armed.

use crate::pausing::FAILING;
use crate::support::{Ended, Stage, app, ended, shop, wait_for};
use flyball_heroku_sim::{AccountSpec, AppSpec, WorldFile};
use serde_json::json;

const INIT: [&str; 2] = ["init", "--all"];

/// A shop with a worker, a small blog, and apps that nobody wants to have watched.
fn apps() -> [AppSpec; 5] {
    [
        AppSpec::new("shop").process("web", 2, "Standard-1X").process("worker", 1, "Standard-1X").deploy("first"),
        AppSpec::new("blog").process("web", 1, "Basic").deploy("first"),
        AppSpec::new("jobs").process("web", 0, "Standard-1X").process("worker", 1, "Standard-1X").deploy("first"),
        app("quiet").in_maintenance(),
        app("my-flyball"),
    ]
}

/// Runs it on a dyno of the app `my-flyball`.
async fn init(stage: &Stage) -> Ended {
    let mut command = stage.command(&INIT);
    command.env("HEROKU_APP_NAME", "my-flyball");
    ended(command).await
}

fn read(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.path(name)).unwrap()
}

#[tokio::test]
async fn every_app_with_web_dynos_gets_a_file_that_is_valid_and_arms_nothing() {
    let stage = Stage::with(apps()).await;
    let told = init(&stage).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    let table: Vec<String> = told
        .stdout
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        table,
        [
            "APP ACCOUNT CALLS AN HOUR BECAME",
            "blog default 120 wrote apps/blog.toml",
            "jobs default - left out: it has no web dyno",
            "my-flyball default - left out: Flyball itself runs on it",
            "quiet default - left out: it is in maintenance mode",
            "shop default 120 wrote apps/shop.toml",
        ],
        "{told:?}"
    );
    assert!(
        told.stdout.contains("the account \"default\" will be asked at most 4.0 times a minute by 2 monitors"),
        "{told:?}"
    );
    assert!(told.stderr.contains("wrote flyball.toml; the new reactions only tell what they would do"), "{told:?}");

    let valid = stage.run(&["validate"]).await;
    assert!(valid.code == Some(0) && valid.stderr.is_empty(), "{valid:?}");
    assert!(valid.stdout.contains("is good: 4 monitors, 3 reactions"), "{valid:?}");
    let plan = stage.run(&["plan"]).await;
    assert!(plan.code == Some(0) && plan.stdout.contains("+ reaction \"more web of shop\""), "{plan:?}");
    assert!(!plan.stdout.contains('!'), "nothing is armed: {plan:?}");
    let text = read(&stage, "apps/shop.toml");
    assert!(
        text.contains("web 2 of standard-1x, worker 1 of standard-1x") && text.contains("max_quantity = 3 "),
        "{text}"
    );
    assert!(text.contains(&format!("url = \"{}\"", stage.page())), "{text}");
    let seen = stage.run(&["check", "shop answers"]).await;
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn nothing_that_is_there_is_written_over_and_a_new_app_is_added() {
    let stage = Stage::with([shop(), app("blog"), app("new")]).await;
    std::fs::create_dir(stage.path("apps")).unwrap();
    let own = "[[monitor]]\nname = \"mine\"\nheroku_dynos = { app = \"blog\" }\n";
    std::fs::write(stage.path("apps/blog.toml"), own).unwrap();
    assert_eq!(init(&stage).await.code, Some(0));
    std::fs::remove_file(stage.path("apps/new.toml")).unwrap();
    let main = format!("{}# mine\n", read(&stage, "flyball.toml"));
    std::fs::write(stage.path("flyball.toml"), &main).unwrap();

    let mut command = stage.command(&["--json", "init", "--all"]);
    command.env("HEROKU_APP_NAME", "my-flyball");
    let told = ended(command).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    let became: Vec<_> = told["apps"].as_array().unwrap().iter().map(|app| (&app["app"], &app["written"])).collect();
    assert_eq!(json!(became), json!([["blog", false], ["new", true], ["shop", false]]), "{told}");
    assert_eq!(told["written"], false);
    assert_eq!((read(&stage, "apps/blog.toml").as_str(), read(&stage, "flyball.toml")), (own, main));
    let text = read(&stage, "apps/new.toml");
    assert!(text.matches("mode = \"dry_run\"").count() == 2, "beside a file of one's own each says it itself: {text}");
    assert_eq!(stage.run(&["validate"]).await.code, Some(0));

    let refused = stage.run(&["init", "--all", "--force"]).await;
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[tokio::test]
async fn apps_of_another_account_are_looked_at_by_that() {
    let team = AccountSpec::new("team@example.com").token("HRKU-pl4nted-team");
    let file = WorldFile::with_apps([shop(), app("theirs").owner("team@example.com")]);
    let stage = Stage::of(file.account(AccountSpec::new("ops@example.com")).account(team)).await;
    stage.write("[heroku.accounts.team]\ntoken = { env = \"TEAM_TOKEN\" }\n");
    let mut command = stage.command(&INIT);
    command.env("TEAM_TOKEN", "HRKU-pl4nted-team");
    let told = ended(command).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("add `include = [\"apps/*.toml\"]` at its top"), "{told:?}");
    assert_eq!(read(&stage, "apps/theirs.toml").matches("account = \"team\"").count(), 3);
    assert!(!read(&stage, "apps/shop.toml").contains("account ="));
    stage.write("include = [\"apps/*.toml\"]\n[heroku.accounts.team]\ntoken = { env = \"TEAM_TOKEN\" }\n");
    let valid = stage.run(&["validate"]).await;
    assert!(
        valid.stdout.contains("the account \"team\" will be asked at most 2.0 times a minute by 1 monitor"),
        "{valid:?}"
    );
}

#[tokio::test]
async fn where_there_is_no_app_to_watch_nothing_is_written() {
    let stage = Stage::with([app("quiet").in_maintenance()]).await;
    let told = stage.run(&INIT).await;
    assert!(told.code == Some(1) && told.stderr.contains("cause: every app is left out"), "{told:?}");
    assert!(told.stdout.contains("left out: it is in maintenance mode"), "{told:?}");
    let refused = ended(Stage::with([]).await.token("HRKU-pl4nted-wrong").command(&INIT)).await;
    assert_eq!(refused.code, Some(77), "{refused:?}");
    assert!(!stage.path("flyball.toml").exists() && !stage.path("apps").exists());
}

#[tokio::test]
async fn the_plan_tells_what_is_armed_and_what_acts_at_once() {
    let stage = Stage::new().await;
    stage.write(&format!("mode = \"dry_run\"\n{FAILING}"));
    let _up = stage.up().await;
    wait_for("it fails", async || stage.monitor("page").await["verdict"] == "failing").await;
    let next = stage.path("next.toml");
    let planned = async |text: &str| {
        std::fs::write(&next, text.replace("PAGE", &stage.page())).unwrap();
        stage.json(&["plan", "--config", next.to_str().unwrap()]).await
    };
    let armed = planned(FAILING).await;
    assert_eq!(armed["arms"], json!([{ "reaction": "more", "app": "shop", "before": "dry_run" }]), "{armed}");
    assert_eq!((&armed["at_once"][0]["reaction"], &armed["at_once"][0]["monitor"]), (&json!("more"), &json!("page")));
    let told = stage.run(&["plan", "--config", next.to_str().unwrap()]).await.stdout;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[..2], ["~ mode", "! reaction \"more\" acts on shop from then on: it only told what it would do"]);
    assert!(
        lines[2].starts_with("!! reaction \"more\" acts on shop at the next failing reading of \"page\", after "),
        "{told}"
    );

    let later = planned(&FAILING.replace("\"more\"\nscale", "\"more\"\ntrigger = 900\nscale")).await;
    assert_eq!((later["arms"].as_array().unwrap().len(), &later["at_once"]), (1, &json!([])), "{later}");
    let elsewhere = planned(&FAILING.replace("Welcome", "Good morning")).await;
    assert_eq!(elsewhere["at_once"], json!([]), "what was read of another page is no reason: {elsewhere}");
    let same = planned(&format!("mode = \"dry_run\"\n{FAILING}")).await;
    assert_eq!((&same["arms"], &same["at_once"]), (&json!([]), &json!([])), "{same}");
    assert!(stage.changes().is_empty());
}
