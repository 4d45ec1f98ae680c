//! `history`: the timeline, filtered.

use super::Reader;
use flyball_model::{AppName, MonitorId, MonitorName, ReactionId, ReactionName, Timestamp};
use flyball_store::{Error, TimelinePage};
use flyball_views::HistoryLine;

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
    /// At this time or earlier.
    pub until: Option<Timestamp>,
    /// Numbered higher than this.
    pub after: Option<i64>,
    /// Numbered lower than this.
    pub before: Option<i64>,
    /// Without lines that only say why a reaction holds still.
    pub no_holds: bool,
    /// The latest ones: at most [`TimelinePage::LINES_MAX`].
    pub lines: u32,
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
            until: filter.until,
            after: filter.after,
            before: filter.before,
            no_holds: filter.no_holds,
            lines: filter.lines,
            ..TimelinePage::default()
        };
        self.lines(&page).await
    }

    /// The first lines of the timeline behind a number, oldest first: for whoever reads on where they were.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn history_behind(&self, number: i64, lines: u32) -> Result<Vec<HistoryLine>, Error> {
        self.lines(&TimelinePage { after: Some(number), first: true, lines, ..TimelinePage::default() }).await
    }

    async fn lines(&self, page: &TimelinePage) -> Result<Vec<HistoryLine>, Error> {
        let lines = self.store.timeline(page).await?;
        Ok(lines.into_iter().map(|line| HistoryLine::of(line.number, line.entry)).collect())
    }
}
