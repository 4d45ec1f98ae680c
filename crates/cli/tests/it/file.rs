//! The file: `init`, `validate`, `check`, and everything that is said of it.

use crate::support::{Stage, bare, ended};
use flyball_heroku_sim::{Fault, FaultKind};
use insta::assert_snapshot;
use std::process::Stdio;

#[tokio::test]
async fn init_writes_a_file_that_is_valid_and_never_writes_over_one() {
    let folder = tempfile::tempdir().unwrap();
    let run = async |arguments: &[&str]| ended(bare(folder.path(), arguments)).await;
    let nobody = run(&["init"]).await;
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.stderr.contains("hint: name it with --app"));
    assert_eq!(run(&["init", "--app", "shop"]).await.code, Some(0));
    let valid = run(&["validate"]).await;
    assert_eq!(valid.code, Some(0), "{valid:?}");
    assert_snapshot!(valid.stdout, @r"
    flyball.toml is good: 3 monitors, 4 reactions
    no monitor asks Heroku: at rest it costs none of the 75 calls a minute
    when everything times out, 1 check is under way at once
    ");
    let again = run(&["init", "--app", "other"]).await;
    assert_eq!(again.code, Some(1));
    assert_snapshot!(again.stderr, @r"
    error: cannot write flyball.toml
      cause: it is there already
      hint: --force writes over it; --config names another
    ");
    assert_eq!(run(&["init", "--app", "other", "--force"]).await.code, Some(0));
    assert!(std::fs::read_to_string(folder.path().join("flyball.toml")).unwrap().contains("app = \"other\""));
}

#[tokio::test]
async fn every_mistake_is_told_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[monitor]]\nname = \"front page\"\nevery = \"half a minute\"\nhttp = { ulr = \"https://shop.example.com/\" }\n\
                reactions = [\"more web\"]\n\n[[reaction]]\nname = \"more web\"\nscale_out = { app = \"Shop\" }\n";
    std::fs::write(folder.path().join("flyball.toml"), text).unwrap();
    let told = ended(bare(folder.path(), &["validate"])).await;
    assert_eq!((told.code, told.stdout.as_str()), (Some(78), ""));
    assert_snapshot!(told.stderr);
    let json = ended(bare(folder.path(), &["validate", "--json"])).await;
    assert_eq!(json.code, Some(78));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["valid"], false);
    let places: Vec<_> = json["mistakes"].as_array().unwrap().iter().map(|mistake| mistake["line"].clone()).collect();
    assert_eq!(places, [3, 4, 9, 9]);
}

#[tokio::test]
async fn what_a_file_costs_is_told_against_what_heroku_allows() {
    let stage = Stage::new().await;
    stage.write("[[monitor]]\nname = \"dynos\"\nevery = \"2s\"\nheroku_dynos = { app = \"shop\" }\n");
    let told = stage.run(&["validate"]).await;
    assert!(told.stdout.contains("60.0 times a minute by 1 monitor; Heroku allows 75"), "{told:?}");
    assert_eq!(stage.json(&["validate"]).await["cost"]["accounts"][0]["calls_per_minute"], 60.0);
    stage.write("[[monitor]]\nname = \"dynos\"\nevery = \"1s\"\nheroku_dynos = { app = \"shop\" }\n");
    let told = stage.run(&["validate"]).await;
    assert!(told.stderr.contains("its monitor will be blind at times"), "{told:?}");
}

#[tokio::test]
async fn a_file_that_is_missing_or_no_text_is_a_matter_of_configuration() {
    let folder = tempfile::tempdir().unwrap();
    for command in [&["validate"][..], &["up"], &["status"], &["check", "x"]] {
        let told = ended(bare(folder.path(), command)).await;
        assert_eq!(told.code, Some(78), "{told:?}");
        assert!(told.stderr.contains("hint: `flyball init` writes one; --config names another"), "{told:?}");
    }
    std::fs::write(folder.path().join("flyball.toml"), [0xff, 0xfe]).unwrap();
    let told = ended(bare(folder.path(), &["validate"])).await;
    assert!(told.code == Some(78) && told.stderr.contains("it is not UTF-8"), "{told:?}");
}

#[tokio::test]
async fn the_url_of_another_database_is_refused_in_words_and_its_password_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    ended(bare(folder.path(), &["init", "--app", "shop"])).await;
    let mut command = bare(folder.path(), &["up"]);
    command.env("DATABASE_URL", "mysql://ann:pl4nted@db.example.com/flyball");
    let told = ended(command).await;
    assert_eq!(told.code, Some(78));
    assert_snapshot!(told.stderr, @r"
    error: cannot use this database: MySQL is not supported yet
      hint: use sqlite:FILE or postgres://…, such as sqlite:flyball.db
    ");
    let mut help = bare(folder.path(), &["--help"]);
    help.env("DATABASE_URL", "mysql://ann:pl4nted@db.example.com/flyball");
    assert!(!ended(help).await.stdout.contains("pl4nted"));
}

