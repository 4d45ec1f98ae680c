//! `flyball plan`: what the file as it is now would change of what is in force: what it adds, drops and arms, and what it does at once.

use super::validate::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_config::{Definitions, Difference, Files, LeftOut, read, read_files};
use flyball_engine::commands::files_in_force;
use flyball_engine::made::Joined;
use flyball_engine::queries::{AtOnce, Reader};
use flyball_store::{Address, Error};
use flyball_views::EngineState;
use serde::Serialize;

/// What is told, as data.
#[derive(Serialize)]
struct Said<'a> {
    #[serde(flatten)]
    difference: &'a Difference,
    /// The reactions whose trigger is met now, by what is remembered of readings, and that act because of this change.
    at_once: &'a [AtOnce],
}

pub(super) async fn plan(wiring: &Wiring) -> Result<Exit, Failure> {
    let files = wiring.files()?;
    read_files(&files)?;
    let Planned { from, to, at_once } = planned(wiring, &files).await?;
    if from.is_none() {
        output::say("no engine runs here, so that nothing is in force yet");
    }
    let nothing = read("", "")?;
    let difference = Difference::between(from.as_ref().unwrap_or(&nothing), &to);
    warn(&to.warnings);
    for LeftOut { family, name, .. } in &to.left_out {
        output::say(&format!(
            "the {family} \"{name}\", which was made in pages, is left out: it does not go with the file"
        ));
    }
    match wiring.format {
        Format::Json => output::json(&Said { difference: &difference, at_once: &at_once })?,
        Format::Text if difference.is_empty() => output::data("nothing changes")?,
        Format::Text => {
            output::data(&difference.to_string())?;
            difference.arms.iter().try_for_each(|arming| output::data(&arming.to_string()))?;
            at_once.iter().try_for_each(|one| output::data(&one.to_string()))?;
            difference.cost.accounts.iter().try_for_each(|account| output::data(&account.to_string()))?;
        }
    }
    Ok(Exit::GOOD)
}

/// What is in force, where an engine runs, what would be, and what that would do at once.
struct Planned {
    from: Option<Definitions>,
    to: Definitions,
    at_once: Vec<AtOnce>,
}

async fn planned(wiring: &Wiring, files: &Files) -> Result<Planned, Failure> {
    let nothing_in_force = || Ok(Planned { from: None, to: read_files(files)?, at_once: Vec::new() });
    let database = wiring.database()?;
    // Nothing is made where no engine has run yet.
    if matches!(&database, Address::File(file) if file.try_exists().is_ok_and(|exists| !exists)) {
        return nothing_in_force();
    }
    let store = match database.open_existing().await {
        Err(Error::NotThere { .. }) => return nothing_in_force(),
        opened => opened?,
    };
    let now = wiring.now();
    let to = Joined::of(files, &*store).await?.read?;
    let in_force = files_in_force(&*store, files.name(), now).await?;
    let from = match in_force {
        Some(in_force) => Some(Joined::of(&in_force, &*store).await?.read?),
        None => None,
    };
    let host = wiring.base()?.host().clone();
    let at_once = match &from {
        Some(from) => Reader::new(&*store, &to, host, EngineState::Running, now).at_once(from).await?,
        // Where no engine ran of late, what is remembered is no reason to act now.
        None => Vec::new(),
    };
    store.close().await;
    Ok(Planned { from, to, at_once })
}
