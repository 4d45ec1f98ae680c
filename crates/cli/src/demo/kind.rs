//! The nine reactions, as the demo counts them.

use clap::ValueEnum;
use serde::Serialize;
use std::fmt;

/// One of the nine, by its word in the file. In the order of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[value(rename_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// One dyno more
    ScaleOut,
    /// A size up
    ScaleUp,
    /// One dyno fewer
    ScaleIn,
    /// A size down
    ScaleDown,
    /// As many dynos as a load needs
    ScaleTo,
    /// One dyno restarted
    RestartDyno,
    /// One release back
    RollbackRelease,
    /// A one-off dyno started
    CreateOneOffDyno,
    /// All dynos restarted
    RestartAllDynos,
}

impl Kind {
    /// All nine.
    pub(super) const ALL: [Self; 9] = [
        Self::ScaleOut,
        Self::ScaleUp,
        Self::ScaleIn,
        Self::ScaleDown,
        Self::ScaleTo,
        Self::RestartDyno,
        Self::RollbackRelease,
        Self::CreateOneOffDyno,
        Self::RestartAllDynos,
    ];

    /// The word in the file.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::ScaleOut => "scale_out",
            Self::ScaleUp => "scale_up",
            Self::ScaleIn => "scale_in",
            Self::ScaleDown => "scale_down",
            Self::ScaleTo => "scale_to",
            Self::RestartDyno => "restart_dyno",
            Self::RollbackRelease => "rollback_release",
            Self::CreateOneOffDyno => "create_one_off_dyno",
            Self::RestartAllDynos => "restart_all_dynos",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_demo_plays_every_kind_of_reaction() {
        let played: BTreeSet<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
        assert_eq!(played, flyball_reactions::Kind::words().iter().copied().collect());
        for kind in Kind::ALL {
            assert_eq!(Kind::from_str(kind.word(), false), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
