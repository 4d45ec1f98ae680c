//! How an effect is checked, performed, and looked for after its answer was lost: written once per effect, one file
//! each. Checking and looking are pure: from what is seen of the app to an answer.

mod restart_all;
mod restart_dyno;
mod roll_back;
mod run_one_off;
mod set_quantity;
mod set_size;

use flyball_heroku::{Error, Heroku};
use flyball_model::{
    AppName, Changed, DynoId, DynoName, Effect, NotSeen, ReleaseVersion, Sight, Timestamp, Unchanged, Unclear, WhyLost,
};
use secrecy::SecretString;

/// What Heroku answered to a call that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Made {
    pub(crate) request_id: Option<String>,
    pub(crate) release: Option<ReleaseVersion>,
    pub(crate) dyno: Option<DynoId>,
    pub(crate) dyno_name: Option<DynoName>,
}

/// Why a call did not take effect, or may not have.
#[derive(Debug)]
pub(crate) enum NotMade {
    /// Heroku, or the way to it.
    Failed(Error),
    /// A setting names an environment variable that is not set: nothing was sent.
    NoVariable(String),
    /// Heroku answered something else than was asked for: it is looked for later.
    Odd {
        /// What it answered.
        why: WhyLost,
        /// The answer's request id.
        request_id: Option<String>,
    },
}

impl From<Error> for NotMade {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is seen of an effect whose answer was lost, once "not seen" means "not done".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trace {
    /// It happened.
    Done { release: Option<ReleaseVersion>, dyno: Option<DynoId>, dyno_name: Option<DynoName> },
    /// It did not happen, and will not.
    NotDone(Unchanged),
    /// What is seen is older than the call, and says nothing of it.
    NotYet(NotSeen),
    /// Nobody can know.
    InDoubt(Unclear),
}

impl Trace {
    const DONE: Self = Self::Done { release: None, dyno: None, dyno_name: None };
}

pub(crate) use roll_back::made_by as releases_made_by;

/// What other runs have to do with the one-off dynos of an app: two reactions may run the same command at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Others {
    /// The dynos that they are known to have started.
    pub(crate) known: Vec<DynoId>,
    /// How many of them may have started one, and nobody knows which.
    pub(crate) unknown: usize,
}

/// Gives the value of an environment variable that a setting names.
pub(crate) type Variables<'a> = &'a (dyn Fn(&str) -> Option<SecretString> + Send + Sync);

/// Whether what the plan is based on still holds.
///
/// # Errors
///
/// What has changed: the plan is superseded.
pub(crate) fn check(effect: &Effect, sight: &Sight) -> Result<(), Changed> {
    match effect {
        Effect::SetQuantity { process_type, from, .. } => set_quantity::check(process_type, *from, sight),
        Effect::SetSize { process_type, from, .. } => set_size::check(process_type, from, sight),
        Effect::RestartDyno { dyno, id } => restart_dyno::check(dyno, id, sight),
        Effect::RestartAll { ids } => restart_all::check(ids, sight),
        Effect::RollBack { from, to, .. } => roll_back::check(*from, *to, sight),
        // Another one-off dyno is no obstacle; how many of its own a reaction may have is counted by whoever asks.
        Effect::RunOneOff { .. } => Ok(()),
    }
}

/// Makes the one call.
///
/// # Errors
///
/// Why it did not take effect, or may not have.
pub(crate) async fn perform(
    effect: &Effect,
    app: &AppName,
    heroku: &dyn Heroku,
    variables: Variables<'_>,
) -> Result<Made, NotMade> {
    match effect {
        Effect::SetQuantity { process_type, to, .. } => set_quantity::perform(process_type, *to, app, heroku).await,
        Effect::SetSize { process_type, to, .. } => set_size::perform(process_type, to, app, heroku).await,
        Effect::RestartDyno { dyno, .. } => restart_dyno::perform(dyno, app, heroku).await,
        Effect::RestartAll { .. } => restart_all::perform(app, heroku).await,
        Effect::RollBack { release, .. } => roll_back::perform(release, app, heroku).await,
        Effect::RunOneOff { command, size, time_to_live, env, .. } => {
            let one_off = run_one_off::one_off(command, size.as_ref(), *time_to_live, env, variables)?;
            run_one_off::perform(&one_off, app, heroku).await
        }
    }
}

/// Looks for an effect whose answer was lost. `sent_at` is by Heroku's clock; `others` are the runs of the same command.
pub(crate) fn find(effect: &Effect, sight: &Sight, sent_at: Timestamp, others: &Others) -> Trace {
    match effect {
        Effect::SetQuantity { process_type, to, .. } => set_quantity::find(process_type, *to, sight),
        Effect::SetSize { process_type, to, .. } => set_size::find(process_type, to, sight),
        Effect::RestartDyno { dyno, id } => restart_dyno::find(dyno, id, sight),
        Effect::RestartAll { ids } => restart_all::find(ids, sight),
        Effect::RollBack { from, to, .. } => roll_back::find(*from, *to, sight),
        Effect::RunOneOff { command, present, .. } => run_one_off::find(command, present, others, sight, sent_at),
    }
}

#[cfg(test)]
mod testing;
