//! How far a reaction goes with a quantity or a size.

use flyball_model::{DynoSize, Quantity};
use std::fmt;

/// The limit at which a reaction stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit<'a> {
    /// It adds no dyno to so many.
    MaxQuantity(Quantity),
    /// It takes no dyno from so few.
    MinQuantity(Quantity),
    /// It makes dynos no larger than this.
    MaxSize(&'a DynoSize),
    /// It makes dynos no smaller than this.
    MinSize(&'a DynoSize),
}

impl Limit<'_> {
    /// The setting that it is.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::MaxQuantity(_) => "max_quantity",
            Self::MinQuantity(_) => "min_quantity",
            Self::MaxSize(_) => "max_size",
            Self::MinSize(_) => "min_size",
        }
    }

    /// Whether this is a minimum, the other a maximum of the same, and the minimum above it. Of sizes only those are
    /// above each other of which everything is known, in one tier.
    #[must_use]
    pub fn is_above(&self, max: &Self) -> bool {
        match (self, max) {
            (Self::MinQuantity(min), Self::MaxQuantity(max)) => min > max,
            (Self::MinSize(min), Self::MaxSize(max)) => match (min.facts(), max.facts()) {
                (Some(min), Some(max)) => {
                    min.tier == max.tier && min.memory_mib > max.memory_mib && min.compute >= max.compute
                }
                _ => false,
            },
            _ => false,
        }
    }
}

impl fmt::Display for Limit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxQuantity(quantity) | Self::MinQuantity(quantity) => quantity.fmt(f),
            Self::MaxSize(size) | Self::MinSize(size) => size.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minimum_is_above_a_maximum_of_the_same_where_that_is_certain() {
        let size = DynoSize::new;
        let (small, large, ram) = (size("standard-1x"), size("performance-l"), size("performance-l-ram"));
        let private = size("private-m");
        for (min, max, is_above) in [
            (Limit::MinQuantity(Quantity::new(5)), Limit::MaxQuantity(Quantity::new(3)), true),
            (Limit::MinQuantity(Quantity::new(3)), Limit::MaxQuantity(Quantity::new(3)), false),
            (Limit::MinQuantity(Quantity::new(1)), Limit::MaxQuantity(Quantity::new(3)), false),
            (Limit::MaxQuantity(Quantity::new(5)), Limit::MaxQuantity(Quantity::new(3)), false),
            (Limit::MinSize(&large), Limit::MaxSize(&small), true),
            (Limit::MinSize(&small), Limit::MaxSize(&large), false),
            (Limit::MinSize(&large), Limit::MaxSize(&large), false),
            (Limit::MinSize(&ram), Limit::MaxSize(&large), false),
            (Limit::MinSize(&private), Limit::MaxSize(&small), false),
            (Limit::MinSize(&large), Limit::MaxQuantity(Quantity::new(0)), false),
        ] {
            assert_eq!(min.is_above(&max), is_above, "{min:?} {max:?}");
        }
    }
}
