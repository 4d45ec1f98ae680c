//! One incident for one outage: what it holds, when it ends, and that nothing leaves one open for ever or makes two of one.

use crate::support::{Cut, Refuses, Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, Fault, FaultKind};
use flyball_views::Helped;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 2 }"#;

/// The page and the checkout of the shop, of which the latter is read a quarter of a minute later.
fn two(first: &[&str], second: &[&str]) -> String {
    front(first)
        + &monitor("checkout", r#"http = { url = "http://shop.localhost/checkout" }"#, second)
        + &reaction("more", MORE)
}

#[test]
fn an_outage_of_one_monitor_is_one_incident_from_flip_to_flip() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pfffpp").begin();
    day.readings(3);
    assert_eq!(day.incidents(), ["1 shop since 1:00, front: status"]);
    day.readings(3);
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:30, front: status, passing"]);
}

#[test]
fn monitors_of_one_app_that_fail_one_after_the_other_are_one_incident_until_the_last_passes() {
    let file = two(&["more"], &["more"]);
    let scenario = Scenario::of(shop()).file(file).phase("checkout", secs(15));
    let mut day = scenario.front_reads("pffpppfp").reads("checkout", "pppffp").begin();
    day.pass(mins(3));
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:45, front: status, passing"]);
    day.pass(mins(2));
    let second = "2 shop 3:30 to 4:00, front: status, passing";
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:45, front: status, passing", second]);
}

#[test]
fn a_monitor_belongs_to_every_app_that_it_acts_on_and_to_itself_where_there_is_none() {
    let other = reaction("grind", r#"scale_out = { app = "mill", max_quantity = 2 }"#);
    let lone = monitor("lone", r#"http = { url = "http://lone.localhost/" }"#, &[]);
    let file = front(&["more", "grind"]) + &reaction("more", MORE) + &other + &lone;
    let mut day = Scenario::of(shop()).file(file).front_reads("fp").reads("lone", "pfp").begin();
    day.readings(3);
    let mut told = day.incidents();
    told.sort();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("mill 0:30 to 1:00, front: status, passing")), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("shop 0:30 to 1:00, front: status, passing")), "{told:?}");
    assert!(told.iter().any(|line| line.ends_with("monitor \"lone\" 1:00 to 1:30, lone: status, passing")), "{told:?}");
}

#[test]
fn what_cannot_be_looked_at_neither_begins_nor_ends_one() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("p??f???p").begin();
    day.readings(3);
    assert!(day.incidents().is_empty());
    day.readings(4);
    assert_eq!(day.incidents(), ["1 shop since 2:00, front: status"]);
    day.readings(1);
    assert_eq!(day.incidents(), ["1 shop 2:00 to 4:00, front: status, passing"]);
}

#[test]
fn a_process_that_is_killed_goes_on_with_the_incident_that_there_is() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pfffffp").begin();
    day.readings(3);
    day.kill(secs(20));
    day.readings(1);
    assert_eq!(day.incidents(), ["1 shop since 1:00, front: status"]);
    day.kill(secs(20));
    day.readings(6);
    assert_eq!(day.incidents().len(), 1, "{:?}", day.incidents());
    assert!(day.incidents()[0].ends_with("front: status, passing"), "{:?}", day.incidents());
}

#[test]
fn whichever_write_is_cut_an_outage_is_one_incident_and_ends() {
    for cut in [Cut::Before, Cut::After, Cut::Lost, Cut::Failed] {
        for point in 0..24 {
            let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pfffp").set_up();
            day.cut(point, cut);
            if !day.start() {
                day.kill(secs(1));
            }
            day.pass(mins(5));
            let told = day.incidents();
            assert_eq!(told.len(), 1, "{cut:?} at call {point}: {told:?}");
            assert!(told[0].ends_with(", front: status, passing"), "{cut:?} at call {point}: {told:?}");
        }
    }
}

#[test]
fn what_failed_while_nothing_could_be_written_is_told_afterwards() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pffpfffp").begin();
    day.readings(1);
    day.store_refuses(Some(Refuses::Full));
    day.readings(4);
    day.store_refuses(None);
    day.readings(4);
    let expected = ["1 shop 1:00 to 2:00, front: status, passing", "2 shop 2:30 to 4:00, front: status, passing"];
    assert_eq!(day.incidents(), expected);
}

