//! The first line of everything: what is wrong, since when, what was done about it, and what comes next.

use super::ago;
use flyball_model::{AppName, PauseScope, Verdict};
use flyball_views::{Headline, MonitorView, ReactionView, Status};

/// At most so many apps are named in one line.
const NAMED: usize = 3;

/// Where everything stands, in the words that a sleepy person reads first.
#[must_use]
pub fn headline(status: &Status) -> Headline {
    let watched: Vec<&MonitorView> = status.monitors.iter().filter(|monitor| monitor.looks_now()).collect();
    let with = |verdict| watched.iter().copied().filter(move |monitor| monitor.verdict == Some(verdict));
    let failing: Vec<&MonitorView> = with(Verdict::Failing).collect();
    let unknown: Vec<&MonitorView> = with(Verdict::Unknown).collect();
    let mut sentences = paused(status);
    let (verdict, title) = match (failing.first(), unknown.first()) {
        _ if watched.is_empty() && status.monitors.iter().any(|monitor| monitor.outside_hours.is_some()) => {
            (None, "Nothing is looked at now: every monitor is outside its hours".to_owned())
        }
        _ if watched.is_empty() => (None, "Nothing is watched yet".to_owned()),
        (Some(_), _) => {
            sentences.splice(0..0, course(&failing, status));
            (Some(Verdict::Failing), wrong(&failing))
        }
        (None, Some(first)) => {
            let title = match unknown.len() {
                1 => format!("\"{}\" cannot look{}", first.name, said(first)),
                count => format!("{count} monitors cannot look"),
            };
            sentences.push("Nothing is done on what is not seen.".to_owned());
            (Some(Verdict::Unknown), title)
        }
        (None, None) => {
            let looked = with(Verdict::Passing).count();
            let title = match (watched.len(), looked) {
                (1, 1) => "The one monitor passes".to_owned(),
                (all, some) if all == some => format!("All {all} monitors pass"),
                (all, some) => format!("{some} of {all} monitors pass, and the others have not looked yet"),
            };
            (Some(Verdict::Passing), title)
        }
    };
    Headline { verdict, title, sentences }
}

/// What the latest reading said, behind a colon.
fn said(monitor: &MonitorView) -> String {
    monitor.last.as_ref().map(|last| format!(": {}", last.words)).unwrap_or_default()
}

fn wrong(failing: &[&MonitorView]) -> String {
    let mut apps: Vec<&AppName> = Vec::new();
    for app in failing.iter().flat_map(|monitor| &monitor.apps) {
        if !apps.contains(&app) {
            apps.push(app);
        }
    }
    match (failing, apps.as_slice()) {
        ([one], [app]) => format!("{app} is failing{}", said(one)),
        ([one], _) => format!("\"{}\" is failing{}", one.name, said(one)),
        (many, [app]) => format!("{app} is failing: {} monitors say so", many.len()),
        (many, apps) if apps.is_empty() || apps.len() > NAMED => format!("{} monitors are failing", many.len()),
        (_, apps) => {
            let names: Vec<&str> = apps.iter().map(|app| app.as_str()).collect();
            let (last, others) = names.split_last().expect("there are several");
            format!("{} and {last} are failing", others.join(", "))
        }
    }
}

/// Since when, what was done last about it, and what comes next.
fn course(failing: &[&MonitorView], status: &Status) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(since) = failing.iter().filter_map(|monitor| monitor.since).min() {
        told.push(format!("Since {since} ({}).", ago(since, status.at)));
    }
    let calls = |reaction: &&ReactionView| {
        reaction.enabled && reaction.called_by.iter().any(|name| failing.iter().any(|monitor| monitor.name == *name))
    };
    let called: Vec<&ReactionView> = status.reactions.iter().filter(calls).collect();
    let since = failing.iter().filter_map(|monitor| monitor.since).min();
    let runs = called.iter().filter_map(|reaction| reaction.last_run.as_ref());
    let last = runs.filter(|run| since.is_none_or(|since| run.queued_at >= since)).max_by_key(|run| run.queued_at);
    told.push(match last {
        Some(run) => format!("Last done, {}: {}: {}.", ago(run.queued_at, status.at), run.plan, run.words),
        None if called.is_empty() => "No reaction is called by it.".to_owned(),
        None => "Nothing was done about it so far.".to_owned(),
    });
    let next = called.iter().filter(|reaction| reaction.next.at.is_some()).min_by_key(|reaction| reaction.next.at);
    told.extend(next.map(|reaction| format!("Next, \"{}\": {}", reaction.name, reaction.next.words)));
    told
}

/// What is paused.
fn paused(status: &Status) -> Vec<String> {
    let everything = status.pauses.iter().find(|pause| pause.scope == PauseScope::Everything);
    match (everything, status.pauses.len()) {
        (Some(pause), _) => {
            let until = pause.until.map_or_else(|| "until it is resumed".to_owned(), |until| format!("until {until}"));
            vec![format!("Everything is paused {until}, by {}: nothing is done.", pause.by)]
        }
        (None, 0) => Vec::new(),
        (None, 1) => vec![format!("{} is paused.", status.pauses[0].scope)],
        (None, count) => vec![format!("{count} pauses hold.")],
    }
}
