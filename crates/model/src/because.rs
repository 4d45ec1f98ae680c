//! Reasons, and the choices that carry them.

use crate::{
    AccountName, AppName, CallOn, Cause, Doubt, DynoName, DynoSize, ForeignChange, PauseScope, Per, Plan, ProcessType,
    Quantity, ReactionName, ReleaseVersion, Spending, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a reaction decided on one reading. Nothing in it can act.
#[must_use = "record every choice: the timeline explains holding still as well as acting"]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice<P = Plan> {
    /// Do exactly this; nothing is left to choose later.
    Act(P, Because),
    /// Do nothing this time.
    Hold(Because),
}

impl<P> Choice<P> {
    /// The reason, either way.
    pub const fn because(&self) -> &Because {
        match self {
            Self::Act(_, because) | Self::Hold(because) => because,
        }
    }
}

/// Why a reaction acts or holds still. Reads as a sentence of its own, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Because {
    /// Acts: the readings match.
    Matched {
        /// The verdict of the readings.
        verdict: Verdict,
        /// How many in a row.
        streak: u32,
        /// Why, when failing.
        cause: Option<Cause>,
    },
    /// Acts: a person asked for it.
    ByHand,

    /// The reaction is switched off in the file.
    Disabled,
    /// The reading does not have the verdict that the reaction is called on.
    NotCalledOn {
        /// The verdict of the reading.
        verdict: Verdict,
        /// The one that the reaction is called on.
        call_on: CallOn,
    },
    /// The reading fails for a cause that is not among the reaction's.
    OtherCause {
        /// The reading's.
        cause: Cause,
        /// The reaction's.
        wanted: Vec<Cause>,
    },
    /// Too few matching readings in a row.
    BelowTrigger {
        /// How many there are.
        streak: u32,
        /// How many are needed.
        trigger: u32,
    },
    /// Too few matching readings in a row since something after which earlier ones are no evidence.
    TooFewSince {
        /// How many there are since.
        streak: u32,
        /// How many are needed.
        trigger: u32,
        /// Since when they count.
        since: Timestamp,
    },
    /// A person paused it.
    Paused {
        /// What is paused.
        scope: PauseScope,
        /// Until when; until somebody resumes it if missing.
        until: Option<Timestamp>,
    },
    /// Its last run was too short a time ago.
    CoolingDown {
        /// When it may act again.
        until: Timestamp,
    },
    /// It started within the shortest interval of its monitors already.
    OncePerInterval {
        /// When it may act again.
        until: Timestamp,
    },
    /// A run on the app is open.
    AppBusy {
        /// Whose run.
        reaction: ReactionName,
    },
    /// A run of this reaction is open.
    RunOpen,
    /// The app is being looked at for an earlier reading; it is asked as soon as that has ended.
    StillLooking,
    /// Heroku refused the last run for a reason that lasts.
    BackedOff {
        /// Until when, unless the file or the app changes before.
        until: Timestamp,
        /// What Heroku said.
        refusal: String,
    },
    /// Heroku does not take the account's token.
    AccountStopped {
        /// Which account.
        account: AccountName,
    },
    /// The app could not be looked at.
    CannotSee {
        /// What happened and what to do, in words.
        error: String,
    },
    /// The app is in maintenance mode.
    Maintenance,
    /// A dyno is booting; making it boot anew would never end.
    Settling {
        /// Which dyno.
        dyno: DynoName,
        /// When it is no longer waited for.
        until: Timestamp,
    },
    /// A dyno does not run the current release yet.
    RollingOut {
        /// Which dyno.
        dyno: DynoName,
        /// The current release.
        release: ReleaseVersion,
        /// When it is no longer waited for.
        until: Timestamp,
    },
    /// A dyno answers beside its successor until that takes over: what is seen of the app's pages is old.
    Preboot {
        /// Which dyno.
        dyno: DynoName,
        /// When it is no longer waited for.
        until: Timestamp,
    },
    /// The quantity is at its maximum or above.
    AtMaximum {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The maximum.
        max: Quantity,
    },
    /// The quantity is at its minimum or below.
    AtMinimum {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The minimum.
        min: Quantity,
    },
    /// The size is at its limit or beyond.
    AtSizeLimit {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
        /// The limit.
        limit: DynoSize,
    },
    /// What runs came from the oldest release that may run.
    AtMinimumRelease {
        /// The release that the content came from.
        origin: ReleaseVersion,
        /// The oldest that may run.
        min: ReleaseVersion,
    },
    /// As many steps back as one descent may have.
    AtMaximumSteps {
        /// Steps taken.
        steps: u32,
        /// The most there may be.
        max: u32,
    },
    /// Nothing older can be rolled back to.
    NothingOlder {
        /// The release that the content came from.
        origin: ReleaseVersion,
    },
    /// Somebody set the quantity to 0; one more would undo that.
    FromZero {
        /// Of which process type.
        process_type: ProcessType,
    },
    /// The size is not on the ladder.
    OffLadder {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
    },
    /// The app has no such process type.
    NoSuchProcessType {
        /// Which.
        process_type: ProcessType,
    },
    /// The app has no such dyno.
    NoSuchDyno {
        /// Which.
        dyno: DynoName,
    },
    /// The app has no dynos.
    NoDynos,
    /// On Fir a dyno's name changes at every restart.
    FirDynoNames {
        /// The name in the file.
        dyno: DynoName,
    },
    /// A release newer than the current one is in its release phase.
    PendingRelease {
        /// Which.
        version: ReleaseVersion,
    },
    /// No release is current, or it could not be told which.
    NoCurrentRelease,
    /// A reaction that adds has its condition met on the same process type.
    StandsBack {
        /// Which.
        reaction: ReactionName,
    },
    /// Dynos were added too short a time ago.
    Stabilizing {
        /// When it may act.
        until: Timestamp,
    },
    /// Another reaction goes first in this moment.
    Outranked {
        /// Which.
        reaction: ReactionName,
    },
    /// As many one-off dynos of this reaction are running as may at once.
    OneOffRunning {
        /// How many run, or may be running.
        running: u32,
        /// How many may.
        at_once: u32,
    },
    /// A setting names an environment variable that is not set.
    NoVariable {
        /// Its name.
        name: String,
    },
    /// We may be cut off ourselves: what seems to fail over there may be our own way to it.
    CutOff {
        /// What speaks for that.
        doubt: Doubt,
    },
    /// As many effects that boot dynos anew, and one-off dynos, as an app may have in an hour.
    AppSpent {
        /// Of which sort.
        sort: Spending,
        /// How many there were within the hour.
        effects: u32,
        /// How many there may be.
        max: u32,
        /// When there may be another.
        until: Timestamp,
    },
    /// As many effects as the reaction may have in a time.
    ReactionSpent {
        /// How many there were.
        effects: u32,
        /// How many there may be.
        max: u32,
        /// In which time.
        per: Per,
        /// When there may be another.
        until: Timestamp,
    },
    /// It acted so often in this episode, and the monitor has not recovered: it needs a person.
    GivenUp {
        /// How often it acted.
        effects: u32,
    },
    /// Somebody else changed the app a short time ago.
    GivingWay {
        /// What was changed.
        change: ForeignChange,
        /// When it may act.
        until: Timestamp,
    },
    /// The app is the one that Flyball runs on.
    Ourselves {
        /// Which.
        app: AppName,
    },
    /// Flyball runs on a dyno, and does not know of which app.
    UnknownHome,
    /// The dry run has told the same already, and its own settling is not over.
    DrySettling {
        /// When it would act again.
        until: Timestamp,
    },
    /// Before its call: the reaction only tells by now.
    OnlyTells,
    /// Before its call: the reaction was changed in the file.
    ChangedInFile,
    /// Before its call: the reaction is not attached to the monitor any more.
    NotAttached,
    /// Before its call: the monitor does not call for it any more.
    NoLongerCalled,
    /// Before its call: another app has this name by now.
    AnotherApp {
        /// The name.
        app: AppName,
    },
    /// Before its call: what the plan is based on does not hold any more.
    BasisGone {
        /// What, in words.
        what: String,
    },
}

