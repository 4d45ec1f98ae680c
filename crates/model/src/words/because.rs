//! Why a reaction acts or holds still.

use super::{dynos, list};
use crate::{Because, Doubted, Rank, duration};
use std::fmt;

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched { verdict, streak, cause } => {
                write!(f, "{verdict} {streak} time{} in a row", if *streak == 1 { "" } else { "s" })?;
                cause.map_or(Ok(()), |cause| write!(f, " ({cause})"))
            }
            Self::ByHand => write!(f, "a person asked for it"),
            Self::Undoes { run } => write!(f, "a person asked for undoing run {run}"),
            Self::CannotUndo { why } => write!(f, "cannot be undone: {why}"),
            Self::Disabled => write!(f, "switched off in the file (`enabled = false`)"),
            Self::NotCalledOn { verdict, call_on } => {
                write!(f, "the reading is {verdict}, and it is called on {call_on}")
            }
            Self::OtherCause { cause, wanted } => {
                write!(f, "the reading fails for {cause}, and it is called for {} only", list(wanted))
            }
            Self::BelowTrigger { streak, trigger } => write!(f, "{streak} of {trigger} readings in a row"),
            Self::TooFewSince { streak, trigger, since } => {
                write!(f, "{streak} of {trigger} readings in a row since {since}")
            }
            Self::Paused { scope, until: None } => write!(f, "{scope} is paused until somebody resumes it"),
            Self::Paused { scope, until: Some(until) } => write!(f, "{scope} is paused until {until}"),
            Self::OutsideHours { opens, .. } => write!(f, "outside its hours until {opens}"),
            Self::CoolingDown { until } => write!(f, "cooling down until {until}"),
            Self::Undone { step, times, of, within, until } => {
                let which = if *step == Rank::Down { "down" } else { "in" };
                let steps = if *of == 1 { "step" } else { "steps" };
                let were = if *times == 1 { "was" } else { "were" };
                write!(
                    f,
                    "{times} of the last {of} {steps} {which} {were} undone within {}",
                    duration::roughly(*within)
                )?;
                write!(f, ": next at {until}")
            }
            Self::OncePerInterval { until } => {
                write!(f, "acted within this interval already; next at {until}")
            }
            Self::AppBusy { reaction } => write!(f, "a run of \"{reaction}\" on the app is open"),
            Self::RunOpen => write!(f, "its last run is still open"),
            Self::StillLooking => write!(f, "the app is still being looked at for an earlier reading"),
            Self::BackedOff { until, refusal } => {
                write!(f, "Heroku refused: {refusal}; not tried again before {until}")
            }
            Self::AccountStopped { account } => {
                write!(
                    f,
                    "Heroku does not take the token of account \"{account}\": put a valid one in, and restart if it is in a variable"
                )
            }
            Self::CannotSee { error } => write!(f, "the app cannot be looked at: {error}"),
            Self::Maintenance => write!(f, "the app is in maintenance mode"),
            Self::Settling { dyno, until } => {
                write!(f, "{dyno} is booting, and is waited for until {until}")
            }
            Self::RollingOut { dyno, release, until } => {
                write!(f, "{dyno} does not run {release} yet, and is waited for until {until}")
            }
            Self::Preboot { dyno, until } => {
                write!(f, "the old {dyno} still answers beside the new one (preboot), and is waited out, ")?;
                write!(f, "at most until {until}")
            }
            Self::AtMaximum { process_type, quantity, max } => {
                write!(f, "at limit: {process_type} has {}, and at most {max} are allowed", dynos(*quantity))
            }
            Self::AtMinimum { process_type, quantity, min } => {
                write!(f, "at limit: {process_type} has {}, and at least {min} are wanted", dynos(*quantity))
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
            Self::LoadNeeds { load, needed } => write!(f, "a load of {load} needs {}", dynos(*needed)),
            Self::WereEnough { needed, long } => {
                write!(f, "{} were enough for {}", dynos(*needed), duration::print(*long))
            }
            Self::TooSlow { delay } => write!(f, "a delay of {delay} is too long"),
            Self::FastForLong { long } => write!(f, "the delay was needlessly short for {}", duration::print(*long)),
            Self::LeastWithoutData { least } => {
                write!(f, "the load is not known, and there are to be {} at least then", dynos(*least))
            }
            Self::LeastDuring { least, during } => write!(f, "at least {least} during {during}"),
            Self::JobsRun { jobs, until, .. } => {
                write!(f, "{} running: dynos are taken away at {until} at the latest", jobs_are(*jobs))
            }
            Self::JobsWaitedFor { jobs, long } => {
                let long = duration::print(*long);
                write!(f, "{} still running after {long}, and dynos are taken away all the same", jobs_are(*jobs))
            }
            Self::KeptDuring { process_type, quantity, least, during } => {
                write!(f, "{process_type} keeps {}: at least {least} during {during}", dynos(*quantity))
            }
            Self::Enough { process_type, quantity, load } => {
                write!(f, "{process_type} has {}, which a load of {load} needs", dynos(*quantity))
            }
            Self::NeededOfLate { process_type, quantity, needed, within } => {
                write!(f, "{process_type} keeps {}: {needed} needed within the last ", dynos(*quantity))?;
                write!(f, "{}", duration::print(*within))
            }
            Self::NeededBy { reaction } => {
                write!(f, "fewer dynos would do for its own load, and \"{reaction}\" keeps them")
            }
            Self::NeedsMore { process_type, quantity, needed, max } => {
                write!(
                    f,
                    "at limit: {process_type} has {}, needs {needed}, and at most {max} are allowed",
                    dynos(*quantity)
                )
            }
            Self::BetweenDelays { process_type, quantity, delay } => {
                write!(f, "{process_type} keeps {}, with a delay of {delay}", dynos(*quantity))
            }
            Self::StepComesUp { until } => {
                write!(f, "the dynos that were added last have until {until} to show in the delay")
            }
            Self::FewRequests => write!(f, "the delay is told from too few requests to go by"),
            Self::LoadUnknown => write!(f, "the load is not known"),
            Self::LinesLost => {
                write!(f, "not every line came in, so that the load may be more than is known: no dyno is taken away")
            }
            Self::LoadNotKnownForLong { long } => {
                write!(
                    f,
                    "the load was not known for the whole of {}: no dyno is taken away yet",
                    duration::print(*long)
                )
            }
            Self::TookOfLate { until } => write!(f, "a dyno was taken away a short time ago; no other before {until}"),
            Self::OffLadder { process_type, size } => {
                write!(
                    f,
                    "{process_type} is {size}, which is not on the ladder: `flyball doctor` tells which sizes may be"
                )
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
                write!(f, "dynos were added a short time ago; none are taken before {until}")
            }
            Self::ComesAfter { reaction } => {
                write!(f, "it comes after \"{reaction}\", which has not acted in this incident")
            }
            Self::Outranked { reaction } => write!(f, "\"{reaction}\" goes first"),
            Self::OneOffRunning { running, at_once, doubted } => {
                write!(f, "{running} of {at_once} one-off dynos at once are running, or may be")?;
                let Some(Doubted { run, until }) = doubted else { return Ok(()) };
                write!(f, ": run {run} is in doubt, and counts until {until}; once you know, ")?;
                write!(f, "`flyball settle {run} --done` or `--not-done`")
            }
            Self::NoVariable { name } => {
                write!(f, "{} where Flyball runs: set it, and start again", crate::not_had(name))
            }
            Self::CutOff { doubt } => write!(f, "Flyball may be cut off itself: {doubt}"),
            Self::AppSpent { sort, effects, max, until } => {
                write!(f, "the app had {effects} {sort} within an hour, and {max} are allowed; next at {until}")
            }
            Self::ReactionSpent { effects, max, per, until } => {
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
                write!(f, "gives way until {until}, since somebody else changed the app: {change}")
            }
            Self::Ourselves { app } => {
                write!(f, "Flyball runs on {app} itself (`allow_self = true` on the reaction would act all the same)")
            }
            Self::UnknownHome => {
                write!(f, "Flyball runs on a dyno, and does not know of which app: switch on `heroku labs:enable ")?;
                write!(f, "runtime-dyno-metadata`, or write `own_app = \"…\"` into the file")
            }
            Self::DrySettling { until } => {
                write!(f, "would have acted a short time ago, and waits as if it had until {until}")
            }
            Self::OnlyTells => write!(f, "the reaction only tells by now"),
            Self::ChangedInFile => write!(f, "the reaction was changed in the file"),
            Self::NotItsPlan => {
                write!(
                    f,
                    "its plan is none that this reaction makes, so somebody else wrote it: see who may write to "
                )?;
                write!(f, "Flyball's database")
            }
            Self::NotAttached => write!(f, "the reaction is not attached to the monitor any more"),
            Self::NoLongerCalled => write!(f, "the monitor does not call for it any more"),
            Self::AnotherApp { app } => write!(f, "{app} is another app by now"),
            Self::StoreLost { loss } => write!(f, "{loss}; no effects until `flyball up` is started again"),
            Self::BasisGone { what } => what.fmt(f),
        }
    }
}

/// `1 job is`, `2 jobs are`.
fn jobs_are(jobs: u64) -> String {
    if jobs == 1 { "1 job is".to_owned() } else { format!("{jobs} jobs are") }
}
