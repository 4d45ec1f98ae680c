//! What happens to a world that nobody asked the API for: people at work, code that goes wrong, the weather.

use super::drains::DrainFaults;
use super::fault::Fault;
use super::spec::DeploySpec;
use std::collections::BTreeMap;
use std::time::Duration;

/// One thing that happens to one app, or to the platform.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// To one app.
    App {
        /// Its name.
        app: String,
        /// What.
        what: AppEvent,
    },
    /// Every formation dyno of every app is wedged until it has been restarted.
    HiccupEverywhere,
    /// Calls begin to go wrong on purpose.
    Fault(Fault),
    /// No call goes wrong on purpose any more.
    NoFaults,
}

/// What happens to one app.
#[derive(Debug, Clone, PartialEq)]
pub enum AppEvent {
    /// A person deploys.
    Deploy(DeploySpec),
    /// A person sets (`Some`) or removes (`None`) config vars.
    Config(BTreeMap<String, Option<String>>),
    /// A person rolls back to this version.
    Rollback(u64),
    /// A person scales a process type.
    Scale {
        /// Which.
        process: String,
        /// The new quantity.
        quantity: u32,
    },
    /// A person resizes a process type.
    Resize {
        /// Which.
        process: String,
        /// To this size.
        size: String,
    },
    /// A person restarts every dyno.
    RestartAll,
    /// A person restarts one dyno.
    Restart(String),
    /// A person switches maintenance mode.
    Maintenance(Maintenance),
    /// A dyno exits.
    Crash(String),
    /// Memory begins to leak: in one dyno until its restart, or in every web dyno until the leak ends.
    Leak {
        /// The dyno; `None`: every web dyno, those started later included.
        dyno: Option<String>,
        /// How fast.
        mib_per_minute: f64,
    },
    /// The leak of every web dyno ends; what was lost comes back with a restart.
    LeakEnds,
    /// The database gets into trouble: every page is an error of this status until a clean-up has run to its end.
    DatabaseError(u16),
    /// The database gets slow, and makes no errors, until it heals.
    DatabaseSlow {
        /// The share of pages that wait for it, 0 to 1.
        share: f64,
        /// By how much longer they take. Dynos have them at work for all of it, also where the router gives up before.
        by: Duration,
    },
    /// The database gets well by itself.
    DatabaseHeals,
    /// The platform is in trouble: routers answer this share of requests themselves (H99), 0 to 1; with 0 it is well again.
    PlatformError(f64),
    /// Every formation dyno is wedged until it has been restarted.
    Hiccup,
    /// This many requests a second from now on, whatever the load points say.
    Load(f64),
    /// More requests: how many a second, and for how long.
    Surge {
        /// Requests a second.
        extra: f64,
        /// How long.
        lasts: Duration,
    },
    /// From now on the app's log drains go wrong like this; with the default they are well again.
    Drains(DrainFaults),
}

/// Maintenance mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintenance {
    /// Visitors get 503.
    On,
    /// Visitors get the app.
    Off,
}

impl Event {
    /// Something that happens to the app of this name.
    #[must_use]
    pub fn app(app: &str, what: AppEvent) -> Self {
        Self::App { app: app.to_owned(), what }
    }
}
