//! The store as the engine sees it: the real one, behind a port at which calls take time and go wrong.
//!
//! A call runs to its end at once, as one transaction does; what goes wrong comes before it or after it.

use super::fates::Port;
use super::journal::Noted;
use super::{SharedOutside, lock};
use crate::story::Fate;
use async_trait::async_trait;
use flyball_model::{
    AppId, AppName, Entry, Excerpt, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reading, Run, RunId, Timestamp,
};
use flyball_store::{
    AppFacts, Batch, Claim, Definition, Error, Fence, Holding, Hourly, Loop, MarkSent, Pause, Pauses, ReadingsPage,
    Remembered, Retention, Runs, RunsPage, Sighting, Timeline, TimelineLine, TimelinePage,
};
use std::time::Duration;

/// The store behind its port.
pub(crate) struct Ledger(pub(crate) SharedOutside);

impl Ledger {
    async fn read<T: Send>(&self, what: &str, call: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        self.call(Port::StoreRead, what, call, |_| ()).await
    }

    /// Calls the store, and notes what was written at the very moment when it is.
    async fn call<T: Send>(
        &self,
        port: Port,
        what: &str,
        call: impl Future<Output = Result<T, Error>> + Send,
        written: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        let outside = &self.0;
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
            written(answer);
        }
        outside.dies_after(turn.fate).await;
        outside.time.wait_for(turn.back).await;
        if turn.fate == Some(Fate::Forgotten) { Err(self.busy(what)) } else { answer }
    }

    fn busy(&self, what: &str) -> Error {
        Error::Busy { doing: what.to_owned(), file: self.0.disk.store.file().to_owned() }
    }

    fn full(&self, what: &str) -> Error {
        Error::Full { doing: what.to_owned(), file: self.0.disk.store.file().to_owned() }
    }

    fn note_saved(&self, batch: &Batch) {
        for (monitor, reading) in &batch.readings {
            self.0.note(Noted::Written { monitor: *monitor, begun_at: reading.begun_at });
        }
        for row in &batch.states {
            self.0.note(Noted::Remembered { monitor: row.monitor, last_at: row.state.last_at });
        }
        for (_, run) in &batch.runs {
            self.0.note(Noted::Queued(Box::new(run.clone())));
            *lock(&self.0.open) += 1;
        }
    }

    fn note_claimed(&self, claim: &Claim) {
        if let Claim::Claimed(run, _) = claim {
            self.0.note(Noted::Claimed { run: run.id, app: self.0.app(run.plan.app.as_str()) });
        }
    }

    fn note_ended(&self, run: RunId, ended: bool) {
        if ended {
            self.0.note(Noted::Ended(run));
            *lock(&self.0.open) -= 1;
        }
    }
}

#[async_trait]
impl Loop for Ledger {
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error> {
        self.call(Port::StoreWrite, "define", self.0.disk.store.define(monitors, reactions, now), |()| ()).await
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, Error> {
        self.read("remembered", self.0.disk.store.remembered()).await
    }

    async fn holdings(&self) -> Result<Vec<Holding>, Error> {
        self.read("holdings", self.0.disk.store.holdings()).await
    }

    async fn save(&self, batch: &Batch) -> Result<(), Error> {
        self.call(Port::StoreWrite, "save", self.0.disk.store.save(batch), |()| self.note_saved(batch)).await
    }

    async fn sighting(&self, host: &str, app: &AppName) -> Result<Option<Sighting>, Error> {
        self.read("sighting", self.0.disk.store.sighting(host, app)).await
    }

    async fn app_facts(
        &self,
        host: &str,
        app: &AppName,
        id: Option<&AppId>,
        reactions: &[ReactionId],
        now: Timestamp,
    ) -> Result<AppFacts, Error> {
        self.read("app_facts", self.0.disk.store.app_facts(host, app, id, reactions, now)).await
    }
}

#[async_trait]
impl Runs for Ledger {
    async fn claim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Claim, Error> {
        let call = self.0.disk.store.claim(run, node, now, lease);
        self.call(Port::StoreWrite, "claim", call, |claim| self.note_claimed(claim)).await
    }

    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error> {
        self.call(Port::StoreWrite, "reclaim", self.0.disk.store.reclaim(run, node, now, lease), |_| ()).await
    }

    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error> {
        let call = self.0.disk.store.mark_sent(run, fence, now, look_at);
        let marked = |marked: &MarkSent| {
            if *marked == MarkSent::Go {
                self.0.note(Noted::Marked { run, given: now });
            }
        };
        self.call(Port::StoreWrite, "mark_sent", call, marked).await
    }

    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error> {
        let call = self.0.disk.store.defer(run, fence, look_at, request_ids, entries);
        self.call(Port::StoreWrite, "defer", call, |()| ()).await
    }

    async fn end(
        &self,
        run: RunId,
        fence: Fence,
        now: Timestamp,
        outcome: &Outcome,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<bool, Error> {
        let call = self.0.disk.store.end(run, fence, now, outcome, request_ids, entries);
        self.call(Port::StoreWrite, "end", call, |ended| self.note_ended(run, *ended)).await
    }

    async fn take_over(&self, node: NodeId, now: Timestamp, lease: Duration) -> Result<Vec<(Run, Fence)>, Error> {
        self.call(Port::StoreWrite, "take_over", self.0.disk.store.take_over(node, now, lease), |_| ()).await
    }

    /// While no run is open, nothing goes wrong with it: it is asked again and again, and there is nothing to be found.
    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error> {
        if self.0.open_runs() == 0 {
            return Ok(Vec::new());
        }
        self.read("due", self.0.disk.store.due(now)).await
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        self.0.take_in_hand(self.0.disk.at_once(self.0.disk.store.run(run))?.as_ref());
        self.read("run", self.0.disk.store.run(run)).await
    }

    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error> {
        self.read("runs", self.0.disk.store.runs(page)).await
    }
}

#[async_trait]
impl Pauses for Ledger {
    async fn pause(&self, pause: &Pause) -> Result<(), Error> {
        self.call(Port::StoreWrite, "pause", self.0.disk.store.pause(pause), |()| ()).await
    }

    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error> {
        self.call(Port::StoreWrite, "resume", self.0.disk.store.resume(scope, by, now), |_| ()).await
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error> {
        self.read("pauses", self.0.disk.store.pauses(now)).await
    }
}

#[async_trait]
impl Timeline for Ledger {
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        self.read("timeline", self.0.disk.store.timeline(page)).await
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.read("readings", self.0.disk.store.readings(page)).await
    }

    async fn hourly(&self, monitor: MonitorId, since: Timestamp) -> Result<Vec<Hourly>, Error> {
        self.read("hourly", self.0.disk.store.hourly(monitor, since)).await
    }
}

#[async_trait]
impl Retention for Ledger {
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.call(Port::StoreWrite, "sweep", self.0.disk.store.sweep(now), |_| ()).await
    }
}
