//! A story: everything that a seed stands for, as plain data. Who wants a smaller one leaves something out.

mod fate;
mod file;
mod words;

pub use fate::{Deed, Fate, Faults, Met, Rates};
pub use file::{Edit, File, KindStory, Looks, MonitorStory, PolicyStory, ReactionStory};

use flyball_heroku_sim::{AppEvent, AppSpec};
use flyball_model::PauseScope;
use std::time::Duration;

/// What is set up, and what happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// Where its chance begins: latencies, ids, and the faults that are drawn.
    pub seed: u64,
    /// How long it goes on before everything is let come to rest.
    pub minutes: u32,
    /// The apps, with their past.
    pub apps: Vec<AppSpec>,
    /// Flyball's file at the beginning.
    pub file: File,
    /// How far Flyball's clock is ahead of Heroku's at the beginning, in milliseconds.
    pub ahead_ms: i64,
    /// The clocks of the machines beside the first, that each run Flyball on the same store: how far each is ahead of
    /// Heroku's at the beginning, in milliseconds.
    pub others_ahead_ms: Vec<i64>,
    /// Whether every look at Heroku takes about a second, all the time.
    pub slow_api: bool,
    /// What happens, in order of time.
    pub incidents: Vec<Incident>,
    /// What goes wrong at calls.
    pub faults: Faults,
}

impl Story {
    /// How far each machine's clock is ahead at the beginning, the first one first.
    pub(crate) fn clocks_ahead_ms(&self) -> impl Iterator<Item = i64> {
        std::iter::once(self.ahead_ms).chain(self.others_ahead_ms.iter().copied())
    }

    /// Whether several machines work on one store.
    pub(crate) fn is_shared(&self) -> bool {
        !self.others_ahead_ms.is_empty()
    }
}

/// Something that happens at a time since the beginning.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// When.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// To an app: people at work, code that goes wrong.
    App {
        /// Which.
        app: String,
        /// What.
        what: AppEvent,
    },
    /// Flyball's process is killed, and started again after this time.
    Kill {
        /// On which machine, counted from 0.
        machine: usize,
        /// How long nothing runs.
        down: Duration,
    },
    /// Flyball's process is stopped where it stands, and goes on after this time as if nothing had been.
    Halt {
        /// On which machine, counted from 0.
        machine: usize,
        /// How long it stands.
        lasts: Duration,
    },
    /// Flyball's process stops in good order, and is started again after this time.
    Leave {
        /// On which machine, counted from 0.
        machine: usize,
        /// How long nothing runs.
        away: Duration,
    },
    /// Flyball's clock is set: this many milliseconds ahead, or back.
    ClockStep {
        /// On which machine, counted from 0.
        machine: usize,
        /// Ahead, or back where negative.
        millis: i64,
    },
    /// A person pauses Flyball.
    Pause {
        /// What of it.
        scope: PauseScope,
        /// For how long; until somebody resumes it if missing.
        lasts: Option<Duration>,
    },
    /// A person ends a pause.
    Resume {
        /// Of what.
        scope: PauseScope,
    },
    /// Flyball's file is changed.
    Edit(Edit),
    /// For a while something is out of order.
    Spell {
        /// What.
        of: Spell,
        /// How long.
        lasts: Duration,
    },
}

impl What {
    /// Which machine it concerns, if one alone.
    pub(crate) const fn machine(&self) -> Option<usize> {
        match self {
            Self::Kill { machine, .. }
            | Self::Halt { machine, .. }
            | Self::Leave { machine, .. }
            | Self::ClockStep { machine, .. } => Some(*machine),
            Self::App { .. } | Self::Pause { .. } | Self::Resume { .. } | Self::Edit(_) | Self::Spell { .. } => None,
        }
    }
}

/// What is out of order for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spell {
    /// The Platform API answers every call with 503, or not at all.
    ApiDown,
    /// Lists are answered as they were a while ago.
    StaleLists,
    /// Every write of the store finds the disk full. Reading goes on.
    DiskFull,
    /// Every write of the store finds the database busy. Reading goes on.
    DatabaseBusy,
    /// Every call of the store takes seconds.
    SlowDisk,
    /// Flyball has no network: no page can be looked at, and no call leaves.
    NoNetwork,
}

impl Spell {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::ApiDown, Self::StaleLists, Self::DiskFull, Self::DatabaseBusy, Self::SlowDisk, Self::NoNetwork];
}
