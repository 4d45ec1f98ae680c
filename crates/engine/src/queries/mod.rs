//! Queries: what people and programs ask, answered as plain views.
//!
//! A [`Reader`] builds every view from the definitions and the store alone, so that it works beside a running engine and
//! from another process. It changes nothing and calls nobody. What the command line prints as JSON is the view itself.

mod app;
mod app_story;
mod at_once;
mod cures;
mod definitions;
mod drift;
mod foreign;
mod headline;
mod helped;
mod history;
mod incidents;
mod monitor;
#[cfg(test)]
mod narrowed;
mod next;
mod nodes;
mod notices;
mod presence;
mod reaction;
mod replay;
mod report;
mod series;
mod status;
mod store;
mod story;
mod suggest;
#[cfg(test)]
mod testing;
mod told;
mod uptime;
mod why;

pub use at_once::AtOnce;
pub use definitions::{definition_of, definitions};
pub use foreign::Rival;
pub use headline::headline;
pub use history::HistoryFilter;
pub use monitor::checked;
pub use presence::SeenEngine;
pub use reaction::UndoneSteps;
pub use replay::PLAYED;
pub use report::ListOutages;
pub use store::store_view;
pub use suggest::{NoSuggestion, is_load};
pub use uptime::UptimeOver;
pub use why::NotKnown;

pub use flyball_settings::did_you_mean;

use crate::engine::InForce;
use crate::memory::caught_up;
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_model::{ApiHost, AppName, Mode, MonitorId, MonitorState, ReactionId, Reading, Subject, Timestamp};
use flyball_reactions::Reaction;
use flyball_store::{Error, Holding, NewerReadings, Of, Overview, Pause, Store};
use flyball_views::{EngineState, PauseView};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use tokio::try_join;

/// Answers queries, as of one moment.
pub struct Reader<'a> {
    store: &'a dyn Store,
    definitions: &'a Definitions,
    wiring: Arc<Wiring>,
    engine: EngineState,
    now: Timestamp,
}

/// What the store remembers of the monitors that a view is about, and of what they call; read once for all of it.
struct Recalled {
    states: HashMap<MonitorId, MonitorState>,
    holdings: HashMap<ReactionId, Vec<Holding>>,
    /// The latest reading of each monitor that looked within the hour.
    latest: HashMap<MonitorId, Reading>,
}

impl<'a> Reader<'a> {
    /// A reader of `store` with these definitions, of apps at the API `host`, as of `now`.
    #[must_use]
    pub fn new(
        store: &'a dyn Store,
        definitions: &'a Definitions,
        host: ApiHost,
        engine: EngineState,
        now: Timestamp,
    ) -> Self {
        let wiring = Arc::new(Wiring::new(definitions, host, Mode::Act, &Wiring::default(), now));
        Self { store, definitions, wiring, engine, now }
    }

    /// A reader of what a running engine has in force, as of `now`.
    #[must_use]
    pub fn of(store: &'a dyn Store, in_force: &'a InForce, now: Timestamp) -> Self {
        let InForce { definitions, wiring } = in_force;
        Self { store, definitions, wiring: Arc::clone(wiring), engine: EngineState::Running, now }
    }

    /// Which reactions are attached to which monitors.
    pub(crate) fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// As of when it answers.
    pub(crate) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The same with the engine as it is seen in the store: one may run, and have lost its store.
    ///
    /// # Errors
    ///
    /// When the store does not answer, or the lock beside a file cannot be looked at.
    pub async fn as_seen(mut self) -> Result<Self, Error> {
        self.engine = SeenEngine::on(self.store, self.now).await?.state;
        Ok(self)
    }

    /// The pauses that hold.
    async fn paused(&self) -> Result<Vec<PauseView>, Error> {
        Ok(self.store.pauses(self.now).await?.into_iter().map(pause_view).collect())
    }

