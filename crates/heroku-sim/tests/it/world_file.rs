//! World files: what a full one means, and that all its mistakes are told at once.

use crate::support::{START, minutes, seconds};
use flyball_heroku_sim::{
    AppEvent, Behaviour, DrainFaults, DrainForm, DrainSpec, Event, FaultKind, Place, Routing, Serving, Step, World,
    WorldFile,
};
use std::time::Duration;

const FULL: &str = r#"
[[account]]
email = "ops@example.com"
token = "secret"
bucket = 30
refill_per_minute = 60

[[app]]
name = "shop"
preboot = true
owner = "ops@example.com"
load = [["0s", 5.0], ["2m", 80.0]]
limits = { standard-1x = 3 }

[[app.process]]
type = "web"
quantity = 2
size = "standard-1x"
command = "bin/serve"

[[app.release]]
ago = "3d"
deploy = { slug = "one", process_types = { web = "bin/serve", worker = "bin/work" } }

[[app.release]]
config = { set = { GREETING = "hello" } }

[[app.release]]
deploy = { slug = "two", release_phase = "10s", outcome = "fails" }

[[app.release]]
rollback = 3

[[app.config_fault]]
key = "GATEWAY"
value = "new"
behaviour = { error_page = { text = "no gateway" } }

[app.mechanics]
boot = "2s"
routing = "spread"
capacity = { standard-1x = 30.0 }
command = [{ contains = "db:fix", runs = "1s", cures = "database_error" }]
texts = { bad_release = "we broke it" }

[app.mechanics.serving]
threads = 5
service = "500ms"
broken_off = 0.01

[[app.drain]]
url = "http://127.0.0.1:8080/drain"
form = "private"
faults = { loss = 0.1, late = "3s", skew_ms = -1500 }

[[app]]
name = "fir-app"
place = "fir"

[[event]]
at = "1m"
app = "shop"
what = { deploy = { slug = "bad", behaviour = { error_page = {} } } }

[[event]]
at = "90s"
app = "shop"
what = { leak = { dyno = "web.1", mib_per_minute = 60.0 } }

[[event]]
at = "2m"
what = "hiccup"

[[event]]
at = "3m"
app = "shop"
what = { drains = { silent = true } }

[[fault]]
kind = { slow = "500ms" }
method = "PATCH"
path = "/apps/*"
from = "10s"
until = "20s"
times = 3
"#;

#[test]
fn a_full_file_means_what_it_says() {
    let file = WorldFile::parse(FULL).unwrap();
    assert_eq!((file.accounts[0].bucket_capacity, file.accounts[0].token.as_deref()), (30, Some("secret")));
    let shop = &file.apps[0];
    assert!(shop.preboot);
    assert_eq!(shop.load, [(seconds(0), 5.0), (minutes(2), 80.0)]);
    assert_eq!((shop.mechanics.boot, shop.mechanics.routing), (seconds(2), Routing::Spread));
    assert!(matches!(shop.history[3].1, Step::Rollback(3)));
    assert_eq!(file.apps[1].place, Place::Fir);
    let Event::App { what: AppEvent::Deploy(deploy), .. } = &file.events[0].event else { panic!("a deploy") };
    assert_eq!(deploy.behaviour, Behaviour::ErrorPage { status: 500, text: "we broke it".into() });
    assert_eq!(file.events[2].event, Event::HiccupEverywhere);
    assert_eq!(file.faults[0].2.kind, FaultKind::Slow(std::time::Duration::from_millis(500)));

    let serving = Serving { threads: 5, service: Duration::from_millis(500), broken_off: 0.01 };
    assert_eq!(shop.mechanics.serving, Some(serving));
    let faults = DrainFaults { loss: 0.1, late: seconds(3), skew_ms: -1500, ..DrainFaults::default() };
    let url = "http://127.0.0.1:8080/drain".to_owned();
    assert_eq!(shop.drains, [DrainSpec { url, form: DrainForm::Private, faults }]);
    let silent = AppEvent::Drains(DrainFaults { silent: true, ..DrainFaults::default() });
    assert_eq!(file.events[3].event, Event::app("shop", silent));

    let mut world = World::new(&file, START, 1);
    assert!(world.is_drained());
    let app = world.app("shop").unwrap();
    assert_eq!((app.current_release().version, app.quantity("worker"), app.size("worker")), (6, 0, "Standard-1X"));
    assert_eq!(world.scale("shop", "web", 4).unwrap_err().limit, Some(3));
    world.advance_to(START + minutes(1));
    assert_eq!(world.app("shop").unwrap().current_release().version, 7);
}

