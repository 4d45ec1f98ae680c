//! Readings made while this process was held up: what they say of time is not believed, all else stands.

use crate::faults::{Act, Server, answer};
use crate::support::{BEGUN_AT, assert_failing, assert_passing, monitor, observer};
use flyball_model::{Blind, Cause, Finding, Reading};
use std::time::Duration;
use tokio::task::JoinSet;

/// Much longer than what counts as held up, and than the times that these monitors allow.
const STALL: Duration = Duration::from_millis(1000);

/// One reading during which the only thread is blocked: a test's runtime has no other, and polls what was spawned when
/// the check waits for the first time, which is for its connection.
async fn look_while_held_up(word: &str, settings: &str) -> Reading {
    let mut tasks = JoinSet::new();
    tasks.spawn(async { std::thread::sleep(STALL) });
    let reading = observer().observe(&monitor(word, settings), BEGUN_AT).await;
    assert!(reading.took >= STALL, "the check was over before the stall: {:?}", reading.took);
    reading
}

#[track_caller]
fn assert_overload(reading: &Reading) {
    assert_eq!(reading.finding, Finding::Unknown(Blind::Overload), "{}", reading.words);
    assert!(reading.words.as_str().starts_with("held up for "), "{}", reading.words);
}

#[tokio::test]
async fn a_quick_page_is_not_slow_because_we_were_held_up() {
    let server = Server::start(|_| vec![answer("200 OK", "", b"hello")]).await;
    let url = format!("http://{}/", server.address);
    assert_overload(&look_while_held_up("http", &format!(r#"{{ url = "{url}", slower_than = "400ms" }}"#)).await);
    // What does not depend on time is as true as ever.
    let settings = format!(r#"{{ url = "{url}", slower_than = "400ms", status = 503 }}"#);
    assert_failing(&look_while_held_up("http", &settings).await, Cause::Status, "answered 200, wanted 503");
    assert_passing(&look_while_held_up("http", &format!(r#"{{ url = "{url}", keyword = "hello" }}"#)).await);
}

#[tokio::test]
async fn a_time_out_says_nothing_when_we_were_held_up() {
    let server = Server::start(|_| vec![Act::Hang]).await;
    for timeout in ["200ms", "1500ms"] {
        // The stall outlasts the first time-out, and lies within the second.
        let settings = format!(r#"{{ url = "http://{}/", timeout = "{timeout}" }}"#, server.address);
        assert_overload(&look_while_held_up("http", &settings).await);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_port_that_does_not_answer_is_not_judged_when_we_were_held_up() {
    let port = crate::tcp::deaf_port().await;
    for timeout in ["100ms", "1500ms"] {
        let settings = format!(r#"{{ address = "{}", timeout = "{timeout}" }}"#, port.address);
        assert_overload(&look_while_held_up("tcp", &settings).await);
    }
}
