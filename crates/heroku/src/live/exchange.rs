//! One request and its answer: headers, budget, counts, and what a failure means.

use super::refusal::{Explanation, redact};
use super::{Live, Shared};
use crate::budget::{Permit, Refused};
use crate::wire::Misread;
use crate::{Answer, Body, Call, Error, ErrorKind, Request, Response, Sent, TransportError};
use bytes::Bytes;
use flyball_model::Timestamp;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, IF_NONE_MATCH, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The request's id: ours on the way out, a chain of ids with ours in it on the way back.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// Tokens left in the account's bucket.
const RATE_LIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// Which shapes Heroku answers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// The documented version.
    Three,
    /// What the official CLI asks for: with images and generations, which Fir needs.
    Sdk,
}

impl Variant {
    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::Three => "application/vnd.heroku+json; version=3",
            Self::Sdk => "application/vnd.heroku+json; version=3.sdk",
        }
    }
}

/// What is to be sent.
#[derive(Clone)]
pub(super) struct Ask<'a> {
    pub(super) call: &'a Call,
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) variant: Variant,
    pub(super) range: Option<String>,
    pub(super) if_none_match: Option<HeaderValue>,
    pub(super) body: Option<&'a Value>,
    /// How long it may take, where that is less than the call's own limit.
    pub(super) within: Option<Duration>,
    /// What beside the token must not be shown, should an answer echo it.
    pub(super) secrets: &'a [&'a str],
}

impl<'a> Ask<'a> {
    pub(super) fn new(call: &'a Call, method: Method, path: &'a [&'a str], variant: Variant) -> Self {
        Self { call, method, path, variant, range: None, if_none_match: None, body: None, within: None, secrets: &[] }
    }

    /// The same, to be answered within this time.
    pub(super) fn within(&self, time: Duration) -> Self {
        Self { within: Some(time), ..self.clone() }
    }
}

impl Live {
    /// Sends one request, once. The answer is a success, or a 304 if `if_none_match` was given.
    pub(super) async fn exchange(&self, ask: Ask<'_>) -> Result<Response, Error> {
        let call = ask.call;
        let conditional = ask.if_none_match.is_some();
        let stopped = |kind| self.about_the_token(Error::new(call.clone(), kind));
        self.stop().check((self.shared.clock)()).map_err(stopped)?;
        let asked = (self.shared.clock)();
        // Asking how many calls are left costs none.
        let permit = match call {
            Call::RateLimit => None,
            _ => Some(self.permit(&ask).await?),
        };
        let began = (self.shared.clock)();
        // Once more, because the refusal may have come while this call waited for its token.
        let passed = self.stop().pass(began);
        if let Err(kind) = passed {
            if let Some(permit) = permit {
                permit.unsent();
            }
            return Err(stopped(kind));
        }
        // What was waited for a token is a part of what the call may take.
        let request = self.request(&ask, self.limit(&ask).saturating_sub(began.since(asked)));
        self.count(|stats| *stats.calls.entry(call.name()).or_default() += 1);
        let mut sent = self.shared.transport.send(request).await;
        if let Ok(response) = &mut sent {
            self.redact(&ask, response);
        }
        let now = (self.shared.clock)();
        if let Ok(response) = &sent {
            self.count(|stats| stats.answered = Some((now, response.status.as_u16())));
        }
        match (&sent, permit) {
            (Err(TransportError::NotSent(_)), Some(permit)) => permit.unsent(),
            (Ok(response), Some(permit)) if response.status == StatusCode::TOO_MANY_REQUESTS => {
                permit.limited(remaining(&response.headers), now);
            }
            (Ok(response), Some(permit)) => permit.answered(remaining(&response.headers), now),
            (Err(_), _) | (Ok(_), None) => {}
        }
        let result = match sent {
            Err(failure) => Err(failed(call, failure)),
            Ok(response) if response.status.is_success() => Ok(response),
            Ok(response) if conditional && response.status == StatusCode::NOT_MODIFIED => Ok(response),
            Ok(response) => Err(self.refused(&ask, &response)),
        };
        match &result {
            Err(error) if error.is_unauthorized() => self.stop().refused(began),
            // Whoever is refused for another reason is known to Heroku.
            Err(error) if error.sent() != Sent::Refused => {}
            Ok(_) | Err(_) => self.stop().taken(),
        }
        self.note(call, &result, now.since(began));
        result
    }

    /// A token for this call. Until Heroku has said how many there are, monitors queue for it, but not longer
    /// than a call may take.
    async fn permit(&self, ask: &Ask<'_>) -> Result<Permit, Error> {
        let Shared { budget, clock, .. } = &*self.shared;
        let limit = self.limit(ask);
        let taken = tokio::time::timeout(limit, budget.take_when_told(self.caller, || clock())).await;
        let wait = match taken {
            Ok(Ok(permit)) => return Ok(permit),
            Ok(Err(Refused::Short(wait))) => wait,
            Ok(Err(Refused::Untold)) | Err(_) => limit,
        };
        self.count(|stats| stats.over_budget += 1);
        Err(Error::new(ask.call.clone(), ErrorKind::OverBudget { wait }))
    }

    /// How long what is asked may take.
    fn limit(&self, ask: &Ask<'_>) -> Duration {
        let own = self.deadline(ask.call);
        ask.within.map_or(own, |within| within.min(own))
    }

