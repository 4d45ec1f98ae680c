//! Readings, and what was done about them, on one time axis.

use crate::axis::{Column, TimeAxis, ValueAxis, line, stretches, within};
use crate::marks::{FONT, Mark, lane, shown};
use crate::text::{LABEL_CHARS, at, cut, escaped, framed, listed, number, text_around, text_from, text_until, width};
use crate::{Verdict, Width};

/// Spells of one chart. Those of one verdict that touch on the screen are merged first, so a bad year fits.
pub const SPELLS_MAX: usize = 200;

/// Thresholds of one chart: more lines across it are no help.
pub const THRESHOLDS_MAX: usize = 4;

/// How far above the line and the threshold the band may push the scale: one slow answer does not flatten the rest.
const BAND_ROOM: f64 = 2.0;

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When, in milliseconds.
    pub at: i64,
    /// What was read, in the chart's unit. What is not a number is a gap.
    pub value: f64,
}

/// How far readings spread at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// When, in milliseconds.
    pub at: i64,
    /// The lower edge, in the chart's unit.
    pub low: f64,
    /// The upper edge, in the chart's unit.
    pub high: f64,
}

/// A time with one verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Spell {
    /// Its start, in milliseconds.
    pub from: i64,
    /// Its end, in milliseconds.
    pub until: i64,
    /// What was found all that time.
    pub verdict: Verdict,
    /// Why, in a word or two.
    pub label: String,
}

/// Readings above, what was done below.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeChart {
    /// The left edge, in milliseconds.
    pub from: i64,
    /// The right edge, in milliseconds.
    pub until: i64,
    /// How far apart readings are, in milliseconds; where they are twice as far apart, nobody looked. At least 1.
    pub step: i64,
    /// How far the clock that is shown is ahead of UTC, in milliseconds: hours are round by it.
    pub utc_offset: i64,
    /// The line.
    pub p50: Vec<Point>,
    /// The band around it.
    pub band: Vec<Band>,
    /// Times of failing or unknown.
    pub spells: Vec<Spell>,
    /// Values beyond which something changes, and what each is called: the first [`THRESHOLDS_MAX`].
    pub thresholds: Vec<(f64, String)>,
    /// Readings of the line that are told from what had gaps.
    pub incomplete: Vec<Point>,
    /// What happened meanwhile.
    pub marks: Vec<Mark>,
    /// The unit of all values, as `ms`; empty where things are counted.
    pub unit: String,
}

impl TimeChart {
    /// The chart in both widths; the sheet shows the one that fits. `said` is the text of a time.
    pub fn both(&self, said: impl Fn(i64) -> String) -> String {
        self.svg(Width::Wide, &said) + &self.svg(Width::Narrow, &said)
    }

