//! Rollback follows content, not numbers.

use crate::support::{Scenario, Spoilt, bare_shop, front, mins, one, reaction, secs, shop};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, Container, DeploySpec, Fault, FaultKind, Outcome};

const BACK: &str = r#"rollback_release = { app = "shop", min_release = 1 }"#;
const THREE_STEPS: &str = r#"rollback_release = { app = "shop", max_steps = 3 }"#;

fn bad() -> Behaviour {
    Behaviour::ErrorPage { status: 500, text: "something went wrong".to_owned() }
}

fn bad_deploy(slug: &str) -> DeploySpec {
    DeploySpec::new(slug).behaviour(bad())
}

#[test]
fn a_situation_that_was_recorded_is_decided_again_in_the_same_way() {
    let file = front(&["again", "back", "more"])
        + &reaction("again", "trigger = 2\nrestart_all_dynos = { app = \"shop\" }")
        + &reaction("back", "trigger = 5\nrollback_release = { app = \"shop\", max_steps = 2 }")
        + &reaction("more", "mode = \"dry_run\"\nscale_out = { app = \"shop\", max_quantity = 2 }");
    let mut day = Scenario::of(shop()).file(file).front_reads("f").begin();
    day.readings(30);
    assert!(day.effects().len() > 2, "{:?}", day.effects());
    assert!(day.recorder.choose_again(&day.definitions) >= 30);
}

#[test]
fn one_release_further_back_at_each_failing_reading_and_never_forward_again() {
    let mut day = Scenario::of(bare_shop().deploys(4)).file(one("back", BACK)).front_reads("f").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 back to v5", "1:00 back to v4", "1:30 back to v3"]);
    assert_eq!(day.release(), (9, 3));
    assert_eq!(day.why("back"), "nothing_older");
}

#[test]
fn a_container_app_goes_back_where_heroku_says_that_it_may() {
    let app = bare_shop().container(Container::Eligible).deploys(4);
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("f").begin();
    day.readings(5);
    assert_eq!(day.calls(), ["0:30 back to v5", "1:00 back to v4", "1:30 back to v3"]);
    assert_eq!(day.why("back"), "nothing_older");
    let app = bare_shop().container(Container::Ineligible).deploys(4);
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("f").begin();
    day.readings(3);
    assert_eq!((day.calls().len(), day.why("back")), (0, "nothing_older"));
}

#[test]
fn nothing_rests_on_a_list_that_ends_before_what_is_known() {
    let mut day = Scenario::of(bare_shop().deploys(4)).file(one("back", BACK)).front_reads("f").begin();
    // From the first look on the list is as it was before: that it was once rolled back is not on it.
    day.fault(Fault::new(FaultKind::Stale(mins(20))).on("GET", "/apps/*/releases"));
    day.readings(6);
    assert_eq!(day.calls(), ["0:30 back to v5"]);
    let (code, words) = day.why_on("front", "back");
    assert_eq!(code, "cannot_see");
    assert!(words.contains("Heroku answers with an old list of releases, which ends with v"), "{words}");
    day.world(flyball_heroku_sim::World::clear_faults);
    day.readings(1);
    assert_eq!(day.calls().len(), 2, "{:?}", day.calls());
    assert!(day.calls()[1].ends_with("back to v4"), "{:?}", day.calls());
}

#[test]
fn it_stops_at_once_when_the_page_is_well() {
    let app = bare_shop().deploy("good").deploy_with(bad_deploy("bad")).deploy_with(bad_deploy("worse"));
    let mut day = Scenario::of(app).file(one("back", BACK)).begin();
    day.readings(6);
    assert_eq!(day.calls(), ["0:30 back to v4", "1:00 back to v3"]);
    assert_eq!(day.release(), (7, 3));
    assert_eq!(day.why("back"), "not_called_on");
}

#[test]
fn failed_and_slugless_releases_are_passed_over() {
    let app = bare_shop().deploy("one").deploy_with(DeploySpec::new("two").fails()).deploy("three");
    let mut day = Scenario::of(app).file(one("back", THREE_STEPS)).front_reads("f").begin();
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 back to v3"]);
    assert_eq!(day.why("back"), "nothing_older", "v1 and v2 have no slug");
}

#[test]
fn expired_releases_are_passed_over() {
    let day_long = mins(24 * 60);
    let mut app = bare_shop().deploy("old").ago(day_long * 50).deploy("old too").ago(day_long * 45);
    // Twenty newer ones, all of which failed but the last: what is older than 30 days is gone.
    for n in 0..19 {
        app = app.deploy_with(DeploySpec::new(format!("failed {n}")).fails()).ago(day_long * 10);
    }
    let mut day = Scenario::of(app.deploy("new")).file(one("back", THREE_STEPS)).front_reads("f").begin();
    day.readings(3);
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    assert_eq!(day.why("back"), "nothing_older");
}

