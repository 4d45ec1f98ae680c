//! Runs: the record of one plan from queued to its end.

use crate::{
    Because, Excerpt, MonitorId, MonitorName, NodeId, Passage, Plan, Rank, ReactionId, ReactionName, ReleaseVersion,
    RunId, Timestamp, WhyInDoubt, WhyNotDone, WhySuperseded,
};
use serde::{Deserialize, Serialize};

/// Who wanted a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The engine, because of a monitor's readings.
    Engine {
        /// Which monitor.
        monitor: MonitorId,
        /// Its name then.
        monitor_name: MonitorName,
        /// The start of the episode: the flip into the reaction's call-on verdict.
        episode: Timestamp,
    },
    /// A person, at the command line.
    Person {
        /// As the operating system names them.
        name: String,
    },
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It took effect. Of a one-off dyno: it was started.
    Done {
        /// How we know.
        seen: Look,
        /// The release that a rollback made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        release: Option<ReleaseVersion>,
        /// The one-off dyno that was started.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dyno: Option<crate::DynoId>,
        /// Its name, for people; runs of earlier versions do not tell it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dyno_name: Option<crate::DynoName>,
    },
    /// It did not take effect, and will not.
    NotDone {
        /// Why.
        why: WhyNotDone,
    },
    /// The plan's basis no longer held; no call was sent.
    Superseded {
        /// What had changed.
        why: WhySuperseded,
    },
    /// Heroku refused it.
    Refused {
        /// The status.
        status: u16,
        /// The error id.
        id: String,
        /// What happened and what to do, as the failed call tells it.
        why: Passage,
    },
    /// Nobody can know. Told to a person; it counts as if it had taken effect.
    InDoubt {
        /// Why.
        why: WhyInDoubt,
    },
}

/// How we know that a run took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// Heroku answered so.
    Answered,
    /// The answer was lost, and we saw it afterwards.
    SeenAfterwards,
    /// Nobody could know, and a person said so.
    SaidSo,
}

impl Outcome {
    /// Whether it took effect, or may have: the cooldown counts from such runs.
    #[must_use]
    pub const fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::InDoubt { .. })
    }

    /// Why it did not take effect, or may not have, in words.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Done { .. } => None,
            Self::NotDone { why } => Some(why.to_string()),
            Self::Superseded { why } => Some(why.to_string()),
            Self::Refused { why, .. } => Some(why.to_string()),
            Self::InDoubt { why } => Some(why.to_string()),
        }
    }

    /// The outcome's word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::NotDone { .. } => "not_done",
            Self::Superseded { .. } => "superseded",
            Self::Refused { .. } => "refused",
            Self::InDoubt { .. } => "in_doubt",
        }
    }
}

/// Where a run stands. Each state holds what it needs and no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RunState {
    /// On disk, and waiting to be claimed.
    Queued,
    /// A node is about to look whether its basis still holds. No call has been sent.
    Claimed {
        /// Which node.
        node: NodeId,
        /// Since when.
        at: Timestamp,
    },
    /// The call is about to be sent, was sent, or was lost. From here on Flyball only looks.
    Sent {
        /// By which node.
        node: NodeId,
        /// When this was committed, just before the call.
        at: Timestamp,
        /// When it is looked for: the call's deadline and a margin after `at`. "Not seen" means "not done" from then.
        look_at: Timestamp,
    },
    /// At its end.
    Ended {
        /// Since when.
        at: Timestamp,
        /// How.
        outcome: Outcome,
    },
}

impl RunState {
    /// Whether it has not ended.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Ended { .. })
    }

    /// The state's word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Claimed { .. } => "claimed",
            Self::Sent { .. } => "sent",
            Self::Ended { .. } => "ended",
        }
    }
}

/// The record of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Time-ordered.
    pub id: RunId,
    /// Of which reaction.
    pub reaction: ReactionId,
    /// Its name then.
    pub reaction_name: ReactionName,
    /// Who wanted it.
    pub actor: Actor,
    /// Why.
    pub because: Because,
    /// What is to be done.
    pub plan: Plan,
    /// Which of several goes first.
    pub rank: Rank,
    /// When it was saved.
    pub queued_at: Timestamp,
    /// When its call was about to be sent; kept through to the end.
    pub sent_at: Option<Timestamp>,
    /// Heroku's request ids, in order: at most [`Run::REQUEST_IDS_MAX`].
    pub request_ids: Vec<Excerpt>,
    /// Where it stands.
    pub state: RunState,
}

impl Run {
    /// A run makes one changing call and a few looks; more ids than this help nobody.
    pub const REQUEST_IDS_MAX: usize = 16;

    /// When its call was about to be sent, if it took effect or may have.
    #[must_use]
    pub fn took_effect_at(&self) -> Option<Timestamp> {
        match &self.state {
            RunState::Ended { outcome, .. } if !outcome.may_have_taken_effect() => None,
            RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } | RunState::Ended { .. } => {
                self.sent_at
            }
        }
    }
}
