//! Signals: what came in by a monitor's key, as it is remembered until the monitor looks.

use crate::{Excerpt, InvalidName, Timestamp};
use std::fmt;
use std::str::FromStr;

/// What a signal says of its monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalKind {
    /// Nothing came in: from here on one is awaited, whatever came before.
    Awaited,
    /// A run has begun, which will end with another signal.
    Started,
    /// It is as it should be.
    Passing,
    /// It is not.
    Failing,
    /// It says neither.
    Neither,
}

impl SignalKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Awaited, Self::Started, Self::Passing, Self::Failing, Self::Neither];

    /// The word for it in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Awaited => "awaited",
            Self::Started => "started",
            Self::Passing => "passing",
            Self::Failing => "failing",
            Self::Neither => "neither",
        }
    }
}

impl fmt::Display for SignalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SignalKind {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(InvalidName { expected: "one of awaited, started, passing, failing, neither" })
    }
}

/// Something that came in for a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// When, by the clock of whoever took it.
    pub at: Timestamp,
    /// What it says.
    pub kind: SignalKind,
    /// In which words: cleaned and bounded, and often none.
    pub words: Excerpt,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_as_it_is_written() {
        for kind in SignalKind::ALL {
            assert_eq!(kind.to_string().parse::<SignalKind>().unwrap(), kind);
        }
        assert!("passed".parse::<SignalKind>().is_err());
    }
}