#[test]
fn a_config_var_release_is_a_step_of_its_own() {
    let app =
        bare_shop().deploy("one").deploy("two").config("FEATURE", "broken").config_fault("FEATURE", "broken", bad());
    let mut day = Scenario::of(app).file(one("back", BACK)).begin();
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.release(), (6, 4), "the code is the same, the config var is gone, and the page is well");
}

#[test]
fn from_a_rollback_that_a_person_made_it_goes_on_below_where_the_content_came_from() {
    let at_once = format!("give_way = \"0s\"\n{BACK}");
    let mut day = Scenario::of(bare_shop().deploys(6)).file(one("back", &at_once)).front_reads("f").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 back to v7"]);
    day.happens(AppEvent::Rollback(5));
    day.readings(1);
    assert_eq!(day.calls()[1..], ["1:00 back to v4"]);
}

#[test]
fn a_new_deploy_in_the_middle_of_an_episode_is_gone_back_from_but_not_to_what_was_left() {
    let mut day = Scenario::of(shop()).file(one("back", BACK)).front_reads("f").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 back to v4"], "as v6");
    day.happens(AppEvent::Deploy(DeploySpec::new("fix")));
    day.readings(3);
    // v6 is v4's content and was not left by a rollback; v5 was, and is never gone back to.
    assert_eq!(day.calls()[1..], ["1:00 back to v6", "1:30 back to v3"]);
    assert_eq!(day.why("back"), "nothing_older");
}

#[test]
fn at_its_minimum_it_stops() {
    let back = r#"rollback_release = { app = "shop", min_release = 4 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.why("back"), "at_minimum_release");
    assert_eq!(day.told("at limit").len(), 1);
}

#[test]
fn a_candidate_whose_own_content_is_older_than_the_minimum_is_passed_over() {
    // v3 one, v4 two, v5 three, v6 is v3's content again, v7 four.
    let app = shop().rollback(3).deploy("four");
    let back = r#"rollback_release = { app = "shop", min_release = 4 }"#;
    let mut day = Scenario::of(app).file(one("back", back)).front_reads("f").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 back to v5"], "v6 is nearer, and its content came from v3");
}

#[test]
fn so_many_steps_a_descent_and_a_release_by_anyone_else_begins_the_next() {
    let back = r#"rollback_release = { app = "shop", max_steps = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.why("back"), "at_maximum_steps");
    day.happens(AppEvent::Deploy(DeploySpec::new("fix")));
    day.readings(3);
    assert_eq!(day.calls()[1..], ["2:00 back to v6"]);
    assert_eq!(day.why("back"), "at_maximum_steps");
}

#[test]
fn a_descent_is_counted_on_across_a_restart_of_flyball() {
    let back = r#"rollback_release = { app = "shop", max_steps = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.readings(1);
    day.kill(secs(5));
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.why("back"), "at_maximum_steps");
}

#[test]
fn a_step_whose_answer_was_lost_counts_in_its_descent() {
    let back = r#"rollback_release = { app = "shop", max_steps = 1 }"#;
    let mut day = Scenario::of(shop()).file(one("back", back)).front_reads("f").begin();
    day.spoil("POST /apps/shop/releases", Spoilt::TooLate);
    day.readings(4);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.why("back"), "at_maximum_steps");
}

#[test]
fn a_pending_release_is_waited_for() {
    let mut day = Scenario::of(shop()).file(one("back", BACK)).front_reads("f").begin();
    let phase = DeploySpec::new("fix").release_phase(secs(100), Outcome::Succeeds);
    day.happens(AppEvent::Deploy(phase));
    day.readings(3);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("back"), "pending_release");
    day.readings(1);
    // Released at 1:40, up at 1:50; the reading at 2:00 saw it fail.
    assert_eq!(day.calls(), ["2:00 back to v5"]);
}

#[test]
fn a_target_whose_rollback_failed_counts_as_tried() {
    let stubborn = DeploySpec::new("stubborn").rollbacks(Outcome::Fails);
    let app = bare_shop().deploy("one").deploy_with(stubborn).deploy("three");
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 back to v4", "1:00 back to v3"]);
    assert_eq!(day.release(), (7, 3));
}

#[test]
fn a_rollback_with_a_release_phase_is_waited_for_and_then_judged() {
    let slow = DeploySpec::new("slow").release_phase(secs(70), Outcome::Succeeds);
    let app = bare_shop().deploy("one").deploy_with(slow).deploy("three");
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("f").begin();
    day.readings(3);
    assert_eq!(day.calls(), ["0:30 back to v4"]);
    assert_eq!(day.why("back"), "pending_release");
    day.readings(1);
    assert_eq!(day.calls()[1..], ["2:00 back to v3"], "released at 1:40, up at 1:50");
}

