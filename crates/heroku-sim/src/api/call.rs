//! One call of the API after the doors: who, what version, which path, which JSON.

use super::Request;
use super::accept::Variant;
use super::wire;
use crate::world::{App, Refusal, World};
use serde::Serialize;
use serde_json::{Map, Value};

/// The longest path that is routed; real ones have at most six parts.
const SEGMENTS_MAX: usize = 12;

/// A call that came through the doors.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) variant: Variant,
    /// Index of the calling account.
    pub(super) account: usize,
    /// The parts of the path, percent-decoded.
    pub(super) segments: Vec<String>,
    /// The body; empty where there is none.
    pub(super) body: Map<String, Value>,
}

impl<'a> Call<'a> {
    pub(super) fn read(request: &'a Request, variant: Variant, account: usize) -> Result<Self, Refusal> {
        let segments: Vec<String> = request
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .take(SEGMENTS_MAX)
            .map(wire::percent_decoded)
            .collect();
        let reads = matches!(request.method.as_str(), "GET" | "HEAD");
        // Clients send a Content-Type and sometimes an empty body on everything. // platform-api 8
        let body = if reads || request.body.iter().all(u8::is_ascii_whitespace) {
            Map::new()
        } else {
            match serde_json::from_slice(&request.body) {
                Ok(Value::Object(body)) => body,
                Ok(_) | Err(_) => return Err(Refusal::bad_request("Request body must be a JSON object.")),
            }
        };
        Ok(Self { request, variant, account, segments, body })
    }

    /// Whether it only reads.
    pub(super) fn is_read(&self) -> bool {
        matches!(self.request.method.as_str(), "GET" | "HEAD")
    }

    /// Whether it costs no token. Source: platform-api 3 (S26).
    pub(super) fn is_free(&self) -> bool {
        self.is_read() && self.segments == ["account", "rate-limits"]
    }

    /// The app of this name or id, if the caller may use it.
    pub(super) fn app<'w>(&self, world: &'w World, name: &str) -> Result<&'w App, Refusal> {
        let app = world.app(name).ok_or_else(|| Refusal::not_found("app"))?;
        if app.is_open_to(self.account) { Ok(app) } else { Err(Refusal::forbidden(name)) }
    }

    /// A field that is there and not null. Clients send null for what they leave out. Source: platform-api 5.3 (REC).
    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A text field.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        self.field(name).map(|value| value.as_str().ok_or_else(|| wrong(name, "a string"))).transpose()
    }

    /// A yes-or-no field. The client heroku3 sends 1 and 0. Source: platform-api 8 (REC).
    pub(super) fn yes_or_no(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        let read = |value: &Value| match (value.as_bool(), value.as_u64()) {
            (Some(yes), _) => Ok(yes),
            (None, Some(number @ (0 | 1))) => Ok(number == 1),
            (None, _) => Err(wrong(name, "a boolean")),
        };
        self.field(name).map(read).transpose()
    }
}

/// 422 for a field of the wrong type.
pub(super) fn wrong(field: &str, expected: &str) -> Refusal {
    Refusal::invalid_params(format!("Invalid params: {field} must be {expected}."))
}

/// What a route answers.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// Whether the world is different now.
    pub(super) changed: bool,
}

impl Answer {
    /// Something that was read.
    pub(super) fn read(body: &impl Serialize) -> Self {
        Self::json(200, body)
    }

    /// Something that was made or changed.
    pub(super) fn done(status: u16, body: &impl Serialize) -> Self {
        Self { changed: true, ..Self::json(status, body) }
    }

    pub(super) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("wire bodies are plain data");
        Self { status, body, headers: Vec::new(), changed: false }
    }

    /// Accepted, with nothing to say: `{}`. Source: platform-api 5.3 (S26, REF14).
    pub(super) fn accepted() -> Self {
        Self { status: 202, body: b"{}".to_vec(), headers: Vec::new(), changed: true }
    }
}
