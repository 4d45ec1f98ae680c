//! What to do, decided by values alone.
//!
//! Values in, values out: no I/O, no clock, no chance, which this crate's manifest proves. `now` is an argument, and
//! the same values always give the same answer.
//!
//! The way of one reading: [`fold`](fn@fold) it into what its monitor remembers; ask whether each attached reaction is
//! [`called`](fn@called); ask whether it [`may_act`](fn@may_act); let its kind plan from what is seen of the app, with
//! [`ladder`]s and [`step_back`]; look whether the app has [settled](fn@settling); and let the
//! [first of those that would act](fn@first) go.

mod arbitrate;
mod called;
mod doubt;
mod due;
mod fold;
mod foreign;
mod home;
pub mod ladder;
mod lineage;
mod may_act;
mod settle;
mod spending;

pub use arbitrate::{Adder, first, stands_back};
pub use called::called;
pub use doubt::{Elsewhere, doubt};
pub use due::{due_at_or_after, first_due};
pub use fold::{Folded, Spell, fold};
pub use foreign::{KnownBefore, foreign_changes, gives_way, looks_like_autoscaler, released_before};
pub use home::{Home, may_touch};
pub use lineage::{BackLimits, NoStep, StepBack, origin_of, pending_above, step_back};
pub use may_act::{Facts, Refusal, backed_off, may_act};
pub use settle::{evidence_from, settling, unsettled_from};
pub use spending::{app_has_left, goes_on, reaction_has_left};

use flyball_model::{Because, DynoId, Effect, ReleaseVersion, Timestamp};
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
}
