//! Dyno sizes: an open set with known members.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// The name of a dyno size, such as `Standard-1X` or `dyno-2c-4gb`. Compared without case, since Heroku takes
/// `standard-1x` and answers `Standard-1X`; a known size is kept in Heroku's spelling.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct DynoSize(String);

/// The tier of a size: all process types of an app belong to one, and no ladder leaves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Eco dynos, which sleep.
    Eco,
    /// Basic dynos.
    Basic,
    /// Standard and Performance dynos, which mix freely.
    Production,
    /// Private Spaces.
    Private,
    /// Shield spaces; the API stores and answers `Private-*` there.
    Shield,
    /// Fir, classic dynos.
    FirClassic,
    /// Fir, general purpose.
    FirGeneralPurpose,
    /// Fir, compute optimised.
    FirCompute,
    /// Fir, memory optimised.
    FirMemory,
}

/// What is known of a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeFacts {
    /// Heroku's spelling.
    pub name: &'static str,
    /// The tier, or on Fir the class.
    pub tier: Tier,
    /// Memory quota in MiB.
    pub memory_mib: u32,
    /// Relative compute, comparable within a tier only: the documented share on Cedar, vCPUs on Fir.
    pub compute: u32,
    /// The default limit of dynos of one process type at this size; raised on request.
    pub dynos_max: u32,
    /// Its list price for a dyno that runs all month, in US dollars; none of Eco, whose dynos share a plan.
    pub usd_per_month: Option<u32>,
}

const fn size(
    name: &'static str,
    tier: Tier,
    memory_mib: u32,
    compute: u32,
    dynos_max: u32,
    usd_per_month: u32,
) -> SizeFacts {
    let usd_per_month = if usd_per_month == 0 { None } else { Some(usd_per_month) };
    SizeFacts { name, tier, memory_mib, compute, dynos_max, usd_per_month }
}

/// Every size that we know, by tier and then by memory.
///
/// Memory and compute: Dev Center *dyno-types* (2024-06); limits: Dev Center *dyno-scaling-and-process-limits*
/// (2024-12). Where a range is documented ("1x-4x") the guaranteed end is taken. Prices: heroku/cli 11.9.0,
/// `src/commands/ps/type.ts` (2026-08).
const KNOWN: &[SizeFacts] = &[
    size("Eco", Tier::Eco, 512, 1, 1, 0),
    size("Basic", Tier::Basic, 512, 1, 1, 7),
    size("Standard-1X", Tier::Production, 512, 1, 100, 25),
    size("Standard-2X", Tier::Production, 1024, 2, 100, 50),
    size("Performance-M", Tier::Production, 2560, 12, 10, 250),
    size("Performance-L", Tier::Production, 14_336, 50, 10, 500),
    size("Performance-L-RAM", Tier::Production, 30_720, 24, 10, 500),
    size("Performance-XL", Tier::Production, 63_488, 50, 10, 750),
    size("Performance-2XL", Tier::Production, 129_024, 100, 10, 1500),
    size("Private-S", Tier::Private, 1024, 12, 10, 225),
    size("Private-M", Tier::Private, 2560, 12, 10, 450),
    size("Private-L", Tier::Private, 14_336, 50, 10, 900),
    size("Private-L-RAM", Tier::Private, 30_720, 24, 10, 500),
    size("Private-XL", Tier::Private, 63_488, 50, 10, 750),
    size("Private-2XL", Tier::Private, 129_024, 100, 10, 1500),
    size("Shield-S", Tier::Shield, 1024, 12, 10, 270),
    size("Shield-M", Tier::Shield, 2560, 12, 10, 540),
    size("Shield-L", Tier::Shield, 14_336, 50, 10, 1080),
    size("Shield-L-RAM", Tier::Shield, 30_720, 24, 10, 600),
    size("Shield-XL", Tier::Shield, 63_488, 50, 10, 900),
    size("Shield-2XL", Tier::Shield, 129_024, 100, 10, 1800),
    size("dyno-1c-0.5gb", Tier::FirClassic, 512, 1, 255, 25),
    size("dyno-2c-1gb", Tier::FirClassic, 1024, 2, 255, 50),
    size("dyno-1c-4gb", Tier::FirGeneralPurpose, 4096, 1, 255, 80),
    size("dyno-2c-8gb", Tier::FirGeneralPurpose, 8192, 2, 255, 160),
    size("dyno-4c-16gb", Tier::FirGeneralPurpose, 16_384, 4, 255, 320),
    size("dyno-8c-32gb", Tier::FirGeneralPurpose, 32_768, 8, 255, 640),
    size("dyno-16c-64gb", Tier::FirGeneralPurpose, 65_536, 16, 255, 1000),
    size("dyno-2c-4gb", Tier::FirCompute, 4096, 2, 255, 150),
    size("dyno-4c-8gb", Tier::FirCompute, 8192, 4, 255, 300),
    size("dyno-8c-16gb", Tier::FirCompute, 16_384, 8, 255, 600),
    size("dyno-16c-32gb", Tier::FirCompute, 32_768, 16, 255, 1200),
    size("dyno-32c-64gb", Tier::FirCompute, 65_536, 32, 255, 2400),
    size("dyno-1c-8gb", Tier::FirMemory, 8192, 1, 255, 100),
    size("dyno-2c-16gb", Tier::FirMemory, 16_384, 2, 255, 250),
    size("dyno-4c-32gb", Tier::FirMemory, 32_768, 4, 255, 500),
    size("dyno-8c-64gb", Tier::FirMemory, 65_536, 8, 255, 750),
    size("dyno-16c-128gb", Tier::FirMemory, 131_072, 16, 255, 1500),
];

