//! Pages that say a number: the judgement as tables, and what is read of them over the network.

use crate::faults::{Act, Server, answer};
use crate::hostile::assert_harmless;
use crate::support::{BEGUN_AT, monitor, observer, observer_denied, read};
use async_trait::async_trait;
use flyball_model::{
    Amount, AppName, Blind, Cause, Evidence, Finding, Measured, MonitorId, Reading, Signal, Timestamp, Unit,
};
use flyball_monitors::{Inbox, Kind};
use flyball_signals::Slot;
use std::net::SocketAddr;
use std::sync::Arc;

const PASSING: Finding = Finding::Passing;
const ABOVE: Finding = Finding::Failing(Cause::Above);
const BELOW: Finding = Finding::Failing(Cause::Below);
const NOT_TOLD: Finding = Finding::Unknown(Blind::NotTold);
const UNREADABLE: Finding = Finding::Unknown(Blind::Unreadable);

fn judged(kind: &Kind, status: u16, page: &str, before: Option<Finding>) -> (Finding, String, Evidence) {
    match kind {
        Kind::Number(number) => number.judge_page(status, page.as_bytes(), before),
        Kind::Prometheus(prometheus) => prometheus.judge_page(status, page.as_bytes(), before),
        other => panic!("{other:?}"),
    }
}

/// The setting, the status, the page; the finding, its words, and what was measured.
type Case<'a> = (&'a str, u16, &'a str, Finding, &'a str, Option<Amount>);

