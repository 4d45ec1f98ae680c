//! A reaction: what stands in its way, when it could act next, what it did, and having it act.

use super::frame::{Frame, outcome_class, outcome_word, shown};
use super::overview::{Does, does};
use crate::answer::Problem;
use crate::api::ask::{self, Form, Of};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_model::Mode;
use flyball_views::{About, Answered, CureView, GateView, Helped, Reacted, ReactionView, RunView};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Reactions in one list: more are searched for.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "reaction/list.html")]
struct List {
    frame: Frame,
    reactions: Vec<ListRow>,
    more: usize,
}

struct ListRow {
    name: String,
    does: Does,
    app: String,
    app_link: String,
    kind: String,
    mode: &'static str,
    next: Html,
}

#[derive(Template)]
#[template(path = "reaction/page.html")]
struct ReactionPage {
    frame: Frame,
    name: String,
    link: String,
    app: String,
    app_link: String,
    does: Does,
    sentences: Vec<Html>,
    gates: Vec<Gate>,
    not_asked: String,
    runs: Vec<RunRow>,
    /// How often it helped, where that is known.
    cure: Option<String>,
    cures: Vec<String>,
    view: ReactionView,
    mode: &'static str,
    called_by: Vec<(String, String)>,
    is_paused: bool,
}

struct Gate {
    class: &'static str,
    word: &'static str,
    asks: Html,
    because: Option<Html>,
}

/// A run in a table.
pub(super) struct RunRow {
    pub(super) at: Html,
    pub(super) link: String,
    pub(super) plan: Html,
    pub(super) because: Html,
    pub(super) class: &'static str,
    pub(super) word: String,
    pub(super) then: Option<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "reaction/plan.html")]
struct PlanPage {
    frame: Frame,
    name: String,
    link: String,
    told: Reacted,
    holds: Option<Html>,
    calls: Vec<String>,
    only_tells: bool,
}

pub(super) async fn list(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let row = |reaction: &ReactionView| ListRow {
        name: reaction.name.to_string(),
        does: does(reaction),
        app: reaction.app.to_string(),
        app_link: in_path(reaction.app.as_str()),
        kind: reaction.kind.replace('_', " "),
        mode: mode_word(reaction),
        next: names.told(&reaction.next.words),
    };
    shown(&List {
        frame: Frame::of("Reactions", "reactions", &visitor, &house, &status),
        reactions: status.reactions.iter().take(LISTED).map(row).collect(),
        more: status.reactions.len().saturating_sub(LISTED),
    })
}

fn mode_word(reaction: &ReactionView) -> &'static str {
    match (reaction.enabled, reaction.mode) {
        (false, _) => "switched off",
        (true, Mode::Act) => "acts",
        (true, Mode::DryRun) => "only tells",
    }
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let reaction = ask::reaction(&in_force, &name)?;
    let reader = house.reader(&in_force);
    let own = reader.why_alone(&About::Reaction(reaction.name.clone())).await?;
    let story = reader.reaction_story(&reaction.name, house.now() - Duration::from_secs(30 * 24 * 3600)).await?;
    let story = story.ok_or_else(|| Problem::no_such("reaction", &name, []))?;
    let Some((part, view)) = own.and_then(|part| part.reaction.clone().map(|view| (part, view))) else {
        return Err(Problem::no_such("reaction", &name, []));
    };
    let not_asked: Vec<&str> =
        view.gates.iter().filter(|gate| gate.answered == Answered::NotAsked).map(|gate| &*gate.gate).collect();
    let is_paused = house.store().pauses(house.now()).await?.iter().any(|pause| match &pause.scope {
        flyball_model::PauseScope::Reaction(paused) => *paused == view.name,
        flyball_model::PauseScope::Everything | flyball_model::PauseScope::App(_) => false,
    });
    shown(&ReactionPage {
        frame: Frame::of(&name, "reactions", &visitor, &house, &status),
        link: in_path(&name),
        app: view.app.to_string(),
        app_link: in_path(view.app.as_str()),
        does: does(&view),
        sentences: part.sentences.iter().filter(|told| !is_of_gates(told)).map(|told| names.told(told)).collect(),
        gates: view.gates.iter().filter_map(|gate| asked(gate, &names)).collect(),
        not_asked: not_asked.join(", "),
        runs: story.runs.iter().map(|run| run_row(&run.run, run.helped, &names)).collect(),
        cures: story.cures.iter().map(cure_in_words).collect(),
        cure: (story.of > 0).then(|| format!("{} of {} helped", story.cured, story.of)),
        mode: mode_word(&view),
        called_by: view.called_by.iter().map(|name| (name.to_string(), in_path(name.as_str()))).collect(),
        is_paused,
        view,
        name,
    })
}

/// What the gates answer stands on the page in a list of its own.
pub(super) fn is_of_gates(sentence: &str) -> bool {
    sentence.starts_with("Gates that ") || sentence.starts_with("The gate ")
}

fn asked(gate: &GateView, names: &Names) -> Option<Gate> {
    let (class, word, because) = match &gate.answered {
        Answered::Open => ("pass", "open", None),
        Answered::Closed(because) => ("hold", "closed", Some(names.told(&because.to_string()))),
        Answered::NotAsked => return None,
    };
    Some(Gate { class, word, asks: names.told(&gate.asks), because })
}

/// "Of 4 incidents that began with status it cured 3."
fn cure_in_words(CureView { cause, cured, of, .. }: &CureView) -> String {
    let began = cause.map(|cause| format!(" that began with {cause}")).unwrap_or_default();
    let incidents = if *of == 1 { "incident" } else { "incidents" };
    format!("Of {of} {incidents}{began} it cured {cured}.")
}

pub(super) fn run_row(run: &RunView, helped: Option<Helped>, names: &Names) -> RunRow {
    RunRow {
        at: moment(run.queued_at),
        link: format!("/runs/{}", run.id),
        plan: names.told(&run.plan),
        because: names.told(&run.because),
        class: outcome_class(run.outcome.as_ref()),
        word: outcome_word(run.outcome.as_ref(), &run.state),
        then: helped.map(helped_word),
    }
}

/// Whether it helped, in a tag.
pub(super) const fn helped_word(helped: Helped) -> (&'static str, &'static str) {
    match helped {
        Helped::Yes { .. } => ("pass", "helped"),
        Helped::No => ("fail", "did not help"),
        Helped::Shared => ("hold", "helped, or something else did"),
        Helped::NotYet => ("hold", "not known yet"),
    }
}

/// What it would do now, with the exact calls, and the button that does it.
pub(super) async fn plan(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let told = house.plan(&name).await?;
    let view = status.reactions.iter().find(|reaction| reaction.name == told.reaction);
    shown(&PlanPage {
        frame: Frame::of(format!("What {name} would do now"), "reactions", &visitor, &house, &status),
        link: in_path(&name),
        name,
        holds: told.holds.as_ref().map(|held| names.told(&held.words)),
        calls: told.calls.iter().map(ToString::to_string).collect(),
        only_tells: view.is_some_and(|view| view.mode == Mode::DryRun),
        told,
    })
}

#[derive(Deserialize)]
pub(super) struct RunNow {
    plan: String,
}

/// Has it act: what was shown, and nothing else.
pub(super) async fn run(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
    Form(wanted): Form<RunNow>,
) -> Result<Response, Problem> {
    let reacted = house.act(&name, &wanted.plan, visitor.name).await?;
    let to = reacted.run.map_or_else(|| format!("/reactions/{}", in_path(&name)), |run| format!("/runs/{}", run.id));
    Ok(Redirect::to(&to).into_response())
}
