//! What strangers write, on its way to a terminal: a page, and whatever answers in Heroku's place.

use crate::support::{Up, Way, bare, both_ways, ended};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Sets a window's title, clears the screen, makes a link, by 7 and by 8 bits; turns the direction; hides.
const EVIL: &str = "a\u{1b}]0;owned\u{7}b\u{1b}[2Jc\u{1b}]8;;http://evil.example\u{1b}\\d\u{9b}2Je\u{9d}0;f\u{9c}\u{202e}g\u{200b}h\u{61c}i\0j\r\n\u{2028}k";

/// Expects that nothing is left in a text that a terminal would obey, but for our own colours.
#[track_caller]
fn assert_harmless(text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let digits =
            rest[at..].strip_prefix("\u{1b}[").map(|rest| rest.trim_start_matches(|c| matches!(c, '0'..='9' | ';')));
        let Some(after) = digits.and_then(|rest| rest.strip_prefix('m')) else { panic!("{text:?}") };
        rest = after;
    }
    let harmful = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\u{1b}'))
            || matches!(c, '\u{61c}' | '\u{2028}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
    };
    assert!(!text.chars().any(harmful), "{text:?}");
}

/// What answers in Heroku's place, and as a page.
fn answer(method: &str, path: &str) -> (u16, Value) {
    let id = "0f0e1c1e-5d2c-4d0b-9a55-1f5a3f1a9001";
    let at = "2026-01-02T03:04:05Z";
    let process = json!({ "type": "web", "quantity": 1, "size": "standard-1x" });
    match (method, path) {
        ("GET", "/account") => (200, json!({ "id": id, "email": EVIL })),
        ("GET", "/account/rate-limits") => (200, json!({ "remaining": 4500 })),
        ("GET", "/dyno-sizes") => (200, json!([{ "name": EVIL }])),
        ("GET", "/apps/shop") => {
            let url = format!("https://shop-{EVIL}.herokuapp.com/");
            (
                200,
                json!({ "id": id, "name": "shop", "web_url": url, "maintenance": false, "generation": { "name": EVIL } }),
            )
        }
        ("GET", "/apps/shop/formation") => (200, json!([process])),
        ("GET", "/apps/shop/dynos") => (
            200,
            json!([{ "id": id, "name": "web.1", "type": "web", "state": EVIL, "size": EVIL, "command": EVIL,
                "release": { "id": id, "version": 12 }, "created_at": at, "updated_at": at }]),
        ),
        ("GET", "/apps/shop/releases") => (
            200,
            json!([{ "id": id, "version": 12, "status": EVIL, "current": true, "description": EVIL,
                "user": { "email": EVIL }, "slug": { "id": id }, "created_at": at }]),
        ),
        _ => (422, json!({ "id": EVIL, "message": EVIL, "resource": EVIL })),
    }
}

async fn serve(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, body) = match path.split('?').next() {
        Some("/page") => (503, EVIL.to_owned()),
        path => {
            let (status, body) = answer(method, path.unwrap_or_default());
            (status, body.to_string())
        }
    };
    let (length, id) = (body.len(), "\u{9b}2J\u{202e}");
    let answer = format!(
        "HTTP/1.1 {status} \u{9b}2J\r\nrequest-id: {id}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

both_ways!(nothing_that_a_stranger_writes_is_obeyed_by_the_terminal);

async fn nothing_that_a_stranger_writes_is_obeyed_by_the_terminal(way: Way) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut streams = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            streams.spawn(serve(stream));
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = {{ url = \"http://{address}/page\" }}\nreactions = [\"more\"]\n\n\
         [[monitor]]\nname = \"dynos\"\nevery = \"1s\"\nheroku_dynos = {{ app = \"shop\" }}\n\n\
         [[monitor]]\nname = \"own\"\nevery = \"1s\"\nhttp = {{ url = \"https://shop.herokuapp.com/\" }}\nenabled = false\n\n\
         [[reaction]]\nname = \"more\"\nscale_out = {{ app = \"shop\", max_quantity = 5 }}\n"
    );
    std::fs::write(folder.path().join("flyball.toml"), file).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = bare(folder.path(), arguments);
        command.env("HEROKU_HOST", format!("http://{address}")).env("HEROKU_API_KEY", crate::support::TOKEN);
        // Without colours, all that a terminal would obey is taken out at the end, and nothing would be seen here.
        command.env("CLICOLOR_FORCE", "1");
        command
    };
    let up = Up::spawn(command(&["up", "--listen", "127.0.0.1:0"]));
    up.until("it acts", |up| up.printed().contains("refused")).await;
    up.until("both are failing", |up| up.printed().matches("is failing").count() == 2).await;
    assert_harmless(&up.printed());
    let pages = up.pages().await;
    for arguments in [
        &["check", "page"][..],
        &["check", "dynos"],
        &["doctor"],
        &["react", "more", "--yes"],
        &["status"],
        &["history"],
        &["why", "more"],
        &["why", "dynos"],
        &["why", "shop"],
    ] {
        // The doctor looks at this machine.
        let server = if way == Way::Through && arguments != ["doctor"] { &["--server", &pages][..] } else { &[] };
        for format in [&[][..], &["--json"]] {
            let ended = ended(command(&[server, format, arguments].concat())).await;
            assert_harmless(&ended.stdout);
            assert_harmless(&ended.stderr);
            assert!(ended.stdout.contains("]0;owned"), "it is shown, as text: {arguments:?}: {ended:?}");
        }
    }
}
