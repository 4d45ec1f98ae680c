//! Ladders: the order of dyno sizes within a tier.
//!
//! Sizes are not one line: by memory Performance-L is below Performance-L-RAM, by compute above. The default ladder
//! takes the sizes that lose neither.

use flyball_model::{DynoSize, SizeFacts, Tier};
use serde::{Deserialize, Serialize};

/// Which ladder a reaction climbs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Ladder {
    /// Every size of the tier that loses neither memory nor compute against the one below.
    #[default]
    Balanced,
    /// Every size of the tier, by memory.
    Memory,
    /// Standard-1X, Standard-2X, Performance-L: Runbook's 1X, 2X and PX.
    Old,
    /// One's own.
    Own(Vec<DynoSize>),
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the next larger size.
    Up,
    /// To the next smaller size.
    Down,
}

/// What the next rung is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rung {
    /// This one.
    Next(DynoSize),
    /// There is none within the limit.
    AtLimit,
    /// The size is not on the ladder.
    Off,
}

/// The old name's size: `1X`, `2X`, `PX`, in any case.
#[must_use]
pub fn old_name(name: &str) -> Option<DynoSize> {
    let index = ["1x", "2x", "px"].iter().position(|old| name.eq_ignore_ascii_case(old))?;
    Some(DynoSize::new(OLD[index]))
}

/// Source: Runbook's own ladder; PX was followed by Performance, which is Performance-L today.
const OLD: [&str; 3] = ["Standard-1X", "Standard-2X", "Performance-L"];

impl Ladder {
    /// The rungs of this ladder in the tier of `limit`, smallest first. Empty when nothing is known of the limit's tier.
    #[must_use]
    pub fn rungs(&self, limit: &DynoSize) -> Vec<DynoSize> {
        let tier = limit.facts().map(|facts| facts.tier);
        match self {
            Self::Balanced => tier.map(balanced).unwrap_or_default(),
            Self::Memory => tier.map(|tier| names(DynoSize::of_tier(tier))).unwrap_or_default(),
            Self::Old => OLD.iter().map(|name| DynoSize::new(*name)).collect(),
            Self::Own(rungs) => rungs.clone(),
        }
    }

    /// One rung from `present` towards `limit`. A size that is not on the ladder is never guessed at, and a size beyond
    /// the limit is at the limit: there is never a step back towards it.
    #[must_use]
    pub fn next(&self, direction: Direction, present: &DynoSize, limit: &DynoSize) -> Rung {
        let rungs = self.rungs(limit);
        let place = |size: &DynoSize| rungs.iter().position(|rung| rung == size);
        let (Some(at), Some(end)) = (place(present), place(limit)) else { return Rung::Off };
        let next = match direction {
            Direction::Up if at < end => at + 1,
            Direction::Down if at > end => at - 1,
            Direction::Up | Direction::Down => return Rung::AtLimit,
        };
        Rung::Next(rungs[next].clone())
    }
}

fn balanced(tier: Tier) -> Vec<DynoSize> {
    let mut kept: Vec<SizeFacts> = Vec::new();
    for size in DynoSize::of_tier(tier) {
        if kept.last().is_none_or(|below| size.memory_mib >= below.memory_mib && size.compute >= below.compute) {
            kept.push(size);
        }
    }
    names(kept.into_iter())
}

fn names(sizes: impl Iterator<Item = SizeFacts>) -> Vec<DynoSize> {
    sizes.map(|size| DynoSize::new(size.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rungs(ladder: &Ladder, limit: &str) -> String {
        ladder.rungs(&DynoSize::new(limit)).iter().map(DynoSize::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_default_ladder_loses_neither_memory_nor_compute() {
        assert_eq!(
            rungs(&Ladder::Balanced, "performance-m"),
            "Standard-1X Standard-2X Performance-M Performance-L Performance-XL Performance-2XL"
        );
        assert_eq!(rungs(&Ladder::Balanced, "private-l"), "Private-S Private-M Private-L Private-XL Private-2XL");
        assert_eq!(
            rungs(&Ladder::Balanced, "dyno-4c-8gb"),
            "dyno-2c-4gb dyno-4c-8gb dyno-8c-16gb dyno-16c-32gb dyno-32c-64gb"
        );
        assert_eq!(rungs(&Ladder::Balanced, "mega-9x"), "");
    }

    #[test]
    fn the_memory_ladder_takes_the_l_ram_rung_in() {
        assert!(rungs(&Ladder::Memory, "performance-l").contains("Performance-L Performance-L-RAM Performance-XL"));
    }

    #[test]
    fn one_rung_at_a_time_until_the_limit() {
        let next = |ladder: &Ladder, direction, present: &str, limit: &str| {
            ladder.next(direction, &DynoSize::new(present), &DynoSize::new(limit))
        };
        let to = |name: &str| Rung::Next(DynoSize::new(name));
        let (up, down) = (Direction::Up, Direction::Down);
        let own = Ladder::Own(vec![DynoSize::new("standard-1x"), DynoSize::new("performance-l-ram")]);
        let cases = [
            (&Ladder::Balanced, up, "standard-2x", "performance-l", to("Performance-M")),
            (&Ladder::Balanced, up, "performance-l", "performance-l", Rung::AtLimit),
            (&Ladder::Balanced, up, "performance-xl", "performance-l", Rung::AtLimit),
            (&Ladder::Balanced, up, "performance-l-ram", "performance-xl", Rung::Off),
            (&Ladder::Balanced, up, "private-s", "performance-l", Rung::Off),
            (&Ladder::Balanced, up, "basic", "performance-l", Rung::Off),
            (&Ladder::Balanced, down, "standard-2x", "standard-1x", to("Standard-1X")),
            (&Ladder::Balanced, down, "standard-2x", "standard-2x", Rung::AtLimit),
            (&Ladder::Balanced, down, "standard-1x", "standard-2x", Rung::AtLimit),
            (&Ladder::Old, up, "standard-1x", "performance-l", to("Standard-2X")),
            (&Ladder::Old, up, "standard-2x", "performance-l", to("Performance-L")),
            (&Ladder::Old, down, "performance-l", "standard-1x", to("Standard-2X")),
            (&Ladder::Old, up, "performance-m", "performance-l", Rung::Off),
            (&own, up, "standard-1x", "performance-l-ram", to("Performance-L-RAM")),
            (&own, up, "standard-2x", "performance-l-ram", Rung::Off),
        ];
        for (ladder, direction, present, limit, rung) in cases {
            assert_eq!(next(ladder, direction, present, limit), rung, "{ladder:?} {direction:?} {present} {limit}");
        }
    }

    #[test]
    fn old_names_are_read_in_any_case() {
        assert_eq!(old_name("px"), Some(DynoSize::new("performance-l")));
        assert_eq!(old_name("1X"), Some(DynoSize::new("standard-1x")));
        assert_eq!(old_name("standard-1x"), None);
    }
}
