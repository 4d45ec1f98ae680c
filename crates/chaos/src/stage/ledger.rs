//! What befalls the calls of the store, and what is noted of them.
//!
//! A call runs to its end at once, as one transaction does; what goes wrong comes before it or after it.

use super::fates::Port;
use super::journal::Noted;
use super::{SharedOutside, lock};
use crate::story::Fate;
use flyball_model::{RunId, Timestamp};
use flyball_store::{Claim, Error, Store, Tenure};
use flyball_testing::{Access, Done, Signs, StoreStage};

/// The store of a story.
pub(crate) struct Ledger(pub(crate) SharedOutside);

impl Ledger {
    fn busy(&self, what: &str) -> Error {
        Error::Busy { doing: what.to_owned(), place: self.0.disk.store.place().clone(), holder: None }
    }

    /// Something was written by what a node holds: who holds it in the file at this moment?
    fn look_for_trespass(&self, tenure: &Tenure) {
        let outside = &self.0;
        let shares = outside.disk.at_once(outside.disk.store.shares(outside.time.now()));
        let leases = shares.expect("the file itself can be read").leases;
        let is_held = |held| leases.iter().any(|lease| lease.held == held && lease.node == tenure.node);
        if let Some(held) = tenure.held.iter().find(|held| !is_held(**held)) {
            outside.note(Noted::Trespassed(held.shard));
        }
    }

    fn full(&self, what: &str) -> Error {
        Error::Full { doing: what.to_owned(), place: self.0.disk.store.place().clone() }
    }
}

impl StoreStage for Ledger {
    fn store(&self) -> &dyn Store {
        &*self.0.disk.store
    }

    async fn call<T: Send>(
        &self,
        access: Access,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
        done: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        let outside = &self.0;
        let port = match access {
            Access::Reads => Port::StoreRead,
            Access::Writes => Port::StoreWrite,
        };
        let turn = outside.turn(port, &format!("store {what}"));
        outside.time.wait_for(turn.there).await;
        outside.comes_before(turn.fate).await;
        match turn.fate {
            Some(Fate::Busy) => return Err(self.busy(what)),
            Some(Fate::Full) => return Err(self.full(what)),
            _ => {}
        }
        let answer = outside.disk.at_once(call);
        if let Ok(answer) = &answer {
            done(answer);
        }
        outside.dies_after(turn.fate).await;
        outside.time.wait_for(turn.back).await;
        if turn.fate == Some(Fate::Forgotten) { Err(self.busy(what)) } else { answer }
    }

    fn done(&self, done: Done<'_>) {
        let outside = &self.0;
        match done {
            Done::Saved(batch) => {
                if let Some(tenure) = &batch.tenure {
                    self.look_for_trespass(tenure);
                }
                for (monitor, reading) in &batch.readings {
                    outside.note(Noted::Written { monitor: *monitor, begun_at: reading.begun_at });
                    // Whoever starts folds it into the state that is saved.
                    outside.note(Noted::Remembered { monitor: *monitor, last_at: Some(reading.begun_at) });
                }
                for row in &batch.states {
                    outside.note(Noted::Remembered { monitor: row.monitor, last_at: row.state.last_at });
                }
                for run in &batch.runs {
                    outside.note(Noted::Queued(Box::new(run.clone())));
                    *lock(&outside.open) += 1;
                }
            }
            Done::Claimed(Claim::Claimed(run, _)) => {
                outside.note(Noted::Claimed { run: run.id, app: outside.app(run.plan.app().name.as_str()) });
            }
            Done::Claimed(_) => {}
            Done::Marked(run, given) => outside.note(Noted::Marked { run, given }),
            Done::Held { node, gave, shares } => {
                outside.note(Noted::Held { node, gave: gave.to_vec(), leases: shares.leases.clone() });
            }
            Done::Ended(run) => {
                outside.note(Noted::Ended(run));
                *lock(&outside.open) -= 1;
            }
        }
    }

    fn signs(&self) -> Option<&Signs> {
        self.0.signs.as_ref()
    }

    /// The world's: never a machine's own.
    fn store_clock(&self) -> Timestamp {
        self.0.time.now()
    }

    fn may_be_due(&self) -> bool {
        self.0.open_runs() > 0
    }

    fn asks_for(&self, run: RunId) {
        let run = self.0.disk.at_once(self.0.disk.store.run(run)).expect("the file itself can be read");
        self.0.take_in_hand(run.as_ref());
    }
}
