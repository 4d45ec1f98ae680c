//! Hours: days of the week and times of the day, in one time zone, as people write them.

use crate::{Because, Timestamp};
use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Hours of the week in a time zone: "Mon-Fri 08:00-20:00 Europe/Berlin". The end is exclusive; a span over midnight belongs to the
/// day on which it begins; without a span, days are whole. They never are the whole week.
///
/// Where a clock is put back, a time that it shows twice is the first of the two; where it is put forward, one that it leaves out is
/// when it was put forward. So two spans that follow on each other leave no gap on such a day either.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours {
    days: Days,
    /// In minutes of the day: from the first, below a day, to the second, which is above the first, and beyond a day by less than one.
    from: u16,
    to: u16,
    zone: TimeZone,
    /// The zone, as its database spells it.
    name: String,
}

/// Why a text is not hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidHours {
    /// It has not the three parts, or is longer than any hours are.
    Shape,
    /// A day that is none.
    Day(String),
    /// A span of the day that is none.
    Span(String),
    /// It says no time zone.
    NoZone,
    /// A time zone that the system does not know.
    Zone(String),
    /// They are the whole week.
    Always,
}

impl fmt::Display for InvalidHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape => write!(f, "expected {}", Hours::EXPECTED),
            Self::Day(word) => {
                write!(f, "\"{word}\" is no day: expected days such as Mon, Mon-Fri, \"Mon,Wed\" or daily")
            }
            Self::Span(word) => {
                write!(
                    f,
                    "\"{word}\" is no span of the day: expected one such as 08:00-20:00, 22:00-06:00 or 08:00-24:00"
                )
            }
            Self::NoZone => write!(f, "no time zone: expected one at the end, such as Europe/Berlin or UTC"),
            Self::Zone(word) => write!(f, "a time zone that the system does not know: \"{word}\""),
            Self::Always => write!(f, "these are all hours of the week"),
        }
    }
}

impl std::error::Error for InvalidHours {}

impl InvalidHours {
    /// The days by name.
    pub const DAYS: [&str; 7] = Days::NAMES;
}

const MINUTES_OF_DAY: u16 = 24 * 60;
/// The longest text that is looked at: seven days by name, a span, and the longest name of a zone.
const BYTES_MAX: usize = 128;
/// So many days ahead of a day the next change lies at most, but at the end of the calendar: a week, and one more week, and a day, where
/// the clock's being put forward leaves out the only span of the first.
const DAYS_AHEAD: u32 = 15;

impl Hours {
    /// What valid ones look like, as a fragment that reads after "expected".
    pub const EXPECTED: &str = "hours such as \"Mon-Fri 08:00-20:00 Europe/Berlin\"";

    /// The time zones that the system knows, for whoever misspelled one.
    #[must_use]
    pub fn zones() -> Vec<String> {
        jiff::tz::db().available().map(|zone| zone.as_str().to_owned()).collect()
    }

