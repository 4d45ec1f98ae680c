//! Others tell the real binary something, by the keys of monitors.

use crate::support::{Stage, Up, Way, both_ways, wait_for};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

both_ways!(
    an_end_that_failed_makes_a_reaction_act_at_once,
    a_webhook_says_what_a_monitor_says,
    a_key_that_was_replaced_is_refused
);

/// It looks once in ten minutes by itself: whatever comes sooner was told.
const TOLD: &str = "[[monitor]]\nname = \"nightly\"\nevery = \"10m\"\nheartbeat = { every = \"1h\", grace = \"10m\" }\n\
                    reactions = [\"more\"]\n\
                    [[monitor]]\nname = \"graphs\"\nevery = \"10m\"\n\
                    hook = { at = \"/status\", failing = [\"firing\"], passing = [\"resolved\"] }\n\
                    [[monitor]]\nname = \"releases\"\nevery = \"10m\"\n\
                    hook = { at = \"/data/status\", failing = [\"failed\"], passing = [\"succeeded\"], signature = { env = \"SIGNING\" } }\n\
                    [[monitor]]\nname = \"page\"\nevery = \"10m\"\nhttp = { url = \"PAGE\" }\n\
                    [[reaction]]\nname = \"more\"\ntrigger = 1\nscale_out = { app = \"shop\", max_quantity = 9 }\n";

const SIGNING: (&str, &str) = ("SIGNING", "pl4nted-signing");

/// A request to a path of a server, and the answer's status.
pub(crate) async fn ask(server: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let address = server.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    // Who is refused at the head may find nobody who takes the rest.
    let _refused_early = stream.write_all(&[head.as_bytes(), body].concat()).await;
    let mut answer = Vec::new();
    let _reset_after_the_answer = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.get(9..12).unwrap_or_default().parse().unwrap_or_else(|_| panic!("{method}: no answer: {answer}")), answer)
}

/// A stage that is told things, where its server is, and the engine.
async fn told(way: Way, file: &str) -> (Stage, String, Up) {
    let stage = Stage::new().await.asking(way);
    stage.write(file);
    let up = stage.serve_with(&[SIGNING]).await;
    let server = stage.server();
    (stage, server, up)
}

/// The path at which a monitor is told something, and its key.
async fn path(stage: &Stage, monitor: &str) -> String {
    let hook = stage.run(&["hook", monitor]).await;
    assert_eq!(hook.code, Some(0), "{hook:?}");
    let at = hook.stdout.find("/api/v1/hooks/").unwrap();
    hook.stdout[at..].trim().to_owned()
}

