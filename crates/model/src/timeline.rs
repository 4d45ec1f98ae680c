//! The timeline: everything that was seen, decided and done, in one growing order.

use crate::{
    AppName, Because, Deed, DynoName, Excerpt, Finding, Flip, MonitorId, MonitorName, Outcome, Passage, PlanSummary,
    ReactionId, ReactionName, RunId, Timestamp, WhyLost,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a pause covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseScope {
    /// Every effect of this instance.
    Everything,
    /// Every effect on an app.
    App(AppName),
    /// Every effect of a reaction.
    Reaction(ReactionName),
}

/// How many monitors and reactions a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// How many monitors.
    pub monitors: usize,
    /// How many reactions.
    pub reactions: usize,
}

/// Why the engine only tells what it would do, when all of it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnlyTells {
    /// It runs on this dyno, whose disk does not last.
    OnDyno(Excerpt),
    /// The file says so.
    InFile,
}

/// Reactions by name, for a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Named {
    /// How many.
    pub count: usize,
    /// The first of them: at most [`Named::NAMES_MAX`].
    pub names: Vec<ReactionName>,
}

impl Named {
    /// What still fits on two lines of a terminal; `status` lists them all.
    pub const NAMES_MAX: usize = 10;

    /// One more.
    pub fn add(&mut self, name: &ReactionName) {
        self.count += 1;
        if self.names.len() < Self::NAMES_MAX {
            self.names.push(name.clone());
        }
    }
}

/// Which reactions act by themselves, and why the others do not. Each stands in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Armed {
    /// Those that act.
    pub act: Named,
    /// Those that only tell what they would do.
    pub tell: Named,
    /// Those that the file has switched off.
    pub off: Named,
    /// Those that would act, and a person paused.
    pub paused: Named,
}

/// What happened to the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum EngineEvent {
    /// It started.
    Started {
        /// Which version of Flyball.
        version: Excerpt,
        /// With which file.
        file: Passage,
        /// How much is in the file.
        #[serde(flatten)]
        counts: Counts,
        /// Why it only tells what it would do, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only_tells: Option<OnlyTells>,
    },
    /// It stopped.
    Stopped,
    /// What is seen is recorded again, after a time in which it was not.
    RecordsAgain {
        /// How long it was not.
        lasted: Duration,
        /// What the store said at first.
        error: Passage,
        /// How many effects were decided meanwhile, and not made.
        unmade: usize,
    },
    /// Who acts by itself from now on, at a start and when that changes.
    Armed {
        /// Who, and who does not.
        #[serde(flatten)]
        armed: Armed,
    },
    /// Its database is not its own any more: it makes no effects until it is started again.
    StoreLost {
        /// How it was lost.
        loss: StoreLoss,
    },
    /// What would keep the file from being carried out, as its last round found it; nothing when that is mended.
    Rounds {
        /// Each finding with what to do, in words.
        found: Vec<Passage>,
    },
    /// An event of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// Why a changed file without mistakes is not followed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lost", rename_all = "snake_case")]
pub enum NotFollowed {
    /// It has no monitor any more.
    Every {
        /// How many monitors are in force.
        in_force: usize,
    },
    /// It has fewer than half of the monitors that are in force.
    Most {
        /// How many it has.
        left: usize,
        /// How many are in force.
        in_force: usize,
    },
}

/// How an engine lost its database. What it writes may be read by nobody, and a pause not reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreLoss {
    /// No file has its name any more.
    Deleted,
    /// Another file has its name, or that of its log.
    Replaced,
    /// The file is the same, and its content gone.
    CutShort,
    /// The lock file beside it is gone, or another: a second engine can start.
    Unlocked,
    /// The engine's sign of life is not in it: another engine's is, or it is the content of another database.
    Unsigned,
}

