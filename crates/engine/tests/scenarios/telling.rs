//! People are told once, in order, of what begins and of its end, whatever dies, hangs or refuses; and nothing waits for that.

use crate::support::{Cut, Manner, Refuses, Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_channels::About;
use flyball_heroku_sim::{Fault, FaultKind};

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 3 }
cooldown = "1m""#;

/// Channels of these names, and that the first is told of everything.
fn channels(names: &[&str], notify: &str) -> String {
    let channel = |name: &&str| {
        format!(
            "[[channel]]\nname = {name:?}\nwebhook = {{ url = \"https://{name}.example.com/\", secret = {{ env = \"SIGNING\" }} }}\n\n"
        )
    };
    let all: String = names.iter().map(channel).collect();
    format!("{all}[notify]\ndefault = [{:?}]\n{notify}\n\n", names[0])
}

fn file(names: &[&str], notify: &str) -> String {
    channels(names, notify) + &one("more", MORE)
}

#[test]
fn an_outage_is_told_with_what_fails_what_was_done_and_its_end() {
    let mut day = Scenario::of(shop()).file(file(&["all"], "")).front_reads("pffffffp").begin();
    day.readings(10);
    let told = day.messages();
    assert_eq!(told.first().map(String::as_str), Some("1:15 all: trouble #0 of 1"), "{told:?}");
    assert!(told.last().is_some_and(|last| last.starts_with("4:01 all: recovered")), "{told:?}");
    let told = day.people().told();
    let (trouble, end) = (&told[0].notice, &told[told.len() - 1].notice);
    assert_eq!(trouble.title.as_str(), "shop");
    assert!(trouble.what_is_wrong.as_str().starts_with("\"front\" has been failing for 15s: "), "{trouble:?}");
    assert_eq!(trouble.what_was_done.told().len(), 1, "{trouble:?}");
    assert_eq!(trouble.stop_command.as_str(), "flyball pause --app shop");
    assert!(end.what_is_wrong.as_str().starts_with("It was in trouble for 3m, and all pass again: "), "{end:?}");
    assert!(told.iter().skip(1).all(|told| told.goes_on), "the same message goes on");
    assert!(told.iter().any(|told| told.notice.about == About::Update), "a webhook hears of what was done meanwhile");
}

#[test]
fn what_is_over_sooner_than_it_is_waited_for_is_not_told() {
    let mut day = Scenario::of(shop()).file(file(&["all"], "wait = \"90s\"")).front_reads("pfpffp").begin();
    day.readings(8);
    assert!(day.messages().is_empty(), "{:?}", day.messages());
}

#[test]
fn whichever_write_is_cut_each_is_told_once_and_in_order() {
    for cut in [Cut::Before, Cut::After, Cut::Lost, Cut::Failed] {
        for point in (0..60).step_by(3) {
            let mut day = Scenario::of(shop())
                .file(file(&["all"], "on = [\"incident\", \"recovered\"]"))
                .front_reads("pfffp")
                .set_up();
            day.cut(point, cut);
            if !day.start() {
                day.kill(secs(1));
            }
            day.pass(mins(6));
            let abouts: Vec<About> = day.people().told_once().iter().map(|told| told.notice.about).collect();
            let without_updates: Vec<About> = abouts.iter().copied().filter(|about| *about != About::Update).collect();
            assert_eq!(without_updates, [About::Trouble, About::Recovered], "{cut:?} at call {point}: {abouts:?}");
            let keys: std::collections::HashSet<_> =
                day.people().told().into_iter().map(|told| told.notice.key).collect();
            assert_eq!(keys.len(), 1, "{cut:?} at call {point}");
        }
    }
}

#[test]
fn what_may_not_have_arrived_is_told_again_as_the_same() {
    let mut day = Scenario::of(shop())
        .file(file(&["all"], "on = [\"incident\", \"recovered\"]"))
        .front_reads("pfffffffp")
        .begin();
    day.people().behave("all", Manner::TakesInSilence);
    day.readings(3);
    day.people().behave("all", Manner::Takes);
    day.readings(3);
    let told = day.people().told();
    assert!(told.len() >= 2, "{told:?}");
    assert_eq!((&told[0].notice.key, told[0].notice.sequence), (&told[1].notice.key, told[1].notice.sequence));
    let after = told[1].at.since(told[0].at);
    assert!(after >= secs(5) && after <= secs(7), "the second try is made five seconds later: {after:?}");
}

#[test]
fn a_channel_that_hangs_or_refuses_holds_up_no_effect() {
    let calls = |manner: Option<Manner>| {
        let mut day = Scenario::of(shop()).file(file(&["all"], "")).front_reads("pfffffffff").begin();
        if let Some(manner) = manner {
            day.people().behave("all", manner);
        }
        day.readings(10);
        day.calls()
    };
    let undisturbed = calls(None);
    assert!(!undisturbed.is_empty());
    for manner in [Manner::Hangs, Manner::Refuses, Manner::Later, Manner::Gone] {
        assert_eq!(calls(Some(manner)), undisturbed, "{manner:?}");
    }
}

