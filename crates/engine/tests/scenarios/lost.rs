//! Once means once: what becomes of a call whose answer was lost.

use crate::support::{Cut, Day, Scenario, Spoilt, lock, mins, one, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, DeploySpec, Fault, FaultKind};
use flyball_model::{Look, Outcome};
use std::time::Duration;

const KINDS: [(&str, &str, &str); 5] = [
    (r#"scale_out = { app = "shop", max_quantity = 2 }"#, "PATCH /apps/shop/formation", "web=2"),
    (r#"scale_up = { app = "shop", max_size = "standard-2x" }"#, "PATCH /apps/shop/formation", "web Standard-2X"),
    (r#"restart_dyno = { app = "shop", dyno = "web.1" }"#, "DELETE /apps/shop/dynos/web.1", "restart web.1"),
    (r#"restart_all_dynos = { app = "shop" }"#, "DELETE /apps/shop/dynos", "restart all"),
    (r#"rollback_release = { app = "shop", min_release = 4 }"#, "POST /apps/shop/releases", "back to v4"),
];

fn day_of(app: AppSpec, lines: &str) -> Day {
    Scenario::of(app).file(one("it", lines)).front_reads("f").begin()
}

#[test]
fn what_happened_is_recorded_as_done_and_not_sent_again_meanwhile() {
    for spoilt in [Spoilt::TooLate, Spoilt::Status(503)] {
        for (lines, call, effect) in KINDS {
            let mut day = day_of(shop(), lines);
            day.spoil(call, spoilt);
            day.pass(secs(32));
            assert_eq!(day.calls(), [format!("0:30 {effect}")]);
            let seen = day.runs().remove(0).state;
            let flyball_model::RunState::Ended { outcome: Outcome::Done { seen, .. }, .. } = seen else {
                panic!("{effect}: {seen:?}");
            };
            assert_eq!(seen, Look::SeenAfterwards);
            assert_eq!(day.told("answer lost").len(), 1, "{effect}");
        }
    }
}

#[test]
fn with_preboot_a_lost_restart_is_seen_beside_the_dynos_that_still_answer() {
    for (lines, call, effect) in [KINDS[2], KINDS[3]] {
        let mut day = day_of(shop().preboot(), lines);
        day.spoil(call, Spoilt::TooLate);
        day.pass(mins(3));
        assert_eq!(day.outcomes(), ["done"], "{effect}");
        assert_eq!(day.calls(), [format!("0:30 {effect}")]);
    }
}

#[test]
fn what_did_not_happen_is_ended_as_not_done_and_the_next_reading_decides_anew() {
    for (lines, call, effect) in KINDS {
        let mut day = day_of(shop(), lines);
        let (method, path) = call.split_once(' ').unwrap();
        day.fault(Fault::new(FaultKind::CutBefore).on(method, path).times(1));
        day.pass(secs(60));
        assert_eq!(day.outcomes(), ["not_done"], "{effect}");
        assert_eq!(day.calls(), [format!("0:30 {effect} (never reached it)")]);
        day.pass(secs(30));
        assert_eq!(day.calls()[1..], [format!("1:30 {effect}")]);
    }
}

#[test]
fn what_others_did_meanwhile_is_not_taken_for_ours() {
    let deploys = AppEvent::Deploy(DeploySpec::new("fix"));
    let rolls_back = AppEvent::Rollback(3);
    let crashes = AppEvent::Crash("worker.1".to_owned());
    for ((lines, call, effect), theirs) in [(KINDS[4], deploys), (KINDS[4], rolls_back), (KINDS[3], crashes)] {
        let mut day = day_of(shop(), lines);
        let (method, path) = call.split_once(' ').unwrap();
        day.fault(Fault::new(FaultKind::CutBefore).on(method, path).times(1));
        day.pass(secs(40));
        day.happens(theirs.clone());
        day.pass(secs(20));
        assert_eq!(day.outcomes(), ["not_done"], "{effect}, and {theirs:?}");
    }
}

#[test]
fn a_call_that_took_too_long_may_still_have_arrived() {
    let (lines, _, _) = KINDS[0];
    let mut day = day_of(shop(), lines);
    day.fault(Fault::new(FaultKind::Slow(secs(25))).on("PATCH", "/apps/shop/formation").times(1));
    day.pass(secs(90));
    assert_eq!(day.effects(), ["web=2"]);
    assert_eq!(day.outcomes(), ["done"]);
}

/// From this call on, until then, this goes wrong.
fn after_the_call(day: &Day, call: &str, until: Duration, fault: Fault) {
    let until = day.now() + until;
    day.after(call, 1, move |outside| async move {
        let from = outside.time.now();
        lock(&outside.world).add_fault(fault.between(from, until));
    });
}

#[test]
fn what_cannot_be_looked_for_is_looked_for_again_until_it_is_seen() {
    let (lines, call, _) = KINDS[0];
    let mut day = day_of(shop(), lines);
    day.spoil(call, Spoilt::TooLate);
    after_the_call(&day, call, secs(600), Fault::new(FaultKind::Status(503)).on("GET", "/apps/*"));
    day.pass(secs(599));
    assert_eq!(day.outcomes(), ["sent"]);
    day.pass(secs(30));
    assert_eq!(day.outcomes(), ["done"]);
    assert_eq!(day.effects(), ["web=2"]);
}

#[test]
fn what_cannot_be_looked_for_in_an_hour_ends_in_doubt() {
    let (lines, call, _) = KINDS[0];
    let mut day = day_of(shop(), lines);
    day.spoil(call, Spoilt::TooLate);
    after_the_call(&day, call, secs(7200), Fault::new(FaultKind::Status(503)).on("GET", "/apps/*"));
    day.pass(secs(3700));
    assert_eq!(day.outcomes(), ["in_doubt"]);
}

#[test]
fn a_kill_between_the_call_and_its_record_is_looked_for_by_the_next_process() {
    for (lines, call, effect) in KINDS {
        let mut day = day_of(shop(), lines);
        day.fail(call, Cut::After);
        day.pass(secs(36));
        assert_eq!(day.calls(), [format!("0:30 {effect}")]);
        let state = day.runs().remove(0).state;
        assert!(
            matches!(
                state,
                flyball_model::RunState::Ended { outcome: Outcome::Done { seen: Look::SeenAfterwards, .. }, .. }
            ),
            "{effect}: {state:?}"
        );
    }
}

#[test]
fn a_kill_before_the_call_was_marked_sends_nothing_afterwards() {
    let (lines, _, _) = KINDS[0];
    for point in ["store claim", "store mark_sent"] {
        let mut day = day_of(shop(), lines);
        day.fail(point, Cut::Before);
        day.front_reads("fp");
        day.pass(secs(120));
        assert!(day.calls().is_empty(), "{point}");
        assert_eq!(day.runs().len(), 1);
        assert!(["superseded", "not_done"].contains(&day.outcomes()[0]));
    }
}

#[test]
fn a_store_that_did_not_answer_holds_the_app_up_for_no_longer_than_a_lease() {
    let (lines, _, _) = KINDS[0];
    for point in ["store save", "store claim", "store mark_sent", "store end"] {
        for cut in [Cut::Failed, Cut::Lost] {
            let mut day = day_of(shop(), lines);
            day.fail(point, cut);
            day.pass(secs(300));
            assert_eq!(day.effects(), ["web=2"], "{point} {cut:?}");
            assert!(day.runs().iter().all(|run| !run.state.is_open()), "{point} {cut:?}");
            assert_eq!(day.failures().len(), 1, "{point} {cut:?}: {:?}", day.failures());
        }
    }
}

#[test]
fn what_the_store_did_not_take_is_told_with_the_next_reading() {
    let mut day = day_of(shop(), r#"scale_out = { app = "shop", max_quantity = 1 }"#);
    day.fail("store save", Cut::Failed);
    day.readings(1);
    assert!(day.told("0:30").is_empty());
    day.readings(2);
    assert_eq!(day.told("0:30 front: is failing").len(), 1, "{:#?}", day.timeline());
    assert_eq!(day.told("0:30 it: holds: at limit").len(), 1, "{:#?}", day.timeline());
    assert_eq!(day.streak("front"), 3);
}

#[test]
fn request_ids_are_kept_with_each_run() {
    let (lines, _, _) = KINDS[0];
    let mut day = day_of(shop(), lines);
    day.readings(1);
    let run = day.runs().remove(0);
    assert_eq!(run.request_ids.len(), 1);
    assert!(run.request_ids[0].as_str().contains("ours-"), "{:?}", run.request_ids);
}

const ONE_STEP: &str = "settle = \"0s\"\nrollback_release = { app = \"shop\", max_steps = 1 }";

#[test]
fn a_lost_rollback_is_not_looked_for_on_a_list_from_before_what_it_went_back_from() {
    let mut day = day_of(shop(), ONE_STEP);
    // A world keeps its former states from its first fault of this sort on.
    day.fault(Fault::new(FaultKind::Stale(mins(10))).on("GET", "/never"));
    let old = Fault::new(FaultKind::Stale(mins(10))).on("GET", "/apps/*/releases");
    after_the_call(&day, "POST /apps/shop/releases", mins(4), old);
    day.happens(AppEvent::Deploy(DeploySpec::new("bad")));
    day.spoil("POST /apps/shop/releases", Spoilt::TooLate);
    day.pass(mins(3));
    assert_eq!(day.calls(), ["0:30 back to v5"]);
    assert_eq!(day.outcomes(), ["sent"], "an old list says nothing of it");
    day.pass(mins(4));
    assert_eq!(day.outcomes(), ["done"]);
    assert_eq!(day.calls().len(), 1, "its step counts: {:?}", day.calls());
    assert!(day.told("changed by others").is_empty(), "it is no stranger's");
}

#[test]
fn a_rollback_in_doubt_is_recognised_later_and_its_step_counts() {
    let mut day = day_of(shop(), ONE_STEP);
    day.spoil("POST /apps/shop/releases", Spoilt::TooLate);
    after_the_call(&day, "POST /apps/shop/releases", mins(70), Fault::new(FaultKind::Status(503)));
    day.pass(mins(69));
    assert_eq!(day.outcomes(), ["in_doubt"]);
    day.pass(mins(6));
    assert_eq!(day.calls().len(), 1, "{:?}", day.calls());
    assert!(day.told("changed by others").is_empty(), "it is no stranger's");
}
