//! `settle`: a person says how a run had ended that was in doubt. From then on it counts as that.

use flyball_model::{Entry, Event, Look, Outcome, Passage, Run, RunId, RunState, Timestamp, WhyNotDone};
use flyball_store::{Error, Store};
use serde::{Deserialize, Serialize};

/// What a person knows of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It took effect.
    Done,
    /// It did not.
    NotDone,
}

/// What came of settling a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It counts as this from now on.
    As {
        /// What was to be done, in words.
        plan: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// It was not in doubt: this is how it stands.
    NotInDoubt(RunState),
    /// There is no such run.
    NoSuchRun,
}

/// Says how a run had ended.
///
/// # Errors
///
/// When the store does not take it.
pub async fn settle_run(
    store: &dyn Store,
    id: RunId,
    known: Known,
    by: &str,
    now: Timestamp,
) -> Result<Settled, Error> {
    let Some(run) = store.run(id).await? else { return Ok(Settled::NoSuchRun) };
    if !is_in_doubt(&run) {
        return Ok(Settled::NotInDoubt(run.state));
    }
    let outcome = match known {
        Known::Done => Outcome::Done { seen: Look::SaidSo, release: None, dyno: None, dyno_name: None },
        Known::NotDone => Outcome::NotDone { why: WhyNotDone::SaidSo { by: Passage::of(by) } },
    };
    let plan = run.plan.summary();
    let event = Event::Settled { plan: plan.clone(), outcome: outcome.clone(), by: by.to_owned() };
    let entry = Entry {
        app: Some(run.plan.app().name.clone()),
        reaction: Some((run.reaction, run.reaction_name.clone())),
        run: Some(id),
        ..Entry::new(now, event)
    };
    if store.settle(id, &outcome, &[entry]).await? {
        return Ok(Settled::As { plan: plan.to_string(), outcome });
    }
    // Somebody else was first.
    Ok(store.run(id).await?.map_or(Settled::NoSuchRun, |run| Settled::NotInDoubt(run.state)))
}

fn is_in_doubt(run: &Run) -> bool {
    matches!(run.state, RunState::Ended { outcome: Outcome::InDoubt { .. }, .. })
}
