//! A load from a file of counts.

use super::{Load, POINTS_MAX, SECONDS_MAX};
use flyball_model::Timestamp;
use thiserror::Error;

/// Points are further apart than this in no file that says anything of a load.
const STEP_MAX: u64 = 3600;
/// A count beyond this is a mistake.
const COUNT_MAX: f64 = 1e12;

/// Why a file is no load. Lines are counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadLoad {
    /// A line is none of the form.
    #[error("line {line} is not `timestamp,count`, such as `2026-05-04 13:05:00,120`")]
    Form {
        /// Which.
        line: usize,
    },
    /// Points are not equally far apart.
    #[error(
        "line {line} is {found} s after the one before, and the others are {step} s apart: a load has no gap, so play the parts by themselves"
    )]
    Gap {
        /// Which.
        line: usize,
        /// How long after the one before, in seconds; negative before it.
        found: i64,
        /// How far apart the first two are.
        step: u64,
    },
    /// The first two points are too far apart, or not in order.
    #[error("line {line} is {found} s after the one before: 1 s to {STEP_MAX} s is what points may be apart")]
    Step {
        /// Which.
        line: usize,
        /// How long after the one before.
        found: i64,
    },
    /// More than there may be.
    #[error("it goes on after line {line}: {POINTS_MAX} points and 31 days are the most")]
    Long {
        /// The last that was read.
        line: usize,
    },
    /// Fewer than two points, of that day where one was asked for.
    #[error("it has fewer than two points{}", day_in_words(.day.as_deref()))]
    Short {
        /// Of this day.
        day: Option<String>,
    },
    /// No request at all.
    #[error("it has no request")]
    Nothing,
}

fn day_in_words(day: Option<&str>) -> String {
    day.map(|day| format!(" of {day}")).unwrap_or_default()
}

impl Load {
    /// Reads `timestamp,count` by line, with a heading or without. Timestamps are in UTC and equally far apart; how far is read off the first
    /// two. Where a day is given (`2026-05-04`), only its lines count.
    ///
    /// # Errors
    ///
    /// Where a line is of another form, points are missing, or there are too many or too few of them.
    pub fn read(name: &str, text: &str, day: Option<&str>) -> Result<Self, BadLoad> {
        let mut points = Vec::new();
        let mut step: Option<u64> = None;
        let mut before: Option<Timestamp> = None;
        for (nth, row) in text.lines().enumerate() {
            let line = nth + 1;
            let is_heading = nth == 0 && !row.starts_with(|first: char| first.is_ascii_digit());
            let is_of_another_day = day.is_some_and(|day| !row.starts_with(day));
            if is_heading || row.trim().is_empty() || is_of_another_day {
                continue;
            }
            let (at, count) = point(row).ok_or(BadLoad::Form { line })?;
            if let Some(before) = before {
                step = Some(step_after(before, at, step, line)?);
            }
            if points.len() == POINTS_MAX || (points.len() as u64 + 1) * step.unwrap_or(1) > SECONDS_MAX {
                return Err(BadLoad::Long { line: line - 1 });
            }
            points.push(count);
            before = Some(at);
        }
        let step = step.ok_or_else(|| BadLoad::Short { day: day.map(str::to_owned) })?;
        points.iter_mut().for_each(|count| *count /= step as f64);
        let load = Self { name: name.to_owned(), step, points, heavier: None };
        if load.peak() > 0.0 { Ok(load) } else { Err(BadLoad::Nothing) }
    }
}

/// How far apart points are, in seconds, by one and the one before it.
fn step_after(before: Timestamp, at: Timestamp, step: Option<u64>, line: usize) -> Result<u64, BadLoad> {
    let found = (at.as_millis() - before.as_millis()).div_euclid(1000);
    match (step, u64::try_from(found)) {
        (Some(step), Ok(apart)) if apart == step => Ok(step),
        (Some(step), _) => Err(BadLoad::Gap { line, found, step }),
        (None, Ok(apart @ 1..=STEP_MAX)) => Ok(apart),
        (None, _) => Err(BadLoad::Step { line, found }),
    }
}

