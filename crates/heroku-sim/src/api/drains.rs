//! `/apps/{app}/log-drains`. Source: platform-api 5.6.

use super::call::{Answer, Call, wrong};
use super::range::{self, Key, Sortable};
use super::wire::{self, Named};
use crate::world::{App, Drain, Refusal, World};
use serde::Serialize;
use uuid::Uuid;

#[derive(Serialize)]
struct DrainBody<'a> {
    addon: Option<&'a str>,
    app: Named<'a>,
    created_at: String,
    id: Uuid,
    token: &'a str,
    updated_at: String,
    url: &'a str,
}

fn body<'a>(app: &'a App, drain: &'a Drain) -> DrainBody<'a> {
    let created_at = wire::time(drain.created_at);
    DrainBody {
        addon: None,
        app: Named::app(app),
        updated_at: created_at.clone(),
        created_at,
        id: drain.id,
        token: &drain.token,
        url: &drain.url,
    }
}

pub(super) fn list(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let sortable = Sortable {
        by: &["id", "url"],
        key: |drain: &&Drain, by: &str| match by {
            "url" => Key::Text(drain.url.clone()),
            _ => Key::Id(drain.id),
        },
    };
    range::page(call, app.drains().iter().collect(), &sortable, |drain| body(app, drain))
}

/// By id, URL or token. Source: platform-api 1.
pub(super) fn read(world: &World, call: &Call<'_>, app: &str, drain: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let found =
        app.drains().iter().find(|known| known.is_named(drain)).ok_or_else(|| Refusal::not_found("log_drain"))?;
    Ok(Answer::read(&body(app, found)))
}

pub(super) fn add(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let url = call.text("url")?.ok_or_else(|| wrong("url", "a string"))?;
    let drain = world.add_drain(&id, url)?;
    Ok(Answer::done(201, &body(call.app(world, &id)?, &drain)))
}

/// Answers the drain that is gone. Source: platform-api 5.6.
pub(super) fn remove(world: &mut World, call: &Call<'_>, app: &str, drain: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let gone = world.remove_drain(&id, drain)?;
    Ok(Answer::done(200, &body(call.app(world, &id)?, &gone)))
}
