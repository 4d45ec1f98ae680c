//! The lines that Heroku writes of an app: routers', dynos' and Logplex's own. Made from what the world is and does, and from
//! nothing that reads them. Source: platform-api 10 (DC logging, LOG).

use super::app::App;
use super::chance::Stream;
use super::dyno::{Dyno, DynoKind, DynoState};
use super::load::{Load, SECOND, Second, Share};
use super::one_off::Ending;
use super::release::ReleaseStatus;
use super::sizes::Place;
use flyball_model::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;
use uuid::Uuid;

/// Longer texts are cut into messages of so many bytes, wherever that is. Source: platform-api 10.1 (DC logging).
const TEXT_MAX: usize = 10_000;

/// How often a dyno tells its metrics. Source: platform-api 10.4.
const METRICS_EVERY: u64 = 20;

/// What a request at work adds to a dyno's memory, MiB: enough that memory follows load.
const MIB_PER_REQUEST: f64 = 4.0;

/// Priorities as they are seen; nothing depends on them. Source: platform-api 10.5.
const OF_ROUTER: u8 = 158;
const OF_DYNO: u8 = 45;
const OF_LOGPLEX: u8 = 172;

/// What people ask for.
const PATHS: [&str; 6] =
    ["/", "/cart", "/products/42", "/products?page=2&sort=price", "/api/orders", "/search?q=blue%20shoes"];

/// In which of the forms that the routers are known to write their lines come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouterLines {
    /// `path="/" … fwd="203.0.113.9" … protocol=http1.1 tls=true tls_version=tls1.3`, as Router 2.0 does.
    #[default]
    Quoted,
    /// `path=/ … fwd=203.0.113.9 … tls_version=tls1.3 protocol=https`, as others are documented.
    Bare,
}

/// Who wrote a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Writer {
    Router,
    /// The platform, of the dyno of this name.
    Dyno(String),
}

/// One line of an app's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) writer: Writer,
    pub(super) text: String,
}

impl Line {
    fn of(dyno: &str, at: Timestamp, text: impl Into<String>) -> Self {
        Self { at, writer: Writer::Dyno(dyno.to_owned()), text: text.into() }
    }

    /// The messages that it travels in, with their lengths in front; the clock of the routers is `skew` ms ahead.
    pub(super) fn messages(&self, skew: i64) -> impl Iterator<Item = Vec<u8>> {
        let (priority, process, skew) = match &self.writer {
            Writer::Router => (OF_ROUTER, "router", skew),
            Writer::Dyno(name) => (OF_DYNO, name.as_str(), 0),
        };
        let at = Timestamp::from_millis(self.at.as_millis().saturating_add(skew));
        let head = format!("<{priority}>1 {} host heroku {process} - ", stamp(at, "%Y-%m-%dT%H:%M:%S%.6f+00:00"));
        self.text.as_bytes().chunks(TEXT_MAX).map(move |text| framed(&[head.as_bytes(), text, b"\n"].concat()))
    }
}

/// Logplex's own line, in front of the first frame after messages were dropped; it has no line break at its end.
/// Source: platform-api 10.5 (LP).
pub(super) fn overflow(dropped: u64, since: Timestamp, now: Timestamp) -> Vec<u8> {
    let whole = |at| stamp(at, "%Y-%m-%dT%H:%M:%S+00:00");
    let text = format!(
        "<{OF_LOGPLEX}>1 {} host heroku logplex - Error L10 (output buffer overflow): {dropped} messages dropped since {}.",
        whole(now),
        whole(since)
    );
    framed(text.as_bytes())
}

/// `LEN SP MSG`, the length in bytes. Source: platform-api 10.5 (LP).
fn framed(message: &[u8]) -> Vec<u8> {
    [message.len().to_string().as_bytes(), b" ", message].concat()
}

fn stamp(at: Timestamp, pattern: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).expect("every Timestamp is within the calendar");
    at.strftime(pattern).to_string()
}

