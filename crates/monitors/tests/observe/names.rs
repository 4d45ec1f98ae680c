//! Name look-up against a name server that answers as it is told.

use crate::support::{BEGUN_AT, assert_failing, assert_passing, monitor, observer};
use flyball_model::{Blind, Cause, Finding, Reading};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

/// What the name server does.
#[derive(Clone, Copy)]
enum Answer {
    /// An IPv4 address, and that there is none of IPv6.
    Loopback,
    /// An IPv4 address, and silence about IPv6.
    LoopbackAndSilence,
    /// No records, with this response code.
    Code(u8),
    Silence,
}

/// A name server on loopback; stops when it is dropped.
struct NameServer {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl NameServer {
    async fn start(answer: Answer) -> Self {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let address = socket.local_addr().unwrap();
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut question = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut question).await {
                if let Some(reply) = reply(&question[..length], answer) {
                    let _ = socket.send_to(&reply, from).await;
                }
            }
        });
        Self { address, _task: task }
    }
}

/// RFC 1035: the header, the question as it came, and an A record if there is one.
fn reply(question: &[u8], answer: Answer) -> Option<Vec<u8>> {
    let name_end = 12 + question[12..].iter().position(|byte| *byte == 0)? + 1;
    let is_a = question[name_end..name_end + 2] == [0, 1];
    let (code, has_address) = match answer {
        Answer::Loopback => (0, is_a),
        Answer::LoopbackAndSilence if !is_a => return None,
        Answer::LoopbackAndSilence => (0, true),
        Answer::Code(code) => (code, false),
        Answer::Silence => return None,
    };
    let mut reply = question[..2].to_vec();
    reply.extend([0x81, 0x80 | code, 0, 1, 0, u8::from(has_address), 0, 0, 0, 0]);
    reply.extend(&question[12..name_end + 4]);
    if has_address {
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(Ipv4Addr::LOCALHOST.octets());
    }
    Some(reply)
}

async fn look_up(answer: Answer) -> Reading {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = NameServer::start(answer).await;
    let observer = observer().with_name_servers(vec![server.address]);
    let settings = format!(r#"{{ address = "shop.example.com:{port}", timeout = "500ms" }}"#);
    observer.observe(&monitor("tcp", &settings), BEGUN_AT).await
}

#[tokio::test]
async fn a_name_is_looked_up_and_connected_to() {
    assert_passing(&look_up(Answer::Loopback).await);
}

#[tokio::test]
async fn a_silence_about_ipv6_does_not_hold_ipv4_up() {
    assert_passing(&look_up(Answer::LoopbackAndSilence).await);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_failing() {
    assert_failing(&look_up(Answer::Code(3)).await, Cause::Name, "there is no name shop.example.com");
    assert_failing(&look_up(Answer::Code(0)).await, Cause::Name, "shop.example.com has no address");
}

#[tokio::test]
async fn a_resolver_that_fails_or_is_silent_is_unknown() {
    for (answer, part) in [
        (Answer::Code(2), "cannot look up shop.example.com"),
        (Answer::Code(5), "cannot look up shop.example.com"),
        (Answer::Silence, "the resolver did not answer within 500ms"),
    ] {
        let reading = look_up(answer).await;
        assert_eq!(reading.finding, Finding::Unknown(Blind::Resolver), "{}", reading.words);
        assert!(reading.words.as_str().contains(part), "{}", reading.words);
    }
}
