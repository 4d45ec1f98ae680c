//! `after`: a rung that the file puts behind another waits until that has acted in the incident and had time to show.

use crate::support::{Day, Scenario, front, mins, monitor, reaction, secs, shop};
use flyball_heroku_sim::{Fault, FaultKind};

const FIRST: &str = "restart_dyno = { app = \"shop\", dyno = \"web.1\" }\ncooldown = \"1h\"";
const ALL: &str = "restart_all_dynos = { app = \"shop\" }\nafter = \"first dyno\"\ntrigger = 2\ncooldown = \"1h\"";

fn ladder(calls: &[&str]) -> String {
    front(calls) + &reaction("first dyno", FIRST) + &reaction("all dynos", ALL)
}

/// What was called at which reading; more than the first is no concern of the time it took.
fn calls(day: &Day) -> Vec<String> {
    day.calls().into_iter().map(|call| call.split_once(' ').map_or(call.clone(), |(_, what)| what.to_owned())).collect()
}

#[test]
fn a_rung_comes_after_the_one_that_it_names_once_that_had_time_to_show() {
    let mut day = Scenario::of(shop()).file(ladder(&["all dynos", "first dyno"])).front_reads("pff").begin();
    day.readings(2);
    assert_eq!(calls(&day), ["restart web.1"]);
    assert_eq!(day.why("all dynos"), "below_trigger", "two readings are waited for in any case");
    // While the dyno boots the readings say nothing; from then on two are waited for.
    day.readings(1);
    assert_eq!(calls(&day), ["restart web.1"]);
    day.readings(10);
    assert_eq!(calls(&day), ["restart web.1", "restart all"]);
}

#[test]
fn what_was_mended_by_the_rung_below_is_left_alone() {
    let mut day = Scenario::of(shop()).file(ladder(&["all dynos", "first dyno"])).front_reads("pffpp").begin();
    day.readings(12);
    assert_eq!(calls(&day), ["restart web.1"]);
}

#[test]
fn each_incident_begins_at_the_foot_of_the_ladder() {
    let file = front(&["all dynos", "first dyno"])
        + &reaction("first dyno", &FIRST.replace("1h", "20m"))
        + &reaction("all dynos", ALL);
    let mut day = Scenario::of(shop()).file(file).front_reads("pffpppfffffff").begin();
    day.readings(13);
    assert_eq!(calls(&day), ["restart web.1"], "the first dyno cools down, and so the ladder waits");
    assert_eq!(day.why("all dynos"), "comes_after");
}

#[test]
fn a_rung_behind_one_that_never_acts_holds_and_says_so() {
    for never in ["enabled = false", "mode = \"dry_run\""] {
        let file = front(&["all dynos", "first dyno"])
            + &reaction("first dyno", &format!("{FIRST}\n{never}"))
            + &reaction("all dynos", ALL);
        let mut day = Scenario::of(shop()).file(file).front_reads("pf").begin();
        day.readings(10);
        assert!(day.calls().is_empty(), "{never}: {:?}", day.calls());
        let (word, words) = day.why_on("front", "all dynos");
        assert_eq!(
            (word, words.as_str()),
            ("comes_after", "it comes after \"first dyno\", which has not acted in this incident")
        );
    }
}

#[test]
fn what_was_refused_is_no_chance_and_what_may_have_happened_is_one() {
    let mut day = Scenario::of(shop()).file(ladder(&["all dynos", "first dyno"])).front_reads("pf").begin();
    day.fault(Fault::new(FaultKind::Status(422)).on("DELETE", "/apps/shop/dynos/web.1"));
    day.readings(8);
    assert_eq!(day.why("all dynos"), "comes_after", "{:?}", day.timeline());
}

#[test]
fn what_another_monitor_called_in_the_same_incident_counts() {
    let file = front(&["first dyno"])
        + &monitor("checkout", "http = { url = \"http://shop.localhost/checkout\" }", &["all dynos"])
        + &reaction("first dyno", FIRST)
        + &reaction("all dynos", ALL);
    let scenario = Scenario::of(shop()).file(file).phase("checkout", secs(15));
    let mut day = scenario.front_reads("pf").reads("checkout", "ppppf").begin();
    day.pass(mins(10));
    assert_eq!(calls(&day), ["restart web.1", "restart all"]);
}

#[test]
fn a_step_out_after_a_clean_up_waits_for_its_end() {
    let clean =
        "create_one_off_dyno = { app = \"shop\", command = \"rake clean\", time_to_live = \"2m\" }\ncooldown = \"1h\"";
    let out = "scale_out = { app = \"shop\", max_quantity = 3 }\nafter = \"clean\"\ncooldown = \"1h\"";
    let file = front(&["clean", "more"]) + &reaction("clean", clean) + &reaction("more", out);
    let mut day = Scenario::of(shop()).file(file).front_reads("pf").begin();
    day.readings(2);
    assert_eq!(calls(&day).len(), 1, "{:?}", day.calls());
    assert_eq!(day.why("more"), "comes_after");
    day.readings(12);
    let all = day.calls();
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all[1].contains("web="), "{all:?}");
}
