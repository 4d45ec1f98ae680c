//! Monitors and their readings.

use super::ask::{self, Asked, Of};
use crate::answer::{Problem, Problems};
use crate::guard::Visitor;
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_model::duration;
use flyball_monitors::Monitor;
use flyball_store::ReadingsPage;
use flyball_views::{About, Checked, HookView, MonitorView, Page, ReadingView, SeriesView, Why};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
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
    Ok(Json(house.reader(&in_force).as_seen().await?.why(&[About::Monitor(monitor.name.clone())]).await?))
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

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    /// A time, or how long ago; the default is 4h.
    since: Option<String>,
    /// A time, or how long ago; the default is now.
    until: Option<String>,
    /// No point that is rolled up stands for less: `1h`. The default is the least of which there are few enough.
    step: Option<String>,
}

/// A monitor over time, as a chart shows it: how long checks took, how long it was in each verdict, its outages, and what was done
/// meanwhile. At most 401 points are rolled up; the readings of the last hour or two come one by one, at most 1,000.
#[utoipa::path(get, path = "/monitors/{name}/series", tag = "monitors", params(("name" = String, Path), Series), responses((status = 200, body = SeriesView), Problems))]
pub(crate) async fn series(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    Asked(asked): Asked<Series>,
) -> Result<Json<SeriesView>, Problem> {
    let (in_force, now) = (house.in_force(), house.now());
    let monitor = ask::monitor(&in_force, &name)?;
    let since = ask::moment("since", asked.since.as_deref(), now)?.unwrap_or(now - SHOWN);
    let until = ask::moment("until", asked.until.as_deref(), now)?.unwrap_or(now);
    let step = asked.step.as_deref().map(duration::parse).transpose();
    let step = step.map_err(|_| Problem::not_understood(format!("`step` is not {}", duration::EXPECTED)))?;
    if since >= until {
        return Err(Problem::not_understood("`since` is not before `until`"));
    }
    let series = house.reader(&in_force).series_by(&monitor.name, since, until, step.unwrap_or_default()).await?;
    series.map(Json).ok_or_else(|| Problem::no_such("monitor", &name, []))
}

/// As long as the page of a monitor shows at first.
const SHOWN: Duration = Duration::from_hours(4);

/// Look now with a monitor, and tell everything that is seen. Nothing is stored, and no reaction is called.
#[utoipa::path(post, path = "/monitors/{name}/check", tag = "monitors", params(("name" = String, Path)), responses((status = 200, body = Checked), Problems))]
pub(crate) async fn check(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Checked>, Problem> {
    Ok(Json(house.check(&name).await?))
}

/// Where others tell a monitor something: signs of life, or what their webhooks say. Whoever has the address can tell it.
#[utoipa::path(get, path = "/monitors/{name}/hook", tag = "monitors", params(("name" = String, Path)), responses((status = 200, body = HookView), Problems))]
pub(crate) async fn hook(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<HookView>, Problem> {
    let in_force = house.in_force();
    let monitor = ask::monitor(&in_force, &name)?;
    house.hook(&in_force, monitor).await?.map(Json).ok_or_else(|| is_not_told(monitor))
}

/// Give a monitor a new key: the address before is refused from then on, and whoever tells it something needs the new one.
#[utoipa::path(post, path = "/monitors/{name}/hook", tag = "monitors", params(("name" = String, Path)), responses((status = 200, body = HookView), Problems))]
pub(crate) async fn renew_hook(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    visitor: Visitor,
) -> Result<Json<HookView>, Problem> {
    let in_force = house.in_force();
    let monitor = ask::monitor(&in_force, &name)?;
    house.renew_hook(&in_force, monitor, &visitor.name).await?.map(Json).ok_or_else(|| is_not_told(monitor))
}

fn is_not_told(monitor: &Monitor) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("nothing comes in for the monitor \"{}\"", monitor.name))
        .because(format!("its kind is `{}`, which looks by itself", monitor.kind.word()))
        .hint("`heartbeat` and `hook` are told")
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
