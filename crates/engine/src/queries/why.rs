//! `why`: what was seen, what is held and for what reason, and what may come next, in sentences.

use super::app::seen;
use super::foreign::changed_by_others;
use super::{Reader, Recalled, monitor, reaction};
use flyball_config::Definitions;
use flyball_model::{AppName, MonitorId, MonitorName, ReactionName};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_settings::did_you_mean;
use flyball_store::{Error, Of, Overview, RunsPage};
use flyball_views::{About, Part, RunView, Why};
use std::collections::HashSet;
use tokio::try_join;

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

/// Something that the file names.
#[derive(Debug, Clone, Copy)]
enum Named<'n> {
    App(&'n AppName),
    Monitor(&'n Monitor),
    Reaction(&'n Reaction),
}

impl Reader<'_> {
    /// What a name means: monitors before reactions before apps, and all of them where several have it.
    ///
    /// # Errors
    ///
    /// When nothing in the file has it.
    pub fn about(&self, name: &str) -> Result<Vec<About>, NotKnown> {
        let monitors = || self.definitions.monitors.iter().map(|monitor| &monitor.name);
        let reactions = || self.definitions.reactions.iter().map(|reaction| &reaction.name);
        let of_monitors = monitors().filter(|known| known.as_str() == name).cloned().map(About::Monitor);
        let of_reactions = reactions().filter(|known| known.as_str() == name).cloned().map(About::Reaction);
        let of_apps = self.apps().filter(|known| known.as_str() == name).cloned().map(About::App);
        let found: Vec<About> = of_monitors.chain(of_reactions).chain(of_apps).collect();
        if found.is_empty() {
            let known = monitors().map(MonitorName::as_str).chain(reactions().map(ReactionName::as_str));
            let meant = did_you_mean(name, known.chain(self.apps().map(AppName::as_str))).map(str::to_owned);
            return Err(NotKnown { meant });
        }
        Ok(found)
    }

    /// The apps that the file names, in its order, each once.
    pub(super) fn apps(&self) -> impl Iterator<Item = &AppName> {
        let watched = self.definitions.monitors.iter().filter_map(|monitor| monitor.kind.app());
        let acted_on = self.definitions.reactions.iter().map(|reaction| reaction.kind.app());
        let mut met = HashSet::new();
        acted_on.chain(watched).filter(move |app| met.insert(*app))
    }

    /// Explains, with what goes with each: a monitor's reactions, what calls a reaction, everything of an app.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn why(&self, about: &[About]) -> Result<Why, Error> {
        let named: Vec<Named<'_>> = about.iter().flat_map(|about| self.with_company(about)).collect();
        let parts = self.parts(&named).await?;
        Ok(Why { at: self.now, engine: self.engine, pauses: self.paused().await?, parts })
    }

    /// Explains one thing without what goes with it; none where the file does not name it.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn why_alone(&self, about: &About) -> Result<Option<Part>, Error> {
        Ok(self.parts(self.named(about).as_slice()).await?.pop())
    }

    fn named<'n>(&'n self, about: &'n About) -> Option<Named<'n>> {
        let Definitions { monitors, reactions, .. } = self.definitions;
        match about {
            About::Monitor(name) => monitors.iter().find(|monitor| monitor.name == *name).map(Named::Monitor),
            About::Reaction(name) => reactions.iter().find(|reaction| reaction.name == *name).map(Named::Reaction),
            About::App(app) => Some(Named::App(app)),
        }
    }

    /// It, and what goes with it, in the order in which it is told.
    fn with_company<'n>(&'n self, about: &'n About) -> Vec<Named<'n>> {
        let Some(named) = self.named(about) else { return Vec::new() };
        let reactions = self.definitions.reactions.iter();
        let mut all = vec![named];
        match named {
            Named::Monitor(monitor) => {
                let called = reactions.filter(|reaction| monitor.reactions.contains(&reaction.name));
                all.extend(called.map(Named::Reaction));
            }
            Named::Reaction(reaction) => {
                let callers = self.callers([reaction]);
                let monitors = self.definitions.monitors.iter().filter(|monitor| callers.contains(&monitor.id));
                all.extend(monitors.map(Named::Monitor));
            }
            Named::App(app) => {
                all.extend(self.concerning(Some(app)).into_iter().map(Named::Monitor));
                all.extend(reactions.filter(|reaction| reaction.kind.app() == app).map(Named::Reaction));
            }
        }
        all
    }

    /// Explains each of these. What several of them need is read once.
    async fn parts(&self, named: &[Named<'_>]) -> Result<Vec<Part>, Error> {
        let reactions = named.iter().filter_map(|named| match named {
            Named::Reaction(reaction) => Some(*reaction),
            Named::Monitor(_) | Named::App(_) => None,
        });
        let mut concerned = self.callers(reactions.clone());
        concerned.extend(named.iter().filter_map(|named| match named {
            Named::Monitor(monitor) => Some(monitor.id),
            Named::Reaction(_) | Named::App(_) => None,
        }));
        let concerned: Vec<MonitorId> = concerned.into_iter().collect();
        let apps = reactions.map(|reaction| reaction.kind.app());
        let (recalled, known) = try_join!(self.recalled(Of::These(&concerned)), self.known(apps))?;
        let mut parts = Vec::with_capacity(named.len());
        for named in named {
            parts.push(match named {
                Named::App(app) => self.of_app(app).await?,
                Named::Monitor(monitor) => self.of_monitor(monitor, &recalled).await?,
                Named::Reaction(reaction) => {
                    self.of_reaction(reaction, &recalled, known.get(reaction.kind.app())).await?
                }
            });
        }
        Ok(parts)
    }

    async fn of_app(&self, app: &AppName) -> Result<Part, Error> {
        let sighting = self.store.sighting(&self.wiring.app_named(app)).await?;
        let page = RunsPage { app: Some(app.clone()), runs: RUNS, ..RunsPage::default() };
        let runs: Vec<RunView> = self.store.runs(&page).await?.iter().map(RunView::of).collect();
        let mut sentences = vec![seen(sighting.as_ref(), self.now)];
        sentences.extend(sighting.as_ref().and_then(changed_by_others));
        sentences.extend(self.cost_in_words(app, sighting.as_ref()).await?);
        let about = About::App(app.clone());
        Ok(Part { about, sentences, monitor: None, reaction: None, readings: Vec::new(), runs })
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

    async fn of_reaction(
        &self,
        reaction: &Reaction,
        recalled: &Recalled,
        known: Option<&Overview>,
    ) -> Result<Part, Error> {
        let view = self.reaction(reaction, recalled, known);
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
