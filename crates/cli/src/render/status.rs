//! Where everything stands, as tables.

use super::{Clockface, preamble};
use crate::output::{self, BAD, ODD, STRONG, paint};
use clap::builder::styling::Style;
use comfy_table::{Table, presets};
use flyball_model::{Mode, Timestamp, Verdict, duration};
use flyball_views::{MonitorView, NodeState, NodeView, ReactionView, RunView, Status};
use std::time::Duration;

/// Reasons longer than this are cut off in the table; `why` tells them whole.
const WORDS_MAX: usize = 90;

/// Over the verdicts, by which their column is found.
const VERDICT: &str = "VERDICT";
/// The last column is never narrower: below that, one word a line would be left.
const LAST_MIN: usize = 24;

/// The status as text, for a terminal with so many columns; without one, no line is wrapped.
pub(crate) fn text(status: &Status, columns: Option<usize>, face: &Clockface) -> String {
    let now = status.at;
    let told = |words: &str| face.sentence(words, now);
    let mut blocks = vec![format!("{} {}", face.day_and_time(now), face.offset(now))];
    blocks[0].push_str(&face.note(now).map(|note| format!(" ({note})")).unwrap_or_default());
    blocks[0].push_str(
        &preamble(status.engine, &status.pauses, face).iter().map(|line| format!("\n{line}")).collect::<String>(),
    );
    if let Some(why) = status.file_not_followed.as_ref().map(ToString::to_string) {
        // What follows the first line are the mistakes, which `validate` tells.
        let first = why.lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
        blocks[0].push_str(&format!("\n{}", paint(ODD, format!("Not in force: {first}."))));
    }
    if !status.attention.is_empty() {
        let lines = status.attention.iter().map(|one| {
            let words = format!("{}: {}", one.of, told(&one.words));
            wrap(&words, columns.map(|columns| columns.saturating_sub(2))).replace('\n', "\n  ")
        });
        let lines: Vec<String> = lines.map(|line| format!("  {}", paint(BAD, line))).collect();
        blocks.push(format!("{}\n{}", paint(STRONG, "NEEDS A PERSON"), lines.join("\n")));
    }
    if !status.monitors.is_empty() {
        let rows = status.monitors.iter().map(|monitor| of_monitor(monitor, now, face));
        blocks.push(table(["MONITOR", VERDICT, "STREAK", "FOR", "LAST READING"], rows, columns));
    }
    if !status.reactions.is_empty() {
        let rows = status.reactions.iter().map(|reaction| of_reaction(reaction, now, face));
        blocks.push(table(["REACTION", "APP", "MODE", "NEXT", "STANDS"], rows, columns));
    }
    if !status.apps.is_empty() {
        let lines = status.apps.iter().map(|app| format!("  {}: {}", app.name, told(&app.words)));
        blocks.push(format!("{}\n{}", paint(STRONG, "APPS"), lines.collect::<Vec<_>>().join("\n")));
    }
    if !status.open_runs.is_empty() {
        let lines: Vec<String> = status.open_runs.iter().map(|run| told(&of_run(run))).collect();
        blocks.push(format!("{}\n{}", paint(STRONG, "OPEN RUNS"), lines.join("\n")));
    }
    if !status.nodes.is_empty() {
        blocks.push(nodes(&status.nodes, columns, now, face));
    }
    blocks.join("\n\n")
}

/// The engines that share the work, as a table.
pub(crate) fn nodes(nodes: &[NodeView], columns: Option<usize>, now: Timestamp, face: &Clockface) -> String {
    let row = |node: &NodeView| {
        let silent = duration::roughly(Duration::from_millis(node.silent_ms));
        let mut sign =
            if node.state == NodeState::Silent { format!("none for {silent}") } else { format!("{silent} ago") };
        match &node.outdated_by {
            Some(newer) => sign.push_str(&format!("; {}", face.sentence(&newer.words(), now))),
            None if node.has_another_file => sign.push_str("; another file is in force there"),
            None => {}
        }
        [node.name.clone(), node.state.word().to_owned(), node.shards.to_string(), node.monitors.to_string(), sign]
    };
    table(["NODE", "STATE", "SHARDS", "MONITORS", "SIGN OF LIFE"], nodes.iter().map(row), columns)
}

/// A table whose last column holds sentences: they are wrapped between words.
fn table<const COLUMNS: usize>(
    heading: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
    columns: Option<usize>,
) -> String {
    let mut rows: Vec<[String; COLUMNS]> = rows.collect();
    let widest = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([heading[column].len()]).max().unwrap_or_default()
    };
    let begins: usize = (0..COLUMNS - 1).map(|column| widest(column) + 2).sum();
    let room = columns.map(|columns| columns.saturating_sub(begins).max(LAST_MIN));
    for row in &mut rows {
        row[COLUMNS - 1] = wrap(&row[COLUMNS - 1], room);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading);
    table.add_rows(rows);
    let padded = table.to_string();
    // One blank stands before each line; those of a wrapped sentence are further in, and stay there.
    let mut lines = padded.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    let head = lines.next().unwrap_or_default();
    // Painted when everything has its place: colours would count as width.
    let verdict_at = head.find(VERDICT);
    let painted = lines.map(|line| verdict_at.map_or_else(|| line.to_owned(), |at| with_verdict_painted(line, at)));
    [paint(STRONG, head)].into_iter().chain(painted).collect::<Vec<_>>().join("\n")
}

