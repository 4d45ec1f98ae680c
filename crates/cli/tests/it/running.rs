//! `up`: it starts, follows its file, and stops.

use crate::pausing::FAILING;
use crate::support::{Stage, Up, must_hold_no_secret, wait_for};
use flyball_heroku_sim::{Fault, FaultKind};
use std::process::Stdio;
use std::time::Duration;

#[tokio::test]
async fn it_scales_a_failing_shop_until_the_maximum_and_then_makes_no_call() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("90", "3"));
    let up = stage.up().await;
    up.until("it is at its limit", |up| up.printed().contains("at limit: web has 3 dynos")).await;
    let printed = up.printed();
    for line in
        ["\"page\" is failing: ", "\"more\" decided: web of shop from 1 to 2", "\"more\" web of shop from 2 to 3: done"]
    {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let streak = async || stage.monitor("page").await["streak"].as_u64().unwrap();
    let then = streak().await;
    wait_for("some more readings fail", async || streak().await >= then + 3).await;
    assert_eq!((stage.changes().len(), stage.web()), (2, 3));
    let status = stage.run(&["status"]).await.stdout;
    assert!(status.contains("holds: at limit"), "{status}");
}

#[tokio::test]
async fn somebody_elsewhere_hears_that_it_is_there() {
    let switch = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ping/shop", switch.local_addr().unwrap());
    let stage = Stage::new().await;
    stage.write(&format!("[server]\nheartbeat_url = \"{url}\"\n{FAILING}"));
    let _up = stage.up().await;
    let heard = async {
        let (mut connection, _) = switch.accept().await.unwrap();
        let mut line = [0; 15];
        tokio::io::AsyncReadExt::read_exact(&mut connection, &mut line).await.unwrap();
        line
    };
    let line = tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap();
    assert_eq!(&line, b"GET /ping/shop ");
}

#[tokio::test]
async fn a_log_of_everything_tells_the_calls_and_not_their_token() {
    let stage = Stage::new().await;
    stage.write(&FAILING.replace("90", "2"));
    let up = stage.up().await;
    // Whether it holds a secret is looked at whenever a process or a stage of the tests ends.
    up.until("a change is logged", |up| up.printed().contains("\"set_quantity\"")).await;
    assert!(up.printed().contains("TRACE") && up.printed().contains("Heroku answered"), "{}", up.printed().len());
}

#[test]
#[should_panic(expected = "a log holds a secret at byte 10")]
fn a_secret_in_a_log_would_be_found() {
    must_hold_no_secret("a log", b"Bearer HR-pl4nted-cli");
}

#[tokio::test]
async fn a_second_engine_on_the_same_database_is_refused_and_says_who_runs() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    let second = stage.run(&["up"]).await;
    assert_eq!(second.code, Some(75));
    assert!(second.stderr.contains(&format!("another flyball runs on it (process {})", up.id())), "{second:?}");
    assert!(second.stderr.contains("hint: stop process"), "{second:?}");
    assert!(stage.run(&["doctor"]).await.stdout.contains("✓ engine: runs"));
}

#[tokio::test]
async fn a_broken_file_at_the_start_is_refused_with_all_its_mistakes() {
    let stage = Stage::new().await;
    stage.write("[[monitor]]\nname = \"a\"\n[[monitor]]\nname = \"b\"\nevery = \"soon\"\n");
    let refused = stage.run(&["up"]).await;
    assert_eq!(refused.code, Some(78));
    assert_eq!(refused.stderr.matches("error:").count(), 3, "{}", refused.stderr);
}

#[tokio::test]
async fn a_file_broken_while_it_runs_is_refused_and_the_old_one_goes_on() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    stage.write(&FAILING.replace("every = \"1s\"", "evry = \"1s\""));
    up.until("it says so", |up| up.printed().contains("the file has mistakes, and the old one goes on")).await;
    let printed = up.printed();
    assert!(printed.contains("unknown key `evry`") && printed.contains("flyball.toml:3:1"), "{printed}");
    let web = stage.web();
    wait_for("the old one goes on", async || stage.web() >= web + 2).await;
    assert!(stage.run(&["history"]).await.stdout.contains("the file has mistakes, and the old one goes on"));

    stage.write(&FAILING.replace("name = \"page\"", "name = \"front\""));
    up.until("it takes a good one", |up| up.printed().contains("the changed file is applied")).await;
    up.until("what is new is watched", |up| up.printed().contains("\"front\" is failing")).await;
}

