//! `/apps/{app}/dynos`: looking at dynos, restarting them, running one-offs. Source: platform-api 5.3.

use super::call::{Answer, Call, wrong};
use super::range::{self, Key, Sortable};
use super::wire::{self, Named};
use crate::world::{App, Attach, Dyno, OneOffRequest, Refusal, World};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Serialize)]
struct DynoBody<'a> {
    app: Named<'a>,
    attach_url: Option<String>,
    command: &'a str,
    created_at: String,
    id: Uuid,
    name: &'a str,
    release: ReleaseRef,
    size: &'a str,
    state: &'a str,
    #[serde(rename = "type")]
    process_type: &'a str,
    updated_at: String,
}

#[derive(Serialize)]
struct ReleaseRef {
    id: Uuid,
    version: u64,
}

fn body<'a>(app: &'a App, dyno: &'a Dyno) -> DynoBody<'a> {
    DynoBody {
        app: Named::app(app),
        attach_url: None,
        command: &dyno.command,
        created_at: wire::time(dyno.created_at),
        id: dyno.id,
        name: &dyno.name,
        release: ReleaseRef { id: dyno.release_id, version: dyno.release_version },
        size: dyno.size.name,
        state: dyno.state.as_str(),
        process_type: dyno.process_type.as_str(),
        updated_at: wire::time(dyno.updated_at),
    }
}

pub(super) fn list(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let sortable = Sortable {
        by: &["id", "name"],
        key: |dyno: &&Dyno, by: &str| match by {
            "name" => Key::Text(dyno.name.clone()),
            _ => Key::Id(dyno.id),
        },
    };
    range::page(call, app.dynos().iter().collect(), &sortable, |dyno| body(app, dyno))
}

pub(super) fn read(world: &World, call: &Call<'_>, app: &str, dyno: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let found = app.dyno(dyno).ok_or_else(|| Refusal::not_found("dyno"))?;
    Ok(Answer::read(&body(app, found)))
}

/// Starts a one-off. Null stands for every optional field that is left out. Source: platform-api 5.3 (S26, REC).
pub(super) fn run(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let time_to_live = call
        .field("time_to_live")
        .map(|value| value.as_u64().ok_or_else(|| wrong("time_to_live", "a positive integer")))
        .transpose()?;
    let attach = if call.yes_or_no("attach")? == Some(true) { Attach::Yes } else { Attach::No };
    let request = OneOffRequest {
        command: call.text("command")?.ok_or_else(|| wrong("command", "a string"))?.to_owned(),
        size: call.text("size")?.map(str::to_owned),
        process_type: call.text("type")?.map(str::to_owned),
        time_to_live,
        env: env(call)?,
        attach,
    };
    let dyno = world.run_one_off(&id, &request)?;
    let mut body = body(call.app(world, &id)?, &dyno);
    // platform-api 5.3 [S26, CLI]; nothing listens there in this world.
    body.attach_url =
        (attach == Attach::Yes).then(|| format!("rendezvous://rendezvous.runtime.heroku.com:5000/{}", dyno.id));
    Ok(Answer::done(201, &body))
}

/// An object of strings, keys `^\w+$`. Source: platform-api 5.3 (S26).
fn env(call: &Call<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(value) = call.field("env") else { return Ok(BTreeMap::new()) };
    let object = value.as_object().ok_or_else(|| wrong("env", "an object of strings"))?;
    let word = |key: &str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let pair = |(key, value): (&String, &Value)| match value {
        Value::String(text) if word(key) => Ok((key.clone(), text.clone())),
        _ => Err(wrong("env", "an object of strings")),
    };
    object.iter().map(pair).collect()
}

pub(super) fn restart(world: &mut World, call: &Call<'_>, app: &str, dyno: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    world.restart_dyno(&id, dyno)?;
    Ok(Answer::accepted())
}

pub(super) fn restart_all(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let restarted = world.restart_all(&id)?;
    Ok(Answer { changed: restarted > 0, ..Answer::accepted() })
}

pub(super) fn restart_type(world: &mut World, call: &Call<'_>, app: &str, process: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let restarted = world.restart_type(&id, process)?;
    Ok(Answer { changed: restarted > 0, ..Answer::accepted() })
}
