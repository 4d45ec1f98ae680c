//! Threads: what people are told, by one channel, of one thing. A thread begins with its first notice and ends with its last.

use crate::id::NAMES;
use crate::{ChannelName, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Which thread: 1 to 64 letters, digits, `_` and `-`.
///
/// Every channel takes such a text: PagerDuty a `dedup_key` of at most 255 characters, e-mail a part of a Message-ID, and Standard
/// Webhooks an id without a full stop, since the full stop separates what is signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThreadKey(String);

/// A text that is no key of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidThreadKey;

impl fmt::Display for InvalidThreadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a key of 1 to 64 letters, digits, _ and -")
    }
}

impl std::error::Error for InvalidThreadKey {}

impl ThreadKey {
    /// The key of what a channel is told of something from this time on. It says what kind of thing it is, for whoever meets it in
    /// PagerDuty or in the headers of a mail; and no two installations that tell the same channel have a key in common.
    #[must_use]
    pub fn of(channel: &ChannelName, of: &ThreadOf, opened_at: Timestamp) -> Self {
        let word = match of {
            ThreadOf::Incidents(_) => "incident",
            ThreadOf::Lines(_) => "line",
            ThreadOf::Run(_) => "run",
            ThreadOf::Channel(_) => "channel",
            ThreadOf::Day(_) => "day",
        };
        let what = serde_json::to_string(of).expect("values without maps are JSON");
        // A day is told once, whenever that is.
        let since = if matches!(of, ThreadOf::Day(_)) { 0 } else { opened_at.as_millis() };
        let id = Uuid::new_v5(&NAMES, format!("thread {channel} {what} {since}").as_bytes());
        Self(format!("{word}-{}", id.simple()))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ThreadKey {
    type Error = InvalidThreadKey;

    fn try_from(text: String) -> Result<Self, InvalidThreadKey> {
        let is_key = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if is_key { Ok(Self(text)) } else { Err(InvalidThreadKey) }
    }
}

impl FromStr for ThreadKey {
    type Err = InvalidThreadKey;

    fn from_str(text: &str) -> Result<Self, InvalidThreadKey> {
        Self::try_from(text.to_owned())
    }
}

impl From<ThreadKey> for String {
    fn from(key: ThreadKey) -> Self {
        key.0
    }
}

impl fmt::Display for ThreadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a thread is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadOf {
    /// Incidents, by their numbers: one, or those of a storm.
    Incidents(Vec<i64>),
    /// Lines of the timeline, by their numbers.
    Lines(Vec<i64>),
    /// A run that needs a person, of which no incident is known yet.
    Run(RunId),
    /// A channel that takes nothing.
    Channel(ChannelName),
    /// A day, as `2026-11-29`.
    Day(String),
}

impl ThreadOf {
    /// The incidents that it is of.
    #[must_use]
    pub fn incidents(&self) -> &[i64] {
        match self {
            Self::Incidents(numbers) => numbers,
            Self::Lines(_) | Self::Run(_) | Self::Channel(_) | Self::Day(_) => &[],
        }
    }
}

/// What came about since the latest notice of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// Nothing.
    #[default]
    Nothing,
    /// Something was done or seen: told where that disturbs nobody.
    More,
    /// Something else is in trouble: told everywhere.
    Trouble,
}

/// What one channel is told of one thing, from the first notice to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Which.
    pub key: ThreadKey,
    /// By which channel.
    pub channel: ChannelName,
    /// Of what.
    pub of: ThreadOf,
    /// When its first notice was made.
    pub opened_at: Timestamp,
    /// When its latest notice was made.
    pub latest_at: Timestamp,
    /// The number of its latest notice: 0 is the first.
    pub sequence: u32,
    /// What came about since then.
    pub untold: Untold,
    /// When its last notice was made; none while more may come.
    pub closed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_fits_every_channel() {
        for (text, is_key) in [("a-B_9", true), ("", false), ("a.b", false), ("a b", false), (&"x".repeat(65), false)] {
            assert_eq!(text.parse::<ThreadKey>().is_ok(), is_key, "{text:?}");
        }
    }

    #[test]
    fn a_thread_has_a_key_of_its_own_and_a_day_has_one() {
        let (on_call, ops): (ChannelName, ChannelName) = ("on call".parse().unwrap(), "ops".parse().unwrap());
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
        let (twelve, day) = (ThreadOf::Incidents(vec![12]), ThreadOf::Day("2026-11-29".to_owned()));
        let keys = [
            ThreadKey::of(&on_call, &twelve, early),
            ThreadKey::of(&on_call, &twelve, late),
            ThreadKey::of(&ops, &twelve, early),
            ThreadKey::of(&on_call, &ThreadOf::Lines(vec![12]), early),
            ThreadKey::of(&on_call, &day, early),
        ];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
        assert!(keys.iter().all(|key| key.as_str().parse::<ThreadKey>().is_ok()));
        assert_eq!(ThreadKey::of(&on_call, &day, late), keys[4]);
    }
}
