//! Every type that is reachable from what is stored as JSON, taken apart to its last field. A variant or a field that
//! stands here no more, or not yet, does not compile; one that stands here and that no sample shows fails a test.

use crate::SeenOneOff;
use crate::narrow::Shape;
use flyball_model::{
    AccountName, Amount, ApiHost, App, AppId, AppName, Armed, Because, Blind, Brought, CallOn, Cause, Changed,
    ChannelName, Content, Counts, Deed, Doubt, Doubted, Dyno, DynoId, DynoName, DynoSize, DynoState, Effect,
    EngineEvent, EnvValue, Event, Evidence, Excerpt, FileEvent, Finding, Flip, Foreign, ForeignChange, Generation,
    HerokuApp, HttpEvidence, Look, Measured, MonitorName, MonitorState, Named, NoUndo, NotFollowed, NotSeen, OnlyTells,
    Outcome, Passage, PauseScope, Per, Phases, Plan, PlanSummary, ProcessFormation, ProcessType, Quantity, Rank,
    ReactionName, Release, ReleaseId, ReleaseStatus, ReleaseVersion, Right, RunId, SlugId, Spending, Standing,
    StoreLoss, Subject, ThreadOf, Timestamp, Unchanged, Unclear, Unit, UserName, Verdict, WhyInDoubt, WhyLost,
    WhyNotDone, WhySuperseded,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// What samples show: the variants, and of whatever may be there or not, both.
#[derive(Default)]
pub(super) struct Shown(BTreeSet<(&'static str, &'static str)>);

/// Whoever shows one must show the other.
const BOTH: [(&str, &str); 2] = [("present", "missing"), ("filled", "empty")];

impl Shown {
    fn add(&mut self, what: &'static str, how: &'static str) {
        self.0.insert((what, how));
    }

    /// What no sample shows.
    pub(super) fn lacks(&self) -> Vec<String> {
        let variants = VARIANTS.iter().filter(|variant| !self.0.contains(&(**variant, "")));
        let halves = BOTH.iter().flat_map(|(one, other)| [(one, other), (other, one)]);
        let other_halves = halves.flat_map(|(has, lacks)| {
            let of_it = self.0.iter().filter(move |(what, how)| how == has && !self.0.contains(&(*what, *lacks)));
            of_it.map(move |(what, _)| format!("{what}, {lacks}"))
        });
        variants.map(|variant| (*variant).to_owned()).chain(other_halves).collect()
    }
}

/// A value that can show what it has.
pub(super) trait Form {
    /// Notes it, and everything in it. It stands in the field `at`.
    fn show(&self, at: &'static str, shown: &mut Shown);
}

impl<T: Form> Form for Option<T> {
    fn show(&self, at: &'static str, shown: &mut Shown) {
        shown.add(at, if self.is_some() { "present" } else { "missing" });
        self.iter().for_each(|it| it.show(at, shown));
    }
}

macro_rules! lists {
    ($($list:ident),+) => { $(
        impl<T: Form> Form for $list<T> {
            fn show(&self, at: &'static str, shown: &mut Shown) {
                shown.add(at, if self.is_empty() { "empty" } else { "filled" });
                self.iter().for_each(|it| it.show(at, shown));
            }
        }
    )+ };
}
lists!(Vec, VecDeque);

impl<T: Form> Form for Box<T> {
    fn show(&self, at: &'static str, shown: &mut Shown) {
        (**self).show(at, shown);
    }
}

impl<T: Form> Form for BTreeMap<String, T> {
    fn show(&self, at: &'static str, shown: &mut Shown) {
        shown.add(at, if self.is_empty() { "empty" } else { "filled" });
        self.values().for_each(|it| it.show(at, shown));
    }
}

impl<A: Form, B: Form> Form for (A, B) {
    fn show(&self, at: &'static str, shown: &mut Shown) {
        self.0.show(at, shown);
        self.1.show(at, shown);
    }
}

/// What has one form: texts, numbers and names.
macro_rules! plain {
    ($($name:ident),+ $(,)?) => { $(
        impl Form for $name {
            fn show(&self, _: &'static str, _: &mut Shown) {}
        }
    )+ };
}
plain! {
    bool, i64, u16, u32, u64, usize, String, Duration, AccountName, ChannelName, ApiHost, AppId, AppName, DynoId, DynoName, DynoSize, Excerpt, Passage,
    MonitorName, ProcessType, Quantity, ReactionName, ReleaseId, ReleaseVersion, RunId, SlugId, Timestamp, UserName,
}

macro_rules! structs {
    ($( $name:ident { $($field:ident),+ } )+) => { $(
        impl Form for $name {
            fn show(&self, _: &'static str, shown: &mut Shown) {
                let Self { $($field),+ } = self;
                $( $field.show(concat!(stringify!($name), ".", stringify!($field)), shown); )+
            }
        }
    )+ };
}
structs! {
    Counts { monitors, reactions }
    Named { count, names }
    Armed { act, tell, off, paused }
    Doubted { run, until }
    Foreign { at, change }
    Plan { subject, effect, seen_at, gist, restores }
    HerokuApp { host, account, name, id }
    HttpEvidence { status, redirected_to, address, proxy, found, excerpt, body_bytes, cut_short, phases }
    Phases { name_ms, connect_ms, tls_ms, first_byte_ms, total_ms }
    Amount { thousandths, unit }
    Measured { amount, complete, few, dynos }
    MonitorState { standing, last_at, unknown_in_a_row }
    Standing { verdict, cause, streak, since, known_at, begun }
    Flip { from, to, at }
    App { id, name, maintenance, generation, shield, web_url }
    ProcessFormation { process_type, quantity, size }
    Dyno { id, name, process_type, state, size, command, release, created_at, updated_at }
    Release { id, version, status, current, eligible_for_rollback, content, description, user, created_at }
    SeenOneOff { id, gone_at }
    Shape { finding, words, seen }
}

macro_rules! enums {
    ($( $name:ident { $( $variant:ident $({ $($field:ident),+ })? $(($it:ident))? ),+ $(,)? } )+) => {
        const VARIANTS: &[&str] = &[$( $( concat!(stringify!($name), "::", stringify!($variant)) ),+ ),+];

        $(
            impl Form for $name {
                fn show(&self, _: &'static str, shown: &mut Shown) {
                    match self {
                        $( Self::$variant $({ $($field),+ })? $(($it))? => {
                            shown.add(concat!(stringify!($name), "::", stringify!($variant)), "");
                            $($( $field.show(
                                concat!(stringify!($name), "::", stringify!($variant), ".", stringify!($field)),
                                shown,
                            ); )+)?
                            $( $it.show(concat!(stringify!($name), "::", stringify!($variant)), shown); )?
                        } )+
                    }
                }
            }
        )+
    };
}
enums! {
    Event {
        Engine { happened },
        File { happened },
        Flipped { flip, finding, words },
        Unknown { begins, words },
        Held { because },
        Would { plan, because },
        Queued { plan, because, person },
        Lost { why, look_at },
        Ended { plan, outcome },
        OneOffEnded { dyno, plan, within },
        Settled { plan, outcome, by },
        Foreign { change, by, times },
        Paused { scope, until, by },
        Resumed { scope, by },
        Administered { did, by },
    }
    Deed {
        UserAdded { name, right },
        UserChanged { name, right },
        PasswordChanged { name },
        UserRemoved { name },
        SessionEnded { name },
        TokenMade { name, right },
        TokenRevoked { name },
        MonitorMade { name },
        MonitorChanged { name },
        MonitorRemoved { name },
        HookRenewed { name },
        ReactionMade { name },
        ReactionChanged { name },
        ReactionRemoved { name },
        SignInRefused { name, address, times },
    }
    Right { Read, Operate, Admin }
    EngineEvent {
        Started { version, file, counts, only_tells },
        Stopped,
        RecordsAgain { lasted, error, unmade },
        Armed { armed },
        StoreLost { loss },
        Rounds { found },
        Told(it),
    }
    FileEvent {
        Applied { counts, changes },
        MadeApplied { counts, changes },
        LeftOut { piece, mistakes, report },
        Refused { mistakes, report },
        NotFollowed { why },
        Unreadable { file, error },
        Outdated { node, newer, since },
        CannotRead { node, newer, since, mistakes, report },
        OwnAgain { node },
        Told(it),
    }
    NotFollowed { Every { in_force }, Most { left, in_force } }
    StoreLoss { Deleted, Replaced, CutShort, Unlocked, Unsigned }
    OnlyTells { OnDyno(it), InFile }
    PauseScope { Everything, App(it), Reaction(it) }
    Because {
        Matched { verdict, streak, cause },
        ByHand,
        Undoes { run },
        CannotUndo { why },
        Disabled,
        NotCalledOn { verdict, call_on },
        OtherCause { cause, wanted },
        BelowTrigger { streak, trigger },
        TooFewSince { streak, trigger, since },
        Paused { scope, until },
        OutsideHours { until, opens },
        CoolingDown { until },
        Undone { step, times, of, within, until },
        OncePerInterval { until },
        AppBusy { reaction },
        RunOpen,
        StillLooking,
        BackedOff { until, refusal },
        AccountStopped { account },
        CannotSee { error },
        Maintenance,
        Settling { dyno, until },
        RollingOut { dyno, release, until },
        Preboot { dyno, until },
        AtMaximum { process_type, quantity, max },
        AtMinimum { process_type, quantity, min },
        AtSizeLimit { process_type, size, limit },
        AtMinimumRelease { origin, min },
        AtMaximumSteps { steps, max },
        NothingOlder { origin },
        FromZero { process_type },
        LoadNeeds { load, needed },
        WereEnough { needed, long },
        TooSlow { delay },
        FastForLong { long },
        LeastWithoutData { least },
        LeastDuring { least, during },
        Enough { process_type, quantity, load },
        NeededOfLate { process_type, quantity, needed, within },
        NeededBy { reaction },
        NeedsMore { process_type, quantity, needed, max },
        BetweenDelays { process_type, quantity, delay },
        StepComesUp { until },
        FewRequests,
        LoadUnknown,
        LinesLost,
        LoadNotKnownForLong { long },
        TookOfLate { until },
        JobsRun { jobs, since, until },
        JobsWaitedFor { jobs, long },
        KeptDuring { process_type, quantity, least, during },
        OffLadder { process_type, size },
        NoSuchProcessType { process_type },
        NoSuchDyno { dyno },
        NoDynos,
        FirDynoNames { dyno },
        PendingRelease { version },
        NoCurrentRelease,
        StandsBack { reaction },
        Stabilizing { until },
        ComesAfter { reaction },
        Outranked { reaction },
        OneOffRunning { running, at_once, doubted },
        NoVariable { name },
        CutOff { doubt },
        AppSpent { sort, effects, max, until },
        ReactionSpent { effects, max, per, until },
        GivenUp { effects },
        GivingWay { change, until },
        Ourselves { app },
        UnknownHome,
        DrySettling { until },
        OnlyTells,
        ChangedInFile,
        NotItsPlan,
        NotAttached,
        NoLongerCalled,
        AnotherApp { app },
        StoreLost { loss },
        BasisGone { what },
    }
    NoUndo {
        NotEnded,
        InDoubt { run },
        NotDone,
        Superseded,
        Refused,
        Restarted,
        OneOff { app, running },
        IsUndo { of },
        UndoneBy { run },
        Quantity { app, process_type, now, made, before },
        Size { app, process_type, now, made, before },
        OutOfBounds { app, process_type, before },
        ReleasedSince { version, made },
        LaterRollback { current, made },
        NotRunning { to },
        NotEligible { before },
        ReactionGone { reaction },
        ReactionChanged { reaction },
    }
    Doubt { References { reached, of, missed }, Hosts { failing, of } }
    Spending { Effects, Rollbacks }
    Per { Hour, Day }
    CallOn { Failing, Passing, Load }
    ForeignChange {
        Quantity { process_type, from, to },
        Size { process_type, from, to },
        Release { version, brought },
    }
    Brought { Deploy, Config, Rollback }
    Effect {
        SetQuantity { process_type, from, to },
        SetSize { process_type, from, to },
        RestartDyno { dyno, id },
        RestartAll { ids },
        RollBack { from, origin, to, release },
        RunOneOff { command, size, time_to_live, env, present },
    }
    Rank { RollBack, RestartAll, RestartDyno, Up, Out, To, Down, In, OneOff }
    EnvValue { Plain(it), Variable(it), Sealed(it) }
    Subject { HerokuApp(it) }
    PlanSummary {
        SetQuantity { app, process_type, from, to },
        SetSize { app, process_type, from, to },
        RestartDyno { app, dyno },
        RestartAll { app, dynos },
        RollBack { app, from, origin, to, restores },
        RunOneOff { app, command, size, time_to_live },
        Told(it),
    }
    Outcome {
        Done { seen, release, dyno, dyno_name },
        NotDone { why },
        Superseded { why },
        Refused { status, id, why },
        InDoubt { why },
    }
    Look { Answered, SeenAfterwards, SaidSo }
    WhyNotDone {
        StoreTooLate,
        Stopped,
        SaidSo { by },
        CannotLook { error },
        StoreFailed { error },
        NoVariable { name },
        CallFailed { error },
        DidNotHappen { seen },
        Told(it),
    }
    WhySuperseded {
        Held { because },
        Paused { scope, by },
        WaitedTooLong,
        NoAccount { account },
        NoReaction,
        Restarted,
        Told(it),
    }
    WhyInDoubt { Unclear { seen }, NotSeen { why }, Told(it) }
    WhyLost {
        CallFailed { error },
        OtherQuantity { process_type, quantity },
        OtherSize { process_type, size },
        Told(it),
    }
    Changed {
        Quantity { process_type, quantity, from },
        Size { process_type, size, from },
        NoProcessType { process_type },
        DynoRestarted { dyno },
        NoDyno { dyno },
        DynosGone { gone },
        NoCurrentRelease,
        Current { current, from },
        Pending { pending },
        NotEligible { to },
        Told(it),
    }
    Unchanged {
        Quantity { process_type, quantity },
        Size { process_type, size },
        NoProcessType { process_type },
        SameDyno { dyno },
        AllSameDynos,
        SomeSameDynos { same, of },
        NoRollback { from, to },
    }
    Unclear { NoDynos, DynoGone { dyno }, NoOneOff, OneOffOfAnother }
    NotSeen { CannotLook { error }, NoAccount { account }, OutOfDate { because }, OldReleases { before } }
    ThreadOf { Incidents(it), Lines(it), Run(it), Channel(it), Day(it) }
    Verdict { Passing, Failing, Unknown }
    Finding { Passing, Failing(it), Unknown(it) }
    Cause {
        Status, Text, Slow, TimeOut, Refused, Reset, Tls, Name, Unreachable, Redirects, Protocol, Dyno, Json, Certificate, Dns,
        Silent, Signal, Above, Below, Capacity, App, Platform, Worse,
    }
    Blind { Resolver, Network, Overload, Heroku, Nothing, Booting, Settings, Forbidden, Unreadable, NotTold }
    Unit { Things, PerSecond, Millis, Percent }
    Evidence { Http(it), Tcp { address, phases }, Dynos { looked_at, not_up }, Measured(it), None }
    Generation { Cedar, Fir }
    DynoState { Starting, Up, Idle, Crashed, Down, Other(it) }
    ReleaseStatus { Pending, Succeeded, Failed, Expired, Other(it) }
    Content { Slug(it), Image(it), None }
}
