//! Pages and the HTTP interface of an engine that is measured, on loopback, where nobody has to sign in.

use super::cannot;
use super::course::Course;
use crate::failure::Failure;
use flyball_sealed::Keys;
use flyball_server::{House, Settings, serve};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A server that answers.
pub(super) struct Face {
    pub(super) address: SocketAddr,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Face {
    /// Of an engine that is asked.
    pub(super) async fn open(course: &Course) -> Result<Self, Failure> {
        let stop = CancellationToken::new();
        let time = Arc::clone(&course.engine.ports().time);
        let growth = flyball_engine::growth(Arc::clone(&course.store), time, stop.clone()).await;
        let (growth, watching) = growth.map_err(cannot("watch the timeline"))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(cannot("serve pages"))?;
        let address = listener.local_addr().map_err(cannot("serve pages"))?;
        let settings = Settings {
            listen: address,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            version: env!("CARGO_PKG_VERSION"),
            file: "bench".to_owned(),
            person: "bench".to_owned(),
        };
        let house = Arc::new(House::of(Arc::clone(&course.engine), growth, settings, Keys::default(), stop.clone()));
        let mut tasks = JoinSet::new();
        tasks.spawn(watching);
        tasks.spawn(serve(house, listener));
        Ok(Self { address, stop, tasks })
    }

    /// Answers no more.
    pub(super) async fn close(self) {
        self.stop.cancel();
        self.tasks.join_all().await;
    }
}
