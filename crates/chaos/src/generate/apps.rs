//! Apps with a past, and what goes wrong with them.

use super::times;
use crate::chance::Stream;
use crate::story::{Incident, What};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, Cycling, DeploySpec, Outcome, Routing, Step};
use std::time::Duration;

/// The page's text of a bad release, which monitors seek.
pub(super) const BROKEN: &str = "something went wrong";
/// The config var that makes an app misbehave.
pub(super) const FLAG: &str = "NEW_CHECKOUT";

const SIZES: [&str; 3] = ["Standard-1X", "Standard-2X", "Performance-M"];

/// One to four apps, mostly few.
pub(super) fn apps(draws: &mut Stream) -> Vec<AppSpec> {
    let count = draws.one_of(&[1, 1, 1, 2, 2, 3, 4]);
    (1..=count).map(|number| app(draws, number)).collect()
}

fn app(draws: &mut Stream, number: u32) -> AppSpec {
    let mut app = AppSpec::new(&format!("shop-{number}"));
    // Sizes of one app stay within a tier that can be mixed.
    let size = draws.one_of(&SIZES);
    app = app.process("web", draws.between(1, 3), size);
    for other in ["worker", "clock"] {
        if draws.below(3) == 0 {
            app = app.process(other, draws.between(0, 2), size);
        }
    }
    if draws.below(8) == 0 {
        app = app.preboot();
    }
    for (index, step) in past(draws).into_iter().enumerate() {
        app.history.push((None, step));
        // A rollback needs something to go back to.
        if index > 1 && draws.below(8) == 0 {
            app = app.rollback(u64::from(draws.between(3, u32::try_from(index).unwrap_or(3) + 2)));
        }
    }
    let load = f64::from(draws.between(0, 14)) * f64::from(app.processes[0].quantity);
    let (boot, spread) = (draws.time(Duration::from_secs(5), Duration::from_secs(50)), draws.below(4) == 0);
    let cleanup = draws.time(Duration::from_secs(2), Duration::from_secs(90));
    app.load(Duration::ZERO, load)
        .config_fault(FLAG, "on", Behaviour::ErrorPage { status: 500, text: BROKEN.to_owned() })
        .mechanics(move |mechanics| {
            (mechanics.boot, mechanics.cycling) = (boot, Cycling::Never);
            mechanics.commands[0].runs = cleanup;
            if spread {
                mechanics.routing = Routing::Spread;
            }
        })
}

/// What happened before: at least one good deploy first.
fn past(draws: &mut Stream) -> Vec<Step> {
    let mut steps = vec![Step::Deploy(good(draws))];
    for _ in 0..draws.between(0, 7) {
        steps.push(match draws.below(8) {
            0 | 1 => Step::Config(flag(draws)),
            2 => Step::Deploy(deploy(draws)),
            _ => Step::Deploy(good(draws)),
        });
    }
    steps
}

/// Sets or removes the config var that makes the app misbehave; sometimes another one.
pub(super) fn flag(draws: &mut Stream) -> std::collections::BTreeMap<String, Option<String>> {
    let value = match draws.below(4) {
        0 => (FLAG, Some("on")),
        1 => (FLAG, None),
        _ => ("GREETING", Some(draws.one_of(&["hello", "good day", "hi"]))),
    };
    std::collections::BTreeMap::from([(value.0.to_owned(), value.1.map(str::to_owned))])
}

fn slug(draws: &mut Stream) -> String {
    format!("slug-{:08x}", draws.next() >> 32)
}

fn good(draws: &mut Stream) -> DeploySpec {
    let spec = DeploySpec::new(slug(draws));
    match draws.below(6) {
        0 => {
            let phase = draws.time(Duration::from_secs(5), Duration::from_secs(240));
            let outcome = if draws.below(5) == 0 { Outcome::Fails } else { Outcome::Succeeds };
            spec.release_phase(phase, Outcome::Succeeds).rollbacks(outcome)
        }
        _ => spec,
    }
}

/// Any deploy: good ones, and every kind of bad one.
pub(super) fn deploy(draws: &mut Stream) -> DeploySpec {
    let spec = good(draws);
    let page = |status| Behaviour::ErrorPage { status, text: BROKEN.to_owned() };
    match draws.below(10) {
        0..=2 => spec.behaviour(page(draws.one_of(&[500, 503, 200]))),
        3 => spec.behaviour(Behaviour::CrashesOnBoot),
        4 => spec.behaviour(Behaviour::Slow(draws.time(Duration::from_millis(200), Duration::from_secs(12)))),
        5 => spec.behaviour(Behaviour::Leaks { mib_per_minute: f64::from(draws.between(5, 120)) }),
        6 => spec.fails(),
        _ => spec,
    }
}

/// What goes wrong with the apps by itself.
pub(super) fn troubles(draws: &mut Stream, apps: &[AppSpec], minutes: u32) -> Vec<Incident> {
    let mut troubles = Vec::new();
    for app in apps {
        for at in times(draws, minutes, Duration::from_secs(7 * 60)) {
            let what = What::App { app: app.name.to_string(), what: trouble(draws) };
            troubles.push(Incident { at, what });
        }
    }
    troubles
}

fn trouble(draws: &mut Stream) -> AppEvent {
    match draws.below(12) {
        0 | 1 => AppEvent::Crash(dyno(draws)),
        2 => {
            let mib_per_minute = f64::from(draws.between(20, 400));
            AppEvent::Leak { dyno: (draws.below(2) == 0).then(|| dyno(draws)), mib_per_minute }
        }
        3 => AppEvent::LeakEnds,
        4 => AppEvent::DatabaseError(draws.one_of(&[500, 503])),
        5 => AppEvent::DatabaseHeals,
        6 => AppEvent::Hiccup,
        7 | 8 => AppEvent::Load(f64::from(draws.between(0, 90))),
        _ => {
            let lasts = draws.time(Duration::from_secs(30), Duration::from_secs(600));
            AppEvent::Surge { extra: f64::from(draws.between(5, 80)), lasts }
        }
    }
}

/// A dyno that is there, mostly.
pub(super) fn dyno(draws: &mut Stream) -> String {
    draws.one_of(&["web.1", "web.1", "web.2", "worker.1"]).to_owned()
}
