//! Incidents: which outages there were, and the story of each.

use super::ask::{self, Asked, Of};
use crate::answer::{Problem, Problems};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use flyball_store::{IncidentsPage, Open};
use flyball_views::{IncidentStory, IncidentView, Page};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Incidents {
    /// Only of this app.
    app: Option<String>,
    /// A time, or how long ago: only those that went on then, or began later.
    since: Option<String>,
    /// Only those that go on.
    #[serde(default)]
    open: bool,
    /// Where the last page went on.
    before: Option<String>,
    /// At most this many, the latest: 1 to 1000.
    limit: Option<u32>,
}

/// Incidents, newest first: one for each outage.
#[utoipa::path(get, path = "/incidents", tag = "incidents", params(Incidents), responses((status = 200, body = Page<IncidentView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(asked): Asked<Incidents>,
) -> Result<Json<Page<IncidentView>>, Problem> {
    let (in_force, before) = (house.in_force(), asked.before.as_deref().map(number).transpose()?);
    let page = IncidentsPage {
        app: ask::app_name(asked.app.as_deref())?,
        since: ask::moment("since", asked.since.as_deref(), house.now())?,
        until: None,
        open: asked.open.then_some(Open),
        before,
        incidents: asked.limit.unwrap_or(100).clamp(1, IncidentsPage::INCIDENTS_MAX),
    };
    let items = house.reader(&in_force).incidents(&page).await?;
    // A page that is full may be followed by an empty one.
    let is_full = u32::try_from(items.len()).is_ok_and(|items| items == page.incidents);
    let before = items.last().filter(|_| is_full).map(|last| last.number.to_string());
    Ok(Json(Page { items, before, after: None }))
}

/// The story of an incident: what failed, what was done, what of it helped, and what is in the way.
#[utoipa::path(get, path = "/incidents/{number}", tag = "incidents", params(("number" = i64, Path)), responses((status = 200, body = IncidentStory), Problems))]
pub(crate) async fn one(State(house): State<Arc<House>>, Of(text): Of<String>) -> Result<Json<IncidentStory>, Problem> {
    Ok(Json(house.incident(&text).await?))
}

fn number(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| Problem::not_understood("the number of an incident is a whole number"))
}

impl House {
    /// The story of the incident of this number.
    pub(crate) async fn incident(&self, text: &str) -> Result<IncidentStory, Problem> {
        let story = self.reader(&self.in_force()).incident_story(number(text)?).await?;
        story.ok_or_else(|| Problem::no_such("incident", text, []))
    }
}
