//! The store as the engine sees it: the real one, behind a port at which calls can be cut.

use super::script::{Cut, Outside, Refuses, Script, Side};
use async_trait::async_trait;
use flyball_model::{
    AppId, AppName, Entry, Excerpt, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reading, Run, RunId, Timestamp,
};
use flyball_store::{
    AppFacts, Batch, Claim, Definition, Error, Fence, Holding, Hourly, Loop, MarkSent, Pause, Pauses, ReadingsPage,
    Remembered, Retention, Runs, RunsPage, Sighting, Sqlite, Timeline, TimelineLine, TimelinePage,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The store behind its port.
pub(crate) struct Ledger {
    inner: Arc<Sqlite>,
    outside: Outside,
    script: Arc<Script>,
    lies: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(inner: Arc<Sqlite>, outside: Outside, script: Arc<Script>) -> Self {
        Self { inner, outside, script, lies: AtomicBool::new(false) }
    }

    /// From now on what is in doubt is written down as not done.
    pub(crate) fn doubt_nothing(&self) {
        self.lies.store(true, Ordering::SeqCst);
    }

    /// Calls the store. Only what writes counts among the calls that can be cut.
    async fn write<T>(&self, what: &str, call: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        let line = format!("store {what}");
        self.script.run(&line, Side::Before, &self.outside).await;
        let fate = self.script.fate(&line);
        let (doing, file) = (what.to_owned(), self.inner.file().to_owned());
        match self.outside.refuses.get() {
            Some(Refuses::Full) => return Err(Error::Full { doing, file }),
            Some(Refuses::Busy) => return Err(Error::Busy { doing, file }),
            None => {}
        }
        match fate {
            Some(Cut::Before) => self.script.die().await,
            Some(Cut::Failed) => return Err(self.busy(what)),
            Some(Cut::After | Cut::Lost) | None => {}
        }
        let answer = call.await;
        self.script.run(&line, Side::After, &self.outside).await;
        match fate {
            Some(Cut::After) => self.script.die().await,
            Some(Cut::Lost) => return Err(self.busy(what)),
            Some(Cut::Before | Cut::Failed) | None => {}
        }
        answer
    }

    fn busy(&self, what: &str) -> Error {
        Error::Busy { doing: what.to_owned(), file: self.inner.file().to_owned() }
    }
}

#[async_trait]
impl Loop for Ledger {
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error> {
        self.write("define", self.inner.define(monitors, reactions, now)).await
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, Error> {
        self.inner.remembered().await
    }

    async fn holdings(&self) -> Result<Vec<Holding>, Error> {
        self.inner.holdings().await
    }

    async fn save(&self, batch: &Batch) -> Result<(), Error> {
        self.write("save", self.inner.save(batch)).await
    }

    async fn sighting(&self, host: &str, app: &AppName) -> Result<Option<Sighting>, Error> {
        self.inner.sighting(host, app).await
    }

    async fn app_facts(
        &self,
        host: &str,
        app: &AppName,
        id: Option<&AppId>,
        reactions: &[ReactionId],
        now: Timestamp,
    ) -> Result<AppFacts, Error> {
        self.inner.app_facts(host, app, id, reactions, now).await
    }
}

#[async_trait]
impl Runs for Ledger {
    async fn claim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Claim, Error> {
        self.write("claim", self.inner.claim(run, node, now, lease)).await
    }

    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error> {
        self.write("reclaim", self.inner.reclaim(run, node, now, lease)).await
    }

    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error> {
        self.write("mark_sent", self.inner.mark_sent(run, fence, now, look_at)).await
    }

    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error> {
        self.write("defer", self.inner.defer(run, fence, look_at, request_ids, entries)).await
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
        let outcome = match outcome {
            Outcome::InDoubt { why } if self.lies.load(Ordering::SeqCst) => Outcome::NotDone { why: why.clone() },
            told => told.clone(),
        };
        self.write("end", self.inner.end(run, fence, now, &outcome, request_ids, entries)).await
    }

    async fn take_over(&self, node: NodeId, now: Timestamp, lease: Duration) -> Result<Vec<(Run, Fence)>, Error> {
        self.write("take_over", self.inner.take_over(node, now, lease)).await
    }

    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error> {
        self.inner.due(now).await
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        self.inner.run(run).await
    }

    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error> {
        self.inner.runs(page).await
    }
}

#[async_trait]
impl Pauses for Ledger {
    async fn pause(&self, pause: &Pause) -> Result<(), Error> {
        self.inner.pause(pause).await
    }

    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error> {
        self.inner.resume(scope, by, now).await
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error> {
        self.inner.pauses(now).await
    }
}

#[async_trait]
impl Timeline for Ledger {
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        self.inner.timeline(page).await
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.inner.readings(page).await
    }

    async fn hourly(&self, monitor: MonitorId, since: Timestamp) -> Result<Vec<Hourly>, Error> {
        self.inner.hourly(monitor, since).await
    }
}

#[async_trait]
impl Retention for Ledger {
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.inner.sweep(now).await
    }
}
