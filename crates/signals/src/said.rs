//! What a line says, of what is of use here; everything else is passed over.

use crate::{Code, Line, pairs};
use memchr::memmem::find;
use std::time::Duration;

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said<'a> {
    /// A router has served a request, or could not.
    Request(Request<'a>),
    /// A dyno tells its load or its memory.
    Runtime(Runtime<'a>),
    /// Lines were lost on the way here.
    Lost(Lost),
    /// A dyno is in trouble.
    DynoError(DynoError<'a>),
    /// A dyno changed its state.
    State(StateChange<'a>),
    /// A dyno's process has ended.
    Exited(Exited<'a>),
    /// Something else.
    Other,
}

/// A request, as the router tells it at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// What went wrong, if anything did.
    pub code: Option<Code>,
    /// `GET`.
    pub method: &'a [u8],
    /// With its query.
    pub path: &'a [u8],
    /// Which dyno served it, as `web.1`; none where none did.
    pub dyno: Option<&'a [u8]>,
    /// How long it took to connect to the dyno.
    pub connect: Option<Duration>,
    /// From then to the end, with what it waited for in the dyno. Of a WebSocket (101) its whole life.
    pub service: Option<Duration>,
    /// What was answered.
    pub status: Option<u16>,
}

/// What a dyno tells of itself about every 20 s, where `log-runtime-metrics` is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Runtime<'a> {
    /// Which dyno, as `web.1`.
    pub source: &'a [u8],
    /// Its id, which tells a restarted dyno from the one before it: `heroku.APPID.UUID`.
    pub dyno: &'a [u8],
    /// Tasks that were ready to run, over the last minute.
    pub load_1m: Option<f64>,
    /// Megabytes that it has in memory.
    pub memory_rss_mb: Option<f64>,
    /// Megabytes that it has in memory and elsewhere.
    pub memory_total_mb: Option<f64>,
    /// Megabytes that it may have.
    pub memory_quota_mb: Option<f64>,
}

/// Lines that were lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// Where: L10 to L13.
    pub code: Code,
    /// How many.
    pub messages: u64,
}

/// A dyno in trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DynoError<'a> {
    /// Which.
    pub dyno: &'a [u8],
    /// R10, R14, R15, …
    pub code: Code,
}

/// A dyno that changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateChange<'a> {
    /// Which.
    pub dyno: &'a [u8],
    /// From `starting`.
    pub from: &'a [u8],
    /// To `up`.
    pub to: &'a [u8],
}

/// A process that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exited<'a> {
    /// Of which dyno.
    pub dyno: &'a [u8],
    /// With which status.
    pub status: u32,
}

/// What a line says.
#[must_use]
pub fn said<'a>(line: &Line<'a>) -> Said<'a> {
    match (line.source, line.process) {
        (b"heroku", b"router") => Said::Request(request(line.text)),
        (b"heroku", b"logplex") | (b"app", b"log-shuttle") => lost(line.text).map_or(Said::Other, Said::Lost),
        (b"heroku", dyno) => of_dyno(dyno, line.text),
        // Lost before Logplex, which tells it in the dyno's own name.
        (b"app", _) if line.text.starts_with(b"Error L1") => lost(line.text).map_or(Said::Other, Said::Lost),
        _ => Said::Other,
    }
}

fn request(text: &[u8]) -> Request<'_> {
    let mut request = Request::default();
    for (key, value) in pairs(text) {
        match key {
            b"code" => request.code = Code::of(value),
            b"method" => request.method = value,
            b"path" => request.path = value,
            b"dyno" => request.dyno = (!value.is_empty()).then_some(value),
            b"connect" => request.connect = millis(value),
            b"service" => request.service = millis(value),
            b"status" => request.status = number(value).and_then(|status| u16::try_from(status).ok()),
            _ => {}
        }
    }
    request
}

fn of_dyno<'a>(dyno: &'a [u8], text: &'a [u8]) -> Said<'a> {
    if text.starts_with(b"source=") {
        return Said::Runtime(runtime(text));
    }
    if let Some(rest) = text.strip_prefix(b"State changed from ") {
        let Some(between) = find(rest, b" to ") else { return Said::Other };
        let to = rest[between + 4..].split(|byte| *byte == b' ').next().unwrap_or_default();
        return Said::State(StateChange { dyno, from: &rest[..between], to });
    }
    if let Some(status) = text.strip_prefix(b"Process exited with status ") {
        let status = number(status).and_then(|status| u32::try_from(status).ok());
        return status.map_or(Said::Other, |status| Said::Exited(Exited { dyno, status }));
    }
    let code = text.strip_prefix(b"Error ").and_then(|rest| Code::of(rest.get(..3)?));
    code.map_or(Said::Other, |code| Said::DynoError(DynoError { dyno, code }))
}

fn runtime(text: &[u8]) -> Runtime<'_> {
    let mut runtime = Runtime::default();
    for (key, value) in pairs(text) {
        match key {
            b"source" => runtime.source = value,
            b"dyno" => runtime.dyno = value,
            b"sample#load_avg_1m" => runtime.load_1m = decimal(value),
            b"sample#memory_rss" => runtime.memory_rss_mb = decimal(value),
            b"sample#memory_total" => runtime.memory_total_mb = decimal(value),
            b"sample#memory_quota" => runtime.memory_quota_mb = decimal(value),
            _ => {}
        }
    }
    runtime
}

/// `Error L10 (output buffer overflow): 12 messages dropped since …`
fn lost(text: &[u8]) -> Option<Lost> {
    let code = Code::of(text.strip_prefix(b"Error ")?.get(..3)?).filter(|code| code.is_loss())?;
    let count = &text[find(text, b": ")? + 2..];
    Some(Lost { code, messages: number(count)? })
}