#[test]
fn a_channel_that_refuses_is_told_of_on_another_and_nobody_hears_of_an_end_without_a_beginning() {
    let mut day = Scenario::of(shop())
        .file(file(&["all", "ops"], "on = [\"incident\", \"recovered\", \"needs_person\"]"))
        .front_reads("pffffp")
        .begin();
    day.people().behave("all", Manner::Refuses);
    day.readings(4);
    let told = day.messages();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("ops: needs_person #0"), "{told:?}");
    assert!(day.people().told()[0].notice.what_is_wrong.as_str().contains("it answered 400"), "{told:?}");
    day.people().behave("all", Manner::Takes);
    day.readings(4);
    assert_eq!(day.messages(), told, "the trouble was never told, and so is its end");
}

#[test]
fn a_channel_that_hangs_is_tried_again_and_others_are_told_meanwhile() {
    let text = channels(&["all", "ops"], "on = [\"incident\", \"recovered\"]")
        .replace("default = [\"all\"]", "default = [\"all\", \"ops\"]")
        + &one("more", MORE);
    let mut day = Scenario::of(shop()).file(text).front_reads("pffffffffffffffffffp").begin();
    day.people().behave("all", Manner::Hangs);
    day.readings(4);
    let told = day.messages();
    assert_eq!(told[0], "1:15 ops: trouble #0 of 1", "{told:?}");
    day.people().behave("all", Manner::Takes);
    day.readings(20);
    let of_all: Vec<String> = day.messages().into_iter().filter(|line| line.contains(" all: ")).collect();
    assert!(of_all[0].contains("trouble #0"), "{of_all:?}");
    assert!(of_all.last().is_some_and(|last| last.contains("recovered")), "{of_all:?}");
}

#[test]
fn who_is_needed_is_told_at_once() {
    let text = file(&["all"], "on = [\"needs_person\", \"recovered\"]");
    let mut day = Scenario::of(shop()).file(text).front_reads("pff").begin();
    day.fault(Fault::new(FaultKind::Status(422)).on("PATCH", "/apps/shop/formation"));
    day.readings(4);
    let told = day.messages();
    assert!(told.first().is_some_and(|first| first.contains("all: needs_person #0 of 1")), "{told:?}");
}

#[test]
fn who_begins_to_be_told_hears_nothing_of_the_past() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pfffpppffff").begin();
    day.readings(6);
    day.new_file(&file(&["all"], ""));
    day.pass(secs(5));
    assert!(day.messages().is_empty(), "{:?}", day.messages());
    day.readings(4);
    assert!(day.messages()[0].contains("trouble #0 of 1"), "{:?}", day.messages());
}

#[test]
fn what_goes_on_when_a_channel_is_first_written_is_told() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pffffffff").begin();
    day.readings(4);
    day.new_file(&file(&["all"], "on = [\"incident\"]"));
    day.pass(secs(5));
    assert_eq!(day.messages().len(), 1, "{:?}", day.messages());
}

#[test]
fn ten_apps_that_fail_together_are_one_message() {
    let apps: String = (0..10)
        .map(|nth| monitor(&format!("page {nth}"), &format!("http = {{ url = \"http://app{nth}.localhost/\" }}"), &[]))
        .collect();
    let text = channels(&["all"], "") + &apps + &front(&[]) + &reaction("more", MORE);
    let mut scenario = Scenario::of(shop()).file(text).front_reads("p");
    for nth in 0..10 {
        scenario = scenario.reads(&format!("page {nth}"), "pfffffp");
    }
    let mut day = scenario.begin();
    day.readings(10);
    let told = day.messages();
    assert_eq!(told, ["1:15 all: trouble #0 of 1", "3:31 all: recovered #1 of 1"]);
    assert_eq!(day.people().told()[0].notice.title.as_str(), "10 outages at once");
}

#[test]
fn a_store_that_takes_nothing_tells_nobody_and_what_it_takes_later_is_told() {
    let mut day = Scenario::of(shop())
        .file(file(&["all"], "on = [\"incident\", \"recovered\"]"))
        .front_reads("pfffffffp")
        .begin();
    day.readings(2);
    day.store_refuses(Some(Refuses::Full));
    day.pass(mins(1));
    assert!(day.messages().is_empty(), "what is not written is not told: it would be told again");
    day.store_refuses(None);
    day.readings(8);
    let told: Vec<String> = day.messages().into_iter().filter(|line| !line.contains("update")).collect();
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn the_day_is_told_once_also_by_the_next_process() {
    let mut day = Scenario::of(shop()).file(file(&["all"], "on = [\"daily\"]")).front_reads("p").begin();
    day.pass(mins(2));
    let told = day.people().told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].notice.about, About::Daily);
    assert!(told[0].notice.what_is_wrong.as_str().ends_with("nothing was in trouble; nothing was done."), "{told:?}");
    let written = day.tellings();
    day.pass(mins(2));
    assert_eq!(day.tellings(), written, "nothing more is written for it");
    day.kill(secs(5));
    day.pass(mins(2));
    assert_eq!(day.people().told().len(), 1, "what was told of a day is not told again");
}
