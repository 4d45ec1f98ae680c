//! What is sent again, and what never is.

use crate::support::{Reply, Script, head_only, lost, reply};
use crate::{APP, dyno, every_change, shop};
use flyball_heroku::{Body, Error, ErrorKind, Heroku, TransportError};
use flyball_model::{ReleaseVersion, Timestamp};
use std::time::Duration;

fn trouble() -> Reply {
    reply(503, "<html>Application Error</html>")
}

fn timed_out() -> Reply {
    lost(TransportError::TimedOut { after: Duration::from_secs(10) }).taking(Duration::from_secs(10))
}

#[tokio::test]
async fn a_read_around_an_effect_survives_two_troubles_and_each_attempt_costs_a_token() {
    let script = Script::of([trouble(), lost(TransportError::MaybeSent(None)), reply(200, APP)]);
    let live = script.patient_client();
    live.app(&shop()).await.unwrap();
    assert_eq!(script.waits(), [125, 500]);
    assert_eq!((live.stats().of("app"), live.stats().failed), (3, 2));
    assert_eq!(live.budget().left(Timestamp::EPOCH), 4_497);
}

#[tokio::test]
async fn the_third_trouble_is_told() {
    let script = Script::of([trouble(), trouble(), reply(502, "")]);
    let error = script.patient_client().app(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Server { status: 502 });
    assert_eq!(script.lines().len(), 3);
}

#[tokio::test]
async fn every_trouble_that_may_pass_is_outlasted_also_one_in_the_middle_of_a_body() {
    let troubles: [fn() -> Reply; 7] = [
        || reply(500, ""),
        || reply(408, ""),
        || lost(TransportError::NotSent(None)),
        || lost(TransportError::MaybeSent(None)),
        timed_out,
        || head_only(200, Body::Broken(TransportError::MaybeSent(None))),
        || head_only(200, Body::TimedOut),
    ];
    for trouble in troubles {
        let script = Script::of([trouble(), reply(200, APP)]);
        script.patient_client().app(&shop()).await.unwrap();
        assert_eq!(script.lines().len(), 2);
    }
}

#[tokio::test]
async fn what_cannot_change_is_asked_once() {
    for status in [302, 400, 401, 402, 403, 404, 409, 410, 422, 429] {
        let script = Script::of([reply(status, "{}")]);
        script.patient_client().app(&shop()).await.unwrap_err();
        assert_eq!((script.lines().len(), script.waits().len()), (1, 0), "{status}");
    }
    for unreadable in [reply(200, "<html>"), head_only(200, Body::TooLong)] {
        let script = Script::of([unreadable]);
        script.patient_client().app(&shop()).await.unwrap_err();
        assert_eq!(script.lines().len(), 1);
    }
}

#[tokio::test]
async fn a_change_is_sent_once_whatever_happens_to_it() {
    let troubles: [fn() -> Reply; 5] = [
        trouble,
        || lost(TransportError::NotSent(None)),
        || lost(TransportError::MaybeSent(None)),
        timed_out,
        || reply(409, ""),
    ];
    for trouble in troubles {
        let script = Script::of((0..7).map(|_| trouble()));
        let failed: Vec<Error> = every_change(&script.patient_client()).await;
        assert_eq!((failed.len(), script.lines().len(), script.waits().len()), (7, 7, 0), "{failed:?}");
    }
}

#[tokio::test]
async fn a_monitor_asks_once_because_it_comes_back_by_itself() {
    let script = Script::of([trouble(), lost(TransportError::NotSent(None)), timed_out()]);
    let monitors = script.patient_client().for_monitors();
    for _ in 0..3 {
        monitors.dynos(&shop()).await.unwrap_err();
    }
    assert_eq!((script.lines().len(), script.waits().len()), (3, 0));
}

#[tokio::test]
async fn a_read_takes_no_longer_in_all_than_its_total() {
    let rest = Duration::from_millis(1_875);
    let script = Script::of([timed_out(), lost(TransportError::TimedOut { after: rest }).taking(rest)]);
    let error = script.patient_client().app(&shop()).await.unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::TimedOut);
    let deadlines: Vec<_> = script.seen().iter().map(|seen| seen.deadline.as_millis()).collect();
    // Ten seconds, an eighth of one as a wait, and what is left of twelve.
    assert_eq!(deadlines, [10_000, rest.as_millis()]);
    let script = Script::of([timed_out(), trouble().taking(Duration::from_millis(1_200))]);
    script.patient_client().app(&shop()).await.unwrap_err();
    assert_eq!(script.lines().len(), 2, "what is left is too little for a third");
}

#[tokio::test]
async fn the_pages_of_one_read_share_its_repeats_and_its_time() {
    let first = || reply(206, &format!("[{}]", dyno("web.1"))).with("next-range", "id ]id-web.1..; max=1000");
    let script = Script::of([trouble(), first(), trouble(), trouble()]);
    script.patient_client().dynos(&shop()).await.unwrap_err();
    assert_eq!(script.lines().len(), 4, "two repeats for both pages together");
    let script = Script::of([first(), trouble(), reply(200, &format!("[{}]", dyno("web.2")))]);
    assert_eq!(script.patient_client().dynos(&shop()).await.unwrap().value.len(), 2, "only the page that failed");

    let script = Script::of([first().taking(Duration::from_secs(9)), first().taking(Duration::from_secs(3))]);
    let error = script.client().for_monitors().dynos(&shop()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "read the dynos of `shop`: no answer in time: all of its pages together took too long"
    );
    assert_eq!(script.seen()[1].deadline, Duration::from_secs(3));

    let script = Script::of([trouble(), reply(200, "[]"), trouble(), trouble()]);
    script.patient_client().releases(&shop(), Some(ReleaseVersion::new(5))).await.unwrap_err();
    assert_eq!(script.lines().len(), 4, "both ways to ask for older releases are one read");
}

#[tokio::test]
async fn a_repeat_that_the_budget_or_a_refused_token_forbids_is_not_sent() {
    let script = Script::of([trouble().with("ratelimit-remaining", "0")]);
    let error = script.patient_client().app(&shop()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OverBudget { .. }), "{error}");
    assert_eq!(script.lines().len(), 1);

    // The one probe of a stopped account is one call, not three.
    let script = Script::of([reply(401, ""), trouble()]);
    let live = script.patient_client();
    live.app(&shop()).await.unwrap_err();
    script.pass(Duration::from_secs(300));
    let error = live.app(&shop()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Stopped { .. }), "{error}");
    assert_eq!(script.lines().len(), 2);
}

#[tokio::test]
async fn a_429_pauses_its_account_and_no_other() {
    let (ours, theirs) = (Script::of([reply(429, r#"{"id":"rate_limit"}"#)]), Script::of([]));
    let (one, other) = (ours.patient_client(), theirs.patient_client());
    assert_eq!(one.app(&shop()).await.unwrap_err().kind(), &ErrorKind::RateLimited);
    for _ in 0..20 {
        theirs.add(reply(200, APP));
        other.for_monitors().app(&shop()).await.unwrap();
        let paused = one.for_effects().app(&shop()).await.unwrap_err();
        assert!(matches!(paused.kind(), ErrorKind::OverBudget { .. }), "{paused}");
    }
    assert_eq!((ours.lines().len(), theirs.lines().len()), (1, 20));
    assert_eq!((one.stats().over_budget, other.stats().over_budget), (20, 0));
}
