//! What checks share: the one set of means that every kind of monitor looks with.

use crate::memory::PageMemory;
use crate::net::{IdleConnections, Network, Tls};
use flyball_heroku::Heroku;
use flyball_model::AccountName;
use secrecy::SecretString;
use std::sync::Arc;

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
}
