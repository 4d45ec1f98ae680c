//! `flyball history`: what was seen, decided and done.

use super::check::nothing_named;
use super::reading::Source;
use crate::arguments::History;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::timeline::{Stamp, line};
use crate::wiring::Wiring;
use flyball_engine::queries::HistoryFilter;
use flyball_model::{AppName, MonitorName, ReactionName};
use flyball_store::TimelinePage;
use flyball_views::{HistoryLine, Page};

pub(super) async fn history(wiring: &Wiring, asked: History) -> Result<Exit, Failure> {
    let source = Source::open_without_file(wiring).await?;
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
    let Page { items: lines, before, .. } = page(wiring, &source, &filter).await?;
    if lines.is_empty() {
        must_be_known(wiring, &source, &filter).await?;
    }
    match wiring.format {
        Format::Json => output::json(&lines)?,
        Format::Text if lines.is_empty() => output::say("nothing has happened that fits"),
        Format::Text => {
            wiring.face.note(now).iter().for_each(|note| output::say(note));
            lines.iter().try_for_each(|told| output::data(&line(told, Stamp::DayAndTime, &wiring.face)))?;
        }
    }
    if let (Some(first), Some(_)) = (lines.first(), before) {
        output::say(&there_is_more(filter.lines, &wiring.face.day_and_time(first.at)));
    }
    Ok(Exit::GOOD)
}

/// The lines that fit, and whether there are more before.
async fn page(wiring: &Wiring, source: &Source, filter: &HistoryFilter) -> Result<Page<HistoryLine>, Failure> {
    let desk = match source {
        Source::Here(desk) => desk,
        Source::Afar(server) => return Ok(server.get(&["timeline"], &query(filter)).await?),
    };
    let reader = desk.reader(wiring).await?;
    let items = reader.history(filter).await?;
    let before = match items.first().map(|line| line.number) {
        Some(first) => {
            let earlier = HistoryFilter { before: Some(first), lines: 1, ..filter.clone() };
            (!reader.history(&earlier).await?.is_empty()).then(|| first.to_string())
        }
        None => None,
    };
    Ok(Page { items, before, after: None })
}

/// The same as the HTTP interface takes it.
fn query(filter: &HistoryFilter) -> Vec<(&'static str, String)> {
    let HistoryFilter { app, monitor, reaction, since, until, before, no_holds, lines, .. } = filter;
    let mut query = vec![("no_holds", no_holds.to_string()), ("limit", lines.to_string())];
    query.extend(app.as_ref().map(|app| ("app", app.to_string())));
    query.extend(monitor.as_ref().map(|monitor| ("monitor", monitor.to_string())));
    query.extend(reaction.as_ref().map(|reaction| ("reaction", reaction.to_string())));
    query.extend(since.map(|since| ("since", since.to_string())));
    query.extend(until.map(|until| ("until", until.to_string())));
    query.extend(before.map(|before| ("before", before.to_string())));
    query
}

/// How to get what is not shown.
fn there_is_more(lines: u32, first: &str) -> String {
    let most = TimelinePage::LINES_MAX;
    let more = if lines < most { format!("; up to {most} at once: --lines {most}") } else { String::new() };
    format!("these are the latest {lines}, and there are more before; to see those: --until \"{first}\"{more}")
}

/// The names in the file, and what the file is called.
struct Known {
    file: String,
    apps: Vec<String>,
    monitors: Vec<String>,
    reactions: Vec<String>,
}

impl Known {
    /// Without a readable file, there are none.
    async fn of(wiring: &Wiring, source: &Source) -> Result<Self, Failure> {
        if let Source::Afar(server) = source {
            let status = source.status(wiring, None).await?;
            let watched = status.monitors.iter().flat_map(|monitor| &monitor.apps);
            let apps = watched.chain(status.reactions.iter().map(|reaction| &reaction.app));
            return Ok(Self {
                file: format!("the file of {server}"),
                apps: apps.map(ToString::to_string).collect(),
                monitors: status.monitors.iter().map(|monitor| monitor.name.to_string()).collect(),
                reactions: status.reactions.iter().map(|reaction| reaction.name.to_string()).collect(),
            });
        }
        let read = wiring.definitions_with_made().await.ok();
        let (monitors, reactions) =
            read.as_ref().map(|file| (&file.monitors[..], &file.reactions[..])).unwrap_or_default();
        let watched = monitors.iter().filter_map(|monitor| monitor.kind.app());
        let apps = watched.chain(reactions.iter().map(|reaction| reaction.kind.app()));
        Ok(Self {
            file: wiring.config().display().to_string(),
            apps: apps.map(ToString::to_string).collect(),
            monitors: monitors.iter().map(|monitor| monitor.name.to_string()).collect(),
            reactions: reactions.iter().map(|reaction| reaction.name.to_string()).collect(),
        })
    }
}

/// Refuses a name that is neither in the file nor anywhere in the timeline: of a misspelt one nothing ever happened. Without
/// a readable file, the timeline alone is asked.
async fn must_be_known(wiring: &Wiring, source: &Source, filter: &HistoryFilter) -> Result<(), Failure> {
    let Known { file, apps, monitors, reactions } = Known::of(wiring, source).await?;
    let (app, monitor, reaction) = (filter.app.clone(), filter.monitor.clone(), filter.reaction.clone());
    let any = || HistoryFilter { lines: 1, ..HistoryFilter::default() };
    let asked: [(&str, Option<&str>, Vec<String>, HistoryFilter); 3] = [
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
        let is_known = known.iter().any(|known| known == name);
        if !is_known && page(wiring, source, &alone).await?.items.is_empty() {
            let because = format!("neither {file} nor the timeline has one of this name");
            return Err(nothing_named(noun, name, because, known.iter().map(String::as_str)));
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
