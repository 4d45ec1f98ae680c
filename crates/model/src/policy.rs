//! Policy: what every reaction has, whatever it does.

use crate::{Cause, Hours, ReactionName, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// The verdict at which a reaction runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum CallOn {
    /// Readings that fail.
    #[default]
    Failing,
    /// Readings that pass.
    Passing,
    /// Every reading of a load, also one that could not be made: what follows from it is decided from all of them.
    Load,
}

impl CallOn {
    /// Whether this verdict is the one. Unknown never is, but of a load.
    #[must_use]
    pub const fn matches(self, verdict: Verdict) -> bool {
        matches!(
            (self, verdict),
            (Self::Failing, Verdict::Failing) | (Self::Passing, Verdict::Passing) | (Self::Load, _)
        )
    }
}

impl fmt::Display for CallOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Failing => "failing",
            Self::Passing => "passing",
            Self::Load => "every reading",
        })
    }
}

/// Act from the Nth matching reading in a row on. 1 means the first, and 0 is read as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trigger(NonZeroU32);

impl Trigger {
    /// The largest trigger: a monitor remembers when that many readings of its streak began.
    pub const MAX: u32 = 1000;

    /// A trigger, brought within 1 and [`Trigger::MAX`].
    #[must_use]
    pub const fn new(readings: u32) -> Self {
        let readings = if readings > Self::MAX { Self::MAX } else { readings };
        match NonZeroU32::new(readings) {
            Some(readings) => Self(readings),
            None => Self(NonZeroU32::MIN),
        }
    }

    /// How many readings in a row.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl Default for Trigger {
    fn default() -> Self {
        Self::new(1)
    }
}

/// Whether effects are made or only told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Act.
    #[default]
    Act,
    /// Do everything but the effect, and tell what would have been done.
    DryRun,
}

impl Mode {
    /// The more careful of two: an instance in dry run dry-runs every reaction.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Act, Self::Act) => Self::Act,
            (Self::DryRun, _) | (_, Self::DryRun) => Self::DryRun,
        }
    }
}

/// What every reaction has, whatever it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The verdict at which it runs.
    pub call_on: CallOn,
    /// Only once this reaction has acted in the incident, and readings have come since that had time to show.
    pub after: Option<ReactionName>,
    /// Only when the present reading fails for one of these; for any cause when empty.
    pub causes: Vec<Cause>,
    /// From which matching reading in a row on.
    pub trigger: Trigger,
    /// Shortest time from the start of its last run that took effect, or may have, to its next.
    pub cooldown: Duration,
    /// How long a booting dyno is waited for before dynos are made to boot anew.
    pub settle: Duration,
    /// Act, or only tell.
    pub mode: Mode,
    /// Whether it acts while the app is in maintenance mode.
    pub in_maintenance: bool,
    /// How long it holds after somebody else changed the app. Missing means the default of its kind.
    pub give_way: Option<Duration>,
    /// How many effects it may have within an hour, at most.
    pub max_per_hour: Option<u32>,
    /// How many effects it may have within a day, at most.
    pub max_per_day: Option<u32>,
    /// How many of its effects in one episode may fail to help before it needs a person.
    pub give_up_after: u32,
    /// Whether it acts on the app that Flyball itself runs on.
    pub allow_self: bool,
    /// Only within these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub during: Option<Hours>,
    /// Switched off in the file.
    pub enabled: bool,
}

impl Policy {
    /// Default: after how many effects in one episode a reaction gives up. What did not help ten times hardly will.
    pub const GIVE_UP_AFTER: u32 = 10;
    /// Default: how long a rollback gives way to a person's own rollback or config change. Long enough for them to see
    /// whether it helped.
    pub const ROLLBACK_GIVES_WAY: Duration = Duration::from_secs(600);
    /// Default: how long what scales to a load takes no dyno away after somebody else set a quantity: who scales ahead of a campaign
    /// knows more than the load tells.
    pub const LOAD_GIVES_WAY: Duration = Duration::from_secs(30 * 60);

    /// Default: how long a booting dyno is waited for. Boots end within 60 s, or are killed (R10); five minutes
    /// covers several dynos that boot one after the other, and a first crash.
    pub const SETTLE: Duration = Duration::from_secs(300);
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            call_on: CallOn::default(),
            after: None,
            causes: Vec::new(),
            trigger: Trigger::default(),
            cooldown: Duration::ZERO,
            settle: Self::SETTLE,
            mode: Mode::default(),
            in_maintenance: false,
            give_way: None,
            max_per_hour: None,
            max_per_day: None,
            give_up_after: Self::GIVE_UP_AFTER,
            allow_self: false,
            during: None,
            enabled: true,
        }
    }
}
