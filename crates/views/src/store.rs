//! What Flyball remembers, as a whole.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store: where it is, how much room it takes, and what goes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreView {
    /// Where it is, without a user or a password.
    #[schema(example = "the database flyball at db.example.com:5432")]
    pub place: String,
    /// `SQLite` or `PostgreSQL`.
    #[schema(example = "PostgreSQL")]
    pub kind: String,
    /// The number of its schema.
    pub schema: i64,
    /// How much room it takes, in bytes.
    pub bytes: u64,
    /// What is kept for how long; what goes first comes first.
    pub kept: Vec<KeptView>,
}

/// Something that is kept, and its bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeptView {
    /// What.
    #[schema(example = "readings")]
    pub what: String,
    /// For how long, in words.
    #[schema(example = "7d")]
    pub long: String,
    /// How many of one monitor at most, where that is bounded too.
    pub of_a_monitor: Option<u64>,
    /// How many of one app at most, where that is bounded too; of a monitor that has to do with no app as many.
    #[serde(default)]
    pub of_an_app: Option<u64>,
}

impl KeptView {
    /// Its bounds, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.of_a_monitor, self.of_an_app) {
            (Some(many), _) => format!("{}, and {many} of a monitor", self.long),
            (None, Some(many)) => format!("{}, and {many} of an app", self.long),
            (None, None) => self.long.clone(),
        }
    }
}

impl StoreView {
    /// How much room it takes, in words: "1.2 MiB".
    #[must_use]
    pub fn room(&self) -> String {
        let tenths = |unit: u64| (u128::from(self.bytes) * 10 + u128::from(unit / 2)) / u128::from(unit);
        let (tenths, unit) = match self.bytes {
            0..0x10_0000 => (tenths(1 << 10), "KiB"),
            0x10_0000..0x4000_0000 => (tenths(1 << 20), "MiB"),
            _ => (tenths(1 << 30), "GiB"),
        };
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_told_with_its_bounds() {
        for (of_a_monitor, of_an_app, expected) in [
            (None, None, "731d"),
            (Some(20_000), None, "731d, and 20000 of a monitor"),
            (None, Some(20_000), "731d, and 20000 of an app"),
        ] {
            let kept = KeptView { what: "incidents".to_owned(), long: "731d".to_owned(), of_a_monitor, of_an_app };
            assert_eq!(kept.words(), expected);
        }
    }

    #[test]
    fn room_is_told_to_a_tenth() {
        for (bytes, expected) in [
            (0, "0.0 KiB"),
            (4096, "4.0 KiB"),
            (1_048_575, "1024.0 KiB"),
            (1 << 20, "1.0 MiB"),
            (1_310_720, "1.3 MiB"),
            (5 << 30, "5.0 GiB"),
            (u64::MAX, "17179869184.0 GiB"),
        ] {
            let view = StoreView { place: String::new(), kind: String::new(), schema: 1, bytes, kept: Vec::new() };
            assert_eq!(view.room(), expected, "{bytes}");
        }
    }
}
