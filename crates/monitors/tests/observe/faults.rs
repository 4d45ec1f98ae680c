//! A raw TCP server that does what a script says: correct HTTP is only one of the things that it can send.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// One thing that the server does after it has read a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends bytes at once.
    Send(Vec<u8>),
    /// Sends bytes one packet at a time, so that the client reads them apart.
    Pieces(Vec<Vec<u8>>),
    /// Sends the same bytes for ever.
    Endless(Vec<u8>),
    /// Sends the same bytes for ever, and pauses after each time: never so long that it looks as if nothing came.
    Drip(Vec<u8>),
    /// Sends nothing more, and keeps the connection open.
    Hang,
    /// Closes the connection properly.
    Close,
    /// Cuts the connection.
    Reset,
}

/// What the server answers to a request's text.
pub(crate) type Script = Arc<dyn Fn(&str) -> Vec<Act> + Send + Sync>;

/// A server on loopback that follows a script; stops when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The requests that came, whole.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
    /// How many connections were made.
    pub(crate) connections: Arc<Mutex<u32>>,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::start_with(None, Arc::new(script)).await
    }

    pub(crate) async fn start_tls(
        acceptor: TlsAcceptor,
        script: impl Fn(&str) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::start_with(Some(acceptor), Arc::new(script)).await
    }

    async fn start_with(acceptor: Option<TlsAcceptor>, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let mut tasks = JoinSet::new();
        let (seen, count) = (Arc::clone(&requests), Arc::clone(&connections));
        tasks.spawn(async move {
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                *count.lock().unwrap() += 1;
                let (script, seen, acceptor) = (Arc::clone(&script), Arc::clone(&seen), acceptor.clone());
                serving.spawn(async move {
                    stream.set_nodelay(true).unwrap();
                    match acceptor {
                        None => serve(stream, &script, &seen).await,
                        Some(acceptor) => {
                            let Ok(stream) = acceptor.accept(stream).await else { return };
                            serve(stream, &script, &seen).await;
                        }
                    }
                });
            }
        });
        Self { address, requests, connections, _tasks: tasks }
    }

    /// The only request that came.
    pub(crate) fn request(&self) -> String {
        let requests = self.requests.lock().unwrap();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

/// Cuts a connection, if it is one that can be cut.
trait Cut {
    fn cut(self);
}

impl Cut for TcpStream {
    fn cut(self) {
        self.set_zero_linger().unwrap();
    }
}

impl Cut for tokio_rustls::server::TlsStream<TcpStream> {
    fn cut(self) {
        self.get_ref().0.set_zero_linger().unwrap();
    }
}

async fn serve<S>(mut stream: S, script: &Script, seen: &Mutex<Vec<String>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Cut,
{
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().push(request.clone());
        for act in script(&request) {
            match act {
                Act::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    let _ = stream.flush().await;
                }
                Act::Pieces(pieces) => {
                    for piece in pieces {
                        if stream.write_all(&piece).await.is_err() {
                            return;
                        }
                        let _ = stream.flush().await;
                        // Lets the client, which runs on the same thread, read it by itself.
                        for _ in 0..20 {
                            tokio::task::yield_now().await;
                        }
                    }
                }
                Act::Endless(bytes) => while stream.write_all(&bytes).await.is_ok() {},
                Act::Drip(bytes) => {
                    while stream.write_all(&bytes).await.is_ok() {
                        let _ = stream.flush().await;
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                Act::Hang => tokio::time::sleep(Duration::from_secs(600)).await,
                Act::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
                Act::Reset => return stream.cut(),
            }
        }
    }
}

/// A request's head, and its body after it.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
        }
    }
}

/// A whole answer: `answer("200 OK", "", b"hello")`; the headers end with a line break each.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Act {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    Act::Send([head.as_bytes(), body].concat())
}

/// The head of an answer that has no length.
pub(crate) fn head(status: &str, headers: &str) -> Act {
    Act::Send(format!("HTTP/1.1 {status}\r\n{headers}\r\n").into_bytes())
}
