//! What a reaction would have done over what was recorded, as it is or with other settings. It is played when somebody asks for it, and
//! reads only.

use super::frame::{Frame, shown_with};
use crate::answer::{FieldMistake, Problem};
use crate::api::ask::{self, Asked, Of};
use crate::api::replays::{Played, WITH};
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, in_path, moment};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use flyball_model::duration::roughly;
use flyball_views::{Outlay, Replay};
use std::sync::Arc;
use std::time::Duration;

/// Lines of one sort that are listed: more than anybody reads on a page. The interface for programs has a thousand.
const LISTED: usize = 200;

#[derive(Template)]
#[template(path = "replay/page.html")]
struct ReplayPage {
    frame: Frame,
    name: String,
    link: String,
    app: String,
    app_link: String,
    since: String,
    with: String,
    wrong: Option<Wrong>,
    told: Option<Told>,
}

/// Why it was not played.
struct Wrong {
    /// The field that it is about.
    is_since: bool,
    words: Vec<String>,
}

struct Told {
    sentences: Vec<Html>,
    compared: Vec<Compared>,
    differences: Vec<Difference>,
    more_differences: u64,
    acts: Vec<Act>,
    more_acts: u64,
    /// At how many readings, and why.
    holds: Vec<(String, Html)>,
}

/// What would have been, beside what was.
pub(super) struct Compared {
    pub(super) what: &'static str,
    pub(super) would: String,
    pub(super) did: String,
}

struct Difference {
    at: Html,
    would: Option<Html>,
    did: Option<Html>,
}

struct Act {
    at: Html,
    plan: Html,
    because: Html,
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(name): Of<String>,
    Asked(asked): Asked<Played>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let app = ask::reaction(&in_force, &name)?.kind.app().to_string();
    // The form sends both; whoever only comes here has not asked yet.
    let is_asked = asked.since.is_some() || !asked.with.is_empty();
    let asked = Played { since: asked.since.filter(|since| !since.trim().is_empty()), ..asked };
    let replayed = if is_asked { Some(house.replay(&name, &asked).await) } else { None };
    let (told, wrong) = match replayed.transpose() {
        Ok(replay) => (replay.map(|replay| told(&replay, &Names::of(&in_force))), None),
        Err(problem) => (None, Some(wrong(problem)?)),
    };
    let answer = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = ReplayPage {
        frame: Frame::of(format!("What {name} would have done"), "reactions", &visitor, &house, &status),
        link: in_path(&name),
        name,
        app_link: in_path(&app),
        app,
        since: asked.since.unwrap_or_else(|| "30d".to_owned()),
        with: asked.with,
        wrong,
        told,
    };
    shown_with(answer, &page)
}

/// What is wrong with what was typed; any other problem is one of the page.
fn wrong(problem: Problem) -> Result<Wrong, Problem> {
    match StatusCode::from_u16(problem.status) {
        Ok(StatusCode::BAD_REQUEST) => Ok(Wrong { is_since: true, words: problem.detail.into_iter().collect() }),
        Ok(StatusCode::UNPROCESSABLE_ENTITY) => {
            let words = problem.mistakes.into_iter().map(|FieldMistake { field, words, .. }| match field.as_str() {
                WITH => words,
                setting => format!("{setting}: {words}"),
            });
            Ok(Wrong { is_since: false, words: words.collect() })
        }
        _ => Err(problem),
    }
}

fn told(replay: &Replay, names: &Names) -> Told {
    let words = |words: &Option<String>| words.as_ref().map(|words| names.told(words));
    let differences = replay.differences.iter().take(LISTED);
    let acts = replay.acts.iter().take(LISTED);
    let more = |all: u64, listed: usize| all.saturating_sub(u64::try_from(listed).unwrap_or(u64::MAX));
    Told {
        sentences: replay.sentences.iter().map(|told| names.told(told)).collect(),
        compared: if replay.from.is_some() { compared(&replay.would, &replay.did) } else { Vec::new() },
        more_differences: more(replay.differing, differences.len()),
        differences: differences
            .map(|of| Difference { at: moment(of.at), would: words(&of.would), did: words(&of.did) })
            .collect(),
        more_acts: more(replay.would.acted, acts.len()),
        acts: acts
            .map(|act| Act { at: moment(act.at), plan: names.told(&act.plan), because: names.told(&act.because) })
            .collect(),
        holds: replay.holds.iter().map(|hold| (times(hold.readings), names.told(&hold.because))).collect(),
    }
}

fn times(readings: u64) -> String {
    if readings == 1 { "once".to_owned() } else { format!("{readings} times") }
}

/// What either comes to, as far as it is known.
pub(super) fn compared(would: &Outlay, did: &Outlay) -> Vec<Compared> {
    let known = |what, would: Option<String>, did: Option<String>| {
        let words = |of: Option<String>| of.unwrap_or_else(|| "not known".to_owned());
        (would.is_some() || did.is_some()).then(|| Compared { what, would: words(would), did: words(did) })
    };
    let length = |minutes: Option<f64>| {
        let seconds = Duration::from_secs_f64((minutes? * 60.0).clamp(0.0, 1e9).floor());
        Some(if seconds.is_zero() { "never".to_owned() } else { roughly(seconds) })
    };
    let hours = |of: &Outlay| of.dyno_hours.map(|hours| format!("{hours:.0}"));
    let usd = |of: &Outlay| of.usd.map(|usd| format!("${usd:.2}"));
    let rows = [
        known("Acted", Some(would.acted.to_string()), Some(did.acted.to_string())),
        known("Dyno-hours", hours(would), hours(did)),
        known("By Heroku’s list", usd(would), usd(did)),
        known("Too few dynos for", length(would.short_minutes), length(did.short_minutes)),
    ];
    rows.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_of_either_has_no_row() {
        let nothing = Outlay { acted: 3, dyno_hours: None, usd: None, short_minutes: None, known_minutes: None };
        let some = Outlay { dyno_hours: Some(12.4), usd: Some(1.5), short_minutes: Some(0.0), ..nothing };
        let rows = |would: &Outlay, did: &Outlay| -> Vec<String> {
            compared(would, did).iter().map(|row| format!("{}: {} / {}", row.what, row.would, row.did)).collect()
        };
        assert_eq!(rows(&nothing, &nothing), ["Acted: 3 / 3"]);
        assert_eq!(
            rows(&some, &nothing),
            [
                "Acted: 3 / 3",
                "Dyno-hours: 12 / not known",
                "By Heroku’s list: $1.50 / not known",
                "Too few dynos for: never / not known",
            ]
        );
    }
}
