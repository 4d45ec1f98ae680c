//! Cut off ourselves: a page that cannot be reached is no reason to restart an app, as long as nothing else can be.

use crate::support::{Scenario, front, mins, monitor, one, reaction, secs, shop};

const AGAIN: &str = r#"restart_all_dynos = { app = "shop" }"#;

#[test]
fn without_references_in_reach_nothing_boots_anew_and_the_reading_stays_failing() {
    let mut day = Scenario::of(shop()).file(one("again", AGAIN)).front_reads("o").begin();
    day.references(&[false, false]);
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("again"), "cut_off");
    assert_eq!(day.streak("front"), 3, "a hold, never a rewritten reading");
    let told = day.told("holds");
    assert_eq!(
        told,
        [
            "0:30 again: holds: Flyball may be cut off itself: of 2 references it reaches 0, and not 0.example:443, 1.example:443 (`references` of `[network]`)"
        ]
    );
    // The way out is back, and the page still cannot be reached.
    day.references(&[true, false]);
    day.readings(1);
    assert_eq!(day.calls(), ["2:00 restart all"]);
}

#[test]
fn what_was_reached_and_what_boots_nothing_do_not_ask() {
    let cases = [
        ("f", AGAIN, "restart all"),
        ("t", AGAIN, "restart all"),
        ("o", r#"scale_out = { app = "shop", max_quantity = 2 }"#, "web=2"),
        ("o", r#"create_one_off_dyno = { app = "shop", command = "clean" }"#, "run clean"),
    ];
    for (verdict, lines, call) in cases {
        let mut day = Scenario::of(shop()).file(one("it", lines)).front_reads(verdict).begin();
        day.references(&[false, false]);
        day.readings(1);
        assert_eq!(day.calls(), [format!("0:30 {call}")], "{verdict} {lines}");
    }
}

#[test]
fn a_cut_between_the_decision_and_the_call_is_noticed() {
    let mut day = Scenario::of(shop()).file(one("again", AGAIN)).front_reads("o").begin();
    // Its line is the claim's: the decision is on disk, and nothing was sent.
    day.before("store claim", 1, |outside| async move {
        *crate::support::lock(&outside.references) = vec![false, false];
        outside.time.go_on_to(outside.time.now() + secs(6));
    });
    day.readings(1);
    assert!(day.calls().is_empty());
    assert_eq!(day.outcomes(), ["superseded"]);
    assert_eq!(day.told("may be cut off itself").len(), 1, "{:#?}", day.timeline());
}

#[test]
fn other_hosts_that_began_failing_in_the_same_minute_are_a_reason_to_hold() {
    let others: Vec<String> = (1..=4).map(|n| format!("other {n}")).collect();
    let page = |n: usize| format!("http = {{ url = \"http://host-{n}.localhost/\" }}");
    let pages: String = others.iter().enumerate().map(|(n, name)| monitor(name, &page(n), &[])).collect();
    let file = front(&["again"]) + &pages + &reaction("again", &format!("trigger = 2\n{AGAIN}"));
    let scenario = |down: usize| {
        let all = Scenario::of(shop()).file(file.clone()).reads("front", "ppo");
        others.iter().enumerate().fold(all, |scenario, (n, name)| {
            scenario.reads(name, if n < down { "ppo" } else { "p" }).phase(name, secs(5 * n as u64 + 1))
        })
    };
    for (down, held) in [(1, false), (2, true), (4, true)] {
        let mut day = scenario(down).begin();
        day.pass(mins(2));
        assert_eq!(day.calls().is_empty(), held, "{down} of 4 others are down");
        assert_eq!(day.why("again") == "cut_off", held);
    }
}
