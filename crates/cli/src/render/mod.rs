//! Views as text for people. Colours stand beside words, never instead of them.

pub(crate) mod reading;
pub(crate) mod status;
pub(crate) mod timeline;
pub(crate) mod why;

use flyball_engine::queries::EngineState;
use flyball_model::Timestamp;
use flyball_store::Pause;

/// A time with its day: `2026-01-02 03:04:05`, in UTC.
pub(crate) fn day_and_time(at: Timestamp) -> String {
    format!("{} {}", &at.to_string()[..10], at.time_of_day())
}

/// What stands above every view that depends on an engine.
fn preamble(engine: EngineState, pauses: &[Pause]) -> Vec<String> {
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
        let until = pause
            .until
            .map_or_else(|| "until somebody resumes it".to_owned(), |until| format!("until {}", day_and_time(until)));
        lines.push(paint(ODD, format!("Paused: {}, by {}, {until}.", pause.scope, pause.by)));
    }
    lines
}
