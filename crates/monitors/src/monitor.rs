//! A monitor: what is watched, how, and how often.

use crate::kinds::Kind;
use flyball_model::{Because, Hours, MonitorId, MonitorName, ReactionName, Timestamp};
use std::time::Duration;

/// What is watched, how, and how often. Read-only once made; what it remembers stands elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Monitor {
    /// Made from the name.
    pub id: MonitorId,
    /// What a person calls it.
    pub name: MonitorName,
    /// Its interval.
    pub every: Duration,
    /// Only within these hours.
    pub during: Option<Hours>,
    /// Switched off in the file.
    pub enabled: bool,
    /// The reactions that are asked after each of its readings, in this order.
    pub reactions: Vec<ReactionName>,
    /// What is watched, and how.
    pub kind: Kind,
}

impl Monitor {
    /// Default: how often a monitor looks.
    pub const EVERY: Duration = Duration::from_secs(30);
    /// The shortest interval.
    pub const EVERY_MIN: Duration = Duration::from_secs(1);
    /// The longest interval: a day.
    pub const EVERY_MAX: Duration = Duration::from_secs(86_400);

    /// Whether it looks at this time: it is switched on, and within its hours.
    #[must_use]
    pub fn looks_at(&self, now: Timestamp) -> bool {
        self.enabled && self.during.as_ref().is_none_or(|hours| hours.contains(now))
    }

    /// Why it does not look at this time although it is switched on: that it is outside of its hours.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Because> {
        self.during.as_ref().filter(|_| self.enabled)?.rests_until(now)
    }
}
