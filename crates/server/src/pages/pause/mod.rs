//! The red button: stopping effects, and letting them go on.

use super::frame::{Frame, shown};
use crate::answer::Problem;
use crate::api::ask::{Asked, Form};
use crate::api::pauses::{length, scope_of};
use crate::guard::Visitor;
use crate::house::House;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;

/// What is meant, and for how long. Empty fields are none.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    app: String,
    #[serde(default)]
    reaction: String,
    #[serde(default, rename = "for")]
    lasts: String,
}

#[derive(Template)]
#[template(path = "pause/page.html")]
struct PausePage {
    frame: Frame,
    wanted: Wanted,
    what: String,
    mistake: Option<String>,
}

fn given(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Asked(wanted): Asked<Wanted>,
) -> Result<Response, Problem> {
    house.pause_page(&visitor, wanted, None).await
}

pub(super) async fn pause(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let scope = scope_of(given(&wanted.app), given(&wanted.reaction))?;
    let lasts = match given(&wanted.lasts).map(length).transpose() {
        Ok(lasts) => lasts,
        Err(problem) => return house.pause_page(&visitor, wanted, problem.detail).await,
    };
    house.pause(scope, lasts, visitor.name).await?;
    Ok(Redirect::to("/").into_response())
}

pub(super) async fn resume(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let scope = scope_of(given(&wanted.app), given(&wanted.reaction))?;
    let told = house.resume(scope, &visitor.name).await?;
    if !told.resumed.was_paused {
        return Err(Problem::new(StatusCode::CONFLICT, format!("there is no pause of {}", told.resumed.scope)));
    }
    Ok(Redirect::to("/").into_response())
}

impl House {
    async fn pause_page(
        &self,
        visitor: &Visitor,
        wanted: Wanted,
        mistake: Option<String>,
    ) -> Result<Response, Problem> {
        let status = self.status().await?;
        let scope = scope_of(given(&wanted.app), given(&wanted.reaction))?;
        shown(&PausePage {
            frame: Frame::of("Pause effects", "overview", visitor, self, &status),
            what: scope.to_string(),
            wanted,
            mistake,
        })
    }
}
