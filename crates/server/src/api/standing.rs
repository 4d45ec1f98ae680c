//! Where everything stands, what happened, and why.

use super::ask::{self, Asked, Of};
use crate::answer::{Problem, Problems};
use crate::guard::{Visitor, Who};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_engine::queries::{HistoryFilter, ListOutages};
use flyball_model::AppName;
use flyball_store::TimelinePage;
use flyball_views::{About, AppView, DrainView, Drift, FileView, HistoryLine, Me, Page, Report, Status, Why};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfApp {
    /// Only what concerns this app.
    app: Option<String>,
}

/// Every monitor and reaction: where they stand, and since when. What needs a person stands first.
#[utoipa::path(get, path = "/status", tag = "standing", params(OfApp), responses((status = 200, body = Status), Problems))]
pub(crate) async fn status(State(house): State<Arc<House>>, Asked(of): Asked<OfApp>) -> Result<Json<Status>, Problem> {
    let Some(app) = ask::app_name(of.app.as_deref())? else { return Ok(Json((*house.status().await?).clone())) };
    let in_force = house.in_force();
    Ok(Json(house.reader(&in_force).as_seen().await?.status(Some(&app)).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhyOf {
    /// A monitor's, a reaction's or an app's name.
    of: Option<String>,
    /// An app's name, where a monitor or a reaction has the same.
    app: Option<String>,
}

/// An explanation: what was seen, what is held and for what reason, what may come next.
#[utoipa::path(get, path = "/why", tag = "standing", params(WhyOf), responses((status = 200, body = Why), Problems))]
pub(crate) async fn why(State(house): State<Arc<House>>, Asked(asked): Asked<WhyOf>) -> Result<Json<Why>, Problem> {
    let in_force = house.in_force();
    let reader = house.reader(&in_force).as_seen().await?;
    let about = match (asked.of, ask::app_name(asked.app.as_deref())?) {
        (Some(name), None) => reader.about(&name).map_err(|not_known| {
            let problem = Problem::no_such("monitor, reaction or app", &name, []);
            match not_known.meant {
                Some(meant) => problem.hint(format!("did you mean \"{meant}\"?")),
                None => problem,
            }
        })?,
        (None, Some(app)) => vec![About::App(app)],
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::not_understood("either `of` or `app` is to be given"));
        }
    };
    Ok(Json(reader.why(&about).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportOf {
    /// Only of this monitor.
    monitor: Option<String>,
    /// A time, or how long ago; the default is 30d.
    since: Option<String>,
    /// A time, or how long ago; the default is now.
    until: Option<String>,
    /// Also list each outage.
    #[serde(default)]
    outages: bool,
}

/// What became of monitors over days and months.
#[utoipa::path(get, path = "/report", tag = "standing", params(ReportOf), responses((status = 200, body = Report), Problems))]
pub(crate) async fn report(
    State(house): State<Arc<House>>,
    Asked(asked): Asked<ReportOf>,
) -> Result<Json<Report>, Problem> {
    let (in_force, now) = (house.in_force(), house.now());
    let monitor = asked.monitor.map(|name| ask::monitor(&in_force, &name).map(|monitor| monitor.name.clone()));
    let monitor = monitor.transpose()?;
    let since = ask::moment("since", asked.since.as_deref(), now)?;
    let since = since.unwrap_or(now - Duration::from_secs(30 * 24 * 3600));
    let until = ask::moment("until", asked.until.as_deref(), now)?.unwrap_or(now);
    if since >= until {
        return Err(Problem::not_understood("`since` is not before `until`"));
    }
    let listed = if asked.outages { ListOutages::Each } else { ListOutages::Summed };
    Ok(Json(house.reader(&in_force).report(monitor.as_ref(), since, until, listed).await?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lines {
    /// Only on this app.
    pub(crate) app: Option<String>,
    /// Only of this monitor, also one that is no longer there.
    pub(crate) monitor: Option<String>,
    /// Only of this reaction, also one that is no longer there.
    pub(crate) reaction: Option<String>,
    /// A time, or how long ago.
    pub(crate) since: Option<String>,
    /// A time, or how long ago.
    pub(crate) until: Option<String>,
    /// Only lines with a higher number.
    pub(crate) after: Option<i64>,
    /// Only lines with a lower number.
    pub(crate) before: Option<i64>,
    /// Without lines that only say why a reaction holds still.
    #[serde(default)]
    pub(crate) no_holds: bool,
    /// At most this many, the latest: 1 to 1000.
    pub(crate) limit: Option<u32>,
}

impl Lines {
    pub(crate) fn filter(&self, house: &House) -> Result<HistoryFilter, Problem> {
        let now = house.now();
        Ok(HistoryFilter {
            app: ask::app_name(self.app.as_deref())?,
            monitor: ask::monitor_name(self.monitor.as_deref())?,
            reaction: ask::reaction_name(self.reaction.as_deref())?,
            since: ask::moment("since", self.since.as_deref(), now)?,
            until: ask::moment("until", self.until.as_deref(), now)?,
            after: self.after,
            before: self.before,
            no_holds: self.no_holds,
            lines: self.limit.unwrap_or(200).clamp(1, TimelinePage::LINES_MAX),
        })
    }
}

/// What was seen, decided and done, oldest first; the latest, where there are more.
#[utoipa::path(get, path = "/timeline", tag = "standing", params(Lines), responses((status = 200, body = Page<HistoryLine>), Problems))]
pub(crate) async fn timeline(
    State(house): State<Arc<House>>,
    Asked(lines): Asked<Lines>,
) -> Result<Json<Page<HistoryLine>>, Problem> {
    Ok(Json(house.lines(&lines).await?))
}

impl House {
    /// Lines of the timeline, and whether there are more on either side.
    pub(crate) async fn lines(&self, asked: &Lines) -> Result<Page<HistoryLine>, Problem> {
        let (in_force, filter) = (self.in_force(), asked.filter(self)?);
        let reader = self.reader(&in_force);
        let items = reader.history(&filter).await?;
        let (first, last) = (items.first().map(|line| line.number), items.last().map(|line| line.number));
        let one = |filter: HistoryFilter| HistoryFilter { lines: 1, ..filter };
        let before = match first {
            Some(number) => {
                let earlier = one(HistoryFilter { before: Some(number), ..filter.clone() });
                (!reader.history(&earlier).await?.is_empty()).then(|| number.to_string())
            }
            None => None,
        };
        let after = match (last, filter.before) {
            (Some(number), Some(_)) => {
                let later = one(HistoryFilter { after: Some(number), before: None, ..filter });
                (!reader.history(&later).await?.is_empty()).then(|| number.to_string())
            }
            _ => None,
        };
        Ok(Page { items, before, after })
    }
}

/// The apps of the file, as they were seen last.
#[utoipa::path(get, path = "/apps", tag = "standing", responses((status = 200, body = Vec<AppView>), Problems))]
pub(crate) async fn apps(State(house): State<Arc<House>>) -> Result<Json<Vec<AppView>>, Problem> {
    Ok(Json(house.status().await?.apps.clone()))
}

/// How far an app is from what others than Flyball made it, and what Flyball changed since, as far as it was looked at.
#[utoipa::path(get, path = "/apps/{name}/drift", tag = "standing", params(("name" = String, Path)), responses((status = 200, body = Drift), Problems))]
pub(crate) async fn drift(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<Drift>, Problem> {
    let in_force = house.in_force();
    let no_such = || Problem::no_such("app", &name, []);
    let app = name.parse().map_err(|_| no_such())?;
    house.reader(&in_force).drift(&app).await?.map(Json).ok_or_else(no_such)
}

/// Where Heroku is to send an app's logs. Whoever has the address can tell lines of the app.
#[utoipa::path(get, path = "/apps/{name}/drain", tag = "standing", params(("name" = String, Path)), responses((status = 200, body = DrainView), Problems))]
pub(crate) async fn log_drain(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
) -> Result<Json<DrainView>, Problem> {
    let app: AppName = name.parse().map_err(|_| Problem::no_such("app", &name, []))?;
    house.log_drain(&app).await?.map(Json).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, format!("the logs of {app} do not come in"))
            .because(format!("the file has no `[receive.apps.{app}]`"))
            .hint(format!("write `[receive.apps.{app}]` there"))
    })
}

/// Whether the file as it is now is in force, and what is wrong with it where the engine goes on with the one before.
#[utoipa::path(get, path = "/file", tag = "standing", responses((status = 200, body = FileView), Problems))]
pub(crate) async fn file(State(house): State<Arc<House>>) -> Result<Json<FileView>, Problem> {
    let in_force = house.in_force();
    Ok(Json(house.reader(&in_force).file().await?))
}

/// Who asks, and what they may.
#[utoipa::path(get, path = "/me", tag = "standing", responses((status = 200, body = Me), Problems))]
pub(crate) async fn me(State(house): State<Arc<House>>, visitor: Visitor) -> Json<Me> {
    let is_known = matches!(visitor.who, Who::Person(_) | Who::Program);
    let (version, file) = (house.settings.version.into(), house.settings.file.clone());
    let scope = visitor.right.map(|right| right.scope().into());
    Json(Me { name: visitor.name, scope, is_known, version, file })
}
