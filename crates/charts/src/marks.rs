//! What was done and what others changed, below the readings and on their time axis.

use crate::Width;
use crate::axis::TimeAxis;
use crate::text::{LABEL_CHARS, at, cut, escaped, href, text_from, text_until, width};

/// Marks of one chart; of more, the latest are drawn, since the question is mostly what happened now.
pub const MARKS_MAX: usize = 60;

/// Font size of all text in charts, as the sheet sets it.
pub(crate) const FONT: f64 = 12.0;

/// Room between two labels of one row.
const APART: f64 = 8.0;

/// From a mark's place to its label.
const BESIDE: f64 = 9.0;

/// What a mark stands for; it decides shape and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A change that Flyball made.
    Effect,
    /// A release, whoever made it.
    Release,
    /// A pause that began or ended.
    Pause,
    /// A change that somebody else made.
    Foreign,
}

impl MarkKind {
    fn class(self) -> &'static str {
        match self {
            Self::Effect => "act",
            Self::Release => "release",
            Self::Pause => "hold",
            Self::Foreign => "foreign",
        }
    }

    /// A shape around 0 0, of about ten units.
    fn shape(self) -> &'static str {
        match self {
            Self::Effect => "M-3-5 5 0-3 5z",
            Self::Release => "M0-5 5 0 0 5-5 0z",
            Self::Pause => "M-4-5h3v10h-3zM1-5h3v10H1z",
            Self::Foreign => "M0-4.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
        }
    }
}

/// Something that happened at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// When, in milliseconds.
    pub at: i64,
    /// What it stands for.
    pub kind: MarkKind,
    /// What happened, in a few words; at most 40 characters are shown.
    pub label: String,
    /// Where its story is told, as a way on this site.
    pub href: Option<String>,
}

/// Marks in their rows, drawn.
pub(crate) struct Lane {
    /// Dotted lines from the plot to the marks, and marks that open nothing.
    pub(crate) picture: String,
    /// Marks that are links. They stand beside the picture: what is one picture to a listener hides its parts.
    pub(crate) links: String,
    /// How high all rows are.
    pub(crate) height: f64,
}

/// The marks on the axis, oldest first, and how many there were too many.
pub(crate) fn shown<'a>(marks: &'a [Mark], axis: &TimeAxis) -> (Vec<&'a Mark>, usize) {
    let mut shown: Vec<&Mark> = marks.iter().filter(|mark| axis.has(mark.at)).collect();
    shown.sort_by_key(|mark| mark.at);
    let more = shown.len().saturating_sub(MARKS_MAX);
    shown.drain(..more);
    (shown, more)
}

/// Puts the marks in rows below `y`, with lines up to `top`, such that no label overlaps another.
///
/// Labels stand to the right of their marks, and rows are filled from the right: so a mark's line passes the rows above
/// it to the left of what stands there. Who finds no row with room keeps the shape and its name, without the text.
pub(crate) fn lane(
    marks: &[&Mark],
    axis: &TimeAxis,
    layout: Width,
    top: f64,
    y: f64,
    said: &dyn Fn(i64) -> String,
) -> Lane {
    let (row_height, rows_max) = match layout {
        Width::Wide => (24.0, 4),
        Width::Narrow => (28.0, 6),
    };
    let mut rows: Vec<f64> = Vec::new();
    let (mut lines, mut fixed, mut links) = (String::new(), String::new(), String::new());
    for mark in marks.iter().rev() {
        let (x, text) = (axis.x(mark.at), cut(&mark.label, LABEL_CHARS));
        let wide = BESIDE + width(&text) * FONT;
        let fits = x + wide <= axis.right + 16.0;
        let (start, end) = if fits { (x - 6.0, x + wide) } else { (x - wide, x + 6.0) };
        let free = rows.iter().position(|taken| end + APART <= *taken);
        let (row, labelled) = match free {
            Some(row) => (row, true),
            None if rows.len() < rows_max => {
                rows.push(f64::INFINITY);
                (rows.len() - 1, true)
            }
            None => (rows_max - 1, false),
        };
        if labelled {
            rows[row] = start;
        }
        let middle = y + row_height * (row as f64 + 0.5);
        let class = mark.kind.class();
        lines += &format!(r#"<path class="lead {class}" d="M{} {}V{}"/>"#, at(x), at(top), at(middle - 7.0));
        // What is read aloud begins with what is seen.
        let whole = if text == mark.label { text.to_string() } else { format!("{text} ({})", mark.label) };
        let name = escaped(&format!("{whole}, {}", said(mark.at)), LABEL_CHARS * 4);
        let words = match (labelled, fits) {
            (false, _) => format!("<title>{name}</title>"),
            (true, true) => text_from(x + BESIDE, middle + 4.0, &text),
            (true, false) => text_until(x - BESIDE, middle + 4.0, &text),
        };
        let shape =
            format!(r#"<path transform="translate({} {})" d="{}"/>{words}"#, at(x), at(middle), mark.kind.shape());
        let (hit_from, hit_to) = if labelled { (start, end) } else { (x - 6.0, x + 6.0) };
        match mark.href.as_deref().and_then(href) {
            Some(href) => {
                let hit = format!(
                    r#"<rect class="hit" x="{}" y="{}" width="{}" height="{row_height}"/>"#,
                    at(hit_from),
                    at(middle - row_height / 2.0),
                    at(hit_to - hit_from)
                );
                // Tabbing goes through time, and the rows are filled against it.
                let open = format!(r#"<a class="mark {class}" href="{href}" aria-label="{name}">"#);
                links = open + &hit + &shape + "</a>" + &links;
            }
            None => fixed += &format!(r#"<g class="mark {class}">{shape}</g>"#),
        }
    }
    Lane { picture: lines + &fixed, links, height: row_height * rows.len() as f64 }
}
