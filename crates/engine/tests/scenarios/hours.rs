//! `during`: nothing is looked at outside of a monitor's hours, and nothing done outside of a reaction's. Every day begins on a Monday
//! at 11:00 in Berlin.

use crate::support::{Scenario, front, mins, monitor, reaction, shop};

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 6 }"#;

#[test]
fn a_monitor_looks_in_its_hours_alone_and_says_so_outside_of_them() {
    let lines = "during = \"daily 11:10-11:12 Europe/Berlin\"\nhttp = { url = \"http://shop.localhost/\" }";
    let file = monitor("front", lines, &["more"]) + &reaction("more", MORE);
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    let status = |day: &crate::support::Day| day.asks_reader(async |reader| reader.status(None).await);
    day.pass(mins(9));
    let before = status(&day);
    assert!(day.calls().is_empty() && before.monitors[0].last.is_none(), "{:?}", before.monitors);
    let words = before.monitors[0].outside_hours.as_deref();
    assert_eq!(words, Some("outside its hours until Mon 11:10 Europe/Berlin"));
    let next = &before.reactions[0].next.words;
    assert!(next.contains("outside its hours until Mon 11:10 Europe/Berlin"), "{next}");
    day.pass(mins(2));
    assert_eq!(day.calls(), ["10:30 web=2", "11:00 web=3"]);
    assert_eq!(status(&day).monitors[0].outside_hours, None);
    day.pass(mins(10));
    // The end is exclusive.
    assert_eq!(day.calls(), ["10:30 web=2", "11:00 web=3", "11:30 web=4"]);
    let after = status(&day);
    let monitor = &after.monitors[0];
    assert_eq!(monitor.outside_hours.as_deref(), Some("outside its hours until Tue 11:10 Europe/Berlin"));
    assert!(after.attention.is_empty() && monitor.streak == 3, "{after:?}");
    let about = day.asks_reader(async |reader| reader.why(&reader.about("front").unwrap()).await);
    let told = about.parts[0].sentences.join("\n");
    assert!(told.contains("It does not look now: outside its hours until Tue 11:10 Europe/Berlin."), "{told}");
    assert!(!told.contains("though it should have"), "{told}");
}

#[test]
fn a_reaction_holds_outside_of_its_hours_and_its_monitor_goes_on() {
    let lines = format!("during = \"Mon 11:10-11:12 Europe/Berlin\"\n{MORE}");
    let mut day = Scenario::of(shop()).file(front(&["more"]) + &reaction("more", &lines)).front_reads("f").begin();
    day.pass(mins(9));
    let outside = |until: &str| ("outside_hours", format!("outside its hours until {until} Europe/Berlin"));
    assert_eq!(day.why_on("front", "more"), outside("Mon 11:10"));
    assert!(day.calls().is_empty());
    day.pass(mins(10));
    assert_eq!(day.calls(), ["10:00 web=2", "10:30 web=3", "11:00 web=4", "11:30 web=5"]);
    assert_eq!(day.why_on("front", "more"), outside("Mon 2026-11-09 11:10"));
    assert_eq!(day.streak("front"), 38);
    assert_eq!(day.told("outside its hours").len(), 2, "once for each time: {:?}", day.timeline());
}
