//! `doctor`: what is as it should be, and what to do about the rest.

use crate::support::{Stage, bare, ended};
use flyball_heroku_sim::Maintenance;

const FILE: &str = "[[monitor]]\nname = \"page\"\nhttp = { url = \"PAGE\" }\nreactions = [\"more\"]\n\
                    [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 3 }\n";

#[tokio::test]
async fn everything_well_is_told_line_by_line() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let told = stage.run(&["doctor"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    for line in [
        "✓ file: flyball.toml is good: 1 monitor, 1 reaction",
        "✓ token: of the account \"default\" in HEROKU_API_KEY",
        "✓ account: \"default\" is ops@example.com",
        "✓ clock: agrees with Heroku's",
        "✓ sizes: all ",
        "✓ app: shop can be seen",
        "✓ database: flyball.db can be made",
        "· engine: does not run",
    ] {
        assert!(told.stdout.contains(line), "{line}: {}", told.stdout);
    }
    assert!(!told.stdout.contains('✗') && told.stdout.contains("calls left"));
    assert!(!stage.path("flyball.db").exists(), "it makes no database");
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn a_wrong_token_an_unknown_app_and_a_missing_process_type_are_told_with_what_to_do() {
    let stage = Stage::new().await.token("HRKU-pl4nted-wrong");
    stage.write(FILE);
    let told = stage.run(&["doctor"]).await;
    assert_eq!(told.code, Some(1));
    assert!(told.stdout.contains("✗ account: cannot read the account"), "{told:?}");
    assert!(told.stdout.contains("heroku authorizations:create"), "{told:?}");
    assert!(!format!("{told:?}").contains("HRKU-pl4nted-wrong"));

    let stage = Stage::new().await;
    stage.write(&FILE.replace("app = \"shop\"", "app = \"shopp\""));
    let told = stage.run(&["doctor"]).await;
    assert!(told.code == Some(1) && told.stdout.contains("✗ app: cannot read `shopp`"), "{told:?}");
    stage.write(&FILE.replace("max_quantity", "process_type = \"wrker\", max_quantity"));
    stage.sim.world().lock().unwrap().set_maintenance("shop", Maintenance::On).unwrap();
    let told = stage.run(&["doctor"]).await;
    assert!(
        told.code == Some(1)
            && told
                .stdout
                .contains("✗ reaction: \"more\" can never act on shop as it is: the app has no process type wrker"),
        "{told:?}"
    );
    assert!(told.stdout.contains("· app: shop is in maintenance mode"), "{told:?}");
}

#[tokio::test]
async fn without_file_token_or_a_place_to_write_it_still_tells_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = bare(folder.path(), &["doctor", "--database", "sqlite:nowhere/flyball.db"]);
    command.env("HEROKU_HOST", "http://127.0.0.1:9");
    let told = ended(command).await;
    assert_eq!(told.code, Some(1));
    for line in ["✗ file: cannot read flyball.toml", "✗ token: the account \"default\" has none", "✗ database: "]
    {
        assert!(told.stdout.contains(line), "{line}: {told:?}");
    }
    let mut command = bare(folder.path(), &["doctor", "--json"]);
    command.env("HEROKU_HOST", "shop.example.com");
    let told = ended(command).await;
    let findings: Vec<serde_json::Value> = serde_json::from_str(&told.stdout).unwrap();
    let host = findings.iter().find(|finding| finding["about"] == "host").unwrap();
    assert_eq!(host["health"], "bad", "{findings:?}");
    assert_eq!(
        host["words"],
        "cannot use HEROKU_HOST: it is neither below heroku.com, herokai.com, herokuspace.com or \
                              herokudev.com nor this machine"
    );
    assert!(host["hint"].as_str().unwrap().starts_with("leave HEROKU_HOST unset"), "{host}");
}

#[tokio::test]
async fn a_page_that_is_not_the_app_s_own_is_told_with_the_right_address() {
    let stage = Stage::new().await;
    let label = stage.sim.world().lock().unwrap().app("shop").unwrap().host_label();
    let right = format!("https://{label}.herokuapp.com/up?deep=1");
    stage.write(&FILE.replace("PAGE", "https://shop.herokuapp.com/up?deep=1"));
    let told = stage.run(&["doctor"]).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(
        told.stdout.contains("✗ page: \"page\" looks at shop.herokuapp.com, and that is not where shop is"),
        "{told:?}"
    );
    assert!(told.stdout.contains(&format!("    write `url = \"{right}\"`")), "{told:?}");
    for good in [right.as_str(), "https://shop.example.com/", "https://shop-api.herokuapp.com/"] {
        stage.write(&FILE.replace("PAGE", good));
        let told = stage.run(&["doctor"]).await;
        assert!(told.code == Some(0) && !told.stdout.contains("page: "), "{told:?}");
    }
}

#[tokio::test]
async fn a_reaction_that_can_never_act_is_told_by_the_doctor_and_by_validate_online() {
    let stage = Stage::new().await;
    let wrong = FILE.replace(
        "scale_out = { app = \"shop\", max_quantity = 3 }",
        "restart_dyno = { app = \"shop\", dyno = \"wrker.1\" }",
    );
    stage.write(&wrong);
    for arguments in [&["doctor"][..], &["validate", "--online"]] {
        let told = stage.run(arguments).await;
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.stdout.contains("✗ reaction: \"more\" can never act on shop as it is: "), "{told:?}");
        assert!(
            told.stdout.contains("    `heroku ps -a shop` lists the dynos, such as `web.1`; correct `dyno`"),
            "{told:?}"
        );
    }
    assert_eq!(stage.run(&["validate"]).await.code, Some(0), "Heroku is not asked");
    let told = stage.run(&["validate", "--online", "--json"]).await;
    let said: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
    assert!(
        told.code == Some(1) && said["online"].as_array().unwrap().iter().any(|one| one["health"] == "bad"),
        "{said}"
    );

    stage.write(&wrong.replace("\"wrker.1\"", "\"web.1\""));
    let told = stage.run(&["validate", "--online"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("✓ reaction: \"more\" can act on shop as it is"), "{told:?}");
    let stage = stage.token("HRKU-pl4nted-wrong");
    assert_eq!(stage.run(&["validate", "--online"]).await.code, Some(1), "what cannot be looked at is not good");
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn a_misspelt_app_is_told_at_the_start_and_stands_on_top_of_the_status() {
    let stage = Stage::new().await;
    stage.write(&FILE.replace("app = \"shop\"", "app = \"shpo\""));
    let up = stage.up().await;
    up.until("it says so", |up| up.printed().contains("needs a person: ") && up.printed().contains("shpo")).await;
    let status = stage.run(&["status"]).await.stdout;
    let (found, table) = (status.find("the file: app: "), status.find("MONITOR"));
    assert!(found.is_some() && found < table, "{status}");
    let attention = stage.json(&["status"]).await["attention"].clone();
    assert!(attention.as_array().unwrap().iter().any(|one| one["need"] == "found"), "{attention}");
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn a_pipe_in_the_place_of_any_file_holds_up_no_doctor() {
    for name in ["flyball.toml", "flyball.db", "flyball.db.lock"] {
        let stage = Stage::new().await;
        stage.write(FILE);
        let _there = std::fs::remove_file(stage.path(name));
        assert!(std::process::Command::new("mkfifo").arg(stage.path(name)).status().unwrap().success());
        let told = stage.run(&["doctor"]).await;
        // Whoever looks for secrets in what was left would wait for its writer.
        std::fs::remove_file(stage.path(name)).unwrap();
        assert_eq!(told.code, Some(1), "{name}: {told:?}");
        assert!(told.stdout.contains("no plain file"), "{name}: {told:?}");
    }
}

#[tokio::test]
async fn a_folder_that_others_may_write_to_is_told_by_doctor_and_up() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new().await;
    stage.write(FILE);
    std::fs::set_permissions(stage.path(""), std::fs::Permissions::from_mode(0o777)).unwrap();
    let words = "other users of this machine may write to ";
    let told = stage.run(&["doctor"]).await;
    assert!(told.stdout.contains(&format!("✗ folder: {words}")), "{told:?}");
    let up = stage.up().await;
    up.until("the folder is told", |up| up.printed().contains(words)).await;
}
