//! What is answered when something cannot be done: RFC 9457, as a program reads it, with the same words as a page has.

use axum::Json;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flyball_engine::commands::NotConsidered;
use flyball_model::RunState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoResponses, ToSchema};

/// Why something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The status of the answer.
    #[schema(example = 404)]
    pub status: u16,
    /// What cannot be done.
    #[schema(example = "there is no monitor \"pge\"")]
    pub title: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "did you mean \"page\"?")]
    pub hint: Option<String>,
    /// Mistakes of what was sent, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<FieldMistake>,
    /// The status with which Heroku refused what had to be asked for this, where it goes on refusing until a person changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 401)]
    pub refused_with: Option<u16>,
    /// How the run stands that is not in doubt, as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub stands: Option<Box<RunState>>,
    /// After how many seconds it may be tried again.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

/// A mistake in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldMistake {
    /// The field, as a path: `http.url`; empty where it is none of them.
    #[schema(example = "http.url")]
    pub field: String,
    /// What is wrong with it, and what was expected.
    pub words: String,
    /// In which text it stands, where it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "monitor \"page\" (made in pages)")]
    pub file: Option<String>,
    /// The line in it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl FieldMistake {
    /// A mistake of a field that stands in no text.
    pub(crate) fn of(field: &str, words: impl Into<String>) -> Self {
        Self { field: field.to_owned(), words: words.into(), file: None, line: None, column: None }
    }
}

/// What a route that goes by versions may answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made from it")]
pub(crate) enum VersionProblems {
    /// Another version stands by now than `If-Match` names, or something where `If-None-Match: *` takes there to be nothing.
    #[response(status = 412, content_type = "application/problem+json")]
    AnotherVersion(Problem),
    /// `If-Match` must name the version that is changed.
    #[response(status = 428, content_type = "application/problem+json")]
    WhichVersion(Problem),
}

/// What every route may answer instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made from it")]
pub(crate) enum Problems {
    /// The request is not understood.
    #[response(status = 400, content_type = "application/problem+json")]
    NotUnderstood(Problem),
    /// Nobody has signed in, and there is no valid token.
    #[response(status = 401, content_type = "application/problem+json")]
    WhoIsThere(Problem),
    /// The role or the scope does not allow it, or the request comes from a page elsewhere.
    #[response(status = 403, content_type = "application/problem+json")]
    MayNot(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// The path is not for this method.
    #[response(status = 405, content_type = "application/problem+json")]
    NotForThat(Problem),
    /// It stands otherwise than the request takes it to stand.
    #[response(status = 409, content_type = "application/problem+json")]
    Otherwise(Problem),
    /// The request is larger than may be.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is of another type than JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// Asked by a name that is not Flyball's.
    #[response(status = 421, content_type = "application/problem+json")]
    NotThisHost(Problem),
    /// What was sent has mistakes.
    #[response(status = 422, content_type = "application/problem+json")]
    Mistakes(Problem),
    /// Too often.
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Problem),
    /// The store or Heroku does not answer just now.
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(Problem),
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            title: title.into(),
            detail: None,
            hint: None,
            mistakes: Vec::new(),
            refused_with: None,
            stands: None,
            retry_after_s: None,
        }
    }

    pub(crate) fn because(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// There is nothing of this name.
    pub(crate) fn no_such<'a>(noun: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let shown = flyball_model::Excerpt::of(name);
        let problem = Self::new(StatusCode::NOT_FOUND, format!("there is no {noun} \"{shown}\""));
        match flyball_engine::queries::did_you_mean(name, known) {
            Some(meant) => problem.hint(format!("did you mean \"{meant}\"?")),
            None => problem,
        }
    }

    pub(crate) fn not_understood(why: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the request is not understood").because(why)
    }

    pub(crate) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<flyball_store::Error> for Problem {
    fn from(error: flyball_store::Error) -> Self {
        tracing::warn!(error = %error.in_full(), "the store did not answer a request");
        Self { retry_after_s: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer") }
            .because(error)
            .hint("it goes on looking meanwhile; `flyball doctor` on its machine says more")
    }
}

impl From<NotConsidered> for Problem {
    fn from(why: NotConsidered) -> Self {
        match why {
            NotConsidered::NoSuchRun => Self::new(StatusCode::NOT_FOUND, "there is no such run"),
            NotConsidered::NoSuchReaction => Self::new(StatusCode::NOT_FOUND, "there is no such reaction"),
            NotConsidered::NoSuchAccount(account) => {
                Self::new(StatusCode::CONFLICT, format!("there is no account \"{account}\""))
                    .hint("add `[heroku.accounts.NAME]` to the file")
            }
            NotConsidered::Heroku(error) => {
                // A call that is held back since the token was refused says no status of its own.
                let refused_with = if error.is_unauthorized() {
                    Some(StatusCode::UNAUTHORIZED.as_u16())
                } else {
                    error.status().filter(|_| error.kind().lasts())
                };
                let retry_after_s = refused_with.is_none().then_some(10);
                let (hint, title) = (error.hint(), format!("cannot {}", error.call()));
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, title).because(error.cause());
                Self { refused_with, retry_after_s, hint, ..problem }
            }
            NotConsidered::Store(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), "the body is not understood").because(rejection.body_text())
    }
}

impl From<FormRejection> for Problem {
    fn from(rejection: FormRejection) -> Self {
        Self::new(rejection.status(), "the form is not understood").because(rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::not_understood(rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is nothing here").because(rejection.body_text())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry) = (self.status_code(), self.retry_after_s);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self);
        response
    }
}
