//! Pages and the HTTP interface of an engine that is measured, or shown, on loopback, where nobody has to sign in.

use crate::exit::Exit;
use crate::failure::Failure;
use flyball_engine::Engine;
use flyball_sealed::Keys;
use flyball_server::{House, Settings, serve};
use flyball_store::Store;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A server that answers.
pub(crate) struct Face {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Face {
    /// Of an engine that was made to answer, and its store. `name` stands where the file's would.
    pub(crate) async fn open(engine: &Arc<Engine>, store: &Arc<dyn Store>, name: &str) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let time = Arc::clone(&engine.ports().time);
        let growth = flyball_engine::growth(Arc::clone(store), time, stop.clone()).await;
        let (growth, watching) = growth.map_err(cannot("watch the timeline"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot("serve pages"))?;
        let address = listener.local_addr().map_err(cannot("serve pages"))?;
        let settings = Settings {
            listen: address,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
            file: name.to_owned(),
            person: name.to_owned(),
        };
        let house = Arc::new(House::of(Arc::clone(engine), growth, settings, Keys::default(), stop.clone()));
        let mut tasks = JoinSet::new();
        tasks.spawn(watching);
        tasks.spawn(serve(house, listener));
        Ok(Self { address, stop, tasks })
    }

    /// Answers no more.
    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.tasks.join_all().await;
    }
}

fn cannot<E: Display>(what: &'static str) -> impl FnOnce(E) -> Failure {
    move |why| Failure::new(Exit::NO, format!("cannot {what}")).because(why)
}
