//! Badges: the verdict of a monitor or an app, for a README or a dashboard elsewhere. They are asked for without signing in, behind a key
//! that nobody guesses; whoever has the key sees names' verdicts and nothing else.

use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::{hash_of, random};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use flyball_model::Verdict;
use flyball_views::{MonitorView, Status};
use serde::Serialize;
use std::fmt::Write as _;
use std::sync::Arc;

/// What a program reads.
#[derive(Debug, Serialize)]
struct Told {
    name: String,
    verdict: Option<Verdict>,
}

/// A badge, by the key of this installation, of a monitor or an app, as `NAME.svg` or `NAME.json`.
pub(super) async fn badge(
    State(house): State<Arc<House>>,
    Of((key, folder, file)): Of<(String, String, String)>,
) -> Result<Response, Problem> {
    let no_such = || Problem::new(StatusCode::NOT_FOUND, "there is no such badge");
    // Compared by their hashes: how long that takes tells nothing of the key.
    if hash_of(&key) != hash_of(&house.badge_key().await?) {
        return Err(no_such());
    }
    let (name, kind) = file.rsplit_once('.').ok_or_else(no_such)?;
    let status = house.status().await?;
    let verdict = match folder.as_str() {
        "monitors" => of_monitor(&status, name).ok_or_else(no_such)?,
        "apps" => of_app(&status, name).ok_or_else(no_such)?,
        _ => return Err(no_such()),
    };
    match kind {
        "svg" => Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn(name, verdict)).into_response()),
        "json" => Ok(Json(Told { name: name.to_owned(), verdict }).into_response()),
        _ => Err(no_such()),
    }
}

fn drawn(name: &str, verdict: Option<Verdict>) -> String {
    let (word, verdict) = match verdict {
        Some(Verdict::Passing) => ("passing", flyball_charts::Verdict::Passing),
        Some(Verdict::Failing) => ("failing", flyball_charts::Verdict::Failing),
        Some(Verdict::Unknown) => ("unknown", flyball_charts::Verdict::Unknown),
        None => ("not looked yet", flyball_charts::Verdict::Unknown),
    };
    flyball_charts::badge(name, word, verdict)
}

fn of_monitor(status: &Status, name: &str) -> Option<Option<Verdict>> {
    let monitor = status.monitors.iter().find(|monitor| monitor.name.as_str() == name)?;
    Some(monitor.verdict.filter(|_| monitor.looks_now()))
}

/// The worst of an app's monitors.
fn of_app(status: &Status, name: &str) -> Option<Option<Verdict>> {
    let is_of = |monitor: &&MonitorView| monitor.looks_now() && monitor.apps.iter().any(|app| app.as_str() == name);
    let verdicts: Vec<Option<Verdict>> = status.monitors.iter().filter(is_of).map(|monitor| monitor.verdict).collect();
    let has = |verdict| verdicts.contains(&Some(verdict));
    let worst = [Verdict::Failing, Verdict::Unknown, Verdict::Passing].into_iter().find(|verdict| has(*verdict));
    (!verdicts.is_empty()).then_some(worst)
}

impl House {
    /// The key of this installation's badges, in hexadecimal digits.
    pub(crate) async fn badge_key(&self) -> Result<String, Problem> {
        let key = self.store().key("badges", random()).await?;
        let mut digits = String::new();
        key.iter().for_each(|byte| write!(digits, "{byte:02x}").expect("a String takes every text"));
        Ok(digits)
    }
}
