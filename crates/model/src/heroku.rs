//! Heroku's things as we see them: what the Platform API answers, reduced to what decisions need.

use crate::{
    AppId, AppName, DynoId, DynoName, DynoSize, ProcessType, Quantity, ReleaseId, ReleaseVersion, SlugId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The generation of the platform that an app runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// Slugs, and dynos whose names survive a restart.
    Cedar,
    /// Images, and dynos whose names change at every restart.
    Fir,
}

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Survives a rename.
    pub id: AppId,
    /// Its present name.
    pub name: AppName,
    /// Whether a person has switched maintenance mode on.
    pub maintenance: bool,
    /// Cedar unless Heroku says otherwise.
    pub generation: Generation,
    /// Whether the app is in a Shield space, where the API says `Private-*` for `Shield-*`.
    pub shield: bool,
    /// Where its pages are, if Heroku says so.
    pub web_url: Option<String>,
}

/// One process type of an app's formation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessFormation {
    /// `web`, `worker`, …
    pub process_type: ProcessType,
    /// How many dynos it should have.
    pub quantity: Quantity,
    /// Their size.
    pub size: DynoSize,
}

/// The state of a dyno: an open set, since logs show more states than the schema lists.
///
/// Source: Platform API schema, `dyno.state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynoState {
    /// Booting.
    Starting,
    /// Running.
    Up,
    /// An Eco dyno asleep.
    Idle,
    /// Exited, and waiting for the platform to start it again.
    Crashed,
    /// Stopped.
    Down,
    /// Anything else, as it came (bounded, control characters removed).
    Other(String),
}

impl fmt::Display for DynoState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Idle => "idle",
            Self::Crashed => "crashed",
            Self::Down => "down",
            Self::Other(state) => state,
        })
    }
}

/// A dyno that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dyno {
    /// New at every restart.
    pub id: DynoId,
    /// `web.1` on Cedar.
    pub name: DynoName,
    /// `web`, `worker`; `run` for a one-off dyno.
    pub process_type: ProcessType,
    /// What it is doing.
    pub state: DynoState,
    /// Its size.
    pub size: DynoSize,
    /// The command that it runs.
    pub command: String,
    /// The release that it runs.
    pub release: ReleaseVersion,
    /// When it was made, by Heroku's clock.
    pub created_at: Timestamp,
    /// When its state last changed, by Heroku's clock.
    pub updated_at: Timestamp,
}

impl Dyno {
    /// Whether it belongs to the formation, rather than being a one-off dyno or a release phase.
    #[must_use]
    pub fn is_formation(&self) -> bool {
        self.process_type.is_formation()
    }
}

/// The status of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStatus {
    /// Its release phase is running.
    Pending,
    /// It was released.
    Succeeded,
    /// Its release phase failed; it was never current.
    Failed,
    /// Its slug or image was destroyed: older than 30 days and beyond the newest 20.
    Expired,
    /// Anything else, as it came.
    Other(String),
}

/// The code of a release: its slug on Cedar, its image on Fir. None before the first deploy, and where it was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A slug.
    Slug(SlugId),
    /// A container image.
    Image(SlugId),
    /// Neither.
    None,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What a rollback names.
    pub id: ReleaseId,
    /// `v12`.
    pub version: ReleaseVersion,
    /// Where it stands.
    pub status: ReleaseStatus,
    /// Whether it is what runs now.
    pub current: bool,
    /// Whether Heroku says that it can be rolled back to; `None` where it says nothing (before 2024-11).
    pub eligible_for_rollback: Option<bool>,
    /// Its code. Its config vars belong to its content too, but are not listed.
    pub content: Content,
    /// Free text, such as `Rollback to v9`. Never shown unescaped, never trusted alone.
    pub description: String,
    /// Who made it, as Heroku tells.
    pub user: Option<String>,
    /// When, by Heroku's clock.
    pub created_at: Timestamp,
}

impl Release {
    /// The version that this release says it went back to: `Rollback to vN`, and N below its own version.
    #[must_use]
    pub fn says_rollback_to(&self) -> Option<ReleaseVersion> {
        let number = self.description.trim().strip_prefix("Rollback to v")?;
        let version = ReleaseVersion::new(number.parse().ok()?);
        (version < self.version).then_some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_rollback_description_to_an_older_version_counts() {
        let release = |description: &str| Release {
            id: ReleaseId::new("r"),
            version: ReleaseVersion::new(12),
            status: ReleaseStatus::Succeeded,
            current: true,
            eligible_for_rollback: Some(true),
            content: Content::None,
            description: description.to_owned(),
            user: None,
            created_at: Timestamp::EPOCH,
        };
        let says = |description| release(description).says_rollback_to().map(ReleaseVersion::get);
        assert_eq!(says("Rollback to v9"), Some(9));
        for text in [
            "Rollback to v12",
            "Rollback to v13",
            "Rollback to 9",
            "rollback to v9",
            "Deploy Rollback to v9",
            "Rollback to v9 again",
        ] {
            assert_eq!(says(text), None, "{text}");
        }
    }
}
