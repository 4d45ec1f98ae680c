//! Lengths of time in words: `30s`, `10m`, `1h 30m`, `800ms`.

use std::time::Duration;

/// What a valid one looks like, as a fragment that reads after "expected".
pub const EXPECTED: &str = "a length of time in words, such as \"30s\", \"10m\" or \"1h 30m\"";

/// The units that are understood, in milliseconds. Months and years are left out: nobody knows their length.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads a length of time: whole numbers, each with a unit of `d`, `h`, `m`, `s` or `ms`, largest first; blanks between
/// them may be left out. `0s` is a length; a bare number is not.
///
/// # Errors
///
/// What was expected, when the text is anything else.
pub fn parse(text: &str) -> Result<Duration, crate::InvalidName> {
    let invalid = || crate::InvalidName { expected: EXPECTED };
    let mut rest = text.trim();
    let mut total: u64 = 0;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: u64 = rest[..digits].parse().map_err(|_| invalid())?;
        rest = rest[digits..].trim_start();
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let unit = &rest[..letters];
        let (_, millis) = units.find(|(name, _)| *name == unit).ok_or_else(invalid)?;
        total = count.checked_mul(*millis).and_then(|part| total.checked_add(part)).ok_or_else(invalid)?;
        rest = rest[letters..].trim_start();
    }
    Ok(Duration::from_millis(total))
}

/// Prints a length of time so that [`parse`] reads the same again, to the millisecond.
#[must_use]
pub fn print(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut parts = Vec::new();
    for (unit, millis) in UNITS {
        if rest >= millis {
            parts.push(format!("{}{unit}", rest / millis));
            rest %= millis;
        }
    }
    parts.join(" ")
}

/// Prints a length of time for a sentence, rounded to its two largest units: "3m 5s" rather than "3m 5s 12ms".
#[must_use]
pub fn roughly(duration: Duration) -> String {
    let printed = print(duration);
    let parts: Vec<&str> = printed.split(' ').filter(|part| duration.as_secs() == 0 || !part.ends_with("ms")).collect();
    parts[..parts.len().min(2)].join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_lengths() {
        let cases = [
            ("30s", 30_000),
            ("10m", 600_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("800ms", 800),
            ("1m 500ms", 60_500),
            ("2d", 172_800_000),
            ("0s", 0),
            ("5 m", 300_000),
        ];
        for (text, millis) in cases {
            assert_eq!(parse(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for text in ["", "30", "-5s", "1.5h", "5 minutes", "s", "30m 1h", "1h 1h", "99999999999999999999s", "5μs"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn printing_is_the_inverse_of_parsing() {
        for millis in [0, 1, 999, 1000, 60_500, 3_600_000, 90_061_001] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(&print(duration)).unwrap(), duration);
        }
        assert_eq!(roughly(Duration::from_millis(185_012)), "3m 5s");
        assert_eq!(roughly(Duration::from_millis(12)), "12ms");
    }
}
