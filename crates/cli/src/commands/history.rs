//! `flyball history`: what was seen, decided and done.

use super::check::nothing_named;
use super::reading::Desk;
use crate::arguments::History;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::timeline::{Stamp, line};
use crate::wiring::Wiring;
use flyball_engine::queries::{HistoryFilter, Reader};
use flyball_model::{AppName, MonitorName, ReactionName};
use flyball_store::TimelinePage;

pub(super) async fn history(wiring: &Wiring, asked: History) -> Result<Exit, Failure> {
    let desk = Desk::open_without_file(wiring).await?;
    let now = wiring.now();
    let filter = HistoryFilter {
        app: asked.app,
        monitor: asked.monitor,
        reaction: asked.reaction,
        since: asked.since.map(|since| since.begins(now, wiring.face.zone())),
        until: asked.until.map(|until| until.ends(now, wiring.face.zone())),
        no_holds: asked.no_holds,
        lines: asked.lines,
        ..HistoryFilter::default()
    };
    let reader = desk.reader(wiring).await?;
    let lines = reader.history(&filter).await?;
    if lines.is_empty() {
        must_be_known(wiring, &reader, &filter).await?;
    }
    match wiring.format {
        Format::Json => output::json(&lines)?,
        Format::Text if lines.is_empty() => output::say("nothing has happened that fits"),
        Format::Text => {
            wiring.face.note(now).iter().for_each(|note| output::say(note));
            lines.iter().try_for_each(|told| output::data(&line(told, Stamp::DayAndTime, &wiring.face)))?;
        }
    }
    if let Some(first) = lines.first() {
        let earlier = HistoryFilter { before: Some(first.number), lines: 1, ..filter.clone() };
        if !reader.history(&earlier).await?.is_empty() {
            output::say(&there_is_more(filter.lines, &wiring.face.day_and_time(first.at)));
        }
    }
    Ok(Exit::GOOD)
}

/// How to get what is not shown.
fn there_is_more(lines: u32, first: &str) -> String {
    let most = TimelinePage::LINES_MAX;
    let more = if lines < most { format!("; up to {most} at once: --lines {most}") } else { String::new() };
    format!("these are the latest {lines}, and there are more before; to see those: --until \"{first}\"{more}")
}

/// Refuses a name that is neither in the file nor anywhere in the timeline: of a misspelt one nothing ever happened. Without
/// a readable file, the timeline alone is asked.
async fn must_be_known(wiring: &Wiring, reader: &Reader<'_>, filter: &HistoryFilter) -> Result<(), Failure> {
    let file = wiring.definitions_with_made().await.ok();
    let (monitors, reactions) = file.as_ref().map(|file| (&file.monitors[..], &file.reactions[..])).unwrap_or_default();
    let watched = monitors.iter().filter_map(|monitor| monitor.kind.app());
    let apps = watched.chain(reactions.iter().map(|reaction| reaction.kind.app())).map(AppName::as_str).collect();
    let monitors = monitors.iter().map(|monitor| monitor.name.as_str()).collect();
    let reactions = reactions.iter().map(|reaction| reaction.name.as_str()).collect();
    let (app, monitor, reaction) = (filter.app.clone(), filter.monitor.clone(), filter.reaction.clone());
    let any = || HistoryFilter { lines: 1, ..HistoryFilter::default() };
    let asked: [(&str, Option<&str>, Vec<&str>, HistoryFilter); 3] = [
        ("app", filter.app.as_ref().map(AppName::as_str), apps, HistoryFilter { app, ..any() }),
        ("monitor", filter.monitor.as_ref().map(MonitorName::as_str), monitors, HistoryFilter { monitor, ..any() }),
        (
            "reaction",
            filter.reaction.as_ref().map(ReactionName::as_str),
            reactions,
            HistoryFilter { reaction, ..any() },
        ),
    ];
    for (noun, name, known, alone) in asked {
        let Some(name) = name else { continue };
        if !known.contains(&name) && reader.history(&alone).await?.is_empty() {
            let because = format!("neither {} nor the timeline has one of this name", wiring.config().display());
            return Err(nothing_named(noun, name, because, known.into_iter()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_said_with_the_way_to_it() {
        let told = there_is_more(200, "2026-01-02 03:04:05");
        assert_eq!(
            told,
            "these are the latest 200, and there are more before; to see those: --until \"2026-01-02 03:04:05\"; up to 1000 at \
             once: --lines 1000"
        );
        assert!(!there_is_more(TimelinePage::LINES_MAX, "").contains("--lines"));
    }
}
