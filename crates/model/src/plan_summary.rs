//! What is told of a plan.

use crate::{AppName, DynoName, DynoSize, Effect, Excerpt, Passage, Plan, ProcessType, Quantity, ReleaseVersion};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is told of a plan: what it does to which app, without the ids that it is checked by, and bounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanSummary {
    /// [`Effect::SetQuantity`]
    SetQuantity {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// The quantity before.
        from: Quantity,
        /// The quantity that is set.
        to: Quantity,
    },
    /// [`Effect::SetSize`]
    SetSize {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// The size before.
        from: DynoSize,
        /// The size that is set.
        to: DynoSize,
    },
    /// [`Effect::RestartDyno`]
    RestartDyno {
        /// Of which app.
        app: AppName,
        /// Which dyno.
        dyno: DynoName,
    },
    /// [`Effect::RestartAll`]
    RestartAll {
        /// Of which app.
        app: AppName,
        /// How many dynos.
        dynos: usize,
    },
    /// [`Effect::RollBack`]
    RollBack {
        /// Which app.
        app: AppName,
        /// The release that was current.
        from: ReleaseVersion,
        /// The release that its content came from.
        origin: ReleaseVersion,
        /// The release whose content is wanted again.
        to: ReleaseVersion,
        /// The names of the config vars that it puts back or takes away, as in [`Plan::restores`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restores: Option<Vec<Excerpt>>,
    },
    /// [`Effect::RunOneOff`]
    RunOneOff {
        /// On which app.
        app: AppName,
        /// The command.
        command: Passage,
        /// Its size, if not the app's default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<DynoSize>,
        /// After this, Heroku ends it.
        time_to_live: Duration,
    },
    /// A plan of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

impl Plan {
    /// What is told of it.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        let app = self.app().name.clone();
        match &self.effect {
            Effect::SetQuantity { process_type, from, to } => {
                PlanSummary::SetQuantity { app, process_type: process_type.clone(), from: *from, to: *to }
            }
            Effect::SetSize { process_type, from, to } => {
                PlanSummary::SetSize { app, process_type: process_type.clone(), from: from.clone(), to: to.clone() }
            }
            Effect::RestartDyno { dyno, .. } => PlanSummary::RestartDyno { app, dyno: dyno.clone() },
            Effect::RestartAll { ids } => PlanSummary::RestartAll { app, dynos: ids.len() },
            Effect::RollBack { from, origin, to, .. } => {
                PlanSummary::RollBack { app, from: *from, origin: *origin, to: *to, restores: self.restores.clone() }
            }
            Effect::RunOneOff { command, size, time_to_live, .. } => PlanSummary::RunOneOff {
                app,
                command: Passage::of(command),
                size: size.clone(),
                time_to_live: *time_to_live,
            },
        }
    }
}
