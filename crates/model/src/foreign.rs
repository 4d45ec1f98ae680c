//! Foreign hands: what somebody else changed of an app.

use crate::{DynoSize, ProcessType, Quantity, ReleaseVersion, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A change of an app that was not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "changed", rename_all = "snake_case")]
pub enum ForeignChange {
    /// The quantity of a process type.
    Quantity {
        /// Of which.
        process_type: ProcessType,
        /// From this.
        from: Quantity,
        /// To this.
        to: Quantity,
    },
    /// The dyno size of a process type.
    Size {
        /// Of which.
        process_type: ProcessType,
        /// From this.
        from: DynoSize,
        /// To this.
        to: DynoSize,
    },
    /// A release was made.
    Release {
        /// Which.
        version: ReleaseVersion,
        /// What it brought.
        brought: Brought,
    },
}

/// What a release brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// New code.
    Deploy,
    /// Other config vars, or add-ons, with the same code.
    Config,
    /// The content of an older release.
    Rollback,
}

/// A change that was not ours, and since when we know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreign {
    /// When: for a release by its own time; for a quantity or a size when we saw it first.
    pub at: Timestamp,
    /// What.
    pub change: ForeignChange,
}

impl Foreign {
    /// At most this many are remembered for each app: an autoscaler that changes something every two minutes fills an
    /// hour with them.
    pub const REMEMBERED: usize = 32;
}

impl fmt::Display for ForeignChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity { process_type, from, to } => write!(f, "{process_type} from {from} to {to} dynos"),
            Self::Size { process_type, from, to } => write!(f, "{process_type} from {from} to {to}"),
            Self::Release { version, brought: Brought::Deploy } => write!(f, "{version}, a deploy"),
            Self::Release { version, brought: Brought::Config } => write!(f, "{version}, a change of configuration"),
            Self::Release { version, brought: Brought::Rollback } => write!(f, "{version}, a rollback"),
        }
    }
}
