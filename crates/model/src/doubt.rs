//! Doubt of ourselves: what speaks for our own way to the world being cut, rather than what is watched.

use crate::Excerpt;
use crate::words::list;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A reference, as it was found just now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// As the file names it: host and port.
    pub address: Excerpt,
    /// Whether it was reached.
    pub reached: bool,
}

/// What speaks for our being cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// Fewer than half of the references can be reached.
    References {
        /// How many were reached.
        reached: u32,
        /// How many there are.
        of: u32,
        /// Those that were not, as the file names them, at most as many as a file may have; what was stored before they
        /// were told has none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        missed: Vec<Excerpt>,
    },
    /// Half of the hosts that have nothing to do with the app, or more, began failing in the same minute.
    Hosts {
        /// How many began failing then.
        failing: u32,
        /// How many are watched.
        of: u32,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::References { reached, of, missed } => {
                write!(f, "of {of} references it reaches {reached}")?;
                if !missed.is_empty() {
                    write!(f, ", and not {}", list(missed))?;
                }
                write!(f, " (`references` of `[network]`)")
            }
            Self::Hosts { failing, of } => {
                write!(f, "{failing} of {of} other hosts could no longer be reached from the same minute on")
            }
        }
    }
}
