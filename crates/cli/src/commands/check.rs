//! `flyball check`: looks now with one monitor and shows everything seen, from here or from where the server is. Of a monitor that stands
//! in the file, and looks by itself, it opens no store; and it stores nothing.

use crate::arguments::Check;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::StoreInbox;
use flyball_engine::queries::checked;
use flyball_heroku::Access;
use flyball_model::Verdict;
use flyball_settings::did_you_mean;
use flyball_views::Checked;
use std::sync::Arc;

async fn here(wiring: &Wiring, asked: &Check) -> Result<Checked, Failure> {
    let mut definitions = wiring.definitions()?;
    if definitions.monitors.iter().all(|monitor| monitor.name != asked.monitor) {
        definitions = wiring.definitions_with_made().await?;
    }
    let Some(monitor) = definitions.monitors.iter().find(|monitor| monitor.name == asked.monitor) else {
        let names = definitions.monitors.iter().map(|monitor| monitor.name.as_str());
        return Err(no_such("monitor", asked.monitor.as_str(), wiring, names));
    };
    let accounts = wiring.accounts(Access::ReadOnly, &definitions)?;
    let mut observer = wiring.observer(&accounts);
    let is_told = monitor.kind.drained().is_some() || monitor.kind.adapted().is_some();
    if monitor.kind.ear().is_some() || is_told {
        let store = wiring.store(Exit::NO).await?;
        observer = observer.with_inbox(Arc::new(StoreInbox::looking_on(store)), wiring.now());
    }
    observer.permit(Arc::clone(&definitions.network.rules));
    observer.go_by(definitions.network.proxy.clone());
    let reading = observer.observe(monitor, wiring.now()).await;
    Ok(checked(monitor, &reading, &wiring.config().display().to_string()))
}

pub(super) async fn check(wiring: &Wiring, asked: &Check) -> Result<Exit, Failure> {
    let checked = match wiring.server() {
        Some(server) => server.post(&["monitors", asked.monitor.as_str(), "check"], &()).await?,
        None => here(wiring, asked).await?,
    };
    match wiring.format {
        Format::Json => output::json(&checked)?,
        Format::Text => output::data(&render::reading::text(&checked, &wiring.face))?,
    }
    Ok(match checked.reading.verdict {
        Verdict::Passing => Exit::GOOD,
        Verdict::Failing => Exit::NO,
        Verdict::Unknown => Exit::TRY_AGAIN,
    })
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