#[tokio::test]
async fn every_included_file_is_followed_and_status_knows_what_is_in_force() {
    let stage = Stage::new().await;
    let monitor = |name: &str| {
        let page = stage.sim.page_url("shop");
        format!("[[monitor]]\nname = \"{name}\"\nevery = \"1s\"\nhttp = {{ url = \"{page}\" }}\n")
    };
    let put = |name: &str, text: &str| std::fs::write(stage.path("monitors").join(name), text).unwrap();
    std::fs::create_dir(stage.path("monitors")).unwrap();
    stage.write("include = [\"monitors/*.toml\"]\n");
    put("a.toml", &monitor("front"));
    let up = stage.up().await;
    up.until("it watches", |up| up.printed().contains("\"front\"")).await;
    let applied = |count: &str| format!("the changed file is applied: {count}");

    put("b.toml", &monitor("back"));
    up.until("it takes the new one", |up| up.printed().contains(&applied("2 monitors"))).await;
    put("b.toml", "evry = 1\n");
    up.until("it refuses the broken one", |up| up.printed().contains("monitors/b.toml:1:1")).await;
    let status = stage.run(&["status"]).await;
    assert!(status.stdout.contains("back") && status.stderr.contains("monitors/b.toml:1:1"), "{status:?}");
    std::fs::remove_file(stage.path("monitors/b.toml")).unwrap();
    up.until("it takes that one is gone", |up| up.printed().contains(&applied("1 monitor"))).await;
    std::fs::remove_file(stage.path("monitors/a.toml")).unwrap();
    let words = "the changed file has no monitor any more, and one is in force";
    up.until("it does not lose all", |up| up.printed().contains(words)).await;
}

#[tokio::test]
async fn an_emptied_file_is_not_followed_until_somebody_asks_for_it_and_status_says_so() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    let status = async || stage.run(&["status"]).await.stdout;
    assert!(!status().await.contains("Not in force"));
    stage.write("");
    let words = "the changed file has no monitor any more, and one is in force";
    up.until("it says so", |up| up.printed().contains(words)).await;
    let web = stage.web();
    wait_for("the old one goes on", async || stage.web() >= web + 2).await;
    assert!(status().await.contains(&format!("Not in force: {words}")), "{}", status().await);
    assert_eq!(stage.json(&["status"]).await["file_not_followed"]["code"], "not_followed");

    up.signal("-HUP").await;
    up.until("it takes it", |up| up.printed().contains("the changed file is applied: 0 monitors")).await;
    assert!(!status().await.contains("Not in force"));
}

#[tokio::test]
async fn sighup_reads_the_file_at_once_and_says_so() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    up.signal("-HUP").await;
    up.until("it says so", |up| up.printed().contains("the changed file is applied: 1 monitor, 1 reaction")).await;
}

#[tokio::test]
async fn sigterm_and_ctrl_c_end_it_cleanly_within_five_seconds() {
    for signal in ["-TERM", "-INT"] {
        let stage = Stage::new().await;
        stage.write(FAILING);
        let mut up = stage.up().await;
        wait_for("it scales", async || stage.web() >= 2).await;
        up.signal(signal).await;
        let (code, took) = up.end().await;
        assert_eq!(code, Some(0), "{}", up.printed());
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(stage.run(&["history"]).await.stdout.contains("Flyball stopped"));
        let open = stage.json(&["status"]).await;
        assert_eq!((open["open_runs"].as_array().unwrap().len(), &open["engine"]), (0, &"stopped".into()));
    }
}

#[tokio::test]
async fn a_call_without_an_answer_does_not_hold_up_the_end_and_is_left_for_recovery() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_secs(60))).on("PATCH", "*"));
    let mut up = stage.up().await;
    wait_for("the call arrives", async || stage.changes().len() == 1).await;
    up.signal("-TERM").await;
    let (code, took) = up.end().await;
    assert_eq!(code, Some(0), "{}", up.printed());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let open = stage.json(&["status"]).await["open_runs"].clone();
    assert_eq!(open[0]["state"], "sent", "{open}");
}

#[tokio::test]
async fn without_a_token_it_does_not_start_and_says_where_it_looked() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let mut command = stage.command(&["up"]);
    command.env_remove("HEROKU_API_KEY");
    let refused = crate::support::ended(command).await;
    assert_eq!(refused.code, Some(77), "{refused:?}");
    assert!(refused.stderr.contains("HEROKU_API_KEY is not set; Heroku's CLI is not installed"), "{refused:?}");
    // What needs no Heroku needs no token.
    stage.write("[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n");
    let mut command = stage.command(&["up"]);
    command.env_remove("HEROKU_API_KEY");
    let up = stage.up_with(command).await;
    up.until("it looks", |up| up.printed().contains("\"page\" is passing")).await;
}

#[tokio::test]
async fn on_a_dyno_it_only_tells_and_says_why() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let mut command = stage.command(&["up"]);
    command.env("DYNO", "worker.1").env("HEROKU_APP_NAME", "flyball-of-ops");
    let up = stage.up_with(command).await;
    up.until("it tells", |up| up.printed().contains("\"more\" would take web of shop from 1 to 2")).await;
    assert!(up.printed().contains("because worker.1 is a dyno"), "{}", up.printed());
    assert!(stage.changes().is_empty());
}

