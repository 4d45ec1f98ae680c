//! What checks share: the one set of means that every kind of monitor looks with.

use crate::inbox::Listening;
use crate::memory::PageMemory;
use crate::net::{IdleConnections, Network, Tls};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, MonitorId, Timestamp};
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// Gives the value of an environment variable, for `{ env = "NAME" }` in settings; `None` if it is not set.
pub type SecretLookup = Arc<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// Gives the Platform API for an account; `None` if no such account is set up.
pub type AccountLookup = Arc<dyn Fn(&AccountName) -> Option<Arc<dyn Heroku>> + Send + Sync>;

/// What checks share.
pub(crate) struct Means {
    /// The way to a host.
    pub(crate) network: Network,
    /// The certificates that are trusted.
    pub(crate) tls: Tls,
    /// The connections that monitors with `reuse` have kept.
    pub(crate) idle: IdleConnections,
    /// What pages may take of memory.
    pub(crate) memory: PageMemory,
    pub(crate) secrets: SecretLookup,
    pub(crate) accounts: AccountLookup,
    /// What came in, where something can.
    pub(crate) listening: Option<Listening>,
}

/// One look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// With which monitor: whose connections may be kept, and used again, and for whom things come in.
    pub(crate) monitor: MonitorId,
    /// How often that looks.
    pub(crate) every: Duration,
    /// When this look begins.
    pub(crate) begun_at: Timestamp,
}
