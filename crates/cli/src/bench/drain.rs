//! What it costs to be told by an app's log drain: frames of router lines come in as Logplex sends them, over kept connections, are answered,
//! counted and written, and what comes out is held against what was sent.

use super::course::{Course, Outside};
use super::place::{On, Place};
use super::process::Usage;
use super::{cannot, definitions, millis, report_table, words};
use crate::face::Face;
use crate::failure::Failure;
use clap::Args;
use comfy_table::Table;
use flyball_engine::{Clock, Ids, NobodyIsTold};
use flyball_model::{AppName, Timestamp, duration};
use flyball_server::drain_of;
use flyball_signals::Slot;
use serde::Serialize;
use std::fmt::Write as _;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// The app whose routers tell.
const APP: &str = "shop";
/// As many bytes as Logplex puts into a frame.
const FRAME_BYTES: usize = 100_000;
/// Connections that Logplex's many senders would have.
const CONNECTIONS_MAX: u32 = 64;
/// So many lines of the same frame differ; the frames of a connection are alike but for their ids and times.
const PATHS: u64 = 5000;
/// A bench that pours longer measures the same.
const POURS_MAX: Duration = Duration::from_mins(5);
/// After the last frame, the longest that is waited for what was taken to be counted.
const COUNTED_MAX: Duration = Duration::from_mins(1);
/// A frame is answered within this, or the sender gives up.
const ANSWER_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Drain {
    /// How many lines are sent in a second, as far as the sender keeps up
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rate: u64,
    /// For how long
    #[arg(long = "for", default_value = "20s", value_parser = duration::parse)]
    lasts: Duration,
    /// Over how many connections
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=i64::from(CONNECTIONS_MAX)))]
    connections: u32,
    #[command(flatten)]
    pub(super) on: On,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// SQLite or PostgreSQL.
    store: &'static str,
    lasted_ms: u64,
    lines_sent: u64,
    /// Lines of requests that are in the store's slots.
    lines_counted: u64,
    /// Lines that found no room, and are told as lost.
    lines_lost: u64,
    /// Frames that were not answered as taken.
    frames_refused: u64,
    /// Of the process that takes them, without whoever sends.
    cpu_s: Option<f64>,
    lines_a_second_and_core: Option<f64>,
}

impl Report {
    /// Whether every line that was sent is counted, or told as lost.
    pub(super) const fn is_good(&self) -> bool {
        self.frames_refused == 0 && self.lines_counted + self.lines_lost >= self.lines_sent && self.lines_sent > 0
    }
}

pub(super) async fn measure(
    place: &Place,
    wanted: &Drain,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
) -> std::result::Result<Report, Failure> {
    let file = format!(
        "[[monitor]]\nname = \"{APP}\"\nevery = \"10s\"\nheroku_router = {{ app = \"{APP}\", measure = \"requests\" }}\n\
         [receive.apps.{APP}]\n"
    );
    let (definitions, began_at) = (definitions([file]), clock.now());
    let outside = |store| Outside {
        store,
        accounts: Arc::new(super::course::NoAccounts),
        observe: super::observer(),
        tell: Arc::new(NobodyIsTold),
        is_asked: true,
    };
    let course = Course::begin_with(place, &definitions, outside, Arc::clone(&clock), ids).await?;
    let face = Face::open(&course.engine, &course.store, "bench").await?;
    let received = &definitions.receive[0];
    let drain = drain_of(&*course.store, &definitions, Some(face.address), |_| None, received).await;
    let drain = drain.map_err(|why| cannot("tell the app's drain")(Error::other(why)))?;
    let key = drain.url.rsplit('/').next().unwrap_or_default().to_owned();

    let (before, started) = (Usage::now(), Instant::now());
    let poured = pour_into(face.address, &key, wanted).await.map_err(cannot("pour lines into the drain"))?;
    let lasted = started.elapsed();
    let counted = counted(&course, began_at, poured.lines).await?;
    let cpu = before.zip(Usage::now()).map(|(before, after)| after.cpu.saturating_sub(before.cpu).as_secs_f64());
    face.close().await;
    course.end().await;
    Ok(Report {
        store: place.kind(),
        lasted_ms: millis(lasted),
        lines_sent: poured.lines,
        lines_counted: counted.requests,
        lines_lost: counted.lost,
        frames_refused: poured.refused,
        cpu_s: cpu,
        lines_a_second_and_core: cpu.filter(|cpu| *cpu > 0.0).map(|cpu| counted.requests as f64 / cpu),
    })
}