#[test]
fn a_monitor_that_is_removed_while_it_fails_leaves_no_incident_open_and_it_is_said_why_it_ended() {
    for (case, after) in [
        ("removed", two(&["more"], &["more"]).replace("name = \"front\"", "name = \"another\"")),
        (
            "switched off",
            two(&["more"], &["more"]).replacen("name = \"front\"", "name = \"front\"\nenabled = false", 1),
        ),
        ("nothing is left", reaction("more", MORE)),
    ] {
        let scenario = Scenario::of(shop()).file(two(&["more"], &["more"])).front_reads("pf").reads("checkout", "p");
        let mut day = scenario.reads("another", "p").begin();
        day.readings(3);
        assert_eq!(day.incidents(), ["1 shop since 1:00, front: status"], "{case}");
        day.new_file(&after);
        assert_eq!(day.incidents(), ["1 shop 1:00 to 1:30, front: status, not_watched"], "{case}");
        day.pass(mins(2));
        assert_eq!(day.incidents().len(), 1, "{case}: {:?}", day.incidents());
    }
}

#[test]
fn one_whose_other_monitor_goes_on_failing_goes_on_when_the_first_is_removed() {
    let scenario = Scenario::of(shop()).file(two(&["more"], &["more"])).front_reads("pf").reads("checkout", "ppffp");
    let mut day = scenario.begin();
    day.readings(3);
    day.new_file(&two(&[], &["more"]).replacen("name = \"front\"", "name = \"front\"\nenabled = false", 1));
    assert_eq!(day.incidents(), ["1 shop since 1:00, front: status"]);
    day.readings(2);
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:30, front: status, passing"]);
}

#[test]
fn a_pause_changes_nothing_about_incidents() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("pffp").begin();
    day.pause(flyball_model::PauseScope::Everything, None);
    day.readings(4);
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:00, front: status, passing"]);
}

#[test]
fn a_run_that_is_refused_while_nothing_fails_is_an_incident_until_all_have_passed_since() {
    let fewer = r#"scale_in = { app = "shop", min_quantity = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("fewer", fewer)).front_reads("p").begin();
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 3 });
    day.fault(Fault::new(FaultKind::Status(422)).on("PATCH", "/apps/shop/formation"));
    day.readings(2);
    let told = day.incidents();
    assert!(told[0].starts_with("1 shop 0:30 to 1:00, a run, passing"), "{told:?}");
}

#[test]
fn several_engines_leave_an_incident_to_whoever_has_its_app() {
    let mut day = Scenario::of(shop()).shared().file(two(&["more"], &["more"])).front_reads("pffp").begin();
    day.reads("checkout", "p");
    day.readings(3);
    let other = day.another_appears();
    day.pass(secs(1));
    assert_eq!(day.incidents(), ["1 shop since 1:00, front: status"], "it is about to be the other's");
    day.another_leaves(other);
    day.pass(secs(1));
    day.readings(1);
    assert_eq!(day.incidents(), ["1 shop 1:00 to 2:00, front: status, passing"]);
}

#[test]
fn the_story_tells_what_failed_what_was_done_and_what_of_it_helped() {
    let file = two(&["more"], &["more"]);
    let scenario = Scenario::of(shop()).file(file).phase("checkout", secs(15)).front_reads("pffp");
    let mut day = scenario.reads("checkout", "p").begin();
    day.readings(4);
    let story = day.asks_reader(async |reader| reader.incident_story(1).await).unwrap();
    let failures: Vec<_> = story.failures.iter().map(|failure| (failure.monitor.as_str(), failure.passed_at)).collect();
    assert_eq!(failures, [("front", story.incident.ended_at)]);
    assert_eq!(story.incident.lasted_s, 60.0);
    let helped: Vec<_> = story.runs.iter().map(|run| run.helped).collect();
    assert_eq!(helped, [Some(Helped::Yes { after_s: 60 })], "{:#?}", story.sentences);
    assert!(story.in_the_way.is_empty());
    let kinds: Vec<_> = story.lines.iter().map(|line| line.kind()).collect();
    assert_eq!(kinds, ["flipped", "queued", "ended", "flipped"]);
    let told = story.sentences.join(" ");
    assert!(told.contains("it ended when all passed") && told.contains("it helped once"), "{told}");
    assert_eq!(day.asks_reader(async |reader| reader.incident_story(2).await), None);
}

#[test]
fn the_story_tells_that_nothing_helped_and_what_is_in_the_way_while_it_goes_on() {
    let seldom = "cooldown = \"20m\"\nrestart_all_dynos = { app = \"shop\" }";
    let mut day = Scenario::of(shop()).file(one("again", seldom)).front_reads("f").begin();
    day.pass(mins(15));
    let story = day.asks_reader(async |reader| reader.incident_story(1).await).unwrap();
    assert_eq!(story.runs.iter().map(|run| run.helped).collect::<Vec<_>>(), [Some(Helped::No)]);
    assert_eq!(story.incident.ended_at, None);
    let told = story.sentences.join(" ");
    assert!(told.contains("nothing of it is known to have helped"), "{told}");
    assert_eq!(story.in_the_way.len(), 1, "{:?}", story.in_the_way);
    assert!(
        story.in_the_way[0].starts_with("\"again\" holds still at readings of \"front\": "),
        "{:?}",
        story.in_the_way
    );
}