/// When, and how many.
fn point(row: &str) -> Option<(Timestamp, f64)> {
    let (at, count) = row.split_once(',')?;
    let at = at.trim().replacen(' ', "T", 1);
    let at = if at.ends_with('Z') { at } else { format!("{at}Z") };
    let count: f64 = count.trim().parse().ok()?;
    (0.0..=COUNT_MAX).contains(&count).then_some(())?;
    Some((at.parse().ok()?, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Load, BadLoad> {
        Load::read("file", text, None)
    }

    #[test]
    fn minutes_and_five_minutes_are_told_by_their_timestamps() {
        let minutes =
            read("period,count\n2026-05-04 23:59:00,60\n2026-05-05 00:00:00,120\n2026-05-05 00:01:00,30\n").unwrap();
        assert_eq!((minutes.seconds(), minutes.rate(0), minutes.rate(60)), (180, 1.0, 2.0));
        let five = read("2026-05-04T00:04:00Z,94.0\r\n2026-05-04T00:09:00Z,600\r\n\r\n").unwrap();
        assert_eq!((five.seconds(), five.rate(300)), (600, 2.0));
    }

    #[test]
    fn what_is_no_load_is_told_with_its_line() {
        let first = "timestamp,count\n2026-05-04 00:00:00,1\n2026-05-04 00:01:00,1\n";
        for (text, expected) in [
            (format!("{first}2026-05-04 00:03:00,1\n"), BadLoad::Gap { line: 4, found: 120, step: 60 }),
            (format!("{first}2026-05-04 00:01:00,1\n"), BadLoad::Gap { line: 4, found: 0, step: 60 }),
            (format!("{first}2026-05-03 00:02:00,1\n"), BadLoad::Gap { line: 4, found: -86_340, step: 60 }),
            (format!("{first}2026-05-04 00:02:00\n"), BadLoad::Form { line: 4 }),
            (format!("{first}2026-05-04 00:02:00,-1\n"), BadLoad::Form { line: 4 }),
            (format!("{first}2026-05-04 00:02:00,NaN\n"), BadLoad::Form { line: 4 }),
            (format!("{first}2026-05-04 00:02:00,inf\n"), BadLoad::Form { line: 4 }),
            (format!("{first}2026-05-34 00:02:00,1\n"), BadLoad::Form { line: 4 }),
            ("2026-05-04 00:00:00,1\n2026-05-05 00:00:00,1".to_owned(), BadLoad::Step { line: 2, found: 86_400 }),
            ("2026-05-04 00:00:00,1\n".to_owned(), BadLoad::Short { day: None }),
            (String::new(), BadLoad::Short { day: None }),
            ("2026-05-04 00:00:00,0\n2026-05-04 00:01:00,0\n".to_owned(), BadLoad::Nothing),
        ] {
            assert_eq!(read(&text), Err(expected), "{text}");
        }
        let hours: String =
            (0..32 * 24).map(|hour| format!("2026-05-04T00:00:00Z,{hour}\n")).collect::<Vec<_>>().concat();
        assert_eq!(read(&hours), Err(BadLoad::Step { line: 2, found: 0 }));
    }

    #[test]
    fn it_is_bounded() {
        let at = |second: i64| Timestamp::from_millis(1_800_000_000_000 + second * 1000);
        let seconds: String = (0..50_000).map(|second| format!("{},1\n", at(second))).collect();
        assert_eq!(read(&seconds), Err(BadLoad::Long { line: POINTS_MAX }));
        let hours: String = (0..800).map(|hour| format!("{},1\n", at(hour * 3600))).collect();
        assert_eq!(read(&hours), Err(BadLoad::Long { line: 31 * 24 }));
    }

    #[test]
    fn one_day_of_several_is_a_load_of_its_own() {
        let text = "2026-05-04 00:00:00,1\n2026-05-04 00:01:00,2\n2026-06-09 00:00:00,60\n2026-06-09 00:01:00,120\n";
        assert_eq!(read(text), Err(BadLoad::Gap { line: 3, found: 3_110_340, step: 60 }));
        let load = Load::read("file", text, Some("2026-06-09")).unwrap();
        assert_eq!((load.seconds(), load.peak()), (120, 2.0));
        let none = Load::read("file", text, Some("2026-06-10"));
        assert_eq!(none, Err(BadLoad::Short { day: Some("2026-06-10".to_owned()) }));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "([0-9:T ,.Z-]{0,30}\n){0,6}") {
            let _ = read(&text);
        }
    }
}
