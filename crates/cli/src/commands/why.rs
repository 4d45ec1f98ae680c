//! `flyball why`: an explanation in sentences.

use super::reading::Desk;
use crate::arguments::Why;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::{NotKnown, Reader};
use flyball_model::RunId;
use flyball_views::About;

pub(super) async fn why(wiring: &Wiring, asked: &Why) -> Result<Exit, Failure> {
    let desk = Desk::open(wiring, Exit::NO).await?;
    let reader = desk.reader(wiring).await?;
    let about = match (&asked.app, &asked.name) {
        (Some(app), _) => vec![About::App(app.clone())],
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            match (reader.about(name), name.parse()) {
                (Ok(about), _) => about,
                (Err(_), Ok(id)) => return run(wiring, &reader, id, asked.verbose).await,
                (Err(not_known), Err(_)) => return Err(nothing_named(wiring, name, &not_known)),
            }
        }
    };
    let why = reader.why(&about).await?;
    match wiring.format {
        Format::Json => output::json(&why)?,
        Format::Text => output::data(&render::why::text(&why, asked.verbose, &wiring.face))?,
    }
    Ok(Exit::GOOD)
}

/// The story of one run.
async fn run(wiring: &Wiring, reader: &Reader<'_>, id: RunId, verbose: bool) -> Result<Exit, Failure> {
    let Some(story) = reader.run_story(id).await? else {
        let failure = Failure::new(Exit::NO, format!("there is no run {id}"));
        return Err(failure.hint("`flyball history --json` names the run of each line"));
    };
    match wiring.format {
        Format::Json => output::json(&story)?,
        Format::Text => output::data(&render::why::run_story(&story, verbose, &wiring.face))?,
    }
    Ok(Exit::GOOD)
}

/// Nothing in the file has this name.
fn nothing_named(wiring: &Wiring, name: &str, not_known: &NotKnown) -> Failure {
    let name = flyball_model::Excerpt::of(name);
    let what = format!("cannot explain \"{name}\"");
    let failure = Failure::new(Exit::NO, what)
        .because(format!("{} has no monitor, reaction or app of this name", wiring.config().display()));
    match &not_known.meant {
        Some(meant) => failure.hint(format!("did you mean \"{meant}\"?")),
        None => failure.hint("`flyball status` lists them"),
    }
}
