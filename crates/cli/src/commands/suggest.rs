//! `flyball suggest`: what each dyno of an app carries, by what was recorded.

use super::check::nothing_named;
use super::reading::Desk;
use super::replay::{SINCE, SINCE_MAX};
use crate::arguments::Suggest;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render;
use crate::wiring::Wiring;
use flyball_engine::queries::NoSuggestion;

pub(super) async fn suggest(wiring: &Wiring, asked: &Suggest) -> Result<Exit, Failure> {
    let desk = Desk::open(wiring, Exit::NO).await?;
    let (now, zone) = (wiring.now(), wiring.face.zone());
    let since = asked.since.map_or_else(|| now - SINCE, |since| since.begins(now, zone)).max(now - SINCE_MAX);
    let suggestion = match desk.reader(wiring).await?.suggest(&asked.monitor, since).await {
        Ok(suggestion) => suggestion,
        Err(NoSuggestion::Store(error)) => return Err(error.into()),
        Err(NoSuggestion::NoMonitor) => {
            let known = desk.definitions.monitors.iter().map(|monitor| monitor.name.as_str());
            let because = format!("{} has none of this name", wiring.config().display());
            return Err(nothing_named("monitor", asked.monitor.as_str(), because, known));
        }
        Err(NoSuggestion::NoLoad { needs }) => {
            let what = format!("cannot suggest anything by \"{}\"", asked.monitor);
            return Err(Failure::new(Exit::NO, what).because(needs));
        }
    };
    match wiring.format {
        Format::Json => output::json(&suggestion)?,
        Format::Text => output::data(&render::replay::suggestion(&suggestion, &wiring.face))?,
    }
    Ok(if suggestion.carries.is_some() { Exit::GOOD } else { Exit::NO })
}
