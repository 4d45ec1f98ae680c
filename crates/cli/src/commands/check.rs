//! `flyball check`: looks now with one monitor and shows everything seen. Of a monitor that stands in the file
//! it opens no store; and it stores nothing.

use crate::arguments::Check;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_heroku::Access;
use flyball_model::{Cause, Evidence, MonitorName, Reading, Verdict};
use flyball_monitors::Monitor;
use flyball_settings::did_you_mean;
use flyball_views::ReadingView;
use serde::Serialize;
use std::sync::Arc;

/// What was seen, as data.
#[derive(Serialize)]
struct Checked<'a> {
    monitor: &'a MonitorName,
    looks_at: String,
    #[serde(flatten)]
    reading: ReadingView,
    /// What to look at in the file, where the file may be the cause.
    hint: Option<String>,
}

pub(super) async fn check(wiring: &Wiring, asked: &Check) -> Result<Exit, Failure> {
    let mut definitions = wiring.definitions()?;
    if definitions.monitors.iter().all(|monitor| monitor.name != asked.monitor) {
        definitions = wiring.definitions_with_made().await?;
    }
    let Some(monitor) = definitions.monitors.iter().find(|monitor| monitor.name == asked.monitor) else {
        let names = definitions.monitors.iter().map(|monitor| monitor.name.as_str());
        return Err(no_such("monitor", asked.monitor.as_str(), wiring, names));
    };
    let accounts = wiring.accounts(Access::ReadOnly, &definitions)?;
    let observer = wiring.observer(&accounts);
    observer.permit(Arc::clone(&definitions.network.rules));
    observer.go_by(definitions.network.proxy.clone());
    let reading = observer.observe(monitor, wiring.now()).await;
    let looks_at = monitor.kind.subject();
    let hint = hint(wiring, monitor, &reading);
    match wiring.format {
        Format::Json => {
            output::json(&Checked { monitor: &monitor.name, looks_at, reading: ReadingView::of(&reading), hint })?;
        }
        Format::Text => {
            let (name, face) = (&monitor.name, &wiring.face);
            output::data(&render::reading::text(name, &looks_at, &reading, hint.as_deref(), face))?;
        }
    }
    Ok(match reading.verdict() {
        Verdict::Passing => Exit::GOOD,
        Verdict::Failing => Exit::NO,
        Verdict::Unknown => Exit::TRY_AGAIN,
    })
}

/// A host's name that does not exist is more often mistyped in the file than gone from the world. One that a redirect
/// led to stands in no file.
fn hint(wiring: &Wiring, monitor: &Monitor, reading: &Reading) -> Option<String> {
    let redirected = matches!(&reading.evidence, Evidence::Http(http) if http.redirected_to.is_some());
    if reading.finding.cause() != Some(Cause::Name) || redirected {
        return None;
    }
    let setting = monitor.kind.host_setting()?;
    let file = wiring.config().display();
    Some(format!("is it the right name? It is from `{setting}` of the monitor \"{}\" in {file}", monitor.name))
}

/// Nothing of this kind has this name.
pub(super) fn no_such<'a>(
    noun: &str,
    name: &str,
    wiring: &Wiring,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Failure {
    let because = format!("{} has none of this name", wiring.config().display());
    nothing_named(noun, name, because, names)
}

/// Nothing of this kind has this name, where it was sought.
pub(super) fn nothing_named<'a>(
    noun: &str,
    name: &str,
    because: String,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Failure {
    let failure = Failure::new(Exit::NO, format!("cannot find the {noun} \"{name}\"")).because(because);
    match did_you_mean(name, names) {
        Some(meant) => failure.hint(format!("did you mean \"{meant}\"?")),
        None => failure.hint("`flyball status` lists them"),
    }
}
