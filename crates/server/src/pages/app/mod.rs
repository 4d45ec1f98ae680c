//! An app: its monitors, what may be done to it, what was done, and what others changed.

use super::frame::{Frame, Line, shown};
use super::monitor::{Told, told};
use super::overview::{AppCard, Does, Grouped, card, does};
use super::reaction::{RunRow, run_row};
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_engine::queries::HistoryFilter;
use flyball_model::AppName;
use flyball_views::{About, MonitorView};
use std::collections::HashMap;
use std::sync::Arc;

/// Monitors of one app on its page.
const MONITORS_SHOWN: usize = 100;
/// Apps in the list.
const APPS_LISTED: usize = 200;
/// Its latest lines.
const LINES_SHOWN: u32 = 30;

#[derive(Template)]
#[template(path = "app/list.html")]
struct List {
    frame: Frame,
    apps: Vec<AppCard>,
    more: usize,
}

#[derive(Template)]
#[template(path = "app/page.html")]
struct AppPage {
    frame: Frame,
    name: String,
    link: String,
    is_paused: bool,
    parts: Vec<Told>,
    card: Option<AppCard>,
    reactions: Vec<ReactionRow>,
    runs: Vec<RunRow>,
    lines: Vec<Line>,
}

struct ReactionRow {
    name: String,
    does: Does,
    called_on: String,
    next: Html,
}

/// The apps, the worst first, without their monitors.
pub(super) async fn list(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let grouped = Grouped::of(&status);
    let cards = grouped
        .0
        .iter()
        .take(APPS_LISTED)
        .map(|group| AppCard { heading: 2, ..card(group, &status, &names, &HashMap::new(), 3) });
    shown(&List {
        frame: Frame::of("Apps", "apps", &visitor, &house, &status),
        apps: cards.collect(),
        more: grouped.0.len().saturating_sub(APPS_LISTED),
    })
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let known = in_force.definitions.reactions.iter().map(|reaction| reaction.kind.app());
    let known = known.chain(in_force.definitions.monitors.iter().filter_map(|monitor| monitor.kind.app()));
    let known: Vec<&AppName> = known.collect();
    let Some(app) = known.iter().find(|app| app.as_str() == name) else {
        return Err(Problem::no_such("app", &name, known.iter().map(|app| app.as_str())));
    };
    let reader = house.reader(&in_force);
    let why = reader.why(&[About::App((*app).clone())]).await?;
    let own = why.parts.iter().find(|part| matches!(part.about, About::App(_)));
    let filter =
        HistoryFilter { app: Some((*app).clone()), no_holds: true, lines: LINES_SHOWN, ..HistoryFilter::default() };
    let lines = reader.history(&filter).await?;
    let grouped = Grouped::of(&status);
    let group = grouped.app(&name);
    let monitors: Vec<&MonitorView> =
        group.into_iter().flat_map(|group| group.monitors().take(MONITORS_SHOWN)).collect();
    let bars = house.bars(&monitors).await?;
    let reactions = status.reactions.iter().filter(|reaction| reaction.app.as_str() == name);
    let is_paused = status.pauses.iter().any(|pause| pause.scope == flyball_model::PauseScope::App((*app).clone()));
    shown(&AppPage {
        frame: Frame::of(&name, "apps", &visitor, &house, &status),
        link: in_path(&name),
        is_paused,
        parts: own.iter().map(|part| told(part, &names)).collect(),
        card: group.map(|group| card(group, &status, &names, &bars, MONITORS_SHOWN)),
        reactions: reactions
            .map(|reaction| ReactionRow {
                name: reaction.name.to_string(),
                does: does(reaction),
                called_on: format!("{} {} in a row", reaction.trigger, reaction.call_on),
                next: names.told(&reaction.next.words),
            })
            .collect(),
        runs: own.iter().flat_map(|part| &part.runs).map(|run| run_row(run, &names)).collect(),
        lines: lines.iter().rev().map(|line| Line::of(line, &names)).collect(),
        name,
    })
}
