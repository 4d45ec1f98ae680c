//! `flyball why`: an explanation in sentences.

use super::incidents;
use super::reading::{Desk, Source};
use crate::arguments::{Incident, Why};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::NotKnown;
use flyball_model::RunId;
use flyball_views::{About, RunStory, Why as View};

pub(super) async fn why(wiring: &Wiring, asked: &Why) -> Result<Exit, Failure> {
    if let Some(number) = asked.number {
        return incident(wiring, asked, number).await;
    }
    let explained = match Source::open(wiring, Exit::NO).await? {
        Source::Here(desk) => here(wiring, &desk, asked).await?,
        Source::Afar(server) => afar(&server, asked).await?,
    };
    match (wiring.format, &explained) {
        (Format::Json, Explained::Standing(why)) => output::json(why)?,
        (Format::Json, Explained::Run(story)) => output::json(story)?,
        (Format::Text, Explained::Standing(why)) => {
            output::data(&render::why::text(why, asked.verbose, &wiring.face))?;
        }
        (Format::Text, Explained::Run(story)) => {
            output::data(&render::why::run_story(story, asked.verbose, &wiring.face))?;
        }
    }
    Ok(Exit::GOOD)
}

/// An incident is explained by its story.
async fn incident(wiring: &Wiring, asked: &Why, number: i64) -> Result<Exit, Failure> {
    if asked.name.as_deref() != Some("incident") {
        return Err(Failure::new(Exit::USAGE, "a number explains an incident alone").hint("`flyball why incident 12`"));
    }
    incidents::incident(wiring, &Incident { number, html: false }).await
}

/// What is explained.
enum Explained {
    /// Where something stands.
    Standing(Box<View>),
    /// One run.
    Run(Box<RunStory>),
}

async fn here(wiring: &Wiring, desk: &Desk, asked: &Why) -> Result<Explained, Failure> {
    let reader = desk.reader(wiring).await?;
    let about = match (&asked.app, &asked.name) {
        (Some(app), _) => vec![About::App(app.clone())],
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            match (reader.about(name), name.parse::<RunId>()) {
                (Ok(about), _) => about,
                (Err(_), Ok(id)) => {
                    let story = reader.run_story(id).await?.ok_or_else(|| no_such_run(id))?;
                    return Ok(Explained::Run(Box::new(story)));
                }
                (Err(not_known), Err(_)) => return Err(nothing_named(wiring, name, &not_known)),
            }
        }
    };
    Ok(Explained::Standing(Box::new(reader.why(&about).await?)))
}

async fn afar(server: &Remote, asked: &Why) -> Result<Explained, Failure> {
    let of = match (&asked.app, &asked.name) {
        (Some(app), _) => ("app", app.to_string()),
        (None, name) => ("of", name.clone().unwrap_or_default()),
    };
    let id = asked.name.as_deref().and_then(|name| name.parse::<RunId>().ok());
    match (server.get(&["why"], &[of]).await, id) {
        (Ok(why), _) => Ok(Explained::Standing(why)),
        // What looks like a run's id may be a name, so that is asked first, as beside the engine.
        (Err(refused), Some(id)) if refused.status() == Some(404) => {
            let story = server.get(&["runs", &id.to_string(), "story"], &[]).await;
            story.map(Explained::Run).map_err(|refused| match refused.status() {
                Some(404) => no_such_run(id),
                _ => refused.into(),
            })
        }
        (Err(refused), _) => Err(refused.into()),
    }
}

fn no_such_run(id: RunId) -> Failure {
    Failure::new(Exit::NO, format!("there is no run {id}")).hint("`flyball history --json` names the run of each line")
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