    /// Whether a moment is within them.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        // The day after as well: where a clock is put back over midnight, it has begun already.
        self.spans(now, 1).any(|(begins, ends)| begins <= now && now < ends)
    }

    /// When they begin or end next; later than `now` but at the end of the calendar.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Timestamp {
        let mut end: Option<Timestamp> = None;
        for (begins, ends) in self.spans(now, DAYS_AHEAD).filter(|(_, ends)| *ends > now) {
            match end {
                None if begins > now => return begins,
                Some(end) if begins > end => return end,
                None => end = Some(ends),
                Some(before) => end = Some(before.max(ends)),
            }
        }
        end.unwrap_or(Timestamp::FAR_FUTURE)
    }

    /// When they begin next, if a moment is outside of them.
    #[must_use]
    pub fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        (!self.contains(now)).then(|| self.next_change(now))
    }

    /// Why nothing is done at a moment, if it is outside of them.
    #[must_use]
    pub fn rests_until(&self, now: Timestamp) -> Option<Because> {
        let until = self.closed_until(now)?;
        Some(Because::OutsideHours { until, opens: self.on_the_clock(until, now) })
    }

    /// A moment as a clock there shows it, as people say it `now`: "Mon 08:00 Europe/Berlin"; with its date where the day of the week
    /// could be another one.
    #[must_use]
    pub fn on_the_clock(&self, at: Timestamp, now: Timestamp) -> String {
        const SAME_DAY_AGAIN: Duration = Duration::from_secs(6 * 86_400);
        let pattern = if at.since(now) < SAME_DAY_AGAIN { "%a %H:%M" } else { "%a %Y-%m-%d %H:%M" };
        format!("{} {}", at.jiff().to_zoned(self.zone.clone()).strftime(pattern), self.name)
    }

    /// From when to when they last that begin on the days from the one before `now` to so many after it, in order. Those that a clock's
    /// being put forward leaves out are not among them.
    fn spans(&self, now: Timestamp, ahead: u32) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let today = self.zone.to_datetime(now.jiff()).date();
        let first = today.yesterday().unwrap_or(today);
        let days = std::iter::successors(Some(first), |day| day.tomorrow().ok()).take(ahead as usize + 2);
        let days = days.filter(|day| self.days.has(day.weekday()));
        let span = |day| Some((self.moment(day, self.from)?, self.moment(day, self.to)?));
        days.filter_map(span).filter(|(begins, ends)| begins < ends)
    }

    /// When a clock of the zone shows this minute of a day. `None` beyond the calendar.
    fn moment(&self, day: Date, minute: u16) -> Option<Timestamp> {
        let day = if minute < MINUTES_OF_DAY { day } else { day.tomorrow().ok()? };
        let minute = minute % MINUTES_OF_DAY;
        let hour = i8::try_from(minute / 60).ok()?;
        let shown = day.at(hour, i8::try_from(minute % 60).ok()?, 0, 0);
        let at = self.zone.to_ambiguous_timestamp(shown);
        let at = match at.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                let before_it = after.to_timestamp(shown).ok()?;
                self.zone.following(before_it).next()?.timestamp()
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => at.compatible().ok()?,
        };
        Some(Timestamp::from_millis(at.as_millisecond()))
    }
}

/// Days of the week; Monday in the lowest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Days(u8);

impl Days {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const ALL: Self = Self(0b111_1111);

    fn has(self, day: Weekday) -> bool {
        self.has_nth(day.to_monday_zero_offset().unsigned_abs().into())
    }

    const fn has_nth(self, nth: usize) -> bool {
        self.0 & (1 << (nth % 7)) != 0
    }

    /// `Mon-Fri`, `Mon,Wed`, `Fri-Mon`, `daily`.
    fn parse(text: &str) -> Result<Self, InvalidHours> {
        if text.eq_ignore_ascii_case("daily") {
            return Ok(Self::ALL);
        }
        let mut days = Self(0);
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (Self::nth(first)?, Self::nth(last)?);
            let many = (last + 7 - first) % 7;
            (first..=first + many).for_each(|nth| days.0 |= 1 << (nth % 7));
        }
        Ok(days)
    }

    fn nth(word: &str) -> Result<usize, InvalidHours> {
        let nth = Self::NAMES.iter().position(|name| name.eq_ignore_ascii_case(word));
        nth.ok_or_else(|| InvalidHours::Day(word.to_owned()))
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL {
            return write!(f, "daily");
        }
        let begins = (0..7).filter(|nth| self.has_nth(*nth) && !self.has_nth(nth + 6));
        for (place, first) in begins.enumerate() {
            let many = (1..7).take_while(|many| self.has_nth(first + many)).count();
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}", Self::NAMES[first])?;
            if many > 0 {
                write!(f, "-{}", Self::NAMES[(first + many) % 7])?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.days)?;
        if (self.from, self.to) != (0, MINUTES_OF_DAY) {
            let to = if self.to > MINUTES_OF_DAY { self.to - MINUTES_OF_DAY } else { self.to };
            write!(f, "{:02}:{:02}-{:02}:{:02} ", self.from / 60, self.from % 60, to / 60, to % 60)?;
        }
        write!(f, "{}", self.name)
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hours({self})")
    }
}

impl FromStr for Hours {
    type Err = InvalidHours;