/// One request as the router tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) host: String,
    pub(crate) request_id: String,
    /// From where it came.
    pub(crate) fwd: String,
    /// Empty where no dyno was there.
    pub(crate) dyno: String,
    /// The time to connect to the dyno and the time with it, in ms; `None` where there was no dyno.
    pub(crate) took: Option<(u64, u64)>,
    pub(crate) status: u16,
    pub(crate) bytes: usize,
    /// The router's code, where it has something to say.
    pub(crate) code: Option<&'static str>,
}

impl Told {
    /// The line of it. Source: platform-api 10.2, 10.3 (LOG 2014-2026, DC error-codes).
    pub(super) fn line(&self, at: Timestamp, form: RouterLines) -> Line {
        let mut text = match self.code {
            None => "at=info".to_owned(),
            Some(code) => {
                let (level, sock, words) = meaning(code);
                format!("{sock}at={level} code={code} desc=\"{words}\"")
            }
        };
        let Self { method, path, host, request_id, fwd, dyno, status, bytes, .. } = self;
        let ms = |time: Option<u64>| time.map_or_else(String::new, |ms| format!("{ms}ms"));
        let (connect, service) = (ms(self.took.map(|(connect, _)| connect)), ms(self.took.map(|(_, service)| service)));
        let (quote, end) = match form {
            RouterLines::Quoted => ("\"", "protocol=http1.1 tls=true tls_version=tls1.3"),
            RouterLines::Bare => ("", "tls_version=tls1.3 protocol=https"),
        };
        write!(
            text,
            " method={method} path={quote}{path}{quote} host={host} request_id={request_id} fwd={quote}{fwd}{quote} dyno={dyno} \
             connect={connect} service={service} status={status} bytes={bytes} {end}"
        )
        .expect("a String takes everything");
        Line { at, writer: Writer::Router, text }
    }
}

/// How grave a code is, at whose end it happened, and what it means. Source: platform-api 10.3 (DC error-codes).
fn meaning(code: &str) -> (&'static str, &'static str, &'static str) {
    match code {
        "H10" => ("error", "", "App crashed"),
        "H11" => ("error", "", "Backlog too deep"),
        "H12" => ("error", "", "Request timeout"),
        "H13" => ("error", "", "Connection closed without response"),
        "H14" => ("error", "", "No web processes running"),
        "H20" => ("error", "", "App boot timeout"),
        "H27" => ("warning", "sock=client ", "Client Request Interrupted"),
        "H80" => ("info", "", "Maintenance mode"),
        "H99" => ("error", "", "Platform error"),
        _ => ("error", "", "Platform error"),
    }
}

/// The lines of the requests of the second that begins at `at`, each timed by its end.
pub(super) fn of_second(second: &Second, app: &App, at: Timestamp, draws: &mut Stream) -> Vec<Line> {
    let form = app.spec.mechanics.router_lines;
    let mut lines = Vec::new();
    for (count, code) in second.refused {
        for _ in 0..count {
            let came = at + within(SECOND, draws);
            let code = Some(code);
            lines.push(Told { status: 503, bytes: 0, code, took: None, ..request(app, "", draws) }.line(came, form));
        }
    }
    let timeout = app.spec.mechanics.router_timeout.as_millis() as u64;
    for share in &second.given {
        for number in 0..share.served + share.timed_out {
            let came = at + within(SECOND, draws);
            let told = one_of(share, number, timeout, request(app, &share.dyno, draws), draws);
            let (connect, service) = told.took.unwrap_or_default();
            lines.push(told.line(came + Duration::from_millis(connect + service), form));
        }
    }
    lines
}

