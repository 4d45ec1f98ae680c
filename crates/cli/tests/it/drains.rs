//! The logs of an app come in by a drain that the real binary adds, and tell how much there is to do.

use crate::hooks::ask;
use crate::support::{Stage, Up, Way, both_ways, ended, shop, wait_for};
use flyball_heroku_sim::{App, Fault, FaultKind, Serving};
use std::time::Duration;

both_ways!(a_drain_that_is_added_tells_how_busy_the_app_is, a_drain_whose_answer_is_lost_is_looked_for);

const FILE: &str = "[receive.apps.shop]\n\
                    [[monitor]]\nname = \"shop is busy\"\nevery = \"10s\"\n\
                    heroku_router = { app = \"shop\", measure = \"requests\", above = 1000, over = \"10s\" }\n";

/// A key of somebody's own, which is searched for in all that anybody writes.
const OWN_KEY: (&str, &str) = ("SHOP_DRAIN", "pl4nted-drain-0123456789");

/// A stage whose shop is asked for something, and an engine that knows by which name it is asked. The port is free, so that the file can
/// say it only afterwards.
async fn listening(way: Way, file: &str) -> (Stage, String, Up) {
    let serving = Serving { threads: 5, service: Duration::from_millis(20), broken_off: 0.0 };
    let busy = shop().load(Duration::ZERO, 5.0).mechanics(|mechanics| mechanics.serving = Some(serving));
    let stage = Stage::with([busy]).await.asking(way);
    stage.write(file);
    let up = stage.serve_with(&[OWN_KEY]).await;
    let server = stage.server();
    stage.write(&format!("[notify]\npages = \"{server}\"\n{file}"));
    up.until("the file is followed", |up| up.printed().contains("the changed file is applied")).await;
    (stage, server, up)
}

/// The addresses that the shop's logs are sent to.
fn drains(stage: &Stage) -> Vec<String> {
    let world = stage.sim.world();
    let drains = |app: &App| app.drains().iter().map(|drain| drain.url.clone()).collect();
    drains(world.lock().unwrap().app("shop").unwrap())
}

async fn a_drain_that_is_added_tells_how_busy_the_app_is(way: Way) {
    let (stage, server, up) = listening(way, FILE).await;
    let shown = stage.run(&["drain", "shop"]).await;
    let url = shown.stdout.trim().to_owned();
    assert!(shown.code == Some(0) && url.starts_with(&format!("{server}/drain/")), "{shown:?}");
    assert_eq!(stage.json(&["drain", "shop"]).await, serde_json::json!({ "app": "shop", "url": url }));
    let doctor = stage.run(&["doctor"]).await;
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    let silent =
        "✗ logs: nothing has come in from shop within the last hour\n    `flyball drain shop --add` has Heroku send";
    assert!(doctor.stdout.contains(silent), "{doctor:?}");

    for words in [
        "Heroku sends the logs of shop here from now on\n",
        "Heroku sends the logs of shop here already; nothing was done\n",
    ] {
        let added = stage.run(&["drain", "shop", "--add"]).await;
        assert_eq!((added.code, added.stdout.as_str(), added.stderr.as_str()), (Some(0), words, ""));
        assert_eq!(drains(&stage), [url.as_str()]);
    }
    wait_for("the logs come in", async || {
        stage.run(&["doctor"]).await.stdout.contains("✓ logs: the logs of shop come in, last at ")
    })
    .await;
    wait_for("a number is told", async || {
        let checked = stage.run(&["check", "shop is busy"]).await;
        checked.code == Some(0) && checked.stdout.contains(" requests")
    })
    .await;
    let key = url.rsplit('/').next().unwrap();
    assert!(!up.printed().contains(key), "the log tells a key");
}

async fn a_drain_whose_answer_is_lost_is_looked_for(way: Way) {
    let (stage, _, _up) = listening(way, FILE).await;
    let lost = |kind| Fault::new(kind).on("POST", "/apps/shop/log-drains").times(1);
    stage.fault(lost(FaultKind::CutBefore));
    let added = stage.run(&["drain", "shop", "--add"]).await;
    assert!(added.code == Some(75) && added.stderr.contains("cannot add a log drain to `shop`"), "{added:?}");
    assert!(added.stderr.contains("run this again: it first looks"), "{added:?}");
    assert!(drains(&stage).is_empty(), "it is not sent again");
    stage.fault(lost(FaultKind::CutAfter));
    let added = stage.run(&["drain", "shop", "--add"]).await;
    assert_eq!(
        added.stdout, "Heroku sends the logs of shop here from now on, though its answer was lost\n",
        "{added:?}"
    );
    assert_eq!((added.code, drains(&stage).len()), (Some(0), 1));
}