#[tokio::test]
async fn lines_of_json_and_a_reader_that_goes() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = Up::spawn(stage.command(&["up", "--json"]));
    up.until("it flips", |up| up.printed().contains("\"event\":\"flipped\"")).await;
    let lines: Vec<serde_json::Value> =
        up.printed().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines[0]["event"], "engine");
    up.kill().await;

    let mut child = stage.command(&["up"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let status = tokio::time::timeout(crate::support::SOON, child.wait()).await.expect("it ends").unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn a_changed_file_may_name_another_account() {
    let stage = Stage::new().await.token("HRKU-pl4nted-nobody-s");
    stage.write("");
    let mut command = stage.command(&["up"]);
    command.env("OPS_TOKEN", crate::support::TOKEN);
    let up = stage.up_with(command).await;
    let own = "[heroku.accounts.ops]\ntoken = { env = \"OPS_TOKEN\" }\n";
    stage.write(&format!("{own}{}", FAILING.replace("max_quantity", "account = \"ops\", max_quantity")));
    wait_for("it acts by it", async || stage.web() >= 2).await;
    assert!(up.printed().contains("the changed file is applied"));
}

#[tokio::test]
async fn a_changed_file_may_forbid_a_network_and_what_is_forbidden_is_unknown_and_causes_nothing() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let up = stage.up().await;
    wait_for("it scales", async || stage.web() >= 2).await;
    stage.write(&format!("[network]\ndeny_networks = [\"loopback\"]\n\n{FAILING}"));
    let words = "127.0.0.1 is in a network that checks may not reach (loopback)";
    up.until("it is unknown", |up| up.printed().contains(words)).await;
    let unknown = async || stage.monitor("page").await["unknown_in_a_row"].as_u64().unwrap();
    let (then, web) = (unknown().await, stage.web());
    wait_for("it stays so", async || unknown().await >= then + 3).await;
    assert_eq!(stage.web(), web);
    let told = stage.run(&["check", "page"]).await;
    assert!(told.code == Some(75) && told.stdout.contains(words), "{told:?}");
}

#[tokio::test]
async fn the_database_is_beside_the_file_unless_it_is_named() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    std::fs::create_dir(stage.path("etc")).unwrap();
    std::fs::rename(stage.path("flyball.toml"), stage.path("etc/shop.toml")).unwrap();
    let mut command = stage.command(&["up"]);
    command.env("FLYBALL_CONFIG", "etc/shop.toml");
    let _up = stage.up_with(command).await;
    assert!(stage.path("etc/flyball.db").exists());
    let named = ["--config", "etc/shop.toml", "--database", "sqlite:here.db", "up"];
    let _other = stage.up_with(stage.command(&named)).await;
    assert!(stage.path("here.db").exists() && !stage.path("flyball.db").exists());
}

#[tokio::test]
async fn a_watched_status_is_told_again_when_something_is_different_until_ctrl_c() {
    let stage = Stage::new().await;
    stage.write(FAILING);
    let _up = stage.up().await;
    let mut watch = Up::spawn(stage.command(&["--json", "status", "--watch"]));
    watch.until("it tells twice", |watch| watch.printed().lines().count() >= 2).await;
    let statuses: Vec<serde_json::Value> =
        watch.printed().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_ne!(statuses[0]["at"], statuses[1]["at"]);
    watch.signal("-INT").await;
    assert_eq!(watch.end().await.0, Some(0));
}

#[tokio::test]
async fn a_reader_that_stands_still_holds_up_neither_the_engine_nor_its_end() {
    let stage = Stage::new().await;
    // More lines than a pipe holds.
    let monitor =
        |number| format!("[[monitor]]\nname = \"page {number}\"\nevery = \"1s\"\nhttp = {{ url = \"PAGE\" }}\n");
    stage.write(&(0..400).map(monitor).collect::<String>());
    let mut child = stage.command(&["--json", "up"]).spawn().unwrap();
    wait_for("all are looked at", async || {
        stage.run(&["history", "--lines", "1000"]).await.stdout.lines().count() > 400
    })
    .await;
    let id = child.id().unwrap().to_string();
    assert!(tokio::process::Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = tokio::time::timeout(Duration::from_secs(5), child.wait()).await.expect("it ends in time").unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn who_is_armed_is_told_at_a_start_and_at_each_change_by_a_pause_or_the_file() {
    let stage = Stage::new().await;
    let file = format!(
        "{}[[reaction]]\nname = \"careful\"\nmode = \"dry_run\"\nrestart_all_dynos = {{ app = \"shop\" }}\n",
        crate::pausing::FAILING
    );
    stage.write(&file);
    let up = stage.up().await;
    let all = "1 reaction is armed: more; 1 only dry-runs: careful";
    up.until("it is told at the start", |up| up.printed().contains(all)).await;
    stage.run(&["pause", "--reaction", "more"]).await;
    let paused = "no reaction is armed; 1 only dry-runs: careful; 1 is paused: more";
    up.until("it is told at the pause", |up| up.printed().contains(paused)).await;
    stage.run(&["resume", "--reaction", "more"]).await;
    up.until("it is told at the end of it", |up| up.printed().matches(all).count() == 2).await;
    stage.write(&file.replace("name = \"more\"\n", "name = \"more\"\nenabled = false\n"));
    let off = "no reaction is armed; 1 only dry-runs: careful; 1 is switched off: more";
    up.until("it is told at a changed file", |up| up.printed().contains(off)).await;
    assert!(stage.run(&["history"]).await.stdout.contains(off));
}
