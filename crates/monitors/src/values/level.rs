//! A number with its unit, as the file has it: what a measured one is held against.

use super::{refused, wrong_kind};
use flyball_model::{Amount, Unit, duration};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::cmp::Ordering;

/// `40`, `"5%"`, or `"500ms"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(pub Amount);

/// None of what is measured is less, and of loads and jobs none is more.
const MOST: f64 = 1e9;

impl Level {
    /// Whether what is measured in this unit can be held against it.
    #[must_use]
    pub const fn is_in(self, unit: Unit) -> bool {
        matches!(
            (self.0.unit, unit),
            (Unit::Things, Unit::Things | Unit::PerSecond)
                | (Unit::Percent, Unit::Percent)
                | (Unit::Millis, Unit::Millis)
        )
    }

    /// How one of this unit is written.
    #[must_use]
    pub const fn example(unit: Unit) -> &'static str {
        match unit {
            Unit::Things | Unit::PerSecond => "a number such as 40",
            Unit::Percent => "a percentage such as \"5%\"",
            Unit::Millis => "a length of time such as \"500ms\"",
        }
    }
}

impl PartialOrd for Level {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.0.unit == other.0.unit).then(|| self.0.thousandths.cmp(&other.0.thousandths))
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = self.0.number();
        match self.0.unit {
            Unit::Things | Unit::PerSecond => serializer.serialize_f64(number),
            Unit::Percent => serializer.serialize_str(&format!("{number}%")),
            Unit::Millis => {
                serializer.serialize_str(&duration::print(std::time::Duration::from_secs_f64(number.max(0.0) / 1000.0)))
            }
        }
    }
}

impl Take for Level {
    fn expected() -> String {
        "a number, a percentage such as \"5%\", or a length of time such as \"500ms\"".to_owned()
    }

    fn shape() -> Shape {
        Shape::Scalar
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let number = |number: f64, unit| {
            let is_one = number.is_finite() && (0.0..=MOST).contains(&number);
            is_one.then(|| Self(Amount::new(number, unit)))
        };
        let level = match &node.value {
            #[expect(clippy::cast_precision_loss, reason = "beyond what a float has exactly it is beyond the bound")]
            Value::Integer(whole) => number(*whole as f64, Unit::Things),
            Value::Float(float) => number(*float, Unit::Things),
            Value::Text(text) => match text.trim().strip_suffix('%') {
                Some(share) => share.trim().parse().ok().and_then(|share| number(share, Unit::Percent)),
                None => duration::parse(text).ok().map(|length| Self(Amount::time(length))),
            },
            _ => return wrong_kind(node, mistakes),
        };
        level.or_else(|| refused(node, "nothing that a measured number could be held against", mistakes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_with_its_unit() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (value, expected) in [
            (Value::Integer(40), Some(Amount::new(40.0, Unit::Things))),
            (Value::Float(3.5), Some(Amount::new(3.5, Unit::Things))),
            (text("5%"), Some(Amount::new(5.0, Unit::Percent))),
            (text("0.5 %"), Some(Amount::new(0.5, Unit::Percent))),
            (text("500ms"), Some(Amount::new(500.0, Unit::Millis))),
            (text("1m 30s"), Some(Amount::new(90_000.0, Unit::Millis))),
            (Value::Integer(-1), None),
            (Value::Float(f64::NAN), None),
            (text("%"), None),
            (text("-5%"), None),
            (text("many"), None),
            (text("40"), None),
            (Value::Boolean(true), None),
        ] {
            let mut mistakes = Vec::new();
            let level = Level::take(&Node { value: value.clone(), span: 0..0 }, &mut mistakes);
            assert_eq!(level.map(|level| level.0), expected, "{value:?}");
            assert_eq!(mistakes.is_empty(), expected.is_some(), "{value:?}");
        }
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        for (number, unit, expected) in
            [(3.5, Unit::Things, "3.5"), (5.0, Unit::Percent, "\"5%\""), (90_000.0, Unit::Millis, "\"1m 30s\"")]
        {
            let json = serde_json::to_string(&Level(Amount::new(number, unit))).unwrap();
            assert_eq!(json, expected);
        }
    }
}
