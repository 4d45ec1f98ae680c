//! Times as people write them: every way in which Flyball prints one, and shorter. What is written
//! without a zone is in the one that is shown.

use flyball_model::{Timestamp, duration};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use std::str::FromStr;
use std::time::Duration;

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
    /// A whole day.
    Day {
        /// Which.
        day: Date,
        /// In which zone.
        zone: Zone,
    },
    /// A time on a day.
    OnDay {
        /// Where it begins.
        begins: DateTime,
        /// How exact it is.
        lasts: Duration,
        /// In which zone.
        zone: Zone,
    },
    /// The latest time at which it was this time of day.
    OfDay {
        /// The time of day.
        time: Time,
        /// How exact it is.
        lasts: Duration,
        /// In which zone.
        zone: Zone,
    },
}

/// In which zone a time was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// In the one that times are shown in.
    Shown,
    /// In UTC, which stands beside it.
    Utc,
}

impl Zone {
    /// When a clock of the zone showed this: the first time, where it was put back and did so twice.
    fn when(self, shown: &TimeZone, at: DateTime) -> Timestamp {
        let zone = if self == Self::Utc { &TimeZone::UTC } else { shown };
        let at = zone.to_ambiguous_timestamp(at).compatible();
        // Beyond the end of the calendar is nothing.
        at.map_or(Timestamp::FAR_FUTURE, |at| Timestamp::from_millis(at.as_millisecond()))
    }

    /// Which day it is there.
    fn today(self, shown: &TimeZone, now: Timestamp) -> Date {
        let zone = if self == Self::Utc { &TimeZone::UTC } else { shown };
        let now = jiff::Timestamp::from_millisecond(now.as_millis()).expect("every Timestamp is within the calendar");
        zone.to_datetime(now).date()
    }
}

impl Moment {
    /// What can be written.
    pub(crate) const EXPECTED: &str =
        "a length of time such as 2h, or a time such as 03:04, \"03:04 UTC\", 2026-01-02 or \"2026-01-02 03:04:05\"";

    /// Its first millisecond, where times are shown in the zone `shown`.
    pub(crate) fn begins(self, now: Timestamp, shown: &TimeZone) -> Timestamp {
        match self {
            Self::Ago(ago) => now - ago,
            Self::At { begins, .. } => begins,
            Self::Day { day, zone } => zone.when(shown, day.at(0, 0, 0, 0)),
            Self::OnDay { begins, zone, .. } => zone.when(shown, begins),
            Self::OfDay { time, zone, .. } => {
                let day = zone.today(shown, now);
                let today = zone.when(shown, day.to_datetime(time));
                let yesterday = || day.yesterday().map_or(today, |day| zone.when(shown, day.to_datetime(time)));
                if today > now { yesterday() } else { today }
            }
        }
    }

    /// The first millisecond behind it: where a time that does not hold its own end goes to it. What is added up in spans of five
    /// minutes has all of them only then.
    pub(crate) fn is_over(self, now: Timestamp, shown: &TimeZone) -> Timestamp {
        self.ends(now, shown) + MILLISECOND
    }

    /// Its last millisecond, where times are shown in the zone `shown`.
    pub(crate) fn ends(self, now: Timestamp, shown: &TimeZone) -> Timestamp {
        let lasts = match self {
            Self::Ago(_) => MILLISECOND,
            // A day on which clocks are put forward or back has another length.
            Self::Day { day, zone } => {
                let next = day.tomorrow().map_or(Timestamp::FAR_FUTURE, |day| zone.when(shown, day.at(0, 0, 0, 0)));
                return next - MILLISECOND;
            }
            Self::At { lasts, .. } | Self::OnDay { lasts, .. } | Self::OfDay { lasts, .. } => lasts,
        };
        self.begins(now, shown) + (lasts - MILLISECOND)
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
        let (text, zone) = match text.strip_suffix("UTC") {
            Some(text) => (text.trim_end(), Zone::Utc),
            None => (text, Zone::Shown),
        };
        if let Ok(day) = Date::strptime("%Y-%m-%d", text) {
            return Ok(Self::Day { day, zone });
        }
        let mut exact = DAYS_AND_TIMES.iter();
        if let Some((begins, lasts)) =
            exact.find_map(|(form, lasts)| Some((DateTime::strptime(form, text).ok()?, *lasts)))
        {
            return Ok(Self::OnDay { begins, lasts, zone });
        }
        let of_day = TIMES.iter().find_map(|(form, lasts)| Time::strptime(form, text).ok().map(|time| (time, *lasts)));
        let (time, lasts) = of_day.ok_or_else(|| format!("expected {}", Self::EXPECTED))?;
        Ok(Self::OfDay { time, lasts, zone })
    }
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
                (moment.begins(now, &TimeZone::UTC).to_string(), moment.ends(now, &TimeZone::UTC).to_string()),
                (begins.into(), ends.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_time_without_a_zone_is_in_the_one_that_is_shown() {
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let now: Timestamp = "2026-03-29T22:30:00Z".parse().unwrap();
        for (text, begins, ends) in [
            ("2026-01-01 10:20", "2026-01-01T09:20:00Z", "2026-01-01T09:20:59.999Z"),
            ("2026-01-01 10:20 UTC", "2026-01-01T10:20:00Z", "2026-01-01T10:20:59.999Z"),
            ("2026-01-01T10:20:30Z", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30.999Z"),
            // It is half past midnight, of the day after the one on which clocks were put forward.
            ("00:10", "2026-03-29T22:10:00Z", "2026-03-29T22:10:59.999Z"),
            ("00:40", "2026-03-28T23:40:00Z", "2026-03-28T23:40:59.999Z"),
            ("00:40 UTC", "2026-03-29T00:40:00Z", "2026-03-29T00:40:59.999Z"),
            ("2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999Z"),
        ] {
            let moment: Moment = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            let told = (moment.begins(now, &berlin).to_string(), moment.ends(now, &berlin).to_string());
            assert_eq!(told, (begins.into(), ends.into()), "{text}");
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
