//! The one who looks: holds what checks share, and makes one reading at a time of any monitor.

use crate::kinds::{IdleConnections, Kind, observe_http};
use crate::net::{Network, Tls};
use crate::{Monitor, NetworkRules, References, Trust};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, Reading, Timestamp};
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::Arc;

/// Gives the value of an environment variable, for `{ env = "NAME" }` in settings; `None` if it is not set.
pub type SecretLookup = Arc<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// Gives the Platform API for an account; `None` if no such account is set up.
pub type AccountLookup = Arc<dyn Fn(&AccountName) -> Option<Arc<dyn Heroku>> + Send + Sync>;

/// Makes readings. Holds what checks share: the resolver, the certificates that are trusted, the connections kept by
/// monitors with `reuse`, and the ways to secrets and to Heroku. One for all monitors; a reading starts no task that
/// outlives it, and dropping its future ends everything that it does.
pub struct Observer {
    network: Network,
    tls: Tls,
    idle: IdleConnections,
    secrets: SecretLookup,
    accounts: AccountLookup,
}

impl Observer {
    /// An observer that looks names up as the system does. Reads the system's certificates once if told to trust them,
    /// which takes some milliseconds.
    #[must_use]
    pub fn new(secrets: SecretLookup, accounts: AccountLookup, trust: Trust) -> Self {
        Self { network: Network::system(), tls: Tls::new(trust), idle: IdleConnections::default(), secrets, accounts }
    }

    /// The same, with names looked up at these servers instead of the system's.
    #[must_use]
    pub fn with_name_servers(mut self, servers: Vec<SocketAddr>) -> Self {
        self.network = self.network.with_name_servers(servers);
        self
    }

    /// From now on checks reach what these rules permit; kept connections that lead elsewhere are not used again.
    /// Until this is called, nothing is denied but what always is.
    pub fn permit(&self, rules: Arc<NetworkRules>) {
        self.network.follow(rules);
    }

    /// Who tells whether the world can be reached from here: with the names of checks, and without their rules.
    #[must_use]
    pub fn references(&self) -> References {
        self.network.references()
    }

    /// Looks once, and says what was seen. Takes no longer than the monitor's own time-out, and never fails: what
    /// stands in the way of looking is a reading too.
    pub async fn observe(&self, monitor: &Monitor, begun_at: Timestamp) -> Reading {
        match &monitor.kind {
            Kind::Http(http) => observe_http(self, monitor.id, http, begun_at).await,
            Kind::Tcp(tcp) => tcp.observe(&self.network, begun_at).await,
            Kind::HerokuDynos(dynos) => dynos.observe(&self.accounts, begun_at).await,
        }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    pub(crate) fn tls(&self) -> &Tls {
        &self.tls
    }

    pub(crate) fn idle(&self) -> &IdleConnections {
        &self.idle
    }

    pub(crate) fn secret(&self, name: &str) -> Option<SecretString> {
        (self.secrets)(name)
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
