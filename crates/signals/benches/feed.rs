//! How many lines of routers are read, and counted, in a second of one core: `cargo bench -p flyball-signals`.
#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "a bench reads the time, and tells")]

use flyball_model::Timestamp;
use flyball_signals::{Feed, Line, Said, messages, said};
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// As many bytes as Logplex puts into a frame.
const FRAME_BYTES: usize = 100_000;
/// Frames that are read in one round, each another.
const FRAMES: u64 = 200;
const ROUNDS: u64 = 10;

fn frame(nth: u64, at: Timestamp) -> (Vec<u8>, u64) {
    let (mut body, mut lines) = (String::new(), 0);
    while body.len() < FRAME_BYTES {
        let seed = nth * 7919 + lines * 104_729;
        let line = format!(
            "<158>1 {at} host heroku router - at=info method=GET path=\"/orders/{}?page={}\" host=shop.example.com \
             request_id={seed:08x}-b79b-ec27-03c8-b8f64d8d8792 fwd=\"138.68.186.89\" dyno=web.{} connect={}ms service={}ms status=200 \
             bytes={} protocol=http2.0 tls=true tls_version=tls1.3\n",
            seed % 5000,
            seed % 9,
            seed % 12 + 1,
            seed % 3,
            20 + seed % 400,
            seed % 90_000,
        );
        write!(body, "{} {line}", line.len()).expect("a String takes every text");
        lines += 1;
    }
    (body.into_bytes(), lines)
}

fn measured(what: &str, lines: u64, mut round: impl FnMut()) {
    round();
    let began = Instant::now();
    (0..ROUNDS).for_each(|_| round());
    let lines = u32::try_from(lines * ROUNDS).unwrap_or(u32::MAX);
    println!("{what}: {:.2} million lines a second", f64::from(lines) / began.elapsed().as_secs_f64() / 1e6);
}

fn main() {
    let now = Timestamp::from_millis(1_800_000_000_000);
    let frames: Vec<_> = (0..FRAMES).map(|nth| frame(nth, now + Duration::from_millis(nth * 50))).collect();
    let lines = frames.iter().map(|(_, lines)| lines).sum();
    measured("read", lines, || {
        for (body, _) in &frames {
            let read = messages(body).filter_map(Line::of).filter(|line| matches!(said(line), Said::Request(_)));
            black_box(read.count());
        }
    });
    let mut feed = Feed::beginning(now);
    measured("read and counted", lines, || {
        for (body, _) in &frames {
            feed.take(None, body, now + Duration::from_secs(10));
        }
        black_box(feed.due(now + Duration::from_secs(10), true));
    });
}
