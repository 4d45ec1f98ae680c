//! Who may call, and when: the account's budget as the client keeps it.

use crate::support::{Script, lost, reply};
use crate::{APP, shop};
use flyball_heroku::{BucketSize, Budget, ErrorKind, Heroku, Sent, TransportError};
use std::time::Duration;

#[tokio::test]
async fn monitors_stop_at_the_reserve_and_an_effect_still_goes_out() {
    // A bucket of 30 with 50 callers: Heroku's count goes down with each call and nothing comes back.
    let script = Script::of([]);
    let live = script.client_with(Budget::new(BucketSize { capacity: 30, refill_a_minute: 75 }));
    let monitors = live.for_monitors();
    let (mut remaining, mut refused) = (30, 0);
    for _ in 0..50 {
        script.add(reply(200, APP).with("ratelimit-remaining", (remaining - 1).to_string()));
        match monitors.app(&shop()).await {
            Ok(_) => remaining -= 1,
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::OverBudget { .. }), "{error}");
                assert_eq!((error.sent(), error.request_id()), (Sent::No, None));
                refused += 1;
            }
        }
    }
    assert_eq!((remaining, refused), (12, 32));
    assert_eq!(live.stats().over_budget, 32);
    script.add(reply(202, "{}"));
    live.restart_all(&shop()).await.expect("the reserve is for this");
}

#[tokio::test]
async fn a_429_pauses_the_account_without_another_call() {
    let script = Script::of([reply(429, r#"{"id":"rate_limit","message":"Your account reached the API rate limit"}"#)]);
    let live = script.client();
    let error = live.app(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::RateLimited);
    for caller in [live.for_monitors(), live.for_effects()] {
        let error = caller.app(&shop()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::OverBudget { wait: Duration::from_secs(5) });
    }
    assert_eq!(script.lines().len(), 1);
    script.pass(Duration::from_secs(5));
    assert!(live.for_monitors().app(&shop()).await.is_err(), "monitors wait until the reserve is back");
    assert_eq!(script.lines().len(), 1);
    script.add(reply(202, "{}"));
    live.restart_all(&shop()).await.unwrap();
}

#[tokio::test]
async fn a_call_that_never_left_costs_no_token_and_asking_for_the_limit_costs_none() {
    let script = Script::of([lost(TransportError::NotSent(None)), reply(200, r#"{"remaining":7}"#), reply(500, "")]);
    let live = script.client();
    let left = || live.budget().left(flyball_model::Timestamp::EPOCH);
    live.app(&shop()).await.unwrap_err();
    assert_eq!(left(), 4_500);
    live.rate_limit().await.unwrap();
    assert_eq!(left(), 7, "Heroku's own word");
    live.app(&shop()).await.unwrap_err();
    assert_eq!(left(), 6);
}

#[tokio::test]
async fn calls_that_were_given_up_cost_a_token_each_and_block_nobody() {
    let script = Script::of([]);
    let live = script.client();
    script.stall();
    for _ in 0..20 {
        let monitors = live.for_monitors();
        let given_up = tokio::time::timeout(Duration::ZERO, monitors.app(&shop())).await;
        assert!(given_up.is_err(), "nobody answers");
    }
    assert_eq!(script.lines().len(), 20, "none waited for those before it");
    assert_eq!(live.budget().left(flyball_model::Timestamp::EPOCH), 4_480);
}

#[tokio::test]
async fn monitors_queue_until_heroku_has_said_how_many_calls_are_left() {
    let script = Script::of((0..50).map(|_| reply(200, APP).with("ratelimit-remaining", "4000")));
    let live = script.client();
    script.stall();
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let monitors = live.for_monitors();
        looks.spawn(async move { monitors.app(&shop()).await.is_ok() });
    }
    while script.lines().len() < 8 {
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(script.lines().len(), 8, "the others wait");
    script.pass(Duration::from_secs(4));
    script.go_on();
    assert!(looks.join_all().await.into_iter().all(|looked| looked), "and then all look");
    let deadlines: Vec<u64> = script.seen().iter().map(|seen| seen.deadline.as_secs()).collect();
    assert_eq!(deadlines[..8], [10; 8]);
    assert!(deadlines[8..].iter().all(|seconds| *seconds == 6), "what was waited is a part of what a call may take");
}
