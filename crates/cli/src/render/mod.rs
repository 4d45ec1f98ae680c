//! Views as text for people. Colours stand beside words, never instead of them.

mod clockface;
pub(crate) mod incident;
pub(crate) mod notice;
pub(crate) mod people;
pub(crate) mod reading;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod status;
pub(crate) mod store;
#[cfg(test)]
mod stored;
pub(crate) mod timeline;
pub(crate) mod why;

pub(crate) use clockface::Clockface;
use flyball_views::EngineState;
use flyball_views::PauseView;

/// What stands above every view that depends on an engine.
fn preamble(engine: EngineState, pauses: &[PauseView], face: &Clockface) -> Vec<String> {
    use crate::output::{ODD, paint};
    let mut lines = Vec::new();
    if engine == EngineState::Stopped {
        lines.push(paint(ODD, "No engine runs here: nothing is watched until `flyball up`."));
    }
    if engine == EngineState::Silent {
        lines.push(paint(
            ODD,
            "An engine holds the lock here, and gives no sign of life in this database: what it watches is not seen here.",
        ));
    }
    for pause in pauses {
        let until = pause.until.map_or_else(
            || "until somebody resumes it".to_owned(),
            |until| format!("until {}", face.day_and_time(until)),
        );
        lines.push(paint(ODD, format!("Paused: {}, by {}, {until}.", pause.scope, pause.by)));
    }
    lines
}