/// One request of a dyno's share: errors first, then those that were broken off, those that wait for the
/// database, those that are well, those that timed out.
/// When each came is drawn, so that the order tells nothing.
fn one_of(share: &Share, number: u64, timeout: u64, request: Told, draws: &mut Stream) -> Told {
    let connect = draws.below(3);
    if number >= share.served {
        return Told { took: Some((connect, timeout)), status: 503, bytes: 0, code: Some("H12"), ..request };
    }
    let own = share.service * (0.5 + 0.5 * exponential(draws));
    let waits_for_database = (0..share.slow).contains(&number.wrapping_sub(share.errors + share.broken_off));
    let of_database = if waits_for_database { share.slow_by } else { 0.0 };
    let taken = own + of_database + share.backlog + share.wait * exponential(draws);
    // Whoever is served was served before the router gave up.
    let service = ((taken * 1000.0).round() as u64).clamp(1, timeout.saturating_sub(1).max(1));
    if number < share.errors {
        return Told { took: Some((connect, service)), status: share.status, ..request };
    }
    if number < share.errors + share.broken_off {
        let until = 1 + draws.below(service);
        return Told { took: Some((connect, until)), status: 499, bytes: 0, code: Some("H27"), ..request };
    }
    Told { took: Some((connect, service)), ..request }
}

/// A request that is well, of somebody somewhere. Source of the addresses: RFC 5737, for documentation.
fn request(app: &App, dyno: &str, draws: &mut Stream) -> Told {
    Told {
        method: if draws.below(10) == 0 { "POST" } else { "GET" }.to_owned(),
        path: PATHS[draws.below(PATHS.len() as u64) as usize].to_owned(),
        host: format!("{}.herokuapp.com", app.host_label()),
        request_id: draws.uuid().to_string(),
        fwd: format!("203.0.113.{}", draws.below(256)),
        dyno: dyno.to_owned(),
        took: None,
        status: 200,
        bytes: 500 + draws.below(20_000) as usize,
        code: None,
    }
}

fn within(time: Duration, draws: &mut Stream) -> Duration {
    Duration::from_millis(draws.below(time.as_millis() as u64))
}

/// An exponential draw of mean 1.
fn exponential(draws: &mut Stream) -> f64 {
    -(1.0 - draws.unit()).ln()
}

/// The metrics of the dynos whose turn it is in this second. Source: platform-api 10.4.
pub(super) fn of_metrics(app: &App, load: &Load, now: Timestamp) -> Vec<Line> {
    let second = now.as_millis().unsigned_abs() / 1000;
    let mut lines = Vec::new();
    for dyno in app.dynos().iter().filter(|dyno| dyno.state == DynoState::Up) {
        // Each at its own second.
        if second % METRICS_EVERY != dyno.id.as_u64_pair().1 % METRICS_EVERY {
            continue;
        }
        let source = format!("source={} dyno=heroku.{}.{}", dyno.name, app.id.as_u64_pair().0 % 1_000_000_000, dyno.id);
        let [one, five, fifteen] = load.averages(dyno.id);
        let averages = format!(
            "{source} sample#load_avg_1m={one:.2} sample#load_avg_5m={five:.2} sample#load_avg_15m={fifteen:.2}"
        );
        let (used, quota) = (app.memory_mib(dyno, now) + MIB_PER_REQUEST * one, f64::from(dyno.size.memory_mib));
        let (rss, swap) = (used.min(quota), (used - quota).max(0.0));
        let memory = format!(
            "{source} sample#memory_total={used:.2}MB sample#memory_rss={rss:.2}MB sample#memory_cache=0.00MB \
             sample#memory_swap={swap:.2}MB sample#memory_pgpgin={}pages sample#memory_pgpgout={}pages \
             sample#memory_quota={quota:.2}MB",
            (used * 256.0) as u64,
            (used * 64.0) as u64
        );
        lines.push(Line::of(&dyno.name, now, averages));
        lines.push(Line::of(&dyno.name, now, memory));
        // Common Runtime only: in Private Spaces there is no swap, and no R14. // platform-api 10.3
        if used > quota && app.spec.place == Place::Common {
            let percent = used / quota * 100.0;
            lines.push(Line::of(&dyno.name, now, format!("Process running mem={used:.0}M({percent:.1}%)")));
            lines.push(Line::of(&dyno.name, now, "Error R14 (Memory quota exceeded)"));
        }
    }
    lines
}

