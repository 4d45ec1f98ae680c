//! Monitors and readings as people read them.

use super::{Reader, Recalled, ago, readings, times};
use flyball_model::{
    Cause, Evidence, Excerpt, MonitorName, MonitorState, ReactionName, Reading, Timestamp, Verdict, duration,
};
use flyball_monitors::Monitor;
use flyball_store::{Error, ReadingsPage};
use serde::Serialize;
use std::time::Duration;

/// A monitor, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MonitorView {
    /// Its name.
    pub name: MonitorName,
    /// The word of its kind.
    pub kind: &'static str,
    /// What it looks at.
    pub looks_at: String,
    /// Its interval, in words.
    pub every: String,
    /// Whether the file has it switched on.
    pub enabled: bool,
    /// Its present verdict; none before the first reading.
    pub verdict: Option<Verdict>,
    /// Its last verdict that was not unknown.
    pub known_verdict: Option<Verdict>,
    /// Why, when failing.
    pub cause: Option<Cause>,
    /// How many readings in a row had the last known verdict.
    pub streak: u32,
    /// When it flipped into the last known verdict.
    pub since: Option<Timestamp>,
    /// How many unknown readings in a row came last.
    pub unknown_in_a_row: u32,
    /// Its latest reading.
    pub last: Option<ReadingView>,
    /// The reactions that it calls, in order.
    pub reactions: Vec<ReactionName>,
}

/// A reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReadingView {
    /// When the check began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u128,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, when failing.
    pub cause: Option<Cause>,
    /// In words.
    pub words: Excerpt,
    /// What was seen.
    pub evidence: Evidence,
}

impl ReadingView {
    /// The view of a reading.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self {
            at: reading.begun_at,
            took_ms: reading.took.as_millis(),
            verdict: reading.verdict(),
            cause: reading.finding.cause(),
            words: reading.words.clone(),
            evidence: reading.evidence.clone(),
        }
    }
}

impl Reader<'_> {
    pub(super) async fn monitor(&self, monitor: &Monitor, recalled: &Recalled) -> Result<MonitorView, Error> {
        let last = match recalled.latest.get(&monitor.id) {
            Some(reading) => Some(ReadingView::of(reading)),
            None => self.last_readings(monitor, 1).await?.pop(),
        };
        let state = recalled.states.get(&monitor.id);
        Ok(view(monitor, state, last))
    }

    /// The latest readings of a monitor, oldest first.
    pub(super) async fn last_readings(&self, monitor: &Monitor, count: u32) -> Result<Vec<ReadingView>, Error> {
        let page = ReadingsPage { monitor: monitor.id, since: None, readings: count };
        let readings = self.store.readings(&page).await?;
        Ok(readings.iter().map(ReadingView::of).collect())
    }
}

fn view(monitor: &Monitor, state: Option<&MonitorState>, last: Option<ReadingView>) -> MonitorView {
    let standing = state.and_then(|state| state.standing.as_ref());
    let unknown_in_a_row = state.map_or(0, |state| state.unknown_in_a_row);
    let known_verdict = standing.map(|standing| standing.verdict);
    MonitorView {
        name: monitor.name.clone(),
        kind: monitor.kind.word(),
        looks_at: Excerpt::of(&monitor.kind.subject()).to_string(),
        every: duration::print(monitor.every),
        enabled: monitor.enabled,
        verdict: if unknown_in_a_row > 0 { Some(Verdict::Unknown) } else { known_verdict },
        known_verdict,
        cause: standing.and_then(|standing| standing.cause),
        streak: standing.map_or(0, |standing| standing.streak),
        since: standing.map(|standing| standing.since),
        unknown_in_a_row,
        last,
        reactions: monitor.reactions.clone(),
    }
}

impl MonitorView {
    /// Where it stands, in sentences.
    pub(super) fn sentences(&self, every: Duration, now: Timestamp) -> Vec<String> {
        let mut told = vec![format!("It looks at {} every {}.", self.looks_at, self.every)];
        if !self.enabled {
            told.push("It is switched off in the file (`enabled = false`).".to_owned());
        }
        let standing = self.known_verdict.zip(self.since).map(|(verdict, since)| {
            let cause = self.cause.map(|cause| format!(", the latest for `{cause}`")).unwrap_or_default();
            let streak = readings(u64::from(self.streak));
            format!("{verdict} since {} ({}), {streak} in a row{cause}", since, ago(since, now))
        });
        told.push(match (self.unknown_in_a_row, standing) {
            (0, Some(standing)) => format!("It is {standing}."),
            (0, None) => "It has not been looked at yet.".to_owned(),
            (unknown, Some(standing)) => {
                format!("It is unknown: it could not be looked at ({}). Before that it was {standing}.", count(unknown))
            }
            (unknown, None) => format!("It is unknown: it could not be looked at ({}).", count(unknown)),
        });
        if let Some(last) = &self.last {
            told.push(format!("The last reading, {}, was {}: {}.", ago(last.at, now), last.verdict, last.words));
            // Three intervals and a minute: a late reading is no news, a missing one is.
            if self.enabled && now.since(last.at) > every * 3 + Duration::from_secs(60) {
                told.push("No reading has come since, though it should have.".to_owned());
            }
        }
        told
    }
}

fn count(unknown: u32) -> String {
    let count = times(u64::from(unknown));
    if unknown == 1 { count } else { format!("{count} in a row") }
}
