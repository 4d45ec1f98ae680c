//! `flyball suggest`: what each dyno of an app carries, by what was recorded.

use super::check::nothing_named;
use super::reading::{Desk, Source};
use crate::arguments::Suggest;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::Remote;
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::NoSuggestion;
use flyball_model::Timestamp;
use flyball_views::Suggestion;

pub(super) async fn suggest(wiring: &Wiring, asked: &Suggest) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    let since = asked.since.map(|since| since.begins(wiring.now(), wiring.face.zone()));
    let suggestion = match source {
        Source::Here(desk) => here(wiring, &desk, asked, since).await?,
        Source::Afar(server) => afar(&server, asked, since).await?,
    };
    match wiring.format {
        Format::Json => output::json(&suggestion)?,
        Format::Text => output::data(&render::replay::suggestion(&suggestion, &wiring.face))?,
    }
    Ok(if suggestion.carries.is_some() { Exit::GOOD } else { Exit::NO })
}

async fn here(wiring: &Wiring, desk: &Desk, asked: &Suggest, since: Option<Timestamp>) -> Result<Suggestion, Failure> {
    desk.reader(wiring).await?.suggest(&asked.monitor, since).await.map_err(|why| match why {
        NoSuggestion::Store(error) => error.into(),
        NoSuggestion::NoMonitor => {
            let known = desk.definitions.monitors.iter().map(|monitor| monitor.name.as_str());
            let because = format!("{} has none of this name", wiring.config().display());
            nothing_named("monitor", asked.monitor.as_str(), because, known)
        }
        NoSuggestion::NoLoad { needs } => {
            Failure::new(Exit::NO, format!("cannot suggest anything by \"{}\"", asked.monitor)).because(needs)
        }
    })
}

async fn afar(server: &Remote, asked: &Suggest, since: Option<Timestamp>) -> Result<Suggestion, Failure> {
    let since: Vec<_> = since.map(|since| ("since", since.to_string())).into_iter().collect();
    Ok(server.get(&["monitors", asked.monitor.as_str(), "suggestion"], &since).await?)
}
