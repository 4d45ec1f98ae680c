//! What goes wrong at single calls: drawn by rates, or listed.

use serde::Serialize;
use std::time::Duration;

/// What goes wrong with one call of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// No connection: nothing left Flyball.
    NotSent,
    /// The connection is cut on the way: no effect.
    CutBefore,
    /// The connection is cut on the way back: an effect, and no answer.
    CutAfter,
    /// It arrives only so long after Flyball has given it up.
    ArrivesLate(Duration),
    /// It arrives in time, and is answered only after Flyball has given it up.
    AnsweredLate,
    /// This status, and no effect.
    Status(u16),
    /// An effect, and this status all the same.
    StatusAfter(u16),
    /// A router's page with 503, and no effect.
    Html,
    /// An effect, and half an answer.
    Truncated,
    /// A list as it was so long ago.
    Stale(Duration),
    /// An answer with fields and states that nobody knows.
    Unknown,
    /// The database is busy: nothing was written.
    Busy,
    /// The disk is full: nothing was written.
    Full,
    /// It was written, and said not to be.
    Forgotten,
    /// Flyball is killed before the call has any effect, and starts again after this time.
    KilledBefore(Duration),
    /// Flyball is killed after the call had its effect, and starts again after this time.
    KilledAfter(Duration),
    /// The page does not answer in time.
    PageTimeOut,
    /// Nobody listens where the page should be.
    PageRefused,
    /// Flyball could not look.
    PageUnknown,
    /// Somebody does something to the app just before the call has its effect; only while a run on it is under way.
    Meanwhile(Deed),
}

impl Fate {
    /// The word for it in figures.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::CutBefore => "cut before",
            Self::CutAfter => "cut after",
            Self::ArrivesLate(_) => "arrives late",
            Self::AnsweredLate => "answered late",
            Self::Status(429) => "429",
            Self::Status(400..=499) => "4xx",
            Self::Status(_) => "5xx before",
            Self::StatusAfter(_) => "5xx after",
            Self::Html => "HTML",
            Self::Truncated => "truncated",
            Self::Stale(_) => "stale",
            Self::Unknown => "unknown fields",
            Self::Busy => "database busy",
            Self::Full => "disk full",
            Self::Forgotten => "written, and said not to be",
            Self::KilledBefore(_) => "killed before a call",
            Self::KilledAfter(_) => "killed after a call",
            Self::PageTimeOut => "page timed out",
            Self::PageRefused => "page refused",
            Self::PageUnknown => "page not looked at",
            Self::Meanwhile(_) => "somebody else meanwhile",
        }
    }
}

/// What somebody does in the middle of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Deploys good code.
    Deploys,
    /// Changes a config var.
    Configures,
    /// Sets the quantity of `web`.
    Scales(u32),
    /// Restarts every dyno.
    RestartsAll,
    /// `web.1` crashes.
    Crashes,
    /// Switches maintenance mode on.
    Maintains,
    /// Switches maintenance mode off.
    EndsMaintenance,
    /// Pauses the app this long.
    Pauses(Duration),
    /// Sets Flyball's clock, this many milliseconds ahead or back.
    SetsClock(i64),
}

/// One call that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The call: `POST /apps/shop/releases`, `store save`, `page front`.
    pub line: String,
    /// Which of that line's calls it is, counted from 1.
    pub nth: u32,
    /// What befalls it.
    pub fate: Fate,
}

/// What goes wrong at calls.
#[derive(Debug, Clone, PartialEq)]
pub enum Faults {
    /// Whatever is drawn.
    Drawn(Rates),
    /// Exactly this.
    Listed(Vec<Met>),
}

/// How likely it is that a call goes wrong, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rates {
    /// A call that looks at Heroku.
    pub looks: f64,
    /// A call that changes Heroku.
    pub changes: f64,
    /// A call of the store.
    pub store: f64,
    /// A look at a page.
    pub pages: f64,
    /// A call at which Flyball is killed, beside the others.
    pub kills: f64,
    /// A call made for a run, in the middle of which somebody does something to the app.
    pub meanwhile: f64,
}
