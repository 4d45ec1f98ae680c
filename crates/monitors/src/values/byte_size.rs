//! A number of bytes.

use super::{refused, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;

/// A number of bytes: `1048576`, `"512KiB"`, `"1MiB"`, `"2MB"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

/// Largest first, so that printing finds the shortest exact form. The decimal ones are read and not printed.
const BINARY: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
const DECIMAL: [(&str, u64); 4] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1)];

impl ByteSize {
    /// A size of this many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: u64 = text[..digits].parse().ok()?;
        let unit = text[digits..].trim();
        let units = BINARY.iter().chain(&DECIMAL);
        let bytes = units.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, bytes)| *bytes)?;
        count.checked_mul(bytes).map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match BINARY.iter().find(|(_, bytes)| self.0 >= *bytes && self.0.is_multiple_of(*bytes)) {
            Some((unit, bytes)) => write!(f, "{} {unit}", self.0 / bytes),
            None => write!(f, "{} B", self.0),
        }
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl Take for ByteSize {
    fn expected() -> String {
        "a number of bytes, such as 65536 or \"1MiB\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::NumberOrText
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Integer(number) => match u64::try_from(*number) {
                Ok(bytes) => Some(Self(bytes)),
                Err(_) => refused(node, "fewer than no bytes", mistakes),
            },
            Value::Text(text) => match Self::parse(text) {
                Some(size) => Some(size),
                None => refused(node, format!("\"{}\" is no number of bytes", super::shown(text)), mistakes),
            },
            _ => wrong_kind(node, mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_with_its_unit_and_printed_exactly() {
        let cases = [
            ("1MiB", 1 << 20, "1 MiB"),
            ("64 KiB", 65_536, "64 KiB"),
            ("2MB", 2_000_000, "2000000 B"),
            ("7B", 7, "7 B"),
        ];
        for (text, bytes, printed) in cases {
            let size = ByteSize::parse(text).unwrap();
            assert_eq!((size.get(), size.to_string().as_str()), (bytes, printed), "{text}");
        }
        for text in ["", "MiB", "1", "1.5MiB", "-1B", "99999999999GiB", "1 parsec"] {
            assert!(ByteSize::parse(text).is_none(), "{text}");
        }
    }
}
