//! What checks share: the one set of means that every kind of monitor looks with.

use crate::inbox::Listening;
use crate::memory::PageMemory;
use crate::net::{IdleConnections, Network, Tls};
use flyball_heroku::Heroku;
use flyball_model::{AccountName, Hours, MonitorId, ReleaseId, Timestamp};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
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
    /// When releases were up.
    pub(crate) releases_up: ReleasesUp,
}

/// When the last web dyno of a release was up, by the monitor that watches it: of each the release that it saw last.
#[derive(Debug, Default)]
pub(crate) struct ReleasesUp(Mutex<HashMap<MonitorId, (ReleaseId, Timestamp)>>);

impl ReleasesUp {
    /// When this release was up, if that was seen.
    pub(crate) fn of(&self, monitor: MonitorId, release: &ReleaseId) -> Option<Timestamp> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&monitor).filter(|(of, _)| of == release).map(|(_, at)| *at)
    }

    /// Remembers when this release was up.
    pub(crate) fn remember(&self, monitor: MonitorId, release: &ReleaseId, at: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(monitor, (release.clone(), at));
    }
}

/// One look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look<'a> {
    /// With which monitor: whose connections may be kept, and used again, and for whom things come in.
    pub(crate) monitor: MonitorId,
    /// How often that looks.
    pub(crate) every: Duration,
    /// Within which hours alone.
    pub(crate) during: Option<&'a Hours>,
    /// When this look begins.
    pub(crate) begun_at: Timestamp,
}
