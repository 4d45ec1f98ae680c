//! `flyball status`: where everything stands.

use super::reading::Source;
use crate::arguments::Status;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format, Screen};
use crate::render;
use crate::wiring::{Wiring, stopped_by_person};
use flyball_views::Status as View;
use std::time::Duration;

/// How often it is shown again.
const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// To the top left, and everything from there on away.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

pub(super) async fn status(wiring: &Wiring, asked: &Status) -> Result<Exit, Failure> {
    let source = Source::open(wiring, Exit::NO).await?;
    if !asked.watch {
        let status = source.status(wiring, asked.app.as_ref()).await?;
        output::data(&shown(wiring, &status, Layout::Paragraphs))?;
        return Ok(if asked.check && !status.is_well() { Exit::NO } else { Exit::GOOD });
    }
    tokio::select! {
        () = stopped_by_person() => Ok(Exit::GOOD),
        ended = watch(wiring, &source, asked) => ended,
    }
}

/// How data is laid out as JSON.
#[derive(Clone, Copy)]
enum Layout {
    /// For people who read it.
    Paragraphs,
    /// One line for each time that it is shown.
    Lines,
}

/// Shows it again and again: redrawn on a terminal, elsewhere only when something is different.
async fn watch(wiring: &Wiring, source: &Source, asked: &Status) -> Result<Exit, Failure> {
    let mut last = String::new();
    loop {
        let status = source.status(wiring, asked.app.as_ref()).await?;
        let now = shown(wiring, &status, Layout::Lines);
        match output::screen() {
            Screen::Terminal if wiring.format == Format::Text => output::data(&format!("{CLEAR}{now}"))?,
            Screen::Terminal | Screen::Plain if now != last => output::data(&now)?,
            Screen::Terminal | Screen::Plain => {}
        }
        last = now;
        tokio::time::sleep(REDRAW_EVERY).await;
    }
}

fn shown(wiring: &Wiring, status: &View, layout: Layout) -> String {
    match (wiring.format, layout) {
        (Format::Text, _) => render::status::text(status, output::columns(), &wiring.face),
        (Format::Json, Layout::Paragraphs) => serde_json::to_string_pretty(status).expect("views are plain values"),
        (Format::Json, Layout::Lines) => serde_json::to_string(status).expect("views are plain values"),
    }
}
