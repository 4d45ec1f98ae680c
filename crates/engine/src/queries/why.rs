//! `why`: what was seen, what is held and for what reason, and what may come next, in sentences.

use super::app::seen;
use super::foreign::changed_by_others;
use super::{Reader, Recalled, monitor, reaction};
use flyball_model::{AppName, MonitorName, ReactionName};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_settings::did_you_mean;
use flyball_store::{Error, RunsPage};
use flyball_views::{About, Part, RunView, Why};
use std::collections::HashSet;

/// At most this many readings are shown: what fits on a screen beside the rest.
const READINGS: u32 = 5;
/// At most this many runs are shown.
const RUNS: u32 = 5;

/// Nothing in the file has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotKnown {
    /// What was probably meant.
    pub meant: Option<String>,
}

impl Reader<'_> {
    /// What a name means: monitors before reactions before apps, and all of them where several have it.
    ///
    /// # Errors
    ///
    /// When nothing in the file has it.
    pub fn about(&self, name: &str) -> Result<Vec<About>, NotKnown> {
        let monitors = self.definitions.monitors.iter().map(|monitor| About::Monitor(monitor.name.clone()));
        let reactions = self.definitions.reactions.iter().map(|reaction| About::Reaction(reaction.name.clone()));
        let known: Vec<About> = monitors.chain(reactions).chain(self.apps().into_iter().map(About::App)).collect();
        let found: Vec<About> = known.iter().filter(|about| about.name() == name).cloned().collect();
        if found.is_empty() {
            let meant = did_you_mean(name, known.iter().map(About::name)).map(str::to_owned);
            return Err(NotKnown { meant });
        }
        Ok(found)
    }

    /// The apps that the file names, in its order, each once.
    pub(super) fn apps(&self) -> Vec<AppName> {
        let watched = self.definitions.monitors.iter().filter_map(|monitor| monitor.kind.app());
        let acted_on = self.definitions.reactions.iter().map(|reaction| reaction.kind.app());
        let mut met = HashSet::new();
        acted_on.chain(watched).filter(|app| met.insert(*app)).cloned().collect()
    }

    /// Explains.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn why(&self, about: &[About]) -> Result<Why, Error> {
        let recalled = self.recalled().await?;
        let mut parts = Vec::new();
        for about in about {
            match about {
                About::Monitor(name) => self.why_monitor(name, &recalled, &mut parts).await?,
                About::Reaction(name) => self.why_reaction(name, &recalled, &mut parts).await?,
                About::App(app) => self.why_app(app, &recalled, &mut parts).await?,
            }
        }
        Ok(Why { at: self.now, engine: self.engine, pauses: self.paused().await?, parts })
    }

    async fn why_monitor(&self, name: &MonitorName, recalled: &Recalled, parts: &mut Vec<Part>) -> Result<(), Error> {
        let Some(monitor) = self.definitions.monitors.iter().find(|monitor| monitor.name == *name) else {
            return Ok(());
        };
        parts.push(self.of_monitor(monitor, recalled).await?);
        for reaction in self.definitions.reactions.iter().filter(|reaction| monitor.reactions.contains(&reaction.name))
        {
            parts.push(self.of_reaction(reaction, recalled).await?);
        }
        Ok(())
    }

    async fn why_reaction(&self, name: &ReactionName, recalled: &Recalled, parts: &mut Vec<Part>) -> Result<(), Error> {
        let Some(reaction) = self.definitions.reactions.iter().find(|reaction| reaction.name == *name) else {
            return Ok(());
        };
        parts.push(self.of_reaction(reaction, recalled).await?);
        for monitor in self.definitions.monitors.iter().filter(|monitor| monitor.reactions.contains(name)) {
            parts.push(self.of_monitor(monitor, recalled).await?);
        }
        Ok(())
    }

    async fn why_app(&self, app: &AppName, recalled: &Recalled, parts: &mut Vec<Part>) -> Result<(), Error> {
        let sighting = self.store.sighting(&self.wiring.app_named(app)).await?;
        let page = RunsPage { app: Some(app.clone()), runs: RUNS, ..RunsPage::default() };
        let runs: Vec<RunView> = self.store.runs(&page).await?.iter().map(RunView::of).collect();
        let mut sentences = vec![seen(sighting.as_ref(), self.now)];
        sentences.extend(sighting.as_ref().and_then(changed_by_others));
        let about = About::App(app.clone());
        parts.push(Part { about, sentences, monitor: None, reaction: None, readings: Vec::new(), runs });
        let reactions: Vec<&Reaction> =
            self.definitions.reactions.iter().filter(|reaction| reaction.kind.app() == app).collect();
        for monitor in &self.definitions.monitors {
            let calls_one = reactions.iter().any(|reaction| monitor.reactions.contains(&reaction.name));
            if calls_one || monitor.kind.app() == Some(app) {
                parts.push(self.of_monitor(monitor, recalled).await?);
            }
        }
        for reaction in reactions {
            parts.push(self.of_reaction(reaction, recalled).await?);
        }
        Ok(())
    }

    async fn of_monitor(&self, monitor: &Monitor, recalled: &Recalled) -> Result<Part, Error> {
        let view = self.monitor(monitor, recalled).await?;
        let readings = self.last_readings(monitor, READINGS).await?;
        Ok(Part {
            about: About::Monitor(monitor.name.clone()),
            sentences: monitor::sentences(&view, monitor.every, self.now),
            monitor: Some(view),
            reaction: None,
            readings,
            runs: Vec::new(),
        })
    }

    async fn of_reaction(&self, reaction: &Reaction, recalled: &Recalled) -> Result<Part, Error> {
        let known = self.known(Some(reaction.kind.app())).await?;
        let view = self.reaction(reaction, recalled, known.get(reaction.kind.app()));
        let page = RunsPage { reaction: Some(reaction.id), runs: RUNS, ..RunsPage::default() };
        let runs = self.store.runs(&page).await?;
        Ok(Part {
            about: About::Reaction(reaction.name.clone()),
            sentences: reaction::sentences(&view, reaction.policy.cooldown, self.now),
            monitor: None,
            reaction: Some(view),
            readings: Vec::new(),
            runs: runs.iter().map(RunView::of).collect(),
        })
    }
}