#[derive(Debug, Default)]
struct Counted {
    requests: u64,
    lost: u64,
}

/// What the store has of them, once it has all of them or takes too long.
async fn counted(course: &Course, since: Timestamp, lines: u64) -> std::result::Result<Counted, Failure> {
    let app: AppName = APP.parse().expect("it is an app's name");
    let gives_up = Instant::now() + COUNTED_MAX;
    loop {
        let slots = course.store.slots(&app, since - flyball_signals::SLOT, Timestamp::FAR_FUTURE).await;
        let slots = slots.map_err(cannot("read what was counted"))?;
        let mut counted = Counted::default();
        for slot in slots.iter().filter_map(|slot| Slot::of_bytes(&slot.told)) {
            counted.requests += slot.series.get("").map_or(0, |tally| tally.requests);
            counted.lost += slot.lost;
        }
        if counted.requests + counted.lost >= lines || Instant::now() > gives_up {
            return Ok(counted);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// What a sender sent.
#[derive(Debug, Default, Serialize, serde::Deserialize)]
pub(super) struct Poured {
    lines: u64,
    refused: u64,
}

/// Has a process of its own pour, so that its work is not counted as ours.
async fn pour_into(address: SocketAddr, key: &str, wanted: &Drain) -> Result<Poured> {
    let lasts = duration::print(wanted.lasts.min(POURS_MAX));
    let (rate, connections) = (wanted.rate.to_string(), wanted.connections.to_string());
    let process = Command::new(std::env::current_exe()?)
        .args([
            "bench",
            "pour",
            &address.to_string(),
            key,
            "--for",
            &lasts,
            "--rate",
            &rate,
            "--connections",
            &connections,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let ended = process.wait_with_output().await?;
    serde_json::from_slice(&ended.stdout).map_err(Error::other)
}

/// Whom, and how much.
#[derive(Debug, Args)]
pub(super) struct Pouring {
    address: SocketAddr,
    key: String,
    #[arg(long)]
    rate: u64,
    #[arg(long = "for", value_parser = duration::parse)]
    lasts: Duration,
    #[arg(long)]
    connections: u32,
}

/// Sends frames over each of the connections, one after another, and tells how many lines were in them.
pub(super) async fn pour(wanted: &Pouring, clock: &Arc<dyn Clock>) -> Result<()> {
    let (lines, refused) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (started, ends) = (Instant::now(), Instant::now() + wanted.lasts);
    let mut senders = JoinSet::new();
    for nth in 0..wanted.connections {
        let (lines, refused, clock) = (Arc::clone(&lines), Arc::clone(&refused), Arc::clone(clock));
        let (address, key) = (wanted.address, wanted.key.clone());
        let rate = wanted.rate as f64 / f64::from(wanted.connections);
        senders.spawn(async move {
            let mut stream = BufReader::new(TcpStream::connect(address).await?);
            let mut frame = Frame::of(u64::from(nth), clock.now());
            let mut sent = 0_u64;
            for number in 0_u64.. {
                sleep_until(started + Duration::from_secs_f64(sent as f64 / rate)).await;
                if Instant::now() >= ends {
                    break;
                }
                frame.is_of(clock.now());
                let head = format!(
                    "POST /drain/{key} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/logplex-1\r\n\
                     Logplex-Msg-Count: {}\r\nLogplex-Frame-Id: {nth:08x}{number:024x}\r\nContent-Length: {}\r\n\r\n",
                    frame.lines,
                    frame.body.len(),
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(&frame.body).await?;
                sent += frame.lines;
                lines.fetch_add(frame.lines, Ordering::Relaxed);
                if !timeout(ANSWER_MAX, is_taken(&mut stream)).await?? {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
            }
            Ok::<(), Error>(())
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.map_err(Error::other)??;
    }
    let poured = Poured { lines: lines.load(Ordering::Relaxed), refused: refused.load(Ordering::Relaxed) };
    anstream::println!("{}", serde_json::to_string(&poured).map_err(Error::other)?);
    Ok(())
}

/// Reads an answer: whether the frame was taken.
async fn is_taken(stream: &mut BufReader<TcpStream>) -> Result<bool> {
    let (mut line, mut length) = (String::new(), 0_u64);
    stream.read_line(&mut line).await?;
    let is_taken = line.starts_with("HTTP/1.1 204");
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(Error::other("the connection was closed"));
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
    }
    tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await?;
    Ok(is_taken)
}

/// A frame of router lines, whose times can be set anew without writing it anew.
struct Frame {
    body: Vec<u8>,
    lines: u64,
    /// Where the time of each line stands.
    times: Vec<usize>,
    at: Timestamp,
}

impl Frame {
    fn of(nth: u64, at: Timestamp) -> Self {
        let mut frame = Self { body: Vec::new(), lines: 0, times: Vec::new(), at };
        let time = time_of(at);
        while frame.body.len() < FRAME_BYTES {
            let seed = nth * 7919 + frame.lines * 104_729;
            let mut line = format!("<158>1 {time} host heroku router - ");
            let before_time = "<158>1 ".len();
            writeln!(
                line,
                "at=info method=GET path=\"/orders/{}?page={}\" host=shop.example.com \
                 request_id={seed:08x}-b79b-ec27-03c8-b8f64d8d8792 fwd=\"138.68.186.89\" dyno=web.{} connect={}ms \
                 service={}ms status=200 bytes={} protocol=http2.0 tls=true tls_version=tls1.3",
                seed % PATHS,
                seed % 9,
                seed % 12 + 1,
                seed % 3,
                20 + seed % 400,
                seed % 90_000,
            )
            .expect("a String takes every text");
            let head = format!("{} ", line.len());
            frame.times.push(frame.body.len() + head.len() + before_time);
            frame.body.extend_from_slice(head.as_bytes());
            frame.body.extend_from_slice(line.as_bytes());
            frame.lines += 1;
        }
        frame
    }

    /// From now on its lines were said at this time, to the second.
    fn is_of(&mut self, at: Timestamp) {
        if at.as_millis() / 1000 == self.at.as_millis() / 1000 {
            return;
        }
        self.at = at;
        let time = time_of(at);
        for place in &self.times {
            self.body[*place..*place + time.len()].copy_from_slice(time.as_bytes());
        }
    }
}

/// As Logplex writes it, always as long.
fn time_of(at: Timestamp) -> String {
    let second = Timestamp::from_millis(at.as_millis() / 1000 * 1000 + 1);
    second.to_string().replace(".001Z", ".000000+00:00")
}

pub(super) fn table(report: &Report) -> Table {
    let mut table = report_table();
    table.add_row(["sent", &format!("{} lines in {}", report.lines_sent, words(report.lasted_ms))]);
    let lost = match report.lines_lost {
        0 => "none lost".to_owned(),
        lost => format!("{lost} found no room, and are told as lost"),
    };
    table.add_row(["counted and written", &format!("{}; {lost}", report.lines_counted)]);
    table.add_row(["frames refused", &report.frames_refused.to_string()]);
    table.add_row(["store", report.store]);
    if let (Some(cpu), Some(lines)) = (report.cpu_s, report.lines_a_second_and_core) {
        table.add_row(["processor time", &format!("{cpu:.2} s: {:.2} million lines a second and core", lines / 1e6)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_signals::Feed;

    #[test]
    fn every_line_of_a_frame_is_read_and_counted_at_the_time_that_it_is_given() {
        let at = Timestamp::from_millis(1_800_000_000_400);
        let mut frame = Frame::of(3, at);
        let later = at + Duration::from_secs(20);
        let mut feed = Feed::beginning(at);
        feed.take(None, &frame.body, at);
        frame.is_of(later);
        feed.take(None, &frame.body, later);
        let counted: Vec<u64> = feed
            .due(later, true)
            .iter()
            .map(|(_, slot)| slot.series.get("").map_or(0, |tally| tally.requests))
            .filter(|requests| *requests > 0)
            .collect();
        assert_eq!(counted, [frame.lines, frame.lines]);
    }
}
