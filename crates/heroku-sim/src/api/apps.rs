//! `/apps`: what an app is, and maintenance mode. Source: platform-api 5.1 (S25, S26).

use super::accept::Variant;
use super::call::{Answer, Call, wrong};
use super::range::{self, Key, Sortable};
use super::wire::{self, Named, User};
use crate::world::{App, Changed, Maintenance, Place, Refusal, World};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

#[derive(Serialize)]
struct AppBody<'a> {
    acm: bool,
    archived_at: Option<&'a str>,
    build_stack: Named<'a>,
    buildpack_provided_description: &'a str,
    created_at: String,
    generation: GenerationBody,
    git_url: String,
    id: Uuid,
    internal_routing: Option<bool>,
    maintenance: bool,
    name: &'a str,
    organization: Option<&'a str>,
    owner: User<'a>,
    region: Named<'a>,
    released_at: String,
    repo_size: u64,
    slug_size: u64,
    space: Option<SpaceBody>,
    stack: Named<'a>,
    team: Option<&'a str>,
    updated_at: String,
    web_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_tier: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_build_architecture: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buildpacks: Option<[Named<'a>; 0]>,
}

/// An object in `3`, a text in `3.sdk`. Source: platform-api 1.
enum GenerationBody {
    Object(Named<'static>),
    Text(&'static str),
}

impl Serialize for GenerationBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(named) => named.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[derive(Serialize)]
struct SpaceBody {
    id: Uuid,
    name: &'static str,
    shield: bool,
}

fn body<'a>(world: &'a World, app: &'a App, variant: Variant) -> AppBody<'a> {
    let fir = app.place().is_fir();
    let stack = || {
        let (number, name) = if fir { (2, "cnb") } else { (1, "heroku-24") };
        Named { id: Uuid::from_u128(0x7e04_461d_ec81_4bdd_8b37_0000_0000_0000 | number), name }
    };
    let generation = Named::generation(fir);
    let sdk = variant == Variant::Sdk;
    AppBody {
        acm: false,
        archived_at: None,
        build_stack: stack(),
        buildpack_provided_description: "Rust",
        created_at: wire::time(app.created_at),
        generation: if sdk { GenerationBody::Text(generation.name) } else { GenerationBody::Object(generation) },
        git_url: format!("https://git.heroku.com/{}.git", app.name()),
        id: app.id(),
        internal_routing: None,
        maintenance: app.in_maintenance(),
        name: app.name().as_str(),
        organization: None,
        owner: User::of(&world.accounts()[app.owner]),
        region: Named { id: Uuid::from_u128(0x59ac_cabd_516d_4f0e_83e6_6e37_5770_1145), name: "us" },
        released_at: wire::time(app.released_at),
        repo_size: 0,
        slug_size: 31_415_926,
        space: space(app.place()),
        stack: stack(),
        team: None,
        updated_at: wire::time(app.updated_at),
        web_url: format!("https://{}.herokuapp.com/", app.host_label()),
        process_tier: sdk.then(|| app.tier().as_str()),
        current_build_architecture: sdk.then_some(["amd64"]),
        buildpacks: sdk.then_some([]),
    }
}

fn space(place: Place) -> Option<SpaceBody> {
    let space = |number: u128, name, shield| {
        Some(SpaceBody { id: Uuid::from_u128(0x73bc_e000_0000_4000_8000_0000_0000_0000 | number), name, shield })
    };
    match place {
        Place::Common => None,
        Place::PrivateSpace => space(1, "quiet-space", false),
        Place::ShieldSpace => space(2, "shielded-space", true),
        Place::Fir => space(3, "fir-space", false),
    }
}

/// Apps of the account and those that it may use.
pub(super) fn list(world: &World, call: &Call<'_>) -> Result<Answer, Refusal> {
    let apps: Vec<&App> = world.apps().filter(|app| app.is_open_to(call.account)).collect();
    let sortable = Sortable {
        by: &["id", "name", "updated_at"],
        key: |app: &&App, by: &str| match by {
            "name" => Key::Text(app.name().to_string()),
            "updated_at" => Key::Text(wire::time(app.updated_at)),
            _ => Key::Id(app.id()),
        },
    };
    range::page(call, apps, &sortable, |app| body(world, app, call.variant))
}

pub(super) fn read(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    Ok(Answer::read(&body(world, call.app(world, app)?, call.variant)))
}

/// Maintenance mode and the name; other fields are taken and change nothing.
pub(super) fn change(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let maintenance = call.yes_or_no("maintenance")?;
    let name = call.text("name")?.map(str::to_owned);
    if call.body.get("maintenance").is_some_and(Value::is_null) {
        return Err(wrong("maintenance", "a boolean"));
    }
    let mut changed = false;
    if let Some(name) = name {
        world.rename(&id, &name)?;
        changed = true;
    }
    if let Some(on) = maintenance {
        let wanted = if on { Maintenance::On } else { Maintenance::Off };
        changed |= world.set_maintenance(&id, wanted)? == Changed::Yes;
    }
    let answer = Answer::read(&body(world, call.app(world, &id)?, call.variant));
    Ok(Answer { changed, ..answer })
}

/// A list of something that no app of the stand-in has.
pub(super) fn nothing_of(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    call.app(world, app)?;
    Ok(Answer::read(&[(); 0]))
}
