//! Monitors and readings.

use crate::Word;
use flyball_model::{AppName, Cause, Evidence, Excerpt, MonitorName, ReactionName, Reading, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A monitor, and where it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonitorView {
    /// Its name.
    #[schema(value_type = String)]
    pub name: MonitorName,
    /// The word of its kind.
    #[schema(value_type = String, example = "http")]
    pub kind: Word,
    /// What it looks at.
    pub looks_at: String,
    /// Its interval, in words.
    #[schema(example = "30s")]
    pub every: String,
    /// Whether the file has it switched on.
    pub enabled: bool,
    /// That it does not look now, since it is outside of its hours, and until when; none while it looks.
    #[schema(example = "outside its hours until Mon 08:00 Europe/Berlin")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside_hours: Option<String>,
    /// Its present verdict; none before the first reading.
    #[schema(value_type = Option<String>, example = "passing")]
    pub verdict: Option<Verdict>,
    /// Its last verdict that was not unknown.
    #[schema(value_type = Option<String>, example = "passing")]
    pub known_verdict: Option<Verdict>,
    /// Why, when failing.
    #[schema(value_type = Option<String>, example = "text")]
    pub cause: Option<Cause>,
    /// How many readings in a row had the last known verdict.
    pub streak: u32,
    /// When it flipped into the last known verdict.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// How many unknown readings in a row came last.
    pub unknown_in_a_row: u32,
    /// Its latest reading.
    pub last: Option<ReadingView>,
    /// The apps that it is about: those that its reactions act on, and the one whose dynos it looks at.
    #[schema(value_type = Vec<String>)]
    #[serde(default)]
    pub apps: Vec<AppName>,
    /// The reactions that it calls, in order.
    #[schema(value_type = Vec<String>)]
    pub reactions: Vec<ReactionName>,
}

impl MonitorView {
    /// Whether it looks now: it is switched on, and within its hours.
    #[must_use]
    pub const fn looks_now(&self) -> bool {
        self.enabled && self.outside_hours.is_none()
    }

    /// Why it does not look now; none where it does.
    #[must_use]
    pub fn why_not(&self) -> Option<&str> {
        if self.enabled { self.outside_hours.as_deref() } else { Some("switched off") }
    }
}

/// A reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReadingView {
    /// When the check began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// The verdict.
    #[schema(value_type = String, example = "failing")]
    pub verdict: Verdict,
    /// Why, when failing.
    #[schema(value_type = Option<String>, example = "text")]
    pub cause: Option<Cause>,
    /// In words.
    #[schema(value_type = String)]
    pub words: Excerpt,
    /// What was seen.
    #[schema(value_type = Value)]
    pub evidence: Evidence,
}

impl ReadingView {
    /// The view of a reading.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self {
            at: reading.begun_at,
            took_ms: u64::try_from(reading.took.as_millis()).unwrap_or(u64::MAX),
            verdict: reading.verdict(),
            cause: reading.finding.cause(),
            words: reading.words.clone(),
            evidence: reading.evidence.clone(),
        }
    }
}

/// What was seen when a person had a monitor look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Which monitor.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// What it looks at.
    pub looks_at: String,
    /// What was seen.
    #[serde(flatten)]
    pub reading: ReadingView,
    /// What to look at in the file, where the file may be the cause.
    pub hint: Option<String>,
}

/// Where Heroku sends the logs of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DrainView {
    /// Which.
    #[schema(value_type = String)]
    pub app: AppName,
    /// The address, with its key: whoever has it can tell lines of this app. Where Flyball does not know by which name it is asked, it is
    /// the path alone.
    #[schema(example = "https://flyball.example.com/drain/00112233445566778899aabbccddeeff")]
    pub url: String,
    /// The config vars by which Judoscale's adapter in the app reports here, where it is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judoscale: Option<String>,
    /// The same of HireFire's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hirefire: Option<String>,
}

/// Where others tell a monitor something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookView {
    /// Which.
    #[schema(value_type = String)]
    pub monitor: MonitorName,
    /// The address, with its key: whoever has it can tell this monitor something. Where Flyball does not know by which name it is
    /// asked, it is the path alone.
    #[schema(example = "https://flyball.example.com/api/v1/hooks/00112233445566778899aabbccddeeff")]
    pub url: String,
}
