//! The nouns of Flyball.
//!
//! Everything that the other crates hand to each other: names that were checked once at the door, Heroku's things as
//! we see them, readings and what is remembered of them, reasons, plans, runs and the timeline.
//! Values only: nothing in here does I/O, reads a clock or draws a random number.

mod amount;
mod because;
mod doubt;
pub mod duration;
mod effect;
mod family;
mod foreign;
mod heroku;
mod hours;
mod id;
mod incident;
mod name;
mod no_undo;
mod passage;
mod people;
mod plan_summary;
mod policy;
mod reading;
mod run;
mod secret;
mod sight;
mod signal;
mod size;
mod spending;
mod state;
mod subject;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
mod time;
mod timeline;
mod why;
mod words;

pub use amount::{Amount, Measured, Unit};
pub use because::{Because, Doubted};
pub use doubt::{Doubt, Reference};
pub use effect::{Effect, EffectKind, Plan, Rank};
pub use family::Family;
pub use foreign::{Brought, Foreign, ForeignChange};
pub use heroku::{App, Content, Dyno, DynoState, Generation, ProcessFormation, Release, ReleaseStatus};
pub use hours::{Hours, InvalidHours};
pub use id::{
    AppId, DynoId, MonitorId, NodeId, ReactionId, ReleaseId, RunId, SessionId, SlugId, TextHash, TokenId, UserId,
};
pub use incident::{EndedBy, FirstCause, Incident, IncidentEnd, IncidentOf, IncidentTold};
pub use name::{
    AccountName, ApiHost, AppName, ChannelName, DynoName, InvalidName, MonitorName, ProcessType, Quantity,
    ReactionName, ReleaseVersion, UserName,
};
pub use no_undo::NoUndo;
pub use passage::Passage;
pub use people::{Deed, Right, SecretHash};
pub use plan_summary::PlanSummary;
pub use policy::{CallOn, Mode, Policy, Trigger};
pub use reading::{Blind, Cause, Evidence, Excerpt, Finding, HttpEvidence, Phases, Reading, Verdict};
pub use run::{Actor, Look, Outcome, Run, RunState};
pub use secret::{EnvValue, SEALED, not_had};
pub use sight::{Needs, ReleaseHistory, Sight};
pub use signal::{Signal, SignalKind};
pub use size::{DynoSize, SizeFacts, Tier};
pub use spending::{AppLimits, Per, Spending};
pub use state::{Flip, MonitorState, Standing};
pub use subject::{HerokuApp, Subject, SubjectKey};
pub use thread::{InvalidThreadKey, Thread, ThreadKey, ThreadOf, Untold};
pub use time::Timestamp;
pub use timeline::{
    Armed, Counts, EngineEvent, Entry, Event, FileEvent, Named, NotFollowed, OnlyTells, PauseScope, StoreLoss,
};
pub use why::{Changed, NotSeen, Unchanged, Unclear, WhyInDoubt, WhyLost, WhyNotDone, WhySuperseded};
