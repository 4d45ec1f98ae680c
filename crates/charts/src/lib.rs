//! Charts as SVG text, and the design sheet of the pages that show them.
//!
//! Every function goes from plain numbers to text: no clock, no I/O, no markup from outside. Times are milliseconds
//! since 1970 in UTC; how a time reads is the caller's business. What every chart keeps:
//!
//! - **Names and labels are hostile** until escaped: they come from apps, releases and people. So are addresses: one
//!   that could leave the page's own site or run a script is not made a link.
//! - **What nobody looked at is not drawn.** A gap is a gap; no line goes across it.
//! - **Everything is bounded.** What is closer together than can be seen is merged: a year costs what a day costs.
//! - **The picture can be heard**: its label says what it shows. Colours come from the sheet's classes, and each goes
//!   with a shape, for eyes and printers that see none.
//!
//! ```
//! use flyball_charts::{Slot, uptime_bar};
//!
//! let slots = [Slot { passing: 1.0, failing: 0.0, unknown: 0.0 }, Slot { passing: 0.5, failing: 0.5, unknown: 0.0 }];
//! let svg = uptime_bar(&slots, "front page, last 24 hours");
//! assert!(svg.contains("front page, last 24 hours: 75 % passing, 25 % failing"));
//! ```

mod axis;
mod badge;
mod bar;
mod formation;
mod lineage;
mod loads;
mod marks;
mod text;
mod time;

pub use badge::{badge, favicon};
pub use bar::{SLOTS_MAX, Slot, uptime_bar};
pub use formation::{FormationChart, PROCESS_ROWS_MAX, ProcessRow, SIZES_MAX};
pub use lineage::{RELEASES_MAX, Release, lineage};
pub use loads::{LOAD_BARS_MAX, LoadBar, LoadChart};
pub use marks::{MARKS_MAX, Mark, MarkKind};
pub use time::{Band, Point, SPELLS_MAX, Spell, THRESHOLDS_MAX, TimeChart};

/// The design sheet: colours, type and spacing as variables, and everything that pages are made of.
///
/// Pages need nothing else: no inline style, no script, no font to load.
pub const SHEET: &str = include_str!("../assets/sheet.css");

/// Flyball's own sign, a governor with its two balls, as SVG text; drawn in the colour of the text around it.
pub const SIGN: &str = concat!(
    r#"<svg class="sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">"#,
    r#"<path d="M10 2v16M6 18h8M10 4 4 11M10 4l6 7" fill="none" stroke="currentColor" stroke-width="1.6""#,
    r#" stroke-linecap="round"/>"#,
    r#"<circle cx="4" cy="12" r="2.6" fill="currentColor"/><circle cx="16" cy="12" r="2.6" fill="currentColor"/></svg>"#
);

/// What a monitor found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What was looked at is as it should be.
    Passing,
    /// What was looked at is not as it should be.
    Failing,
    /// It could not be looked at.
    Unknown,
}

impl Verdict {
    /// The class that gives the verdict its colour in the sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Passing => "pass",
            Self::Failing => "fail",
            Self::Unknown => "unknown",
        }
    }

    /// The word that always stands beside the colour.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        }
    }
}

/// How wide a chart is laid out. Text in a picture shrinks with it, so a phone gets a picture of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 960 units, for a column of 44 rem and more.
    Wide,
    /// 360 units, for what is narrower; at 390 pixels one unit is about one pixel.
    Narrow,
}

impl Width {
    fn units(self) -> f64 {
        match self {
            Self::Wide => 960.0,
            Self::Narrow => 360.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Narrow => "narrow",
        }
    }
}
