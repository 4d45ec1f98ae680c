//! Incidents: which outages there were, and the story of each; and that story as a file of its own, for who was not there.

use super::frame::{Frame, Line, shown};
use super::reaction::{RunRow, run_row};
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::Visitor;
use crate::house::House;
use crate::words::{Html, Names, moment};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use flyball_model::{Timestamp, duration};
use flyball_store::IncidentsPage;
use flyball_views::{IncidentFailure, IncidentStory, IncidentView, NoticeView, RunHelped};
use std::sync::Arc;
use std::time::Duration;

/// Incidents in the list; the interface and the command line have all.
const INCIDENTS_SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "incident/list.html")]
struct List {
    frame: Frame,
    incidents: Vec<Row>,
}

struct Row {
    number: i64,
    began: Html,
    class: &'static str,
    word: &'static str,
    lasted: String,
    words: Html,
}

#[derive(Template)]
#[template(path = "incident/page.html")]
struct IncidentPage {
    frame: Frame,
    number: i64,
    class: &'static str,
    word: &'static str,
    words: Html,
    failures: Vec<Failure>,
    runs: Vec<RunRow>,
    in_the_way: Vec<Html>,
    told: Vec<Told>,
    lines: Vec<Line>,
    text: String,
}

struct Told {
    at: Html,
    words: Html,
    said: String,
}

struct Failure {
    from: Html,
    to: Option<Html>,
    monitor: Html,
    words: Html,
}

pub(super) async fn list(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let names = Names::of(&in_force);
    let page = IncidentsPage { incidents: INCIDENTS_SHOWN, ..IncidentsPage::default() };
    let incidents = house.reader(&in_force).incidents(&page).await?;
    shown(&List {
        frame: Frame::of("Incidents", "incidents", &visitor, &house, &status),
        incidents: incidents.iter().map(|incident| row(incident, &names)).collect(),
    })
}

pub(super) async fn page(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Of(number): Of<String>,
) -> Result<Response, Problem> {
    let (status, in_force) = (house.status().await?, house.in_force());
    let (names, story) = (Names::of(&in_force), house.incident(&number).await?);
    let IncidentStory { incident, sentences, failures, runs, in_the_way, told, lines } = story;
    let (class, word) = state(&incident);
    let mut text = sentences;
    text.extend(lines.iter().map(|line| format!("{}  {}", line.at, line.words)));
    shown(&IncidentPage {
        frame: Frame::of(format!("Incident {}", incident.number), "incidents", &visitor, &house, &status),
        number: incident.number,
        class,
        word,
        words: names.told(&incident.words),
        failures: failures.iter().map(|one| failure(one, &names)).collect(),
        runs: runs.iter().map(|run| run_row(&run.run, run.helped, &names)).collect(),
        in_the_way: in_the_way.iter().map(|words| names.told(words)).collect(),
        told: told.iter().map(|notice| told_row(notice, &names)).collect(),
        lines: lines.iter().map(|line| Line::of(line, &names)).collect(),
        text: text.join("\n"),
    })
}

fn row(incident: &IncidentView, names: &Names) -> Row {
    let (class, word) = state(incident);
    Row {
        number: incident.number,
        began: moment(incident.began_at),
        class,
        word,
        lasted: lasted(incident.lasted_s),
        words: names.told(&incident.words),
    }
}

fn told_row(notice: &NoticeView, names: &Names) -> Told {
    let words = names.told(&notice.words);
    Told { at: moment(notice.made_at), words, said: notice.what_is_wrong.clone() }
}

fn failure(failure: &IncidentFailure, names: &Names) -> Failure {
    Failure {
        from: moment(failure.failed_at),
        to: failure.passed_at.map(moment),
        monitor: names.told(&format!("\"{}\"", failure.monitor)),
        words: names.told(&failure.words),
    }
}

/// The class and the word of its tag.
const fn state(incident: &IncidentView) -> (&'static str, &'static str) {
    if incident.ended_at.is_none() { ("fail", "goes on") } else { ("pass", "over") }
}

fn lasted(seconds: f64) -> String {
    duration::roughly(Duration::from_secs(Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs()))
}

/// The story as one file: it needs nothing from elsewhere, so that it can be sent and kept.
#[derive(Template)]
#[template(path = "incident/file.html")]
struct File {
    sheet: Html,
    number: i64,
    words: String,
    /// Of each failure the monitor, from when to when, and what was seen.
    failures: Vec<[String; 4]>,
    /// Each with its time.
    runs: Vec<[String; 2]>,
    in_the_way: Vec<String>,
    /// Each with its time.
    lines: Vec<[String; 2]>,
}

/// The story of an incident as an HTML file that needs nothing from elsewhere. Times are written by `time`, and those within
/// sentences by `told`: in the zone of whoever asks.
///
/// # Errors
///
/// When it cannot be rendered.
pub fn incident_file(
    story: &IncidentStory,
    time: &dyn Fn(Timestamp) -> String,
    told: &dyn Fn(&str) -> String,
) -> Result<String, askama::Error> {
    let failure = |failure: &IncidentFailure| {
        let to = failure.passed_at.map_or_else(|| "not within it".to_owned(), time);
        [failure.monitor.to_string(), time(failure.failed_at), to, told(&failure.words)]
    };
    let run = |RunHelped { run, helped }: &RunHelped| {
        let helped = helped.map(|helped| format!(": {helped}")).unwrap_or_default();
        [time(run.queued_at), format!("{}{helped}.", told(&run.sentence()))]
    };
    let file = File {
        sheet: Html::of(flyball_charts::SHEET.to_owned()),
        number: story.incident.number,
        words: told(&story.incident.words),
        failures: story.failures.iter().map(failure).collect(),
        runs: story.runs.iter().map(run).collect(),
        in_the_way: story.in_the_way.iter().map(|words| told(words)).collect(),
        lines: story.lines.iter().map(|line| [time(line.at), told(&line.words)]).collect(),
    };
    file.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_escaped_and_asks_nothing_from_elsewhere() {
        let failure = serde_json::json!({
            "monitor": "page", "failed_at": "2026-03-04T05:00:00Z", "passed_at": null, "cause": "text",
            "words": "has \"<script>alert(1)</script>\"",
        });
        let story: IncidentStory = serde_json::from_value(serde_json::json!({
            "incident": {
                "number": 12, "app": "shop", "monitor": "page", "cause": "text", "run": null,
                "began_at": "2026-03-04T05:00:00Z", "ended_at": null, "ended_by": null, "lasted_s": 30.0,
                "words": "incident 12 of shop & others",
            },
            "sentences": [], "failures": [failure], "runs": [], "in_the_way": ["\"more\" <b>holds</b>"], "lines": [], "told": [],
        }))
        .unwrap();
        let file = incident_file(&story, &|at| at.to_string(), &str::to_owned).unwrap();
        assert!(!file.contains("<script") && !file.contains("<b>") && file.contains("shop &#38; others"), "{file}");
        assert!(!file.contains("src=") && !file.contains("href=") && !file.contains("url(h"), "{file}");
        assert!(file.contains("<td>not within it</td>"), "{file}");
    }
}
