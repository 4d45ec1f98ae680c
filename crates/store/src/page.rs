//! What is asked for, and what comes back, when people read.

use crate::rollup::{Rollup, Span, Spell};
use flyball_model::{AppName, Entry, MonitorId, ReactionId, RunId, Timestamp, Verdict};

/// Which lines of the timeline.
#[derive(Debug, Clone, Default)]
pub struct TimelinePage {
    /// On this app.
    pub app: Option<AppName>,
    /// Of this monitor.
    pub monitor: Option<MonitorId>,
    /// Of this reaction.
    pub reaction: Option<ReactionId>,
    /// Of this run. There is no index for it: ask with its reaction, and since it was queued.
    pub run: Option<RunId>,
    /// Only of no app, monitor, reaction or run: what happened to the engine, its file or everything.
    pub of_the_whole: bool,
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
    /// How many of the latest that match: at most [`TimelinePage::LINES_MAX`], which 0 means, too.
    pub lines: u32,
    /// The first of those that match, and not the latest: for whoever reads on behind `after`.
    pub first: bool,
}

impl TimelinePage {
    /// A page of a browser, or what a person pipes through `less`.
    pub const LINES_MAX: u32 = 1000;
}

/// One line of the timeline, with its number.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TimelineLine {
    /// Grows with every line; never used again.
    pub number: i64,
    /// The line.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Which readings.
#[derive(Debug, Clone)]
pub struct ReadingsPage {
    /// Of this monitor.
    pub monitor: MonitorId,
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
    /// How many of the latest: at most [`ReadingsPage::READINGS_MAX`], which 0 means, too.
    pub readings: u32,
}

impl ReadingsPage {
    /// Eight hours at 30 s.
    pub const READINGS_MAX: u32 = 1000;
}

/// Which runs.
#[derive(Debug, Clone, Default)]
pub struct RunsPage {
    /// On this app.
    pub app: Option<AppName>,
    /// Of this reaction.
    pub reaction: Option<ReactionId>,
    /// Queued at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that have not ended.
    pub open: Option<Open>,
    /// How many of the latest: at most [`RunsPage::RUNS_MAX`], which 0 means, too.
    pub runs: u32,
}

/// Only runs that have not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open;

impl RunsPage {
    /// What a person can read.
    pub const RUNS_MAX: u32 = 1000;
}

/// Which roll-ups.
#[derive(Debug, Clone)]
pub struct RollupsPage {
    /// Of this monitor.
    pub monitor: MonitorId,
    /// How long each spans.
    pub span: Span,
    /// Begun at this time or later.
    pub since: Timestamp,
    /// Begun earlier than this.
    pub until: Timestamp,
}

impl RollupsPage {
    /// Thirteen months of hours, and a day: as many as are kept.
    pub const ROLLUPS_MAX: u32 = 24 * 400;
}

/// A span of time of one monitor, rolled up.
#[derive(Debug, Clone, PartialEq)]
pub struct Rolled {
    /// When the span began.
    pub start: Timestamp,
    /// What became of it.
    pub rollup: Rollup,
}

/// Which spells.
#[derive(Debug, Clone)]
pub struct SpellsPage {
    /// Of this monitor.
    pub monitor: MonitorId,
    /// Of this verdict only.
    pub verdict: Option<Verdict>,
    /// Ended later than this. The next page, where the oldest come first, is since the end of the last.
    pub since: Option<Timestamp>,
    /// Begun earlier than this. The next page, where the newest come first, is until the beginning of the last.
    pub until: Option<Timestamp>,
    /// The oldest come first, and not the newest.
    pub oldest_first: bool,
    /// How many of those that come first: at most [`SpellsPage::SPELLS_MAX`], which 0 means, too.
    pub spells: u32,
}

impl SpellsPage {
    /// Ten a week for as long as they are kept.
    pub const SPELLS_MAX: u32 = 1000;

    /// Whether it is of the page's verdict and time.
    pub(crate) fn has(&self, spell: &Spell) -> bool {
        self.verdict.is_none_or(|verdict| spell.finding.verdict() == verdict)
            && self.since.is_none_or(|since| spell.ended_at > since)
            && self.until.is_none_or(|until| spell.began_at < until)
    }
}
