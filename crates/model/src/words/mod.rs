//! The sentences: the one place with the English of reasons, plans, outcomes and events. Each `match` is exhaustive, so
//! what has no sentence does not compile.

mod because;
mod changed;
mod event;
mod outcome;
mod plan;

use crate::{Counts, Passage, Quantity};
use std::fmt;

/// A list with commas.
pub(crate) fn list<T: fmt::Display>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Counts {
    /// "1 monitor, 2 reactions".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        write!(f, "{}, {}", of(self.monitors, "monitor"), of(self.reactions, "reaction"))
    }
}

/// "1 dyno", "2 dynos".
fn dynos(quantity: Quantity) -> String {
    format!("{quantity} dyno{}", if quantity == Quantity::new(1) { "" } else { "s" })
}
