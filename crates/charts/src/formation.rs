//! How many dynos of what size ran when, within which limits, and what changed it.

use crate::Width;
use crate::axis::TimeAxis;
use crate::marks::{FONT, Mark, lane, shown};
use crate::text::{LABEL_CHARS, at, cut, escaped, framed, listed, text_from, width};
use crate::time::{earlier, time_ticks};

/// Process types of one chart: an app has a handful; ones after these are named, not drawn.
pub const PROCESS_ROWS_MAX: usize = 12;

/// Sizes of one process type in one chart, the latest: a size changes a few times a day at most.
pub const SIZES_MAX: usize = 60;

/// The most dynos that a scale tells apart: more than Heroku gives to one process type.
const QUANTITY_MAX: u32 = 10_000;

/// The least top of a scale: a single dyno does not fill its row.
const QUANTITY_MIN: u32 = 2;

/// One process type.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessRow {
    /// Its name, as `web`.
    pub name: String,
    /// From when on there were how many dynos, oldest first. Before the first, nothing is known and nothing is drawn.
    pub steps: Vec<(i64, u32)>,
    /// From when on they had which size, oldest first.
    pub sizes: Vec<(i64, String)>,
    /// Reactions go no lower.
    pub min: Option<u32>,
    /// Reactions go no higher.
    pub max: Option<u32>,
}

/// Quantities and sizes of an app's process types, on one time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct FormationChart {
    /// The left edge, in milliseconds.
    pub from: i64,
    /// The right edge, in milliseconds.
    pub until: i64,
    /// How far the clock that is shown is ahead of UTC, in milliseconds: hours are round by it.
    pub utc_offset: i64,
    /// The process types, in the order in which they are drawn.
    pub rows: Vec<ProcessRow>,
    /// What happened meanwhile.
    pub marks: Vec<Mark>,
}

/// Where the parts of a row are, below its top.
const NAME: f64 = 14.0;
const STEPS_TOP: f64 = 26.0;
const STEPS_BOTTOM: f64 = 76.0;
const SIZES_TOP: f64 = 81.0;
const SIZES_HEIGHT: f64 = 18.0;
const ROW: f64 = 118.0;

impl FormationChart {
    /// The chart in both widths; the sheet shows the one that fits. `said` is the text of a time.
    pub fn both(&self, said: impl Fn(i64) -> String) -> String {
        self.svg(Width::Wide, &said) + &self.svg(Width::Narrow, &said)
    }

    /// The chart in one width. `said` is the text of a time, at most 40 characters of which are shown.
    pub fn svg(&self, layout: Width, said: impl Fn(i64) -> String) -> String {
        let said = |time| cut(&said(time), LABEL_CHARS);
        let axis = TimeAxis::new(self.from, self.until, 4.0, layout.units() - 40.0);
        let rows = &self.rows[..self.rows.len().min(PROCESS_ROWS_MAX)];
        let plot_bottom = ROW * rows.len() as f64;
        let (marks, more_marks) = shown(&self.marks, &axis);
        let lane = lane(&marks, &axis, layout, STEPS_TOP, plot_bottom, &said);
        let bottom = plot_bottom + lane.height;
        let mut picture = time_ticks(&axis, layout, self.utc_offset, STEPS_TOP, bottom, &said);
        for (n, row) in rows.iter().enumerate() {
            picture += &row.drawn(&axis, ROW * n as f64);
        }
        let more_rows = self.rows.len() - rows.len();
        let mut label = format!(
            "From {} to {}: {}",
            said(self.from),
            said(self.until),
            listed(rows.iter().map(ProcessRow::spoken))
        );
        if more_rows > 0 {
            label += &format!("; {more_rows} more process types are not drawn");
        }
        label.push('.');
        if !marks.is_empty() {
            let each = marks.iter().map(|mark| format!("{} {}", said(mark.at), cut(&mark.label, LABEL_CHARS)));
            label += &format!(" Marks: {}{}.", listed(each), earlier(more_marks));
        }
        framed(layout.class(), layout.units(), bottom + 24.0, &label, &(picture + &lane.picture), &lane.links)
    }
}

