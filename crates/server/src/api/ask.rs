//! What several routes take: JSON, queries and paths whose mistakes are problems, names that must be in force, and parts of lists.

use crate::answer::Problem;
use crate::house::House;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use flyball_engine::InForce;
use flyball_model::{AppName, MonitorName, ReactionName, Timestamp, duration};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_views::Page;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// As [`axum::Json`], with its mistakes told as problems.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let taken: Result<axum::Json<T>, JsonRejection> = axum::Json::from_request(request, state).await;
        taken.map(|axum::Json(value)| Self(value)).map_err(Problem::from)
    }
}

/// As [`axum::Form`], with its mistakes told as problems.
pub(crate) struct Form<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let taken: Result<axum::Form<T>, FormRejection> = axum::Form::from_request(request, state).await;
        taken.map(|axum::Form(value)| Self(value)).map_err(Problem::from)
    }
}

/// As [`Query`], with its mistakes told as problems.
pub(crate) struct Asked<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let taken: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        taken.map(|Query(value)| Self(value)).map_err(Problem::from)
    }
}

/// As [`Path`], with its mistakes told as problems.
pub(crate) struct Of<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Of<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let taken: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        taken.map(|Path(value)| Self(value)).map_err(Problem::from)
    }
}

/// The monitor of this name.
pub(crate) fn monitor<'a>(in_force: &'a InForce, name: &str) -> Result<&'a Monitor, Problem> {
    let monitors = &in_force.definitions.monitors;
    let found = monitors.iter().find(|monitor| monitor.name.as_str() == name);
    found.ok_or_else(|| Problem::no_such("monitor", name, monitors.iter().map(|monitor| monitor.name.as_str())))
}

/// The reaction of this name.
pub(crate) fn reaction<'a>(in_force: &'a InForce, name: &str) -> Result<&'a Reaction, Problem> {
    let reactions = &in_force.definitions.reactions;
    let found = reactions.iter().find(|reaction| reaction.name.as_str() == name);
    found.ok_or_else(|| Problem::no_such("reaction", name, reactions.iter().map(|reaction| reaction.name.as_str())))
}

/// A name that need not be in force: what it did stays in the timeline. `field` is where it was given.
fn name<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|_| Problem::not_understood(format!("`{field}` is no name of one"))))
        .transpose()
}

/// An app's name.
pub(crate) fn app_name(text: Option<&str>) -> Result<Option<AppName>, Problem> {
    name("app", text)
}

/// A monitor's name.
pub(crate) fn monitor_name(text: Option<&str>) -> Result<Option<MonitorName>, Problem> {
    name("monitor", text)
}

/// A reaction's name.
pub(crate) fn reaction_name(text: Option<&str>) -> Result<Option<ReactionName>, Problem> {
    name("reaction", text)
}

/// A time, as RFC 3339 has it, or how long ago: `30d`.
pub(crate) fn moment(field: &str, text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let ago = || duration::parse(text).ok().map(|ago| now - ago);
    text.parse().ok().or_else(ago).map(Some).ok_or_else(|| {
        Problem::not_understood(format!(
            "`{field}` is neither a time such as 2026-01-02T03:04:05Z nor a length such as 30d"
        ))
    })
}

/// The part of a list that begins behind `after`, which is a place in it.
pub(crate) fn page<T: Clone>(all: &[T], after: Option<&str>, limit: Option<usize>) -> Result<Page<T>, Problem> {
    let start = match after {
        None => 0,
        Some(text) => {
            text.parse::<usize>().map_err(|_| Problem::not_understood("`after` is no cursor"))?.min(all.len())
        }
    };
    let limit = limit.unwrap_or(ITEMS).clamp(1, ITEMS_MAX);
    let end = start.saturating_add(limit).min(all.len());
    Ok(Page {
        items: all[start..end].to_vec(),
        before: (start > 0).then(|| start.saturating_sub(limit).to_string()),
        after: (end < all.len()).then(|| end.to_string()),
    })
}

/// As many as a program asks for at once, where it does not say.
const ITEMS: usize = 100;
/// More than this are asked for in parts.
const ITEMS_MAX: usize = 1000;

impl House {
    /// Takes a place among those who look because a person asks.
    pub(crate) fn place_to_look(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Problem> {
        self.looks.try_acquire().map_err(|_| Problem {
            retry_after_s: Some(5),
            ..Problem::new(axum::http::StatusCode::TOO_MANY_REQUESTS, "several looks are under way already")
        })
    }
}