/// Of a month, as prices are by the hour.
const MONTH_HOURS: f64 = 720.0;

impl DynoSize {
    /// What an hour of one dyno costs by the list, in US dollars; none where that is not known, or shared.
    #[must_use]
    pub fn usd_per_hour(&self) -> Option<f64> {
        Some(f64::from(self.facts()?.usd_per_month?) / MONTH_HOURS)
    }

    /// What a valid one looks like, as a fragment that reads after "expected".
    pub const EXPECTED: &str = "a dyno size such as \"standard-1x\"";

    /// A size by name, in any case. Unknown names are kept as they are: Heroku adds sizes.
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        match KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(&name)) {
            Some(known) => Self(known.name.to_owned()),
            None => Self(name),
        }
    }

    /// The name in Heroku's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is known of this size; `None` for one that Heroku added after this was written.
    #[must_use]
    pub fn facts(&self) -> Option<SizeFacts> {
        KNOWN.iter().find(|known| known.name == self.0).copied()
    }

    /// Every known size of one tier, by memory.
    pub fn of_tier(tier: Tier) -> impl Iterator<Item = SizeFacts> {
        KNOWN.iter().filter(move |known| known.tier == tier).copied()
    }

    /// The names of every known size, for hints.
    pub fn known_names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.name)
    }
}

impl PartialEq for DynoSize {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for DynoSize {}

impl Hash for DynoSize {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for DynoSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<String> for DynoSize {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<DynoSize> for String {
    fn from(size: DynoSize) -> String {
        size.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_compared_without_case_and_kept_in_herokus_spelling() {
        assert_eq!(DynoSize::new("standard-2X").as_str(), "Standard-2X");
        assert_eq!(DynoSize::new("Mega-9X"), DynoSize::new("mega-9x"));
        assert!(DynoSize::new("mega-9x").facts().is_none());
    }

    #[test]
    fn sizes_of_a_tier_come_by_memory() {
        for facts in KNOWN {
            let memory: Vec<u32> = DynoSize::of_tier(facts.tier).map(|size| size.memory_mib).collect();
            assert!(memory.is_sorted(), "{:?}", facts.tier);
        }
    }
}