fn key(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn until(stage: &Stage, monitor: &str, verdict: &str) -> Value {
    wait_for(&format!("{monitor} is {verdict}"), async || stage.monitor(monitor).await["verdict"] == verdict).await;
    stage.monitor(monitor).await
}

async fn an_end_that_failed_makes_a_reaction_act_at_once(way: Way) {
    let (stage, server, up) = told(way, TOLD).await;
    let path = path(&stage, "nightly").await;
    assert_eq!(ask(&server, "GET", &path, "", b"").await.0, 200);
    let monitor = until(&stage, "nightly", "passing").await;
    assert!(monitor["last"]["words"].as_str().unwrap().starts_with("a sign at 20"), "{monitor}");
    assert_eq!(ask(&server, "HEAD", &path, "", b"").await.0, 200);

    assert_eq!(ask(&server, "POST", &format!("{path}/start"), "", b"").await.0, 200);
    assert_eq!(ask(&server, "POST", &format!("{path}/7"), "", b"disk \x1b[2Jfull").await.0, 200);
    let monitor = until(&stage, "nightly", "failing").await;
    let words = monitor["last"]["words"].as_str().unwrap();
    assert!(words.starts_with("exit status 7: disk [2Jfull, at 20") && words.contains(" after a run of "), "{words}");
    assert_eq!(monitor["cause"], "signal");
    wait_for("the reaction acts", async || stage.web() == 2).await;
    assert!(!up.printed().contains(key(&path)), "the log tells a key");
}

async fn a_webhook_says_what_a_monitor_says(way: Way) {
    let (stage, server, up) = told(way, TOLD).await;
    let graphs = path(&stage, "graphs").await;
    let post =
        async |path: &str, headers: &str, body: &str| ask(&server, "POST", path, headers, body.as_bytes()).await.0;
    assert_eq!(post(&graphs, "", "{\"status\":\"pending\"}").await, 200);
    let monitor = until(&stage, "graphs", "unknown").await;
    assert!(!monitor["last"].is_null());
    // What somebody else has it send beside the key is no token of ours.
    assert_eq!(post(&graphs, "Authorization: Basic YTpi\r\n", "{\"status\":\"firing\"}").await, 200);
    let monitor = until(&stage, "graphs", "failing").await;
    assert!(monitor["last"]["words"].as_str().unwrap().starts_with("/status is \"firing\", at 20"), "{monitor}");
    assert_eq!(post(&graphs, "", "{\"status\":\"resolved\"}").await, 200);
    until(&stage, "graphs", "passing").await;

    // HMAC-SHA256 of the body with the secret, in base64, as Heroku sends it.
    let (releases, body) = (path(&stage, "releases").await, "{\"data\":{\"status\":\"failed\"}}");
    let signed = |signature: &str| format!("Heroku-Webhook-Hmac-SHA256: {signature}\r\n");
    let good = signed("LkIKjeQ04J+CbgCLWqc0T1kAqIbk5RqmDX5b2jby9xk=");
    assert_eq!(post(&releases, "", body).await, 403);
    assert_eq!(post(&releases, &good, "{\"data\":{\"status\":\"succeeded\"}}").await, 403);
    assert_eq!(post(&format!("{releases}/fail"), "", "").await, 403);
    assert_eq!(post(&releases, &good, body).await, 200);
    until(&stage, "releases", "failing").await;
    assert!(!up.printed().contains(key(&releases)) && !up.printed().contains(key(&graphs)), "the log tells a key");
}

async fn a_key_that_was_replaced_is_refused(way: Way) {
    let (stage, server, up) = told(way, TOLD).await;
    let (old, graphs) = (path(&stage, "nightly").await, path(&stage, "graphs").await);
    assert_eq!(ask(&server, "POST", &old, "", b"").await.0, 200);
    let renewed = stage.run(&["hook", "nightly", "--new"]).await;
    assert!(renewed.code == Some(0) && renewed.stderr.contains("is refused from now on"), "{renewed:?}");
    let new = path(&stage, "nightly").await;
    assert!(renewed.stdout.trim().ends_with(&new) && new != old, "{renewed:?}");
    assert_eq!(ask(&server, "POST", &old, "", b"").await.0, 404);
    assert_eq!(ask(&server, "POST", &format!("{old}/fail"), "", b"").await.0, 404);
    assert_eq!(ask(&server, "POST", &new, "", b"").await.0, 200);
    assert_eq!(path(&stage, "graphs").await, graphs, "of the others each has its own still");
    let history = stage.run(&["history"]).await;
    assert!(history.stdout.contains("gave the hook of the monitor \"nightly\" a new key"), "{history:?}");

    // And once more: the first one does not come back.
    assert_eq!(stage.run(&["hook", "nightly", "--new"]).await.code, Some(0));
    let third = path(&stage, "nightly").await;
    assert!(third != new && third != old);
    for refused in [&old, &new] {
        assert_eq!(ask(&server, "POST", refused, "", b"").await.0, 404);
    }
    let none = stage.run(&["hook", "page", "--new"]).await;
    assert!(none.code == Some(1) && none.stderr.contains("its kind is `http`"), "{none:?}");
    for key in [&old, &new, &third] {
        assert!(!history.stdout.contains(self::key(key)) && !up.printed().contains(self::key(key)), "a key is told");
    }
}

#[tokio::test]
async fn silence_fails_and_a_sign_ends_it() {
    let file = "[[monitor]]\nname = \"worker\"\nevery = \"1s\"\nheartbeat = { every = \"2s\", grace = \"1s\" }\n";
    let (stage, server, _up) = told(Way::Beside, file).await;
    // Never yet: unknown first, and silent once the first sign is overdue.
    until(&stage, "worker", "unknown").await;
    let monitor = until(&stage, "worker", "failing").await;
    assert_eq!(monitor["cause"], "silent");
    let words = monitor["last"]["words"].as_str().unwrap();
    assert!(words.starts_with("no sign for ") && words.ends_with(", expected every 2s"), "{words}");
    let path = path(&stage, "worker").await;
    assert_eq!(ask(&server, "POST", &path, "", b"alive").await.0, 200);
    until(&stage, "worker", "passing").await;
    until(&stage, "worker", "failing").await;
}

#[tokio::test]
async fn who_has_no_key_or_comes_too_often_or_with_too_much_is_refused() {
    let (stage, server, up) = told(Way::Beside, TOLD).await;
    let (nightly, graphs) = (path(&stage, "nightly").await, path(&stage, "graphs").await);
    assert_ne!(nightly, graphs);
    assert_eq!(path(&stage, "nightly").await, nightly, "it stays the same");
    let other = format!("{}0", &nightly[..nightly.len() - 1]);
    let other = if other == nightly { format!("{}1", &nightly[..nightly.len() - 1]) } else { other };
    let after = |answer: (u16, String)| answer.1.split_once("\r\n\r\n").unwrap().1.to_owned();
    let no_such = after(ask(&server, "POST", &other, "", b"").await);
    let large = |bytes: usize| vec![b'x'; bytes];
    for (status, method, path, body) in [
        (404, "POST", other.as_str(), large(0)),
        (404, "POST", &format!("{other}/fail"), large(0)),
        (404, "GET", &other, large(0)),
        (404, "POST", &other, large(70_000)),
        (404, "POST", &nightly[..nightly.len() - 1], large(0)),
        (404, "POST", &format!("{nightly}/nothing"), large(0)),
        (404, "POST", &format!("{nightly}/256"), large(0)),
        (404, "POST", &format!("{nightly}/fail/more"), large(0)),
        (404, "POST", "/api/v1/hooks/", large(0)),
        (405, "PUT", &nightly, large(0)),
        (405, "GET", &graphs, large(0)),
        (405, "GET", &format!("{graphs}/fail"), large(0)),
        (413, "POST", &nightly, large(10_001)),
        (413, "POST", &graphs, large(64 * 1024 + 1)),
        (413, "POST", &graphs, large(1 << 20)),
    ] {
        assert_eq!(ask(&server, method, path, "", &body).await.0, status, "{method} {path} {}", body.len());
    }
    assert_eq!(
        after(ask(&server, "POST", &format!("{nightly}/nothing"), "", b"").await),
        no_such,
        "nobody learns which"
    );
    let elsewhere = "POST /api/v1/hooks/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    let mut stream = TcpStream::connect(server.trim_start_matches("http://")).await.unwrap();
    stream.write_all(elsewhere.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");

    // A flood of one key is stopped, and holds up no other.
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(ask(&server, "GET", &nightly, "", b"").await);
    }
    let refused = statuses.iter().find(|(status, _)| *status == 429).expect("ten are taken at once");
    assert!(refused.1.to_ascii_lowercase().contains("retry-after: "), "{}", refused.1);
    assert_eq!(ask(&server, "POST", &graphs, "", b"{\"status\":\"firing\"}").await.0, 200);

    let hook = stage.run(&["hook", "page"]).await;
    assert!(hook.code == Some(1) && hook.stderr.contains("its kind is `http`"), "{hook:?}");
    let hook = stage.run(&["hook", "nigtly"]).await;
    assert!(hook.code == Some(1) && hook.stderr.contains("did you mean \"nightly\"?"), "{hook:?}");
    assert!(!up.printed().contains(key(&nightly)), "the log tells a key");
}

#[tokio::test]
async fn what_came_is_known_after_a_restart_with_the_same_key() {
    let (stage, server, up) = told(Way::Beside, TOLD).await;
    let before = path(&stage, "graphs").await;
    assert_eq!(ask(&server, "POST", &format!("{before}/fail"), "", b"on fire").await.0, 200);
    until(&stage, "graphs", "failing").await;
    up.kill().await;
    let up = stage.serve_with(&[SIGNING]).await;
    assert_eq!(path(&stage, "graphs").await, before);
    assert_eq!(ask(&stage.server(), "POST", &before, "", b"{\"status\":\"firing\"}").await.0, 200);
    wait_for("it is told anew", async || {
        stage.monitor("graphs").await["last"]["words"].as_str().unwrap().starts_with("/status is \"firing\"")
    })
    .await;
    let checked = stage.run(&["check", "graphs"]).await;
    assert_eq!(checked.code, Some(1), "{checked:?}");
    drop(up);
}
