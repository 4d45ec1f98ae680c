//! What the timeline tells of a span of time, as far back as it is read.

use super::Reader;
use flyball_model::{Event, RunId, Timestamp};
use flyball_store::{Error, TimelineLine, TimelinePage};

/// At most so many pages of lines are read for one answer: more than an app has in a busy month.
const PAGES_MAX: u32 = 5;

/// Lines of the timeline, oldest first, without those that only say why a reaction holds still.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) lines: Vec<TimelineLine>,
    /// Since when these are all.
    pub(super) since: Timestamp,
}

impl Reader<'_> {
    /// The lines since then that match, the newest [`PAGES_MAX`] pages of them.
    pub(super) async fn told(&self, since: Timestamp, matching: TimelinePage) -> Result<Told, Error> {
        let mut page = TimelinePage { since: Some(since), no_holds: true, ..matching };
        let mut told = Told { lines: Vec::new(), since };
        for _ in 0..PAGES_MAX {
            let earlier = self.store.timeline(&page).await?;
            let is_last = earlier.len() < TimelinePage::LINES_MAX as usize;
            page.before = earlier.first().map(|line| line.number);
            told.lines.splice(0..0, earlier);
            if is_last {
                return Ok(told);
            }
        }
        told.since = told.lines.first().map_or(since, |line| line.entry.at);
        Ok(told)
    }
}

/// The run that this line says took effect, or may have.
pub(super) fn took_effect(line: &TimelineLine) -> Option<RunId> {
    match &line.entry.event {
        Event::Ended { outcome, .. } if outcome.may_have_taken_effect() => line.entry.run,
        _ => None,
    }
}
