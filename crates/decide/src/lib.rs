//! What to do, decided by values alone.
//!
//! Values in, values out: no I/O, no clock, no chance, which this crate's manifest proves. `now` is an argument, and
//! the same values always give the same answer.
//!
//! The way of one reading: [`fold`](fn@fold) it into what its monitor remembers; ask whether each attached reaction is
//! [`called`](fn@called). Those that are make a [`Situation`] about their app, together with everything that is known of
//! it. [`unseen`](fn@unseen) says what must be looked at yet, and [`choose`](fn@choose) gives a [`Choice`] for each: it goes
//! through the [`GATES`], lets the kind plan from what is seen with [`ladder`]s and [`step_back`], and lets the first of
//! those that would act go. [`may_send`](fn@may_send) asks once more before the call.

mod arbitrate;
mod called;
mod choose;
mod doubt;
mod due;
mod facts;
mod fold;
mod foreign;
mod gates;
mod home;
mod incident;
mod jobs;
pub mod ladder;
mod lineage;
mod may_act;
mod rungs;
mod seen;
mod settle;
mod situation;
mod spending;
mod target;
mod undo;
mod undone;

pub use arbitrate::Adder;
pub use called::called;
pub use choose::{
    Answer, Answered, Choice, Unseen, answers, choose, may_send, must_doubt, reason, unseen, waits_for, would_do,
};
pub use due::{due_at_or_after, first_due};
pub use facts::{AppFacts, Pause, Resumed, SeenOneOff, Sighting, Step, Unsettled};
pub use fold::{Folded, Spell, fold};
pub use foreign::looks_like_autoscaler;
pub use gates::{ByHand, Closed, GATES, Gate, Stage};
pub use home::Home;
pub use incident::{Asked, IncidentStep, Watched, incident};
pub use jobs::{Jobs, Waited};
pub use lineage::{BackLimits, NoStep, StepBack, origin_of, pending_above, step_back};
pub use seen::Seen;
pub use situation::{After, Call, Caller, FRESH, PATIENCE_MAX, Reacts, Scene, Sending, Situation, View, Wish};
pub use target::{Aim, By, LookedAt, Stands, Target, Why, WithoutData, aim, dynos_for};
pub use undo::{Undoing, is_way_back_open, undoable, way_back};

use flyball_model::{Because, DynoId, Effect, ReleaseVersion, RunId, Timestamp};
use std::collections::BTreeSet;
use std::time::Duration;

/// What a kind makes of what it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Planned {
    /// This effect, exactly.
    Do(Effect),
    /// Nothing, for this reason.
    Hold(Because),
    /// It cannot tell yet: it needs the releases below this version too.
    LookFurther {
        /// The oldest release that it has seen.
        below: ReleaseVersion,
    },
}

/// What a kind knows beside what it sees.
#[derive(Debug, Clone)]
pub struct Known<'a> {
    /// Now, by Heroku's clock: what it sees carries Heroku's times.
    pub now: Timestamp,
    /// When the episode began, by Heroku's clock.
    pub episode: Timestamp,
    /// The releases that our own rollbacks of this app made.
    pub our_rollbacks: &'a BTreeSet<ReleaseVersion>,
    /// The one-off dynos that this reaction started, and may have started.
    pub one_offs: &'a [StartedOneOff],
    /// When dynos were last added to the process type by us.
    pub last_out: Option<Timestamp>,
    /// What is known of the load that it scales to, where it scales to one.
    pub load: Option<KnownLoad<'a>>,
}

/// What is known of a load. Times are of our own clock: what is looked at here never was at Heroku.
#[derive(Debug, Clone, Copy)]
pub struct KnownLoad<'a> {
    /// When the turn began.
    pub now: Timestamp,
    /// What the monitor that calls it has measured, oldest first.
    pub looks: &'a [LookedAt],
    /// When dynos were last added to the process type by us.
    pub added_at: Option<Timestamp>,
    /// When the reaction acted last.
    pub acted_at: Option<Timestamp>,
}

/// A one-off dyno that a reaction started, or may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedOneOff {
    /// When its call was sent.
    pub at: Timestamp,
    /// Its dyno, where that is known; otherwise it is in doubt.
    pub dyno: Option<DynoId>,
    /// How long it may live.
    pub time_to_live: Duration,
    /// By which run.
    pub run: RunId,
}
