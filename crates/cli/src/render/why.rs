//! An explanation: a heading for each thing that it is about, and sentences under it.

use super::{day_and_time, preamble};
use crate::output::{FAINT, STRONG, paint, verdict};
use flyball_engine::queries::{About, Part, ReadingView, RunView, Why};

/// The explanation as text; `verbose` adds Heroku's request ids, which only its support asks for.
pub(crate) fn text(why: &Why, verbose: bool) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let before = preamble(why.engine, &why.pauses);
    if !before.is_empty() {
        blocks.push(before.join("\n"));
    }
    blocks.extend(why.parts.iter().map(|one| part(one, verbose)));
    blocks.join("\n\n")
}

fn part(part: &Part, verbose: bool) -> String {
    let noun = match &part.about {
        About::Monitor(_) => "monitor",
        About::Reaction(_) => "reaction",
        About::App(_) => "app",
    };
    let mut lines = vec![format!("{noun} {}", paint(STRONG, part.about.name()))];
    lines.extend(part.sentences.iter().map(|sentence| format!("  {sentence}")));
    lines.extend(part.readings.iter().map(reading));
    // The latest run of a reaction stands among its sentences.
    let told = usize::from(part.reaction.is_some());
    lines.extend(part.runs.iter().skip(told).map(run));
    if verbose {
        lines.extend(part.runs.iter().filter_map(requests));
    }
    lines.join("\n")
}

fn reading(reading: &ReadingView) -> String {
    let said = reading.verdict;
    format!("    {}  {}: {}", paint(FAINT, day_and_time(reading.at)), paint(verdict(said), said), reading.words)
}

fn run(run: &RunView) -> String {
    format!("    {}  {}", paint(FAINT, day_and_time(run.queued_at)), run.sentence())
}

fn requests(run: &RunView) -> Option<String> {
    Some(format!("    {}  {} {}", paint(FAINT, day_and_time(run.queued_at)), run.plan, run.requests()?))
}