    /// The chart in one width. `said` is the text of a time, at most 40 characters of which are shown.
    pub fn svg(&self, layout: Width, said: impl Fn(i64) -> String) -> String {
        let said = |time| cut(&said(time), LABEL_CHARS);
        let plot_height = match layout {
            Width::Wide => 170.0,
            Width::Narrow => 150.0,
        };
        let axis = TimeAxis::new(self.from, self.until, 44.0, layout.units() - 16.0);
        let line_of =
            stretches(&axis, self.step, self.p50.iter().map(|point| (point.at, point.value, point.value, point.value)));
        let band_of =
            stretches(&axis, self.step, self.band.iter().map(|band| (band.at, band.low, band.low, band.high)));
        let partial = stretches(
            &axis,
            self.step,
            self.incomplete.iter().map(|point| (point.at, point.value, point.value, point.value)),
        );
        let (low, high) = reach(&line_of, &band_of, self.thresholds().map(|(value, _)| *value));
        let values = ValueAxis::new(low, high, 26.0, 26.0 + plot_height);
        let (marks, more_marks) = shown(&self.marks, &axis);
        let (spells, more_spells) = self.merged_spells(&axis);
        let lane = lane(&marks, &axis, layout, values.bottom, values.bottom + 8.0, &said);
        let bottom = values.bottom + 8.0 + lane.height;

        let mut out = String::new();
        let nothing = line_of.is_empty() && band_of.is_empty();
        // A scale of nothing would claim to know one.
        if !nothing || self.thresholds().next().is_some() {
            out += &grid(&values, &axis, &self.unit);
        }
        out += &time_ticks(&axis, layout, self.utc_offset, values.top, bottom, &said);
        out += &drawn_spells(&spells, &axis, &values, &said);
        for stretch in &band_of {
            out += &format!(r#"<path class="band" d="{}"/>"#, band_path(stretch, &axis, &values));
        }
        for stretch in &line_of {
            let path = line(stretch.iter().map(|column| (column.x(&axis), values.y(column.middle()))));
            out += &format!(r#"<path class="line" d="{path}"/>"#);
        }
        if !partial.is_empty() {
            let places = partial.iter().flatten().map(|column| (column.x(&axis), values.y(column.middle())));
            let dots: String = places.map(|(x, y)| format!("M{} {}l3 3-3 3-3-3z", at(x), at(y - 3.0))).collect();
            out += &format!(r#"<g class="partial"><title>{PARTIAL}</title><path d="{dots}"/></g>"#);
        }
        let mut labelled: Vec<f64> = Vec::new();
        for (value, label) in self.thresholds() {
            let y = values.y(within(*value));
            let above = if y - values.top > 18.0 { y - 5.0 } else { y + 14.0 };
            let (left, right, y) = (at(axis.left), at(axis.right), at(y));
            out += &format!(r#"<path class="threshold" d="M{left} {y}H{right}"/>"#);
            // Of two that lie on each other the first has its label; all are in the words of the picture.
            if labelled.iter().all(|other| (other - above).abs() >= FONT) {
                labelled.push(above);
                out += &format!(r#"<g class="hold">{}</g>"#, text_from(axis.left + 6.0, above, label));
            }
        }
        if nothing {
            let (x, y) = (f64::midpoint(axis.left, axis.right), f64::midpoint(values.top, values.bottom));
            out += &text_around(x, y, "nobody looked in this time");
        }
        let label = self.spoken(&line_of, &spells, more_spells, &marks, more_marks, &said);
        // Told to no reader: every value that it leads to is drawn.
        let picture = if nothing { out } else { self.scale(&axis, &values) + &out } + &lane.picture;
        framed(layout.class(), layout.units(), bottom + 24.0, &label, &picture, &lane.links)
    }

    fn thresholds(&self) -> impl Iterator<Item = &(f64, String)> {
        self.thresholds.iter().filter(|(value, _)| !value.is_nan()).take(THRESHOLDS_MAX)
    }

    /// A value as it is read aloud.
    fn in_unit(&self, value: f64) -> String {
        let (value, unit) = (number(value), &self.unit);
        if unit.is_empty() { value } else { format!("{value} {unit}") }
    }

    /// What a pointer is read by: the edges of the plot in the picture's units, and the times in milliseconds and values that they are.
    fn scale(&self, axis: &TimeAxis, values: &ValueAxis) -> String {
        let (low, high) = values.reach();
        let x = format!("{} {} {} {}", at(axis.left), at(axis.right), axis.from, axis.until);
        let y = format!("{} {} {low} {high}", at(values.bottom), at(values.top));
        format!(r#"<path class="scale" data-x="{x}" data-y="{y}" data-unit="{}"/>"#, escaped(&self.unit, LABEL_CHARS))
    }

    /// Spells on the axis, oldest first, those that touch made one; and how many are left out.
    fn merged_spells(&self, axis: &TimeAxis) -> (Vec<Spell>, usize) {
        let mut spells: Vec<&Spell> = self
            .spells
            .iter()
            .filter(|spell| spell.from <= axis.until && spell.until.max(spell.from) >= axis.from)
            .collect();
        spells.sort_by_key(|spell| spell.from);
        let mut merged: Vec<Spell> = Vec::new();
        for spell in spells {
            match merged.last_mut() {
                Some(last) if last.verdict == spell.verdict && axis.x(spell.from) - axis.x(last.until) < 1.0 => {
                    last.until = last.until.max(spell.until);
                    if last.label != spell.label {
                        last.label.clear();
                    }
                }
                _ => merged.push(spell.clone()),
            }
        }
        let more = merged.len().saturating_sub(SPELLS_MAX);
        merged.drain(..more);
        (merged, more)
    }

    fn spoken(
        &self,
        lines: &[Vec<Column>],
        spells: &[Spell],
        more_spells: usize,
        marks: &[&Mark],
        more_marks: usize,
        said: &dyn Fn(i64) -> String,
    ) -> String {
        let mut text = format!("From {} to {}", said(self.from), said(self.until));
        let middles = || lines.iter().flatten().map(Column::middle);
        match middles().next_back() {
            None => text += ": nobody looked.",
            Some(last) => {
                let (low, high) =
                    (middles().fold(f64::INFINITY, f64::min), middles().fold(f64::NEG_INFINITY, f64::max));
                text += &format!(": {} to {}, last {}.", number(low), self.in_unit(high), number(last));
                if lines.len() > 1 {
                    text += &format!(" Nobody looked in {} gaps.", lines.len() - 1);
                }
            }
        }
        for (value, label) in self.thresholds() {
            text += &format!(" Threshold {}: {}.", self.in_unit(within(*value)), cut(label, LABEL_CHARS));
        }
        if !self.incomplete.is_empty() {
            text += &format!(" Incomplete: {}.", self.incomplete.len());
        }
        if !spells.is_empty() {
            let each = spells.iter().map(|spell| {
                format!(
                    "{} from {} to {}",
                    titled(spell),
                    said(spell.from.max(self.from)),
                    said(spell.until.min(self.until))
                )
            });
            text += &format!(" Spells: {}{}.", listed(each), earlier(more_spells));
        }
        if !marks.is_empty() {
            let each = marks.iter().map(|mark| format!("{} {}", said(mark.at), cut(&mark.label, LABEL_CHARS)));
            text += &format!(" Marks: {}{}.", listed(each), earlier(more_marks));
        }
        text
    }
}

/// What a mark on the line means.
const PARTIAL: &str = "told from what had gaps: it may have been more";

pub(crate) fn earlier(more: usize) -> String {
    if more == 0 { String::new() } else { format!("; {more} earlier ones are left out") }
}

fn titled(spell: &Spell) -> String {
    match spell.label.as_str() {
        "" => spell.verdict.word().to_owned(),
        label => format!("{}: {}", spell.verdict.word(), cut(label, LABEL_CHARS)),
    }
}

/// The lowest and highest value that the axis has to have.
fn reach(lines: &[Vec<Column>], bands: &[Vec<Column>], thresholds: impl Iterator<Item = f64>) -> (f64, f64) {
    let thresholds: Vec<f64> = thresholds.map(within).collect();
    let values = || lines.iter().flatten().map(Column::middle).chain(thresholds.iter().copied());
    let low = values().fold(0.0, f64::min);
    let high = values().fold(0.0, f64::max);
    let band = bands.iter().flatten().map(|column| column.high).fold(0.0, f64::max);
    (low, if high > 0.0 { band.clamp(high, high * BAND_ROOM) } else { band })
}

fn band_path(stretch: &[Column], axis: &TimeAxis, values: &ValueAxis) -> String {
    // A single reading has no width; half a column to each side lets it be seen.
    let aside = if stretch.len() == 1 { 1.0 } else { 0.0 };
    let edge = |column: &Column, value: f64, aside: f64| (column.x(axis) + aside, values.y(value));
    let mut places: Vec<(f64, f64)> = Vec::with_capacity(stretch.len() * 2 + 2);
    for column in stretch {
        places.push(edge(column, column.high, -aside));
        if aside > 0.0 {
            places.push(edge(column, column.high, aside));
        }
    }
    for column in stretch.iter().rev() {
        places.push(edge(column, column.low, aside));
        if aside > 0.0 {
            places.push(edge(column, column.low, -aside));
        }
    }
    line(places.into_iter()) + "z"
}

pub(crate) fn grid(values: &ValueAxis, axis: &TimeAxis, unit: &str) -> String {
    let last = values.ticks.len() - 1;
    let lines = values.ticks.iter().enumerate().map(|(n, tick)| {
        let y = values.y(*tick);
        let words = if n == last && !unit.is_empty() { format!("{} {unit}", number(*tick)) } else { number(*tick) };
        // The top one has the unit, which is wider than the margin: it stands above its line.
        let words =
            if n == last { text_from(0.0, y - 6.0, &words) } else { text_until(axis.left - 8.0, y + 4.0, &words) };
        format!(r#"<path class="grid" d="M{} {}H{}"/>{words}"#, at(axis.left), at(y), at(axis.right))
    });
    lines.collect()
}

/// Lines at round times from `top` to `bottom`, and their text below; one that would touch its neighbour is left out.
pub(crate) fn time_ticks(
    axis: &TimeAxis,
    layout: Width,
    utc_offset: i64,
    top: f64,
    bottom: f64,
    said: &dyn Fn(i64) -> String,
) -> String {
    let max = match layout {
        Width::Wide => 9,
        Width::Narrow => 4,
    };
    let mut free = 0.0;
    let mut out = String::new();
    for time in axis.ticks(max, utc_offset) {
        let (x, words) = (axis.x(time), said(time));
        out += &format!(r#"<path class="grid" d="M{} {}V{}"/>"#, at(x), at(top), at(bottom + 5.0));
        let half = width(&words) * FONT / 2.0;
        let middle = x.clamp(half, (axis.right + 16.0 - half).max(half));
        if middle - half >= free {
            free = middle + half + 6.0;
            out += &text_around(middle, bottom + 18.0, &words);
        }
    }
    out + &format!(r#"<path class="ground" d="M{} {}H{}"/>"#, at(axis.left), at(bottom), at(axis.right))
}

fn drawn_spells(spells: &[Spell], axis: &TimeAxis, values: &ValueAxis, said: &dyn Fn(i64) -> String) -> String {
    // From the right, since the latest spell is the one that matters most when there is no room for both labels.
    let mut free = axis.right + 16.0;
    let mut out = String::new();
    for spell in spells.iter().rev() {
        let from = axis.x(spell.from);
        let wide = (axis.x(spell.until) - from).max(1.5);
        let class = spell.verdict.class();
        let title = titled(spell);
        let when = format!("{title}, {} to {}", said(spell.from), said(spell.until));
        let (left, top, wide) = (at(from), at(values.top), at(wide));
        let high = at(values.bottom - values.top);
        let mut inside = format!(r#"<rect class="wash" x="{left}" y="{top}" width="{wide}" height="{high}"/>"#);
        inside += &format!(r#"<path class="edge" d="M{left} {top}h{wide}"/>"#);
        let room = width(&title) * FONT + 14.0;
        let start = from.min(axis.right + 16.0 - room);
        if start + room <= free && start > axis.left + 40.0 || (spells.len() == 1 && start >= 0.0) {
            free = start - 8.0;
            let place = format!("translate({} {})", at(start + 5.0), at(values.top - 10.0));
            inside += &format!(r#"<path class="shape" transform="{place}" d="{}"/>"#, shape(spell.verdict));
            inside += &text_from(start + 14.0, values.top - 6.0, &title);
        }
        out += &format!(r#"<g class="spell {class}"><title>{}</title>{inside}</g>"#, escaped(&when, LABEL_CHARS * 4));
    }
    out
}

/// The verdict's shape around 0 0, of about nine units.
pub(crate) fn shape(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passing => "M0-4.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9z",
        Verdict::Failing => "M0-5 5 4H-5z",
        Verdict::Unknown => "M0-5 5 0 0 5-5 0zM0-2.5-2.5 0 0 2.5 2.5 0z",
    }
}
