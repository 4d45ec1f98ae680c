//! `flyball settle`: a person says how a run had ended that was in doubt.

use crate::arguments::Settle;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::{Refused, Remote};
use crate::wiring::Wiring;
use flyball_engine::commands::{Known, Settled, settle_run};
use flyball_model::RunState;
use flyball_server::Problem;
use serde::{Deserialize, Serialize};

async fn here(wiring: &Wiring, asked: &Settle) -> Result<Settled, Failure> {
    let known = if asked.done { Known::Done } else { Known::NotDone };
    let store = wiring.store(Exit::NO).await?;
    let by = wiring.environment.person();
    let settled = settle_run(&*store, asked.run, known, &by, wiring.now()).await?;
    store.close().await;
    Ok(settled)
}

/// What is sent to a server.
#[derive(Serialize)]
struct Ended {
    done: bool,
}

/// What comes back.
#[derive(Deserialize)]
struct Answer {
    settled: Settled,
}

async fn afar(server: &Remote, asked: &Settle) -> Result<Settled, Failure> {
    let answer = server.post(&["runs", &asked.run.to_string(), "settle"], &Ended { done: asked.done }).await;
    match answer {
        Ok(Answer { settled }) => Ok(settled),
        Err(Refused::Told(Problem { stands: Some(state), .. })) => Ok(Settled::NotInDoubt(*state)),
        Err(refused) if refused.status() == Some(404) => Ok(Settled::NoSuchRun),
        Err(refused) => Err(refused.into()),
    }
}

pub(super) async fn settle(wiring: &Wiring, asked: &Settle) -> Result<Exit, Failure> {
    let settled = match wiring.server() {
        Some(server) => afar(server, asked).await?,
        None => here(wiring, asked).await?,
    };
    let words = match &settled {
        Settled::As { plan, outcome } => format!("{plan}: {outcome}"),
        Settled::NotInDoubt(RunState::Ended { outcome, .. }) => format!("nothing to settle; it ended: {outcome}"),
        Settled::NotInDoubt(_) => "nothing to settle: it has not ended yet".to_owned(),
        Settled::NoSuchRun => {
            let failure = Failure::new(Exit::USAGE, format!("there is no run {}", asked.run));
            return Err(failure.hint("`flyball history --json` names the run of each line"));
        }
    };
    match wiring.format {
        Format::Json => output::json(&settled)?,
        Format::Text => output::data(&words)?,
    }
    Ok(if matches!(settled, Settled::As { .. }) { Exit::GOOD } else { Exit::NO })
}
