//! The timeline: what was seen, decided and done, newest first.

use super::frame::{Frame, Line, shown};
use crate::answer::Problem;
use crate::api::ask::Asked;
use crate::api::standing::Lines;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Names, in_path};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Lines of one page.
const LINES_SHOWN: u32 = 100;
/// Apps that can be chosen; of more, one is written.
const APPS_OFFERED: usize = 200;

/// Which lines. Empty fields of the form are none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    app: String,
    #[serde(default)]
    monitor: String,
    #[serde(default)]
    reaction: String,
    #[serde(default)]
    holds: Option<String>,
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "timeline/page.html")]
struct TimelinePage {
    frame: Frame,
    apps: Vec<String>,
    filter: Filter,
    days: Vec<(String, Vec<Line>)>,
    older: Option<String>,
    of: Option<(String, String)>,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let asked = Lines {
        app: given(&filter.app),
        monitor: given(&filter.monitor),
        reaction: given(&filter.reaction),
        before: filter.before,
        no_holds: filter.holds.is_none(),
        limit: Some(LINES_SHOWN),
        ..Lines::default()
    };
    let lines = house.lines(&asked).await?;
    let mut days: Vec<(String, Vec<Line>)> = Vec::new();
    for line in lines.items.iter().rev().map(|line| Line::of(line, &names)) {
        match days.last_mut() {
            Some((day, lines)) if *day == line.day => lines.push(line),
            _ => days.push((line.day.clone(), vec![line])),
        }
    }
    let apps: BTreeSet<String> = in_force.definitions.reactions.iter().map(|one| one.kind.app().to_string()).collect();
    let mut kept = String::new();
    for (key, value) in [("app", &filter.app), ("monitor", &filter.monitor), ("reaction", &filter.reaction)] {
        if !value.is_empty() {
            kept.push_str(&format!("{key}={}&", in_path(value)));
        }
    }
    if filter.holds.is_some() {
        kept.push_str("holds=on&");
    }
    let of = match (filter.monitor.as_str(), filter.reaction.as_str()) {
        ("", "") => None,
        ("", reaction) => Some(("reaction".to_owned(), reaction.to_owned())),
        (monitor, _) => Some(("monitor".to_owned(), monitor.to_owned())),
    };
    shown(&TimelinePage {
        frame: Frame::of("Timeline", "timeline", &visitor, &house, &status),
        apps: apps.into_iter().take(APPS_OFFERED).collect(),
        days,
        older: lines.before.map(|before| format!("/timeline?{kept}before={before}")),
        of,
        filter,
    })
}
