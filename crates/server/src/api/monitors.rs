//! Monitors and their readings.

use super::ask::{self, Asked, Of};
use crate::answer::{Problem, Problems};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use flyball_store::ReadingsPage;
use flyball_views::{About, Checked, MonitorView, Page, ReadingView, Why};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Where the last part said that it goes on.
    after: Option<String>,
    /// At most this many: 1 to 1000.
    limit: Option<usize>,
}

impl Part {
    pub(crate) fn of<T: Clone>(&self, all: &[T]) -> Result<Page<T>, Problem> {
        ask::page(all, self.after.as_deref(), self.limit)
    }
}

/// The monitors, in the order of the file.
#[utoipa::path(get, path = "/monitors", tag = "monitors", params(Part), responses((status = 200, body = Page<MonitorView>), Problems))]
pub(crate) async fn list(
    State(house): State<Arc<House>>,
    Asked(part): Asked<Part>,
) -> Result<Json<Page<MonitorView>>, Problem> {
    Ok(Json(part.of(&house.status().await?.monitors)?))
}

/// A monitor: where it stands, its latest readings, and the reactions that it calls.
#[utoipa::path(get, path = "/monitors/{name}", tag = "monitors", params(("name" = String, Path)), responses((status = 200, body = Why), Problems))]
pub(crate) async fn one(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Why>, Problem> {
    let in_force = house.in_force();
    let monitor = ask::monitor(&in_force, &name)?;
    Ok(Json(house.reader(&in_force).why(&[About::Monitor(monitor.name.clone())]).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Readings {
    /// A time, or how long ago.
    since: Option<String>,
    /// At most this many, the latest: 1 to 1000.
    limit: Option<u32>,
}

/// Readings of a monitor, oldest first.
#[utoipa::path(get, path = "/monitors/{name}/readings", tag = "monitors", params(("name" = String, Path), Readings), responses((status = 200, body = Vec<ReadingView>), Problems))]
pub(crate) async fn readings(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    Asked(asked): Asked<Readings>,
) -> Result<Json<Vec<ReadingView>>, Problem> {
    let in_force = house.in_force();
    let monitor = ask::monitor(&in_force, &name)?.id;
    let since = ask::moment("since", asked.since.as_deref(), house.now())?;
    let readings = asked.limit.unwrap_or(100).clamp(1, ReadingsPage::READINGS_MAX);
    let readings = house.store().readings(&ReadingsPage { monitor, since, until: None, readings }).await?;
    Ok(Json(readings.iter().map(ReadingView::of).collect()))
}

/// Look now with a monitor, and tell everything that is seen. Nothing is stored, and no reaction is called.
#[utoipa::path(post, path = "/monitors/{name}/check", tag = "monitors", params(("name" = String, Path)), responses((status = 200, body = Checked), Problems))]
pub(crate) async fn check(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Checked>, Problem> {
    Ok(Json(house.check(&name).await?))
}

impl House {
    /// Looks now with a monitor.
    pub(crate) async fn check(&self, name: &str) -> Result<Checked, Problem> {
        let in_force = self.in_force();
        let monitor = ask::monitor(&in_force, name)?;
        let _place = self.place_to_look()?;
        let reading = self.engine.ports().observe.observe(monitor, self.now()).await;
        Ok(flyball_engine::queries::checked(monitor, &reading, &self.settings.file))
    }
}