    fn request(&self, ask: &Ask<'_>, deadline: Duration) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(ask.variant.accept()));
        headers.insert(AUTHORIZATION, self.shared.token.bearer());
        headers.insert(USER_AGENT, self.shared.user_agent.clone());
        if let Ok(id) = HeaderValue::try_from((self.shared.request_ids)()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(range) = ask.range.as_ref().and_then(|range| HeaderValue::try_from(range).ok()) {
            headers.insert(RANGE, range);
        }
        if let Some(etag) = &ask.if_none_match {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        let body = ask.body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        if ask.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let url = self.shared.base.at(ask.path);
        Request { method: ask.method.clone(), url, headers, body, deadline }
    }

    /// What we sent in secret, should whoever answers echo it.
    fn secrets<'a>(&'a self, ask: &Ask<'a>) -> Vec<&'a str> {
        let mut secrets = vec![self.shared.token.expose()];
        secrets.extend(ask.secrets);
        secrets
    }

    /// Takes what we sent in secret out of an answer, before anybody reads it.
    fn redact(&self, ask: &Ask<'_>, response: &mut Response) {
        let secrets = self.secrets(ask);
        for value in response.headers.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes());
            // What was no text stays as it is: it is shown nowhere.
            if let Some(clean) = redact(&text, &secrets).and_then(|clean| HeaderValue::try_from(clean).ok()) {
                *value = clean;
            }
        }
        // The token alone: a short secret, such as a variable with `true` in it, would break the body's own words.
        if let Body::Whole(bytes) = &mut response.body
            && let Ok(text) = std::str::from_utf8(bytes)
            && let Some(clean) = redact(text, &secrets[..1])
        {
            *bytes = Bytes::from(clean);
        }
    }

    fn refused(&self, ask: &Ask<'_>, response: &Response) -> Error {
        let explanation = Explanation::of(&response.body).without(&self.secrets(ask));
        let (request_id, date) = about(&response.headers);
        let error = Error::new(ask.call.clone(), explanation.kind(response.status))
            .with_refusal(response.status.as_u16(), &explanation.id)
            .with_message(&explanation.message)
            .with_answer(request_id, date);
        self.about_the_token(error)
    }

    fn about_the_token(&self, error: Error) -> Error {
        match &self.token_from {
            Some(source) if error.is_unauthorized() => error.with_token_from(Arc::clone(source)),
            Some(_) | None => error,
        }
    }

    fn note(&self, call: &Call, result: &Result<Response, Error>, took: Duration) {
        let (name, app) = (call.name(), call.app().map(tracing::field::display));
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match result {
            Ok(response) => {
                let status = response.status.as_u16();
                if response.status == StatusCode::NOT_MODIFIED {
                    self.count(|stats| stats.not_modified += 1);
                }
                let request_id = about(&response.headers).0;
                tracing::debug!(call = name, app.name = app, status, request_id, took_ms, "Heroku answered");
            }
            Err(error) => {
                self.count(|stats| stats.failed += 1);
                tracing::debug!(call = name, app.name = app, %error, took_ms, "a call to Heroku failed");
            }
        }
    }
}

/// The whole body of a success, which alone can be understood.
pub(super) fn whole(call: &Call, headers: &HeaderMap, body: Body) -> Result<Bytes, Error> {
    let failed = |kind| {
        let (request_id, date) = about(headers);
        Error::new(call.clone(), kind).with_answer(request_id, date)
    };
    match body {
        Body::Whole(bytes) if bytes.len() <= crate::BODY_MAX => Ok(bytes),
        Body::Whole(_) | Body::TooLong => Err(failed(ErrorKind::Unreadable).with_message("it is too long")),
        Body::Broken(source) => Err(failed(ErrorKind::Broken).with_source(source)),
        Body::TimedOut => Err(failed(ErrorKind::TimedOut)),
    }
}

/// An error about a success that was not understood; names the place, never the value.
pub(super) fn unreadable(call: &Call, headers: &HeaderMap, misread: &Misread) -> Error {
    let (request_id, date) = about(headers);
    Error::new(call.clone(), ErrorKind::Unreadable).with_message(&misread.to_string()).with_answer(request_id, date)
}

/// The value with what came beside it.
pub(super) fn answer<T>(value: T, headers: &HeaderMap) -> Answer<T> {
    let (request_id, date) = about(headers);
    Answer { value, left_out: 0, request_id, date }
}

fn failed(call: &Call, failure: TransportError) -> Error {
    let kind = match failure {
        TransportError::NotSent(_) => ErrorKind::Connect,
        TransportError::MaybeSent(_) => ErrorKind::Broken,
        TransportError::TimedOut { .. } => ErrorKind::TimedOut,
    };
    Error::new(call.clone(), kind).with_source(failure)
}

fn about(headers: &HeaderMap) -> (Option<String>, Option<Timestamp>) {
    let request_id = headers.get(REQUEST_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
    (request_id.map(|id| crate::text::clean(&id, 1_000)), headers.get(DATE).and_then(date))
}

fn date(value: &HeaderValue) -> Option<Timestamp> {
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value.as_bytes()).ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

fn remaining(headers: &HeaderMap) -> Option<u32> {
    headers.get(RATE_LIMIT_REMAINING)?.to_str().ok()?.trim().parse().ok()
}
