//! Passing needs evidence of health: an error page shows none, however quick it is and whatever it does not say.

use crate::support::{Scenario, bare_shop, mins, monitor, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, Behaviour, DeploySpec};

const FEWER: &str = r#"scale_in = { app = "shop", min_quantity = 1 }"#;

/// A release of which each dyno crashes as soon as it has booted.
fn crashes() -> AppEvent {
    AppEvent::Deploy(DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot))
}

/// The page of the shop, judged so, and a reaction that it calls.
fn judged_by(judgement: &str, lines: &str) -> String {
    let page = format!("http = {{ url = \"http://shop.localhost/\", {judgement} }}");
    monitor("front", &page, &["act"]) + &reaction("act", lines)
}

#[test]
fn nothing_is_taken_from_an_app_that_is_down_however_quick_its_error_page_is() {
    for judgement in [
        r#"slower_than = "500ms""#,
        r#"keyword = "database error", present = false"#,
        r#"regex = "(?i)database error", present = false"#,
    ] {
        let mut day = Scenario::of(shop()).file(judged_by(judgement, FEWER)).begin();
        day.happens(crashes());
        day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 4 });
        day.pass(secs(20));
        day.readings(6);
        assert!(day.calls().is_empty(), "{judgement}: {:?}", day.calls());
        assert_eq!(day.why("act"), "not_called_on", "{judgement}");
    }
}

#[test]
fn an_app_that_crashes_since_its_last_release_is_rolled_back_by_a_keyword_that_should_not_be_there() {
    let back = "trigger = 4\nrollback_release = { app = \"shop\", max_steps = 2 }";
    let file = judged_by(r#"keyword = "database error", present = false"#, back);
    let mut day = Scenario::of(bare_shop().deploy("good")).file(file).begin();
    day.pass(mins(1));
    day.happens(crashes());
    day.pass(mins(15));
    assert_eq!(day.calls().len(), 1, "{:?}", day.calls());
    assert!(day.calls()[0].ends_with("back to v3"), "{:?}", day.calls());
    assert_eq!(day.why("act"), "not_called_on");
}

#[test]
fn scale_in_acts_on_passing_unless_it_says_otherwise() {
    let mut day = Scenario::of(shop()).file(judged_by(r#"status = "2xx""#, FEWER)).front_reads("ffpp").begin();
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 4 });
    day.readings(4);
    assert_eq!(day.calls(), ["1:30 web=3", "2:00 web=2"]);
}