/// `count` deploys, a minute apart: none is so old that Heroku destroys it.
fn young(count: u32) -> AppSpec {
    (0..count).fold(bare_shop(), |app, n| app.deploy(&format!("slug {n}")).ago(mins(u64::from(count - n))))
}

#[test]
fn the_newest_of_three_thousand_releases_is_where_it_begins() {
    let mut day = Scenario::of(young(2998)).file(one("back", BACK)).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 back to v2999", "1:00 back to v2998"]);
}

#[test]
fn content_that_came_from_far_back_is_followed_over_many_pages() {
    let app = young(2998).rollback(1500).ago(secs(30));
    let at_once = format!("give_way = \"0s\"\n{BACK}");
    let mut day = Scenario::of(app).file(one("back", &at_once)).front_reads("f").begin();
    assert_eq!(day.release(), (3001, 1500));
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 back to v1499"]);
}

#[test]
fn a_deploy_that_boots_under_failing_readings_is_not_rolled_back_before_it_is_up() {
    let app = shop().mechanics(|mechanics| mechanics.boot = secs(20));
    let file = one("back", BACK).replace("http =", "every = \"5s\"\nhttp =");
    let mut day = Scenario::of(app.clone()).file(file.as_str()).begin();
    day.pass(secs(32));
    day.happens(AppEvent::Deploy(DeploySpec::new("fine")));
    day.pass(secs(20));
    assert_eq!(day.why("back"), "settling", "its page fails while it boots");
    day.pass(mins(3));
    assert!(day.calls().is_empty(), "{:?}", day.calls());
    assert_eq!(day.release(), (6, 6));

    let mut day = Scenario::of(app).file(file).begin();
    day.pass(secs(32));
    day.happens(AppEvent::Deploy(bad_deploy("bad")));
    day.pass(mins(3));
    assert_eq!(day.calls(), ["0:55 back to v5"], "up at 0:52; the first reading after that is evidence");
    assert_eq!(day.release(), (7, 5));
}

#[test]
fn with_preboot_the_old_code_is_waited_out() {
    let app = shop().preboot();
    let mut day = Scenario::of(app).file(one("back", BACK)).front_reads("pf").begin();
    day.pass(secs(40));
    day.happens(AppEvent::Deploy(bad_deploy("bad")));
    day.pass(mins(3));
    assert!(day.calls().is_empty(), "until 3:40 the old dynos answer: {:?}", day.calls());
    assert_eq!(day.why("back"), "rolling_out");
    day.pass(mins(1));
    assert_eq!(day.effects().first().unwrap(), "back to v5");
}

#[test]
fn an_old_list_of_releases_holds_only_what_rests_on_it() {
    let file = front(&["back", "more"])
        + &reaction("back", r#"rollback_release = { app = "shop", min_release = 1 }"#)
        + &reaction("more", r#"scale_out = { app = "shop", max_quantity = 3 }"#);
    let mut day = Scenario::of(shop()).file(file).front_reads("pfp").begin();
    let old = Fault::new(FaultKind::Stale(mins(10))).on("GET", "/apps/*/releases");
    day.fault(old.between(day.now() + secs(75), day.now() + mins(60)));
    day.readings(2);
    assert_eq!(day.calls(), ["1:00 back to v4"]);
    day.front_reads("f");
    day.readings(1);
    assert_eq!(day.calls()[1..], ["1:30 web=2"]);
    assert_eq!(day.why("back"), "cannot_see");
    let changed = AppEvent::Scale { process: "web".to_owned(), quantity: 1 };
    day.happens(changed);
    day.readings(1);
    assert_eq!(day.told("changed by others: web from 2 to 1").len(), 1, "what was seen beside it is remembered");
}

#[test]
fn a_rename_does_not_make_the_steps_begin_anew() {
    let one_step =
        |app: &str| one("back", &format!("give_way = \"0s\"\nrollback_release = {{ app = \"{app}\", max_steps = 1 }}"));
    let mut day = Scenario::of(bare_shop().deploys(4)).file(one_step("shop")).front_reads("f").begin();
    day.readings(2);
    assert_eq!(day.calls(), ["0:30 back to v5"]);
    day.world(|world| world.rename("shop", "store")).unwrap();
    day.new_file(&one_step("store"));
    day.readings(2);
    assert_eq!(day.why("back"), "at_maximum_steps");
    assert_eq!(
        day.world(|world| world.app("store").unwrap().releases().count()),
        7,
        "two of it, four deploys, one step"
    );
}
