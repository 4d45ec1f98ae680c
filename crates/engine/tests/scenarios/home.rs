//! Not acting on ourselves: the app that Flyball runs on is left alone, and an unknown one holds everything.

use crate::support::{Scenario, one, shop};
use flyball_decide::Home;
use flyball_model::AppName;

const AGAIN: &str = r#"restart_all_dynos = { app = "shop" }"#;

fn named(name: &str) -> Home {
    Home::App { name: Some(name.parse::<AppName>().expect("an app's name")), id: None }
}

#[test]
fn its_own_app_is_not_acted_on_unless_the_reaction_says_so() {
    let allowed = format!("allow_self = true\n{AGAIN}");
    let own = |lines: &str| "own_app = \"shop\"\n\n".to_owned() + &one("again", lines);
    let cases = [
        ("elsewhere", Home::Elsewhere, one("again", AGAIN), "matched"),
        ("on another app", named("blog"), one("again", AGAIN), "matched"),
        ("on this one", named("shop"), one("again", AGAIN), "ourselves"),
        ("on this one, allowed", named("shop"), one("again", &allowed), "matched"),
        ("on some app", Home::SomeApp, one("again", AGAIN), "unknown_home"),
        ("on some app, and it is allowed", Home::SomeApp, one("again", &allowed), "unknown_home"),
        ("on some app, until the file says which", Home::SomeApp, own(AGAIN), "ourselves"),
        ("told by the file alone", Home::Elsewhere, own(AGAIN), "ourselves"),
        ("the platform knows better than the file", named("blog"), own(AGAIN), "matched"),
    ];
    for (case, home, file, reason) in cases {
        let mut day = Scenario::of(shop()).file(file).home(home).front_reads("f").begin();
        day.readings(1);
        assert_eq!(day.why("again"), reason, "{case}");
        assert_eq!(day.calls().is_empty(), reason != "matched", "{case}");
    }
}

#[test]
fn an_id_tells_once_the_app_was_looked_at() {
    let mut day = Scenario::of(shop()).file(one("again", AGAIN)).front_reads("f").set_up();
    let id = day.world(|world| world.app("shop").expect("the shop").id());
    let id = flyball_model::AppId::new(id.to_string());
    // Renamed since it started: the name that the dyno was told is an old one.
    day.set_home(Home::App { name: Some("old-shop".parse().expect("an app's name")), id: Some(id) });
    assert!(day.start());
    day.readings(2);
    assert!(day.calls().is_empty());
    assert_eq!(day.why("again"), "ourselves");
}

#[test]
fn whoever_took_our_old_name_is_not_us() {
    let ours = Some(flyball_model::AppId::new("id-of-ours"));
    let home = Home::App { name: Some("shop".parse().expect("an app's name")), id: ours };
    let mut day = Scenario::of(shop()).file(one("again", AGAIN)).home(home).front_reads("f").begin();
    day.readings(1);
    assert_eq!(day.calls(), ["0:30 restart all"]);
}
