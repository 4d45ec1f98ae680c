//! What each dyno of an app carries, and what `scale_to` with that would have been: in words, as a picture, and as text for the file.

use super::frame::{Frame, shown};
use super::replay::{Compared, compared};
use crate::answer::Problem;
use crate::api::ask::{Asked, Of};
use crate::api::replays::SuggestedFrom;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_charts::{LoadBar, LoadChart};
use flyball_views::{CarriesView, LoadBin, Suggestion};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "suggestion/page.html")]
struct SuggestionPage {
    frame: Frame,
    name: String,
    link: String,
    app: String,
    app_link: String,
    since: String,
    sentences: Vec<Html>,
    /// Nothing where it says nothing yet.
    chart: Option<Html>,
    bins: Vec<Bin>,
    compared: Vec<Compared>,
    snippet: Option<String>,
}

struct Bin {
    load: String,
    minutes: u64,
    waiting: u64,
    waits: bool,
    served: String,
    connected: String,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
    Asked(asked): Asked<SuggestedFrom>,
) -> Result<Response, Problem> {
    let since = asked.since.filter(|since| !since.trim().is_empty());
    let suggestion = house.suggestion(&name, since.as_deref()).await?;
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let Suggestion { app, carries, would, did, snippet, sentences, .. } = suggestion;
    shown(&SuggestionPage {
        frame: Frame::of(format!("What scale_to would do by {name}"), "apps", &visitor, &house, &status),
        link: in_path(&name),
        name,
        app_link: in_path(app.as_str()),
        app: app.to_string(),
        since: since.unwrap_or_else(|| "30d".to_owned()),
        sentences: sentences.iter().map(|told| names.told(told)).collect(),
        chart: carries.as_ref().map(|carries| Html::of(chart(carries).both())),
        bins: carries.iter().flat_map(|carries| &carries.bins).map(bin).collect(),
        compared: would.zip(did).map(|(would, did)| compared(&would, &did)).unwrap_or_default(),
        snippet,
    })
}

fn chart(carries: &CarriesView) -> LoadChart {
    let bar = |bin: &LoadBin| LoadBar { from: bin.from, to: bin.to, served_ms: bin.service_ms, waits: bin.waits };
    LoadChart { bars: carries.bins.iter().map(bar).collect(), per_dyno: carries.per_dyno }
}

fn bin(bin: &LoadBin) -> Bin {
    Bin {
        load: format!("{:.2} to {:.2}", bin.from, bin.to),
        minutes: bin.minutes,
        waiting: bin.waiting,
        waits: bin.waits,
        served: format!("{:.0} ms", bin.service_ms),
        connected: format!("{:.0} ms", bin.connect_ms),
    }
}