    fn from_str(text: &str) -> Result<Self, InvalidHours> {
        if text.len() > BYTES_MAX {
            return Err(InvalidHours::Shape);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, span, zone) = match words.as_slice() {
            [] => return Err(InvalidHours::Shape),
            [days] => (*days, None, None),
            [days, word] if word.contains(':') => (*days, Some(*word), None),
            [days, zone] => (*days, None, Some(*zone)),
            [days, span, zone] => (*days, Some(*span), Some(*zone)),
            _ => return Err(InvalidHours::Shape),
        };
        let days = Days::parse(days)?;
        let (from, to) = span.map_or(Ok((0, MINUTES_OF_DAY)), parse_span)?;
        let zone = zone.ok_or(InvalidHours::NoZone)?;
        let unknown = || InvalidHours::Zone(zone.to_owned());
        let zone = TimeZone::get(zone).ok().filter(|zone| !zone.is_unknown()).ok_or_else(unknown)?;
        let name = zone.iana_name().ok_or_else(unknown)?.to_owned();
        if days == Days::ALL && to - from == MINUTES_OF_DAY {
            return Err(InvalidHours::Always);
        }
        Ok(Self { days, from, to, zone, name })
    }
}

/// `08:00-20:00`, in minutes; over midnight the second is beyond a day.
fn parse_span(text: &str) -> Result<(u16, u16), InvalidHours> {
    let invalid = || InvalidHours::Span(text.to_owned());
    let (from, to) = text.split_once('-').ok_or_else(invalid)?;
    let (from, to) = (minute_of_day(from).ok_or_else(invalid)?, minute_of_day(to).ok_or_else(invalid)?);
    if from == to || from == MINUTES_OF_DAY {
        return Err(invalid());
    }
    Ok((from, if to > from { to } else { to + MINUTES_OF_DAY }))
}

/// `08:00`, and `24:00`.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (two_digits(hour)?, two_digits(minute).filter(|minute| *minute < 60)?);
    Some(hour * 60 + minute).filter(|minute| *minute <= MINUTES_OF_DAY)
}

impl TryFrom<String> for Hours {
    type Error = InvalidHours;

