//! Foreign hands: what people, and other programs, do to an app beside us.

use crate::support::{Cut, Scenario, front, mins, monitor, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, DeploySpec};
use std::collections::BTreeMap;

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 9 }"#;
const BACK: &str = r#"rollback_release = { app = "shop", min_release = 1 }"#;

fn scaled(quantity: u32) -> AppEvent {
    AppEvent::Scale { process: "web".to_owned(), quantity }
}

fn config(value: &str) -> AppEvent {
    AppEvent::Config(BTreeMap::from([("GREETING".to_owned(), Some(value.to_owned()))]))
}

#[test]
fn what_a_person_changed_is_told_once_and_what_we_did_is_not() {
    let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin();
    day.readings(2);
    assert!(day.told("changed by others").is_empty(), "both were ours");
    day.happens(scaled(6));
    day.readings(3);
    assert_eq!(day.told("changed by others"), ["1:30 flyball: changed by others: web from 3 to 6 dynos"]);
    assert_eq!(day.effects(), ["web=2", "web=3", "web=7", "web=8", "web=9"]);
}

#[test]
fn what_we_may_have_done_is_not_taken_for_anothers() {
    for cut in [Cut::After, Cut::Lost] {
        let mut day = Scenario::of(shop()).file(one("more", MORE)).front_reads("f").begin();
        day.fail("PATCH /apps/shop/formation", cut);
        day.pass(mins(3));
        assert!(day.told("changed by others").is_empty(), "{:#?}", day.timeline());
    }
}

#[test]
fn what_we_did_by_another_account_is_ours_too() {
    let others = r#"scale_out = { app = "shop", account = "other", process_type = "worker", max_quantity = 9 }"#;
    let file = "[heroku.accounts.other]\ntoken = { env = \"OTHER_KEY\" }\n\n".to_owned()
        + &front(&["more"])
        + &monitor("jobs", r#"http = { url = "http://shop.localhost/jobs" }"#, &["more workers"])
        + &reaction("more", MORE)
        + &reaction("more workers", others);
    let scenario = Scenario::of(shop()).file(file).front_reads("f").reads("jobs", "f");
    let mut day = scenario.phase("jobs", secs(45)).begin();
    day.readings(3);
    assert_eq!(day.effects(), ["web=2", "worker=2", "web=3", "worker=3", "web=4"]);
    assert!(day.told("changed by others").is_empty(), "{:#?}", day.timeline());
}

#[test]
fn a_reaction_gives_way_as_long_as_the_file_says() {
    let mut day =
        Scenario::of(shop()).file(one("more", &format!("give_way = \"15m\"\n{MORE}"))).front_reads("f").begin();
    day.readings(1);
    day.happens(scaled(4));
    day.readings(2);
    assert_eq!(day.why("more"), "giving_way");
    let (_, words) = day.why_on("front", "more");
    assert!(words.ends_with("since somebody else changed the app: web from 2 to 4 dynos"), "{words}");
    // It is remembered by the next process as well.
    day.kill(secs(5));
    day.pass(mins(14));
    assert_eq!(day.effects(), ["web=2"]);
    day.pass(mins(2));
    assert!(day.effects().contains(&"web=5".to_owned()), "{:?}", day.calls());
}

#[test]
fn a_rollback_gives_way_to_a_persons_rollback_and_config_and_never_to_a_deploy() {
    let cases = [
        ("a rollback", AppEvent::Rollback(4), true),
        ("a config change", config("new"), true),
        ("a deploy", AppEvent::Deploy(DeploySpec::new("fix")), false),
    ];
    for (case, event, gives_way) in cases {
        let mut day = Scenario::of(shop()).file(one("back", &format!("trigger = 2\n{BACK}"))).front_reads("f").begin();
        day.pass(secs(40));
        day.happens(event);
        // Two readings after it has settled.
        day.pass(secs(80));
        assert_eq!(day.why("back") == "giving_way", gives_way, "{case}: {:#?}", day.timeline());
        assert_eq!(day.calls().is_empty(), gives_way, "{case}");
        if gives_way {
            day.pass(mins(8));
            assert!(day.calls().is_empty(), "{case}");
            day.pass(mins(2));
            assert!(!day.calls().is_empty(), "{case}: after ten minutes its turn has come");
        }
    }
}

#[test]
fn who_released_is_told_and_what_it_brought() {
    let mut day = Scenario::of(shop()).file(one("back", &format!("settle = \"0s\"\n{BACK}"))).front_reads("f").begin();
    day.readings(1);
    day.happens(config("new"));
    day.readings(1);
    let told = day.told("changed by others");
    assert_eq!(told, ["1:00 flyball: changed by others: v7, a change of configuration, by ops@example.com"]);
}

#[test]
fn a_rollback_names_the_config_vars_that_go_back_and_never_a_value() {
    let app: AppSpec = shop().config("SECRET_KEY", "s3cret-old").config("SECRET_KEY", "s3cret-new");
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("f").begin();
    day.readings(1);
    let told = day.told("back from v7 to v6");
    assert!(told.iter().all(|line| line.contains("and with it the config vars SECRET_KEY")), "{told:#?}");
    assert_eq!(told.len(), 2, "decided, and done");
    let written = format!("{:?} {:?}", day.timeline(), day.runs());
    assert!(!written.contains("s3cret"));
}

#[test]
fn a_quantity_that_others_change_again_and_again_looks_like_another_autoscaler() {
    let file = front(&["more"]) + &reaction("more", &format!("give_way = \"1h\"\n{MORE}"));
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    for quantity in [6, 4, 2, 5] {
        day.readings(2);
        day.happens(scaled(quantity));
    }
    day.readings(1);
    let told = day.told("looks like another autoscaler");
    assert_eq!(
        told,
        [
            "3:30 flyball: changed by others: web from 4 to 2 dynos; 3 times within an hour, which looks like another \
             autoscaler",
            "4:30 flyball: changed by others: web from 2 to 5 dynos; 4 times within an hour, which looks like another \
             autoscaler",
        ],
        "{:#?}",
        day.timeline()
    );
}
