//! The real transport against servers on loopback that misbehave on purpose.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use flyball_heroku::{BaseUrl, Budget, Error, ErrorKind, Heroku, Live, LiveSettings, Retries, Sent, TimeLimits};
use flyball_model::{AppName, ProcessType, Quantity, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Long enough for loopback on a busy machine, short enough for a test.
const LIMIT: Duration = Duration::from_millis(800);

/// What the server does with a request that it has read whole.
#[derive(Clone)]
enum Does {
    /// Writes this and closes.
    Writes(Vec<u8>),
    /// Writes this and keeps the connection for the next request.
    Keeps(Vec<u8>),
    /// Writes this and resets the connection.
    Resets(Vec<u8>),
    /// Writes the first text, then the second again and again, with this wait in between.
    Drips(Vec<u8>, Vec<u8>, Duration),
}

fn writes(text: &str) -> Does {
    Does::Writes(text.as_bytes().to_vec())
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A server that does these things in turn, the last one for ever, and counts the requests that it has read.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU32>,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn that(does: impl IntoIterator<Item = Does>) -> Self {
        let does: Arc<[Does]> = does.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&requests);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&does), Arc::clone(&counted)));
            }
        });
        Self { address, requests, _tasks: tasks }
    }

    fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }

    fn client(&self) -> Live {
        client(&format!("http://{}", self.address))
    }
}

async fn serve(mut stream: TcpStream, does: Arc<[Does]>, requests: Arc<AtomicU32>) {
    while read_request(&mut stream).await.is_some() {
        let at = usize::try_from(requests.fetch_add(1, Ordering::SeqCst)).unwrap();
        match does[at.min(does.len() - 1)].clone() {
            Does::Keeps(bytes) => stream.write_all(&bytes).await.unwrap(),
            Does::Writes(bytes) => return stream.write_all(&bytes).await.unwrap(),
            Does::Resets(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                return stream.set_zero_linger().unwrap();
            }
            Does::Drips(first, then, every) => {
                stream.write_all(&first).await.unwrap();
                while stream.write_all(&then).await.is_ok() {
                    tokio::time::sleep(every).await;
                }
                return;
            }
        }
    }
}

/// Reads one request, head and body.
async fn read_request(stream: &mut TcpStream) -> Option<()> {
    let mut read = Vec::new();
    loop {
        let head = read.windows(4).position(|window| window == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if read.len() >= head + 4 + length.unwrap_or(0) {
                return Some(());
            }
        }
        let mut chunk = [0; 4_096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(bytes) => read.extend_from_slice(&chunk[..bytes]),
        }
    }
}

fn client(base: &str) -> Live {
    let settings = LiveSettings {
        base: base.parse::<BaseUrl>().unwrap(),
        token: "HRKU-pl4nted-https".parse().unwrap(),
        user_agent: "flyball/test".into(),
        budget: Budget::default(),
        limits: TimeLimits { read: LIMIT, change: LIMIT },
        retries: Retries::none(),
        clock: Arc::new(|| Timestamp::EPOCH),
        request_ids: Arc::new(|| "ours".to_owned()),
    };
    Live::new(settings).unwrap()
}

fn shop() -> AppName {
    "shop".parse().unwrap()
}

async fn read(live: &Live) -> Error {
    live.app(&shop()).await.unwrap_err()
}

async fn change(live: &Live) -> Error {
    live.set_quantity(&shop(), &ProcessType::web(), Quantity::new(2)).await.unwrap_err()
}

const APP: &str = r#"{"id":"a-1","name":"shop","maintenance":false}"#;

