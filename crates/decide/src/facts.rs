//! What is remembered when a choice is made: what the store knows of an app and those who would act on it, and what was
//! last seen of the app. The store reads and writes these; nothing here does.

use flyball_model::{
    ApiHost, App, AppId, AppName, Dyno, DynoId, Foreign, PauseScope, ProcessFormation, ProcessType, Rank, ReactionId,
    Release, ReleaseVersion, Run, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// A pause: effects stop, observation goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What is paused.
    pub scope: PauseScope,
    /// Since when.
    pub at: Timestamp,
    /// Until when; until somebody resumes it if missing.
    pub until: Option<Timestamp>,
    /// Who.
    pub by: String,
}

/// The end of a pause: by a person, or by its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// What was paused.
    pub scope: PauseScope,
    /// When the pause ended.
    pub at: Timestamp,
}

/// What a choice on an app depends on and only the store knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AppFacts {
    /// The app of which these are; none when no app of this name is known.
    pub app_id: Option<AppId>,
    /// The pauses that hold now and cover everything, the app, or one of the reactions.
    pub pauses: Vec<Pause>,
    /// The latest end of a pause of each such scope.
    pub resumed: Vec<Resumed>,
    /// Runs on the app that have not ended, whosever they are.
    pub open: Vec<Run>,
    /// The latest run of each reaction that took effect, or may have (open and sent ones among them).
    pub last_effect: HashMap<ReactionId, Run>,
    /// The latest run of each reaction that ended, however it ended.
    pub last_ended: HashMap<ReactionId, Run>,
    /// How many refusals in a row each reaction's runs ended with, most recent ones, at most 32.
    pub refusals_in_a_row: HashMap<ReactionId, u32>,
    /// When our latest *out* on each process type took effect, or may have.
    pub last_out: HashMap<ProcessType, Timestamp>,
    /// Our steps out, in, up and down within [`Step::TOLD_FOR`], latest first, at most [`Step::TOLD_MAX`].
    pub steps: Vec<Step>,
    /// The releases that our rollbacks of this app made.
    pub our_rollbacks: BTreeSet<ReleaseVersion>,
    /// Rollbacks of this app that ended in doubt, latest first: whether they made a release, only a look can tell.
    pub doubted_rollbacks: Vec<Run>,
    /// One-off runs on the app, not older than a day, that took effect or may have, latest first.
    pub one_offs: Vec<Run>,
    /// Effects on the app within the last hour that were made, or may have been, latest first.
    pub effects: Vec<(Rank, Timestamp)>,
    /// When each reaction's effects were made, or may have been, latest first: at most [`AppFacts::ACTED_MAX`] of each.
    pub acted: HashMap<ReactionId, Vec<Timestamp>>,
    /// Runs on the app since it was last seen that took effect, may have, or still may; oldest first.
    pub since_seen: Vec<Run>,
}

impl AppFacts {
    /// At most this many effects of one reaction are told: no limit of a reaction is higher.
    pub const ACTED_MAX: u32 = 1000;

    /// When a reaction's effects were made, or may have been, latest first.
    #[must_use]
    pub fn acted_by(&self, reaction: ReactionId) -> &[Timestamp] {
        self.acted.get(&reaction).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A step of ours on a process type: one dyno or one size more or less, which was made, or may have been.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Of which process type.
    pub process_type: ProcessType,
    /// Which way.
    pub rank: Rank,
    /// When.
    pub at: Timestamp,
}

impl Step {
    /// How far back steps are told: undoings a day apart do not belong together, and six of them wait as long as any number.
    /// A week.
    pub const TOLD_FOR: Duration = Duration::from_hours(168);
    /// At most so many steps of one app: three an hour, all week.
    pub const TOLD_MAX: usize = 500;
}

/// An app that was seen unsettled: dynos booted, or a release rolled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsettled {
    /// When it was seen so last.
    pub at: Timestamp,
    /// From when on the time is counted that it is given to settle.
    pub from: Timestamp,
}

/// A one-off dyno that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenOneOff {
    /// Which.
    pub id: DynoId,
    /// When it was first seen to be gone; missing while it is there.
    pub gone_at: Option<Timestamp>,
}

/// What was last seen of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Where the API is that knows the app.
    pub host: ApiHost,
    /// The app.
    pub app: App,
    /// Its process types.
    pub formation: Vec<ProcessFormation>,
    /// Its formation dynos: at most [`Sighting::DYNOS_MAX`].
    pub dynos: Vec<Dyno>,
    /// Its newest releases: at most [`Sighting::RELEASES_MAX`].
    pub releases: Vec<Release>,
    /// Ids of present formation dynos that have been seen up: one that crashed after it was up is not booting.
    pub been_up: Vec<DynoId>,
    /// One-off dynos, those that are gone before those that are there: at most [`Sighting::ONE_OFFS_MAX`].
    pub one_offs: Vec<SeenOneOff>,
    /// When the app was last seen unsettled.
    pub unsettled: Option<Unsettled>,
    /// What others changed of it, oldest first: at most [`Foreign::REMEMBERED`].
    pub foreign: Vec<Foreign>,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// When its process types were: a look does not always need them.
    pub formation_at: Option<Timestamp>,
    /// When its releases were.
    pub releases_at: Option<Timestamp>,
}

impl Sighting {
    /// More dynos than an app has by default (255 on Fir), with room.
    pub const DYNOS_MAX: usize = 512;
    /// A few reactions' one-off dynos, and people's beside them; the latest are kept.
    pub const ONE_OFFS_MAX: usize = 64;
    /// Two pages of a terminal; the lineage is read from Heroku each time.
    pub const RELEASES_MAX: usize = 50;

    /// The app's name when it was seen.
    #[must_use]
    pub fn name(&self) -> &AppName {
        &self.app.name
    }
}
