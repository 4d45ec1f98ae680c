//! Name look-up against a name server that answers as it is told.

use crate::name_server::{NameServer, Reply};
use crate::support::{BEGUN_AT, assert_failing, assert_passing, monitor, observer};
use flyball_model::{Blind, Cause, Finding, Reading};
use std::net::{IpAddr, Ipv4Addr};
use tokio::net::TcpListener;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

async fn look_up(of_ipv4: Reply, of_ipv6: Reply) -> Reading {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = NameServer::start(of_ipv4, of_ipv6).await;
    let observer = observer().with_name_servers(vec![server.address]);
    let settings = format!(r#"{{ address = "shop.example.com:{port}", timeout = "500ms" }}"#);
    observer.observe(&monitor("tcp", &settings), BEGUN_AT).await
}

#[tokio::test]
async fn a_name_is_looked_up_and_connected_to() {
    assert_passing(&look_up(Reply::of([LOOPBACK]), Reply::of([])).await);
}

#[tokio::test]
async fn a_silence_about_ipv6_does_not_hold_ipv4_up() {
    assert_passing(&look_up(Reply::of([LOOPBACK]), Reply::Silence).await);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_failing() {
    let none = look_up(Reply::Code(3), Reply::Code(3)).await;
    assert_failing(&none, Cause::Name, "there is no name shop.example.com");
    let empty = look_up(Reply::of([]), Reply::of([])).await;
    assert_failing(&empty, Cause::Name, "shop.example.com has no address");
}

#[tokio::test]
async fn a_resolver_that_fails_or_is_silent_is_unknown() {
    for (reply, part) in [
        (Reply::Code(2), "cannot look up shop.example.com"),
        (Reply::Code(5), "cannot look up shop.example.com"),
        (Reply::Silence, "the resolver did not answer within 500ms"),
    ] {
        let reading = look_up(reply.clone(), reply).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Resolver), "{}", reading.words);
        assert!(reading.words.as_str().contains(part), "{}", reading.words);
    }
}
