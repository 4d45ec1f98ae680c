//! The one who looks: holds what checks share, and makes one reading at a time of any monitor.

use crate::inbox::{Inbox, Listening};
use crate::means::{AccountLookup, Look, Means, ReleasesUp, SecretLookup};
use crate::memory::{PAGES_BYTES, PageMemory};
use crate::monitor::Monitor;
use crate::net::{IdleConnections, Network, NetworkRules, ProxyEnvironment, References, Tls, Trust};
use crate::values::Proxy;
use flyball_model::{Reading, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;

/// Makes readings. Holds what checks share: the resolver, the certificates that are trusted, the connections kept by
/// monitors with `reuse`, and the ways to secrets and to Heroku. One for all monitors; a reading starts no task that
/// outlives it, and dropping its future ends everything that it does.
pub struct Observer {
    means: Means,
}

impl Observer {
    /// An observer that looks names up as the system does. Reads the system's certificates once if told to trust them,
    /// which takes some milliseconds.
    #[must_use]
    pub fn new(secrets: SecretLookup, accounts: AccountLookup, trust: Trust) -> Self {
        let (network, tls, idle) = (Network::system(), Tls::new(trust), IdleConnections::default());
        let memory = PageMemory::of(PAGES_BYTES);
        let releases_up = ReleasesUp::default();
        Self { means: Means { network, tls, idle, memory, secrets, accounts, listening: None, releases_up } }
    }

    /// The same, with names looked up at these servers instead of the system's.
    #[must_use]
    pub fn with_name_servers(mut self, servers: Vec<SocketAddr>) -> Self {
        self.means.network = self.means.network.with_name_servers(servers);
        self
    }

    /// The same, in an environment that says this of proxies. Without it there are none but those that settings name.
    #[must_use]
    pub fn with_proxies(mut self, environment: ProxyEnvironment) -> Self {
        self.means.network = self.means.network.with_proxies(environment);
        self
    }

    /// The same, with so many bytes of memory for the pages of all checks, instead of 256 MiB. A page that finds no room
    /// is unknown, for overload.
    #[must_use]
    pub fn with_page_memory(mut self, bytes: usize) -> Self {
        self.means.memory = PageMemory::of(bytes);
        self
    }

    /// The same, with an inbox into which things come since then. Without one, what would come in is unknown.
    #[must_use]
    pub fn with_inbox(mut self, inbox: Arc<dyn Inbox>, since: Timestamp) -> Self {
        self.means.listening = Some(Listening::to(inbox, since));
        self
    }

    /// From now on checks reach what these rules permit; kept connections that lead elsewhere are not used again.
    /// Until this is called, nothing is denied but what always is.
    pub fn permit(&self, rules: Arc<NetworkRules>) {
        self.means.network.follow(rules);
    }

    /// From now on checks that name no way of their own go by this one. Until this is called, by the environment's.
    pub fn go_by(&self, proxy: Proxy) {
        self.means.network.go_by(proxy);
    }

    /// Who tells whether the world can be reached from here: with the names of checks, and without their rules.
    #[must_use]
    pub fn references(&self) -> References {
        self.means.network.references()
    }

    /// Looks once, and says what was seen. Takes no longer than the monitor's own time-out, and never fails: what
    /// stands in the way of looking is a reading too.
    pub async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        let look = Look { monitor: monitor.id, every: monitor.every, during: monitor.during.as_ref(), begun_at };
        monitor.kind.observe(&self.means, look).await
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
