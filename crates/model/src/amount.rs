//! What is measured: a number with its unit.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What an amount is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things: jobs, or requests at once.
    Things,
    /// Things in a second.
    PerSecond,
    /// Milliseconds.
    Millis,
    /// Hundredths.
    Percent,
}

/// A number with its unit. To the thousandth, and whole inside: the same looks come to the same amount on every machine, and what is
/// stored is read back as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// How much.
    pub thousandths: i64,
    /// Of what.
    pub unit: Unit,
}

impl Amount {
    /// Beyond this there is nothing to measure, and below it a sum of some thousand amounts is still exact.
    pub const MAX: f64 = 1e12;

    /// So much; what is no number, or beyond [`Self::MAX`] either way, is the nearest that is.
    #[must_use]
    pub fn new(number: f64, unit: Unit) -> Self {
        let bounded = if number.is_nan() { 0.0 } else { number.clamp(-Self::MAX, Self::MAX) };
        #[expect(clippy::cast_possible_truncation, reason = "it was just held within bounds")]
        let thousandths = (bounded * 1000.0).round() as i64;
        Self { thousandths, unit }
    }

    /// A length of time.
    #[must_use]
    pub fn time(length: Duration) -> Self {
        Self::new(length.as_secs_f64() * 1000.0, Unit::Millis)
    }

    /// The number alone.
    #[must_use]
    pub fn number(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "an amount is below 10^15 thousandths, which a float has exactly"
        )]
        let thousandths = self.thousandths as f64;
        thousandths / 1000.0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.number();
        let (number, unit) = match self.unit {
            Unit::Millis if whole.abs() >= 1000.0 => (whole / 1000.0, "s"),
            Unit::Millis => (whole.round(), "ms"),
            Unit::Percent => (whole, "%"),
            Unit::PerSecond => (whole, " a second"),
            Unit::Things => (whole, ""),
        };
        // Three digits that mean something are enough for whoever reads it: 3.52, 35.2, 352.
        let digits = match number.abs() {
            _ if number.fract() == 0.0 => 0,
            ..10.0 => 2,
            ..100.0 => 1,
            _ => 0,
        };
        let text = format!("{number:.digits$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        f.pad(&format!("{text}{unit}"))
    }
}

/// What a monitor that measures saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// How much.
    pub amount: Amount,
    /// Whether nothing was lost of what it is told from.
    pub complete: bool,
    /// Whether it is told from too little to go by.
    pub few: bool,
    /// How many dynos told it, where it is told by dynos.
    pub dynos: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_told_as_one_reads_it() {
        for (number, unit, expected) in [
            (3.517, Unit::Things, "3.52"),
            (3.5, Unit::Things, "3.5"),
            (12.0, Unit::Things, "12"),
            (35.21, Unit::PerSecond, "35.2 a second"),
            (1234.5, Unit::PerSecond, "1234 a second"),
            (0.0, Unit::PerSecond, "0 a second"),
            (180.4, Unit::Millis, "180ms"),
            (0.2, Unit::Millis, "0ms"),
            (2340.0, Unit::Millis, "2.34s"),
            (30_000.0, Unit::Millis, "30s"),
            (2.4, Unit::Percent, "2.4%"),
            (100.0, Unit::Percent, "100%"),
            (-3.5, Unit::Things, "-3.5"),
            (f64::NAN, Unit::Things, "0"),
            (f64::INFINITY, Unit::Things, "1000000000000"),
        ] {
            assert_eq!(Amount::new(number, unit).to_string(), expected, "{number} {unit:?}");
        }
        assert_eq!(Amount::time(Duration::from_micros(1500)), Amount { thousandths: 1500, unit: Unit::Millis });
    }
}
