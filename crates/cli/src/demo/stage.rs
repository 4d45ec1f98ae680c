//! The stage: the stand-in on a loopback address, and the real engine in front of it, as `flyball up` would run it.

use super::file;
use super::kind::Kind;
use super::shop::{APP, TOKEN, world};
use crate::exit::Exit;
use crate::face::Face;
use crate::failure::Failure;
use crate::wiring::{Descriptors, OneAccount, stand_in};
use flyball_engine::live::Live;
use flyball_engine::{Clock, Engine, Ids, NoReferences, NoWitness, NobodyIsTold, Ports, StoreInbox, Tokio};
use flyball_heroku::Heroku;
use flyball_heroku_sim::{Server, World};
use flyball_model::{AccountName, Mode, NodeId, Timestamp};
use flyball_monitors::{Observer, Trust};
use flyball_server::drain_of;
use flyball_store::{Sqlite, Store, Timeline as _, TimelineLine, TimelinePage};
use secrecy::SecretString;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Everything that runs.
pub(super) struct Stage {
    server: Server,
    shared: Arc<Mutex<World>>,
    clock: Arc<dyn Clock>,
    store: Sqlite,
    live: Live,
    /// Where the blog's lines come in.
    face: Face,
    stop: CancellationToken,
    /// The number of the last line of the timeline that was read.
    read_until: i64,
    /// The text of the file.
    pub(super) file: String,
    /// Holds the database; removed at the end.
    _folder: TempDir,
}

impl Stage {
    /// Starts the stand-in and the engine.
    ///
    /// # Errors
    ///
    /// When one of them does not start.
    pub(super) async fn set(without: Option<Kind>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Result<Self, Failure> {
        let now = clock.now();
        let shared = Arc::new(Mutex::new(world(now)));
        let time = Arc::clone(&clock);
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::bind(any_port, Arc::clone(&shared), Arc::new(move || time.now()));
        let server = server.await.map_err(|error| cannot("start the stand-in", error))?;

        let folder = tempfile::tempdir().map_err(|error| cannot("make a folder for the database", error))?;
        let store = Sqlite::open(&folder.path().join("demo.db")).await?;
        let heroku = stand_in(&server, TOKEN, &clock, &ids)?;
        let watching: Arc<dyn Heroku> = Arc::new(heroku.for_monitors());
        let accounts = Arc::new(OneAccount::of(&server, &heroku));
        let runtime = Tokio::new();
        let keeps: Arc<dyn Store> = Arc::new(store.clone());
        let inbox = Arc::new(StoreInbox::of(Arc::clone(&keeps)));
        let ports = Ports {
            store: Arc::clone(&keeps),
            accounts,
            observe: Arc::new(
                Observer::new(
                    Arc::new(|_: &str| None::<SecretString>),
                    Arc::new(move |_: &AccountName| Some(Arc::clone(&watching))),
                    Trust::System,
                )
                .with_inbox(inbox, now),
            ),
            // Everything here is on this machine.
            references: Arc::new(NoReferences),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            time: Arc::new(runtime),
            tasks: Arc::new(runtime),
            witness: Arc::new(NoWitness),
            tell: Arc::new(NobodyIsTold),
        };
        let file = file::text(&server.page_url(APP), without);
        let definitions = flyball_config::read("shop.toml", &file)?;
        let engine = Arc::new(Engine::new(ports, NodeId(ids.run(now).0), Mode::Act).answering());
        engine.start(&definitions).await?;
        let stop = CancellationToken::new();
        let live = Live::start(Arc::clone(&engine), Descriptors::raise().checks_at_once(), stop.clone());
        let face = Face::open(&engine, &keeps, "demo").await?;
        // As `flyball drain blog --add` does.
        for received in &definitions.receive {
            let drain = drain_of(&*keeps, &definitions, Some(face.address), |_| None, received).await;
            let drain = drain.map_err(|why| cannot("tell where the blog's lines are to be sent", why))?;
            heroku.add_drain(&received.app, &SecretString::from(drain.url)).await?;
        }
        Ok(Self { server, shared, clock, store, live, face, stop, read_until: 0, file, _folder: folder })
    }

    /// The world, brought to the present. Not to be held across an await.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(self.clock.now());
        world
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where the stand-in is.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Where the shop's page is.
    pub(super) fn page_url(&self) -> String {
        self.server.page_url(APP)
    }

    /// What is new in Flyball's timeline.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(super) async fn news(&mut self) -> Result<Vec<TimelineLine>, Failure> {
        let page = TimelinePage { after: Some(self.read_until), ..TimelinePage::default() };
        let lines = self.store.timeline(&page).await?;
        self.read_until = lines.last().map_or(self.read_until, |line| line.number);
        Ok(lines)
    }

    /// Stops everything, in order: no new effects, what was seen is written down, the stand-in goes last.
    pub(super) async fn strike(self) {
        self.stop.cancel();
        self.live.stopped().await;
        self.face.close().await;
        self.server.stop().await;
        self.store.close().await;
    }
}

fn cannot(what: &str, why: impl Display) -> Failure {
    Failure::new(Exit::NO, format!("cannot {what}")).because(why)
}
