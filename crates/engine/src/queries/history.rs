//! `history`: the timeline, filtered.

use super::Reader;
use flyball_model::{AppName, Event, MonitorId, MonitorName, ReactionId, ReactionName, RunId, Timestamp};
use flyball_store::{Error, TimelineLine, TimelinePage};
use serde::Serialize;

/// Which lines.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// On this app.
    pub app: Option<AppName>,
    /// Of this monitor, also one that is no longer in the file.
    pub monitor: Option<MonitorName>,
    /// Of this reaction, also one that is no longer in the file.
    pub reaction: Option<ReactionName>,
    /// At this time or later.
    pub since: Option<Timestamp>,
    /// Numbered higher than this.
    pub after: Option<i64>,
    /// The latest ones: at most [`TimelinePage::LINES_MAX`].
    pub lines: u32,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HistoryLine {
    /// Grows with every line; never used again.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// On which app.
    pub app: Option<AppName>,
    /// Of which monitor.
    pub monitor: Option<MonitorName>,
    /// Of which reaction.
    pub reaction: Option<ReactionName>,
    /// Of which run.
    pub run: Option<RunId>,
    /// What happened, in words that stand alone.
    pub words: String,
    /// What happened, as data.
    #[serde(flatten)]
    pub event: Event,
}

impl HistoryLine {
    /// The view of a line.
    #[must_use]
    pub fn of(line: TimelineLine) -> Self {
        let TimelineLine { number, entry } = line;
        let (monitor, reaction) = (entry.monitor.map(|(_, name)| name), entry.reaction.map(|(_, name)| name));
        let words = match (&entry.event, &monitor, &reaction) {
            (Event::Flipped { .. } | Event::Unknown { .. }, Some(monitor), _) => {
                format!("\"{monitor}\" {}", entry.event)
            }
            // A pause names what it covers by itself.
            (Event::Paused { .. } | Event::Resumed { .. }, _, _) => entry.event.to_string(),
            (_, _, Some(reaction)) => format!("\"{reaction}\" {}", entry.event),
            (_, Some(monitor), None) => format!("\"{monitor}\" {}", entry.event),
            (_, None, None) => entry.event.to_string(),
        };
        Self { number, at: entry.at, app: entry.app, monitor, reaction, run: entry.run, words, event: entry.event }
    }
}

impl Reader<'_> {
    /// Lines of the timeline, oldest first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryLine>, Error> {
        let page = TimelinePage {
            app: filter.app.clone(),
            monitor: filter.monitor.as_ref().map(MonitorId::of),
            reaction: filter.reaction.as_ref().map(ReactionId::of),
            since: filter.since,
            after: filter.after,
            lines: filter.lines,
        };
        let lines = self.store.timeline(&page).await?;
        Ok(lines.into_iter().map(HistoryLine::of).collect())
    }
}
