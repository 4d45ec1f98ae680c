//! Pages behind certificates, good and bad, over both versions of HTTP.

use crate::faults::{Act, Server, answer};
use crate::hostile::assert_harmless;
use crate::support::{BEGUN_AT, assert_failing, assert_passing, evidence, monitor, observer_trusting};
use flyball_model::{Cause, Reading};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A certificate authority of our own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    /// A server's side for these names, changed as is wanted.
    pub(crate) fn acceptor(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
        alpn: &[&str],
    ) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut settings = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        settings.alpn_protocols = alpn.iter().map(|word| word.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(settings))
    }
}

async fn look(roots: RootCertStore, settings: &str) -> Reading {
    observer_trusting(roots).observe(&monitor("http", settings), BEGUN_AT).await
}

fn localhost(server: SocketAddr) -> String {
    format!(r#"{{ url = "https://localhost:{}/", keyword = "Welcome" }}"#, server.port())
}

#[tokio::test]
async fn a_page_behind_a_good_certificate_is_read() {
    let authority = Authority::new("Good");
    let acceptor = authority.acceptor(&["localhost"], |_| {}, &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let reading = look(authority.roots(), &localhost(server.address)).await;
    assert_passing(&reading);
    assert!(evidence(&reading).phases.tls_ms.is_some());
    assert!(server.request().contains(&format!("host: localhost:{}\r\n", server.address.port())));
}

#[tokio::test]
async fn a_bad_certificate_is_failing_and_the_words_say_why() {
    let authority = Authority::new("Good");
    let expired = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 2, 3);
    };
    let early = |params: &mut CertificateParams| params.not_before = date_time_ymd(2090, 1, 1);
    let authoritys_own = |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let of_clients =
        |params: &mut CertificateParams| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let cases = [
        (
            authority.acceptor(&["localhost"], authoritys_own, &[]),
            authority.roots(),
            "the certificate is an authority's own and cannot be used by a site",
        ),
        (
            authority.acceptor(&["localhost"], of_clients, &[]),
            authority.roots(),
            "the certificate is for clients, and cannot be used by a site",
        ),
        (authority.acceptor(&["localhost"], expired, &[]), authority.roots(), "the certificate expired on 2021-02-03"),
        (authority.acceptor(&["localhost"], early, &[]), authority.roots(), "not valid before 2090-01-01"),
        (
            authority.acceptor(&["other.example.com"], |_| {}, &[]),
            authority.roots(),
            "the certificate is not for localhost, but for other.example.com",
        ),
        (authority.acceptor(&["localhost"], |_| {}, &[]), Authority::new("Stranger").roots(), "nobody who is trusted"),
    ];
    for (acceptor, roots, part) in cases {
        let server = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
        assert_failing(&look(roots, &localhost(server.address)).await, Cause::Tls, part);
        assert!(server.requests.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_failing() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"Welcome")]).await;
    let acts = crate::faults::Act::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec());
    drop(server);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let crate::faults::Act::Send(bytes) = &acts else { return };
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await;
        }
    });
    let reading = look(RootCertStore::empty(), &localhost(address)).await;
    assert_failing(&reading, Cause::Tls, "did not speak TLS");
}

