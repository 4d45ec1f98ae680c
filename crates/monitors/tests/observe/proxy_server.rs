//! A small real proxy: tunnels after CONNECT, and asks in our place where it is sent a whole URL.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What the proxy says instead of doing what it is asked for; `None` when it does it. Given the head of a request.
type Refuse = dyn Fn(&str) -> Option<String> + Send + Sync;

/// A proxy on loopback; stops when it is dropped.
pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    /// The heads that it was sent.
    heads: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl ProxyServer {
    /// A proxy that takes every host for `target`, as its own name server might have it.
    pub(crate) async fn to(target: SocketAddr) -> Self {
        Self::start(target, Arc::new(|_: &str| None)).await
    }

    /// A proxy that says this to everybody.
    pub(crate) async fn saying(words: &str) -> Self {
        let words = words.to_owned();
        Self::start("127.0.0.1:9".parse().unwrap(), Arc::new(move |_: &str| Some(words.clone()))).await
    }

    /// A proxy that lets through only who has this header.
    pub(crate) async fn for_whoever_has(header: &'static str, target: SocketAddr) -> Self {
        let refuse = move |head: &str| {
            let answer = "HTTP/1.1 407 Who are you\r\nproxy-authenticate: Basic\r\ncontent-length: 0\r\n\r\n";
            (!head.to_lowercase().contains(&header.to_lowercase())).then(|| answer.to_owned())
        };
        Self::start(target, Arc::new(refuse)).await
    }

    async fn start(target: SocketAddr, refuse: Arc<Refuse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let seen = Arc::clone(&heads);
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (refuse, seen) = (Arc::clone(&refuse), Arc::clone(&seen));
                serving.spawn(async move {
                    let _ = serve(stream, target, &*refuse, &seen).await;
                });
            }
        });
        Self { address, heads, _tasks: tasks }
    }

    /// The heads that it was sent, each as its first line.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.heads().iter().map(|head| head.lines().next().unwrap_or_default().to_owned()).collect()
    }

    /// The heads that it was sent.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    target: SocketAddr,
    refuse: &Refuse,
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    seen.lock().unwrap().push(head.clone());
    if let Some(words) = refuse(&head) {
        stream.write_all(words.as_bytes()).await?;
        return stream.shutdown().await;
    }
    let mut beyond = TcpStream::connect(target).await?;
    if head.starts_with("CONNECT ") {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    } else {
        beyond.write_all(in_origin_form(&head).as_bytes()).await?;
    }
    copy_bidirectional(&mut stream, &mut beyond).await.map(|_| ())
}

/// The request as an origin has it: the path alone, and nothing that was for the proxy.
fn in_origin_form(head: &str) -> String {
    let (line, rest) = head.split_once("\r\n").unwrap();
    let mut words = line.split(' ');
    let (method, url) = (words.next().unwrap(), words.next().unwrap());
    let after_host = url.split_once("://").expect("a proxy is sent a whole URL").1;
    let path = after_host.find('/').map_or("/", |at| &after_host[at..]);
    let kept: Vec<&str> = rest.split("\r\n").filter(|line| !line.to_lowercase().starts_with("proxy-")).collect();
    format!("{method} {path} HTTP/1.1\r\n{}", kept.join("\r\n"))
}
