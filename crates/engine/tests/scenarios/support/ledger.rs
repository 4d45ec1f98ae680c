//! The calls of the store: those that write can be cut.

use super::script::{Cut, Outside, Refuses, Script, Side};
use super::wire::Wire;
use flyball_model::{Excerpt, NodeId, Outcome, RunId, RunState, Timestamp, WhyNotDone};
use flyball_store::{Error, Shard, Sign, Store};
use flyball_testing::{Access, Done, Signs, StoreStage, lock};
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The store of a scenario. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger {
    outside: Outside,
    script: Arc<Script>,
    wire: Arc<Wire>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    lies: AtomicBool,
    /// Runs on disk that have not ended.
    open: AtomicUsize,
    /// What was answered with an error.
    failures: Mutex<Vec<String>>,
    /// The signs of life, where several engines work on it.
    signs: Option<Signs>,
}

impl Ledger {
    pub(crate) fn new(outside: Outside, script: Arc<Script>, wire: Arc<Wire>, is_shared: bool) -> Self {
        let signs = is_shared.then(Signs::default);
        Self { outside, script, wire, state: Arc::new(State { signs, ..State::default() }) }
    }

    /// Another engine appears, of which nothing is seen but what it leaves in the store.
    pub(crate) fn another_appears(&self, node: NodeId) {
        let (since, host) = (self.outside.time.now(), Excerpt::of("elsewhere"));
        let sign = Sign { node, host, process: 1, since, in_force: String::new(), own: None };
        self.state.signs.as_ref().expect("the scenario is shared").appear(&sign, since);
    }

    pub(crate) fn another_leaves(&self, node: NodeId) {
        self.state.signs.as_ref().expect("the scenario is shared").leave(node);
    }

    /// These shards pass from one engine to another.
    pub(crate) fn passes(&self, shards: &[Shard], from: NodeId, to: NodeId) {
        let (disk, now) = (&self.outside.disk, self.outside.time.now());
        for (node, give, take) in [(from, shards, &[][..]), (to, &[], shards)] {
            disk.at_once(self.store().hold(node, give, take, now)).expect("the store answers");
        }
    }

    /// What was answered with an error, in words.
    pub(crate) fn failures(&self) -> Vec<String> {
        lock(&self.state.failures).clone()
    }

    /// From now on what is in doubt is written down as not done.
    pub(crate) fn doubt_nothing(&self) {
        self.state.lies.store(true, Ordering::SeqCst);
    }

    async fn write<T: Send>(&self, what: &str, call: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
        let line = format!("store {what}");
        self.script.run(&line, Side::Before, &self.outside).await;
        let fate = self.script.fate(&line);
        let (doing, place) = (what.to_owned(), self.store().place().clone());
        match self.outside.refuses.get() {
            Some(Refuses::Full) => return Err(Error::Full { doing, place }),
            Some(Refuses::Busy) => return Err(Error::Busy { doing, place, holder: None }),
            None => {}
        }
        match fate {
            Some(Cut::Before) => self.script.die().await,
            Some(Cut::Failed) => return Err(Error::Busy { doing, place, holder: None }),
            Some(Cut::After | Cut::Lost) | None => {}
        }
        let answer = call();
        self.script.run(&line, Side::After, &self.outside).await;
        match fate {
            Some(Cut::After) => self.script.die().await,
            Some(Cut::Lost) => return Err(Error::Busy { doing, place, holder: None }),
            Some(Cut::Before | Cut::Failed) | None => {}
        }
        answer
    }
}

impl StoreStage for Ledger {
    fn store(&self) -> &dyn Store {
        &*self.outside.disk.store
    }

    async fn call<T: Send>(
        &self,
        access: Access,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
        done: impl FnOnce(&T) + Send,
    ) -> Result<T, Error> {
        let call = || self.outside.disk.at_once(call).inspect(done);
        // Tidying up is nothing that a run depends on.
        if access == Access::Reads || what == "sweep" {
            return call();
        }
        let answer = self.write(what, call).await;
        if let Err(error) = &answer {
            lock(&self.state.failures).push(error.to_string());
        }
        answer
    }

    fn done(&self, done: Done<'_>) {
        match done {
            Done::Saved(batch) => {
                self.state.open.fetch_add(batch.runs.len(), Ordering::SeqCst);
            }
            Done::Ended(_) => {
                self.state.open.fetch_sub(1, Ordering::SeqCst);
            }
            Done::Claimed(_) | Done::Marked(..) | Done::Held { .. } => {}
        }
    }

    fn signs(&self) -> Option<&Signs> {
        self.state.signs.as_ref()
    }

    fn store_clock(&self) -> Timestamp {
        self.outside.time.now()
    }

    fn may_be_due(&self) -> bool {
        self.state.open.load(Ordering::SeqCst) > 0
    }

    fn asks_for(&self, run: RunId) {
        let run = self.outside.disk.at_once(self.store().run(run)).expect("the file itself can be read");
        if run.is_some_and(|run| matches!(run.state, RunState::Sent { .. })) {
            self.wire.looks();
        }
    }

    fn told<'a>(&self, outcome: &'a Outcome) -> Cow<'a, Outcome> {
        match outcome {
            Outcome::InDoubt { why } if self.state.lies.load(Ordering::SeqCst) => {
                Cow::Owned(Outcome::NotDone { why: WhyNotDone::Told(why.to_string().into()) })
            }
            told => Cow::Borrowed(told),
        }
    }
}
