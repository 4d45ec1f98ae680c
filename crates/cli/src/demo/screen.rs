//! The screen: lines for people or for programs, and on a terminal one line at the bottom that is redrawn.

use super::curve::{Curve, plot};
use super::judge::Verdict as Judged;
use super::scene::Scene;
use super::told::{Line, What};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, BAD, FAINT, Format, GOOD, ODD, STRONG, Screen as Seen, paint};
use clap::builder::styling::Style;
use flyball_model::Verdict;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;

/// Moments that the little curve shows: with one in half a second, the last six seconds.
const CURVE_MAX: usize = 12;
/// The heights of the curve, from nothing to half as much again as the shop can serve.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Load by capacity at the top of the curve.
const TOP: f64 = 1.5;
/// The longest status line: what fits on the narrowest terminal that people use.
const STATUS_MAX: usize = 78;

/// Where the demo is told.
pub(super) struct Screen {
    format: Format,
    seen: Seen,
    curve: VecDeque<f64>,
    /// How many columns of the bottom line are written on.
    written: usize,
}

/// What the day came to, as data.
#[derive(Serialize)]
struct Judgement<'a> {
    good: bool,
    reactions: &'a [Judged],
    /// Dynos and load, second by second, of the hours in which dynos were added.
    hours: &'a BTreeMap<Scene, Curve>,
}

impl Screen {
    /// A screen for this format.
    pub(super) fn new(format: Format) -> Self {
        let seen = match format {
            Format::Text => output::screen(),
            Format::Json => Seen::Plain,
        };
        Self { format, seen, curve: VecDeque::new(), written: 0 }
    }

    /// Shows the file.
    pub(super) fn file(&mut self, file: &str, url: &str, page: &str) -> Result<(), Failure> {
        if self.format == Format::Json {
            return output::json_line(&serde_json::json!({ "file": file, "heroku": url, "page": page }));
        }
        let coloured: Vec<String> = file.lines().map(coloured).collect();
        output::data(&format!(
            "{}\n\n{}\n\n{}",
            paint(STRONG, "A day at a small shop, in about a minute and a half. This is the file:"),
            indented(&coloured),
            paint(STRONG, format!("And this is the day. Heroku's stand-in is at {url}, the shop at {page}"))
        ))
    }

    /// Shows a line.
    pub(super) fn line(&mut self, line: &Line) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::json_line(line),
            Format::Text => {
                self.clear()?;
                output::data(&in_words(line))
            }
        }
    }

    /// Redraws the bottom line, on a terminal.
    pub(super) fn status(&mut self, time: &str, load: f64, capacity: f64, words: &str) -> Result<(), Failure> {
        if self.seen == Seen::Plain {
            return Ok(());
        }
        if self.curve.len() == CURVE_MAX {
            self.curve.pop_front();
        }
        self.curve.push_back(if capacity > 0.0 { load / capacity } else { TOP });
        let curve: String = self.curve.iter().map(|ratio| height(*ratio)).collect();
        let status = format!("  {time}  {curve:>CURVE_MAX$}  {load:.0} of {capacity:.0} requests/s · {words}");
        let status: String = status.chars().take(STATUS_MAX).collect();
        let columns = status.chars().count();
        self.bottom(&format!("\r{}{}", paint(FAINT, &status), " ".repeat(self.written.saturating_sub(columns))))?;
        self.written = columns;
        Ok(())
    }

    /// Wipes the bottom line.
    pub(super) fn clear(&mut self) -> Result<(), Failure> {
        match std::mem::take(&mut self.written) {
            0 => Ok(()),
            // Blanks rather than an escape sequence, so that it works without colour too.
            columns => self.bottom(&format!("\r{}\r", " ".repeat(columns))),
        }
    }

    fn bottom(&self, text: &str) -> Result<(), Failure> {
        let mut stdout = anstream::stdout();
        write!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(output::failed)
    }

    /// Shows what the day came to.
    pub(super) fn verdicts(&mut self, verdicts: &[Judged], hours: &BTreeMap<Scene, Curve>) -> Result<(), Failure> {
        let good = verdicts.iter().all(|verdict| verdict.good);
        if self.format == Format::Json {
            return output::json_line(&Judgement { good, reactions: verdicts, hours });
        }
        self.clear()?;
        if let (Some(steps), Some(step)) = (hours.get(&Scene::Surge), hours.get(&Scene::Newsletter)) {
            output::data(&format!("\n{}", plot(steps, step)))?;
        }
        output::data(&format!("\n{}", table(verdicts)))
    }

    /// Says something beside the play: to people only.
    pub(super) fn say(&mut self, words: &str) -> Result<(), Failure> {
        self.clear()?;
        output::say(words);
        Ok(())
    }
}

/// How the process ends.
pub(super) fn exit(verdicts: &[Judged]) -> Exit {
    if verdicts.iter().all(|verdict| verdict.good) { Exit::GOOD } else { Exit::NO }
}

