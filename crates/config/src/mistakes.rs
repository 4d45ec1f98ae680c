//! Mistakes as a person reads them: file, line, column, an excerpt with the spot marked, what was expected, a hint.

use crate::files::Part;
use crate::found::Found;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use flyball_settings::Span;
use serde::Serialize;
use std::fmt;

/// How many mistakes are kept; what has more needs one fix that mends many.
pub(crate) const MISTAKES_MAX: usize = 200;
/// A message, label or hint longer than this holds a text that went astray.
const WORDS_CHARS_MAX: usize = 300;
/// An excerpt's line: longer ones are cut around the spot, so that a minified file stays readable.
const LINE_CHARS_MAX: usize = 400;

/// Whether something keeps a file from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The file is refused.
    Mistake,
    /// The file is used, and probably does not do what was meant.
    Warning,
}

/// With or without terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    Plain,
    /// ANSI colours.
    Ansi,
}

/// A place in a file, and a word at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// A word at the place: what was expected there.
    pub label: String,
    #[serde(skip)]
    excerpt: Excerpt,
}

/// The line of a place as it is shown: bounded, and with secrets blotted out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    text: String,
    marked: Span,
}

/// One mistake, or one warning, at its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Located {
    /// Whether it keeps the file from being used.
    pub severity: Severity,
    /// What is wrong: a lowercase fragment without a full stop.
    pub message: String,
    /// Where: file, line and column.
    #[serde(flatten)]
    pub place: Place,
    /// What to do, when there is something to say.
    pub hint: Option<String>,
    /// The other place that belongs to it: where the name already stands.
    pub also: Option<Place>,
    /// Which key it is about, with those that it is in: `http.url`. Only of what is made in pages, for a form that shows it beside
    /// its field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Everything that is wrong with the files, in their order and the order in each; never empty when it is an error. As data, it is
/// the list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mistakes {
    list: Vec<Located>,
    /// How many more there are.
    #[serde(skip)]
    more: usize,
}

impl Mistakes {
    /// Of what was found in a text: that of the parts, or one like it with secrets blotted out.
    pub(crate) fn new(text: &str, parts: &[Part<'_>], severity: Severity, mut found: Vec<Found>) -> Self {
        found.sort_by_key(|found| found.mistake.span.start);
        let more = found.len().saturating_sub(MISTAKES_MAX);
        found.truncate(MISTAKES_MAX);
        let source = Source::new(text, parts);
        let list = found
            .into_iter()
            .map(|Found { mistake, also, key }| Located {
                severity,
                message: bounded(&mistake.message),
                place: source.place(&mistake.span, &mistake.label),
                hint: mistake.hint.as_deref().map(bounded),
                also: also.map(|(span, label)| source.place(&span, &label)),
                key,
            })
            .collect();
        Self { list, more }
    }

    /// The mistakes, in the order of the file; at most 200 of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Located> {
        self.list.iter()
    }

    /// Those of them that are in this file, or have their other place there.
    pub(crate) fn touching(&self, file: &str) -> Self {
        let list = self.iter().filter(|mistake| mistake.touches(file)).cloned().collect();
        Self { list, more: 0 }
    }

    /// How many there are, with those that were too many to keep.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them as a person reads them, a blank line between two, without a line break at the end.
    #[must_use]
    pub fn render(&self, colour: Colour) -> String {
        let renderer = match colour {
            Colour::Plain => Renderer::plain(),
            Colour::Ansi => Renderer::styled(),
        };
        let mut told: Vec<String> = self.list.iter().map(|mistake| mistake.render(&renderer)).collect();
        if self.more > 0 {
            told.push(format!("… and {} more", self.more));
        }
        told.join("\n\n")
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Located;
    type IntoIter = std::slice::Iter<'a, Located>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Colour::Plain))
    }
}

impl std::error::Error for Mistakes {}

impl Located {
    /// Whether it is in this file, or has its other place there.
    pub(crate) fn touches(&self, file: &str) -> bool {
        self.place.file == file || self.also.as_ref().is_some_and(|also| also.file == file)
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Mistake => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let main = self.place.snippet(AnnotationKind::Primary);
        let mut group = Group::with_title(level.primary_title(self.message.as_str())).element(main);
        if let Some(also) = &self.also {
            group = group.element(also.snippet(AnnotationKind::Context));
        }
        if let Some(hint) = &self.hint {
            group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
        }
        renderer.render(&[group])
    }
}

impl Place {
    fn snippet(&self, kind: AnnotationKind) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
        let Excerpt { text, marked } = &self.excerpt;
        Snippet::source(text.as_str())
            .line_start(self.line)
            .path(self.file.as_str())
            .annotation(kind.span(marked.clone()).label(self.label.as_str()))
    }
}

/// The text with the beginning of every line, so that a place is found without reading the text again.
struct Source<'t> {
    text: &'t str,
    parts: &'t [Part<'t>],
    line_starts: Vec<usize>,
}

impl<'t> Source<'t> {
    fn new(text: &'t str, parts: &'t [Part<'t>]) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, parts, line_starts: std::iter::once(0).chain(breaks).collect() }
    }

    fn place(&self, span: &Span, label: &str) -> Place {
        let start = floor(self.text, span.start);
        let line_of = |at: usize| self.line_starts.partition_point(|line_start| *line_start <= at);
        let part = &self.parts[self.parts.partition_point(|part| part.span.start <= start) - 1];
        let line_start = self.line_starts[line_of(start) - 1];
        // A file begins with a line.
        let line = line_of(start) - line_of(part.span.start) + 1;
        let whole = self.text[line_start..].split('\n').next().unwrap_or("").trim_end_matches('\r');
        // A break at the end of a line belongs to it; a value over several lines is marked in its first.
        let from = (start - line_start).min(whole.len());
        let to = floor(whole, (span.end.max(start) - line_start).min(whole.len())).max(from);
        let column = whole[..from].chars().count() + 1;
        Place { file: bounded(part.name), line, column, label: bounded(label), excerpt: Excerpt::of(whole, from..to) }
    }
}

impl Excerpt {
    /// A line around its marked part. Control characters and tabs become blanks, so that the mark stands where it should.
    fn of(line: &str, marked: Span) -> Self {
        let clean = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        let before: Vec<char> = clean(&line[..marked.start]).chars().collect();
        let cut = before.len().saturating_sub(LINE_CHARS_MAX / 2);
        let mut text: String = before[cut..].iter().collect();
        let start = text.len();
        text.extend(clean(&line[marked.clone()]).chars().take(LINE_CHARS_MAX / 2));
        let end = text.len();
        text.extend(clean(&line[marked.end..]).chars().take(LINE_CHARS_MAX / 2));
        Self { text, marked: start..end }
    }
}

/// The nearest boundary of a character at or before this byte.
fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at.min(text.len()))
}

/// Words as they are shown: one line, bounded, without control characters.
fn bounded(words: &str) -> String {
    let clean = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = clean.take(WORDS_CHARS_MAX + 1).collect();
    if shown.chars().count() > WORDS_CHARS_MAX {
        shown = shown.chars().take(WORDS_CHARS_MAX - 1).chain(['…']).collect();
    }
    shown
}