/// A dyno as it was before a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    id: Uuid,
    name: String,
    state: DynoState,
    kind: DynoKind,
    release: Uuid,
}

pub(super) fn seen(app: &App) -> Vec<Seen> {
    let seen = |dyno: &Dyno| Seen {
        id: dyno.id,
        name: dyno.name.clone(),
        state: dyno.state,
        kind: dyno.kind,
        release: dyno.release_id,
    };
    app.dynos().iter().map(seen).collect()
}

/// What a change did to dynos, as the platform tells it. `exited`: those that ended by themselves in it.
/// Source: platform-api 10.1 and 10.3 (LOG).
pub(super) fn of_changes(before: &[Seen], exited: &[Uuid], app: &App, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut tell = |name: &str, text: &str| lines.push(Line::of(name, now, text));
    for old in before {
        let (name, was) = (old.name.as_str(), word(old.state));
        let crashed = exited.contains(&old.id);
        if crashed {
            tell(name, "Process exited with status 1");
            tell(name, &format!("State changed from {was} to crashed"));
        }
        let was = if crashed { "crashed" } else { was };
        let Some(new) = app.dynos().iter().find(|dyno| dyno.id == old.id) else {
            let is_replaced = old.kind == DynoKind::Formation
                && app
                    .dynos()
                    .iter()
                    .any(|dyno| dyno.name == old.name && before.iter().all(|other| other.id != dyno.id));
            match of_end(old, app) {
                Some(status) => {
                    tell(name, &format!("Process exited with status {status}"));
                    tell(name, &format!("State changed from {was} to complete"));
                }
                None => {
                    let next = if is_replaced { "starting" } else { "down" };
                    if is_replaced && was != "crashed" {
                        tell(name, "Restarting");
                    }
                    tell(name, &format!("State changed from {was} to {next}"));
                    if was != "crashed" {
                        tell(name, "Stopping all processes with SIGTERM");
                        tell(name, "Process exited with status 143");
                    }
                }
            }
            continue;
        };
        match new.state {
            _ if new.state == old.state => {}
            DynoState::Crashed => {}
            DynoState::Idle => {
                tell(name, "Idling");
                tell(name, &format!("State changed from {was} to down"));
                tell(name, "Stopping all processes with SIGTERM");
                tell(name, "Process exited with status 143");
            }
            DynoState::Starting => {
                tell(name, "Unidling");
                tell(name, &format!("State changed from {was} to starting"));
                tell(name, &format!("Starting process with command `{}`", new.command));
            }
            DynoState::Up => tell(name, &format!("State changed from {was} to up")),
        }
    }
    for new in app.dynos().iter().filter(|dyno| before.iter().all(|old| old.id != dyno.id)) {
        tell(&new.name, &format!("Starting process with command `{}`", new.command));
        if new.state == DynoState::Up {
            tell(&new.name, "State changed from starting to up");
        }
    }
    lines
}

/// With which status a dyno ended that is gone by itself; `None` for one that was stopped.
fn of_end(old: &Seen, app: &App) -> Option<i32> {
    match old.kind {
        DynoKind::Formation => None,
        DynoKind::OneOff { .. } => match app.one_offs().rev().find(|one_off| one_off.id == old.id)?.ended?.1 {
            Ending::Exited(status) => Some(status),
            Ending::TimeToLive | Ending::Stopped => None,
        },
        DynoKind::ReleasePhase => {
            let release = app.releases().find(|release| release.id == old.release)?;
            Some(i32::from(release.status == ReleaseStatus::Failed))
        }
    }
}

