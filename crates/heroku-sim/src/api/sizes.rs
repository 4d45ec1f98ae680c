//! `/dyno-sizes`. Source: platform-api 5.5 (S26, stability "prototype").

use super::accept::Variant;
use super::call::{Answer, Call};
use super::range::{self, Key, Sortable};
use super::wire::Named;
use crate::world::{Refusal, SIZES, SizeClass, Tier, World};
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
struct SizeBody {
    architecture: &'static str,
    compute: u32,
    cost: Option<Cost>,
    dedicated: bool,
    generation: Named<'static>,
    id: Uuid,
    /// GB, as a number.
    memory: f64,
    name: &'static str,
    precise_dyno_units: f64,
    private_space_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_dyno_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct Cost {
    cents: u32,
    unit: &'static str,
}

fn body(size: &SizeClass, variant: Variant) -> SizeBody {
    SizeBody {
        architecture: "amd64",
        compute: size.compute,
        cost: size.cents.map(|cents| Cost { cents, unit: "month" }),
        dedicated: size.is_dedicated(),
        generation: Named::generation(size.tier == Tier::Fir),
        id: size.id(),
        memory: f64::from(size.memory_mib) / 1024.0,
        name: size.name,
        precise_dyno_units: f64::from(size.compute),
        private_space_only: matches!(size.tier, Tier::Private | Tier::Shield | Tier::Fir),
        product_dyno_tier: (variant == Variant::Sdk).then(|| size.tier.as_str()),
    }
}

fn page(call: &Call<'_>, sizes: impl Iterator<Item = &'static SizeClass>) -> Result<Answer, Refusal> {
    let sortable = Sortable {
        by: &["id", "name"],
        key: |size: &&'static SizeClass, by: &str| match by {
            "name" => Key::Text(size.name.to_owned()),
            _ => Key::Id(size.id()),
        },
    };
    range::page(call, sizes.collect(), &sortable, |size| body(size, call.variant))
}

pub(super) fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    page(call, SIZES.iter())
}

pub(super) fn read(call: &Call<'_>, name_or_id: &str) -> Result<Answer, Refusal> {
    let id = Uuid::parse_str(name_or_id).ok();
    let found = SIZES.iter().find(|size| size.name.eq_ignore_ascii_case(name_or_id) || Some(size.id()) == id);
    found.map(|size| Answer::read(&body(size, call.variant))).ok_or_else(|| Refusal::not_found("dyno_size"))
}

/// The sizes that an app may use.
pub(super) fn of_app(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let place = call.app(world, app)?.place();
    page(call, place.sizes())
}
