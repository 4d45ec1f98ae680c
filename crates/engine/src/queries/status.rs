//! `status`: every monitor and reaction at a glance.

use super::{EngineState, MonitorView, ReactionView, Reader, RunView};
use flyball_model::{AppName, Timestamp};
use flyball_store::{Error, Open, Pause, RunsPage};
use serde::Serialize;

/// Where everything stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// When this was read.
    pub at: Timestamp,
    /// Whether an engine runs.
    pub engine: EngineState,
    /// The pauses that hold.
    pub pauses: Vec<Pause>,
    /// The monitors, in the order of the file.
    pub monitors: Vec<MonitorView>,
    /// The reactions, in the order of the file.
    pub reactions: Vec<ReactionView>,
    /// Runs that have not ended, newest first.
    pub open_runs: Vec<RunView>,
}

impl Reader<'_> {
    /// Where everything stands, or everything that concerns one app.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn status(&self, app: Option<&AppName>) -> Result<Status, Error> {
        let recalled = self.recalled().await?;
        let concerns = |of: &AppName| app.is_none_or(|app| app == of);
        let mut reactions = Vec::new();
        for reaction in self.definitions.reactions.iter().filter(|reaction| concerns(reaction.kind.app())) {
            reactions.push(self.reaction(reaction, &recalled).await?);
        }
        let mut monitors = Vec::new();
        for monitor in &self.definitions.monitors {
            let calls_one = reactions.iter().any(|reaction| monitor.reactions.contains(&reaction.name));
            if app.is_none() || calls_one || monitor.kind.app().is_some_and(concerns) {
                monitors.push(self.monitor(monitor, &recalled).await?);
            }
        }
        let open = RunsPage { app: app.cloned(), open: Some(Open), ..RunsPage::default() };
        let open_runs = self.store.runs(&open).await?;
        Ok(Status {
            at: self.now,
            engine: self.engine,
            pauses: self.store.pauses(self.now).await?,
            monitors,
            reactions,
            open_runs: open_runs.iter().map(RunView::of).collect(),
        })
    }
}