impl Because {
    /// The reason's word, which is the same for the same reason whatever its numbers are. The timeline has one entry
    /// for each change of it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Matched { .. } => "matched",
            Self::ByHand => "by_hand",
            Self::Disabled => "disabled",
            Self::NotCalledOn { .. } => "not_called_on",
            Self::OtherCause { .. } => "other_cause",
            Self::BelowTrigger { .. } => "below_trigger",
            Self::TooFewSince { .. } => "too_few_since",
            Self::Paused { .. } => "paused",
            Self::CoolingDown { .. } => "cooling_down",
            Self::OncePerInterval { .. } => "once_per_interval",
            Self::AppBusy { .. } => "app_busy",
            Self::RunOpen => "run_open",
            Self::StillLooking => "still_looking",
            Self::BackedOff { .. } => "backed_off",
            Self::AccountStopped { .. } => "account_stopped",
            Self::CannotSee { .. } => "cannot_see",
            Self::Maintenance => "maintenance",
            Self::Settling { .. } => "settling",
            Self::RollingOut { .. } => "rolling_out",
            Self::Preboot { .. } => "preboot",
            Self::AtMaximum { .. } => "at_maximum",
            Self::AtMinimum { .. } => "at_minimum",
            Self::AtSizeLimit { .. } => "at_size_limit",
            Self::AtMinimumRelease { .. } => "at_minimum_release",
            Self::AtMaximumSteps { .. } => "at_maximum_steps",
            Self::NothingOlder { .. } => "nothing_older",
            Self::FromZero { .. } => "from_zero",
            Self::OffLadder { .. } => "off_ladder",
            Self::NoSuchProcessType { .. } => "no_such_process_type",
            Self::NoSuchDyno { .. } => "no_such_dyno",
            Self::NoDynos => "no_dynos",
            Self::FirDynoNames { .. } => "fir_dyno_names",
            Self::PendingRelease { .. } => "pending_release",
            Self::NoCurrentRelease => "no_current_release",
            Self::StandsBack { .. } => "stands_back",
            Self::Stabilizing { .. } => "stabilizing",
            Self::Outranked { .. } => "outranked",
            Self::OneOffRunning { .. } => "one_off_running",
            Self::NoVariable { .. } => "no_variable",
            Self::CutOff { .. } => "cut_off",
            Self::AppSpent { .. } => "app_spent",
            Self::ReactionSpent { .. } => "reaction_spent",
            Self::GivenUp { .. } => "given_up",
            Self::GivingWay { .. } => "giving_way",
            Self::Ourselves { .. } => "ourselves",
            Self::UnknownHome => "unknown_home",
            Self::DrySettling { .. } => "dry_settling",
            Self::OnlyTells => "only_tells",
            Self::ChangedInFile => "changed_in_file",
            Self::NotAttached => "not_attached",
            Self::NoLongerCalled => "no_longer_called",
            Self::AnotherApp { .. } => "another_app",
            Self::BasisGone { .. } => "basis_gone",
        }
    }

    /// Whether the reaction has gone as far as it may.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::AtMaximum { .. }
                | Self::AtMinimum { .. }
                | Self::AtSizeLimit { .. }
                | Self::AtMinimumRelease { .. }
                | Self::AtMaximumSteps { .. }
                | Self::NothingOlder { .. }
        )
    }

    /// Whether only a look at the app finds this reason.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        self.is_limit()
            || matches!(
                self,
                Self::AccountStopped { .. }
                    | Self::CannotSee { .. }
                    | Self::Maintenance
                    | Self::Settling { .. }
                    | Self::RollingOut { .. }
                    | Self::Preboot { .. }
                    | Self::TooFewSince { .. }
                    | Self::FromZero { .. }
                    | Self::OffLadder { .. }
                    | Self::NoSuchProcessType { .. }
                    | Self::NoSuchDyno { .. }
                    | Self::NoDynos
                    | Self::FirDynoNames { .. }
                    | Self::PendingRelease { .. }
                    | Self::NoCurrentRelease
                    | Self::OneOffRunning { .. }
                    | Self::BackedOff { .. }
                    | Self::GivingWay { .. }
                    | Self::CutOff { .. }
                    | Self::Outranked { .. }
            )
    }

    /// Whether it is a reason of a reaction that is called: its reading calls it, and it acts or something holds it.
    #[must_use]
    pub const fn is_while_called(&self) -> bool {
        !matches!(self, Self::Disabled | Self::NotCalledOn { .. } | Self::OtherCause { .. } | Self::BelowTrigger { .. })
    }

    /// When this reason ends by itself, where that is known.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Paused { until, .. } => *until,
            Self::CoolingDown { until }
            | Self::OncePerInterval { until }
            | Self::BackedOff { until, .. }
            | Self::Settling { until, .. }
            | Self::RollingOut { until, .. }
            | Self::Preboot { until, .. }
            | Self::Stabilizing { until }
            | Self::AppSpent { until, .. }
            | Self::ReactionSpent { until, .. }
            | Self::GivingWay { until, .. }
            | Self::DrySettling { until } => Some(*until),
            _ => None,
        }
    }
}

