//! What a bench looks at: a process of its own, on loopback, that says the same to everybody, or nothing.

use crate::wiring::Descriptors;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: close\r\n\r\nall is well.\n";
/// Longer than any request of a check.
const REQUEST_MAX: usize = 8192;

/// After a failed accept the next is tried a little later; who waits meanwhile hears as little.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// At most this many of the last number of an address are used.
const HOSTS_A_NETWORK: u32 = 250;

/// The process; it ends with this value.
pub(super) struct Target {
    pub(super) addresses: Vec<SocketAddr>,
    _process: Child,
}

impl Target {
    /// A page.
    pub(super) async fn page() -> Result<Self> {
        Self::start(&[], 1).await
    }

    /// Takes connections on this many addresses of this machine, and never answers.
    pub(super) async fn mute(hosts: u32) -> Result<Self> {
        Self::start(&["--mute", &hosts.to_string()], hosts).await
    }

    /// The address of a page.
    pub(super) fn page_address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// Starts the process, which tells each address on a line.
    async fn start(arguments: &[&str], addresses: u32) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["bench", "target"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let out = process.stdout.take().ok_or_else(|| Error::other("the page's process has no output"))?;
        let mut lines = BufReader::new(out).lines();
        let mut told = Vec::new();
        for _ in 0..addresses {
            let line = lines.next_line().await?.ok_or_else(|| Error::other("the page's process has ended"))?;
            told.push(line.parse().map_err(Error::other)?);
        }
        Ok(Self { addresses: told, _process: process })
    }
}

/// Serves the page until whoever started us is gone.
pub(super) async fn serve_page() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    anstream::println!("{}", listener.local_addr()?);
    let tasks = TaskTracker::new();
    tokio::select! {
        () = input_ends() => Ok(()),
        () = accept(&listener, &tasks, answer) => Ok(()),
    }
}

/// Takes connections, each to be heard until it is closed, and says nothing, until whoever started us is gone.
pub(super) async fn serve_nothing(hosts: u32) -> Result<()> {
    // What there is no descriptor for waits in the backlog.
    Descriptors::raise();
    let mut listening = JoinSet::new();
    let tasks = TaskTracker::new();
    for host in 0..hosts {
        let number = |number: u32| u8::try_from(number).map_err(Error::other);
        let address = Ipv4Addr::new(127, 1, number(host / HOSTS_A_NETWORK)?, number(host % HOSTS_A_NETWORK + 1)?);
        let listener = TcpListener::bind((address, 0)).await?;
        anstream::println!("{}", listener.local_addr()?);
        let tasks = tasks.clone();
        listening.spawn(async move { accept(&listener, &tasks, hear).await });
    }
    input_ends().await;
    Ok(())
}

/// Whoever started us has gone: then our input ends.
pub(super) async fn input_ends() {
    let _ = tokio::io::stdin().read(&mut [0; 1]).await;
}

async fn accept<F>(listener: &TcpListener, tasks: &TaskTracker, serve: fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tasks.spawn(serve(stream))),
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Hears everything, and says nothing.
async fn hear(mut stream: TcpStream) {
    let mut heard = [0; 1024];
    while stream.read(&mut heard).await.is_ok_and(|bytes| bytes > 0) {}
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
