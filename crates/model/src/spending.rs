//! What is spent of an app's patience: the effects that are bounded per hour.

use crate::Rank;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Effects that are counted together, and bounded per app and hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spending {
    /// Restarts, resizes and one-off dynos.
    Effects,
    /// Rollbacks, which have a reserve of their own: restarts that did not help never stand in the way of the rollback
    /// that would.
    Rollbacks,
}

impl Spending {
    /// What an effect of this rank is counted as. A change of a quantity makes nothing boot anew, and has its own limit.
    #[must_use]
    pub const fn of(rank: Rank) -> Option<Self> {
        match rank {
            Rank::RollBack => Some(Self::Rollbacks),
            Rank::RestartAll | Rank::RestartDyno | Rank::Up | Rank::Down | Rank::OneOff => Some(Self::Effects),
            Rank::Out | Rank::To | Rank::In => None,
        }
    }
}

impl fmt::Display for Spending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Effects => "restarts, resizes and one-off dynos",
            Self::Rollbacks => "rollbacks",
        })
    }
}

/// How many effects one app may have within an hour, whatever reactions they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppLimits {
    /// Restarts, resizes and one-off dynos.
    pub effects_per_hour: u32,
    /// Rollbacks.
    pub rollbacks_per_hour: u32,
}

impl AppLimits {
    /// How many of a sort there may be.
    #[must_use]
    pub const fn of(self, sort: Spending) -> u32 {
        match sort {
            Spending::Effects => self.effects_per_hour,
            Spending::Rollbacks => self.rollbacks_per_hour,
        }
    }
}

impl Default for AppLimits {
    /// One effect every three minutes is more than settling lets through by itself; ten rollbacks are more steps than
    /// anybody wants to go back unasked.
    fn default() -> Self {
        Self { effects_per_hour: 20, rollbacks_per_hour: 10 }
    }
}

/// A time within which effects of a reaction are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
}

impl Per {
    /// How long it is.
    #[must_use]
    pub const fn length(self) -> std::time::Duration {
        match self {
            Self::Hour => std::time::Duration::from_secs(3600),
            Self::Day => std::time::Duration::from_secs(24 * 3600),
        }
    }
}

impl fmt::Display for Per {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Hour => "an hour",
            Self::Day => "a day",
        })
    }
}
