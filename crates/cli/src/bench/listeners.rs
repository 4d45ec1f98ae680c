//! Those who listen to the timeline while a bench measures: a process of its own, so that their work is not counted as ours. Some of
//! them open a stream and never read.

use super::target::input_ends;
use clap::Args;
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinSet;

/// How many, and of whom.
#[derive(Debug, Clone, Args)]
pub(super) struct Listening {
    /// Keep so many streams of the timeline open, and measure the same without them before
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=400))]
    pub(super) streams: u32,
    /// And so many whose readers do not read
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) slow_readers: u32,
}

impl Listening {
    pub(super) const fn is_wanted(&self) -> bool {
        self.streams + self.slow_readers > 0
    }
}

/// The process; it ends with this value.
pub(super) struct Listeners {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listeners {
    /// Starts it, and waits until all streams are open.
    pub(super) async fn open(address: SocketAddr, wanted: &Listening) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "listen", &address.to_string(), "--streams", &wanted.streams.to_string()])
            .args(["--slow-readers", &wanted.slow_readers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or_else(|| Error::other("those who listen have no output"))?;
        let mut listeners = Self { process, lines: BufReader::new(out).lines() };
        listeners.told().await?;
        Ok(listeners)
    }

    /// Ends it: how many lines all of them heard together.
    pub(super) async fn heard(mut self) -> Result<u64> {
        drop(self.process.stdin.take());
        self.told().await
    }

    /// The next number that it tells.
    async fn told(&mut self) -> Result<u64> {
        let line = self.lines.next_line().await?.ok_or_else(|| Error::other("those who listen have ended"))?;
        line.parse().map_err(Error::other)
    }
}

/// Opens the streams, tells how many there are, and listens until whoever started us is gone; then tells how many lines came.
pub(super) async fn listen(address: SocketAddr, wanted: &Listening) -> Result<()> {
    let heard = Arc::new(AtomicU64::new(0));
    let (mut listening, mut silent) = (JoinSet::new(), Vec::new());
    for _ in 0..wanted.streams {
        let (mut stream, heard) = (opened(address).await?, Arc::clone(&heard));
        listening.spawn(async move {
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|bytes| bytes > 0) {
                heard.fetch_add(u64::from(line.starts_with("event:")), Ordering::Relaxed);
                line.clear();
            }
        });
    }
    for _ in 0..wanted.slow_readers {
        silent.push(opened(address).await?);
    }
    anstream::println!("{}", listening.len() + silent.len());
    input_ends().await;
    anstream::println!("{}", heard.load(Ordering::Relaxed));
    Ok(())
}

/// A stream that has begun.
async fn opened(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    let request = format!("GET /api/v1/events HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut status = String::new();
    stream.read_line(&mut status).await?;
    if status.starts_with("HTTP/1.1 200") { Ok(stream) } else { Err(Error::other(status)) }
}
