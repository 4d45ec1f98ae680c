//! A run: what led to it, what was sent, and how it ended; a page that can be sent to a colleague.

use super::frame::{Frame, Line, outcome_class, outcome_word, shown};
use super::monitor::{ReadingRow, reading_row};
use super::reaction::helped_word;
use crate::answer::Problem;
use crate::api::ask::{Form, Of};
use crate::api::runs::{no_such_run, run_id};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_views::{Reacted, RunStory, RunView, WantedBy};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "run/page.html")]
struct RunPage {
    frame: Frame,
    run: RunView,
    plan: Html,
    because: Html,
    words: Html,
    wanted: Html,
    class: &'static str,
    word: String,
    app_link: String,
    reaction_link: String,
    queued: Html,
    sent: Option<Html>,
    ended: Option<Html>,
    lines: Vec<Line>,
    readings: Vec<ReadingRow>,
    basis: Vec<Html>,
    calls: Vec<String>,
    then: Option<(&'static str, &'static str)>,
    helped: Option<String>,
    text: String,
    in_doubt: bool,
    undoes: Option<String>,
    undone_by: Option<String>,
    /// Why it cannot be undone, where it was done and there is something to say.
    cannot_undo: Option<Html>,
    may_undo: bool,
}

#[derive(Template)]
#[template(path = "run/undo.html")]
struct UndoPage {
    frame: Frame,
    id: String,
    reaction: String,
    told: Reacted,
    plan: Option<Html>,
    holds: Option<Html>,
    calls: Vec<String>,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let story = house.reader(&in_force).run_story(run_id(&id)?).await?.ok_or_else(|| no_such_run(&id))?;
    let RunStory { run, sentences, readings, lines: own, basis, calls, helped, undone_by, cannot_undo, .. } = story;
    let mut text = vec![format!("{} (run {})", run.sentence(), run.id)];
    text.extend(sentences.iter().cloned());
    text.extend(own.iter().map(|line| format!("{}  {}", line.at, line.words)));
    text.extend(run.request_ids.iter().map(|request| format!("Heroku's request {request}")));
    shown(&RunPage {
        frame: Frame::of(&run.plan, "reactions", &visitor, &house, &status),
        plan: names.told(&run.plan),
        because: names.told(&run.because),
        words: names.told(&run.words),
        wanted: match &run.wanted_by {
            WantedBy::Monitor(monitor) => names.told(&format!("\"{monitor}\"")),
            WantedBy::Person(person) => names.told(person),
        },
        class: outcome_class(run.outcome.as_ref()),
        word: outcome_word(run.outcome.as_ref(), &run.state),
        app_link: in_path(run.app.as_str()),
        reaction_link: in_path(run.reaction.as_str()),
        queued: moment(run.queued_at),
        sent: run.sent_at.map(moment),
        ended: run.ended_at.map(moment),
        lines: own.iter().map(|line| Line::of(line, &names)).collect(),
        readings: readings.iter().map(|reading| reading_row(reading, &names)).collect(),
        basis: basis.iter().map(|told| names.told(told)).collect(),
        calls: calls.iter().map(ToString::to_string).collect(),
        then: helped.map(helped_word),
        helped: helped.map(|helped| helped.to_string()),
        text: text.join("\n"),
        in_doubt: run.outcome.as_deref() == Some("in_doubt"),
        undoes: run.undoes.map(|run| run.to_string()),
        may_undo: cannot_undo.is_none(),
        cannot_undo: cannot_undo
            .filter(|_| run.outcome.as_deref() == Some("done") && undone_by.is_none())
            .map(|why| names.told(&why)),
        undone_by: undone_by.map(|run| run.to_string()),
        run,
    })
}

/// What would undo it now, with the exact calls, and the button that does it.
pub(super) async fn plan_undo(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let run = run_id(&id)?;
    let told = house.plan_undo(run).await?;
    shown(&UndoPage {
        frame: Frame::of("What would undo it now", "reactions", &visitor, &house, &status),
        id: run.to_string(),
        reaction: told.reaction.to_string(),
        plan: told.plan.as_ref().map(|plan| names.told(plan)),
        holds: told.holds.as_ref().map(|held| names.told(&held.words)),
        calls: told.calls.iter().map(ToString::to_string).collect(),
        told,
    })
}

#[derive(Deserialize)]
pub(super) struct UndoNow {
    plan: String,
}

/// Undoes it: by what was shown, and nothing else.
pub(super) async fn undo(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
    Form(wanted): Form<UndoNow>,
) -> Result<Response, Problem> {
    let undone = run_id(&id)?;
    let by = house.undo(undone, &wanted.plan, visitor.name).await?.run;
    let to = by.map_or(undone, |run| run.id);
    Ok(Redirect::to(&format!("/runs/{to}")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Ended {
    done: bool,
}

/// Says how it had ended.
pub(super) async fn settle(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
    Form(ended): Form<Ended>,
) -> Result<Response, Problem> {
    house.settle(run_id(&id)?, ended.done, &visitor.name).await?;
    Ok(Redirect::to(&format!("/runs/{}", in_path(&id))).into_response())
}