impl ProcessRow {
    fn drawn(&self, axis: &TimeAxis, top: f64) -> String {
        let most = self
            .steps
            .iter()
            .map(|(_, quantity)| *quantity)
            .chain(self.max)
            .max()
            .unwrap_or(0)
            .clamp(QUANTITY_MIN, QUANTITY_MAX);
        let (high, low) = (top + STEPS_TOP, top + STEPS_BOTTOM);
        let y = |quantity: u32| low - f64::from(quantity.min(most)) / f64::from(most) * (low - high);
        let mut out = self.heading(axis.left, top + NAME);
        out += &format!(r#"<path class="ground" d="M{} {}H{}"/>"#, at(axis.left), at(low), at(axis.right));
        for limit in self.max.into_iter().chain(self.min) {
            out += &format!(r#"<path class="limit" d="M{} {}H{}"/>"#, at(axis.left), at(y(limit)), at(axis.right));
        }
        let path = self.path(axis, &y);
        if let (Some((start, _)), Some((_, last))) = (self.steps.first(), self.steps.last())
            && !path.is_empty()
        {
            let start = at(axis.x(*start));
            out += &format!(r#"<path class="area" d="{path}V{}H{start}z"/><path class="line" d="{path}"/>"#, at(low));
            let (x, baseline) = (at(axis.right + 8.0), at(y(*last) + 5.0));
            out += &format!(r#"<text class="value" x="{x}" y="{baseline}">{last}</text>"#);
        }
        out + &self.size_bands(axis, top + SIZES_TOP)
    }

    /// The name, and the limits in words: beside their lines they would stand in the way of the steps.
    fn heading(&self, x: f64, baseline: f64) -> String {
        let name = cut(&self.name, LABEL_CHARS);
        let beside = x + width(&name) * FONT + 14.0;
        let limits = match (self.min, self.max) {
            (None, None) => String::new(),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (Some(min), Some(max)) => format!("at least {min}, at most {max}"),
        };
        let (name, x, y) = (escaped(&name, LABEL_CHARS), at(x), at(baseline));
        format!(r#"<text class="name" x="{x}" y="{y}">{name}</text>"#)
            + &format!(r#"<text class="limit" x="{}" y="{y}">{limits}</text>"#, at(beside))
    }

    /// The steps as a line. Of those that share a unit of width, the highest and the last are drawn.
    fn path(&self, axis: &TimeAxis, y: &dyn Fn(u32) -> f64) -> String {
        let mut columns: Vec<(f64, u32, u32)> = Vec::new();
        for (time, quantity) in self.steps.iter().filter(|(time, _)| *time <= axis.until) {
            let x = axis.x(*time).round();
            match columns.last_mut() {
                // What was before the left edge counts only by what it came to.
                Some((at, highest, last)) if *at >= x => {
                    *highest = if *time <= axis.from { *quantity } else { (*highest).max(*quantity) };
                    *last = *quantity;
                }
                _ => columns.push((x, *quantity, *quantity)),
            }
        }
        let mut path = String::new();
        for (n, (x, highest, last)) in columns.iter().enumerate() {
            path += &if n == 0 {
                format!("M{} {}", at(*x), at(y(*highest)))
            } else {
                format!("H{}V{}", at(*x), at(y(*highest)))
            };
            if last != highest {
                path += &format!("V{}", at(y(*last)));
            }
        }
        if path.is_empty() { path } else { path + &format!("H{}", at(axis.right)) }
    }

    fn size_bands(&self, axis: &TimeAxis, top: f64) -> String {
        let known: Vec<&(i64, String)> = self.sizes.iter().filter(|(time, _)| *time <= axis.until).collect();
        let known = &known[known.len().saturating_sub(SIZES_MAX)..];
        let bands = known.iter().enumerate().filter_map(|(n, (time, label))| {
            let from = axis.x(*time);
            let wide = known.get(n + 1).map_or(axis.right, |(next, _)| axis.x(*next)) - from;
            if wide < 1.0 {
                return None;
            }
            let word = cut(label, LABEL_CHARS);
            let fits = width(&word) * FONT + 12.0 <= wide;
            let word = if fits { text_from(from + 6.0, top + 13.0, &word) } else { String::new() };
            let (x, y, wide) = (at(from), at(top), at((wide - 1.5).max(1.0)));
            let band = format!(r#"<rect x="{x}" y="{y}" width="{wide}" height="{SIZES_HEIGHT}"/>"#);
            Some(format!(r#"<g class="size"><title>{}</title>{band}{word}</g>"#, escaped(label, LABEL_CHARS)))
        });
        bands.collect()
    }

    fn spoken(&self) -> String {
        let name = cut(&self.name, LABEL_CHARS);
        let mut text = match (self.steps.first(), self.steps.last()) {
            (Some((_, first)), Some((_, last))) if self.steps.len() > 1 => {
                format!("{name} from {first} to {last} in {} changes", self.steps.len() - 1)
            }
            (_, Some((_, last))) => format!("{name} {last}"),
            (_, None) => format!("{name} not known"),
        };
        if let Some((_, size)) = self.sizes.last() {
            text += &format!(", size {}", cut(size, LABEL_CHARS));
        }
        for (limit, word) in [(self.min, "at least"), (self.max, "at most")] {
            if let Some(limit) = limit {
                text += &format!(", {word} {limit}");
            }
        }
        text
    }
}
