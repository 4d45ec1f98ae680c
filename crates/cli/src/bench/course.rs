//! A real loop that runs on a store of its own until it is told to end, and what it used.

use super::cannot;
use super::place::Place;
use super::process::Usage;
use crate::failure::Failure;
use crate::wiring::Descriptors;
use flyball_config::{Definitions, Files};
use flyball_engine::live::{Figures, Live};
use flyball_engine::{
    Accounts, Clock, Engine, Ids, NoReferences, NoWitness, NobodyIsTold, Observe, Ports, Tell, Tokio,
};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, ApiHost, Excerpt, Mode, NodeId};
use flyball_store::Store;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A loop that runs.
pub(super) struct Course {
    live: Arc<Live>,
    /// Keeps its share of the work, where it has one.
    sharing: JoinSet<()>,
    stop: CancellationToken,
    pub(super) engine: Arc<Engine>,
    pub(super) store: Arc<dyn Store>,
    /// How many descriptors were found.
    pub(super) descriptors: Descriptors,
    pub(super) started: tokio::time::Instant,
    before: Option<Usage>,
    /// What had been done when it began to be measured.
    figures_before: Option<Figures>,
}

/// What one bench has otherwise than another.
pub(super) struct Outside {
    pub(super) store: Arc<dyn Store>,
    pub(super) accounts: Arc<dyn Accounts>,
    pub(super) observe: Arc<dyn Observe>,
    pub(super) tell: Arc<dyn Tell>,
    /// Whether a server asks the engine for what is in force.
    pub(super) is_asked: bool,
}

/// What came of it, or of something like it.
pub(super) struct Ended {
    pub(super) figures: Figures,
    pub(super) lasted: Duration,
    /// Bytes of the store at the end; none where there is none, or it does not tell.
    pub(super) stored: Option<u64>,
    pub(super) before: Option<Usage>,
    pub(super) after: Option<Usage>,
}

impl Course {
    /// Starts an engine with these definitions, which looks through this and acts on nothing.
    pub(super) async fn begin(
        place: &Place,
        definitions: &Definitions,
        observe: Arc<dyn Observe>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, Failure> {
        let outside = |store| Outside {
            store,
            accounts: Arc::new(NoAccounts),
            observe,
            tell: Arc::new(NobodyIsTold),
            is_asked: false,
        };
        Self::begin_with(place, definitions, outside, clock, ids).await
    }

    /// Starts an engine with these definitions and this outside, which is made around its store.
    pub(super) async fn begin_with(
        place: &Place,
        definitions: &Definitions,
        outside: impl FnOnce(Arc<dyn Store>) -> Outside,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
    ) -> Result<Self, Failure> {
        let store = place.open().await?;
        let runtime = Tokio::new();
        let Outside { store: seen, accounts, observe, tell, is_asked } = outside(Arc::clone(&store));
        let ports = Ports {
            store: seen,
            accounts,
            observe,
            references: Arc::new(NoReferences),
            clock,
            ids: Arc::clone(&ids),
            time: Arc::new(runtime),
            tasks: Arc::new(runtime),
            witness: Arc::new(NoWitness),
            tell,
        };
        let node = NodeId(ids.run(ports.clock.now()).0);
        let engine = Engine::new(ports, node, Mode::Act);
        let engine = Arc::new(if is_asked { engine.answering() } else { engine });
        let before = Usage::now();
        if engine.ports().store.is_shared() {
            // Who gives no sign of life gets no share.
            let appeared = engine.appear(Excerpt::of("bench"), std::process::id(), &Files::one("", "")).await;
            appeared.map_err(cannot("start the engine"))?;
        }
        engine.start(definitions).await.map_err(cannot("start the engine"))?;

        let (stop, descriptors) = (CancellationToken::new(), Descriptors::raise());
        let live = Arc::new(Live::start(Arc::clone(&engine), descriptors.checks_at_once(), stop.clone()));
        let mut sharing = JoinSet::new();
        if engine.ports().store.is_shared() {
            let (staying, keeping, live) = (Arc::clone(&engine), Arc::clone(&engine), Arc::clone(&live));
            let (until, stop) = (stop.clone(), stop.clone());
            sharing.spawn(async move { staying.stay(until).await });
            sharing.spawn(async move { keeping.keep_share(&live, stop).await });
        }
        let started = tokio::time::Instant::now();
        Ok(Self { live, sharing, stop, engine, store, descriptors, started, before, figures_before: None })
    }

    /// What the loop has done so far.
    pub(super) fn figures(&self) -> Figures {
        self.live.figures()
    }

    /// Begins to be measured only now: what was done before was to get going. How late checks start is told of all of them.
    pub(super) fn measure_from_here(&mut self) {
        self.started = tokio::time::Instant::now();
        self.figures_before = Some(self.figures());
        if let Some((before, now)) = self.before.as_mut().zip(Usage::now()) {
            before.cpu = now.cpu;
        }
    }

    /// Ends it.
    pub(super) async fn end(self) -> Ended {
        let (lasted, after) = (self.started.elapsed(), Usage::now());
        self.stop.cancel();
        self.sharing.join_all().await;
        self.live.stopped().await;
        let stored = self.store.sizes().await.map(|sizes| sizes.whole).ok();
        self.store.close().await;
        let mut figures = self.live.figures();
        if let Some(before) = self.figures_before {
            figures.due -= before.due;
            figures.made -= before.made;
            figures.missed -= before.missed;
        }
        Ended { figures, lasted, stored, before: self.before, after }
    }
}

impl Ended {
    /// Processor time of this process.
    pub(super) fn cpu_seconds(&self) -> Option<f64> {
        let (before, after) = self.before.zip(self.after)?;
        Some(after.cpu.saturating_sub(before.cpu).as_secs_f64())
    }

    /// Resident bytes that came with the monitors.
    pub(super) fn grown(&self) -> Option<f64> {
        let (before, after) = self.before.zip(self.after)?;
        Some(after.resident.saturating_sub(before.resident) as f64)
    }

    pub(super) fn resident_mib(&self) -> Option<f64> {
        self.after.map(|after| after.resident as f64 / f64::from(1 << 20))
    }
}

/// Who only watches acts on nothing.
pub(super) struct NoAccounts;

impl Accounts for NoAccounts {
    fn heroku(&self, _account: &AccountName) -> Option<Arc<dyn Heroku>> {
        None
    }

    fn host(&self) -> ApiHost {
        ApiHost::default()
    }

    fn variable(&self, _name: &str) -> Option<SecretString> {
        None
    }
}