fn word(state: DynoState) -> &'static str {
    match state {
        DynoState::Starting => "starting",
        DynoState::Up => "up",
        DynoState::Idle => "down",
        DynoState::Crashed => "crashed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        Told {
            method: "GET".to_owned(),
            path: "/a?b=c".to_owned(),
            host: "shop.example.com".to_owned(),
            request_id: "407b828f-ec16-bfef-cff3-25e749e57945".to_owned(),
            fwd: "203.0.113.9".to_owned(),
            dyno: "web.1".to_owned(),
            took: Some((0, 18)),
            status: 200,
            bytes: 15225,
            code: None,
        }
    }

    #[test]
    fn routers_write_in_both_forms_and_with_every_code() {
        let id = "407b828f-ec16-bfef-cff3-25e749e57945";
        let (quoted, bare) = (RouterLines::Quoted, RouterLines::Bare);
        let nobody = |code| Told { dyno: String::new(), took: None, status: 503, bytes: 0, code: Some(code), ..told() };
        let cases = [
            (
                told(),
                quoted,
                format!(
                    "at=info method=GET path=\"/a?b=c\" host=shop.example.com request_id={id} fwd=\"203.0.113.9\" dyno=web.1 \
                     connect=0ms service=18ms status=200 bytes=15225 protocol=http1.1 tls=true tls_version=tls1.3"
                ),
            ),
            (
                told(),
                bare,
                format!(
                    "at=info method=GET path=/a?b=c host=shop.example.com request_id={id} fwd=203.0.113.9 dyno=web.1 \
                     connect=0ms service=18ms status=200 bytes=15225 tls_version=tls1.3 protocol=https"
                ),
            ),
            (
                nobody("H10"),
                bare,
                format!(
                    "at=error code=H10 desc=\"App crashed\" method=GET path=/a?b=c host=shop.example.com request_id={id} \
                     fwd=203.0.113.9 dyno= connect= service= status=503 bytes=0 tls_version=tls1.3 protocol=https"
                ),
            ),
        ];
        for (told, form, expected) in cases {
            assert_eq!(told.line(Timestamp::EPOCH, form).text, expected);
        }
        for (code, start) in [
            ("H12", "at=error code=H12 desc=\"Request timeout\" "),
            ("H14", "at=error code=H14 desc=\"No web processes running\" "),
            ("H20", "at=error code=H20 desc=\"App boot timeout\" "),
            ("H27", "sock=client at=warning code=H27 desc=\"Client Request Interrupted\" "),
            ("H80", "at=info code=H80 desc=\"Maintenance mode\" "),
        ] {
            let text = nobody(code).line(Timestamp::EPOCH, quoted).text;
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn a_length_counts_bytes_and_the_line_break_and_long_texts_are_cut() {
        let line = Line::of("web.1", Timestamp::EPOCH, "Kä");
        let messages: Vec<Vec<u8>> = line.messages(5000).collect();
        let text = "<45>1 1970-01-01T00:00:00.000000+00:00 host heroku web.1 - Kä\n";
        assert_eq!(messages, [format!("{} {text}", text.len()).into_bytes()]);
        let long = Line { writer: Writer::Router, ..Line::of("", Timestamp::EPOCH, "x".repeat(2 * TEXT_MAX + 1)) };
        let messages: Vec<Vec<u8>> = long.messages(1500).collect();
        assert_eq!(messages.len(), 3);
        assert!(messages[2].ends_with(b"<158>1 1970-01-01T00:00:01.500000+00:00 host heroku router - x\n"));
    }

    #[test]
    fn logplex_tells_of_what_it_dropped_without_a_line_break() {
        let at = Timestamp::from_millis(1_415_694_265_500);
        let text = "<172>1 2014-11-11T08:24:25+00:00 host heroku logplex - Error L10 (output buffer overflow): 1 messages \
                    dropped since 1970-01-01T00:00:00+00:00.";
        assert_eq!(overflow(1, Timestamp::EPOCH, at), format!("{} {text}", text.len()).into_bytes());
        // The length of a real one, whose two times have as many letters.
        assert!(overflow(1, Timestamp::EPOCH, at).starts_with(b"142 "));
    }
}