#[tokio::test]
async fn a_whole_answer_over_a_kept_connection_is_understood() {
    let server = Server::that([Does::Keeps(answer("200 OK", APP).into_bytes())]).await;
    let live = server.client();
    for _ in 0..3 {
        assert_eq!(live.app(&shop()).await.unwrap().value.name, shop());
    }
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_may_have_taken_effect_and_is_not_tried_again() {
    let half_a_body = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{\"type\"";
    for does in [
        writes(""),
        Does::Resets(Vec::new()),
        writes("HTTP/1.1 200 OK\r\nContent-Le"),
        writes(half_a_body),
        Does::Resets(half_a_body.into()),
        writes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{\"ty\r\n"),
        writes("SSH-2.0-OpenSSH_9.9\r\n"),
    ] {
        let server = Server::that([does]).await;
        let error = change(&server.client()).await;
        assert_eq!(error.kind(), &ErrorKind::Broken);
        assert_eq!(error.sent(), Sent::Maybe);
        assert_eq!(server.requests(), 1, "sent once");
        let error = read(&server.client()).await;
        assert_eq!(error.kind(), &ErrorKind::Broken);
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_under_the_next_change_is_not_tried_again_either() {
    let server = Server::that([Does::Keeps(answer("200 OK", APP).into_bytes()), Does::Resets(Vec::new())]).await;
    let live = server.client();
    live.app(&shop()).await.unwrap();
    assert_eq!(change(&live).await.kind(), &ErrorKind::Broken);
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_refusal_counts_even_if_its_explanation_is_cut_off() {
    let head = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 100\r\n\r\n{{\"id\":").into_bytes();
    let server = Server::that([Does::Resets(head("422 Unprocessable Entity"))]).await;
    let error = change(&server.client()).await;
    assert!(matches!(error.kind(), ErrorKind::Invalid { .. }), "{error}");
    assert_eq!(error.sent(), Sent::Refused);
    let server = Server::that([Does::Resets(head("202 Accepted"))]).await;
    server.client().restart_all(&shop()).await.expect("202 says that it was accepted");
}

#[tokio::test]
async fn an_answer_that_is_too_slow_is_given_up_at_the_deadline() {
    let every = Duration::from_millis(20);
    let silence = Does::Drips(Vec::new(), Vec::new(), every);
    let head = Does::Drips(b"HTTP/1.1 200 OK\r\n".into(), b"X-Drip: 1\r\n".into(), every);
    let body = Does::Drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".into(), b" ".into(), every);
    for does in [silence, head, body] {
        let server = Server::that([does]).await;
        let error = change(&server.client()).await;
        assert_eq!(error.kind(), &ErrorKind::TimedOut);
        assert_eq!(error.sent(), Sent::Maybe);
        assert_eq!(server.requests(), 1);
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_off_at_the_bound() {
    let megabyte = [b"100000\r\n".to_vec(), vec![b' '; 0x10_0000], b"\r\n".to_vec()].concat();
    for (status, kind) in
        [("200 OK", ErrorKind::Unreadable), ("503 Service Unavailable", ErrorKind::Server { status: 503 })]
    {
        let head = format!("HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
        let server = Server::that([Does::Drips(head, megabyte.clone(), Duration::ZERO)]).await;
        assert_eq!(read(&server.client()).await.kind(), &kind);
    }
}

#[tokio::test]
async fn an_error_page_in_html_is_survived_with_any_status() {
    for (status, kind) in [
        ("503 Service Unavailable", ErrorKind::Server { status: 503 }),
        ("502 Bad Gateway", ErrorKind::Server { status: 502 }),
        ("404 Not Found", ErrorKind::NotFound { resource: None }),
        ("401 Unauthorized", ErrorKind::Unauthorized),
        ("418 I'm a teapot", ErrorKind::Unexpected { status: 418 }),
        ("200 OK", ErrorKind::Unreadable),
    ] {
        let page = "<!DOCTYPE html><html><head><title>Application Error</title></head></html>";
        let server = Server::that([writes(&answer(status, page))]).await;
        let error = read(&server.client()).await;
        assert_eq!(error.kind(), &kind);
        assert!(!error.to_string().contains('<'), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::that([writes(&answer("200 OK", APP))]).await;
    let moved = format!("HTTP/1.1 307 Moved\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", elsewhere.address);
    let server = Server::that([writes(&moved)]).await;
    assert_eq!(read(&server.client()).await.kind(), &ErrorKind::Unexpected { status: 307 });
    assert_eq!(elsewhere.requests(), 0, "a token goes to one place only");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = change(&client(&format!("http://{address}"))).await;
    assert_eq!(error.kind(), &ErrorKind::Connect);
    assert_eq!(error.sent(), Sent::No);
    assert!(std::error::Error::source(&error).is_some(), "what the system said is kept");
}

/// A TLS server with a certificate that nobody vouches for, which counts the bytes that it is told in confidence.
async fn untrusted_tls_server(told: Arc<AtomicU32>, tasks: &mut JoinSet<()>) -> SocketAddr {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut bytes = [0; 1_024];
                let read = stream.read(&mut bytes).await.unwrap_or(0);
                told.fetch_add(u32::try_from(read).unwrap(), Ordering::SeqCst);
            }
        }
    });
    address
}

#[tokio::test]
async fn a_server_without_a_trusted_certificate_is_not_shown_the_token() {
    let (told, mut tasks) = (Arc::new(AtomicU32::new(0)), JoinSet::new());
    let address = untrusted_tls_server(Arc::clone(&told), &mut tasks).await;
    let error = change(&client(&format!("https://{address}"))).await;
    assert_eq!((error.kind(), error.sent()), (&ErrorKind::Connect, Sent::No));
    assert_eq!(told.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn without_tls_on_the_other_side_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = change(&client(&format!("https://{address}"))).await;
    assert_eq!((error.kind(), error.sent()), (&ErrorKind::Connect, Sent::No));
}
