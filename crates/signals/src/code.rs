//! Heroku's error codes, and whose they are: the diagnosis comes before the cure.
//!
//! Source: Heroku Dev Center, *Heroku Error Codes* (2026-09-18).

use serde::{Deserialize, Serialize};
use std::fmt;

/// An error code: `H12`, `R14`, `L10`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Code {
    family: u8,
    number: u8,
}

/// Whose an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// There are too few dynos, or they are too slow for what comes.
    Capacity,
    /// The app broke.
    App,
    /// Somebody set it so: maintenance, no dynos, a blocked app.
    SetSo,
    /// Whoever asked did it: they went away, or asked for something that there is not.
    Client,
    /// Heroku is in trouble.
    Platform,
}

impl Code {
    /// H12: the router gave up on a request that a dyno had.
    pub const REQUEST_TIMEOUT: Self = Self { family: b'H', number: 12 };

    /// The code of this text.
    #[must_use]
    pub fn of(text: &[u8]) -> Option<Self> {
        let [family @ (b'H' | b'R' | b'L'), tens, ones] = text else { return None };
        let both = tens.is_ascii_digit() && ones.is_ascii_digit();
        both.then(|| Self { family: *family, number: (tens - b'0') * 10 + (ones - b'0') })
    }

    /// Whose it is; none of one that says nothing about a request, and of one that is new.
    #[must_use]
    pub const fn class(self) -> Option<Class> {
        match (self.family, self.number) {
            (b'H', 11 | 12 | 19 | 21 | 22 | 34) => Some(Class::Capacity),
            (b'H', 10 | 13 | 17 | 18 | 20 | 24 | 25 | 26) => Some(Class::App),
            (b'H', 14 | 80..=83) => Some(Class::SetSo),
            (b'H', 27 | 28 | 31 | 32 | 33) => Some(Class::Client),
            (b'H' | b'R', 99) => Some(Class::Platform),
            _ => None,
        }
    }

    /// Whether it says that lines were lost.
    #[must_use]
    pub const fn is_loss(self) -> bool {
        matches!((self.family, self.number), (b'L', 10..=13))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02}", char::from(self.family), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_somebody_s() {
        for (text, class) in [
            ("H10", Some(Class::App)),
            ("H11", Some(Class::Capacity)),
            ("H12", Some(Class::Capacity)),
            ("H13", Some(Class::App)),
            ("H14", Some(Class::SetSo)),
            ("H18", Some(Class::App)),
            ("H20", Some(Class::App)),
            ("H27", Some(Class::Client)),
            ("H34", Some(Class::Capacity)),
            ("H80", Some(Class::SetSo)),
            ("H99", Some(Class::Platform)),
            ("R99", Some(Class::Platform)),
            ("R14", None),
            ("L10", None),
            ("H77", None),
        ] {
            let code = Code::of(text.as_bytes()).unwrap();
            assert_eq!((code.class(), code.to_string()), (class, text.to_owned()), "{text}");
        }
        for text in ["", "H", "H1", "H123", "X12", "h12", "H1x"] {
            assert_eq!(Code::of(text.as_bytes()), None, "{text}");
        }
        assert!(["L10", "L11", "L12", "L13"].iter().all(|text| Code::of(text.as_bytes()).unwrap().is_loss()));
        assert!(["L14", "H10"].iter().all(|text| !Code::of(text.as_bytes()).unwrap().is_loss()));
    }
}
