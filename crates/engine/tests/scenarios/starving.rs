//! Nobody starves: whoever is called, and has nothing but others' activity in the way, acts within a bounded time.
//!
//! Played over many interleavings, drawn by a seed, and many names, which decide when in its interval a monitor is looked
//! at; answers of the Platform API take a while, so that everybody comes while somebody else is looked at.

use crate::support::{Day, Scenario, interleavings, monitor, reaction, secs, shop};
use std::time::Duration;

/// How long an answer of the Platform API takes in these stories.
const ANSWER: Duration = Duration::from_millis(100);

fn page(every: &str) -> String {
    format!("every = \"{every}\"\nhttp = {{ url = \"http://shop.localhost/\" }}")
}

/// Everybody's page fails from the first reading on.
fn all_fail(file: String, monitors: &[String], seed: u64) -> Day {
    let scenario = Scenario::of(shop()).file(file).phases_of_names().interleaved(seed).answers_take(ANSWER);
    monitors.iter().fold(scenario, |scenario, name| scenario.reads(name, "f")).begin()
}

#[test]
fn twelve_monitors_of_one_app_with_a_clean_up_each_have_all_begun_it_ten_seconds_after_they_fail_together() {
    for seed in 0..interleavings(50) {
        let monitors: Vec<String> = (1..=12).map(|n| format!("page {n} of {seed}")).collect();
        let file: String = (1..=12)
            .map(|n| {
                let command = format!("create_one_off_dyno = {{ app = \"shop\", command = \"clean {n}\" }}");
                let (of, does) = (monitors[n - 1].as_str(), format!("clean {n}"));
                monitor(of, &page("1s"), &[&does]) + &reaction(&does, &command)
            })
            .collect();
        let mut day = all_fail(file, &monitors, seed);
        // The last of them fails within the first interval.
        day.pass(secs(11));
        let effects = day.effects();
        for n in 1..=12 {
            let run = format!("run clean {n}");
            assert_eq!(effects.iter().filter(|effect| **effect == run).count(), 1, "{run}, seed {seed}: {effects:?}");
        }
    }
}

/// Eight monitors whose reactions stand at their limit, and one whose rollback has something to do.
fn eight_at_their_limit_beside_a_rollback(name: &str, every: &str, seed: u64) -> Day {
    let mut monitors: Vec<String> = (1..=8).map(|n| format!("{name} {n}")).collect();
    let mut file = String::new();
    for (n, of) in (1..=8).zip(&monitors) {
        let does = format!("more {n}");
        file += &monitor(of, &page(every), &[&does]);
        file += &reaction(&does, "scale_out = { app = \"shop\", max_quantity = 1 }");
    }
    let rolls_back = format!("{name} after a deploy");
    file += &monitor(&rolls_back, &page(every), &["back"]);
    file += &reaction("back", "rollback_release = { app = \"shop\", max_steps = 1 }");
    monitors.push(rolls_back);
    all_fail(file, &monitors, seed)
}

#[test]
fn a_rollback_beside_eight_reactions_at_their_limit_comes_within_three_intervals_whatever_the_names_are() {
    for (every, interval) in [("1s", secs(1)), ("30s", secs(30))] {
        for seed in 0..interleavings(20) {
            let mut day = eight_at_their_limit_beside_a_rollback(&format!("page {seed} of"), every, seed);
            // One interval until everybody's first reading, and three more.
            day.pass(interval * 4);
            assert_eq!(day.effects(), ["back to v4"], "{every}, names and seed {seed}");
        }
    }
}

#[test]
fn who_waits_behind_an_open_run_is_asked_as_soon_as_it_has_ended() {
    for seed in 0..interleavings(20) {
        let (one, other) = (format!("one {seed}"), format!("other {seed}"));
        let file = monitor(&one, &page("1s"), &["more"])
            + &monitor(&other, &page("1s"), &["more workers"])
            + &reaction("more", "scale_out = { app = \"shop\", max_quantity = 20 }")
            + &reaction("more workers", "scale_out = { app = \"shop\", process_type = \"worker\", max_quantity = 20 }");
        let mut day = all_fail(file, &[one, other], seed);
        day.pass(secs(12));
        let effects = day.effects();
        let count = |of: &str| effects.iter().filter(|effect| effect.starts_with(of)).count();
        let (web, worker) = (count("web="), count("worker="));
        assert!(web >= 4 && worker >= 4 && web.abs_diff(worker) <= 3, "seed {seed}: {web} and {worker}: {effects:?}");
    }
}
