//! Faults on purpose, as the caller sees them.

use super::{Connection, Reply};
use crate::world::{FaultKind, Refusal};
use serde_json::{Map, Value, json};

/// What a fault makes of an answer that is otherwise complete.
pub(super) fn after(fault: &FaultKind, reply: &mut Reply) {
    match fault {
        FaultKind::Slow(by) => reply.delay += *by,
        FaultKind::CutBefore | FaultKind::CutAfter => reply.connection = Connection::Cut,
        FaultKind::Truncated => reply.body.truncate(reply.body.len() / 2),
        FaultKind::UnknownFields => rewrite(reply, &|object| {
            object.insert("flux_capacitor".to_owned(), json!({ "gigawatts": 1.21, "charged": null }));
        }),
        FaultKind::UnknownStates => rewrite(reply, &|object| {
            for field in ["state", "status"] {
                if object.get(field).is_some_and(Value::is_string) {
                    object.insert(field.to_owned(), json!("levitating"));
                }
            }
        }),
        FaultKind::UnknownSizes => rewrite(reply, &|object| {
            if object.get("size").is_some_and(Value::is_string) {
                object.insert("size".to_owned(), json!("Mega-9X"));
            }
            if let Some(size) = object.get_mut("dyno_size").and_then(Value::as_object_mut) {
                size.insert("name".to_owned(), json!("Mega-9X"));
            }
        }),
        FaultKind::TooMany | FaultKind::Status(_) | FaultKind::Html | FaultKind::Stale(_) | FaultKind::UnknownError => {
        }
    }
}

/// Changes every object of a JSON answer, from the inside out.
fn rewrite(reply: &mut Reply, change: &dyn Fn(&mut Map<String, Value>)) {
    fn walk(value: &mut Value, change: &dyn Fn(&mut Map<String, Value>)) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, change)),
            Value::Object(object) => {
                object.values_mut().for_each(|inner| walk(inner, change));
                change(object);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    if let Ok(mut value) = reply.json() {
        walk(&mut value, change);
        reply.body = serde_json::to_vec(&value).expect("what was parsed can be printed");
    }
}

/// The words of an error that is answered on purpose. Source: platform-api 2 (ids of 500 and 503 are UNCONFIRMED).
pub(super) fn refusal_of(status: u16) -> Refusal {
    match status {
        400 => Refusal::bad_request("Bad request."),
        401 => Refusal::unauthorized(),
        402 => Refusal::new(402, "delinquent", "This account has an unpaid balance."),
        403 => Refusal::new(403, "forbidden", "You do not have access to this resource."),
        404 => Refusal::not_found("app"),
        409 => Refusal::new(409, "conflict", "The request conflicts with the state of the resource. Please retry."),
        422 => Refusal::invalid_params("Invalid params."),
        429 => Refusal::rate_limit(),
        503 => Refusal::new(503, "service_unavailable", "Heroku API is currently unavailable."),
        other => Refusal::new(other, "internal_server_error", "Internal server error."),
    }
}

/// What a router in front of the API gives: not JSON. Source: platform-api 2 (a client must survive it).
pub(super) fn html_page() -> Reply {
    let body = "<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head>\n\
                <body><h1>503 Service Unavailable</h1></body></html>\n";
    let mut reply = Reply::new(503, body);
    reply.headers.push(("Content-Type", "text/html; charset=utf-8".to_owned()));
    reply
}
