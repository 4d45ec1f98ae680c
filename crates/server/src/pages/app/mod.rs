//! An app: its monitors, what may be done to it, what was done, and what others changed.

use super::frame::{Frame, Line, shown};
use super::monitor::{Told, tick, told};
use super::overview::{AppCard, Does, Grouped, card, does};
use super::reaction::{RunRow, run_row};
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_charts::{FormationChart, Mark, MarkKind, ProcessRow, Release, lineage};
use flyball_engine::queries::HistoryFilter;
use flyball_model::AppName;
use flyball_model::Timestamp;
use flyball_views::{About, AppStory, DynoView, LimitView, MonitorView, ProcessView, ReleaseView};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

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
    formation: Html,
    releases: Html,
    dynos: Vec<DynoRow>,
    words: Html,
    drift: Vec<Html>,
    drifted: bool,
}

struct DynoRow {
    name: String,
    state: String,
    size: String,
    release: String,
    since: Html,
}

struct ReactionRow {
    name: String,
    does: Does,
    called_on: String,
    next: Html,
}

/// Runs on its page; its timeline has them all.
const RUNS_SHOWN: usize = 15;

fn dyno_row(dyno: &DynoView) -> DynoRow {
    DynoRow {
        name: dyno.name.to_string(),
        state: dyno.state.to_string(),
        size: dyno.size.to_string(),
        release: dyno.release.to_string(),
        since: moment(dyno.created_at),
    }
}

/// The formation over the last week, with the limits of the reactions.
fn formation(story: &AppStory) -> String {
    let at = Timestamp::as_millis;
    let limits = |process: &ProcessView, setting: &str| -> Vec<u32> {
        let is_meant = |limit: &&LimitView| limit.process_type == process.process_type && limit.setting == setting;
        story.limits.iter().filter(is_meant).filter_map(|limit| limit.value.parse().ok()).collect()
    };
    let row = |process: &ProcessView| {
        let steps = story.steps.iter().filter(|step| step.process_type == process.process_type);
        ProcessRow {
            name: process.process_type.to_string(),
            steps: steps.map(|step| (at(step.at), step.quantity.get())).collect(),
            sizes: vec![(at(story.since), process.size.to_string())],
            min: limits(process, "min_quantity").into_iter().min(),
            max: limits(process, "max_quantity").into_iter().max(),
        }
    };
    let marks = story.runs.iter().filter(|run| run.queued_at >= story.since).map(|run| Mark {
        at: at(run.queued_at),
        kind: MarkKind::Effect,
        label: run.plan.clone(),
        href: Some(format!("/runs/{}", run.id)),
    });
    let rows: Vec<ProcessRow> = story.formation.iter().map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let chart =
        FormationChart { from: at(story.since), until: at(story.until), utc_offset: 0, rows, marks: marks.collect() };
    chart.both(|at| tick(Timestamp::from_millis(at), true))
}

/// Releases as a lineage.
fn releases(story: &AppStory) -> String {
    let release = |release: &ReleaseView| Release {
        version: release.version.get(),
        of: release.origin.map(flyball_model::ReleaseVersion::get).filter(|of| *of != release.version.get()),
        left: release.left,
        label: release.description.clone(),
        by: release.by.clone().unwrap_or_default(),
        href: None,
    };
    let releases: Vec<Release> = story.releases.iter().map(release).collect();
    if releases.is_empty() { String::new() } else { lineage(&releases) }
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
    let own = reader.why_alone(&About::App((*app).clone())).await?;
    let now = house.now();
    let story = reader.app_story(app, now - Duration::from_secs(7 * 24 * 3600), now).await?;
    let story = story.ok_or_else(|| Problem::no_such("app", &name, []))?;
    let drift = reader.drift(app).await?.ok_or_else(|| Problem::no_such("app", &name, []))?;
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
        runs: story.runs.iter().take(RUNS_SHOWN).map(|run| run_row(run, None, &names)).collect(),
        formation: Html::of(formation(&story)),
        releases: Html::of(releases(&story)),
        dynos: story.dynos.iter().map(dyno_row).collect(),
        words: names.told(&story.words),
        drifted: drift.drifted || !drift.one_offs.is_empty(),
        drift: drift.sentences.iter().map(|told| names.told(told)).collect(),
        lines: lines.iter().rev().map(|line| Line::of(line, &names)).collect(),
        name,
    })
}
