//! The store as the engine sees it: the real one, behind a port at which calls can be cut.

use super::script::{Cut, Outside, Refuses, Script, Side};
use super::wire::Wire;
use async_trait::async_trait;
use flyball_model::{
    AppId, AppName, Entry, Excerpt, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reading, Run, RunId, RunState,
    Timestamp,
};
use flyball_store::{
    AppFacts, Batch, Claim, Definition, Error, Fence, Holding, Hourly, Loop, MarkSent, Pause, Pauses, ReadingsPage,
    Remembered, Retention, Runs, RunsPage, Sighting, Sqlite, Timeline, TimelineLine, TimelinePage,
};
use flyball_testing::lock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The store behind its port.
pub(crate) struct Ledger {
    outside: Outside,
    script: Arc<Script>,
    wire: Arc<Wire>,
    lies: AtomicBool,
    /// Runs on disk that have not ended.
    open: AtomicUsize,
    /// What was answered with an error.
    failures: Mutex<Vec<String>>,
}

impl Ledger {
    pub(crate) fn new(outside: Outside, script: Arc<Script>, wire: Arc<Wire>) -> Self {
        let (lies, open, failures) = (AtomicBool::default(), AtomicUsize::default(), Mutex::default());
        Self { outside, script, wire, lies, open, failures }
    }

    fn inner(&self) -> &Sqlite {
        &self.outside.disk.store
    }

    /// What was answered with an error, in words.
    pub(crate) fn failures(&self) -> Vec<String> {
        lock(&self.failures).clone()
    }

    fn read<T>(&self, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.outside.disk.at_once(call)
    }

    /// From now on what is in doubt is written down as not done.
    pub(crate) fn doubt_nothing(&self) {
        self.lies.store(true, Ordering::SeqCst);
    }

    /// Calls the store. Only what writes counts among the calls that can be cut.
    async fn write<T: Send>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, Error>> + Send,
        written: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        let answer = self.write_or_not(what, call, written).await;
        if let Err(error) = &answer {
            lock(&self.failures).push(error.to_string());
        }
        answer
    }

    async fn write_or_not<T: Send>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, Error>> + Send,
        written: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        let line = format!("store {what}");
        self.script.run(&line, Side::Before, &self.outside).await;
        let fate = self.script.fate(&line);
        let (doing, file) = (what.to_owned(), self.inner().file().to_owned());
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
        let answer = self.outside.disk.at_once(call);
        if let Ok(answer) = &answer {
            written(answer);
        }
        self.script.run(&line, Side::After, &self.outside).await;
        match fate {
            Some(Cut::After) => self.script.die().await,
            Some(Cut::Lost) => return Err(self.busy(what)),
            Some(Cut::Before | Cut::Failed) | None => {}
        }
        answer
    }

    fn busy(&self, what: &str) -> Error {
        Error::Busy { doing: what.to_owned(), file: self.inner().file().to_owned() }
    }
}

#[async_trait]
impl Loop for Ledger {
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error> {
        self.write("define", self.inner().define(monitors, reactions, now), |_| ()).await
    }

    async fn remembered(&self) -> Result<Vec<Remembered>, Error> {
        self.read(self.inner().remembered())
    }

    async fn holdings(&self) -> Result<Vec<Holding>, Error> {
        self.read(self.inner().holdings())
    }

    async fn save(&self, batch: &Batch) -> Result<(), Error> {
        let saved = |()| {
            self.open.fetch_add(batch.runs.len(), Ordering::SeqCst);
        };
        self.write("save", self.inner().save(batch), |()| saved(())).await
    }

    async fn sighting(&self, host: &str, app: &AppName) -> Result<Option<Sighting>, Error> {
        self.read(self.inner().sighting(host, app))
    }

    async fn app_facts(
        &self,
        host: &str,
        app: &AppName,
        id: Option<&AppId>,
        reactions: &[ReactionId],
        now: Timestamp,
    ) -> Result<AppFacts, Error> {
        self.read(self.inner().app_facts(host, app, id, reactions, now))
    }
}

#[async_trait]
impl Runs for Ledger {
    async fn claim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Claim, Error> {
        self.write("claim", self.inner().claim(run, node, now, lease), |_| ()).await
    }

    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error> {
        self.write("reclaim", self.inner().reclaim(run, node, now, lease), |_| ()).await
    }

    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error> {
        self.write("mark_sent", self.inner().mark_sent(run, fence, now, look_at), |_| ()).await
    }

    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error> {
        self.write("defer", self.inner().defer(run, fence, look_at, request_ids, entries), |_| ()).await
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
        self.write("end", self.inner().end(run, fence, now, &outcome, request_ids, entries), |ended| {
            self.open.fetch_sub(usize::from(*ended), Ordering::SeqCst);
        })
        .await
    }

    async fn take_over(&self, node: NodeId, now: Timestamp, lease: Duration) -> Result<Vec<(Run, Fence)>, Error> {
        self.write("take_over", self.inner().take_over(node, now, lease), |_| ()).await
    }

    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error> {
        if self.open.load(Ordering::SeqCst) == 0 {
            return Ok(Vec::new());
        }
        self.read(self.inner().due(now))
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        let run = self.read(self.inner().run(run))?;
        if run.as_ref().is_some_and(|run| matches!(run.state, RunState::Sent { .. })) {
            self.wire.looks();
        }
        Ok(run)
    }

    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error> {
        self.read(self.inner().runs(page))
    }
}

#[async_trait]
impl Pauses for Ledger {
    async fn pause(&self, pause: &Pause) -> Result<(), Error> {
        self.read(self.inner().pause(pause))
    }

    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error> {
        self.read(self.inner().resume(scope, by, now))
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error> {
        self.read(self.inner().pauses(now))
    }
}

#[async_trait]
impl Timeline for Ledger {
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        self.read(self.inner().timeline(page))
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.read(self.inner().readings(page))
    }

    async fn hourly(&self, monitor: MonitorId, since: Timestamp) -> Result<Vec<Hourly>, Error> {
        self.read(self.inner().hourly(monitor, since))
    }
}

#[async_trait]
impl Retention for Ledger {
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.read(self.inner().sweep(now))
    }
}
