//! `flyball settle`: a person says how a run had ended that was in doubt.

use crate::arguments::Settle;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_engine::commands::{Known, Settled, settle_run};
use flyball_model::RunState;

pub(super) async fn settle(wiring: &Wiring, asked: &Settle) -> Result<Exit, Failure> {
    let known = if asked.done { Known::Done } else { Known::NotDone };
    let store = wiring.store(Exit::NO).await?;
    let by = wiring.environment.person();
    let settled = settle_run(&*store, asked.run, known, &by, wiring.now()).await?;
    store.close().await;
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
