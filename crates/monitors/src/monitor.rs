//! A monitor: what is watched, how, and how often.

use crate::kinds::Kind;
use flyball_model::{MonitorId, MonitorName, ReactionName};
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
}
