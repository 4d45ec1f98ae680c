//! Reasons: why a reaction acts or holds still. Each is one entry of the table below, which makes the enum, the codes,
//! and what a code says of its reason. Its sentence stands in `words`.

use crate::{
    AccountName, Amount, AppName, CallOn, Cause, Changed, Doubt, DynoName, DynoSize, ForeignChange, NoUndo, Passage,
    PauseScope, Per, ProcessType, Quantity, Rank, ReactionName, ReleaseVersion, RunId, Spending, StoreLoss, Timestamp,
    Verdict,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A run of which nobody knows whether it took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubted {
    /// Which.
    pub run: RunId,
    /// Until when it counts as if it had.
    pub until: Timestamp,
}

/// What a reason leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// The reaction acts.
    Acts,
    /// Its reading does not call it.
    NotCalled,
    /// It is called, and holds.
    Holds,
    /// It is called, and has gone as far as it may.
    Limit,
    /// It is called, and what it looks after is as it should be by all that is known.
    Rests,
}

/// Makes [`Because`] from a table: `Variant = "code", Nature { fields }` for each reason. The code is also the word by
/// which a reason is stored, so a code never changes. A field that is called `until` is when the reason ends by itself.
macro_rules! reasons {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $code:literal, $nature:ident $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty, )+ })? $(;)?
    )+) => {
        /// Why a reaction acts or holds still. Reads as a sentence of its own, without a full stop.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "reason")]
        pub enum Because {
            $(
                $(#[$doc])*
                #[serde(rename = $code)]
                $variant $({ $( $(#[$field_doc])* $field: $type, )+ })?,
            )+
        }

        impl Because {
            /// The code of every reason, in the order of the table.
            pub const CODES: &[&str] = &[$($code),+];

            /// The reason's code, which is the same for the same reason whatever its numbers are. The timeline has one
            /// entry for each change of it.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $( Self::$variant { .. } => $code, )+
                }
            }

            const fn nature(&self) -> Nature {
                match self {
                    $( Self::$variant { .. } => Nature::$nature, )+
                }
            }

            /// When this reason ends by itself, where that is known.
            #[must_use]
            pub fn until(&self) -> Option<Timestamp> {
                match self {
                    $( Self::$variant $({ $($field),+ })? => None$($(.or(end!($field, $field)))+)?, )+
                }
            }
        }
    };
}

/// When a reason ends, as far as the field of this name says it.
macro_rules! end {
    (until, $until:ident) => {
        Option::<Timestamp>::from(*$until)
    };
    ($other:ident, $value:ident) => {{
        let _ = $value;
        None
    }};
}

reasons! {
    /// The readings match.
    Matched = "matched", Acts {
        /// The verdict of the readings.
        verdict: Verdict,
        /// How many in a row.
        streak: u32,
        /// Why, when failing.
        cause: Option<Cause>,
    }
    /// A person asked for it.
    ByHand = "by_hand", Acts;
    /// A person asked for undoing what another run did.
    Undoes = "undoes", Acts {
        /// Which run.
        run: RunId,
    }

    /// A load needs more dynos.
    LoadNeeds = "load_needs", Acts {
        /// The load.
        load: Amount,
        /// How many it needs.
        needed: Quantity,
    }
    /// Fewer dynos were enough for a load.
    WereEnough = "were_enough", Acts {
        /// How many.
        needed: Quantity,
        /// For how long.
        long: Duration,
    }
    /// A delay is longer than it may be.
    TooSlow = "too_slow", Acts {
        /// The delay.
        delay: Amount,
    }
    /// A delay was needlessly short.
    FastForLong = "fast_for_long", Acts {
        /// For how long.
        long: Duration,
    }
    /// The load is not known, and there are to be so many dynos then.
    LeastWithoutData = "least_without_data", Acts {
        /// How many at least.
        least: Quantity,
    }
    /// There are to be so many dynos at this time.
    LeastDuring = "least_during", Acts {
        /// How many at least.
        least: Quantity,
        /// In which hours.
        during: String,
    }

    /// Jobs still run, and were waited for as long as they may be.
    JobsWaitedFor = "jobs_waited_for", Acts {
        /// How many run.
        jobs: u64,
        /// How long they were waited for.
        long: Duration,
    }

    /// The reaction is switched off in the file.
    Disabled = "disabled", NotCalled;
    /// The reading does not have the verdict that the reaction is called on.
    NotCalledOn = "not_called_on", NotCalled {
        /// The verdict of the reading.
        verdict: Verdict,
        /// The one that the reaction is called on.
        call_on: CallOn,
    }
    /// The reading fails for a cause that is not among the reaction's.
    OtherCause = "other_cause", NotCalled {
        /// The reading's.
        cause: Cause,
        /// The reaction's.
        wanted: Vec<Cause>,
    }
    /// Too few matching readings in a row.
    BelowTrigger = "below_trigger", NotCalled {
        /// How many there are.
        streak: u32,
        /// How many are needed.
        trigger: u32,
    }
    /// Too few matching readings in a row since something after which earlier ones are no evidence.
    TooFewSince = "too_few_since", Holds {
        /// How many there are since.
        streak: u32,
        /// How many are needed.
        trigger: u32,
        /// Since when they count.
        since: Timestamp,
    }
    /// A person paused it.
    Paused = "paused", Holds {
        /// What is paused.
        scope: PauseScope,
        /// Until when; until somebody resumes it if missing.
        until: Option<Timestamp>,
    }
    /// It is outside of the hours that the file gives it.
    OutsideHours = "outside_hours", Holds {
        /// When they begin.
        until: Timestamp,
        /// The same as a clock of their zone shows it, with the zone.
        opens: String,
    }
    /// Its last run was too short a time ago.
    CoolingDown = "cooling_down", Holds {
        /// When it may act again.
        until: Timestamp,
    }
    /// What it takes had to be given back of late, too soon after it was taken.
    Undone = "undone", Holds {
        /// Which way its steps go.
        step: Rank,
        /// How many of its steps were undone.
        times: u32,
        /// Of how many, counted from the first that was.
        of: u32,
        /// The longest time within which one was undone.
        within: Duration,
        /// When the next may be tried.
        until: Timestamp,
    }
    /// It started within the shortest interval of its monitors already.
    OncePerInterval = "once_per_interval", Holds {
        /// When it may act again.
        until: Timestamp,
    }
    /// A run on the app is open.
    AppBusy = "app_busy", Holds {
        /// Whose run.
        reaction: ReactionName,
    }
    /// A run of this reaction is open.
    RunOpen = "run_open", Holds;
    /// The app is being looked at for an earlier reading; it is asked as soon as that has ended.
    StillLooking = "still_looking", Holds;
    /// Heroku refused the last run for a reason that lasts.
    BackedOff = "backed_off", Holds {
        /// Until when, unless the file or the app changes before.
        until: Timestamp,
        /// What Heroku said.
        refusal: Passage,
    }
    /// Heroku does not take the account's token.
    AccountStopped = "account_stopped", Holds {
        /// Which account.
        account: AccountName,
    }
    /// The app could not be looked at.
    CannotSee = "cannot_see", Holds {
        /// What happened and what to do, in words.
        error: String,
    }
    /// The app is in maintenance mode.
    Maintenance = "maintenance", Holds;
    /// A dyno is booting; making it boot anew would never end.
    Settling = "settling", Holds {
        /// Which dyno.
        dyno: DynoName,
        /// When it is no longer waited for.
        until: Timestamp,
    }
    /// A dyno does not run the current release yet.
    RollingOut = "rolling_out", Holds {
        /// Which dyno.
        dyno: DynoName,
        /// The current release.
        release: ReleaseVersion,
        /// When it is no longer waited for.
        until: Timestamp,
    }
    /// A dyno answers beside its successor until that takes over: what is seen of the app's pages is old.
    Preboot = "preboot", Holds {
        /// Which dyno.
        dyno: DynoName,
        /// When it is no longer waited for.
        until: Timestamp,
    }
    /// The quantity is at its maximum or above.
    AtMaximum = "at_maximum", Limit {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The maximum.
        max: Quantity,
    }
    /// The quantity is at its minimum or below.
    AtMinimum = "at_minimum", Limit {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The minimum.
        min: Quantity,
    }
    /// The size is at its limit or beyond.
    AtSizeLimit = "at_size_limit", Limit {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
        /// The limit.
        limit: DynoSize,
    }
    /// What runs came from the oldest release that may run.
    AtMinimumRelease = "at_minimum_release", Limit {
        /// The release that the content came from.
        origin: ReleaseVersion,
        /// The oldest that may run.
        min: ReleaseVersion,
    }
    /// As many steps back as one descent may have.
    AtMaximumSteps = "at_maximum_steps", Limit {
        /// Steps taken.
        steps: u32,
        /// The most there may be.
        max: u32,
    }
    /// Nothing older can be rolled back to.
    NothingOlder = "nothing_older", Limit {
        /// The release that the content came from.
        origin: ReleaseVersion,
    }
    /// Somebody set the quantity to 0; one more would undo that.
    FromZero = "from_zero", Holds {
        /// Of which process type.
        process_type: ProcessType,
    }
    /// There are as many dynos as the load needs.
    Enough = "enough", Rests {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The load.
        load: Amount,
    }
    /// More dynos were needed a short time ago than now.
    NeededOfLate = "needed_of_late", Rests {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// How many were needed.
        needed: Quantity,
        /// Within what time.
        within: Duration,
    }
    /// Another reaction that scales the same process type to a load does not give up what this one would take.
    NeededBy = "needed_by", Rests {
        /// Which.
        reaction: ReactionName,
    }
    /// The load needs more dynos than there may be.
    NeedsMore = "needs_more", Limit {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// How many it needs.
        needed: Quantity,
        /// The most there may be.
        max: Quantity,
    }
    /// The delay is right, or not needlessly short for long enough.
    BetweenDelays = "between_delays", Rests {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// The delay.
        delay: Amount,
    }
    /// The dynos that were added last do not show in the delay yet.
    StepComesUp = "step_comes_up", Rests {
        /// When they must.
        until: Timestamp,
    }
    /// The delay is told from too few requests.
    FewRequests = "few_requests", Rests;
    /// The load is not known.
    LoadUnknown = "load_unknown", Rests;
    /// Lines were lost of what the load is told from, so that it may be more.
    LinesLost = "lines_lost", Rests;
    /// The load was not known for long enough.
    LoadNotKnownForLong = "load_not_known_for_long", Rests {
        /// How long it must have been.
        long: Duration,
    }
    /// Dynos were taken away too short a time ago.
    TookOfLate = "took_of_late", Rests {
        /// When it may take more.
        until: Timestamp,
    }
    /// Jobs run, and would be killed with the dynos that are to be taken away.
    JobsRun = "jobs_run", Holds {
        /// How many run.
        jobs: u64,
        /// Since when dynos are to be taken away.
        since: Timestamp,
        /// When they are taken away whatever runs.
        until: Timestamp,
    }
    /// As many dynos are kept as there are to be at this time.
    KeptDuring = "kept_during", Rests {
        /// Of which process type.
        process_type: ProcessType,
        /// The present quantity.
        quantity: Quantity,
        /// How many at least.
        least: Quantity,
        /// In which hours.
        during: String,
    }
    /// The size is not on the ladder.
    OffLadder = "off_ladder", Holds {
        /// Of which process type.
        process_type: ProcessType,
        /// The present size.
        size: DynoSize,
    }
    /// The app has no such process type.
    NoSuchProcessType = "no_such_process_type", Holds {
        /// Which.
        process_type: ProcessType,
    }
    /// The app has no such dyno.
    NoSuchDyno = "no_such_dyno", Holds {
        /// Which.
        dyno: DynoName,
    }
    /// The app has no dynos.
    NoDynos = "no_dynos", Holds;
    /// On Fir a dyno's name changes at every restart.
    FirDynoNames = "fir_dyno_names", Holds {
        /// The name in the file.
        dyno: DynoName,
    }
    /// A release newer than the current one is in its release phase.
    PendingRelease = "pending_release", Holds {
        /// Which.
        version: ReleaseVersion,
    }
    /// No release is current, or it could not be told which.
    NoCurrentRelease = "no_current_release", Holds;
    /// A reaction that adds has its condition met on the same process type.
    StandsBack = "stands_back", Holds {
        /// Which.
        reaction: ReactionName,
    }
    /// Dynos were added too short a time ago.
    Stabilizing = "stabilizing", Holds {
        /// When it may act.
        until: Timestamp,
    }
    /// It comes after another reaction, which has not acted in this incident.
    ComesAfter = "comes_after", Holds {
        /// Which.
        reaction: ReactionName,
    }
    /// Another reaction goes first in this moment.
    Outranked = "outranked", Holds {
        /// Which.
        reaction: ReactionName,
    }
    /// As many one-off dynos of this reaction are running as may at once.
    OneOffRunning = "one_off_running", Holds {
        /// How many run, or may be running.
        running: u32,
        /// How many may.
        at_once: u32,
        /// A run of which nobody knows whether it started its dyno; it fills its place until a time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doubted: Option<Doubted>,
    }
    /// A setting names an environment variable that is not set.
    NoVariable = "no_variable", Holds {
        /// Its name.
        name: String,
    }
    /// We may be cut off ourselves: what seems to fail over there may be our own way to it.
    CutOff = "cut_off", Holds {
        /// What speaks for that.
        doubt: Doubt,
    }
    /// As many effects that boot dynos anew, and one-off dynos, as an app may have in an hour.
    AppSpent = "app_spent", Holds {
        /// Of which sort.
        sort: Spending,
        /// How many there were within the hour.
        effects: u32,
        /// How many there may be.
        max: u32,
        /// When there may be another.
        until: Timestamp,
    }
    /// As many effects as the reaction may have in a time.
    ReactionSpent = "reaction_spent", Holds {
        /// How many there were.
        effects: u32,
        /// How many there may be.
        max: u32,
        /// In which time.
        per: Per,
        /// When there may be another.
        until: Timestamp,
    }
    /// It acted so often in this episode, and the monitor has not recovered: it needs a person.
    GivenUp = "given_up", Holds {
        /// How often it acted.
        effects: u32,
    }
    /// Somebody else changed the app a short time ago.
    GivingWay = "giving_way", Holds {
        /// What was changed.
        change: ForeignChange,
        /// When it may act.
        until: Timestamp,
    }
    /// The app is the one that Flyball runs on.
    Ourselves = "ourselves", Holds {
        /// Which.
        app: AppName,
    }
    /// Flyball runs on a dyno, and does not know of which app.
    UnknownHome = "unknown_home", Holds;
    /// The dry run has told the same already, and its own settling is not over.
    DrySettling = "dry_settling", Holds {
        /// When it would act again.
        until: Timestamp,
    }
    /// The reaction only tells by now.
    OnlyTells = "only_tells", Holds;
    /// The reaction was changed in the file.
    ChangedInFile = "changed_in_file", Holds;
    /// The run's plan is none that its reaction makes.
    NotItsPlan = "not_its_plan", Holds;
    /// The reaction is not attached to the monitor any more.
    NotAttached = "not_attached", Holds;
    /// The monitor does not call for it any more.
    NoLongerCalled = "no_longer_called", Holds;
    /// Another app has this name by now.
    AnotherApp = "another_app", Holds {
        /// The name.
        app: AppName,
    }
    /// The database is not the engine's own any more.
    StoreLost = "store_lost", Holds {
        /// How it was lost.
        loss: StoreLoss,
    }
    /// What a run did cannot be undone.
    CannotUndo = "cannot_undo", Holds {
        /// Why.
        why: Box<NoUndo>,
    }
    /// What the plan is based on does not hold any more.
    BasisGone = "basis_gone", Holds {
        /// What.
        what: Changed,
    }
}

impl Because {
    /// Whether the reaction acts.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.nature() == Nature::Acts
    }

    /// Whether the reaction has gone as far as it may.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        self.nature() == Nature::Limit
    }

    /// Whether the reaction looks after something that is as it should be by all that is known.
    #[must_use]
    pub fn rests(&self) -> bool {
        self.nature() == Nature::Rests
    }

    /// Whether it is a reason of a reaction that is called: its reading calls it, and it acts or something holds it.
    #[must_use]
    pub fn is_while_called(&self) -> bool {
        self.nature() != Nature::NotCalled
    }

    /// Whether its readings are counted, and the count is kept: not where a quiet monitor just does not call.
    #[must_use]
    pub const fn is_counted(&self) -> bool {
        !matches!(self, Self::NotCalledOn { .. }) && !matches!(self.nature(), Nature::Rests)
    }
}
