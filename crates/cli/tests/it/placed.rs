//! Where Flyball is put: as a service of a machine, in a container, on a dyno; and the files that it is handed out with.

use crate::support::{Stage, Up, bare, ended};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const UNIT: &str = "etc/systemd/system/flyball.service";
const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n";

/// A file of the repository.
fn handed_out(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap()
}

#[tokio::test]
async fn the_service_that_is_printed_is_the_one_that_is_handed_out_and_names_the_file_that_is_asked_for() {
    let stage = Stage::new().await;
    let told = stage.run(&["install-service", "--print"]).await;
    assert!(told.code == Some(0) && told.stderr.is_empty(), "{told:?}");
    assert_eq!(told.stdout, handed_out("packaging/flyball.service"));
    let told = stage.run(&["install-service", "--print", "--config", "/srv/flyball.toml"]).await;
    assert!(told.stdout.contains("flyball --config /srv/flyball.toml up"), "{told:?}");
    for hidden in ["here.toml", "/home/ann/flyball.toml", "/srv/my flyball.toml"] {
        let told = stage.run(&["install-service", "--print", "--config", hidden]).await;
        assert!(told.code == Some(2) && told.stderr.contains("a service cannot go by"), "{told:?}");
        assert!(told.stderr.contains("--config /etc/flyball/flyball.toml"), "{told:?}");
    }
}

#[tokio::test]
async fn a_service_is_installed_below_a_root_and_another_that_is_there_stays() {
    let stage = Stage::new().await;
    std::fs::create_dir(stage.path("root")).unwrap();
    let root = stage.path("root");
    let install =
        async |more: &[&str]| stage.run(&[&["install-service", "--root", root.to_str().unwrap()], more].concat()).await;
    let told = install(&[]).await;
    assert!(told.code == Some(0) && told.stderr.contains("systemctl enable --now flyball"), "{told:?}");
    assert_eq!(std::fs::read_to_string(root.join(UNIT)).unwrap(), handed_out("packaging/flyball.service"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&root.join("etc/flyball/secrets")), 0o700, "others cannot read secrets");

    let told = install(&[]).await;
    assert!(told.code == Some(0) && told.stderr.starts_with("this is there already: "), "{told:?}");
    let told = install(&["--config", "/srv/flyball.toml"]).await;
    assert!(told.code == Some(1) && told.stderr.contains("--force"), "{told:?}");
    assert!(!std::fs::read_to_string(root.join(UNIT)).unwrap().contains("/srv"));
    let told = install(&["--config", "/srv/flyball.toml", "--force", "--json"]).await;
    let json: Value = serde_json::from_str(&told.stdout).unwrap();
    assert!(told.code == Some(0) && json["changed"] == true && json["file"] == "/srv/flyball.toml", "{told:?}");
    assert!(std::fs::read_to_string(root.join(UNIT)).unwrap().contains("/srv/flyball.toml"));
}

#[tokio::test]
async fn a_service_is_not_installed_where_systemd_does_not_run_or_by_who_may_not() {
    let stage = Stage::new().await;
    let has_systemd = Path::new("/run/systemd/system").is_dir();
    // As root, on a machine with systemd, it would be installed.
    let told = ended(stage.command_as_nobody(&["install-service"])).await;
    let (code, words) = if has_systemd { (77, "run `sudo ") } else { (1, "systemd does not run this machine") };
    assert!(told.code == Some(code) && told.stderr.contains(words), "{told:?}");
}

#[tokio::test]
async fn who_watches_a_container_asks_the_binary_whether_it_answers() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let nobody = stage.run(&["healthz"]).await;
    assert!(nobody.code == Some(2) && nobody.stderr.contains("say it with --listen"), "{nobody:?}");
    let up = stage.serve().await;
    let server = stage.server();
    let address = server.trim_start_matches("http://");
    for more in [&["--listen", address][..], &["--listen", address, "--ready"]] {
        // Its proxy, if it had one, would not be asked.
        let mut command = stage.command(&[&["healthz"], more].concat());
        command.env("HTTP_PROXY", "http://127.0.0.1:1").env_remove("HEROKU_API_KEY");
        let told = ended(command).await;
        assert!(told.code == Some(0) && told.stdout.contains(address), "{told:?}");
    }
    let port = address.rsplit(':').next().unwrap();
    let mut on_dyno = stage.command(&["healthz"]);
    on_dyno.env("DYNO", "web.1").env("PORT", port);
    assert_eq!(ended(on_dyno).await.code, Some(0), "it listens on every address, and is asked on the loopback");
    up.kill().await;
    let told = stage.run(&["healthz", "--listen", address]).await;
    assert!(told.code == Some(1) && told.stderr.contains("is `flyball up` running here"), "{told:?}");
}

