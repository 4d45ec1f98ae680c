//! Pages behind a proxy: which way is taken, and whose failure is whose.

use crate::faults::{Act, Server, answer};
use crate::proxy_server::ProxyServer;
use crate::support::{
    self, BEGUN_AT, assert_failing, assert_forbidden, assert_passing, evidence, monitor, observer, observer_trusting,
    rules,
};
use crate::tls::Authority;
use flyball_model::{Blind, Cause, Finding, Reading};
use flyball_monitors::{Observer, Proxy, ProxyEnvironment, Trust};
use rustls::RootCertStore;
use secrecy::SecretString;
use std::sync::Arc;
use tokio::net::TcpListener;

/// An environment with these variables.
fn environment(variables: &[(&str, &str)]) -> ProxyEnvironment {
    ProxyEnvironment::of(|name| {
        let value = variables.iter().find(|(known, _)| *known == name);
        value.map(|(_, value)| SecretString::from(*value))
    })
}

/// An observer in an environment where everything goes through this proxy.
fn behind(proxy: &ProxyServer) -> Observer {
    observer().with_proxies(environment(&[("ALL_PROXY", &format!("http://{}", proxy.address))]))
}

/// The setting that names this proxy.
fn setting(proxy: &ProxyServer) -> Proxy {
    let settings = format!(r#"{{ url = "http://a.example/", proxy = "http://{}" }}"#, proxy.address);
    support::http(&settings).proxy.unwrap()
}

async fn look(observer: &Observer, settings: &str) -> Reading {
    observer.observe(&monitor("http", settings), BEGUN_AT).await
}

async fn welcome() -> Server {
    Server::start(|_| vec![answer("200 OK", "", b"Welcome")]).await
}

const PLAIN: &str = r#"{ url = "http://shop.example.com/a?b=c", keyword = "Welcome" }"#;
const SECURE: &str = r#"{ url = "https://shop.example.com/", keyword = "Welcome", timeout = "5s" }"#;

/// Expects that nothing was seen because of the proxy, in words that have these parts.
#[track_caller]
fn assert_proxy(reading: &Reading, parts: &[&str]) {
    assert_eq!(reading.finding, Finding::Unknown(Blind::Network), "{}", reading.words);
    for part in parts {
        assert!(reading.words.as_str().contains(part), "{part}: {}", reading.words);
    }
}

#[tokio::test]
async fn an_http_page_is_asked_of_the_proxy_with_its_whole_url() {
    let server = welcome().await;
    let proxy = ProxyServer::to(server.address).await;
    let reading = look(&behind(&proxy), PLAIN).await;
    assert_passing(&reading);
    assert_eq!(proxy.asked(), ["GET http://shop.example.com/a?b=c HTTP/1.1"]);
    assert!(proxy.heads()[0].to_lowercase().contains("\r\nhost: shop.example.com\r\n"), "{:?}", proxy.heads());
    let seen = evidence(&reading);
    assert_eq!((seen.proxy.clone(), seen.address.clone()), (Some(proxy.address.to_string()), None));
    assert!(seen.phases.name_ms.is_some() && seen.phases.connect_ms.is_some());
}

#[tokio::test]
async fn an_https_page_is_read_in_a_tunnel_in_which_the_proxy_reads_nothing() {
    let authority = Authority::new("Good");
    let acceptor = authority.acceptor(&["shop.example.com"], |_| {}, &["http/1.1"]);
    let server = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let proxy = ProxyServer::to(server.address).await;
    let url = format!("http://{}", proxy.address);
    let observer = observer_trusting(authority.roots()).with_proxies(environment(&[("HTTPS_PROXY", &url)]));
    let reading = look(&observer, SECURE).await;
    assert_passing(&reading);
    assert_eq!(proxy.asked(), ["CONNECT shop.example.com:443 HTTP/1.1"]);
    assert_eq!(evidence(&reading).proxy, Some(proxy.address.to_string()));
    assert!(server.request().starts_with("GET / HTTP/1.1\r\n") && evidence(&reading).phases.tls_ms.is_some());
}

#[tokio::test]
async fn a_no_proxy_that_covers_the_host_and_proxy_none_mean_directly() {
    let server = welcome().await;
    let proxy = ProxyServer::saying("HTTP/1.1 500 no\r\ncontent-length: 0\r\n\r\n").await;
    let url = format!("http://{}", proxy.address);
    let page = format!(r#"{{ url = "http://{}/" }}"#, server.address);
    let covered = observer().with_proxies(environment(&[("HTTP_PROXY", &url), ("NO_PROXY", "127.0.0.0/8")]));
    let reading = look(&covered, &page).await;
    assert_passing(&reading);
    assert_eq!(
        (evidence(&reading).proxy.clone(), evidence(&reading).address.clone()),
        (None, Some(server.address.to_string()))
    );
    let direct = format!(r#"{{ url = "http://{}/", proxy = "none" }}"#, server.address);
    assert_passing(&look(&behind(&proxy), &direct).await);
    assert_eq!(proxy.asked(), [""; 0]);
}

#[tokio::test]
async fn a_monitor_s_proxy_is_stronger_than_the_network_s_which_is_stronger_than_the_environment_s() {
    let server = welcome().await;
    let (one, two, three) = (
        ProxyServer::to(server.address).await,
        ProxyServer::to(server.address).await,
        ProxyServer::to(server.address).await,
    );
    let observer = behind(&one);
    observer.go_by(setting(&two));
    assert_passing(&look(&observer, PLAIN).await);
    let own = format!(r#"{{ url = "http://shop.example.com/", proxy = "http://{}" }}"#, three.address);
    assert_passing(&look(&observer, &own).await);
    assert_passing(&look(&observer, r#"{ url = "http://shop.example.com/", proxy = "environment" }"#).await);
    assert_eq!([one.asked().len(), two.asked().len(), three.asked().len()], [1, 1, 1]);
}

#[tokio::test]
async fn a_password_reaches_the_proxy_and_nothing_else() {
    // base64 of "ops:hunter2".
    const HEADER: &str = "proxy-authorization: Basic b3BzOmh1bnRlcjI=";
    let authority = Authority::new("Good");
    let acceptor = authority.acceptor(&["shop.example.com"], |_| {}, &["http/1.1"]);
    let secure = Server::start_tls(acceptor, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let plain = welcome().await;
    for (server, settings) in [(&plain, PLAIN), (&secure, SECURE)] {
        let proxy = ProxyServer::for_whoever_has(HEADER, server.address).await;
        let url = format!("http://ops:hunter2@{}", proxy.address);
        let secrets = move |name: &str| (name == "PROXY_URL").then(|| SecretString::from(url.clone()));
        let observer = Observer::new(Arc::new(secrets), Arc::new(|_| None), Trust::Only(authority.roots()));
        let with = settings.replacen("{ ", r#"{ proxy = { env = "PROXY_URL" }, "#, 1);
        let reading = look(&observer, &with).await;
        assert_passing(&reading);
        assert!(!server.request().contains("b3Bz"), "{}", server.request());
        let told = format!("{reading:?} {observer:?} {:?}", monitor("http", &with));
        assert!(!told.contains("hunter2") && !told.contains("b3Bz"), "{told}");
        // Without one, the proxy is told to want it; with a wrong one, not to take it.
        let without = observer_trusting(RootCertStore::empty());
        without.go_by(setting(&proxy));
        let words = [format!("the proxy {} asks for a password (407)", proxy.address)];
        assert_proxy(&look(&without, settings).await, &[&words[0], "{ env = \"NAME\" }"]);
        let wrong = format!("http://ops:hunter3@{}", proxy.address);
        let wrong = support::observer().with_proxies(environment(&[("ALL_PROXY", &wrong)]));
        let reading = look(&wrong, settings).await;
        assert_proxy(&reading, &["does not take the user and password"]);
        assert!(!format!("{reading:?}").contains("hunter3"));
    }
}

#[tokio::test]
async fn what_the_proxy_says_is_unknown_and_names_it() {
    for (answer, part) in [
        (
            "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n",
            "opened no way to shop.example.com:443, it answered 502",
        ),
        ("HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n", "it answered 503"),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope", "does not let us to shop.example.com:443 (403)"),
        ("HTTP/1.1 302 Found\r\nlocation: http://login.example/\r\n\r\n", "it answered 302"),
        ("SSH-2.0-OpenSSH_9.2\r\n", "did not speak HTTP"),
        ("", "before the answer was whole"),
        ("HTTP/1.1 200 OK\r\n\r\nhello", "sent more than its answer"),
    ] {
        let proxy = ProxyServer::saying(answer).await;
        let reading = look(&behind(&proxy), SECURE).await;
        assert_proxy(&reading, &[&format!("the proxy {}", proxy.address), part]);
        assert_eq!(evidence(&reading).proxy, Some(proxy.address.to_string()));
    }
    let proxy = ProxyServer::saying("").await;
    assert_proxy(&look(&behind(&proxy), PLAIN).await, &["cannot use the proxy", "before the answer was whole"]);
}

#[tokio::test]
async fn a_proxy_that_cannot_be_reached_or_says_nothing_is_unknown() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let observer = observer().with_proxies(environment(&[("ALL_PROXY", &format!("http://{closed}"))]));
    for settings in [PLAIN, SECURE] {
        let words = format!("cannot use the proxy {closed}, is it right and up? connection refused by {closed}");
        assert_proxy(&look(&observer, settings).await, &[&words]);
    }
    let silent = Server::start(|_| vec![Act::Hang]).await;
    let observer =
        support::observer().with_proxies(environment(&[("ALL_PROXY", &format!("http://{}", silent.address))]));
    let quick = SECURE.replace("5s", "200ms");
    let words = format!("the proxy {} opened no way to shop.example.com:443 within 200ms", silent.address);
    assert_proxy(&look(&observer, &quick).await, &[&words]);
}

#[tokio::test]
async fn what_fails_in_an_open_tunnel_is_the_page_s_own() {
    let authority = Authority::new("Good");
    let other = authority.acceptor(&["other.example.com"], |_| {}, &["http/1.1"]);
    let other = Server::start_tls(other, |_| vec![answer("200 OK", "", b"Welcome")]).await;
    let proxy = ProxyServer::to(other.address).await;
    let observer = observer_trusting(authority.roots())
        .with_proxies(environment(&[("HTTPS_PROXY", &format!("http://{}", proxy.address))]));
    assert_failing(&look(&observer, SECURE).await, Cause::Tls, "not for shop.example.com, but for other.example.com");
    let acceptor = authority.acceptor(&["shop.example.com"], |_| {}, &["http/1.1"]);
    let broken = Server::start_tls(acceptor, |_| vec![Act::Close]).await;
    let proxy = ProxyServer::to(broken.address).await;
    let observer = observer_trusting(authority.roots())
        .with_proxies(environment(&[("HTTPS_PROXY", &format!("http://{}", proxy.address))]));
    let words = format!("closed by shop.example.com:443 through the proxy {}", proxy.address);
    assert_failing(&look(&observer, SECURE).await, Cause::Reset, &words);
    // A page that is down and is told so by whoever answers for it is down, through a proxy as well.
    let down = Server::start(|_| vec![answer("503 Down", "", b"")]).await;
    let proxy = ProxyServer::to(down.address).await;
    assert_failing(&look(&behind(&proxy), PLAIN).await, Cause::Status, "answered 503");
}

#[tokio::test]
async fn what_may_be_reached_is_judged_on_what_is_asked_for_and_not_on_the_proxy() {
    let server = welcome().await;
    let proxy = ProxyServer::to(server.address).await;
    let observer = behind(&proxy);
    observer.permit(rules(&["loopback", "private"], &[]));
    // The proxy is on loopback, and the operator named it.
    assert_passing(&look(&observer, PLAIN).await);
    let words =
        |address: &str, network: &str| format!("{address} is in a network that checks may not reach ({network})");
    for (url, told) in [
        ("http://127.0.0.1:8080/", words("127.0.0.1", "loopback")),
        ("https://10.1.2.3/", words("10.1.2.3", "private")),
        ("http://localhost/", words("127.0.0.1", "loopback")),
        ("http://169.254.169.254/latest/", words("169.254.169.254", "link-local")),
        ("http://metadata.google.internal/", words("169.254.169.254", "link-local")),
    ] {
        assert_forbidden(&look(&observer, &format!(r#"{{ url = "{url}" }}"#)).await, &told);
    }
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn a_redirect_chooses_its_way_anew_and_is_judged_anew() {
    let inside = welcome().await;
    let location = format!("location: http://{}/in\r\nset-cookie: a=b; Domain=example.com\r\n", inside.address);
    let outside = Server::start(move |_| vec![answer("302 Found", &location, b"")]).await;
    let proxy = ProxyServer::to(outside.address).await;
    let url = format!("http://{}", proxy.address);
    let observer = observer().with_proxies(environment(&[("HTTP_PROXY", &url), ("NO_PROXY", "127.0.0.1")]));
    let settings = r#"{ url = "http://shop.example.com/", headers = { authorization = "Bearer x" } }"#;
    let reading = look(&observer, settings).await;
    assert_passing(&reading);
    assert_eq!(evidence(&reading).proxy, None, "the last hop was direct");
    let request = inside.request().to_lowercase();
    assert!(request.starts_with("get /in http/1.1\r\n"), "{request}");
    assert!(!request.contains("authorization") && !request.contains("cookie"), "{request}");

    let outside =
        Server::start(|_| vec![answer("302 Found", "location: http://169.254.169.254/latest/\r\n", b"")]).await;
    let proxy = ProxyServer::to(outside.address).await;
    let words = "169.254.169.254 is in a network that checks may not reach (link-local), and a redirect led there";
    assert_forbidden(&look(&behind(&proxy), settings).await, words);
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn another_host_s_page_at_an_address_needs_a_tunnel_also_without_tls() {
    let server = welcome().await;
    let proxy = ProxyServer::to(server.address).await;
    let settings = r#"{ url = "http://203.0.113.7:8080/", host = "shop.example.com" }"#;
    assert_passing(&look(&behind(&proxy), settings).await);
    assert_eq!(proxy.asked(), ["CONNECT 203.0.113.7:8080 HTTP/1.1"]);
    assert!(server.request().to_lowercase().contains("\r\nhost: shop.example.com\r\n"));
}

#[tokio::test]
async fn a_kept_connection_is_not_used_for_another_way() {
    let server = welcome().await;
    let (one, two) = (ProxyServer::to(server.address).await, ProxyServer::to(server.address).await);
    let observer = observer();
    let monitor = monitor("http", r#"{ url = "http://shop.example.com/", reuse = true }"#);
    observer.go_by(setting(&one));
    assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    observer.go_by(setting(&two));
    assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    assert_passing(&observer.observe(&monitor, BEGUN_AT).await);
    assert_eq!([one.asked().len(), two.asked().len()], [1, 1]);
}