/// The digits at the front, as a number.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_one = (1..=18).contains(&digits);
    is_one.then(|| text[..digits].iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// `18ms`, or `18`; nothing for an empty value.
fn millis(text: &[u8]) -> Option<Duration> {
    number(text).map(Duration::from_millis)
}

/// The decimal number at the front of `16.70MB`, if it is one.
fn decimal(text: &[u8]) -> Option<f64> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let number: f64 = std::str::from_utf8(&text[..length]).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Timestamp;
    use proptest::prelude::*;

    fn says<'a>(source: &'a str, process: &'a str, text: &'a str) -> Said<'a> {
        said(&Line {
            at: Timestamp::EPOCH,
            source: source.as_bytes(),
            process: process.as_bytes(),
            text: text.as_bytes(),
        })
    }

    const fn ms(millis: u64) -> Option<Duration> {
        Some(Duration::from_millis(millis))
    }

    #[test]
    fn a_request_is_read_whatever_its_router_leaves_out() {
        let plain = "at=info method=GET path=/a?b=1 host=shop.herokuapp.com request_id=8601b555 fwd=\"204.204.204.204\" \
                     dyno=web.1 connect=1ms service=18ms status=200 bytes=13 tls_version=tls1.1 protocol=http";
        let quoted =
            "at=info method=POST path=\"/x y\" host=shop fwd=1.2.3.4 dyno=web.12 connect=0 service=7 status=201";
        let late = "at=error code=H12 desc=\"Request timeout\" method=GET path=/ dyno=web.1 connect= service=30000ms status=503";
        let none = "sock=backend at=error code=H10 desc=\"App crashed\" method=GET path=\"/\" dyno= connect= service= status=503";
        let cut = "at=info method=GET path=\"/a-very-long";
        let request = |code: Option<&str>, method, path, dyno: Option<&'static str>, connect, service, status| {
            let (code, dyno) = (code.map(|code| Code::of(code.as_bytes()).unwrap()), dyno.map(str::as_bytes));
            Said::Request(Request { code, method, path, dyno, connect, service, status })
        };
        for (text, expected) in [
            (plain, request(None, b"GET", b"/a?b=1".as_slice(), Some("web.1"), ms(1), ms(18), Some(200))),
            (quoted, request(None, b"POST", b"/x y".as_slice(), Some("web.12"), ms(0), ms(7), Some(201))),
            (late, request(Some("H12"), b"GET", b"/".as_slice(), Some("web.1"), None, ms(30_000), Some(503))),
            (none, request(Some("H10"), b"GET", b"/".as_slice(), None, None, None, Some(503))),
            (cut, request(None, b"GET", b"/a-very-long".as_slice(), None, None, None, None)),
            ("", request(None, b"".as_slice(), b"".as_slice(), None, None, None, None)),
        ] {
            assert_eq!(says("heroku", "router", text), expected, "{text}");
        }
    }

    #[test]
    fn what_dynos_and_logplex_say_is_read() {
        let load = "source=web.1 dyno=heroku.1.abc sample#load_avg_1m=2.46 sample#load_avg_5m=1.06";
        let memory = "source=web.1 dyno=heroku.1.abc sample#memory_total=16.70MB sample#memory_rss=16.33MB \
                      sample#memory_pgpgin=7548pages sample#memory_quota=512.00MB";
        let of = Runtime { source: b"web.1", dyno: b"heroku.1.abc", ..Runtime::default() };
        let code = |text: &str| Code::of(text.as_bytes()).unwrap();
        let dyno: &[u8] = b"web.1";
        for (source, process, text, expected) in [
            ("heroku", "web.1", load, Said::Runtime(Runtime { load_1m: Some(2.46), ..of })),
            (
                "heroku",
                "web.1",
                memory,
                Said::Runtime(Runtime {
                    memory_rss_mb: Some(16.33),
                    memory_total_mb: Some(16.7),
                    memory_quota_mb: Some(512.0),
                    ..of
                }),
            ),
            (
                "heroku",
                "logplex",
                "Error L10 (output buffer overflow): 12 messages dropped since 2014-11-07T23:29:45+00:00.",
                Said::Lost(Lost { code: code("L10"), messages: 12 }),
            ),
            (
                "app",
                "log-shuttle",
                "Error L12: 222 messages dropped since 2026-11-29T03:05:00Z.",
                Said::Lost(Lost { code: code("L12"), messages: 222 }),
            ),
            (
                "app",
                "web.1",
                "Error L13: 111 messages lost since T.",
                Said::Lost(Lost { code: code("L13"), messages: 111 }),
            ),
            (
                "heroku",
                "web.1",
                "Error R14 (Memory quota exceeded)",
                Said::DynoError(DynoError { dyno, code: code("R14") }),
            ),
            (
                "heroku",
                "web.1",
                "State changed from starting to up",
                Said::State(StateChange { dyno, from: b"starting", to: b"up" }),
            ),
            ("heroku", "web.1", "Process exited with status 137", Said::Exited(Exited { dyno, status: 137 })),
            ("heroku", "web.1", "Process exited with status", Said::Other),
            ("heroku", "web.1", "Cycling", Said::Other),
            // What an app writes is not what Heroku says.
            ("app", "web.1", "State changed from starting to up", Said::Other),
            ("app", "router", "at=info method=GET", Said::Other),
            ("app", "web.1", "Error L10", Said::Other),
        ] {
            assert_eq!(says(source, process, text), expected, "{source} {process}: {text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in prop::collection::vec(any::<u8>(), 0..300), router in any::<bool>()) {
            let process: &[u8] = if router { b"router" } else { b"web.1" };
            let _said = said(&Line { at: Timestamp::EPOCH, source: b"heroku", process, text: &text });
        }
    }
}