fn words<T: fmt::Display>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched { verdict, streak, cause } => {
                write!(f, "{verdict} {streak} time{} in a row", if *streak == 1 { "" } else { "s" })?;
                cause.map_or(Ok(()), |cause| write!(f, " ({cause})"))
            }
            Self::ByHand => write!(f, "a person asked for it"),
            Self::Disabled => write!(f, "switched off in the file (`enabled = false`)"),
            Self::NotCalledOn { verdict, call_on } => {
                write!(f, "the reading is {verdict}, and it is called on {call_on}")
            }
            Self::OtherCause { cause, wanted } => {
                write!(f, "the reading fails for {cause}, and it is called for {} only", words(wanted))
            }
            Self::BelowTrigger { streak, trigger } => write!(f, "{streak} of {trigger} readings in a row"),
            Self::TooFewSince { streak, trigger, since } => {
                write!(f, "{streak} of {trigger} readings in a row since {}", since.time_of_day())
            }
            Self::Paused { scope, until: None } => write!(f, "{scope} is paused until somebody resumes it"),
            Self::Paused { scope, until: Some(until) } => write!(f, "{scope} is paused until {}", until.time_of_day()),
            Self::CoolingDown { until } => write!(f, "cooling down until {}", until.time_of_day()),
            Self::OncePerInterval { until } => {
                write!(f, "acted within this interval already; next at {}", until.time_of_day())
            }
            Self::AppBusy { reaction } => write!(f, "a run of \"{reaction}\" on the app is open"),
            Self::RunOpen => write!(f, "its last run is still open"),
            Self::StillLooking => write!(f, "the app is still being looked at for an earlier reading"),
            Self::BackedOff { until, refusal } => {
                write!(f, "Heroku refused: {refusal}; not tried again before {}", until.time_of_day())
            }
            Self::AccountStopped { account } => {
                write!(f, "Heroku does not take the token of account \"{account}\": put a valid one in and restart")
            }
            Self::CannotSee { error } => write!(f, "the app cannot be looked at: {error}"),
            Self::Maintenance => write!(f, "the app is in maintenance mode"),
            Self::Settling { dyno, until } => {
                write!(f, "{dyno} is booting, and is waited for until {}", until.time_of_day())
            }
            Self::RollingOut { dyno, release, until } => {
                write!(f, "{dyno} does not run {release} yet, and is waited for until {}", until.time_of_day())
            }
            Self::Preboot { dyno, until } => {
                write!(f, "the old {dyno} still answers beside the new one (preboot), and is waited out, ")?;
                write!(f, "at most until {}", until.time_of_day())
            }
            Self::AtMaximum { process_type, quantity, max } => {
                write!(f, "at limit: {process_type} has {quantity} dynos, and at most {max} are allowed")
            }
            Self::AtMinimum { process_type, quantity, min } => {
                write!(f, "at limit: {process_type} has {quantity} dynos, and at least {min} are wanted")
            }
            Self::AtSizeLimit { process_type, size, limit } => {
                write!(f, "at limit: {process_type} is {size}, and the limit is {limit}")
            }
            Self::AtMinimumRelease { origin, min } => {
                write!(f, "at limit: what runs came from {origin}, and nothing older than {min} may run")
            }
            Self::AtMaximumSteps { steps, max } => write!(f, "at limit: {steps} of {max} steps back were taken"),
            Self::NothingOlder { origin } => {
                write!(f, "at limit: what runs came from {origin}, and nothing older can be rolled back to")
            }
            Self::FromZero { process_type } => {
                write!(f, "somebody set {process_type} to 0 dynos (`from_zero = true` would add one all the same)")
            }
            Self::OffLadder { process_type, size } => {
                write!(f, "{process_type} is {size}, which is not on the ladder: change `ladder`, or the size")
            }
            Self::NoSuchProcessType { process_type } => {
                write!(f, "the app has no process type {process_type}: see `heroku ps`, and correct `process_type`")
            }
            Self::NoSuchDyno { dyno } => write!(f, "the app has no dyno {dyno}: see `heroku ps`, and correct `dyno`"),
            Self::NoDynos => write!(f, "the app has no dynos"),
            Self::FirDynoNames { dyno } => {
                write!(f, "on Fir a dyno's name changes at every restart, so {dyno} cannot be named in a file")
            }
            Self::PendingRelease { version } => write!(f, "{version} is in its release phase, and is waited for"),
            Self::NoCurrentRelease => write!(f, "Heroku names no release as the current one"),
            Self::StandsBack { reaction } => {
                write!(f, "\"{reaction}\", which adds to the same process type, has its condition met")
            }
            Self::Stabilizing { until } => {
                write!(f, "dynos were added a short time ago; none are taken before {}", until.time_of_day())
            }
            Self::Outranked { reaction } => write!(f, "\"{reaction}\" goes first"),
            Self::OneOffRunning { running, at_once } => {
                write!(f, "{running} of {at_once} one-off dynos at once are running, or may be")
            }
            Self::NoVariable { name } => {
                write!(f, "the environment variable {name} is not set where Flyball runs: set it, and start again")
            }
            Self::CutOff { doubt } => write!(f, "Flyball may be cut off itself: {doubt}"),
            Self::AppSpent { sort, effects, max, until } => {
                let until = until.time_of_day();
                write!(f, "the app had {effects} {sort} within an hour, and {max} are allowed; next at {until}")
            }
            Self::ReactionSpent { effects, max, per, until } => {
                let until = until.time_of_day();
                write!(f, "it acted {effects} times within {per}, and {max} are allowed; next at {until}")
            }
            Self::GivenUp { effects } => {
                write!(
                    f,
                    "gave up: it acted {effects} times, and that did not help. It needs a person; it begins anew "
                )?;
                write!(f, "once the monitor has passed")
            }
            Self::GivingWay { change, until } => {
                write!(f, "gives way until {}, since somebody else changed the app: {change}", until.time_of_day())
            }
            Self::Ourselves { app } => {
                write!(f, "Flyball runs on {app} itself (`allow_self = true` on the reaction would act all the same)")
            }
            Self::UnknownHome => {
                write!(f, "Flyball runs on a dyno, and does not know of which app: switch on `heroku labs:enable ")?;
                write!(f, "runtime-dyno-metadata`, or write `own_app = \"…\"` into the file")
            }
            Self::DrySettling { until } => {
                write!(f, "would have acted a short time ago, and waits as if it had until {}", until.time_of_day())
            }
            Self::OnlyTells => write!(f, "the reaction only tells by now"),
            Self::ChangedInFile => write!(f, "the reaction was changed in the file"),
            Self::NotAttached => write!(f, "the reaction is not attached to the monitor any more"),
            Self::NoLongerCalled => write!(f, "the monitor does not call for it any more"),
            Self::AnotherApp { app } => write!(f, "{app} is another app by now"),
            Self::BasisGone { what } => f.write_str(what),
        }
    }
}