/// The line with its verdict, which begins after so many characters, in its colour.
fn with_verdict_painted(line: &str, at: usize) -> String {
    let begins = line.char_indices().nth(at).map_or(line.len(), |(begins, _)| begins);
    let (before, from) = line.split_at(begins);
    let (word, after) = from.split_at(from.find(' ').unwrap_or(from.len()));
    let style = [Verdict::Passing, Verdict::Failing, Verdict::Unknown].into_iter().find(|one| one.to_string() == word);
    format!("{before}{}{after}", paint(style.map_or_else(Style::new, output::verdict), word))
}

/// The text in lines of at most so many characters, broken between words; a longer word has a line of its own.
fn wrap(text: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut wrapped = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 {
            let fits = used + 1 + length <= width;
            wrapped.push(if fits { ' ' } else { '\n' });
            used = if fits { used + 1 } else { 0 };
        }
        wrapped.push_str(word);
        used += length;
    }
    wrapped
}

fn of_monitor(monitor: &MonitorView, now: Timestamp, face: &Clockface) -> [String; 5] {
    let verdict = match (monitor.enabled, monitor.verdict) {
        (false, _) => "off".to_owned(),
        (true, _) if monitor.outside_hours.is_some() => "-".to_owned(),
        (true, None) => "-".to_owned(),
        (true, Some(verdict)) => verdict.to_string(),
    };
    let streak = match monitor.unknown_in_a_row {
        0 => monitor.streak.to_string(),
        unknown => format!("{unknown} ({} before)", monitor.streak),
    };
    let since = monitor.since.map_or_else(|| "-".to_owned(), |since| age(since, now));
    let last = monitor.last.as_ref();
    let last = last.map(|last| cut(&format!("{} ago: {}", age(last.at, now), face.sentence(last.words.as_str(), now))));
    let last = monitor.outside_hours.clone().or(last).unwrap_or_else(|| "-".to_owned());
    [monitor.name.to_string(), verdict, streak, since, last]
}

fn of_reaction(reaction: &ReactionView, now: Timestamp, face: &Clockface) -> [String; 5] {
    let mode = match (reaction.enabled, reaction.mode) {
        (false, _) => "off",
        (true, Mode::Act) => "act",
        (true, Mode::DryRun) => "dry run",
    };
    let next = match (reaction.next.at, &reaction.next.waits_for) {
        (None, None) => "-".to_owned(),
        (None, Some(what)) => format!("when {what}"),
        (Some(at), _) if at <= now => "now".to_owned(),
        (Some(at), _) => format!("in {}", age(now, at)),
    };
    // Of several monitors, the one whose word is the latest.
    let latest = reaction.holdings.iter().max_by_key(|holding| holding.last_at);
    let stands = match latest {
        None => "has not been asked yet".to_owned(),
        Some(holding) if holding.acted && reaction.mode == Mode::DryRun => format!("would act: {}", holding.words),
        Some(holding) if holding.acted => format!("acts: {}", holding.words),
        Some(holding) => format!("holds: {}", holding.words),
    };
    [reaction.name.to_string(), reaction.app.to_string(), mode.to_owned(), next, cut(&face.sentence(&stands, now))]
}

fn of_run(run: &RunView) -> String {
    format!("\"{}\": {}: {}", run.reaction, run.plan, run.words)
}

/// How long from one time to another, in words, by the second.
fn age(from: Timestamp, to: Timestamp) -> String {
    duration::roughly(Duration::from_secs(to.since(from).as_secs()))
}

/// No word is cut in two, unless it is the only one.
fn cut(words: &str) -> String {
    let Some((end, _)) = words.char_indices().nth(WORDS_MAX) else { return words.to_owned() };
    let kept = &words[..end];
    format!("{} …", kept.rsplit_once(' ').map_or(kept, |(whole, _)| whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASON: &str = "holds: too few readings: 1 of 2 of \"page\" in a row were failing for this cause";

    fn rows() -> impl Iterator<Item = [String; 3]> {
        [["front door", "failing", REASON], ["b", "passing", "200 in 40 ms"]]
            .map(|row| row.map(str::to_owned))
            .into_iter()
    }

    #[test]
    fn at_eighty_columns_and_fewer_every_word_stays_whole_and_under_its_heading() {
        for columns in [40, 60, 80] {
            let shown = table(["MONITOR", VERDICT, "STANDS"], rows(), Some(columns));
            let shown = anstream::adapter::strip_str(&shown).to_string();
            assert!(shown.lines().all(|line| line.chars().count() <= columns.max(23 + LAST_MIN)), "{shown}");
            let at = shown.find("STANDS").unwrap();
            let told: Vec<&str> = shown.lines().skip(1).map(|line| &line[at..]).collect();
            assert!(told.join(" ").starts_with(REASON), "{shown}");
        }
        assert_eq!(table(["MONITOR", VERDICT, "STANDS"], rows(), None).lines().count(), 3);
    }

    #[test]
    fn verdicts_have_their_colour_and_the_word_stands_alone_without_it() {
        let shown = table(["MONITOR", VERDICT, "STANDS"], rows(), None);
        assert!(shown.contains(&paint(BAD, "failing")) && shown.contains(&paint(output::GOOD, "passing")), "{shown:?}");
        assert_eq!(anstream::adapter::strip_str(&shown).to_string().matches("failing").count(), 2);
    }

    #[test]
    fn what_is_too_long_is_cut_between_words() {
        let long = "word ".repeat(30);
        assert!(cut(&long).ends_with("word …") && cut(&long).chars().count() <= WORDS_MAX + 2);
        assert_eq!(cut("short"), "short");
    }
}
