//! `flyball plan`: what the file as it is now would change of what is in force.

use super::validate::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_config::{Definitions, Difference, Files, LeftOut, read, read_files};
use flyball_engine::commands::files_in_force;
use flyball_engine::made::Joined;
use flyball_store::Error;

pub(super) async fn plan(wiring: &Wiring) -> Result<Exit, Failure> {
    let files = wiring.files()?;
    read_files(&files)?;
    let Planned { from, to } = planned(wiring, &files).await?;
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
        Format::Json => output::json(&difference)?,
        Format::Text if difference.is_empty() => output::data("nothing changes")?,
        Format::Text => {
            output::data(&difference.to_string())?;
            difference.cost.accounts.iter().try_for_each(|account| output::data(&account.to_string()))?;
        }
    }
    Ok(Exit::GOOD)
}

/// What is in force, where an engine runs, and what would be.
struct Planned {
    from: Option<Definitions>,
    to: Definitions,
}

async fn planned(wiring: &Wiring, files: &Files) -> Result<Planned, Failure> {
    let store = match wiring.database()?.open_existing().await {
        Err(Error::NotThere { .. }) => return Ok(Planned { from: None, to: read_files(files)? }),
        opened => opened?,
    };
    let to = Joined::of(files, &*store).await?.read?;
    let in_force = files_in_force(&*store, files.name(), wiring.now()).await?;
    let from = match in_force {
        Some(in_force) => Some(Joined::of(&in_force, &*store).await?.read?),
        None => None,
    };
    store.close().await;
    Ok(Planned { from, to })
}
