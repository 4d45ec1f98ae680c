//! Certificates: good ones that end sooner or later, and bad ones.

use crate::faults::{Server, answer};
use crate::proxy_server::ProxyServer;
use crate::support::{
    BEGUN_AT, assert_failing, assert_forbidden, assert_passing, monitor, observer_trusting, read, rules,
};
use crate::tls::Authority;
use flyball_model::{Cause, Evidence, Reading, Timestamp};
use rcgen::{CertificateParams, date_time_ymd};
use rustls::RootCertStore;
use tokio::net::TcpListener;

async fn look(roots: RootCertStore, port: u16, more: &str) -> Reading {
    let settings = format!(r#"{{ host = "localhost", port = {port}{more} }}"#);
    observer_trusting(roots).observe(&monitor("certificate", &settings), BEGUN_AT).await
}

/// A server with a certificate that ends on that day, and speaks no protocol that a client could offer.
async fn server(authority: &Authority, names: &[&str], year: i32, month: u8, day: u8) -> Server {
    let ends = |params: &mut CertificateParams| params.not_after = date_time_ymd(year, month, day);
    Server::start_tls(authority.acceptor(names, ends, &["imap"]), |_| vec![answer("200 OK", "", b"")]).await
}

#[tokio::test]
async fn a_certificate_is_judged_by_the_days_that_it_has_left() {
    let authority = Authority::new("Good");
    let server = server(&authority, &["localhost"], 2999, 1, 1).await;
    let port = server.address.port();
    let reading = look(authority.roots(), port, "").await;
    assert_passing(&reading);
    let days = "2999-01-01T00:00:00Z".parse::<Timestamp>().unwrap().since(BEGUN_AT).as_secs() / 86_400;
    assert_eq!(reading.words.as_str(), format!("valid until 2999-01-01, {days} days"));
    let Evidence::Tcp { address, phases } = &reading.evidence else { panic!() };
    assert!(address.is_some() && phases.tls_ms.is_some() && phases.connect_ms.is_some(), "{phases:?}");
    assert!(server.requests.lock().unwrap().is_empty(), "nothing is asked for");

    // Looked at when it has twelve days left.
    let then: Timestamp = "2998-12-20T00:00:00Z".parse().unwrap();
    for (days_left, is_enough) in [(12, true), (13, false)] {
        let settings = format!(r#"{{ host = "localhost", port = {port}, days_left = {days_left} }}"#);
        let observer = observer_trusting(authority.roots());
        let reading = observer.observe(&monitor("certificate", &settings), then).await;
        if is_enough {
            assert_passing(&reading);
        } else {
            assert_failing(&reading, Cause::Certificate, "valid until 2999-01-01, 12 days, fewer than 13");
        }
    }
}

#[tokio::test]
async fn what_no_browser_would_take_fails_as_tls() {
    let authority = Authority::new("Good");
    let elsewhere = server(&authority, &["other.example.com"], 2999, 1, 1).await;
    let reading = look(authority.roots(), elsewhere.address.port(), "").await;
    assert_failing(&reading, Cause::Tls, "the certificate is not for localhost, but for other.example.com");
    let expired = server(&authority, &["localhost"], 2021, 2, 3).await;
    let reading = look(authority.roots(), expired.address.port(), "").await;
    assert_failing(&reading, Cause::Tls, "the certificate expired on 2021-02-03");
    let good = server(&authority, &["localhost"], 2999, 1, 1).await;
    let reading = look(Authority::new("Stranger").roots(), good.address.port(), "").await;
    assert_failing(&reading, Cause::Tls, "signed by nobody who is trusted");
    let plain = Server::start(|_| vec![answer("200 OK", "", b"")]).await;
    // It waits for a request, and a handshake is none.
    let reading = look(authority.roots(), plain.address.port(), r#", timeout = "200ms""#).await;
    assert_eq!(reading.finding.cause().map(Cause::is_failure_to_reach), Some(true), "{}", reading.words);
}

#[tokio::test]
async fn a_port_where_nobody_listens_and_a_network_that_is_denied_are_told_as_for_a_port() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert_failing(&look(RootCertStore::empty(), port, "").await, Cause::Refused, "connection refused");
    let observer = observer_trusting(RootCertStore::empty());
    observer.permit(rules(&["loopback"], &[]));
    let settings = format!(r#"{{ host = "127.0.0.1", port = {port} }}"#);
    let reading = observer.observe(&monitor("certificate", &settings), BEGUN_AT).await;
    assert_forbidden(&reading, "127.0.0.1 is in a network that checks may not reach (loopback)");
}

#[tokio::test]
async fn a_host_behind_a_proxy_is_looked_at_through_a_tunnel() {
    let authority = Authority::new("Good");
    let server = server(&authority, &["shop.example.com"], 2999, 1, 1).await;
    let proxy = ProxyServer::to(server.address).await;
    let settings = format!(r#"{{ host = "shop.example.com", proxy = "http://{}" }}"#, proxy.address);
    let observer = observer_trusting(authority.roots());
    assert_passing(&observer.observe(&monitor("certificate", &settings), BEGUN_AT).await);
    assert_eq!(proxy.asked(), ["CONNECT shop.example.com:443 HTTP/1.1"]);
}

#[test]
fn the_settings_are_checked() {
    for (settings, part) in [
        ("{ }", "`host` is missing"),
        (r#"{ host = "shop.example.com:8443" }"#, "a port in it"),
        (r#"{ host = "https://shop.example.com/" }"#, "no host's name"),
        (r#"{ host = "a.example", port = 0 }"#, "`port`: out of bounds"),
        (r#"{ host = "a.example", port = 70000 }"#, "`port`: out of bounds"),
        (r#"{ host = "a.example", days_left = 0 }"#, "`days_left`: out of bounds"),
        (r#"{ host = "a.example", timeout = "1h" }"#, "`timeout`: out of bounds"),
        (r#"{ host = "a.example", days = 3 }"#, "unknown key `days`"),
    ] {
        let mistakes = read("certificate", settings).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{settings}: {mistakes:?}");
        assert!(mistakes[0].message.contains(part), "{settings}: {}", mistakes[0].message);
    }
    let watched = |settings: &str| read("certificate", settings).unwrap().watched();
    let base = watched(r#"{ host = "a.example" }"#);
    assert_eq!(watched(r#"{ host = "a.example", port = 443, timeout = "3s", proxy = "none" }"#), base);
    assert_ne!(watched(r#"{ host = "a.example", port = 8443 }"#), base);
    assert_ne!(watched(r#"{ host = "a.example", days_left = 7 }"#), base);
}