#[tokio::test]
async fn a_key_of_somebody_s_own_is_told_nowhere() {
    let file = FILE.replace("shop]\n", "shop]\ndrain = { env = \"SHOP_DRAIN\" }\n");
    let (stage, server, up) = listening(Way::Beside, &file).await;
    let missing = stage.run(&["drain", "shop", "--add"]).await;
    assert!(missing.code == Some(1) && missing.stderr.contains("SHOP_DRAIN"), "{missing:?}");
    let doctor = stage.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("✗ logs: the logs of shop cannot come in: "), "{doctor:?}");

    let path = stage.path("");
    let mut command = stage.command_in(&path, &["drain", "shop", "--add"]);
    command.env(OWN_KEY.0, OWN_KEY.1);
    let added = ended(command).await;
    assert!(added.code == Some(0) && added.stdout.ends_with("from now on\n"), "{added:?}");
    assert!(drains(&stage) == [format!("{server}/drain/{}", OWN_KEY.1)], "it is this key");
    wait_for("a number is told", async || stage.monitor("shop is busy").await["verdict"] == "passing").await;
    // Stage and engine look for the key in all that they wrote when they are dropped.
    drop(up);
}

#[tokio::test]
async fn whatever_comes_by_a_good_key_is_taken_and_nothing_by_another() {
    let (stage, server, up) = listening(Way::Beside, FILE).await;
    let shown = stage.run(&["drain", "shop"]).await;
    let path = shown.stdout.trim().strip_prefix(&server).unwrap().to_owned();
    let other = format!("{}{}", &path[..path.len() - 1], if path.ends_with('0') { '1' } else { '0' });
    let frame = |bytes: usize| vec![b'x'; bytes];
    for (status, method, path, body) in [
        (204, "POST", path.as_str(), frame(0)),
        (204, "POST", &path, b"not a frame at all \xff\x00".to_vec()),
        (204, "POST", &path, frame(500_000)),
        (404, "POST", &other, frame(0)),
        (404, "POST", &path[..path.len() - 1], frame(10)),
        (404, "POST", "/drain/", frame(0)),
        (405, "GET", &path, frame(0)),
    ] {
        let headers = "Content-Type: application/logplex-1\r\nLogplex-Msg-Count: 1\r\n";
        assert_eq!(ask(&server, method, path, headers, &body).await.0, status, "{method} {} bytes", body.len());
    }
    assert!(!up.printed().contains(path.rsplit('/').next().unwrap()), "the log tells a key");
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_drain_is_told_with_what_to_do() {
    let stage = Stage::with([shop()]).await;
    stage.make_database().await;
    stage.write(FILE);
    let alone = stage.run(&["drain", "shop"]).await;
    assert!(alone.code == Some(0) && alone.stdout.starts_with("/drain/"), "{alone:?}");
    assert!(alone.stderr.contains("this is the path alone: `[server] hosts`"), "{alone:?}");
    let doctor = stage.run(&["doctor"]).await;
    assert!(doctor.stdout.contains("· logs: nobody listens for the logs of apps"), "{doctor:?}");
    for (head, arguments, code, words) in [
        ("", &["drain", "shop", "--add"][..], 1, "by which name Flyball is asked is not known here"),
        (
            "[server]\nlisten = \"0.0.0.0:8080\"\nhosts = [\"f.example.com\"]\n[notify]\npages = \"http://f.example.com\"\n",
            &["drain", "shop", "--add"],
            1,
            "addresses with https:// alone",
        ),
        (
            "[server]\nlisten = \"127.0.0.1:8080\"\n",
            &["drain", "shop", "--add", "--account", "other"],
            78,
            "no `[heroku.accounts.other]`",
        ),
        ("", &["drain", "blog"], 1, "write `[receive.apps.blog]` there"),
        ("", &["drain", "shop", "--account", "other"], 2, "--add"),
    ] {
        stage.write(&format!("{head}{FILE}"));
        let told = stage.run(arguments).await;
        assert!(told.code == Some(code) && told.stderr.contains(words), "{arguments:?}: {told:?}");
    }
    assert!(drains(&stage).is_empty());
}