#[track_caller]
fn assert_judged(word: &str, cases: &[Case<'_>]) {
    for (setting, status, page, finding, words, amount) in cases {
        let kind = read(word, &format!(r#"{{ url = "https://a.example/", {setting} }}"#)).unwrap();
        let (found, told, evidence) = judged(&kind, *status, page, None);
        assert_eq!((found, told.as_str()), (*finding, *words), "{setting} {status} {page}");
        let measured = |amount| Evidence::Measured(Measured { amount, complete: true, few: false, dynos: None });
        assert_eq!(evidence, amount.map_or(Evidence::None, measured), "{setting} {status} {page}");
    }
}

const JSON: &str = r#"{"queue": {"size": 143, "age": 0.5, "text": " 12.5 "}, "share": 0.25, "none": null, "up": true,
    "odd": "NaN", "empty": "", "word": "many", "less": -3, "huge": 1e300, "list": [0]}"#;

#[test]
fn a_number_is_what_the_page_says_and_nothing_else_is_one() {
    let things = |number| Some(Amount::new(number, Unit::Things));
    let size = r#"pointer = "/queue/size""#;
    assert_judged(
        "number",
        &[
            (size, 200, JSON, PASSING, "143 at /queue/size", things(143.0)),
            (size, 204, JSON, PASSING, "143 at /queue/size", things(143.0)),
            (
                r#"pointer = "/queue/size", above = 142"#,
                200,
                JSON,
                ABOVE,
                "143 at /queue/size, more than 142",
                things(143.0),
            ),
            (r#"pointer = "/queue/size", above = 143"#, 200, JSON, PASSING, "143 at /queue/size", things(143.0)),
            (
                r#"pointer = "/queue/size", below = 200"#,
                200,
                JSON,
                BELOW,
                "143 at /queue/size, less than 200",
                things(143.0),
            ),
            (r#"pointer = "/queue/text""#, 200, JSON, PASSING, "12.5 at /queue/text", things(12.5)),
            (r#"pointer = "/list/0""#, 200, JSON, PASSING, "0 at /list/0", things(0.0)),
            (r#"pointer = "/less", below = 0"#, 200, JSON, BELOW, "-3 at /less, less than 0", things(-3.0)),
            (r#"pointer = """#, 200, " 7\n", PASSING, "7 at the whole page", things(7.0)),
            (
                r#"pointer = "/queue/age", unit = "s", above = "400ms""#,
                200,
                JSON,
                ABOVE,
                "500ms at /queue/age, more than 400ms",
                Some(Amount::new(500.0, Unit::Millis)),
            ),
            (
                r#"pointer = "/queue/size", unit = "ms""#,
                200,
                JSON,
                PASSING,
                "143ms at /queue/size",
                Some(Amount::new(143.0, Unit::Millis)),
            ),
            (
                r#"pointer = "/share", unit = "ratio", above = "20%""#,
                200,
                JSON,
                ABOVE,
                "25% at /share, more than 20%",
                Some(Amount::new(25.0, Unit::Percent)),
            ),
            (
                r#"pointer = "/share", unit = "percent""#,
                200,
                JSON,
                PASSING,
                "0.25% at /share",
                Some(Amount::new(0.25, Unit::Percent)),
            ),
            (
                r#"pointer = "/queue/age", unit = "per_second""#,
                200,
                JSON,
                PASSING,
                "0.5 a second at /queue/age",
                Some(Amount::new(0.5, Unit::PerSecond)),
            ),
            // What is no number is none, and never 0.
            (r#"pointer = "/none""#, 200, JSON, NOT_TOLD, "no number: /none is null", None),
            (r#"pointer = "/up""#, 200, JSON, NOT_TOLD, "no number: /up is true", None),
            (r#"pointer = "/odd""#, 200, JSON, NOT_TOLD, "no number: /odd is \"NaN\"", None),
            (r#"pointer = "/empty""#, 200, JSON, NOT_TOLD, "no number: /empty is \"\"", None),
            (r#"pointer = "/word""#, 200, JSON, NOT_TOLD, "no number: /word is \"many\"", None),
            (r#"pointer = "/list""#, 200, JSON, NOT_TOLD, "no number: /list is a list", None),
            (r#"pointer = "/queue""#, 200, JSON, NOT_TOLD, "no number: /queue is an object", None),
            (r#"pointer = "/other""#, 200, JSON, NOT_TOLD, "no number: nothing stands at /other of the page", None),
            (r#"pointer = "/huge""#, 200, JSON, NOT_TOLD, "1e300 at /huge is more than can be measured", None),
            (size, 200, "", NOT_TOLD, "no number: the page is no JSON that is read: it is empty", None),
            // Nor is what an error page says.
            (size, 503, JSON, NOT_TOLD, "no number: answered 503, wanted 2xx", None),
            (size, 301, JSON, NOT_TOLD, "no number: answered 301, wanted 2xx", None),
            (
                r#"pointer = "/queue/size", max_body = 20"#,
                200,
                JSON,
                UNREADABLE,
                "no number: the page is longer than `max_body`, 20 B",
                None,
            ),
        ],
    );
}

const EXPOSED: &str = "# TYPE jobs gauge\njobs{queue=\"default\",host=\"a\"} 12\njobs{queue=\"default\",host=\"b\"} 3\n\
    jobs{queue=\"mail\"} 0\nodd NaN\nbroken{a=\"x\nlatency_seconds 0.25 1395066363000\n";

#[test]
fn a_sum_of_series_is_what_the_page_exposes_and_nothing_else_is_one() {
    let things = |number| Some(Amount::new(number, Unit::Things));
    let mail = r#"metric = "jobs", labels = { queue = "mail" }"#;
    let both = r#"metric = "jobs", labels = { queue = "default" }, above = 10"#;
    let one = r#"metric = "jobs", labels = { queue = "default" }, sum = false"#;
    assert_judged(
        "prometheus",
        &[
            (r#"metric = "jobs""#, 200, EXPOSED, PASSING, "15 of jobs, in 3 series", things(15.0)),
            (mail, 200, EXPOSED, PASSING, "0 of jobs{queue=\"mail\"}", things(0.0)),
            (both, 200, EXPOSED, ABOVE, "15 of jobs{queue=\"default\"}, in 2 series, more than 10", things(15.0)),
            (
                r#"metric = "latency_seconds", unit = "s""#,
                200,
                EXPOSED,
                PASSING,
                "250ms of latency_seconds",
                Some(Amount::new(250.0, Unit::Millis)),
            ),
            (
                one,
                200,
                EXPOSED,
                NOT_TOLD,
                "no number: 2 series match jobs{queue=\"default\"}, and `sum` is false",
                None,
            ),
            (r#"metric = "job""#, 200, EXPOSED, NOT_TOLD, "no number: the page has no series job", None),
            (r#"metric = "odd""#, 200, EXPOSED, NOT_TOLD, "no number: odd is NaN or infinite", None),
            (
                r#"metric = "broken""#,
                200,
                EXPOSED,
                NOT_TOLD,
                "no number: the page cannot be read at line 6: its labels do not end",
                None,
            ),
            (mail, 200, "", NOT_TOLD, "no number: the page has no series jobs{queue=\"mail\"}", None),
            (mail, 401, EXPOSED, NOT_TOLD, "no number: answered 401, wanted 2xx", None),
            (
                r#"metric = "jobs", max_body = 60"#,
                200,
                EXPOSED,
                UNREADABLE,
                "no number: the page is longer than `max_body`, 60 B",
                None,
            ),
        ],
    );
}

#[test]
fn what_fails_clears_where_it_is_said_to() {
    let setting = r#"{ url = "https://a.example/", pointer = "", above = 100, clears_at = 50 }"#;
    let kind = read("number", setting).unwrap();
    for (number, before, finding) in
        [("101", None, ABOVE), ("60", Some(ABOVE), ABOVE), ("60", Some(PASSING), PASSING), ("50", Some(ABOVE), PASSING)]
    {
        assert_eq!(judged(&kind, 200, number, before).0, finding, "{number} after {before:?}");
    }
}

#[test]
fn the_settings_serialise_as_they_would_be_written_and_what_is_watched_follows_them() {
    let settings = r#"{ url = "https://a.example/", metric = "jobs", labels = { queue = "a" }, headers = { authorization = { env = "TOKEN" } }, above = 5 }"#;
    let kind = read("prometheus", settings).unwrap();
    let json = serde_json::json!({ "prometheus": {
        "url": "https://a.example/", "host": null, "proxy": null, "headers": { "authorization": { "variable": "TOKEN" } },
        "timeout": "10s", "follow_redirects": 5, "max_body": 1_048_576, "reuse": false,
        "metric": "jobs", "labels": { "queue": "a" }, "sum": true, "unit": "count", "above": 5.0,
    }});
    assert_eq!(serde_json::to_value(&kind).unwrap(), json);
    assert_eq!((kind.subject().as_str(), kind.variables()), ("jobs{queue=\"a\"} of https://a.example/", vec!["TOKEN"]));
    assert_eq!((kind.measures(), kind.can_fail_for(Cause::Above)), (Some(Unit::Things), true));
    assert!(!kind.can_fail_for(Cause::Below) && !kind.can_fail_for(Cause::Status));
    for (other, is_same) in [
        (r#""TOKEN" } }, timeout = "3s","#, true),
        (r#""OTHER" } },"#, false),
        (r#""TOKEN" } }, sum = false,"#, false),
        (r#""TOKEN" } }, unit = "per_second","#, false),
    ] {
        let changed = read("prometheus", &settings.replace(r#""TOKEN" } },"#, other)).unwrap();
        assert_eq!(changed.watched() == kind.watched(), is_same, "{other}");
    }
}

#[test]
fn a_counter_is_doubted() {
    for (metric, is_doubted) in [("http_requests_total", true), ("took_seconds_count", true), ("puma_backlog", false)] {
        let kind = read("prometheus", &format!(r#"{{ url = "https://a.example/", metric = "{metric}" }}"#)).unwrap();
        assert_eq!(!kind.doubts().is_empty(), is_doubted, "{metric}");
    }
}

async fn look(server: SocketAddr, word: &str, settings: &str) -> Reading {
    let settings = settings.replace('…', &format!("http://{server}"));
    observer().observe(&monitor(word, &settings), BEGUN_AT).await
}

fn number_of(reading: &Reading) -> Option<f64> {
    match &reading.evidence {
        Evidence::Measured(measured) => Some(measured.amount.number()),
        Evidence::None => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_is_asked_for_as_http_asks() {
    let server = Server::start(|request| match request {
        _ if request.starts_with("GET /old ") => vec![answer("302 Found", "location: /metrics\r\n", b"")],
        _ if request.contains("authorization: s3cret\r\n") => {
            vec![answer("200 OK", "content-type: text/plain; version=0.0.4\r\n", EXPOSED.as_bytes())]
        }
        _ => vec![answer("401 Unauthorized", "", b"who asks?")],
    })
    .await;
    let settings = r#"{ url = "…/old", metric = "jobs", headers = { authorization = { env = "SHOP_TOKEN" } } }"#;
    let reading = look(server.address, "prometheus", settings).await;
    assert_eq!((number_of(&reading), reading.finding), (Some(15.0), PASSING), "{}", reading.words);
    let reading = look(server.address, "prometheus", r#"{ url = "…/metrics", metric = "jobs" }"#).await;
    assert_eq!((number_of(&reading), reading.finding), (None, NOT_TOLD), "{}", reading.words);
    let unset = settings.replace("SHOP_TOKEN", "OTHER_TOKEN");
    let reading = look(server.address, "prometheus", &unset).await;
    assert_eq!(reading.finding, Finding::Unknown(Blind::Settings), "{}", reading.words);

    let settings = format!(r#"{{ url = "http://{}/", pointer = "" }}"#, server.address);
    let reading = observer_denied(&["loopback"]).observe(&monitor("number", &settings), BEGUN_AT).await;
    assert_eq!(reading.finding, Finding::Unknown(Blind::Forbidden), "{}", reading.words);
}

#[tokio::test]
async fn whatever_stands_in_the_way_of_the_number_is_unknown() {
    let settings = r#"{ url = "…/", pointer = "/queue/size", above = 1, timeout = "300ms" }"#;
    let server = Server::start(|_| vec![answer("200 OK", "", JSON.as_bytes())]).await;
    let reading = look(server.address, "number", settings).await;
    assert_eq!((number_of(&reading), reading.finding), (Some(143.0), ABOVE));

    let short = format!("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{JSON}");
    let endless = [Act::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()), Act::Endless(b"[".to_vec())];
    for (acts, finding, part) in [
        (vec![Act::Hang], NOT_TOLD, "no number: "),
        (vec![Act::Reset], NOT_TOLD, "no number: "),
        (vec![Act::Send(short.into_bytes()), Act::Close], NOT_TOLD, "before the answer was whole"),
        (vec![answer("500 Oops", "", JSON.as_bytes())], NOT_TOLD, "answered 500, wanted 2xx"),
        (vec![answer("200 OK", "content-encoding: odd\r\n", b"x")], UNREADABLE, "odd"),
        (endless.to_vec(), UNREADABLE, "longer than `max_body`"),
    ] {
        let server = Server::start(move |_| acts.clone()).await;
        let settings = if part.contains("max_body") { settings.replace("300ms", "10s") } else { settings.to_owned() };
        let reading = look(server.address, "number", &settings).await;
        assert_eq!((reading.finding, &reading.evidence), (finding, &Evidence::None), "{}", reading.words);
        assert!(reading.words.as_str().contains(part), "{}", reading.words);
        assert_harmless(&reading);
    }
    // Nobody listens there.
    let reading = look("127.0.0.1:1".parse().unwrap(), "number", settings).await;
    assert_eq!(reading.finding, NOT_TOLD, "{}", reading.words);
}

/// What a monitor found last.
struct Last(Finding);

#[async_trait]
impl Inbox for Last {
    async fn signals(&self, _: MonitorId) -> Result<Vec<Signal>, String> {
        Ok(Vec::new())
    }

    async fn last_look(&self, _: MonitorId) -> Result<Option<Timestamp>, String> {
        Ok(None)
    }

    async fn last_finding(&self, _: MonitorId) -> Result<Option<Finding>, String> {
        Ok(Some(self.0))
    }

    async fn told(&self, _: &AppName, _: Timestamp) -> Result<Vec<(Timestamp, Slot)>, String> {
        Ok(Vec::new())
    }

    async fn await_anew(&self, _: MonitorId, _: Timestamp) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test]
async fn what_was_found_before_is_asked_of_the_inbox() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"60")]).await;
    let setting = format!(r#"{{ url = "http://{}/", pointer = "", above = 100, clears_at = 50 }}"#, server.address);
    for (before, finding) in [(ABOVE, ABOVE), (PASSING, PASSING)] {
        let observer = observer().with_inbox(Arc::new(Last(before)), BEGUN_AT);
        let reading = observer.observe(&monitor("number", &setting), BEGUN_AT).await;
        assert_eq!(reading.finding, finding, "{}", reading.words);
    }
}
