//! The dyno sizes of the stand-in: names, limits and which of them may stand in one app.
//!
//! Kept apart from the sizes of `flyball-model` on purpose, so that a mistake there is not repeated here.

use super::refusal::Refusal;
use uuid::Uuid;

/// What may be mixed in one app: all process types belong to one tier. Source: platform-api 9 (WIRE22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// Eco, only with Eco.
    Eco,
    /// Basic, only with Basic.
    Basic,
    /// Standard and Performance, freely mixed.
    Production,
    /// The sizes of Private Spaces.
    Private,
    /// The sizes of Shield Spaces, which the API stores and answers as `Private-*`.
    Shield,
    /// The sizes of the Fir generation.
    Fir,
}

impl Tier {
    /// The tier as `process_tier` of an app names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eco => "eco",
            Self::Basic => "basic",
            Self::Production => "production",
            Self::Private | Self::Fir => "private",
            Self::Shield => "shield",
        }
    }
}

/// One dyno size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizeClass {
    /// Its place in the list, from which its id is made.
    pub(crate) number: u8,
    /// The canonical name: `Standard-1X` on Cedar, `dyno-1c-4gb` on Fir.
    pub name: &'static str,
    /// What it may be mixed with.
    pub tier: Tier,
    /// Memory quota, MiB.
    pub memory_mib: u32,
    /// Compute relative to a Standard-1X (Cedar), or vCPUs (Fir).
    pub compute: u32,
    /// Default limit of dynos per process type.
    pub per_type_max: u32,
    /// Default limit of one-off dynos at once.
    pub one_offs_max: u32,
    /// Price in US cents per month, where the API tells one.
    pub cents: Option<u32>,
}

impl SizeClass {
    /// The id of the size, the same in every world.
    #[must_use]
    pub fn id(&self) -> Uuid {
        Uuid::from_u128(0x5d2c_0001_0000_4000_8000_0000_0000_0000 | u128::from(self.number))
    }

    /// Whether the dyno has a machine of its own.
    #[must_use]
    pub fn is_dedicated(&self) -> bool {
        !matches!(self.tier, Tier::Eco | Tier::Basic) && !self.name.starts_with("Standard")
    }
}

#[expect(clippy::too_many_arguments, reason = "one row of the table below")]
const fn size(
    number: u8,
    name: &'static str,
    tier: Tier,
    memory_mib: u32,
    compute: u32,
    per_type_max: u32,
    one_offs_max: u32,
    cents: Option<u32>,
) -> SizeClass {
    SizeClass { number, name, tier, memory_mib, compute, per_type_max, one_offs_max, cents }
}

/// Every size.
/// Source: platform-api 9 (DC dyno-types 2024-06-04; DC dyno-scaling-and-process-limits 2024-12; CLI ps/type.ts).
pub(crate) const SIZES: &[SizeClass] = &[
    size(1, "Eco", Tier::Eco, 512, 1, 1, 1, Some(0)),
    size(2, "Basic", Tier::Basic, 512, 1, 1, 50, Some(700)),
    size(3, "Standard-1X", Tier::Production, 512, 1, 100, 50, Some(2500)),
    size(4, "Standard-2X", Tier::Production, 1024, 2, 100, 50, Some(5000)),
    size(5, "Performance-M", Tier::Production, 2560, 12, 10, 5, Some(25000)),
    size(6, "Performance-L", Tier::Production, 14336, 50, 10, 5, Some(50000)),
    size(7, "Performance-L-RAM", Tier::Production, 30720, 24, 10, 5, Some(50000)),
    size(8, "Performance-XL", Tier::Production, 63488, 50, 10, 5, Some(75000)),
    size(9, "Performance-2XL", Tier::Production, 129024, 100, 10, 5, Some(150000)),
    size(10, "Private-S", Tier::Private, 1024, 12, 10, 5, None),
    size(11, "Private-M", Tier::Private, 2560, 12, 10, 5, None),
    size(12, "Private-L", Tier::Private, 14336, 50, 10, 5, None),
    size(13, "Private-L-RAM", Tier::Private, 30720, 24, 10, 5, None),
    size(14, "Private-XL", Tier::Private, 63488, 50, 10, 5, None),
    size(15, "Private-2XL", Tier::Private, 129024, 100, 10, 5, None),
    size(16, "Shield-S", Tier::Shield, 1024, 12, 10, 5, None),
    size(17, "Shield-M", Tier::Shield, 2560, 12, 10, 5, None),
    size(18, "Shield-L", Tier::Shield, 14336, 50, 10, 5, None),
    size(19, "Shield-L-RAM", Tier::Shield, 30720, 24, 10, 5, None),
    size(20, "Shield-XL", Tier::Shield, 63488, 50, 10, 5, None),
    size(21, "Shield-2XL", Tier::Shield, 129024, 100, 10, 5, None),
    size(22, "dyno-1c-0.5gb", Tier::Fir, 512, 1, 255, 255, None),
    size(23, "dyno-2c-1gb", Tier::Fir, 1024, 2, 255, 255, None),
    size(24, "dyno-1c-4gb", Tier::Fir, 4096, 1, 255, 255, None),
    size(25, "dyno-2c-8gb", Tier::Fir, 8192, 2, 255, 255, None),
    size(26, "dyno-4c-16gb", Tier::Fir, 16384, 4, 255, 255, None),
    size(27, "dyno-8c-32gb", Tier::Fir, 32768, 8, 255, 255, None),
    size(28, "dyno-16c-64gb", Tier::Fir, 65536, 16, 255, 255, None),
    size(29, "dyno-2c-4gb", Tier::Fir, 4096, 2, 255, 255, None),
    size(30, "dyno-4c-8gb", Tier::Fir, 8192, 4, 255, 255, None),
    size(31, "dyno-8c-16gb", Tier::Fir, 16384, 8, 255, 255, None),
    size(32, "dyno-16c-32gb", Tier::Fir, 32768, 16, 255, 255, None),
    size(33, "dyno-32c-64gb", Tier::Fir, 65536, 32, 255, 255, None),
    size(34, "dyno-1c-8gb", Tier::Fir, 8192, 1, 255, 255, None),
    size(35, "dyno-2c-16gb", Tier::Fir, 16384, 2, 255, 255, None),
    size(36, "dyno-4c-32gb", Tier::Fir, 32768, 4, 255, 255, None),
    size(37, "dyno-8c-64gb", Tier::Fir, 65536, 8, 255, 255, None),
    size(38, "dyno-16c-128gb", Tier::Fir, 131072, 16, 255, 255, None),
];

