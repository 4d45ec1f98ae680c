//! Instants: milliseconds since 1970 in UTC.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;

/// A point in time, to the millisecond, in UTC. Printed and serialised as RFC 3339, in sentences too: whoever shows a
/// sentence to a person finds its times by that, and shows them in the person's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The start of 1970.
    pub const EPOCH: Self = Self(0);
    /// Later than everything: the day before the end of the year 9999, which is as far as the calendar goes that
    /// prints it, in every time zone.
    pub const FAR_FUTURE: Self = Self(253_402_207_200_000);

    /// Milliseconds since 1970, kept within what RFC 3339 can print.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        const EARLIEST: i64 = -62_135_596_800_000;
        if millis > Self::FAR_FUTURE.0 {
            Self::FAR_FUTURE
        } else if millis < EARLIEST {
            Self(EARLIEST)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    pub(crate) fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).expect("every Timestamp is within the years 1 to 9999")
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_sub(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pattern = if self.0 % 1000 == 0 { "%Y-%m-%dT%H:%M:%SZ" } else { "%Y-%m-%dT%H:%M:%S%.3fZ" };
        fmt::Display::fmt(&self.jiff().strftime(pattern), f)
    }
}

impl FromStr for Timestamp {
    type Err = crate::InvalidName;

    fn from_str(text: &str) -> Result<Self, crate::InvalidName> {
        text.parse::<jiff::Timestamp>()
            .map(|at| Self::from_millis(at.as_millisecond()))
            .map_err(|_| crate::InvalidName { expected: "a time such as 2026-01-02T03:04:05Z" })
    }
}

impl TryFrom<String> for Timestamp {
    type Error = crate::InvalidName;

    fn try_from(text: String) -> Result<Self, crate::InvalidName> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> String {
        at.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_it_parses() {
        for text in ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.250Z", "1970-01-01T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        let with_offset: Timestamp = "2026-01-02T04:04:05+01:00".parse().unwrap();
        assert_eq!(with_offset.to_string(), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn arithmetic_never_leaves_the_calendar() {
        assert_eq!(Timestamp::FAR_FUTURE + Duration::MAX, Timestamp::FAR_FUTURE);
        assert_eq!(Timestamp::EPOCH.since(Timestamp::FAR_FUTURE), Duration::ZERO);
        assert!((Timestamp::EPOCH - Duration::MAX).to_string().starts_with("0001"));
        for millis in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            assert_eq!(at.to_string().parse(), Ok(at));
        }
    }
}
