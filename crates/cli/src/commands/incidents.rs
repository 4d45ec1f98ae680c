//! `flyball incidents` and `flyball incident`: which outages there were, and the story of one.

use super::reading::Source;
use crate::arguments::{Incident, Incidents};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_store::IncidentsPage;
use flyball_views::{IncidentStory, IncidentView, Page};

pub(super) async fn incidents(wiring: &Wiring, asked: &Incidents) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let since = asked.since.map(|since| since.begins(wiring.now(), wiring.face.zone()));
    let page = IncidentsPage { app: asked.app.clone(), since, incidents: asked.lines, ..IncidentsPage::default() };
    let found: Vec<IncidentView> = match &source {
        Source::Here(desk) => desk.reader(wiring).await?.incidents(&page).await?,
        Source::Afar(server) => {
            let mut query = vec![("limit", asked.lines.to_string())];
            query.extend(page.app.as_ref().map(|app| ("app", app.to_string())));
            query.extend(since.map(|since| ("since", since.to_string())));
            server.get::<Page<IncidentView>>(&["incidents"], &query).await?.items
        }
    };
    match wiring.format {
        Format::Json => output::json(&found)?,
        Format::Text if found.is_empty() => output::say("there was no incident that fits"),
        Format::Text => {
            wiring.face.note(wiring.now()).iter().for_each(|note| output::say(note));
            found.iter().try_for_each(|one| output::data(&render::incident::line(one, &wiring.face)))?;
        }
    }
    Ok(Exit::GOOD)
}

pub(super) async fn incident(wiring: &Wiring, asked: &Incident) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let story = story(wiring, &source, asked.number).await?;
    match (wiring.format, asked.html) {
        (Format::Json, _) => output::json(&story)?,
        (Format::Text, true) => output::data(&render::incident::html(&story, &wiring.face)?)?,
        (Format::Text, false) => output::data(&render::incident::story(&story, &wiring.face))?,
    }
    Ok(Exit::GOOD)
}

/// The story of an incident, from here or from afar.
pub(super) async fn story(wiring: &Wiring, source: &Source, number: i64) -> Result<IncidentStory, Failure> {
    let no_such = || {
        Failure::new(Exit::NO, format!("there is no incident {number}"))
            .hint("`flyball incidents` lists those that are kept")
    };
    match source {
        Source::Here(desk) => desk.reader(wiring).await?.incident_story(number).await?.ok_or_else(no_such),
        Source::Afar(server) => {
            let told = server.get(&["incidents", &number.to_string()], &[]).await;
            told.map_err(|refused| if refused.status() == Some(404) { no_such() } else { refused.into() })
        }
    }
}