    /// What is remembered of these monitors. Of a reaction, all that call it are needed: [`Reader::callers`].
    async fn recalled(&self, of: Of<'_>) -> Result<Recalled, Error> {
        // Each has a connection of its own: what takes the time is reading rows, thousands of each.
        let (remembered, newer, latest, held) = try_join!(
            self.store.remembered(of),
            self.store.newer_readings(of),
            self.store.latest(of),
            self.store.holdings(of)
        )?;
        let still_watched = |row: &flyball_store::Remembered| {
            self.wiring.monitor(row.monitor).is_some_and(|monitor| monitor.kind.watched() == row.watched)
        };
        let mut states: HashMap<MonitorId, MonitorState> =
            remembered.into_iter().filter(still_watched).map(|row| (row.monitor, row.state)).collect();
        for NewerReadings { monitor, found } in newer {
            let (Some(wired), Some(state)) = (self.wiring.monitor(monitor), states.get_mut(&monitor)) else { continue };
            *state = caught_up(std::mem::take(state), &found, wired.every, self.wiring.remember(monitor));
        }
        let mut holdings: HashMap<ReactionId, Vec<Holding>> = HashMap::new();
        for holding in held {
            holdings.entry(holding.key.reaction).or_default().push(holding);
        }
        Ok(Recalled { states, holdings, latest: latest.into_iter().collect() })
    }

    /// The monitors that call one of these reactions, each once.
    fn callers<'r>(&self, reactions: impl IntoIterator<Item = &'r Reaction>) -> BTreeSet<MonitorId> {
        let all = reactions.into_iter().flat_map(|reaction| self.wiring.watched_by(reaction.id));
        all.map(|monitor| monitor.id).collect()
    }

    /// What the store knows of these apps of the file: read at once, since there may be thousands.
    async fn known<'n>(
        &self,
        names: impl IntoIterator<Item = &'n AppName>,
    ) -> Result<HashMap<AppName, Overview>, Error> {
        let mut reactions: BTreeMap<&AppName, Vec<ReactionId>> =
            names.into_iter().map(|name| (name, Vec::new())).collect();
        for reaction in &self.definitions.reactions {
            if let Some(on_app) = reactions.get_mut(reaction.kind.app()) {
                on_app.push(reaction.id);
            }
        }
        let apps: Vec<(Subject, Vec<ReactionId>)> =
            reactions.into_iter().map(|(name, on_app)| (self.wiring.subject_named(name), on_app)).collect();
        let known = self.store.overview(&apps, self.now).await?;
        Ok(apps.into_iter().map(|(Subject::HerokuApp(app), _)| app.name).zip(known).collect())
    }
}

/// A pause, as it is told.
#[must_use]
pub fn pause_view(Pause { scope, at, until, by }: Pause) -> PauseView {
    PauseView { scope, at, until, by }
}

/// How long ago, in words: "3s ago".
fn ago(then: Timestamp, now: Timestamp) -> String {
    let passed = now.since(then);
    // Nobody counts in milliseconds how long ago something was.
    if passed.as_secs() == 0 {
        return "just now".to_owned();
    }
    let whole = std::time::Duration::from_secs(passed.as_secs());
    format!("{} ago", flyball_model::duration::roughly(whole))
}

/// "once", "14 times".
fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// "1 reading", "14 readings".
fn readings(count: u64) -> String {
    if count == 1 { "1 reading".to_owned() } else { format!("{count} readings") }
}

/// Names for a sentence: `"a", "b" and "c"`.
fn names<T: std::fmt::Display>(names: &[T]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_say_them() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-01-02T12:00:00Z");
        assert_eq!(ago(at("2026-01-02T11:56:58.400Z"), now), "3m 1s ago");
        assert_eq!(ago(now, now), "just now");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(names::<&str>(&[]), "nothing");
        assert_eq!(names(&["a"]), "\"a\"");
        assert_eq!(names(&["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
    }
}