#[tokio::test]
async fn a_closed_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["completions", "bash"][..], &["validate", "--json"]] {
        ended(bare(folder.path(), &["init", "--app", "shop", "--force"])).await;
        let mut child = bare(folder.path(), arguments).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().await.unwrap();
        assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
    }
}

#[tokio::test]
async fn check_looks_once_shows_what_it_saw_and_stores_nothing() {
    let stage = Stage::new().await;
    let monitors = [("well", "keyword = \"Welcome\""), ("ill", "keyword = \"Welcome\", present = false")];
    let monitors = monitors
        .map(|(name, sought)| format!("[[monitor]]\nname = \"{name}\"\nhttp = {{ url = \"PAGE\", {sought} }}\n"));
    stage.write(&format!("{}[[monitor]]\nname = \"dynos\"\nheroku_dynos = {{ app = \"shop\" }}\n", monitors.concat()));
    let well = stage.run(&["check", "well"]).await;
    assert_eq!(well.code, Some(0), "{well:?}");
    for seen in ["passing", "status      200", "text        found", "excerpt", "first byte", "127.0.0.1"] {
        assert!(well.stdout.contains(seen), "{seen}: {well:?}");
    }
    let ill = stage.run(&["check", "ill"]).await;
    assert!(ill.code == Some(1) && ill.stdout.contains("failing (text)"), "{ill:?}");
    assert_eq!(stage.json(&["check", "ill"]).await["cause"], "text");
    assert_eq!(stage.run(&["check", "dynos"]).await.code, Some(0));
    stage.fault(Fault::new(FaultKind::Html).on("GET", "*"));
    let unknown = stage.run(&["check", "dynos"]).await;
    assert!(unknown.code == Some(75) && unknown.stdout.contains("unknown"), "{unknown:?}");
    // No server is asked for a name in `invalid`: RFC 6761, section 6.4.
    let nowhere = "shop.invalid.";
    stage.write(&format!(
        "[[monitor]]\nname = \"gone\"\nhttp = {{ url = \"http://{nowhere}/\" }}\n\
                          [[monitor]]\nname = \"port\"\ntcp = {{ address = \"{nowhere}:80\" }}\n\
                          [[monitor]]\nname = \"well\"\nhttp = {{ url = \"PAGE\" }}\n"
    ));
    for (name, setting) in [("gone", "url"), ("port", "address")] {
        let told = stage.run(&["check", name]).await;
        let hint = format!("It is from `{setting}` of the monitor \"{name}\" in flyball.toml");
        assert!(told.code == Some(1) && told.stdout.contains(&hint), "{told:?}");
    }
    assert!(!stage.run(&["check", "well"]).await.stdout.contains("hint"));
    let misspelt = stage.run(&["check", "wel"]).await;
    assert!(misspelt.code == Some(1) && misspelt.stderr.contains("did you mean \"well\"?"), "{misspelt:?}");
    assert!(!stage.path("flyball.db").exists());
}

#[tokio::test]
async fn wrong_usage_ends_with_2_and_help_and_version_with_0() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, code) in
        [(&["--help"][..], 0), (&["--version"], 0), (&["what"], 2), (&["pause", "--for", "soon"], 2)]
    {
        assert_eq!(ended(bare(folder.path(), arguments)).await.code, Some(code), "{arguments:?}");
    }
    assert!(ended(bare(folder.path(), &["--help"])).await.stdout.contains("78  the file or the environment is wrong"));
}

#[tokio::test]
async fn colours_are_shown_to_terminals_and_to_nobody_who_does_not_want_them() {
    let folder = tempfile::tempdir().unwrap();
    let coloured = async |variables: &[(&str, &str)]| {
        let mut command = bare(folder.path(), &["validate"]);
        command.envs(variables.iter().copied());
        ended(command).await.stderr.contains('\u{1b}')
    };
    assert!(!coloured(&[]).await, "a pipe is no terminal");
    assert!(coloured(&[("CLICOLOR_FORCE", "1")]).await);
    assert!(!coloured(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).await);
}

#[tokio::test]
async fn a_database_in_a_directory_that_is_not_there_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    ended(bare(folder.path(), &["init", "--app", "shop"])).await;
    for command in ["up", "status", "pause"] {
        let told = ended(bare(folder.path(), &["--database", "sqlite:nowhere/flyball.db", command])).await;
        assert!(told.code == Some(78) && told.stderr.contains("there is no directory nowhere"), "{told:?}");
    }
}

#[tokio::test]
async fn init_with_force_writes_through_no_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, theirs) = (folder.path().join("flyball.toml"), folder.path().join("theirs"));
    std::fs::write(&theirs, "precious").unwrap();
    std::os::unix::fs::symlink(&theirs, &file).unwrap();
    let told = ended(bare(folder.path(), &["init", "--app", "shop", "--force"])).await;
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stderr.contains("it is a link, a pipe or a folder, and no plain file"), "{told:?}");
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "precious");
}
