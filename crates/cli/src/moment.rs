//! Times as people write them: every way in which Flyball prints one, and shorter. All are UTC, as what is printed is.

use flyball_model::{Timestamp, duration};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use std::str::FromStr;
use std::time::Duration;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

/// A day with a time, and how exact it is.
const DAYS_AND_TIMES: [(&str, Duration); 4] = [
    ("%Y-%m-%d %H:%M:%S", SECOND),
    ("%Y-%m-%d %H:%M", MINUTE),
    ("%Y-%m-%dT%H:%M:%S", SECOND),
    ("%Y-%m-%dT%H:%M", MINUTE),
];
/// A time of day, and how exact it is.
const TIMES: [(&str, Duration); 2] = [("%H:%M:%S", SECOND), ("%H:%M", MINUTE)];

/// A time that somebody wrote. What is written means all of it: a day, a minute, a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// This long ago.
    Ago(Duration),
    /// From this time on.
    At {
        /// Where it begins.
        begins: Timestamp,
        /// How exact it is.
        lasts: Duration,
    },
    /// The latest time at which it was this time of day.
    OfDay {
        /// The time of day.
        time: Time,
        /// How exact it is.
        lasts: Duration,
    },
}

impl Moment {
    /// What can be written.
    pub(crate) const EXPECTED: &str =
        "a length of time such as 2h, or a time in UTC such as 03:04, 2026-01-02 or \"2026-01-02 03:04:05\"";

    /// Its first millisecond.
    pub(crate) fn begins(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(ago) => now - ago,
            Self::At { begins, .. } => begins,
            Self::OfDay { time, .. } => {
                let midnight = now.as_millis() - now.as_millis().rem_euclid(DAY_MILLIS);
                let today = Timestamp::from_millis(midnight + since_midnight(time));
                if today > now { today - DAY } else { today }
            }
        }
    }

    /// Its last millisecond.
    pub(crate) fn ends(self, now: Timestamp) -> Timestamp {
        let lasts = match self {
            Self::Ago(_) => MILLISECOND,
            Self::At { lasts, .. } | Self::OfDay { lasts, .. } => lasts,
        };
        self.begins(now) + (lasts - MILLISECOND)
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(ago) = duration::parse(text.strip_suffix(" ago").unwrap_or(text)) {
            return Ok(Self::Ago(ago));
        }
        if let Ok(begins) = text.parse() {
            return Ok(Self::At { begins, lasts: if text.contains('.') { MILLISECOND } else { SECOND } });
        }
        let text = text.strip_suffix("UTC").unwrap_or(text).trim_end();
        let day = Date::strptime("%Y-%m-%d", text).map(|day| (day.at(0, 0, 0, 0), DAY)).ok();
        let mut exact = DAYS_AND_TIMES.iter();
        if let Some((begins, lasts)) =
            day.or_else(|| exact.find_map(|(form, lasts)| DateTime::strptime(form, text).ok().map(|at| (at, *lasts))))
        {
            let begins = Offset::UTC.to_timestamp(begins).map_err(|_| format!("expected {}", Self::EXPECTED))?;
            return Ok(Self::At { begins: Timestamp::from_millis(begins.as_millisecond()), lasts });
        }
        let of_day = TIMES.iter().find_map(|(form, lasts)| Time::strptime(form, text).ok().map(|time| (time, *lasts)));
        let (time, lasts) = of_day.ok_or_else(|| format!("expected {}", Self::EXPECTED))?;
        Ok(Self::OfDay { time, lasts })
    }
}

/// In milliseconds.
fn since_midnight(time: Time) -> i64 {
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(i64::from);
    ((hour * 60 + minute) * 60 + second) * 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_that_is_printed_is_understood_and_shorter_ones_too() {
        let now: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        for (text, begins, ends) in [
            ("2h", "2026-01-02T01:04:05.678Z", "2026-01-02T01:04:05.678Z"),
            ("1h 30m", "2026-01-02T01:34:05.678Z", "2026-01-02T01:34:05.678Z"),
            ("3m 1s ago", "2026-01-02T03:01:04.678Z", "2026-01-02T03:01:04.678Z"),
            ("2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T23:59:59.999Z"),
            ("2026-01-01 10:20", "2026-01-01T10:20:00Z", "2026-01-01T10:20:59.999Z"),
            ("2026-01-01 10:20:30", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30.999Z"),
            ("2026-01-01 10:20:30 UTC", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30.999Z"),
            ("2026-01-01T10:20", "2026-01-01T10:20:00Z", "2026-01-01T10:20:59.999Z"),
            ("2026-01-01T10:20:30Z", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30.999Z"),
            ("2026-01-01T10:20:30.250Z", "2026-01-01T10:20:30.250Z", "2026-01-01T10:20:30.250Z"),
            ("2026-01-01T10:20:30+01:00", "2026-01-01T09:20:30Z", "2026-01-01T09:20:30.999Z"),
            ("03:04", "2026-01-02T03:04:00Z", "2026-01-02T03:04:59.999Z"),
            ("03:04:05", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999Z"),
            ("03:04:06", "2026-01-01T03:04:06Z", "2026-01-01T03:04:06.999Z"),
            ("23:00", "2026-01-01T23:00:00Z", "2026-01-01T23:00:59.999Z"),
        ] {
            let moment: Moment = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (moment.begins(now).to_string(), moment.ends(now).to_string()),
                (begins.into(), ends.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time_is_told_with_what_would_be_one() {
        for text in ["yesterday", "", "25:00", "2026-13-01", "2026-02-30", "12", "-2h", "2026-01-01 10"] {
            let error = text.parse::<Moment>().expect_err(text);
            assert!(error.contains("03:04") && error.contains("2h"), "{text}: {error}");
        }
    }
}
