//! The same seed and the same calls give the same bytes, however finely time is cut.

use crate::support::{START, TOKEN, minutes, seconds, shop};
use flyball_heroku_sim::{
    AppEvent, Behaviour, Cycling, DeploySpec, Event, Fault, FaultKind, Request, World, WorldFile, handle,
};
use serde_json::json;

fn file() -> WorldFile {
    let crashing = DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot);
    WorldFile::with_apps([shop().mechanics(|mechanics| mechanics.cycling = Cycling::Daily)])
        .at(seconds(90), Event::app("shop", AppEvent::Deploy(crashing)))
        .at(minutes(40), Event::app("shop", AppEvent::Rollback(3)))
        .fault(Fault::new(FaultKind::Status(500)).probability(0.2))
}

/// What a day of calls answers, all bytes of it; between calls time is cut into pieces of `step` seconds.
fn day(seed: u64, step: u64) -> Vec<u8> {
    let mut world = World::new(&file(), START, seed);
    let mut seen = Vec::new();
    for hour in 0..30_u64 {
        for second in (hour * 3600..(hour + 1) * 3600).step_by(step as usize) {
            world.advance_to(START + seconds(second));
        }
        let now = START + seconds((hour + 1) * 3600);
        let quantity = json!({ "quantity": 1 + hour % 4 }).to_string();
        for request in [
            Request::api("GET", "/apps/shop/dynos", TOKEN),
            Request::api("PATCH", "/apps/shop/formation/web", TOKEN).body(quantity),
            Request::api("POST", "/apps/shop/dynos", TOKEN).body(json!({"command": "bin/report"}).to_string()),
            Request::api("DELETE", "/apps/shop/dynos/web.1", TOKEN),
            Request::api("GET", "/apps/shop/releases", TOKEN),
            Request::new("GET", "/_apps/shop/"),
        ] {
            let reply = handle(&mut world, &request, now);
            seen.extend(format!("{} {:?}\n", reply.status, reply.headers).into_bytes());
            seen.extend(reply.body);
        }
    }
    seen
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    assert!(day(42, 600) == day(42, 600));
}

#[test]
fn time_may_be_cut_as_one_likes() {
    assert!(day(42, 3600) == day(42, 37));
}

#[test]
fn another_seed_gives_another_day() {
    assert!(day(42, 600) != day(43, 600));
}

#[test]
fn a_clone_goes_its_own_way() {
    let mut one = World::new(&file(), START, 5);
    let before = one.app("shop").unwrap().dyno("web.1").unwrap().id;
    let mut other = one.clone();
    one.restart_all("shop").unwrap();
    assert_eq!(other.app("shop").unwrap().dyno("web.1").unwrap().id, before);
    other.restart_all("shop").unwrap();
    let ids = |world: &World| -> Vec<_> { world.app("shop").unwrap().dynos().iter().map(|dyno| dyno.id).collect() };
    assert_eq!(ids(&one), ids(&other), "the same change on the same state gives the same ids");
}
