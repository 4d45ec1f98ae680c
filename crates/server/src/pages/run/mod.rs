//! A run: what led to it, what was sent, and how it ended; a page that can be sent to a colleague.

use super::frame::{Frame, Line, outcome_class, outcome_word, shown};
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::api::runs::{no_such_run, run_id};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_engine::queries::HistoryFilter;
use flyball_views::{RunView, WantedBy};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// A run has a handful of lines; those of its reaction around it are looked through.
const LINES_READ: u32 = 1000;
/// A settled run is settled later than it ended.
const LATER: Duration = Duration::from_secs(7 * 24 * 3600);

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
    text: String,
    in_doubt: bool,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(id): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let run = house.store().run(run_id(&id)?).await?.ok_or_else(|| no_such_run(&id))?;
    let run = RunView::of(&run);
    let filter = HistoryFilter {
        reaction: Some(run.reaction.clone()),
        since: Some(run.queued_at),
        until: Some(run.ended_at.unwrap_or_else(|| house.now()) + LATER),
        no_holds: true,
        lines: LINES_READ,
        ..HistoryFilter::default()
    };
    let lines = house.reader(&in_force).history(&filter).await?;
    let own: Vec<_> = lines.into_iter().filter(|line| line.run == Some(run.id)).collect();
    let mut text = vec![format!("{} (run {})", run.sentence(), run.id)];
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
        text: text.join("\n"),
        in_doubt: run.outcome.as_deref() == Some("in_doubt"),
        run,
    })
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
