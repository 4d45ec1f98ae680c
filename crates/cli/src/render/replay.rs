//! What would have been, as text.

use super::Clockface;
use crate::output::{FAINT, ODD, STRONG, paint};
use flyball_views::{CarriesView, LoadBin, Replay, ReplayDifference, Suggestion};

/// So many lines of one sort are shown: two screens. All of them stand in the JSON.
const LINES_MAX: usize = 40;
/// The width of the plot's bars, in characters.
const BAR: usize = 40;

/// A replay: what it comes to, and each choice that would have been another.
pub(crate) fn replay(replay: &Replay, face: &Clockface) -> String {
    let sentence = |words: &String| format!("  {}", face.sentence(words, replay.until));
    let mut lines: Vec<String> = face.note(replay.until).map(|note| paint(FAINT, note)).into_iter().collect();
    lines.push(format!("reaction {}", paint(STRONG, &replay.reaction)));
    lines.extend(replay.sentences.iter().map(sentence));
    let mut blocks = vec![lines.join("\n")];
    if !replay.acts.is_empty() {
        let acts = replay.acts.iter().map(|act| {
            let at = paint(FAINT, face.day_and_time(act.at));
            format!("  {at}  {} ({})", act.plan, face.sentence(&act.because, act.at))
        });
        blocks.push(listed("It would have done:", acts.collect(), replay.would.acted));
    }
    if !replay.holds.is_empty() {
        let holds = replay
            .holds
            .iter()
            .map(|hold| format!("  {:>7} ×  {}", hold.readings, face.sentence(&hold.because, replay.until)));
        blocks.push(format!(
            "Called, it would have held, for this reason the last time:\n{}",
            holds.collect::<Vec<_>>().join("\n")
        ));
    }
    if !replay.differences.is_empty() {
        let lines = replay.differences.iter().map(|of| difference(of, face)).collect();
        blocks.push(listed("Choices that would have been others:", lines, replay.differing));
    }
    blocks.join("\n\n")
}

fn listed(heading: &str, lines: Vec<String>, all: u64) -> String {
    let shown = lines.len().min(LINES_MAX);
    let left = all.saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
    let mut lines: Vec<String> = lines.into_iter().take(LINES_MAX).collect();
    if left > 0 {
        lines.push(format!("  and {left} more"));
    }
    format!("{heading}\n{}", lines.join("\n"))
}

fn difference(of: &ReplayDifference, face: &Clockface) -> String {
    let at = paint(FAINT, face.day_and_time(of.at));
    let words = |words: &Option<String>| match words {
        Some(words) => face.sentence(words, of.at),
        None => "nothing".to_owned(),
    };
    format!("  {at}  would: {}; then: {}", words(&of.would), words(&of.did))
}

/// A suggestion: what was found, the minutes by load, and the reaction for the file.
pub(crate) fn suggestion(suggestion: &Suggestion, face: &Clockface) -> String {
    let sentence = |words: &String| format!("  {}", face.sentence(words, suggestion.until));
    let mut lines = vec![format!("monitor {}", paint(STRONG, &suggestion.monitor))];
    lines.extend(suggestion.sentences.iter().map(sentence));
    let mut blocks = vec![lines.join("\n")];
    blocks.extend(suggestion.carries.as_ref().map(plot));
    blocks.extend(suggestion.snippet.as_ref().map(|snippet| snippet.trim_end().to_owned()));
    blocks.join("\n\n")
}

/// Minutes by the load of each dyno: how long requests were served, and in how many of them they waited.
fn plot(carries: &CarriesView) -> String {
    let longest = carries.bins.iter().map(|bin| bin.service_ms).fold(1.0, f64::max);
    let millis = |bin: &LoadBin| format!("{:.0}ms", bin.service_ms);
    let widest = carries.bins.iter().map(|bin| millis(bin).len()).max().unwrap_or_default();
    let row = |bin: &LoadBin| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a part of a bar's length"
        )]
        let filled = ((bin.service_ms / longest).clamp(0.0, 1.0) * BAR as f64).round() as usize;
        let bar = "█".repeat(filled.max(1));
        let bar = if bin.waits { paint(ODD, format!("{bar} waits")) } else { bar };
        let load = format!("{:.2} to {:.2}", bin.from, bin.to);
        format!("{load:<16} {:>8} {:>7}  {:>widest$} {bar}", bin.minutes, bin.waiting, millis(bin))
    };
    let heading = format!("{:<16} {:>8} {:>7}  {}", "LOAD OF A DYNO", "MINUTES", "WAITED", "SERVED WITHIN");
    std::iter::once(heading).chain(carries.bins.iter().map(row)).collect::<Vec<_>>().join("\n")
}
