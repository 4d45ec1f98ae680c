//! Short words for what is written again and again: files, apps, and the calls that a world received.

use flyball_heroku_sim::{AppSpec, Cycling, ReceivedCall, Took, World};
use flyball_model::Timestamp;
use flyball_testing::START;
use serde_json::Value;
use std::fmt::Write as _;

/// The app of nearly every scenario, whose dynos are not cycled: web and worker on Standard-1X, and three deploys (v3 to
/// v5).
pub(crate) fn shop() -> AppSpec {
    bare_shop().deploys(3)
}

/// The same before its first deploy.
pub(crate) fn bare_shop() -> AppSpec {
    AppSpec::new("shop")
        .process("web", 1, "Standard-1X")
        .process("worker", 1, "Standard-1X")
        .mechanics(|mechanics| mechanics.cycling = Cycling::Never)
}

/// A monitor of the shop's page, named `front`, every 30 s, with these reactions.
pub(crate) fn front(reactions: &[&str]) -> String {
    monitor("front", r#"http = { url = "http://shop.localhost/" }"#, reactions)
}

/// A monitor, every 30 s unless `lines` say otherwise.
pub(crate) fn monitor(name: &str, lines: &str, reactions: &[&str]) -> String {
    format!("[[monitor]]\nname = {name:?}\n{lines}\nreactions = {reactions:?}\n\n")
}

/// A reaction.
pub(crate) fn reaction(name: &str, lines: &str) -> String {
    format!("[[reaction]]\nname = {name:?}\n{lines}\n\n")
}

/// The file of one reaction to the shop's page.
pub(crate) fn one(name: &str, lines: &str) -> String {
    front(&[name]) + &reaction(name, lines)
}

/// The time of day as the scenarios write it: minutes and seconds since the beginning.
pub(crate) fn clock(at: Timestamp) -> String {
    let seconds = at.since(START).as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A changing call in a few words: `web=3`, `back to v4`.
pub(crate) fn call(world: &World, received: &ReceivedCall) -> String {
    let body: Value = serde_json::from_str(&received.body).unwrap_or_default();
    let mut parts = received.path.trim_start_matches("/apps/").splitn(3, '/');
    let (app, noun, which) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    let mut words = if app == "shop" { String::new() } else { format!("{app}: ") };
    let update = &body["updates"][0];
    let of = update["type"].as_str().unwrap_or_default();
    let _infallible = match (received.method.as_str(), noun, which) {
        ("PATCH", "formation", None) if update.get("quantity").is_some() => {
            write!(words, "{of}={}", update["quantity"])
        }
        ("PATCH", "formation", None) => write!(words, "{of} {}", update["size"].as_str().unwrap_or_default()),
        ("DELETE", "dynos", Some(dyno)) => write!(words, "restart {dyno}"),
        ("DELETE", "dynos", None) => write!(words, "restart all"),
        ("POST", "dynos", None) => write!(words, "run {}", body["command"].as_str().unwrap_or_default()),
        ("POST", "releases", None) => write!(words, "back to {}", version(world, app, &body["release"])),
        (method, ..) => write!(words, "{method} {}", received.path),
    };
    let _infallible = match received.took {
        Took::Effect => Ok(()),
        Took::Nothing => write!(words, " (changed nothing)"),
        Took::Refused(status) => write!(words, " (refused {status})"),
        Took::NotReached => write!(words, " (never reached it)"),
    };
    words
}

/// The version of the release of this id.
fn version(world: &World, app: &str, id: &Value) -> String {
    let releases = world.app(app).expect("the app exists").releases();
    let mut named = releases.filter(|release| Some(release.id.to_string().as_str()) == id.as_str());
    named.next().map_or_else(|| "a release that does not exist".to_owned(), |release| format!("v{}", release.version))
}
