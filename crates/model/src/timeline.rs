//! The timeline: everything that was seen, decided and done, in one growing order.

use crate::{
    AppName, Because, Excerpt, Finding, Flip, MonitorId, MonitorName, Outcome, ReactionId, ReactionName, RunId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

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

impl fmt::Display for PauseScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => write!(f, "everything"),
            Self::App(app) => write!(f, "app {app}"),
            Self::Reaction(reaction) => write!(f, "reaction \"{reaction}\""),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The engine started, or stopped.
    Engine {
        /// In words.
        words: String,
    },
    /// The file was applied, or refused.
    File {
        /// In words.
        words: String,
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
        /// What it would have done, in words.
        plan: String,
        /// Why.
        because: Because,
    },
    /// A run was saved.
    Queued {
        /// What is to be done, in words.
        plan: String,
        /// Why.
        because: Because,
        /// Who asked for it, when a person did.
        person: Option<String>,
    },
    /// A run's answer was lost; it will be looked for.
    Lost {
        /// What happened, in words.
        why: String,
        /// When it is looked for.
        look_at: Timestamp,
    },
    /// A run ended.
    Ended {
        /// What was to be done, in words.
        plan: String,
        /// How it ended.
        outcome: Outcome,
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

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine { words } | Self::File { words } => f.write_str(words),
            Self::Flipped { flip: Flip { from: None, to, .. }, words, .. } => write!(f, "is {to}: {words}"),
            Self::Flipped { flip: Flip { from: Some(from), to, .. }, words, .. } => {
                write!(f, "from {from} to {to}: {words}")
            }
            Self::Unknown { begins: true, words } => write!(f, "cannot look: {words}"),
            Self::Unknown { begins: false, words } => write!(f, "can look again: {words}"),
            Self::Held { because } => write!(f, "holds: {because}"),
            Self::Would { plan, because } => write!(f, "would {plan}, because {because}"),
            Self::Queued { plan, because, person: None } => write!(f, "decided: {plan}, because {because}"),
            Self::Queued { plan, person: Some(person), .. } => write!(f, "asked for by {person}: {plan}"),
            Self::Lost { why, look_at } => write!(f, "answer lost ({why}); looked for at {}", look_at.time_of_day()),
            Self::Ended { plan, outcome } => write!(f, "{plan}: {outcome}"),
            Self::Foreign { change, by, times } => {
                write!(f, "changed by others: {change}")?;
                if let Some(by) = by {
                    write!(f, ", by {by}")?;
                }
                match times {
                    Some(times) => write!(f, "; {times} times within an hour, which looks like another autoscaler"),
                    None => Ok(()),
                }
            }
            Self::Paused { scope, until: None, by } => write!(f, "{scope} paused by {by} until resumed"),
            Self::Paused { scope, until: Some(until), by } => write!(f, "{scope} paused by {by} until {until}"),
            Self::Resumed { scope, by } => write!(f, "{scope} resumed by {by}"),
        }
    }
}
