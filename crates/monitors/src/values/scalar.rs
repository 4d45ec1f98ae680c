//! A text, a number, or true or false: what can be compared with what stands in a page.

use super::{refused, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;

/// A number that can be compared: never one that is none, or without bounds.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    /// A whole one: every one of 64 bits.
    Whole(i128),
    /// Any other, which is finite.
    Other(f64),
}

impl Figure {
    /// This number, if it is one that can be compared.
    #[must_use]
    pub fn of(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self::Other(number))
    }

    /// The nearest float.
    #[expect(clippy::cast_precision_loss, reason = "beside a number with a fraction, nobody means the last of 64 bits")]
    pub(crate) const fn as_f64(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Other(number) => number,
        }
    }
}

impl PartialEq for Figure {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Figure {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(other)),
            (one, other) => one.as_f64().partial_cmp(&other.as_f64()),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            // A large one in powers of ten, as it may have hundreds of digits.
            Self::Other(number) => write!(f, "{number:?}"),
        }
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i128(*number),
            Self::Other(number) => serializer.serialize_f64(*number),
        }
    }
}

impl Take for Figure {
    fn expected() -> String {
        "a number".to_owned()
    }

    fn shape() -> Shape {
        Shape::Scalar
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match node.value {
            Value::Integer(number) => Some(Self::Whole(number.into())),
            Value::Float(number) => match Self::of(number) {
                Some(number) => Some(number),
                None => refused(node, "no number that another could be compared with", mistakes),
            },
            _ => wrong_kind(node, mistakes),
        }
    }
}

/// A text, a number, or true or false.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A text, compared with case.
    Text(Box<str>),
    /// A number, whichever way it is written.
    Number(Figure),
    /// True or false.
    Truth(bool),
}

impl Scalar {
    /// A text that is compared is no longer than this.
    pub(crate) const BYTES_MAX: usize = 1000;
    /// In words so much of a text is shown.
    const SHOWN_MAX: usize = 40;
}

/// As a sentence has it: a text in quotes, and short enough to leave room for the rest.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => match text.char_indices().nth(Self::SHOWN_MAX) {
                Some((end, _)) => write!(f, "\"{}…\"", &text[..end]),
                None => write!(f, "\"{text}\""),
            },
            Self::Number(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

impl Take for Scalar {
    fn expected() -> String {
        "text, a number, or true or false".to_owned()
    }

    fn shape() -> Shape {
        Shape::Scalar
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.len() > Self::BYTES_MAX => {
                refused(node, format!("a text of more than {} bytes", Self::BYTES_MAX), mistakes)
            }
            Value::Text(text) => Some(Self::Text(text.as_str().into())),
            Value::Boolean(truth) => Some(Self::Truth(*truth)),
            Value::Integer(_) | Value::Float(_) => Figure::take(node, mistakes).map(Self::Number),
            Value::List(_) | Value::Table(_) | Value::Date => wrong_kind(node, mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers_and_whole_ones_to_the_last_digit() {
        let (whole, other) = (Figure::Whole, Figure::Other);
        for (one, two, order) in [
            (whole(1), other(1.0), Ordering::Equal),
            (whole(1), other(1.5), Ordering::Less),
            (other(-0.0), whole(0), Ordering::Equal),
            (whole(9_007_199_254_740_993), whole(9_007_199_254_740_992), Ordering::Greater),
            (whole(i128::from(u64::MAX)), whole(i128::from(i64::MAX)), Ordering::Greater),
        ] {
            assert_eq!(one.partial_cmp(&two), Some(order), "{one} {two}");
        }
        assert_eq!(other(1e300).to_string(), "1e300");
        assert!(Figure::of(f64::NAN).is_none() && Figure::of(f64::INFINITY).is_none());
    }
}
