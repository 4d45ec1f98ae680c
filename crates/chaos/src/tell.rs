//! Tells a trial in which something did not hold: the story, what was violated, and what happened around it, in order.

use crate::campaign::Trial;
use crate::stage::{Note, Noted, START};
use flyball_heroku_sim::ReceivedCall;
use flyball_model::{RunState, Timestamp};
use std::fmt::Write as _;

/// At most this many lines are told before a violation, and a few after it.
const LINES_BEFORE: usize = 60;
const LINES_AFTER: usize = 25;

/// Tells it.
#[must_use]
pub fn tell(trial: &Trial) -> String {
    let mut told = String::new();
    let _infallible = write!(told, "{}", trial.story);
    for violation in trial.violations.iter().take(3) {
        let _infallible = writeln!(told, "\nviolated at {}: {violation}", time(violation.at));
    }
    if let Some(first) = trial.violations.first() {
        told.push_str("\nwhat happened:\n");
        let lines: Vec<(Timestamp, String)> = lines(trial);
        let middle = lines.partition_point(|(at, _)| *at <= first.at);
        let from = middle.saturating_sub(LINES_BEFORE);
        let to = (middle + LINES_AFTER).min(lines.len());
        for (at, line) in &lines[from..to] {
            let _infallible = writeln!(told, "  {} {line}", time(*at));
        }
    }
    told
}

/// The time since the beginning.
fn time(at: Timestamp) -> String {
    let millis = at.since(START).as_millis();
    format!("{:3}:{:02}.{:03}", millis / 60_000, millis / 1000 % 60, millis % 1000)
}

fn lines(trial: &Trial) -> Vec<(Timestamp, String)> {
    let said = |note: &Note| said(trial, note).map(|line| (note.at, line));
    trial.record.notes.iter().filter_map(said).collect()
}

fn said(trial: &Trial, note: &Note) -> Option<String> {
    let plan = |run: &flyball_model::RunId| {
        trial.record.runs.iter().find(|of| of.id == *run).map_or("a run".to_owned(), |run| run.plan.to_string())
    };
    Some(match &note.what {
        Noted::Started => format!("Flyball starts ({})", note.process),
        Noted::Trespassed(shard) => format!("process {} writes by shard {}", note.process, shard.number()),
        Noted::Applied(_) => "Flyball goes by its file".to_owned(),
        Noted::Stopped => "Flyball is dead".to_owned(),
        Noted::Happened(what) => what.to_string(),
        Noted::Faulted { met, .. } => met.to_string(),
        Noted::TakenIn { monitor, finding, .. } => {
            let names = trial.story.file.monitors.iter().map(|monitor| monitor.name.as_str());
            let mut named =
                names.filter(|name| name.parse().is_ok_and(|name| flyball_model::MonitorId::of(&name) == *monitor));
            format!("reading of \"{}\": {finding:?}", named.next().unwrap_or("a monitor"))
        }
        Noted::Queued(run) => format!("{}: queued by \"{}\", because {}", run.plan, run.reaction_name, run.because),
        Noted::Claimed { run, .. } => format!("{}: claimed", plan(run)),
        Noted::Marked { run, .. } => format!("{}: marked as sent", plan(run)),
        Noted::Left { run, request_id } => {
            let of = run.as_ref().map_or_else(|| "without a run".to_owned(), plan);
            format!("{of}: call {request_id} leaves")
        }
        Noted::Arrived { call, .. } => arrived(call),
        Noted::Ended(run) => {
            let ended = trial.record.runs.iter().find(|of| of.id == *run).map(|run| &run.state);
            match ended {
                Some(RunState::Ended { outcome, .. }) => format!("{}: {outcome}", plan(run)),
                _ => format!("{}: ended", plan(run)),
            }
        }
        Noted::Quiet => "from here on nothing goes wrong".to_owned(),
        Noted::Asked { .. } | Noted::Written { .. } | Noted::Remembered { .. } | Noted::Held { .. } => return None,
    })
}

fn arrived(call: &ReceivedCall) -> String {
    let id = call.request_id.as_deref().unwrap_or("without an id");
    format!("Heroku has {id}: {} {} {} ({:?}, {:?})", call.method, call.path, call.body, call.took, call.answered)
}
