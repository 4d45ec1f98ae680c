//! `flyball history`: what was seen, decided and done.

use super::reading::Desk;
use crate::arguments::History;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::timeline::{Stamp, line};
use crate::wiring::Wiring;
use flyball_engine::queries::HistoryFilter;

pub(super) async fn history(wiring: &Wiring, asked: History) -> Result<Exit, Failure> {
    let desk = Desk::open_without_file(wiring).await?;
    let now = wiring.now();
    let filter = HistoryFilter {
        app: asked.app,
        monitor: asked.monitor,
        reaction: asked.reaction,
        since: asked.since.map(|since| since.begins(now)),
        until: asked.until.map(|until| until.ends(now)),
        after: None,
        lines: asked.lines,
    };
    let lines = desk.reader(wiring).await?.history(&filter).await?;
    match wiring.format {
        Format::Json => output::json(&lines)?,
        Format::Text if lines.is_empty() => output::say("nothing has happened that fits"),
        Format::Text => {
            lines.iter().try_for_each(|told| output::data(&line(told, Stamp::DayAndTime)))?;
            if u32::try_from(lines.len()) == Ok(filter.lines) {
                output::say(&format!("these are the latest {}; --lines and --since show others", filter.lines));
            }
        }
    }
    Ok(Exit::GOOD)
}
