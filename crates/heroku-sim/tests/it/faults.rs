//! Faults on purpose: what the caller sees, and what really happened.

use crate::support::{Caller, START, TOKEN, column, refusal, seconds, shop, world_of};
use flyball_heroku_sim::{Answered, Fault, FaultKind, Request, Took, World, WorldFile};
use serde_json::json;

fn caller(fault: Fault) -> Caller {
    Caller::new(World::new(&WorldFile::with_apps([shop()]).fault(fault), START, 3))
}

fn scale(caller: &mut Caller, quantity: u32) -> flyball_heroku_sim::Reply {
    caller.patch("/apps/shop/formation/web", &json!({ "quantity": quantity }))
}

#[test]
fn each_fault_shows_and_does_what_it_says() {
    let cases = [
        (FaultKind::TooMany, 429, Took::NotReached, false),
        (FaultKind::Status(500), 500, Took::NotReached, false),
        (FaultKind::Html, 503, Took::NotReached, false),
        (FaultKind::UnknownError, 422, Took::NotReached, false),
        (FaultKind::CutBefore, 0, Took::NotReached, false),
        (FaultKind::CutAfter, 200, Took::Effect, true),
        (FaultKind::Truncated, 200, Took::Effect, true),
        (FaultKind::UnknownFields, 200, Took::Effect, true),
        (FaultKind::Slow(seconds(3)), 200, Took::Effect, true),
    ];
    for (kind, status, took, happened) in cases {
        let cut = matches!(kind, FaultKind::CutBefore | FaultKind::CutAfter);
        let mut caller = caller(Fault::new(kind.clone()).times(1));
        let reply = scale(&mut caller, 5);
        assert_eq!((reply.status, reply.is_cut()), (status, cut), "{kind:?}");
        let call = caller.world.effects().next_back().unwrap();
        let answered = if cut { Answered::Cut } else { Answered::With(status) };
        assert_eq!((call.took, call.answered), (took, answered), "{kind:?}");
        assert_eq!(caller.world.app("shop").unwrap().quantity("web") == 5, happened, "{kind:?}");
        assert_eq!(scale(&mut caller, 5).status, 200, "{kind:?} was to happen once");
    }
}

#[test]
fn a_broken_answer_is_no_json_and_a_slow_one_waits() {
    let reply = scale(&mut caller(Fault::new(FaultKind::Truncated)), 5);
    assert!(reply.json().is_err() && !reply.body.is_empty());
    let reply = scale(&mut caller(Fault::new(FaultKind::Html)), 5);
    assert!(reply.json().is_err() && reply.get("Content-Type").unwrap().starts_with("text/html"));
    assert_eq!(scale(&mut caller(Fault::new(FaultKind::Slow(seconds(3)))), 5).delay, seconds(3));
}

#[test]
fn answers_can_hold_what_nobody_knows() {
    let dynos = caller(Fault::new(FaultKind::UnknownStates)).get("/apps/shop/dynos");
    assert!(column(&dynos, "state").iter().all(|state| state == "levitating"));
    let formation = caller(Fault::new(FaultKind::UnknownSizes)).get("/apps/shop/formation");
    assert!(column(&formation, "size").iter().all(|size| size == "Mega-9X"));
    let account = caller(Fault::new(FaultKind::UnknownFields)).get("/account");
    assert_eq!(account.json().unwrap()["flux_capacitor"]["gigawatts"], 1.21);
    assert_eq!(refusal(&caller(Fault::new(FaultKind::UnknownError)).get("/account")), (422, "flux_misaligned".into()));
}

#[test]
fn a_stale_list_is_the_list_as_it_was() {
    let mut caller = caller(Fault::new(FaultKind::Stale(seconds(10))).on("GET", "/apps/shop/formation*"));
    scale(&mut caller, 5);
    let quantity = |caller: &mut Caller| caller.get("/apps/shop/formation/web").json().unwrap()["quantity"].clone();
    caller.wait(seconds(9));
    assert_eq!(quantity(&mut caller), 2);
    assert_eq!(column(&caller.get("/apps/shop/dynos"), "name").len(), 6, "dynos are not stale");
    caller.wait(seconds(1));
    assert_eq!(quantity(&mut caller), 5);
}

#[test]
fn a_fault_hits_only_its_calls_in_its_time() {
    let (from, until) = (START + seconds(10), START + seconds(20));
    let mut caller = Caller::new(world_of(shop()));
    caller.world.add_fault(Fault::new(FaultKind::Status(503)).on("get", "/apps/*/dynos").between(from, until));
    assert_eq!(caller.get("/apps/shop/dynos").status, 200);
    caller.wait(seconds(10));
    assert_eq!(caller.get("/apps/shop/dynos").status, 503);
    assert_eq!(caller.get("/apps/shop/dynos/web.1").status, 200);
    assert_eq!(caller.delete("/apps/shop/dynos").status, 202);
    caller.wait(seconds(10));
    assert_eq!(caller.get("/apps/shop/dynos").status, 200);
}

#[test]
fn a_likely_fault_hits_about_as_often_as_it_says() {
    let mut caller = caller(Fault::new(FaultKind::Status(500)).probability(0.3));
    let failed = (0..1000).filter(|_| caller.get("/account/rate-limits").status == 500).count();
    assert!((250..350).contains(&failed), "{failed} of 1000");
}

#[test]
fn pages_fail_on_purpose_only_where_a_fault_says_so() {
    let mut caller = caller(Fault::new(FaultKind::Status(500)));
    let visit = Request::new("GET", "/_apps/shop/");
    assert_eq!(caller.send(&visit).status, 200);
    caller.world.add_fault(Fault::new(FaultKind::CutBefore).on("GET", "/_apps/shop/*"));
    assert!(caller.send(&visit).is_cut());
    assert_eq!(caller.send(&Request::api("GET", "/account", TOKEN)).status, 500);
}
