//! Several engines on one store: what passes from one to another passes with what is remembered of it.

use crate::support::{Scenario, front, monitor, one, reaction, secs, shop};

const THIRD: &str = "trigger = 3\nscale_out = { app = \"shop\", max_quantity = 9 }";

#[test]
fn alone_it_does_everything() {
    let mut day = Scenario::of(shop()).shared().file(one("more", THIRD)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["1:30 web=2"]);
}

#[test]
fn what_was_to_be_given_away_and_stays_keeps_its_streak() {
    let mut day = Scenario::of(shop()).shared().file(one("more", THIRD)).front_reads("f").begin();
    day.readings(2);
    let other = day.another_appears();
    day.pass(secs(1));
    assert!(!day.looks_at("front"), "it is to be given to the other");
    day.another_leaves(other);
    day.pass(secs(1));
    assert!(day.looks_at("front"), "the other has gone before it was given");
    day.readings(1);
    assert_eq!(day.calls(), ["1:30 web=2"]);
}

#[test]
fn an_edit_that_ties_a_monitor_to_what_is_done_here_brings_its_streak() {
    let file = |backs: &[&str]| {
        let back = |name: &str| monitor(name, r#"http = { url = "http://mill.localhost/" }"#, backs);
        let mill = reaction("grind", r#"scale_out = { app = "mill", max_quantity = 9 }"#);
        front(&["more"]) + &reaction("more", THIRD) + &mill + &["back", "left", "right"].map(back).concat()
    };
    let mut scenario = Scenario::of(shop()).shared().file(file(&["grind"])).front_reads("f");
    for passing in ["back", "left", "right"] {
        scenario = scenario.reads(passing, "p");
    }
    let mut day = scenario.begin();
    day.readings(2);
    let other = day.another_appears();
    day.keeps_only("mill", other);
    day.pass(secs(2));
    assert!(day.looks_at("back") && !day.looks_at("front"), "the shop is the other's");
    day.new_file(&file(&["grind", "more"]));
    assert!(day.looks_at("front"), "what the shop is tied to is done here");
    day.readings(1);
    assert_eq!(day.calls(), ["1:30 web=2"]);
}