    fn try_from(text: String) -> Result<Self, InvalidHours> {
        text.parse()
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> String {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hours(text: &str) -> Hours {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn whether_a_moment_is_within_and_when_that_changes() {
        for (text, now, within, changes) in [
            // 2026-11-30 is a Monday.
            ("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-11-30T06:59:59.999Z", false, "2026-11-30T07:00:00Z"),
            ("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-11-30T07:00:00Z", true, "2026-11-30T19:00:00Z"),
            ("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-11-30T19:00:00Z", false, "2026-12-01T07:00:00Z"),
            ("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-12-04T19:00:00Z", false, "2026-12-07T07:00:00Z"),
            ("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-07-01T06:00:00Z", true, "2026-07-01T18:00:00Z"),
            ("Mon-Fri UTC", "2026-11-30T00:00:00Z", true, "2026-12-05T00:00:00Z"),
            ("Fri-Mon UTC", "2026-11-30T12:00:00Z", true, "2026-12-01T00:00:00Z"),
            ("Fri-Mon UTC", "2026-12-01T00:00:00Z", false, "2026-12-04T00:00:00Z"),
            ("Mon,Wed 00:00-24:00 UTC", "2026-11-30T12:00:00Z", true, "2026-12-01T00:00:00Z"),
            ("daily 08:00-24:00 UTC", "2026-11-30T23:59:59Z", true, "2026-12-01T00:00:00Z"),
            ("daily 22:00-06:00 UTC", "2026-11-30T05:59:59Z", true, "2026-11-30T06:00:00Z"),
            ("daily 22:00-06:00 UTC", "2026-11-30T06:00:00Z", false, "2026-11-30T22:00:00Z"),
            // Over midnight belongs to the day on which it begins.
            ("Fri 22:00-06:00 UTC", "2026-12-05T05:00:00Z", true, "2026-12-05T06:00:00Z"),
            ("Fri 22:00-06:00 UTC", "2026-12-04T05:00:00Z", false, "2026-12-04T22:00:00Z"),
            ("Sun 22:00-06:00 UTC", "2026-11-30T05:00:00Z", true, "2026-11-30T06:00:00Z"),
            // Half an hour off, and three quarters.
            ("daily 09:00-17:00 Asia/Kolkata", "2026-11-30T03:30:00Z", true, "2026-11-30T11:30:00Z"),
            ("daily 09:00-17:00 Asia/Kathmandu", "2026-11-30T03:14:59Z", false, "2026-11-30T03:15:00Z"),
            // Berlin: forward on 29 March at 01:00 UTC, back on 25 October at 01:00 UTC.
            ("daily 01:00-04:00 Europe/Berlin", "2026-03-29T00:00:00Z", true, "2026-03-29T02:00:00Z"),
            ("daily 02:30-04:00 Europe/Berlin", "2026-03-29T00:59:59Z", false, "2026-03-29T01:00:00Z"),
            ("daily 01:00-02:30 Europe/Berlin", "2026-03-29T00:59:59Z", true, "2026-03-29T01:00:00Z"),
            ("Sun 02:00-03:00 Europe/Berlin", "2026-03-28T12:00:00Z", false, "2026-04-05T00:00:00Z"),
            ("Sun 02:00-03:00 Europe/Berlin", "2026-03-22T02:00:00Z", false, "2026-04-05T00:00:00Z"),
            ("daily 01:00-04:00 Europe/Berlin", "2026-10-24T23:00:00Z", true, "2026-10-25T03:00:00Z"),
            ("daily 01:00-02:30 Europe/Berlin", "2026-10-25T00:00:00Z", true, "2026-10-25T00:30:00Z"),
            ("daily 02:30-04:00 Europe/Berlin", "2026-10-25T00:30:00Z", true, "2026-10-25T03:00:00Z"),
            ("daily 02:30-04:00 Europe/Berlin", "2026-10-25T01:10:00Z", true, "2026-10-25T03:00:00Z"),
            ("Sun Europe/Berlin", "2026-10-24T22:00:00Z", true, "2026-10-25T23:00:00Z"),
            // New York: forward on 8 March at 07:00 UTC, back on 1 November at 06:00 UTC.
            ("daily 22:00-06:00 America/New_York", "2026-03-08T04:00:00Z", true, "2026-03-08T10:00:00Z"),
            ("daily 02:15-02:45 America/New_York", "2026-03-08T06:59:59Z", false, "2026-03-09T06:15:00Z"),
            ("daily 22:00-06:00 America/New_York", "2026-11-01T03:00:00Z", true, "2026-11-01T11:00:00Z"),
            ("daily 01:30-06:00 America/New_York", "2026-11-01T05:29:59Z", false, "2026-11-01T05:30:00Z"),
            // Clocks there are put forward at midnight, so that the day begins at one.
            ("Sun America/Havana", "2026-03-08T04:59:59Z", false, "2026-03-08T05:00:00Z"),
            // A day that was left out.
            ("Fri Pacific/Apia", "2011-12-30T12:00:00Z", false, "2012-01-05T10:00:00Z"),
        ] {
            let (hours, now) = (hours(text), at(now));
            assert_eq!((hours.contains(now), hours.next_change(now)), (within, at(changes)), "{text} at {now}");
            assert_eq!(hours.closed_until(now), (!within).then(|| at(changes)), "{text} at {now}");
        }
    }

    #[test]
    fn they_are_printed_in_one_way() {
        for (text, printed) in [
            ("mon-fri 08:00-20:00 europe/berlin", "Mon-Fri 08:00-20:00 Europe/Berlin"),
            ("Mon,Tue,Wed UTC", "Mon-Wed UTC"),
            ("Sat,Sun,Mon,Wed UTC", "Wed,Sat-Mon UTC"),
            ("Mon-Sun 22:00-00:00 UTC", "daily 22:00-24:00 UTC"),
            ("daily  22:00-06:00  UTC ", "daily 22:00-06:00 UTC"),
            ("Mon 00:00-24:00 UTC", "Mon UTC"),
            ("Mon-Mon UTC", "Mon UTC"),
        ] {
            assert_eq!(hours(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn what_is_no_hours_says_what_is_expected() {
        let word = str::to_owned;
        for (text, expected) in [
            ("", InvalidHours::Shape),
            ("Mon to Fri 08:00-20:00 UTC", InvalidHours::Shape),
            ("Mon-Fri", InvalidHours::NoZone),
            ("Mon-Fri 08:00-20:00", InvalidHours::NoZone),
            ("Mno-Fri 08:00-20:00 UTC", InvalidHours::Day(word("Mno"))),
            ("Mon, UTC", InvalidHours::Day(word(""))),
            ("Mon-Wed-Fri UTC", InvalidHours::Day(word("Wed-Fri"))),
            ("08:00-20:00 Europe/Berlin", InvalidHours::Day(word("08:00"))),
            ("Mon 8:00-20:00 UTC", InvalidHours::Span(word("8:00-20:00"))),
            ("Mon 08:00 UTC", InvalidHours::Span(word("08:00"))),
            ("Mon 08:00-08:00 UTC", InvalidHours::Span(word("08:00-08:00"))),
            ("Mon 24:00-08:00 UTC", InvalidHours::Span(word("24:00-08:00"))),
            ("Mon 08:00-24:01 UTC", InvalidHours::Span(word("08:00-24:01"))),
            ("Mon 08:60-09:00 UTC", InvalidHours::Span(word("08:60-09:00"))),
            ("Mon +8:00-09:00 UTC", InvalidHours::Span(word("+8:00-09:00"))),
            ("Mon 08:00-09:00 Europe/Berln", InvalidHours::Zone(word("Europe/Berln"))),
            ("daily UTC", InvalidHours::Always),
            ("Mon-Sun 00:00-24:00 UTC", InvalidHours::Always),
        ] {
            assert_eq!(text.parse::<Hours>(), Err(expected), "{text}");
        }
        let long = format!("{}Mon UTC", "Mon,".repeat(1000));
        assert_eq!(long.parse::<Hours>(), Err(InvalidHours::Shape));
    }

    #[test]
    fn a_moment_is_said_as_a_clock_there_shows_it() {
        let hours = hours("Mon 08:00-20:00 Europe/Berlin");
        let (now, next) = (at("2026-11-28T12:00:00Z"), at("2026-11-30T07:00:00Z"));
        assert_eq!(hours.on_the_clock(next, now), "Mon 08:00 Europe/Berlin");
        assert_eq!(hours.on_the_clock(next, at("2026-11-23T20:00:00Z")), "Mon 2026-11-30 08:00 Europe/Berlin");
    }

    #[test]
    fn the_end_of_the_calendar_is_no_panic() {
        for text in ["Mon 08:00-20:00 Europe/Berlin", "Fri-Mon 22:00-06:00 Pacific/Apia", "Sat America/New_York"] {
            for now in [Timestamp::FAR_FUTURE, Timestamp::from_millis(i64::MIN)] {
                let hours = hours(text);
                let _ = hours.contains(now);
                assert!(hours.next_change(now) >= now, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_next_change_is_later_and_flips_and_nothing_does_before_it(
            days in 1u8..128,
            from in 0u16..1440,
            lasts in 1u16..=1440,
            zone in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia",
            ]),
            now in 1_290_000_000_000i64..1_830_000_000_000,
            part in 0.0f64..1.0,
        ) {
            let to = if from + lasts > 1440 { from + lasts - 1440 } else { from + lasts };
            prop_assume!(from != to && !(days == 127 && lasts == 1440));
            let time = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            let text = format!("{} {}-{} {zone}", Days(days), time(from), time(to));
            let (hours, now) = (hours(&text), Timestamp::from_millis(now));
            let next = hours.next_change(now);
            prop_assert!(next > now, "{text} at {now}: {next}");
            prop_assert_ne!(hours.contains(now), hours.contains(next), "{} at {}: {}", text, now, next);
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "some moment between the two")]
            let between = now + Duration::from_millis((next.since(now).as_millis() as f64 * part) as u64);
            if between < next {
                prop_assert_eq!(hours.contains(between), hours.contains(now), "{} at {}", text, between);
            }
            prop_assert_eq!(hours.to_string().parse::<Hours>(), Ok(hours));
        }
    }
}
