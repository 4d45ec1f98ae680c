//! Where everything stands, as tables.

use super::{day_and_time, preamble};
use crate::output::{BAD, ODD, STRONG, paint};
use comfy_table::{Table, presets};
use flyball_engine::queries::{MonitorView, ReactionView, RunView, Status};
use flyball_model::{Mode, Timestamp, duration};
use std::time::Duration;

/// Reasons longer than this are cut off in the table; `why` tells them whole.
const WORDS_MAX: usize = 90;

/// The status as text.
pub(crate) fn text(status: &Status) -> String {
    let now = status.at;
    let mut blocks = vec![format!("{} UTC", day_and_time(now))];
    blocks[0]
        .push_str(&preamble(status.engine, &status.pauses).iter().map(|line| format!("\n{line}")).collect::<String>());
    if let Some(why) = status.file_not_followed.as_ref().map(ToString::to_string) {
        // What follows the first line are the mistakes, which `validate` tells.
        let first = why.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
        blocks[0].push_str(&format!("\n{}", paint(ODD, format!("Not in force: {first}."))));
    }
    for found in &status.found_on_rounds {
        blocks[0].push_str(&format!("\n{}", paint(BAD, format!("Needs a person: {found}"))));
    }
    if !status.monitors.is_empty() {
        let rows = status.monitors.iter().map(|monitor| of_monitor(monitor, now));
        blocks.push(table(["MONITOR", "VERDICT", "STREAK", "FOR", "LAST READING"], rows));
    }
    if !status.reactions.is_empty() {
        let rows = status.reactions.iter().map(|reaction| of_reaction(reaction, now));
        blocks.push(table(["REACTION", "APP", "MODE", "NEXT", "STANDS"], rows));
    }
    if !status.open_runs.is_empty() {
        let lines: Vec<String> = status.open_runs.iter().map(of_run).collect();
        blocks.push(format!("{}\n{}", paint(STRONG, "OPEN RUNS"), lines.join("\n")));
    }
    blocks.join("\n\n")
}

fn table<const COLUMNS: usize>(heading: [&str; COLUMNS], rows: impl Iterator<Item = [String; COLUMNS]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading);
    table.add_rows(rows);
    let padded = table.to_string();
    padded.lines().map(|line| line.trim()).collect::<Vec<_>>().join("\n")
}

fn of_monitor(monitor: &MonitorView, now: Timestamp) -> [String; 5] {
    let verdict = match (monitor.enabled, monitor.verdict) {
        (false, _) => "off".to_owned(),
        (true, None) => "-".to_owned(),
        (true, Some(verdict)) => verdict.to_string(),
    };
    let streak = match monitor.unknown_in_a_row {
        0 => monitor.streak.to_string(),
        unknown => format!("{unknown} ({} before)", monitor.streak),
    };
    let since = monitor.since.map_or_else(|| "-".to_owned(), |since| age(since, now));
    let last = monitor.last.as_ref();
    let last = last.map_or_else(|| "-".to_owned(), |last| cut(&format!("{} ago: {}", age(last.at, now), last.words)));
    [monitor.name.to_string(), verdict, streak, since, last]
}

fn of_reaction(reaction: &ReactionView, now: Timestamp) -> [String; 5] {
    let mode = match (reaction.enabled, reaction.mode) {
        (false, _) => "off",
        (true, Mode::Act) => "act",
        (true, Mode::DryRun) => "dry run",
    };
    let next = match reaction.next.at {
        None => "-".to_owned(),
        Some(at) if at <= now => "now".to_owned(),
        Some(at) => format!("in {}", age(now, at)),
    };
    // Of several monitors, the one whose word is the latest.
    let latest = reaction.holdings.iter().max_by_key(|holding| holding.last_at);
    let stands = match latest {
        None => "has not been asked yet".to_owned(),
        Some(holding) if holding.acted && reaction.mode == Mode::DryRun => format!("would act: {}", holding.words),
        Some(holding) if holding.acted => format!("acts: {}", holding.words),
        Some(holding) => format!("holds: {}", holding.words),
    };
    [reaction.name.to_string(), reaction.app.to_string(), mode.to_owned(), next, cut(&stands)]
}

fn of_run(run: &RunView) -> String {
    format!("\"{}\": {}: {}", run.reaction, run.plan, run.words)
}

/// How long from one time to another, in words, by the second.
fn age(from: Timestamp, to: Timestamp) -> String {
    duration::roughly(Duration::from_secs(to.since(from).as_secs()))
}

fn cut(words: &str) -> String {
    if words.chars().count() <= WORDS_MAX {
        return words.to_owned();
    }
    words.chars().take(WORDS_MAX - 1).chain(['…']).collect()
}
