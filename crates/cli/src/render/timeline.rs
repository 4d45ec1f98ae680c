//! A line of the timeline.

use super::Clockface;
use crate::output::{BAD, FAINT, GOOD, ODD, paint, verdict};
use clap::builder::styling::Style;
use flyball_engine::queries::HistoryLine;
use flyball_model::{Event, Outcome};

/// How much of the time stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// `03:04:05`, for what happens now.
    Time,
    /// `2026-01-02 03:04:05`.
    DayAndTime,
}

/// A line of the timeline: when, on which app, what. Further lines of it are indented.
pub(crate) fn line(line: &HistoryLine, stamp: Stamp, face: &Clockface) -> String {
    let at = match stamp {
        Stamp::Time => face.time_of_day(line.at),
        Stamp::DayAndTime => face.day_and_time(line.at),
    };
    let app = line.app.as_ref().map(|app| format!("{app}: ")).unwrap_or_default();
    let words = face.sentence(&line.words, line.at).replace('\n', "\n    ");
    format!("{}  {app}{}", paint(FAINT, at), paint(style(&line.event), words))
}

fn style(event: &Event) -> Style {
    match event {
        Event::Flipped { flip, .. } => verdict(flip.to),
        Event::Ended { outcome, .. } | Event::Settled { outcome, .. } => match outcome {
            Outcome::Done { .. } => GOOD,
            Outcome::Refused { .. } | Outcome::InDoubt { .. } => BAD,
            Outcome::NotDone { .. } | Outcome::Superseded { .. } => ODD,
        },
        Event::Unknown { .. }
        | Event::Lost { .. }
        | Event::OneOffEnded { .. }
        | Event::Foreign { .. }
        | Event::Paused { .. }
        | Event::Resumed { .. }
        | Event::Administered { .. } => ODD,
        Event::Queued { .. } | Event::Would { .. } => Style::new().bold(),
        Event::Engine { .. } | Event::File { .. } | Event::Held { .. } => Style::new(),
    }
}
