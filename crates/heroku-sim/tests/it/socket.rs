//! Over a real socket: answers that take their time, connections that are cut, pages by host.

use crate::support::{START, TOKEN, shop};
use flyball_heroku_sim::{Fault, FaultKind, ServeError, Server, World, WorldFile};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn server(fault: Option<Fault>) -> Server {
    let file = WorldFile::with_apps([shop().mechanics(|mechanics| mechanics.latency = std::time::Duration::ZERO)]);
    let file = fault.into_iter().fold(file, WorldFile::fault);
    let world = Arc::new(Mutex::new(World::new(&file, START, 1)));
    Server::bind("127.0.0.1:0".parse().unwrap(), world, Arc::new(|| START)).await.unwrap()
}

/// Everything that comes back on a connection of its own; empty when it was cut.
async fn send(server: &Server, text: String) -> String {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is a cut as well.
    let _cut = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn call(method: &str, path: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/vnd.heroku+json; version=3\r\n\
         Authorization: Bearer {TOKEN}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn quantity(server: &Server) -> u32 {
    server.world().lock().unwrap().app("shop").unwrap().quantity("web")
}

#[tokio::test]
async fn a_call_changes_the_world_and_is_answered() {
    let server = server(None).await;
    let answer = send(&server, call("PATCH", "/apps/shop/formation/web", r#"{"quantity":4}"#)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("ratelimit-remaining: 4499"), "{answer}");
    assert!(answer.contains(r#""quantity":4"#));
    assert_eq!(quantity(&server), 4);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_cut_before_the_effect_leaves_the_world_alone() {
    let server = server(Some(Fault::new(FaultKind::CutBefore))).await;
    assert_eq!(send(&server, call("PATCH", "/apps/shop/formation/web", r#"{"quantity":4}"#)).await, "");
    assert_eq!(quantity(&server), 2);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_cut_after_the_effect_leaves_the_effect() {
    let server = server(Some(Fault::new(FaultKind::CutAfter).times(1))).await;
    assert_eq!(send(&server, call("PATCH", "/apps/shop/formation/web", r#"{"quantity":4}"#)).await, "");
    assert_eq!(quantity(&server), 4);
    let looked = send(&server, call("GET", "/apps/shop/formation/web", "")).await;
    assert!(looked.contains(r#""quantity":4"#));
    server.stop().await;
}

#[tokio::test]
async fn the_page_is_served_by_host_and_by_path() {
    let server = server(None).await;
    let get = |host: &str, path: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let port = server.addr().port();
    for text in [get(&format!("shop.localhost:{port}"), "/"), get("127.0.0.1", "/_apps/shop/cart")] {
        let answer = send(&server, text).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("Welcome"), "{answer}");
    }
    assert_eq!(server.page_url("shop"), format!("{}/_apps/shop/", server.url()));
    server.stop().await;
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let server = server(None).await;
    let kept = call("GET", "/account/rate-limits", "").replace("Connection: close\r\n", "");
    let answers = send(&server, format!("{kept}{kept}{}", call("GET", "/account", ""))).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
    server.stop().await;
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_slow_answer() {
    let server = server(Some(Fault::new(FaultKind::Slow(std::time::Duration::from_secs(3600))))).await;
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(call("DELETE", "/apps/shop/dynos", "").as_bytes()).await.unwrap();
    // The call has arrived once the world knows of it.
    while server.world().lock().unwrap().effects().len() == 0 {
        tokio::task::yield_now().await;
    }
    server.stop().await;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 Accepted\r\n"), "{answer}");
}

#[tokio::test]
async fn a_drain_on_this_machine_receives_frames() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(None).await;
    let url = format!("http://logs:secret@{}/drain", listener.local_addr().unwrap());
    let add = send(&server, call("POST", "/apps/shop/log-drains", &format!(r#"{{"url":"{url}"}}"#))).await;
    assert!(add.starts_with("HTTP/1.1 201 Created\r\n"), "{add}");
    send(&server, "GET /_apps/shop/cart HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".to_owned()).await;
    // The first try is refused for the moment, so that the same frame comes once more.
    let mut frames = Vec::new();
    for answer in ["503 Service Unavailable", "204 No Content"] {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        while !text.ends_with('\n') || !text.contains("path=\"/cart\"") {
            text.push(char::from(stream.read_u8().await.unwrap()));
        }
        stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.unwrap();
        frames.push(text);
    }
    assert_eq!(frames[0], frames[1]);
    let head = frames[0].to_ascii_lowercase();
    for expected in [
        "post /drain http/1.1\r\n",
        "content-type: application/logplex-1\r\n",
        "logplex-msg-count: 1\r\n",
        "logplex-frame-id: ",
        "logplex-drain-token: d.",
        "authorization: basic bg9nczpzzwnyzxq=\r\n",
    ] {
        assert!(head.contains(expected), "no {expected} in {head}");
    }
    let id = server.world().lock().unwrap().app("shop").unwrap().drains()[0].id;
    while server.world().lock().unwrap().drained(id).unwrap().taken == 0 {
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let world = Arc::new(Mutex::new(World::new(&WorldFile::small_shop(), START, 1)));
    let refused = Server::bind("0.0.0.0:0".parse().unwrap(), world, Arc::new(|| START)).await;
    assert!(matches!(refused, Err(ServeError::NotLoopback { .. })));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = server(None).await;
    let body = "x".repeat(1024 * 1024 + 1);
    let answer = send(&server, call("POST", "/apps/shop/dynos", &body)).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{}", &answer[..answer.len().min(80)]);
    assert_eq!(server.world().lock().unwrap().effects().len(), 0);
    server.stop().await;
}