/// The size of this name, in any case. Source: platform-api 5.2 (TF: requests are case-insensitive).
#[must_use]
pub fn find_size(name: &str) -> Option<&'static SizeClass> {
    SIZES.iter().find(|size| size.name.eq_ignore_ascii_case(name))
}

/// Where an app runs, which decides the sizes that it may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The Common Runtime of Cedar.
    Common,
    /// A Private Space of Cedar.
    PrivateSpace,
    /// A Shield Space of Cedar.
    ShieldSpace,
    /// A space of the Fir generation.
    Fir,
}

impl Place {
    /// Whether dynos here have images, and names that do not survive a restart.
    #[must_use]
    pub fn is_fir(self) -> bool {
        self == Self::Fir
    }

    /// The sizes that an app here may use.
    pub fn sizes(self) -> impl Iterator<Item = &'static SizeClass> {
        SIZES.iter().filter(move |size| match self {
            Self::Common => matches!(size.tier, Tier::Eco | Tier::Basic | Tier::Production),
            // platform-api 5.2 [CLI]: in a Shield space the API stores and answers `Private-*`.
            Self::PrivateSpace | Self::ShieldSpace => size.tier == Tier::Private,
            Self::Fir => size.tier == Tier::Fir,
        })
    }

    /// The size that a process type gets unless somebody says otherwise.
    #[must_use]
    pub fn size_by_default(self) -> &'static SizeClass {
        let name = match self {
            Self::Common => "Standard-1X",
            Self::PrivateSpace | Self::ShieldSpace => "Private-S",
            Self::Fir => "dyno-1c-0.5gb",
        };
        find_size(name).expect("the default sizes stand in the table")
    }

    /// How many dynos an app may have over all process types. Source: platform-api 9 (2024-12).
    #[must_use]
    pub fn per_app_max(self) -> u32 {
        if self.is_fir() { 255 } else { 100 }
    }

    /// The size of this name or id, if an app here may use it.
    ///
    /// # Errors
    ///
    /// 422 `invalid_params`, in the words of 2015; today's exact text is not known. Old names (`1X`, `PX`, `Hobby`) are
    /// refused, since it is not known whether any of them is still taken. Source: platform-api 2, 9 (UNCONFIRMED).
    pub fn size(self, name: &str) -> Result<&'static SizeClass, Refusal> {
        // platform-api 5.2 [CLI]: `ps:type` sends `Shield-*` as typed.
        let shield =
            self == Self::ShieldSpace && name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("shield-"));
        let spelled = if shield { format!("Private-{}", &name[7..]) } else { name.to_owned() };
        let by_id = Uuid::parse_str(&spelled).ok();
        self.sizes().find(|size| size.name.eq_ignore_ascii_case(&spelled) || Some(size.id()) == by_id).ok_or_else(
            || {
                let names: Vec<&str> = self.sizes().map(|size| size.name).collect();
                let (last, others) = names.split_last().expect("every place has sizes");
                let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
                Refusal::invalid_params(format!(
                    "No such size as {shown}. Available dyno sizes are {} and {last}.",
                    others.join(", ")
                ))
            },
        )
    }
}
