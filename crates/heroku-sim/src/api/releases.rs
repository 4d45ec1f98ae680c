//! `/apps/{app}/releases`: the list, one release, a new one, a rollback. Source: platform-api 5.4, 6.

use super::accept::Variant;
use super::call::{Answer, Call, wrong};
use super::range::{self, Key, Sortable};
use super::wire::{self, Just, Named, User};
use crate::world::{App, Refusal, Release, World};
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
struct ReleaseBody<'a> {
    addon_plan_names: [&'a str; 0],
    app: Named<'a>,
    artifacts: Vec<Artifact>,
    created_at: String,
    current: bool,
    description: &'a str,
    eligible_for_rollback: bool,
    id: Uuid,
    /// `None`: the variant does not have the field; `Some(None)`: null.
    #[serde(skip_serializing_if = "Option::is_none")]
    oci_image: Option<Option<Just>>,
    output_stream_url: Option<String>,
    slug: Option<Just>,
    status: &'a str,
    updated_at: String,
    user: User<'a>,
    version: u64,
}

#[derive(Serialize)]
struct Artifact {
    id: Uuid,
    #[serde(rename = "type")]
    kind: &'static str,
}

fn body<'a>(world: &'a World, app: &'a App, release: &'a Release, variant: Variant) -> ReleaseBody<'a> {
    let fir = app.place().is_fir();
    let code = release.content.slug.filter(|_| !app.is_container());
    let kind = if fir { "oci-image" } else { "slug" };
    // platform-api 5.4: `oci_image` under `3.sdk`; `slug` is null on Fir, before the first deploy, and of a container.
    let image = code.filter(|_| fir).map(|id| Just { id });
    let url = || format!("https://release-output.heroku.com/streams/{}", release.id);
    ReleaseBody {
        addon_plan_names: [],
        app: Named::app(app),
        artifacts: code.into_iter().map(|id| Artifact { id, kind }).collect(),
        created_at: wire::time(release.created_at),
        current: app.current_release().version == release.version,
        description: &release.description,
        eligible_for_rollback: app.would_roll_back_to(release),
        id: release.id,
        oci_image: (variant == Variant::Sdk).then_some(image),
        output_stream_url: release.has_output.then(url),
        slug: code.filter(|_| !fir).map(|id| Just { id }),
        status: release.status.as_str(),
        updated_at: wire::time(release.updated_at),
        user: User::of(&world.accounts()[release.user]),
        version: release.version,
    }
}

/// Oldest first unless asked otherwise, 200 a page: on a long list the newest is not on page one.
/// Source: platform-api 4.
pub(super) fn list(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let sortable = Sortable {
        by: &["version", "id"],
        key: |release: &&Release, by: &str| match by {
            "id" => Key::Id(release.id),
            _ => Key::Number(release.version),
        },
    };
    range::page(call, app.releases().collect(), &sortable, |release| body(world, app, release, call.variant))
}

/// By id, or by version without `v`. Source: platform-api 1 (S26).
fn find<'a>(app: &'a App, id_or_version: &str) -> Result<&'a Release, Refusal> {
    let by_version = id_or_version.parse().ok().and_then(|version| app.release(version));
    let by_id = || {
        let id = Uuid::parse_str(id_or_version).ok()?;
        app.releases().find(|release| release.id == id)
    };
    by_version.or_else(by_id).ok_or_else(|| Refusal::not_found("release"))
}

pub(super) fn read(world: &World, call: &Call<'_>, app: &str, release: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    Ok(Answer::read(&body(world, app, find(app, release)?, call.variant)))
}

/// The config vars as of that release. Source: platform-api 5.4.
pub(super) fn config(world: &World, call: &Call<'_>, app: &str, release: &str) -> Result<Answer, Refusal> {
    Ok(Answer::read(&*find(call.app(world, app)?, release)?.content.config))
}

/// A rollback where there is `release`, otherwise a new release of a slug or image. Source: platform-api 5.4.
pub(super) fn create(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let (id, fir) = (app.id().to_string(), app.place().is_fir());
    let version = match call.text("release")? {
        Some(target) => {
            // An id is wanted; a version number, or `v12`, failed when somebody tried. // platform-api 5.4
            let target = Uuid::parse_str(target).map_err(|_| wrong("release", "the id of a release"))?;
            world.roll_back_to(&id, target, call.account)?
        }
        None => {
            // Cedar wants a slug, Fir an image. // platform-api 6 [S25, S26, TF]
            let field = if fir { "oci_image" } else { "slug" };
            let code = call.text(field)?.and_then(|text| Uuid::parse_str(text).ok());
            let code = code.ok_or_else(|| wrong(field, "an id"))?;
            let description = call.text("description")?.map(|text| text.chars().take(1000).collect());
            world.release_slug(&id, code, description, call.account)?
        }
    };
    let app = call.app(world, &id)?;
    let made = app.release(version).expect("the release was just made");
    Ok(Answer::done(201, &body(world, app, made, call.variant)))
}