/// What became of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum FileEvent {
    /// It is applied.
    Applied {
        /// How much is in it.
        #[serde(flatten)]
        counts: Counts,
        /// What is different since, a line for each; an earlier version told none.
        #[serde(default, skip_serializing_if = "Passage::is_empty")]
        changes: Passage,
    },
    /// What was changed in pages is in force beside it.
    MadeApplied {
        /// How much is in force, of the file and of pages.
        #[serde(flatten)]
        counts: Counts,
        /// What is different since, a line for each.
        #[serde(default, skip_serializing_if = "Passage::is_empty")]
        changes: Passage,
    },
    /// A monitor or a reaction that was made in pages is not in force: it does not go with the file.
    LeftOut {
        /// Which: `monitor "page"`.
        piece: Passage,
        /// How many mistakes there are.
        mistakes: usize,
        /// The mistakes, each at its place.
        report: Passage,
    },
    /// It has mistakes, and is refused.
    Refused {
        /// How many.
        mistakes: usize,
        /// The mistakes, each at its place.
        report: Passage,
    },
    /// It has lost too many monitors to be followed without being asked to: it may be half of a file.
    NotFollowed {
        /// What it lost.
        why: NotFollowed,
    },
    /// It cannot be read.
    Unreadable {
        /// Which file.
        file: Passage,
        /// What the system said.
        error: Passage,
    },
    /// Of several nodes on one store another has a newer file, by which this one goes as well.
    Outdated {
        /// Who goes by it, by machine and process.
        node: Excerpt,
        /// Whose file it is.
        newer: Excerpt,
        /// When that came into force last, by the clock that the store goes by.
        since: Timestamp,
    },
    /// Of several nodes on one store another has a newer file, which this one cannot read: it works on nothing.
    CannotRead {
        /// Who cannot read it, by machine and process.
        node: Excerpt,
        /// Whose file it is.
        newer: Excerpt,
        /// When that came into force last, by the clock that the store goes by.
        since: Timestamp,
        /// How many mistakes it has, to the version that cannot read it.
        mistakes: usize,
        /// The mistakes, each at its place.
        report: Passage,
    },
    /// A node goes by its own file again: no living one has a newer file.
    OwnAgain {
        /// Who, by machine and process.
        node: Excerpt,
    },
    /// An event of an earlier version, as it was told then.
    #[serde(untagged)]
    Told(Passage),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The engine started, or stopped.
    Engine {
        /// What.
        #[serde(alias = "words")]
        happened: EngineEvent,
    },
    /// The file was applied, or refused.
    File {
        /// What.
        #[serde(alias = "words")]
        happened: FileEvent,
    },
    /// A monitor changed between passing and failing.
    Flipped {
        /// From what to what.
        flip: Flip,
        /// The finding of the reading that showed it.
        finding: Finding,
        /// The reading in words.
        words: Excerpt,
    },
    /// A monitor can no longer look, or can again.
    Unknown {
        /// Whether this is the beginning of the spell.
        begins: bool,
        /// The reading in words.
        words: Excerpt,
    },
    /// A reaction holds still, for another reason than before.
    Held {
        /// Why.
        because: Because,
    },
    /// A reaction in dry run would have acted.
    Would {
        /// What it would have done.
        plan: PlanSummary,
        /// Why.
        because: Because,
    },
    /// A run was saved.
    Queued {
        /// What is to be done.
        plan: PlanSummary,
        /// Why.
        because: Because,
        /// Who asked for it, when a person did.
        person: Option<String>,
    },
    /// A run's answer was lost; it will be looked for.
    Lost {
        /// What happened.
        why: WhyLost,
        /// When it is looked for.
        look_at: Timestamp,
    },
    /// A run ended.
    Ended {
        /// What was to be done.
        plan: PlanSummary,
        /// How it ended.
        outcome: Outcome,
    },
    /// A one-off dyno that we started is not there any more.
    OneOffEnded {
        /// Its name, as far as it is known.
        dyno: Option<DynoName>,
        /// What was to be done.
        plan: PlanSummary,
        /// How long it ran at most: from its start to the look that no longer showed it.
        within: Duration,
    },
    /// A person said how a run that was in doubt had ended.
    Settled {
        /// What was to be done.
        plan: PlanSummary,
        /// How it ended.
        outcome: Outcome,
        /// Who said so.
        by: String,
    },
    /// Somebody else changed the app.
    Foreign {
        /// What.
        change: crate::ForeignChange,
        /// Who, as Heroku tells; only of a release.
        by: Option<Excerpt>,
        /// How often this quantity was changed by others within an hour, where that looks like another autoscaler.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        times: Option<u32>,
    },
    /// A person paused effects.
    Paused {
        /// What.
        scope: PauseScope,
        /// Until when.
        until: Option<Timestamp>,
        /// Who.
        by: String,
    },
    /// A person resumed effects, or a pause ended.
    Resumed {
        /// What.
        scope: PauseScope,
        /// Who.
        by: String,
    },
    /// Somebody said who may come in, or made something in pages; or wanted to come in and could not.
    Administered {
        /// What.
        did: Deed,
        /// Who: a user, or a token of the API.
        by: Excerpt,
    },
}

/// One line of the timeline, before it has its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// On which app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// Of which monitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor: Option<(MonitorId, MonitorName)>,
    /// Of which reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction: Option<(ReactionId, ReactionName)>,
    /// Of which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// What happened.
    pub event: Event,
}

impl Entry {
    /// An entry about nothing in particular yet.
    #[must_use]
    pub const fn new(at: Timestamp, event: Event) -> Self {
        Self { at, app: None, monitor: None, reaction: None, run: None, event }
    }
}
