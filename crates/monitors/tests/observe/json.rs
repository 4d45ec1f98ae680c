//! JSON pages: the judgement as a table, and what is read of them over the network.

use crate::faults::{Act, Server, answer};
use crate::hostile::assert_harmless;
use crate::support::{BEGUN_AT, assert_failing, assert_passing, evidence, http, look, read};
use flyball_model::{Blind, Cause, Finding};
use std::time::Duration;

const PAGE: &str =
    r#"{"queue": {"size": 143, "age": 0.5}, "status": "ok", "up": true, "none": null, "list": [1, {"a/b": "x"}]}"#;

#[test]
fn what_stands_at_a_place_is_judged_and_the_words_tell_it() {
    let passing = Finding::Passing;
    let (json, status) = (Finding::Failing(Cause::Json), Finding::Failing(Cause::Status));
    let unreadable = Finding::Unknown(Blind::Unreadable);
    // The setting, others beside it, the status, the page; the finding, and a part of its words.
    let cases = [
        (r#"at = "/queue/size", below = 200"#, "", 200, PAGE, passing, "answered 200 in 12ms, and /queue/size is 143"),
        (r#"at = "/queue/size", below = 100"#, "", 200, PAGE, json, "/queue/size is 143, above 100"),
        (r#"at = "/queue/size", below = 143"#, "", 200, PAGE, json, "/queue/size is 143, not below 143"),
        (r#"at = "/queue/size", above = 100"#, "", 200, PAGE, passing, "/queue/size is 143"),
        (r#"at = "/queue/size", above = 143.5"#, "", 200, PAGE, json, "/queue/size is 143, below 143.5"),
        (r#"at = "/queue/size", above = 143"#, "", 200, PAGE, json, "/queue/size is 143, not above 143"),
        (r#"at = "/queue/size", above = 100, below = 200"#, "", 200, PAGE, passing, "is 143"),
        (r#"at = "/queue/size", above = 10, below = 20"#, "", 200, PAGE, json, "is 143, above 20"),
        (r#"at = "/queue/age", below = 1"#, "", 200, PAGE, passing, "/queue/age is 0.5"),
        (r#"at = "/queue/size", is = 143"#, "", 200, PAGE, passing, "is 143"),
        (r#"at = "/queue/size", is = 143.0"#, "", 200, PAGE, passing, "is 143"),
        (r#"at = "/queue/size", is = "143""#, "", 200, PAGE, json, "/queue/size is 143, wanted \"143\""),
        (r#"at = "/status", is = "ok""#, "", 200, PAGE, passing, "/status is \"ok\""),
        (r#"at = "/status", is = "OK""#, "", 200, PAGE, json, "/status is \"ok\", wanted \"OK\""),
        (r#"at = "/status", is_not = "down""#, "", 200, PAGE, passing, "/status is \"ok\""),
        (r#"at = "/status", is_not = "ok""#, "", 200, PAGE, json, "/status is \"ok\""),
        (r#"at = "/up", is = true"#, "", 200, PAGE, passing, "/up is true"),
        (r#"at = "/up", is = false"#, "", 200, PAGE, json, "/up is true, wanted false"),
        (r#"at = "/none", is_not = "ok""#, "", 200, PAGE, passing, "/none is null"),
        (r#"at = "/none", below = 1"#, "", 200, PAGE, json, "/none is null, which is no number"),
        (r#"at = "/status", below = 1"#, "", 200, PAGE, json, "/status is \"ok\", which is no number"),
        (r#"at = "/list", is = 1"#, "", 200, PAGE, json, "/list is a list, wanted 1"),
        (r#"at = "/queue", is_not = 1"#, "", 200, PAGE, passing, "/queue is an object"),
        (r#"at = "/list/0", is = 1"#, "", 200, PAGE, passing, "/list/0 is 1"),
        (r#"at = "/list/1/a~1b", is = "x""#, "", 200, PAGE, passing, "/list/1/a~1b is \"x\""),
        (r#"at = "/list/2", is_not = 1"#, "", 200, PAGE, json, "nothing stands at /list/2 of the page"),
        (r#"at = "/missing", is_not = "down""#, "", 200, PAGE, json, "nothing stands at /missing of the page"),
        (r#"at = "", is = 7"#, "", 200, " 7\n", passing, "the whole page is 7"),
        (r#"at = "", is = "ok""#, "", 200, "\u{feff}\"ok\"", passing, "the whole page is \"ok\""),
        // No JSON.
        (r#"at = "", is = 7"#, "", 200, "", json, "the page is no JSON that is read: it is empty"),
        (r#"at = "", is = 7"#, "", 200, "7 8", json, "no JSON that is read: trailing characters"),
        (r#"at = "/a", is = 7"#, "", 200, "<html>", json, "no JSON that is read: expected value at line 1"),
        (r#"at = "/a", is = 7"#, "", 200, r#"{"a": 7"#, json, "no JSON that is read: EOF"),
        (r#"at = "/a", is = 7"#, "", 200, r#"{"a": 7, "b": 1e999}"#, json, "number out of range"),
        // No error page satisfies it, unless its status was asked for.
        (r#"at = "/status", is = "ok""#, "", 503, PAGE, status, "answered 503, wanted 2xx"),
        (r#"at = "/status", is = "ok""#, "status = 503", 503, PAGE, passing, "answered 503"),
        (r#"at = "/status", is = "no""#, "status = 503", 503, PAGE, json, "wanted \"no\" (it answered 503)"),
        // Of a page that is longer than what is read nothing is known.
        (
            r#"at = "/status", is = "ok""#,
            "max_body = 20",
            200,
            PAGE,
            unreadable,
            "is longer than `max_body`, 20 B, so that",
        ),
        (r#"at = "/status", is = "ok""#, "max_body = 20", 503, PAGE, status, "answered 503"),
        // And how long it took counts last.
        (r#"at = "/status", is = "no""#, r#"slower_than = "10ms""#, 200, PAGE, json, "wanted \"no\""),
        (
            r#"at = "/status", is = "ok""#,
            r#"slower_than = "10ms""#,
            200,
            PAGE,
            Finding::Failing(Cause::Slow),
            "took 12ms",
        ),
    ];
    for (setting, others, status, page, finding, part) in cases {
        let comma = if others.is_empty() { "" } else { ", " };
        let http = http(&format!(r#"{{ url = "http://a.example/", json = {{ {setting} }}{comma}{others} }}"#));
        let reading = http.judge_page(status, page.as_bytes(), Duration::from_millis(12), BEGUN_AT);
        assert_eq!(reading.finding, finding, "{setting} {others} {status}: {}", reading.words);
        assert!(reading.words.as_str().contains(part), "{setting} {others} {status}: {}", reading.words);
        assert!(evidence(&reading).found.is_none());
    }
}

#[test]
fn what_is_told_of_a_strangers_page_is_one_bounded_line() {
    let long = format!(r#"{{"a": "{}\u001b[2J\u202e\n"}}"#, "x\\n".repeat(10_000));
    let escapes = r#"{"a": "\u001b]0;owned\u0007\u202e"}"#.to_owned();
    for page in [long, escapes] {
        for test in [r#"is = "ok""#, r#"is_not = "ok""#, "below = 1"] {
            let http = http(&format!(r#"{{ url = "http://a.example/", json = {{ at = "/a", {test} }} }}"#));
            assert_harmless(&http.judge_page(200, page.as_bytes(), Duration::from_millis(12), BEGUN_AT));
        }
    }
}

#[test]
fn the_mistakes_of_the_setting_are_told_each_at_once() {
    let with = |json: &str, more: &str| format!(r#"{{ url = "https://a.example/", json = {json}{more} }}"#);
    for (json, more, parts) in [
        (r#""/queue/size""#, "", &["found text"][..]),
        ("{ below = 1 }", "", &["`at` is missing"]),
        (r#"{ at = "/a" }"#, "", &["nothing is asked of what stands there"]),
        (r#"{ at = "queue.size", below = 1 }"#, "", &["does not begin with a slash"]),
        (r#"{ at = "/a~b", below = 1 }"#, "", &["a `~` that means nothing"]),
        (r#"{ at = "/a", below = "100" }"#, "", &["`below`: found text"]),
        (r#"{ at = "/a", below = nan }"#, "", &["no number that another"]),
        (r#"{ at = "/a", is = [1] }"#, "", &["`is`: found a list"]),
        (r#"{ at = "/a", is = 1, below = 2 }"#, "", &["both `below` and `is`"]),
        (r#"{ at = "/a", is = 1, is_not = 2 }"#, "", &["both `is` and `is_not`"]),
        (r#"{ at = "/a", above = 2, below = 2 }"#, "", &["no number is above"]),
        (r#"{ at = "/a", blow = 2 }"#, "", &["unknown key `blow`"]),
        (r#"{ at = "a", above = true, wanted = 2 }"#, "", &["slash", "found true or false", "unknown key `wanted`"]),
        (r#"{ at = "/a", is = 1 }"#, r#", keyword = "x""#, &["both `keyword` and `json`"]),
        (r#"{ at = "/a", is = 1 }"#, r#", regex = "x""#, &["both `regex` and `json`"]),
        (r#"{ at = "/a", is = 1 }"#, r#", method = "HEAD""#, &["no page to seek in"]),
        (r#"{ at = "/a", is = 1 }"#, ", present = false", &["`present` without"]),
    ] {
        let mistakes = read("http", &with(json, more)).unwrap_err();
        let told: Vec<&str> = mistakes.iter().map(|mistake| mistake.message.as_str()).collect();
        assert_eq!(told.len(), parts.len(), "{json}{more}: {told:?}");
        assert!(told.iter().zip(parts).all(|(told, part)| told.contains(part)), "{json}{more}: {told:?}");
    }
}

#[test]
fn what_is_watched_changes_with_the_setting_and_is_as_before_without() {
    let watched = |json: &str| read("http", &format!(r#"{{ url = "https://a.example/"{json} }}"#)).unwrap().watched();
    let base = watched(r#", json = { at = "/a", below = 1 }"#);
    assert_eq!(watched(r#", json = { below = 1, at = "/a" }, timeout = "3s""#), base);
    for other in ["", r#", json = { at = "/b", below = 1 }"#, r#", json = { at = "/a", above = 1 }"#] {
        assert_ne!(watched(other), base);
    }
    assert!(watched("").ends_with("None None true"), "{}", watched(""));
}

#[test]
fn the_setting_serialises_as_it_would_be_written() {
    for (written, json) in [
        (r#"{ at = "/a", above = 1, below = 2.5 }"#, serde_json::json!({ "at": "/a", "above": 1, "below": 2.5 })),
        (r#"{ at = "/a", is = "ok" }"#, serde_json::json!({ "at": "/a", "is": "ok" })),
        (r#"{ at = "/a", is_not = false }"#, serde_json::json!({ "at": "/a", "is_not": false })),
    ] {
        let kind = read("http", &format!(r#"{{ url = "https://a.example/", json = {written} }}"#)).unwrap();
        assert_eq!(serde_json::to_value(kind).unwrap()["http"]["json"], json);
    }
}

#[tokio::test]
async fn a_page_is_read_whole_however_it_comes_in() {
    let settings = r#"{ url = "…/", json = { at = "/status", is = "ok" }, timeout = "300ms" }"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", PAGE.len());
    let pieces: Vec<Vec<u8>> = [head.into_bytes()].into_iter().chain(PAGE.bytes().map(|byte| vec![byte])).collect();
    let server = Server::start(move |_| vec![Act::Pieces(pieces.clone())]).await;
    let reading = look(server.address, settings).await;
    assert_passing(&reading);
    assert_eq!(evidence(&reading).body_bytes, PAGE.len() as u64);

    // In UTF-16, as a mark at its beginning says.
    let wide: Vec<u8> = [0xfeff].into_iter().chain(PAGE.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let server = Server::start(move |_| vec![answer("200 OK", "", &wide)]).await;
    assert_passing(&look(server.address, settings).await);

    // One that breaks off is no page of which anything is known.
    let short = format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{PAGE}");
    let server = Server::start(move |_| vec![Act::Send(short.clone().into_bytes()), Act::Close]).await;
    assert_failing(&look(server.address, settings).await, Cause::Reset, "before the answer was whole");

    let server = Server::start(|_| vec![answer("200 OK", "", b"<html>It works!</html>")]).await;
    let reading = look(server.address, settings).await;
    assert_failing(&reading, Cause::Json, "the page is no JSON that is read");
    assert_eq!(evidence(&reading).excerpt.as_ref().unwrap().as_str(), "<html>It works!</html>");

    let endless = Act::Endless(b"[".to_vec());
    let server = Server::start(move |_| vec![Act::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), endless.clone()]).await;
    let settings = settings.replace("300ms", "10s").replace("json", "max_body = \"64KiB\", json");
    let reading = look(server.address, &settings).await;
    assert_eq!(reading.finding, Finding::Unknown(Blind::Unreadable), "{}", reading.words);
    assert!(reading.words.as_str().contains("is longer than `max_body`, 64 KiB"), "{}", reading.words);
}
