//! A monitor: what it sees, what was done meanwhile, and why.

use super::frame::{Frame, class, shown, verdict_word};
use super::overview::{Does, does};
use super::reaction::is_of_gates;
use crate::answer::Problem;
use crate::api::ask::{self, Of};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_views::{About, Checked, MonitorView, Part, ReadingView};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "monitor/page.html")]
struct MonitorPage {
    frame: Frame,
    name: String,
    link: String,
    apps: Vec<(String, String)>,
    class: &'static str,
    word: String,
    parts: Vec<Told>,
    readings: Vec<ReadingRow>,
    looks_at: String,
    kind: String,
    every: String,
    reactions: Vec<Does>,
    checked: Option<CheckedNow>,
}

/// An explanation of one thing.
pub(super) struct Told {
    pub(super) name: String,
    pub(super) class: &'static str,
    pub(super) link: String,
    pub(super) sentences: Vec<Html>,
}

/// A reading in a table.
pub(super) struct ReadingRow {
    pub(super) at: Html,
    pub(super) class: &'static str,
    pub(super) word: String,
    pub(super) words: Html,
    pub(super) took: String,
}

struct CheckedNow {
    row: ReadingRow,
    hint: Option<String>,
    evidence: String,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    house.monitor_page(&visitor, &name, None).await
}

/// Look now: shown on the same page, and stored nowhere.
pub(super) async fn check(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
) -> Result<Response, Problem> {
    let checked = house.check(&name).await?;
    house.monitor_page(&visitor, &name, Some(checked)).await
}

impl House {
    async fn monitor_page(&self, visitor: &Visitor, name: &str, checked: Option<Checked>) -> Result<Response, Problem> {
        let (status, in_force) = (self.status().await?, self.in_force());
        let names = Names::of(&in_force);
        let monitor = ask::monitor(&in_force, name)?;
        let why = self.reader(&in_force).why(&[About::Monitor(monitor.name.clone())]).await?;
        let own = why.parts.iter().find_map(|part| Some((part, part.monitor.as_ref()?)));
        let Some((part, view)) = own else { return Err(Problem::no_such("monitor", name, [])) };
        let called = status.reactions.iter().filter(|reaction| view.reactions.contains(&reaction.name));
        shown(&MonitorPage {
            frame: Frame::of(name, "apps", visitor, self, &status),
            name: name.to_owned(),
            link: in_path(name),
            apps: view.apps.iter().map(|app| (app.to_string(), in_path(app.as_str()))).collect(),
            class: class(view.verdict),
            word: tag_word(view),
            parts: why.parts.iter().map(|part| told(part, &names)).collect(),
            readings: part.readings.iter().rev().map(|reading| reading_row(reading, &names)).collect(),
            looks_at: view.looks_at.clone(),
            kind: view.kind.to_string(),
            every: view.every.clone(),
            reactions: called.map(does).collect(),
            checked: checked.map(|checked| checked_now(checked, &names)),
        })
    }
}

fn checked_now(checked: Checked, names: &Names) -> CheckedNow {
    let evidence = serde_json::to_string_pretty(&checked.reading.evidence).unwrap_or_default();
    CheckedNow { row: reading_row(&checked.reading, names), hint: checked.hint, evidence }
}

fn tag_word(view: &MonitorView) -> String {
    if view.enabled { verdict_word(view.verdict) } else { "switched off".to_owned() }
}

pub(super) fn told(part: &Part, names: &Names) -> Told {
    let (class, folder) = match &part.about {
        About::Monitor(_) => (class(part.monitor.as_ref().and_then(|monitor| monitor.verdict)), "monitors"),
        About::Reaction(_) => (part.reaction.as_ref().map_or("none", |reaction| does(reaction).class), "reactions"),
        About::App(_) => ("none", "apps"),
    };
    Told {
        name: part.about.name().to_owned(),
        class,
        link: format!("/{folder}/{}", in_path(part.about.name())),
        sentences: part.sentences.iter().filter(|told| !is_of_gates(told)).map(|told| names.told(told)).collect(),
    }
}

pub(super) fn reading_row(reading: &ReadingView, names: &Names) -> ReadingRow {
    ReadingRow {
        at: moment(reading.at),
        class: class(Some(reading.verdict)),
        word: verdict_word(Some(reading.verdict)),
        words: names.told(reading.words.as_str()),
        took: format!("{} ms", reading.took_ms),
    }
}
