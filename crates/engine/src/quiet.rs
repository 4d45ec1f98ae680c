//! Workers are asked to take no more jobs, once a reaction begins to wait for those that run. Nobody waits for the answer: it changes
//! nothing of what is decided.

use crate::engine::Engine;
use crate::turn::Called;
use flyball_channels::{Ask, Outcome};
use flyball_decide::{Choice, Situation, Wish, would_do};
use flyball_model::{Because, Effect, Mode};
use flyball_reactions::Reaction;
use std::sync::Arc;
use std::time::Duration;

/// Whoever takes a request and does nothing but note it has answered by then.
const ASK_MAX: Duration = Duration::from_secs(5);

/// What workers are asked because of this choice: where the reaction begins to wait for their jobs with it. It goes on waiting over a
/// restart, and so asks once.
pub(crate) fn asked(
    called: &Called,
    choice: &Choice,
    situation: &Situation<Arc<Reaction>>,
    wish: &Wish<Arc<Reaction>>,
) -> Option<Ask> {
    let Choice::Hold { because: Because::JobsRun { jobs, since, until }, .. } = choice else { return None };
    let quiet = called.reaction.kind.quiet()?;
    let has_waited = wish.call.jobs.waited.is_some_and(|waited| waited.since == *since);
    if has_waited || wish.call.mode == Mode::DryRun {
        return None;
    }
    let Effect::SetQuantity { process_type, from, to } = would_do(situation, wish)? else { return None };
    Some(Ask {
        url: quiet.url.clone(),
        secret: quiet.secret.clone(),
        reaction: called.reaction.id,
        app: called.reaction.kind.app().clone(),
        process_type,
        quantity: from,
        wants: to,
        jobs: *jobs,
        since: *since,
        until: *until,
    })
}

impl Engine {
    /// Asks, and waits for the answer for a few seconds. One at a time for a reaction: while it asks, it asks nothing else.
    pub(crate) async fn ask(&self, ask: Ask) {
        if self.is_stopping()
            || self.held_by_signal().is_some()
            || !self.asking.begin(ask.reaction, self.ports.time.passed())
        {
            return;
        }
        let outcome = tokio::select! {
            biased;
            outcome = self.ports.tell.ask(&ask, self.ports.clock.now()) => outcome,
            () = self.ports.time.wait(ASK_MAX) => {
                Outcome::Later { after: None, why: format!("no answer within {} s", ASK_MAX.as_secs()) }
            }
        };
        self.asking.end(&ask.reaction);
        let Ask { app, process_type, url, .. } = &ask;
        match outcome {
            Outcome::Sent { .. } => tracing::info!(%app, %process_type, "workers were asked to take no more jobs"),
            Outcome::Later { why, .. } | Outcome::Never { why } | Outcome::Gone { why } => {
                let host = url.host();
                tracing::warn!(%app, %process_type, host, why, "workers could not be asked to take no more jobs; theirs are waited for");
            }
        }
    }
}