#[test]
fn the_example_in_this_crate_is_a_world_that_runs_as_written() {
    let file = WorldFile::parse(include_str!("../../worlds/shop-day.toml")).unwrap();
    let mut world = World::new(&file, START, 1);
    let steps = file.apps[0].history.len();
    assert_eq!(world.app("shop").unwrap().releases().len(), steps + 2);
    world.advance_to(START + minutes(2));
    assert_eq!(world.refused_events(), []);
}

#[test]
fn an_empty_file_is_an_empty_world() {
    assert_eq!(WorldFile::parse("").unwrap(), WorldFile::default());
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let text = r#"
[[app]]
name = "Shop"
owner = "nobody@example.com"
load = [["soon", 5.0], ["1m", -1.0]]
process = [{ type = "web", quantity = 1, size = "standard-9x" }, { type = "we b", quantity = 1 }]
release = [{ rollback = 3 }, { ago = "1d" }]
mechanics = { boot = "quick", capacity = { huge = 3.0 }, serving = { threads = 0, service = "0s", broken_off = 2.0 } }
drain = [{ url = "ftp://x", faults = { loss = -1.0, skew_ms = 99999999 } }]

[[app]]
name = "mixed"
process = [{ type = "web", quantity = 1, size = "basic" }, { type = "worker", quantity = 101, size = "standard-1x" }]

[[event]]
at = "1m"
app = "elsewhere"
what = { crash = "web.1" }

[[event]]
at = "1m"
what = "restart_all"

[[event]]
at = "1m"
app = "mixed"
what = { database_slow = { share = 1.5, by = "long" } }

[[event]]
at = "1m"
app = "mixed"
what = { platform_error = -0.5 }

[[fault]]
kind = { status = 99 }
probability = 1.5
from = "2m"
until = "1m"
"#;
    let error = WorldFile::parse(text).unwrap_err();
    let expected = [
        "app `Shop`: expected an app's name",
        "app `Shop`: there is no account `nobody@example.com`",
        "app `Shop`: process `web`: No such size as standard-9x.",
        "app `Shop`: process `we b`: `we b`: expected a process type",
        "app `Shop`: release v3: cannot roll back to v3: it has no code",
        "app `Shop`: release v4: expected exactly one of",
        "app `Shop`: load: `soon`: expected a length of time",
        "app `Shop`: load: -1 is not a number from 0",
        "app `Shop`: mechanics: capacity: there is no dyno size `huge`",
        "app `Shop`: mechanics: boot: `quick`: expected a length of time",
        "app `Shop`: mechanics: serving: a dyno without threads serves nobody",
        "app `Shop`: mechanics: serving: `service` is no time at all",
        "app `Shop`: mechanics: serving: broken_off: 2 is not from 0 to 1",
        "app `Shop`: drain 1: its URL is none that Heroku takes",
        "app `Shop`: drain 1: skew_ms: 99999999 is more than a day",
        "app `Shop`: drain 1: loss: -1 is not from 0 to 1",
        "app `mixed`: process `worker`: 101 dynos are more than an app may have",
        "app `mixed`: Basic and Standard-1X cannot be used in the same app",
        "event 1: there is no app `elsewhere`",
        "event 2: expected `app`",
        "event 3: 1.5 is not from 0 to 1",
        "event 3: `long`: expected a length of time",
        "event 4: -0.5 is not from 0 to 1",
        "fault 1: 99 is not an HTTP status",
        "fault 1: probability 1.5 is not from 0 to 1",
        "fault 1: `until` is not after `from`",
    ];
    for (mistake, expected) in error.mistakes().iter().zip(expected) {
        assert!(mistake.starts_with(expected), "{mistake}\nis not\n{expected}");
    }
    assert_eq!(error.mistakes().len(), expected.len(), "{error}");
    assert!(error.to_string().starts_with("the world file has 26 mistakes\n- app `Shop`"));
}

#[test]
fn a_mistake_of_form_is_told_with_its_place() {
    for (text, expected) in [
        ("[[app]]\nname = \"shop\"\ncolour = 1\n", "unknown field `colour`"),
        ("[[app]\n", "line 1"),
        ("[[event]]\nat = \"1m\"\nwhat = \"dance\"\n", "unknown variant `dance`"),
    ] {
        let error = WorldFile::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
