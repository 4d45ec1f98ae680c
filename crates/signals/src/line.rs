//! The head of a message: `<PRI>1 TIME host SOURCE PROC - TEXT`, RFC 5424 without structured data, as Logplex writes it.

use flyball_model::Timestamp;
use memchr::memchr;

/// A message with its head read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// When it was written, by the clock of whoever wrote it.
    pub at: Timestamp,
    /// `heroku` or `app`.
    pub source: &'a [u8],
    /// `router`, `logplex`, `web.1`, `heroku-postgres`.
    pub process: &'a [u8],
    /// What it says.
    pub text: &'a [u8],
}

impl<'a> Line<'a> {
    /// A message, if it has such a head.
    #[must_use]
    pub fn of(message: &'a [u8]) -> Option<Self> {
        let rest = message.strip_prefix(b"<")?;
        let rest = rest.get(memchr(b'>', &rest[..rest.len().min(4)])? + 1..)?.strip_prefix(b"1 ")?;
        let (at, rest) = word(rest)?;
        let (_host, rest) = word(rest)?;
        let (source, rest) = word(rest)?;
        let (process, rest) = word(rest)?;
        // A blank line comes without the blank before its text.
        let text = rest.strip_prefix(b"- ").or_else(|| rest.strip_prefix(b"-"))?;
        Some(Self { at: time(at)?, source, process, text })
    }
}

/// The first word, and what is behind its blank.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// RFC 3339, as Logplex writes it: to the second or finer, in any offset.
fn time(text: &[u8]) -> Option<Timestamp> {
    let date = |from: usize, to: usize| digits(text.get(from..to)?);
    let is = |place: usize, byte: u8| text.get(place) == Some(&byte);
    let marks = is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':');
    let (year, month, day) = (date(0, 4)?, date(5, 7)?, date(8, 10)?);
    let (hour, minute, second) = (date(11, 13)?, date(14, 16)?, date(17, 19)?);
    let in_bounds = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !marks || !in_bounds {
        return None;
    }
    let rest = text.get(19..)?;
    let fraction =
        rest.strip_prefix(b".").map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let millis = (0..3).fold(0, |millis, nth| {
        let digit = if nth < fraction { i64::from(rest[1 + nth] - b'0') } else { 0 };
        millis * 10 + digit
    });
    let zone = if fraction == 0 { rest } else { &rest[1 + fraction..] };
    let offset_minutes = match zone {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), hours @ .., b':', tens, ones] if hours.len() == 2 => {
            let minutes = digits(hours)? * 60 + digits(&[*tens, *ones])?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_minutes * 60;
    Some(Timestamp::from_millis(seconds * 1_000 + millis))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// Days since 1970 of a day of the Gregorian calendar. A million lines a second are too many for a calendar that knows every zone.
/// Source: Howard Hinnant, *chrono-compatible low-level date algorithms*, `days_from_civil`.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_is_read_whatever_wrote_it() {
        for (message, expected) in [
            (
                "<158>1 2026-11-29T03:05:00.123456+00:00 host heroku router - at=info",
                Some(("2026-11-29T03:05:00.123Z", "heroku", "router", "at=info")),
            ),
            ("<40>1 2026-11-29T03:05:00+00:00 host app web.1 -", Some(("2026-11-29T03:05:00Z", "app", "web.1", ""))),
            ("<40>1 2026-11-29T03:05:00Z host app web.1 - ", Some(("2026-11-29T03:05:00Z", "app", "web.1", ""))),
            (
                "<45>1 2026-11-29T04:35:00+01:30 d.1 app api - x - y",
                Some(("2026-11-29T03:05:00Z", "app", "api", "x - y")),
            ),
            ("<45>1 2026-11-28T22:05:00.5-05:00 h app api - x", Some(("2026-11-29T03:05:00.500Z", "app", "api", "x"))),
            ("<1234>1 2026-11-29T03:05:00Z h app api - x", None),
            ("<45>2 2026-11-29T03:05:00Z h app api - x", None),
            ("<45>1 yesterday h app api - x", None),
            ("<45>1 2026-13-29T03:05:00Z h app api - x", None),
            ("<45>1 2026-11-29T03:05:00 h app api - x", None),
            ("<45>1 2026-11-29T03:05:00Z h app", None),
            ("", None),
            ("no head at all", None),
        ] {
            let read = Line::of(message.as_bytes());
            let read = read.map(|line| {
                let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
                (line.at.to_string(), text(line.source), text(line.process), text(line.text))
            });
            let expected = expected.map(|(at, source, process, text)| {
                (at.to_owned(), source.to_owned(), process.to_owned(), text.to_owned())
            });
            assert_eq!(read, expected, "{message}");
        }
    }

    proptest! {
        #[test]
        fn times_are_those_of_the_calendar(millis in -2_000_000_000_000_i64..4_000_000_000_000) {
            let at = Timestamp::from_millis(millis);
            prop_assert_eq!(time(at.to_string().as_bytes()), Some(at));
        }

        #[test]
        fn no_bytes_are_too_odd(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let _read = Line::of(&message);
        }
    }
}