#[tokio::test]
async fn a_database_is_made_before_an_engine_starts_and_not_beside_one_on_its_file() {
    let stage = Stage::new().await;
    stage.write(FILE);
    for _ in 0..2 {
        let told = stage.run(&["store", "migrate"]).await;
        assert!(told.code == Some(0) && told.stdout.contains("flyball.db is up to date"), "{told:?}");
    }
    let up = stage.up().await;
    let told = stage.run(&["store", "migrate"]).await;
    assert_eq!(told.code, Some(75), "{told:?}");
    up.kill().await;
}

#[tokio::test]
async fn a_database_on_a_server_is_brought_up_to_date_also_while_an_engine_works_on_it() {
    let stage = Stage::new().await.on_server().await;
    stage.write(FILE);
    let told = stage.run(&["store", "migrate"]).await;
    assert!(told.code == Some(0) && told.stdout.contains("is up to date"), "{told:?}");
    let _up = stage.up().await;
    assert_eq!(stage.run(&["store", "migrate"]).await.code, Some(0));
}

#[tokio::test]
async fn a_token_may_be_handed_over_as_a_credential() {
    let stage = Stage::new().await;
    stage.write("[[monitor]]\nname = \"dynos\"\nevery = \"2s\"\nheroku_dynos = { app = \"shop\" }\n");
    // Below the folder, whose files are searched for secrets.
    let folder = stage.path("credentials");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("flyball_HEROKU_API_KEY"), format!("{}\n", crate::support::TOKEN)).unwrap();
    let mut command = bare(&stage.path(""), &["up"]);
    command.env("HEROKU_HOST", stage.sim.url()).env("CREDENTIALS_DIRECTORY", &folder);
    let up = Up::spawn(command);
    up.until("it sees the dynos", |up| up.printed().contains("\"dynos\" is passing")).await;
    up.kill().await;
}

/// What [app.json](https://devcenter.heroku.com/articles/app-json-schema) may have, of what ours has.
#[test]
fn the_app_manifest_has_what_heroku_knows_and_the_binary_reads() {
    let manifest: Value = serde_json::from_str(&handed_out("app.json")).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let known = ["name", "description", "keywords", "stack", "success_url", "env", "formation", "addons"];
    assert!(keys(&manifest).iter().all(|key| known.contains(&key.as_str())), "{:?}", keys(&manifest));
    let environment = handed_out("crates/cli/src/environment.rs");
    for (variable, entry) in manifest["env"].as_object().unwrap() {
        assert!(environment.contains(&format!("\"{variable}\"")), "nobody reads {variable}");
        assert!(entry["description"].as_str().is_some_and(|words| words.ends_with('.')), "{variable} is explained");
        let known = ["description", "required", "generator", "value"];
        assert!(keys(entry).iter().all(|key| known.contains(&key.as_str())), "{variable}");
        assert!(entry["generator"].is_null() || entry["generator"] == "secret", "{variable}");
        assert!(entry["value"].is_null(), "{variable}: no secret is the same for everybody");
    }
    assert_eq!(manifest["formation"]["web"]["size"], "basic", "an Eco dyno sleeps");
    assert!(manifest["addons"][0]["plan"].as_str().unwrap().starts_with("heroku-postgresql:"));
}

#[tokio::test]
async fn a_dyno_without_a_file_of_its_own_goes_by_one_that_only_tells() {
    let stage = Stage::new().await;
    stage.write(&handed_out("packaging/dyno.toml"));
    let told = stage.run(&["validate"]).await;
    assert_eq!(told.code, Some(0), "{told:?}");
    let up = stage.up().await;
    assert!(up.printed().contains("only tells"), "{}", up.printed());
}
