//! What choices and claims learn from the store.

use flyball_model::{AppId, PauseScope, ProcessType, Rank, ReactionId, ReleaseVersion, Run, Timestamp};
use std::collections::{BTreeSet, HashMap};

/// A pause: effects stop, observation goes on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// What was paused.
    pub scope: PauseScope,
    /// When the pause ended.
    pub at: Timestamp,
}

/// What a choice on an app depends on and only the store knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// So many effects of one reaction are told: no limit of a reaction is higher.
    pub const ACTED_MAX: u32 = 1000;

    /// When a reaction's effects were made, or may have been, latest first.
    #[must_use]
    pub fn acted_by(&self, reaction: ReactionId) -> &[Timestamp] {
        self.acted.get(&reaction).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Proof of a claim. A later claim of the same run has a higher one, and the earlier no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub i64);

/// What came of claiming a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// It is ours.
    Claimed(Box<Run>, Fence),
    /// It is paused; it stays queued.
    Paused(Pause),
    /// Another run on the app is under way; it stays queued.
    AppBusy,
    /// It is not queued any more.
    Taken,
}

/// What came of marking a run sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkSent {
    /// Committed: the call may be sent, once.
    Go,
    /// A pause came in between: no call.
    Paused(Pause),
    /// The fence no longer holds, or it was marked before: no call.
    Lost,
}
