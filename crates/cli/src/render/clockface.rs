//! Times as a person reads them: in the zone of the terminal, and short. Everything below this line of the house writes
//! them whole and in UTC.

use flyball_model::Timestamp;
use jiff::Zoned;
use jiff::tz::TimeZone;

/// How long `2026-01-02T03:04:05`, which every time in a sentence begins with, is.
const WHOLE_SECONDS: usize = 19;
/// Where the `T` stands in it.
const DAY: usize = 10;

/// The zone in which times are shown, and read where none is written.
#[derive(Debug, Clone)]
pub(crate) struct Clockface(TimeZone);

impl Clockface {
    /// Shows times in this zone.
    pub(crate) const fn of(zone: TimeZone) -> Self {
        Self(zone)
    }

    /// Shows times in UTC.
    pub(crate) const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone.
    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.0
    }

    /// `03:04:05`
    pub(crate) fn time_of_day(&self, at: Timestamp) -> String {
        self.zoned(at).strftime("%H:%M:%S").to_string()
    }

    /// `2026-01-02 03:04:05`
    pub(crate) fn day_and_time(&self, at: Timestamp) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// What stands beside a time that is shown alone: `UTC`, or `+01:00`.
    pub(crate) fn offset(&self, at: Timestamp) -> String {
        if self.is_utc() { "UTC".to_owned() } else { self.zoned(at).strftime("%:z").to_string() }
    }

    /// Which zone that is, in a sentence; none where it is UTC.
    pub(crate) fn note(&self, now: Timestamp) -> Option<String> {
        let offset = self.offset(now);
        match self.0.iana_name() {
            _ if self.is_utc() => None,
            Some(name) => Some(format!("times are in {name} ({offset}); --utc shows UTC")),
            None => Some(format!("times are at {offset}; --utc shows UTC")),
        }
    }

    /// A sentence with its times as they are read: without the day where that is the day of `today`. A time in what a
    /// page said is the same moment, and is shown in the same way.
    pub(crate) fn sentence(&self, words: &str, today: Timestamp) -> String {
        self.replaced(words, |at| self.short(at, today))
    }

    /// The same for a sentence that stands alone, so that nothing else says which zone it speaks of.
    pub(crate) fn lone_sentence(&self, words: &str, today: Timestamp) -> String {
        self.replaced(words, |at| format!("{} {}", self.short(at, today), self.offset(at)))
    }

    fn short(&self, at: Timestamp, today: Timestamp) -> String {
        let same_day = self.zoned(at).date() == self.zoned(today).date();
        if same_day { self.time_of_day(at) } else { self.day_and_time(at) }
    }

    fn replaced(&self, words: &str, shown: impl Fn(Timestamp) -> String) -> String {
        let mut told = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((begins, ends, at)) = first_time(rest) {
            told.push_str(&rest[..begins]);
            told.push_str(&shown(at));
            rest = &rest[ends..];
        }
        told.push_str(rest);
        told
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).expect("every Timestamp is within the calendar");
        at.to_zoned(self.0.clone())
    }

    fn is_utc(&self) -> bool {
        self.0.is_unknown() || self.0.iana_name().is_some_and(|name| name.ends_with("UTC"))
    }
}

/// The first time in a text that is written as Flyball writes them: where it begins and ends, and which it is.
fn first_time(text: &str) -> Option<(usize, usize, Timestamp)> {
    text.match_indices('T').find_map(|(middle, _)| {
        let begins = middle.checked_sub(DAY)?;
        let after = text.get(begins + WHOLE_SECONDS..)?;
        let ends = begins + WHOLE_SECONDS + after.find('Z')? + 1;
        let is_alone = text.get(..begins)?.chars().next_back().is_none_or(|before| !before.is_alphanumeric());
        let written = text.get(begins..ends)?;
        let at: Timestamp = written.parse().ok().filter(|_| is_alone)?;
        Some((begins, ends, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Clockface {
        Clockface::of(TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap())
    }

    #[test]
    fn times_in_a_sentence_are_shown_in_the_zone_of_the_terminal_with_the_day_where_it_is_another() {
        let today = "2026-01-02T12:00:00Z".parse().unwrap();
        for (words, at_home, in_utc) in [
            ("until 2026-01-02T13:05:00Z", "until 14:05:00", "until 13:05:00"),
            ("until 2026-01-02T23:05:00.250Z.", "until 2026-01-03 00:05:00.", "until 23:05:00."),
            ("2026-07-02T13:05:00Z; next", "2026-07-02 15:05:00; next", "2026-07-02 13:05:00; next"),
            ("a 2026-01-02T13:05:00Z b 2026-01-02T13:06:00Z", "a 14:05:00 b 14:06:00", "a 13:05:00 b 13:06:00"),
            (
                "no time, Tea, 2026-01-02T, x2026-01-02T13:05:00Z",
                "no time, Tea, 2026-01-02T, x2026-01-02T13:05:00Z",
                "",
            ),
            ("ü–T–ü TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTZ", "ü–T–ü TTTTTTTTTTTTTTTTTTTTTTTTTTTTTTZ", ""),
        ] {
            assert_eq!(berlin().sentence(words, today), at_home);
            let in_utc = if in_utc.is_empty() { words } else { in_utc };
            assert_eq!(Clockface::utc().sentence(words, today), in_utc);
        }
    }

    #[test]
    fn the_zone_is_said_where_it_is_not_utc_and_beside_a_time_that_stands_alone() {
        let now: Timestamp = "2026-01-02T12:00:00Z".parse().unwrap();
        assert_eq!(Clockface::utc().note(now), None);
        assert_eq!(berlin().note(now).as_deref(), Some("times are at +01:00; --utc shows UTC"));
        assert_eq!(berlin().lone_sentence("until 2026-01-02T13:05:00Z", now), "until 14:05:00 +01:00");
        assert_eq!(Clockface::utc().lone_sentence("until 2026-01-02T13:05:00Z", now), "until 13:05:00 UTC");
    }

    #[test]
    fn the_first_and_the_last_time_of_the_calendar_are_shown() {
        for millis in [i64::MIN, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            assert!(berlin().sentence(&at.to_string(), Timestamp::EPOCH).ends_with(":00"), "{at}");
        }
    }
}
