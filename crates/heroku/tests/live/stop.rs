//! An account whose token Heroku refused: nothing is sent but a slow probe.

use crate::support::{Script, lost, reply};
use crate::{APP, shop};
use flyball_heroku::{ErrorKind, Heroku, Live, Sent, TransportError};
use std::time::Duration;

const REFUSED: &str = r#"{"id":"unauthorized","message":"Invalid credentials provided."}"#;

/// A call each three seconds for five minutes, by turns of every kind of caller; how many were told that the token
/// is refused, by Heroku or without asking.
async fn a_hundred_calls(script: &Script, live: &Live) -> usize {
    let mut refused = 0;
    for turn in 0..100 {
        script.pass(Duration::from_secs(3));
        let failed = match turn % 4 {
            0 => live.for_monitors().dynos(&shop()).await.err(),
            1 => live.for_effects().app(&shop()).await.err(),
            2 => live.clone().rate_limit().await.err(),
            _ => live.restart_all(&shop()).await.err(),
        };
        refused += usize::from(failed.is_some_and(|error| error.is_unauthorized()));
    }
    refused
}

#[tokio::test]
async fn after_a_401_a_hundred_calls_send_one_more_in_five_minutes_and_all_go_once_it_is_taken() {
    let script = Script::of([reply(401, REFUSED), reply(401, REFUSED)]);
    let live = script.client();
    assert_eq!(live.app(&shop()).await.unwrap_err().sent(), Sent::Refused);
    assert_eq!(a_hundred_calls(&script, &live).await, 100);
    assert_eq!(script.lines().len(), 2, "the call that was refused, and one probe");
    assert_eq!(live.stats().total(), 2);

    script.add(reply(200, APP));
    script.pass(Duration::from_secs(299));
    live.app(&shop()).await.unwrap_err();
    script.pass(Duration::from_secs(1));
    live.app(&shop()).await.expect("the probe was taken");
    for _ in 0..100 {
        script.add(reply(200, APP));
        live.for_monitors().app(&shop()).await.unwrap();
    }
    assert_eq!(script.lines().len(), 103);
}

#[tokio::test]
async fn a_call_that_is_not_sent_says_so_and_costs_no_token() {
    let script = Script::of([reply(401, REFUSED)]);
    script.pass(Duration::from_secs(3_600));
    let live = script.client();
    live.app(&shop()).await.unwrap_err();
    script.pass(Duration::from_secs(20));
    let left = live.budget().left(flyball_model::Timestamp::EPOCH);
    let error = live.restart_all(&shop()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "restart all dynos of `shop`: not sent: Heroku refused the token and is asked again at 1970-01-01T01:05:00Z"
    );
    assert!(matches!(error.kind(), ErrorKind::Stopped { .. }) && error.is_unauthorized());
    assert_eq!((error.sent(), error.status()), (Sent::No, None));
    assert!(error.hint().unwrap().starts_with("the token is wrong or expired"));
    assert_eq!(live.budget().left(flyball_model::Timestamp::EPOCH), left);
}

#[tokio::test]
async fn only_an_answer_that_took_the_token_ends_the_stop() {
    let cases = [
        (reply(304, ""), false),
        (reply(503, "<html>"), false),
        (lost(TransportError::MaybeSent(None)), false),
        (lost(TransportError::NotSent(None)), false),
        (reply(401, ""), false),
        (reply(200, APP), true),
        // Heroku's own word about an app, to somebody whom it knows.
        (reply(404, r#"{"id":"not_found","resource":"app"}"#), true),
        (reply(403, r#"{"id":"forbidden"}"#), true),
        (reply(429, r#"{"id":"rate_limit"}"#), true),
    ];
    for (probe, ends) in cases {
        let script = Script::of([reply(401, REFUSED), probe, reply(200, r#"{"remaining":7}"#)]);
        let live = script.client();
        live.app(&shop()).await.unwrap_err();
        script.pass(Duration::from_secs(300));
        let probed = live.app(&shop()).await;
        assert_eq!(live.rate_limit().await.is_ok(), ends, "after {probed:?}");
    }
}

#[tokio::test]
async fn another_client_of_the_account_begins_afresh() {
    let script = Script::of([reply(401, REFUSED), reply(200, APP)]);
    script.client().app(&shop()).await.unwrap_err();
    script.client().app(&shop()).await.expect("it has another token");
}

#[tokio::test]
async fn asking_for_the_limit_may_be_the_probe() {
    let script = Script::of([reply(401, REFUSED), reply(200, r#"{"remaining":7}"#), reply(200, APP)]);
    let live = script.client();
    live.rate_limit().await.unwrap_err();
    live.app(&shop()).await.unwrap_err();
    script.pass(Duration::from_secs(300));
    live.rate_limit().await.unwrap();
    live.app(&shop()).await.unwrap();
}
