//! How long requests were served, by the load that each dyno had.

use crate::axis::{TimeAxis, ValueAxis, within};
use crate::marks::FONT;
use crate::text::{at, escaped, framed, listed, number, text_around, text_from, text_until, width};
use crate::time::{grid, shape};
use crate::{Verdict, Width};

/// Bars of one chart: minutes are told apart by a twentieth of the loads that there were.
pub const LOAD_BARS_MAX: usize = 40;

/// The least width of a bar: minutes that had all the same load are seen as well.
const BAR_MIN: f64 = 3.0;

/// Minutes with about the same load on each dyno.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadBar {
    /// From this load
    pub from: f64,
    /// to this.
    pub to: f64,
    /// How long requests were served, in milliseconds.
    pub served_ms: f64,
    /// Whether requests waited.
    pub waits: bool,
}

/// What a dyno carries: how long requests were served at each load, and up to which load a dyno is to be given.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadChart {
    /// The bars, the least load first: the first [`LOAD_BARS_MAX`].
    pub bars: Vec<LoadBar>,
    /// The load that each dyno is to be given.
    pub per_dyno: f64,
}

impl LoadChart {
    /// The chart in both widths; the sheet shows the one that fits.
    #[must_use]
    pub fn both(&self) -> String {
        self.svg(Width::Wide) + &self.svg(Width::Narrow)
    }

    /// The chart in one width.
    #[must_use]
    pub fn svg(&self, layout: Width) -> String {
        let (left, right) = (44.0, layout.units() - 16.0);
        let bottom = match layout {
            Width::Wide => 196.0,
            Width::Narrow => 176.0,
        };
        let bars: Vec<LoadBar> = self.bars.iter().take(LOAD_BARS_MAX).map(LoadBar::sane).collect();
        let per_dyno = within(self.per_dyno).max(0.0);
        let slowest = bars.iter().map(|bar| bar.served_ms).fold(0.0, f64::max);
        let values = ValueAxis::new(0.0, slowest, 26.0, bottom);
        // Loads go from the left to the right as values go from the bottom up.
        let loads = ValueAxis::new(0.0, bars.iter().map(|bar| bar.to).fold(per_dyno, f64::max), right, left);
        let mut out = grid(&values, &TimeAxis::new(0, 1, left, right), "ms");
        out += &load_ticks(&loads, bottom);
        out += &bars.iter().map(|bar| bar.drawn(&loads, &values)).collect::<String>();
        let x = loads.y(per_dyno);
        let label = format!("per_dyno {}", number(per_dyno));
        let room = width(&label) * FONT + 8.0;
        let label = if x + room < right { text_from(x + 6.0, 20.0, &label) } else { text_until(x - 6.0, 20.0, &label) };
        out += &format!(r#"<path class="threshold" d="M{} 8V{}"/><g class="hold">{label}</g>"#, at(x), at(bottom));
        framed(layout.class(), layout.units(), bottom + 42.0, &self.spoken(&bars, per_dyno), &out, "")
    }

    fn spoken(&self, bars: &[LoadBar], per_dyno: f64) -> String {
        let more = self.bars.len() - bars.len();
        let more = if more == 0 { String::new() } else { format!("; {more} more are not drawn") };
        let each = listed(bars.iter().map(LoadBar::said));
        format!("How long requests were served by the load of a dyno: {each}{more}. per_dyno {}.", number(per_dyno))
    }
}

impl LoadBar {
    /// As it can be drawn.
    fn sane(&self) -> Self {
        let from = within(self.from).max(0.0);
        Self { from, to: within(self.to).max(from), served_ms: within(self.served_ms).max(0.0), waits: self.waits }
    }

    fn verdict(&self) -> Verdict {
        if self.waits { Verdict::Failing } else { Verdict::Passing }
    }

    fn said(&self) -> String {
        let waits = if self.waits { ", they waited" } else { "" };
        let (from, to) = (number(self.from), number(self.to));
        let loads = if from == to { from } else { format!("{from} to {to}") };
        format!("{loads} within {} ms{waits}", number(self.served_ms))
    }

    fn drawn(&self, loads: &ValueAxis, values: &ValueAxis) -> String {
        let (x, y) = (loads.y(self.from), values.y(self.served_ms));
        let wide = (loads.y(self.to) - x).max(BAR_MIN);
        let (left, top, across, high) = (at(x), at(y), at(wide), at(values.bottom - y));
        let title = escaped(&self.said(), 200);
        let mut inside = format!(r#"<rect class="wash" x="{left}" y="{top}" width="{across}" height="{high}"/>"#);
        inside += &format!(r#"<path class="edge" d="M{left} {top}h{across}"/>"#);
        if self.waits {
            let place = format!("translate({} {})", at(x + wide / 2.0), at(y - 9.0));
            inside += &format!(r#"<path class="shape" transform="{place}" d="{}"/>"#, shape(self.verdict()));
        }
        format!(r#"<g class="spell {}"><title>{title}</title>{inside}</g>"#, self.verdict().class())
    }
}

/// Round loads below the bars.
fn load_ticks(loads: &ValueAxis, bottom: f64) -> String {
    let tick = |load: &f64| {
        let x = loads.y(*load);
        format!(r#"<path class="grid" d="M{} {}v5"/>"#, at(x), at(bottom))
            + &text_around(x, bottom + 18.0, &number(*load))
    };
    let ticks: String = loads.ticks.iter().map(tick).collect();
    let (left, right) = (loads.bottom, loads.top);
    let ground = format!(r#"<path class="ground" d="M{} {}H{}"/>"#, at(left), at(bottom), at(right));
    ticks + &ground + &text_until(right, bottom + 36.0, "the load of a dyno")
}
