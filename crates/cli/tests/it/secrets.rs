//! Sealed secrets: sealed by the command line, opened only when they are used, and refused in words without them.

use crate::support::{Ended, Stage, ended, must_hold_no_secret, wait_for};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// 32 bytes each, in base64.
const KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const NEW_KEY: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const SECRET: &str = "Bearer pl4nted-sealed";

/// A page that remembers what it was asked last.
async fn page() -> (String, Arc<Mutex<String>>, tokio::task::JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&asked);
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap_or_default();
            *heard.lock().unwrap() = String::from_utf8_lossy(&head[..length]).into_owned();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            let _gone = stream.write_all(answer).await;
        }
    });
    (format!("http://{address}/"), asked, serving)
}

/// Runs the binary with these keys.
async fn run(stage: &Stage, (key, old): (Option<&str>, Option<&str>), arguments: &[&str]) -> Ended {
    let mut command = stage.command(arguments);
    key.map(|key| command.env("FLYBALL_SECRET_KEY", key));
    old.map(|old| command.env("FLYBALL_SECRET_KEY_OLD", old));
    let outside = std::env::temp_dir().join(format!("flyball-secret-{}-{}", std::process::id(), arguments.len()));
    std::fs::write(&outside, format!("{SECRET}\n")).unwrap();
    command.stdin(std::fs::File::open(&outside).unwrap());
    let ended = ended(command).await;
    std::fs::remove_file(outside).unwrap();
    ended
}

#[tokio::test]
async fn a_secret_that_is_sealed_is_sent_and_stands_nowhere() {
    let stage = Stage::new().await;
    let (url, asked, _serving) = page().await;
    let seal = ["secret", "seal", "monitor", "page", "http.headers.authorization"];
    let without = run(&stage, (None, None), &seal).await;
    assert!(without.code == Some(78) && without.stderr.contains("put one into FLYBALL_SECRET_KEY"), "{without:?}");
    let wrong = run(&stage, (Some("c2hvcnQ="), None), &seal).await;
    assert!(wrong.code == Some(78) && wrong.stderr.contains("FLYBALL_SECRET_KEY holds no key"), "{wrong:?}");
    let sealed = run(&stage, (Some(KEY), None), &seal).await;
    assert_eq!(sealed.code, Some(0), "{sealed:?}");
    let sealed = sealed.stdout.trim();
    let write = |name: &str, sealed: &str| {
        stage.write(&format!(
            "[[monitor]]\nname = \"{name}\"\nevery = \"1s\"\n\
             http = {{ url = \"{url}\", headers = {{ authorization = {sealed} }} }}\n"
        ));
    };
    write("page", sealed);
    for (keys, code) in
        [((Some(KEY), None), 0), ((Some(NEW_KEY), Some(KEY)), 0), ((Some(NEW_KEY), None), 75), ((None, None), 75)]
    {
        asked.lock().unwrap().clear();
        let checked = run(&stage, keys, &["check", "page"]).await;
        let told = format!("{}{}", checked.stdout, checked.stderr);
        assert_eq!(checked.code, Some(code), "{keys:?}: {checked:?}");
        assert_eq!(asked.lock().unwrap().contains(SECRET), code == 0, "{keys:?}");
        assert!(code == 0 || told.contains("a sealed secret does not open with FLYBALL_SECRET_KEY"), "{told}");
    }
    for (name, sealed, words) in [
        ("other", sealed.to_owned(), "was sealed for monitor \"page\" http.headers.authorization"),
        ("page", sealed.replace("v1.", "v2."), "no sealed secret"),
        ("page", format!("{}\" }}", &sealed[..40]), "only a part of one"),
    ] {
        write(name, &sealed);
        let refused = run(&stage, (Some(KEY), None), &["validate"]).await;
        assert!(refused.code == Some(78) && refused.stderr.contains(words), "{words}: {refused:?}");
        must_hold_no_secret("what is refused", refused.stderr.as_bytes());
    }
}

#[tokio::test]
async fn a_secret_that_is_typed_into_a_form_is_stored_sealed_and_not_shown_again() {
    let stage = Stage::new().await;
    let (url, asked, _serving) = page().await;
    stage.write("[[monitor]]\nname = \"other\"\nhttp = { url = \"http://127.0.0.1:9/\" }\n");
    let typed = format!("authorization: {{ seal = \"{SECRET}\" }}");
    let fields = [
        ("kind", "http"),
        ("common.name", "page"),
        ("common.every", "1s"),
        ("of.url", &url),
        ("of.headers", &typed),
        ("do", "save"),
    ];
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = async || {
        let form = format!("{}/new/monitor", stage.server().trim_end_matches('/'));
        let typed = reqwest::Url::parse_with_params("http://form/", fields).unwrap().query().unwrap().to_owned();
        let sent = client.post(form).header("content-type", "application/x-www-form-urlencoded").body(typed);
        let answer = sent.send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        must_hold_no_secret("the page", text.as_bytes());
        (status, text)
    };

    let up = stage.serve().await;
    let (status, text) = send().await;
    assert!(status == 422 && text.contains("put one into FLYBALL_SECRET_KEY"), "{status}: {text}");
    assert!(text.contains("value=\"page\""), "what else was typed is still there: {text}");
    up.kill().await;

    let _up = stage.serve_with(&[("FLYBALL_SECRET_KEY", KEY)]).await;
    let (status, text) = send().await;
    assert!(status == 200 && text.contains("sealed = &#34;v1."), "{status}: {text}");
    wait_for("it is sent to the page", async || asked.lock().unwrap().contains(SECRET)).await;
    let exported = stage.run(&["export"]).await.stdout;
    assert!(exported.contains("authorization = { sealed = \"v1."), "{exported}");
    for file in std::fs::read_dir(stage.path("")).unwrap() {
        let path = file.unwrap().path();
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        must_hold_no_secret(&path.display().to_string(), &bytes);
    }
}
