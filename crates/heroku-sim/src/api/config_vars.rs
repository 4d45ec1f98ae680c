//! `/apps/{app}/config-vars`: every change makes a release. Source: platform-api 5.7 (S26, LOG).

use super::call::{Answer, Call, wrong};
use crate::world::{Refusal, World};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) fn read(world: &World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    Ok(Answer::read(call.app(world, app)?.config()))
}

/// Merges; null removes; answers the whole set.
pub(super) fn change(world: &mut World, call: &Call<'_>, app: &str) -> Result<Answer, Refusal> {
    let id = call.app(world, app)?.id().to_string();
    let var = |(key, value): (&String, &Value)| match value {
        Value::Null => Ok((key.clone(), None)),
        Value::String(text) => Ok((key.clone(), Some(text.clone()))),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Err(wrong(key, "a string or null")),
    };
    let vars: BTreeMap<String, Option<String>> = call.body.iter().map(var).collect::<Result<_, _>>()?;
    if vars.is_empty() {
        return read(world, call, &id);
    }
    world.set_config_as(&id, &vars, call.account)?;
    Ok(Answer::done(200, call.app(world, &id)?.config()))
}
