//! From a status and a body to what went wrong.

use crate::{Body, ErrorKind};
use http::StatusCode;
use serde_json::Value;

/// Heroku's explanation, as far as it came and was JSON. An HTML page gives one without anything in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) id: String,
    pub(super) message: String,
    resource: Option<String>,
    limit: Option<u32>,
}

impl Explanation {
    pub(super) fn of(body: &Body) -> Self {
        let Body::Whole(bytes) = body else { return Self::default() };
        let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else { return Self::default() };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        let limit = fields.get("limit").and_then(|limit| match limit {
            Value::String(text) => text.parse().ok(),
            other => other.as_u64().and_then(|limit| u32::try_from(limit).ok()),
        });
        Self {
            id: text("id").unwrap_or_default(),
            message: text("message").unwrap_or_default(),
            resource: text("resource").filter(|resource| !resource.is_empty()),
            limit,
        }
    }

    /// The same, with every secret that we sent taken out, should whoever answered have echoed it.
    pub(super) fn without(mut self, secrets: &[&str]) -> Self {
        let clean = |text: String| redact(&text, secrets).unwrap_or(text);
        self.message = clean(self.message);
        self.id = clean(self.id);
        self.resource = self.resource.map(clean);
        self
    }

    /// Source: Platform API reference, *error responses*; ids seen since are in the table below.
    pub(super) fn kind(&self, status: StatusCode) -> ErrorKind {
        match (status.as_u16(), self.id.as_str()) {
            (401, _) => ErrorKind::Unauthorized,
            (403, "two_factor") => ErrorKind::TwoFactor,
            (402 | 403, "suspended") => ErrorKind::Suspended,
            (402, _) | (403, "delinquent") | (403 | 422, "verification_required" | "verification_needed") => {
                ErrorKind::Delinquent
            }
            (403, _) => ErrorKind::Forbidden,
            (404, _) => ErrorKind::NotFound { resource: self.resource.clone() },
            (409, _) => ErrorKind::Conflict,
            (422, id) => ErrorKind::Invalid { id: id.to_owned(), message: self.message.clone(), limit: self.limit },
            (429, _) => ErrorKind::RateLimited,
            (status @ 500..=599, _) => ErrorKind::Server { status },
            (status, _) => ErrorKind::Unexpected { status },
        }
    }
}

/// Fewer characters than these are no secret, and stand in many a word.
const SECRET_BYTES_MIN: usize = 4;

/// A text without these secrets; none where it holds none of them.
pub(super) fn redact(text: &str, secrets: &[&str]) -> Option<String> {
    let is_in = |secret: &&str| secret.len() >= SECRET_BYTES_MIN && text.contains(secret);
    let mut secrets: Vec<&str> = secrets.iter().copied().filter(|secret| is_in(secret)).collect();
    if secrets.is_empty() {
        return None;
    }
    // The longest first: a short one that is a part of it would leave the rest of it behind.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    Some(secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[secret]")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn kind(status: u16, body: &str) -> ErrorKind {
        let body = Body::Whole(Bytes::copy_from_slice(body.as_bytes()));
        Explanation::of(&body).kind(StatusCode::from_u16(status).unwrap())
    }

    #[test]
    fn every_status_and_id_has_its_kind() {
        let invalid =
            |id: &str, message: &str, limit| ErrorKind::Invalid { id: id.into(), message: message.into(), limit };
        for (status, body, wanted) in [
            (401, r#"{"id":"unauthorized","message":"Invalid credentials provided."}"#, ErrorKind::Unauthorized),
            (402, r#"{"id":"delinquent","message":"m"}"#, ErrorKind::Delinquent),
            (402, r#"{"id":"verification_required","message":"m","url":"https://x"}"#, ErrorKind::Delinquent),
            (403, r#"{"id":"forbidden","message":"m"}"#, ErrorKind::Forbidden),
            (403, r#"{"id":"something_new","message":"m"}"#, ErrorKind::Forbidden),
            (403, r#"{"id":"suspended","message":"m"}"#, ErrorKind::Suspended),
            (403, r#"{"id":"two_factor","message":"m","app":{"name":"shop"}}"#, ErrorKind::TwoFactor),
            (
                404,
                r#"{"resource":"app","id":"not_found","message":"Couldn't find that app."}"#,
                ErrorKind::NotFound { resource: Some("app".into()) },
            ),
            (404, r#"{"id":"not_found","message":"m"}"#, ErrorKind::NotFound { resource: None }),
            (404, "<html>nginx</html>", ErrorKind::NotFound { resource: None }),
            (409, r#"{"id":"conflict","message":"m"}"#, ErrorKind::Conflict),
            (422, r#"{"id":"invalid_params","message":"m"}"#, invalid("invalid_params", "m", None)),
            (
                422,
                r#"{"id":"cannot_update_above_limit","message":"m","limit":1}"#,
                invalid("cannot_update_above_limit", "m", Some(1)),
            ),
            (
                422,
                r#"{"limit":2,"size":11,"id":"cannot_run_above_limit","message":"m","url":"u"}"#,
                invalid("cannot_run_above_limit", "m", Some(2)),
            ),
            (422, r#"{"id":7,"message":["odd"],"limit":-1}"#, invalid("", "", None)),
            (422, r#"{"id":"x","message":"m","limit":"10"}"#, invalid("x", "m", Some(10))),
            (422, "<html>", invalid("", "", None)),
            (422, r#"{"id":"verification_needed"}"#, ErrorKind::Delinquent),
            (429, r#"{"id":"rate_limit","message":"m"}"#, ErrorKind::RateLimited),
            (429, "", ErrorKind::RateLimited),
            (500, r#"{"id":"internal_server_error"}"#, ErrorKind::Server { status: 500 }),
            (503, "<!DOCTYPE html><title>Application Error</title>", ErrorKind::Server { status: 503 }),
            (599, "\u{0}\u{1}", ErrorKind::Server { status: 599 }),
            (400, r#"{"id":"bad_request"}"#, ErrorKind::Unexpected { status: 400 }),
            (406, r#"{"id":"not_acceptable"}"#, ErrorKind::Unexpected { status: 406 }),
            (410, "", ErrorKind::Unexpected { status: 410 }),
            (412, "", ErrorKind::Unexpected { status: 412 }),
            (416, "", ErrorKind::Unexpected { status: 416 }),
            (423, r#"{"id":"confirmation_required"}"#, ErrorKind::Unexpected { status: 423 }),
            (302, "<html>moved</html>", ErrorKind::Unexpected { status: 302 }),
        ] {
            assert_eq!(kind(status, body), wanted, "{status} {body}");
        }
    }

    #[test]
    fn an_explanation_that_did_not_come_whole_still_has_its_status() {
        for body in [Body::TooLong, Body::TimedOut] {
            assert_eq!(Explanation::of(&body).kind(StatusCode::FORBIDDEN), ErrorKind::Forbidden);
        }
    }

    #[test]
    fn an_echoed_secret_is_taken_out() {
        let body = Body::Whole(Bytes::from_static(br#"{"id":"x","message":"Bearer HRKU-pl4nted is bad"}"#));
        assert_eq!(Explanation::of(&body).without(&["HRKU-pl4nted"]).message, "Bearer [secret] is bad");
        // Whatever order they come in, none is left in half because another one is a part of it.
        let both = Explanation::of(&body).without(&["HRKU", "HRKU-pl4nted"]);
        assert_eq!(both.message, "Bearer [secret] is bad");
    }
}
