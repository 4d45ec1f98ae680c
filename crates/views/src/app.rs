//! Apps, as the engine saw them when it looked last.

use flyball_model::{AppName, ReleaseVersion, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An app, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AppView {
    /// Its name.
    #[schema(value_type = String)]
    pub name: AppName,
    /// Whether it was in maintenance mode.
    pub maintenance: bool,
    /// When that was seen.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// The release that ran; none where the engine had no reason to look at releases.
    pub release: Option<RunningRelease>,
    /// All of that in a sentence.
    pub words: String,
}

/// The release that runs, as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningRelease {
    /// Its version.
    #[schema(value_type = u64, example = 42)]
    pub version: ReleaseVersion,
    /// When it was made, by Heroku's clock.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was seen to be the current one.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}
