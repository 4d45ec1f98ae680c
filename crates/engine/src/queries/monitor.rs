//! Monitors and readings as people read them.

use super::{Reader, Recalled, ago, readings, times};
use flyball_model::{AppName, Cause, Evidence, Excerpt, MonitorState, Reading, Timestamp, Verdict, duration};
use flyball_monitors::Monitor;
use flyball_store::{Error, ReadingsPage};
use flyball_views::{Checked, MonitorView, ReadingView};
use std::time::Duration;

impl Reader<'_> {
    pub(super) async fn monitor(&self, monitor: &Monitor, recalled: &Recalled) -> Result<MonitorView, Error> {
        let last = match recalled.latest.get(&monitor.id) {
            Some(reading) => Some(ReadingView::of(reading)),
            None => self.last_readings(monitor, 1).await?.pop(),
        };
        let state = recalled.states.get(&monitor.id);
        Ok(MonitorView { apps: self.apps_of(monitor), ..view(monitor, state, last, self.now) })
    }

    /// The apps that a monitor is about, each once.
    fn apps_of(&self, monitor: &Monitor) -> Vec<AppName> {
        let attached = self.wiring.attached(monitor.id).iter().map(|reaction| reaction.kind.app());
        let mut apps: Vec<AppName> = Vec::new();
        for app in attached.chain(monitor.kind.app()) {
            if !apps.contains(app) {
                apps.push(app.clone());
            }
        }
        apps
    }

    /// The latest readings of a monitor, oldest first.
    pub(super) async fn last_readings(&self, monitor: &Monitor, count: u32) -> Result<Vec<ReadingView>, Error> {
        let page = ReadingsPage { monitor: monitor.id, since: None, until: None, readings: count };
        let readings = self.store.readings(&page).await?;
        Ok(readings.iter().map(ReadingView::of).collect())
    }
}

fn view(monitor: &Monitor, state: Option<&MonitorState>, last: Option<ReadingView>, now: Timestamp) -> MonitorView {
    let standing = state.and_then(|state| state.standing.as_ref());
    let unknown_in_a_row = state.map_or(0, |state| state.unknown_in_a_row);
    let known_verdict = standing.map(|standing| standing.verdict);
    MonitorView {
        name: monitor.name.clone(),
        kind: monitor.kind.word().into(),
        looks_at: Excerpt::of(&monitor.kind.subject()).to_string(),
        every: duration::print(monitor.every),
        enabled: monitor.enabled,
        outside_hours: monitor.rests_until(now).map(|because| because.to_string()),
        verdict: if unknown_in_a_row > 0 { Some(Verdict::Unknown) } else { known_verdict },
        known_verdict,
        cause: standing.and_then(|standing| standing.cause),
        streak: standing.map_or(0, |standing| standing.streak),
        since: standing.map(|standing| standing.since),
        unknown_in_a_row,
        last,
        apps: Vec::new(),
        reactions: monitor.reactions.clone(),
    }
}

/// Where a monitor stands, in sentences.
pub(super) fn sentences(view: &MonitorView, every: Duration, now: Timestamp) -> Vec<String> {
    let mut told = vec![format!("It looks at {} every {}.", view.looks_at, view.every)];
    if !view.enabled {
        told.push("It is switched off in the file (`enabled = false`).".to_owned());
    }
    if let Some(words) = &view.outside_hours {
        told.push(format!("It does not look now: {words}."));
    }
    let standing = view.known_verdict.zip(view.since).map(|(verdict, since)| {
        let cause = view.cause.map(|cause| format!(", the latest for `{cause}`")).unwrap_or_default();
        let streak = readings(u64::from(view.streak));
        format!("{verdict} since {} ({}), {streak} in a row{cause}", since, ago(since, now))
    });
    told.push(match (view.unknown_in_a_row, standing) {
        (0, Some(standing)) => format!("It is {standing}."),
        (0, None) => "It has not been looked at yet.".to_owned(),
        (unknown, Some(standing)) => {
            format!("It is unknown: it could not be looked at ({}). Before that it was {standing}.", count(unknown))
        }
        (unknown, None) => format!("It is unknown: it could not be looked at ({}).", count(unknown)),
    });
    if let Some(last) = &view.last {
        told.push(format!("The last reading, {}, was {}: {}.", ago(last.at, now), last.verdict, last.words));
        // Three intervals and a minute: a late reading is no news, a missing one is.
        if view.looks_now() && now.since(last.at) > every * 3 + Duration::from_secs(60) {
            told.push("No reading has come since, though it should have.".to_owned());
        }
    }
    told
}

fn count(unknown: u32) -> String {
    let count = times(u64::from(unknown));
    if unknown == 1 { count } else { format!("{count} in a row") }
}

/// What was seen when a person had a monitor look. `file` is what the file is called in messages.
#[must_use]
pub fn checked(monitor: &Monitor, reading: &Reading, file: &str) -> Checked {
    let rests = monitor.rests_until(reading.begun_at);
    let rests = rests.map(|because| format!("by itself it does not look now: {because}"));
    Checked {
        monitor: monitor.name.clone(),
        looks_at: monitor.kind.subject(),
        reading: ReadingView::of(reading),
        hint: hint(monitor, reading, file).or(rests),
    }
}

/// A host's name that does not exist is more often mistyped in the file than gone from the world. One that a redirect
/// led to stands in no file.
fn hint(monitor: &Monitor, reading: &Reading, file: &str) -> Option<String> {
    let redirected = matches!(&reading.evidence, Evidence::Http(http) if http.redirected_to.is_some());
    if reading.finding.cause() != Some(Cause::Name) || redirected {
        return None;
    }
    let setting = monitor.kind.host_setting()?;
    Some(format!("is it the right name? It is from `{setting}` of the monitor \"{}\" in {file}", monitor.name))
}
