//! `/apps/{app}/formation`: reading and changing it, in every form that clients send. Source: platform-api 5.2.

use super::call::{Answer, Call, wrong};
use super::range::{self, Key, Sortable};
use super::wire::{self, Named};
use crate::world::{App, Changed, FormationUpdate, Process, QuantityChange, Refusal, World};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

#[derive(Serialize)]
struct FormationBody<'a> {
    app: Named<'a>,
    command: &'a str,
    created_at: String,
    dyno_size: Named<'a>,
    id: Uuid,
    quantity: u32,
    size: &'a str,
    #[serde(rename = "type")]
    process_type: &'a str,
    updated_at: String,
}

fn body<'a>(app: &'a App, process: &'a Process) -> FormationBody<'a> {
    FormationBody {
        app: Named::app(app),
        command: &process.command,
        created_at: wire::time(process.created_at),
        dyno_size: Named { id: process.size.id(), name: process.size.name },
        id: process.id,
        quantity: process.quantity,
        size: process.size.name,
        process_type: process.process_type.as_str(),
        updated_at: wire::time(process.updated_at),
    }
}

pub(super) fn list(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let sortable = Sortable {
        by: &["id", "type"],
        key: |process: &&Process, by: &str| match by {
            "type" => Key::Text(process.process_type.to_string()),
            _ => Key::Id(process.id),
        },
    };
    range::page(call, app.formation().iter().collect(), &sortable, |process| body(app, process))
}

pub(super) fn read(world: &World, call: &Call<'_>, app: &str, process: &str) -> Result<Answer, Refusal> {
    let app = call.app(world, app)?;
    let found = app.process(process).ok_or_else(|| Refusal::no_such_process_type(process))?;
    Ok(Answer::read(&body(app, found)))
}

/// `PATCH /apps/{app}/formation`: a batch, and all entries in the answer. Source: platform-api 5.2 (CLI).
pub(super) fn change_many(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let updates = call.field("updates").and_then(Value::as_array).ok_or_else(|| wrong("updates", "an array"))?;
    let updates: Vec<FormationUpdate> = updates.iter().map(named_update).collect::<Result<_, _>>()?;
    let changed = world.patch_formation(&id, &updates)? == Changed::Yes;
    let app = call.app(world, &id)?;
    let bodies: Vec<FormationBody<'_>> = app.formation().iter().map(|process| body(app, process)).collect();
    Ok(Answer { changed, ..Answer::read(&bodies) })
}

/// `PATCH /apps/{app}/formation/{id_or_type}`
pub(super) fn change_one(world: &mut World, call: &Call<'_>, app: &str, process: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let update = update(process.to_owned(), &call.body)?;
    let changed = world.patch_formation(&id, &[update])? == Changed::Yes;
    Ok(Answer { changed, ..read(world, call, &id, process)? })
}

/// An element of `updates`: names its process type by `type`, or by `process` as in 2014. Source: platform-api 5.2.
fn named_update(value: &Value) -> Result<FormationUpdate, Refusal> {
    let object = value.as_object().ok_or_else(|| wrong("updates", "an array of objects"))?;
    let process = object.get("type").or_else(|| object.get("process")).and_then(Value::as_str);
    update(process.ok_or_else(|| wrong("type", "a process type"))?.to_owned(), object)
}

fn update(process: String, object: &Map<String, Value>) -> Result<FormationUpdate, Refusal> {
    let quantity = object.get("quantity").filter(|value| !value.is_null()).map(quantity).transpose()?;
    Ok(FormationUpdate { process, quantity, size: size(object)? })
}

/// A whole number, or a text: `"2"`, or relative as `"+1"` and `"-1"`. Source: platform-api 5.2 (CLI ps/scale.ts, REC).
fn quantity(value: &Value) -> Result<QuantityChange, Refusal> {
    let parsed = match value {
        Value::Number(number) => number.as_i64().map(QuantityChange::To),
        Value::String(text) => {
            let text = text.trim();
            let relative = text.starts_with(['+', '-']);
            let number: Option<i64> = text.parse().ok();
            number.map(|number| if relative { QuantityChange::By(number) } else { QuantityChange::To(number) })
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    // The exact text is not known. // platform-api 2 [UNCONFIRMED]
    parsed.ok_or_else(|| wrong("quantity", "an integer"))
}

/// `size` as a name, or `dyno_size` as `{name}` or `{id}`; null leaves it. Source: platform-api 5.2 (CLI, TF).
fn size(object: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let given = |field: &str| object.get(field).filter(|value| !value.is_null());
    let named = match given("size").or_else(|| given("dyno_size")) {
        None => return Ok(None),
        Some(Value::Object(size)) => size.get("name").or_else(|| size.get("id")).and_then(Value::as_str),
        Some(other) => other.as_str(),
    };
    named.map(|name| Some(name.to_owned())).ok_or_else(|| wrong("size", "the name of a dyno size"))
}