fn height(ratio: f64) -> char {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the eight heights")]
    let step = (ratio / TOP * 8.0).clamp(0.0, 7.0) as usize;
    HEIGHTS[step]
}

fn indented(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

/// A line of the file: comments faint, headings strong.
fn coloured(line: &str) -> String {
    match line.as_bytes() {
        [b'#', ..] => paint(FAINT, line),
        [b'[', ..] => paint(STRONG, line),
        _ => line.to_owned(),
    }
}

/// The word of a line, and how it looks. The word alone says it all.
const fn word(what: What) -> (&'static str, Style) {
    match what {
        What::Scene | What::World => ("shop", STRONG),
        What::Person => ("person", ODD),
        What::Seen(Verdict::Passing) => ("passing", GOOD),
        What::Seen(Verdict::Failing) => ("failing", BAD),
        What::Seen(Verdict::Unknown) => ("unknown", ODD),
        What::Decided => ("decides", Style::new()),
        What::Done => ("does", GOOD),
        What::NotDone => ("not done", ODD),
        What::Held => ("holds", FAINT),
    }
}

fn in_words(line: &Line) -> String {
    let (word, style) = word(line.what);
    let Line { time, what, who, words, .. } = line;
    let gap = if *what == What::Scene { "\n" } else { "" };
    let time = paint(FAINT, time);
    // Padded before it is painted: the escape sequences have no width.
    let label = paint(style, format!("{word:<8}"));
    match (who, what) {
        (_, What::Scene) => format!("{gap}  {time}  {label}  {}", paint(STRONG, words)),
        (Some(who), What::Held) => format!("  {time}  {label}  {}", paint(FAINT, format!("{who}: {words}"))),
        (Some(who), _) => format!("  {time}  {label}  {who}: {words}"),
        (None, _) => format!("  {time}  {label}  {words}"),
    }
}

/// The nine reactions, and what became of them.
fn table(verdicts: &[Judged]) -> String {
    let width = |of: fn(&Judged) -> &str| verdicts.iter().map(|verdict| of(verdict).chars().count()).max().unwrap_or(0);
    let (reaction, should) = (width(|verdict| verdict.reaction.word()), width(|verdict| &verdict.should));
    let heading =
        format!("    {:<reaction$}  {:<should$}  {}", "reaction", "what it should do", "what the world shows");
    let mut lines = vec![paint(STRONG, heading)];
    lines.extend(verdicts.iter().map(|verdict| {
        let mark = if verdict.good { paint(GOOD, "✓") } else { paint(BAD, "✗") };
        format!("  {mark} {:<reaction$}  {:<should$}  {}", verdict.reaction.word(), verdict.should, verdict.shows)
    }));
    lines.push(String::new());
    let failed: Vec<&str> =
        verdicts.iter().filter(|verdict| !verdict.good).map(|verdict| verdict.reaction.word()).collect();
    lines.push(match failed.as_slice() {
        [] => paint(GOOD, "  All nine did what they should, by what the stand-in's world shows."),
        failed => paint(BAD, format!("  Not as it should be: {}", failed.join(", "))),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::kind::Kind;
    use flyball_model::Timestamp;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_line_says_everything_without_colour() {
        let line = |what, who: Option<&str>| Line {
            time: "08:15".to_owned(),
            at: Timestamp::EPOCH,
            what,
            who: who.map(str::to_owned),
            words: "so it is".to_owned(),
        };
        let cases = [
            (line(What::Scene, None), "\n  08:15  shop      so it is"),
            (line(What::Seen(Verdict::Failing), Some("front page")), "  08:15  failing   front page: so it is"),
            (line(What::Decided, Some("more")), "  08:15  decides   more: so it is"),
            (line(What::NotDone, Some("more")), "  08:15  not done  more: so it is"),
            (line(What::Held, Some("more")), "  08:15  holds     more: so it is"),
        ];
        for (line, expected) in cases {
            assert_eq!(plain(&in_words(&line)), expected);
        }
    }

    #[test]
    fn the_table_names_what_is_not_as_it_should_be() {
        let verdict = |reaction, good| Judged { reaction, should: "act".into(), shows: "acted".into(), good };
        let all = [verdict(Kind::ScaleOut, true), verdict(Kind::RestartDyno, false)];
        let shown = plain(&table(&all));
        assert!(shown.contains("✓ scale_out     act"), "{shown}");
        assert!(shown.ends_with("Not as it should be: restart_dyno"), "{shown}");
        assert_eq!((exit(&all), exit(&all[..1])), (Exit::NO, Exit::GOOD));
    }

    #[test]
    fn the_curve_stays_within_its_heights() {
        assert_eq!([-1.0, 0.0, 0.75, 1.5, 9.0, f64::NAN].map(height), ['▁', '▁', '▅', '█', '█', '▁']);
    }
}
