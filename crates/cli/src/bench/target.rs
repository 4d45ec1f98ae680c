//! The page that a bench looks at: a process of its own, on loopback, that says the same to everybody.

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio_util::task::TaskTracker;

const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nall is well.\n";
/// Longer than any request of a check.
const REQUEST_MAX: usize = 8192;

/// The process; it ends with this value.
pub(super) struct Target {
    pub(super) address: SocketAddr,
    _process: Child,
}

impl Target {
    pub(super) async fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "target"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or_else(|| Error::other("the page's process has no output"))?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).await?;
        Ok(Self { address: line.trim().parse().map_err(Error::other)?, _process: process })
    }
}

/// Serves the page until whoever started us is gone: then our input ends.
pub(super) async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    anstream::println!("{}", listener.local_addr()?);
    let tasks = TaskTracker::new();
    let (mut input, mut nothing) = (tokio::io::stdin(), [0; 1]);
    loop {
        tokio::select! {
            _ = input.read(&mut nothing) => return Ok(()),
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                tasks.spawn(answer(stream));
            }
        }
    }
}

async fn answer(mut stream: TcpStream) {
    let mut request = Vec::with_capacity(512);
    while !request.ends_with(b"\r\n\r\n") && request.len() < REQUEST_MAX {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    // A client that has gone does not want the answer.
    let _ = stream.write_all(PAGE).await;
    let _ = stream.shutdown().await;
}
