//! How code behaves, and how a world works: the tunable side of the stand-in.

use super::lines::RouterLines;
use super::load::Serving;
use std::collections::BTreeMap;
use std::time::Duration;

/// How the code of a slug, or a config var, makes an app behave.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Behaviour {
    /// Answers as it should.
    #[default]
    Healthy,
    /// Every page is an error page with this text.
    ErrorPage {
        /// The HTTP status of the page.
        status: u16,
        /// What it says, to be found by a keyword.
        text: String,
    },
    /// The dyno exits as soon as it has booted.
    CrashesOnBoot,
    /// This share of pages, 0 to 1, are an error of status 500.
    SomeErrors(f64),
    /// Every page takes longer by this much.
    Slow(Duration),
    /// Every dyno's memory grows by this many MiB a minute.
    Leaks {
        /// MiB a minute.
        mib_per_minute: f64,
    },
}

/// How a release phase ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// With status 0: the release becomes current.
    #[default]
    Succeeds,
    /// With another status: the release is failed, and never current.
    Fails,
}

/// Which of an app's dynos answers when its page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// The one in the worst state, so that one sick dyno is always seen. A simplification, and easy to reason about.
    #[default]
    Unluckiest,
    /// One or the other, evenly, as the router of the Common Runtime does: a sick dyno is seen now and then.
    Spread,
}

/// Whether dynos are restarted once a day, as the platform does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cycling {
    /// Once in 24 hours and up to 216 minutes. Source: platform-api 5.3 (DC dyno-restarts 2025-04).
    #[default]
    Daily,
    /// Never: for scenarios that want nothing to happen by itself.
    Never,
}

/// What a one-off dyno does, recognised by its command.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandSpec {
    /// A part of the command, such as `db:cleanup`.
    pub contains: String,
    /// How long it runs after it is up.
    pub runs: Duration,
    /// Its exit status.
    pub exit: i32,
    /// What its end changes.
    pub cures: Cures,
}

/// What the end of a command changes in the app. A command that is stopped, or fails, cures nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cures {
    /// Nothing.
    Nothing,
    /// The database error.
    DatabaseError,
}

/// The texts of an app's pages, to be found by keywords.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// On a page that is well.
    pub welcome: String,
    /// On the error page of a bad release, unless the deploy names its own.
    pub bad_release: String,
    /// While the database is in trouble.
    pub database_error: String,
    /// While any dyno is wedged by a platform-wide hiccup.
    pub hiccup: String,
    /// When a leaking dyno has used up its memory.
    pub out_of_memory: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            welcome: "Welcome".to_owned(),
            bad_release: "something went wrong".to_owned(),
            database_error: "database error".to_owned(),
            hiccup: "connection pool is stuck".to_owned(),
            out_of_memory: "out of memory".to_owned(),
        }
    }
}

/// How one app works: times, capacities and texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Mechanics {
    /// From `starting` to `up`. 10 seconds, as small apps take.
    pub boot: Duration,
    /// The same for a one-off dyno: 3 seconds.
    pub one_off_boot: Duration,
    /// How long a one-off dyno runs whose command is not among `commands`: 20 seconds.
    pub one_off_runs: Duration,
    /// What one-off dynos do, by their command; the first that matches counts.
    pub commands: Vec<CommandSpec>,
    /// Requests a second that a dyno of compute 1 (Standard-1X) answers without haste: 10.
    pub requests_per_compute: f64,
    /// Requests a second by size, where compute alone does not tell. Names in any case.
    pub capacity: BTreeMap<String, f64>,
    /// What an answer takes with no load: 80 ms.
    pub latency: Duration,
    /// Over capacity an answer takes `1 + slowdown * (load / capacity - 1)` times as long: 20.
    pub slowdown: f64,
    /// From this load / capacity on, requests time out (H12): 1.5.
    pub overload: f64,
    /// From this load / capacity on, the router's backlog is full (H11, at once): 3.0.
    pub backlog: f64,
    /// After how long the router gives up (H12): 30 seconds. Source: platform-api 10.3 (DC error-codes).
    pub router_timeout: Duration,
    /// The memory of a dyno that does not leak, MiB: 300.
    pub memory_mib: f64,
    /// How one web dyno serves, so that requests are counted one by one and wait in busy dynos; capacity, latency and
    /// slowdown then say nothing. `None`: load makes pages slow, and nobody counts.
    pub serving: Option<Serving>,
    /// The form of the routers' lines.
    pub router_lines: RouterLines,
    /// Which dyno answers.
    pub routing: Routing,
    /// The daily restart.
    pub cycling: Cycling,
    /// With preboot, how long old dynos go on serving: 3 minutes. Source: platform-api 6 (CL 1121).
    pub preboot_overlap: Duration,
    /// The texts of the pages.
    pub texts: Texts,
}

impl Default for Mechanics {
    fn default() -> Self {
        Self {
            boot: Duration::from_secs(10),
            one_off_boot: Duration::from_secs(3),
            one_off_runs: Duration::from_secs(20),
            commands: vec![CommandSpec {
                contains: "db:cleanup".to_owned(),
                runs: Duration::from_secs(20),
                exit: 0,
                cures: Cures::DatabaseError,
            }],
            requests_per_compute: 10.0,
            capacity: BTreeMap::new(),
            latency: Duration::from_millis(80),
            slowdown: 20.0,
            overload: 1.5,
            backlog: 3.0,
            router_timeout: Duration::from_secs(30),
            memory_mib: 300.0,
            serving: None,
            router_lines: RouterLines::default(),
            routing: Routing::default(),
            cycling: Cycling::default(),
            preboot_overlap: Duration::from_secs(180),
            texts: Texts::default(),
        }
    }
}

impl Mechanics {
    /// Requests a second that one dyno of `size` answers without haste.
    #[must_use]
    pub fn capacity_of(&self, size: &super::SizeClass) -> f64 {
        if let Some(serving) = &self.serving {
            return f64::from(serving.threads) / serving.service.as_secs_f64().max(0.001);
        }
        let named = self.capacity.iter().find(|(name, _)| name.eq_ignore_ascii_case(size.name));
        named.map_or_else(|| self.requests_per_compute * f64::from(size.compute), |(_, capacity)| *capacity)
    }
}