#[tokio::test]
async fn one_address_is_asked_for_another_hosts_page_and_certificate() {
    let authority = Authority::new("Good");
    let acceptor = authority.acceptor(&["shop.example.com"], |_| {}, &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let settings = format!(r#"{{ url = "https://{}/", host = "shop.example.com" }}"#, server.address);
    assert_passing(&look(authority.roots(), &settings).await);
    assert!(server.request().contains("host: shop.example.com\r\n"));
}

/// A server that speaks HTTP/2 and answers with the version and the authority that it was asked for.
async fn http2_server(acceptor: TlsAcceptor) -> (SocketAddr, JoinSet<()>) {
    use http_body_util::Full;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let mut serving = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            serving.spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                    let page = format!("Welcome over {:?} to {}", request.version(), request.uri());
                    Ok::<_, Infallible>(hyper::Response::new(Full::new(bytes::Bytes::from(page))))
                });
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, tasks)
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it() {
    let authority = Authority::new("Good");
    let (address, _tasks) = http2_server(authority.acceptor(&["localhost"], |_| {}, &["h2", "http/1.1"])).await;
    let url = format!("https://localhost:{}/a?b", address.port());
    let settings = format!(r#"{{ url = "{url}", regex = "over HTTP/2.0 to {}$" }}"#, url.replace('?', "[?]"));
    assert_passing(&look(authority.roots(), &settings).await);
    // And a kept connection serves again.
    let observer = observer_trusting(authority.roots());
    let monitor = monitor("http", &format!(r#"{{ url = "{url}", reuse = true }}"#));
    for nth in 0..3 {
        let reading = observer.observe(&monitor, BEGUN_AT).await;
        assert_passing(&reading);
        assert_eq!(evidence(&reading).phases.connect_ms.is_some(), nth == 0);
    }
}

#[tokio::test]
async fn the_names_in_a_certificate_are_a_strangers_words_too() {
    let authority = Authority::new("\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}");
    let names = ["\u{1b}]0;owned\u{7}.example.com", "x\u{1b}[2J.example.com", "other.example.com"];
    let acceptor = authority.acceptor(&names, |_| {}, &[]);
    let server = Server::start_tls(acceptor.clone(), |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let reading = look(authority.roots(), &localhost(server.address)).await;
    let words =
        "the certificate is not for localhost, but for ]0;owned .example.com, x [2J.example.com, other.example.com";
    assert_failing(&reading, Cause::Tls, words);
    assert_harmless(&reading);
    // One that nobody trusts, from an authority with such a name.
    let server = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let reading = look(Authority::new("Good").roots(), &localhost(server.address)).await;
    assert_failing(&reading, Cause::Tls, "the certificate is signed by nobody who is trusted");
    assert_harmless(&reading);
}

/// A frame of HTTP/2: RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn an_http_2_server_that_never_comes_to_the_point_is_bounded_too() {
    let authority = Authority::new("Good");
    let settings = frame(4, 0, 0, &[]);
    // RFC 7541: `:status: 200` from the table, and headers that are written out: `a: b`, and one of 16 KiB.
    let (ok, field) = (b"\x88".as_slice(), b"\x00\x01a\x01b".as_slice());
    let begun = frame(1, 4, 1, ok);
    let large = [b"\x00\x01a\x7f\x81\x7f".as_slice(), &vec![b'b'; 16_384 - 6 - 128]].concat();
    let closed = "before the answer was whole";
    let cases = [
        // Pings and settings for ever; an answer that never begins; one in empty pieces; one that is no answer.
        (vec![Act::Endless(frame(6, 0, 0, &[0; 8]))], Cause::TimeOut, "no answer within 300ms"),
        (vec![Act::Endless(frame(4, 0, 0, &[]))], Cause::TimeOut, "no answer within 300ms"),
        (vec![Act::Drip(frame(6, 0, 0, &[0; 8]))], Cause::TimeOut, "no answer within 300ms"),
        (vec![Act::Send(begun.clone()), Act::Drip(frame(0, 0, 1, &[]))], Cause::TimeOut, "not whole within 300ms"),
        (vec![Act::Send(frame(0, 0, 1, b"no head"))], Cause::Reset, closed),
        // A head in pieces without an end: RFC 9113, section 10.5.1.
        (vec![Act::Send(frame(1, 0, 1, ok)), Act::Endless(frame(9, 0, 1, field))], Cause::Reset, closed),
        (vec![Act::Send(frame(1, 0, 1, ok)), Act::Endless(frame(9, 0, 1, &large))], Cause::Reset, closed),
    ];
    for (acts, cause, words) in cases {
        let acceptor = authority.acceptor(&["localhost"], |_| {}, &["h2"]);
        let settings = settings.clone();
        let server = Server::start_tls(acceptor, move |_| {
            [vec![Act::Pieces(vec![settings.clone()])], acts.clone(), vec![Act::Hang]].concat()
        })
        .await;
        let url = format!(r#"{{ url = "https://localhost:{}/", timeout = "300ms" }}"#, server.address.port());
        let reading = look(authority.roots(), &url).await;
        assert_failing(&reading, cause, words);
        assert_harmless(&reading);
    }
}

#[tokio::test]
async fn a_handshake_without_an_end_is_bounded() {
    // RFC 8446, sections 4 and 5.1: a record of a handshake, with a message of 16 MiB in it; and garbage.
    let message = [b"\x16\x03\x03\x40\x00\x02\xff\xff\xff".as_slice(), &[0; 16_384 - 4]].concat();
    let record = [b"\x16\x03\x03\x40\x00".as_slice(), &[0; 16_384]].concat();
    for bytes in [[message, record.repeat(20)].concat(), vec![0x16; 1 << 16]] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                while tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.is_ok() {}
            }
        });
        let reading = look(RootCertStore::empty(), &localhost(address)).await;
        assert_failing(&reading, Cause::Tls, "what answered did not speak TLS");
        assert_harmless(&reading);
    }
}
