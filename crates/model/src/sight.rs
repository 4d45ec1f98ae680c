//! Sight: what is known of an app, and how old that is.

use crate::{App, Dyno, DynoName, ProcessFormation, ProcessType, Release, ReleaseVersion, Timestamp};
use serde::{Deserialize, Serialize};

/// The newest releases of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ReleaseHistory {
    /// Newest first, without gaps.
    pub newest_first: Vec<Release>,
    /// Whether there are none older than these.
    pub reaches_the_first: bool,
}

impl ReleaseHistory {
    /// The release of this version, if it is among these.
    #[must_use]
    pub fn version(&self, version: ReleaseVersion) -> Option<&Release> {
        self.newest_first.iter().find(|release| release.version == version)
    }

    /// What runs now.
    #[must_use]
    pub fn current(&self) -> Option<&Release> {
        self.newest_first.iter().find(|release| release.current)
    }
}

/// What is known of an app. Taken in one go, shared by everything that asks about the app in the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The app itself.
    pub app: App,
    /// Its process types.
    pub formation: Vec<ProcessFormation>,
    /// Its dynos, one-off dynos among them.
    pub dynos: Vec<Dyno>,
    /// Its releases: at least the newest ones, and as far back as whoever asked needed.
    pub releases: ReleaseHistory,
    /// When the first of the calls was sent: everything in here is at least as new.
    pub taken_at: Timestamp,
    /// Heroku's clock at that time, from the `Date` header, where it came.
    pub heroku_now: Option<Timestamp>,
}

impl Sight {
    /// One process type of the formation.
    #[must_use]
    pub fn process(&self, process_type: &ProcessType) -> Option<&ProcessFormation> {
        self.formation.iter().find(|process| process.process_type == *process_type)
    }

    /// The dynos of the formation: no one-off dynos.
    pub fn formation_dynos(&self) -> impl Iterator<Item = &Dyno> {
        self.dynos.iter().filter(|dyno| dyno.is_formation())
    }

    /// What is seen of the app in one line, as far as somebody with these needs looks: formation, releases, maintenance.
    /// Two sights with the same gist offer a refused plan the same chances. Dynos are left out, since they come and go
    /// by themselves.
    #[must_use]
    pub fn gist(&self, needs: Needs) -> String {
        let mut parts = Vec::new();
        if needs.formation {
            let process = |p: &ProcessFormation| format!("{}={}:{}", p.process_type, p.quantity, p.size);
            parts.extend(self.formation.iter().map(process));
        }
        if needs.releases {
            parts.extend(self.releases.newest_first.first().map(|newest| format!("newest {}", newest.version)));
            parts.extend(self.releases.current().map(|current| format!("current {}", current.version)));
        }
        parts.push(if self.app.maintenance { "in maintenance" } else { "in service" }.to_owned());
        parts.join(" ")
    }

    /// The dyno of this name; the newest where old and new ones stand side by side.
    #[must_use]
    pub fn dyno(&self, name: &DynoName) -> Option<&Dyno> {
        self.dynos.iter().filter(|dyno| dyno.name == *name).max_by_key(|dyno| dyno.created_at)
    }

    /// The dyno that has come under the name of this one, and is no older; the newest of several. With preboot both stand
    /// side by side until the newer takes over. Heroku's times have whole seconds: of two made in one second each is
    /// taken for the other's successor.
    #[must_use]
    pub fn successor_of(&self, dyno: &Dyno) -> Option<&Dyno> {
        let successors = self
            .dynos
            .iter()
            .filter(|other| other.name == dyno.name && other.id != dyno.id && other.created_at >= dyno.created_at);
        successors.max_by_key(|other| other.created_at)
    }
}

/// What somebody needs to see of an app. Each costs a call of the Platform API; the app itself is always looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Needs {
    /// Process types, quantities, sizes.
    pub formation: bool,
    /// Dynos.
    pub dynos: bool,
    /// The newest releases.
    pub releases: bool,
}

impl Needs {
    /// Everything.
    pub const ALL: Self = Self { formation: true, dynos: true, releases: true };

    /// What either needs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            formation: self.formation || other.formation,
            dynos: self.dynos || other.dynos,
            releases: self.releases || other.releases,
        }
    }
}
