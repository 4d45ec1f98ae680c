//! An explanation: a heading for each thing that it is about, and sentences under it.

use super::timeline::{self, Stamp};
use super::{Clockface, preamble};
use crate::output::{FAINT, STRONG, paint, verdict};
use flyball_model::Timestamp;
use flyball_views::{About, Part, ReadingView, RunStory, RunView, Why};

/// The explanation as text; `verbose` adds Heroku's request ids, which only its support asks for.
pub(crate) fn text(why: &Why, verbose: bool, face: &Clockface) -> String {
    let mut blocks: Vec<String> = Vec::new();
    let mut before: Vec<String> = face.note(why.at).map(|note| paint(FAINT, note)).into_iter().collect();
    before.extend(preamble(why.engine, &why.pauses, face));
    if !before.is_empty() {
        blocks.push(before.join("\n"));
    }
    blocks.extend(why.parts.iter().map(|one| part(one, verbose, why.at, face)));
    blocks.join("\n\n")
}

fn part(part: &Part, verbose: bool, now: Timestamp, face: &Clockface) -> String {
    let noun = match &part.about {
        About::Monitor(_) => "monitor",
        About::Reaction(_) => "reaction",
        About::App(_) => "app",
    };
    let mut lines = vec![format!("{noun} {}", paint(STRONG, part.about.name()))];
    lines.extend(part.sentences.iter().map(|sentence| format!("  {}", face.sentence(sentence, now))));
    lines.extend(part.readings.iter().map(|one| reading(one, face)));
    // The latest run of a reaction stands among its sentences.
    let told = usize::from(part.reaction.is_some());
    lines.extend(part.runs.iter().skip(told).map(|one| run(one, face)));
    if verbose {
        lines.extend(part.runs.iter().filter_map(|one| requests(one, face)));
    }
    lines.join("\n")
}

/// The story of a run as text: the readings before it, its lines of the timeline, and the calls.
pub(crate) fn run_story(story: &RunStory, verbose: bool, face: &Clockface) -> String {
    let at = story.run.queued_at;
    let mut lines = vec![format!("run {}", paint(STRONG, story.run.id))];
    let sentences = story.sentences.iter().chain(&story.basis);
    lines.extend(sentences.map(|sentence| format!("  {}", face.sentence(sentence, at))));
    lines.extend(story.readings.iter().map(|one| reading(one, face)));
    lines.extend(story.lines.iter().map(|line| format!("    {}", timeline::line(line, Stamp::DayAndTime, face))));
    lines.extend(story.calls.iter().map(|call| format!("    {call}")));
    if verbose {
        lines.extend(requests(&story.run, face));
    }
    lines.join("\n")
}

fn reading(reading: &ReadingView, face: &Clockface) -> String {
    let (at, said) = (face.day_and_time(reading.at), reading.verdict);
    let words = face.sentence(reading.words.as_str(), reading.at);
    format!("    {}  {}: {words}", paint(FAINT, at), paint(verdict(said), said))
}

fn run(run: &RunView, face: &Clockface) -> String {
    let at = face.day_and_time(run.queued_at);
    format!("    {}  {}", paint(FAINT, at), face.sentence(&run.sentence(), run.queued_at))
}

fn requests(run: &RunView, face: &Clockface) -> Option<String> {
    Some(format!("    {}  {} {}", paint(FAINT, face.day_and_time(run.queued_at)), run.plan, run.requests()?))
}
