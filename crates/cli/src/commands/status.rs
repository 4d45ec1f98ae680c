//! `flyball status`: where everything stands.

use super::reading::Desk;
use crate::arguments::Status;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format, Screen};
use crate::render;
use crate::wiring::{Wiring, stopped_by_person};
use std::time::Duration;

/// How often it is shown again.
const REDRAW_EVERY: Duration = Duration::from_secs(1);
/// To the top left, and everything from there on away.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

pub(super) async fn status(wiring: &Wiring, asked: &Status) -> Result<Exit, Failure> {
    let desk = Desk::open(wiring, Exit::NO).await?;
    if !asked.watch {
        output::data(&shown(wiring, &desk, asked, Layout::Paragraphs).await?)?;
        return Ok(Exit::GOOD);
    }
    tokio::select! {
        () = stopped_by_person() => Ok(Exit::GOOD),
        ended = watch(wiring, &desk, asked) => ended,
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
async fn watch(wiring: &Wiring, desk: &Desk, asked: &Status) -> Result<Exit, Failure> {
    let mut last = String::new();
    loop {
        let now = shown(wiring, desk, asked, Layout::Lines).await?;
        match output::screen() {
            Screen::Terminal if wiring.format == Format::Text => output::data(&format!("{CLEAR}{now}"))?,
            Screen::Terminal | Screen::Plain if now != last => output::data(&now)?,
            Screen::Terminal | Screen::Plain => {}
        }
        last = now;
        tokio::time::sleep(REDRAW_EVERY).await;
    }
}

async fn shown(wiring: &Wiring, desk: &Desk, asked: &Status, layout: Layout) -> Result<String, Failure> {
    let status = desk.reader(wiring).await?.status(asked.app.as_ref()).await?;
    Ok(match (wiring.format, layout) {
        (Format::Text, _) => render::status::text(&status),
        (Format::Json, Layout::Paragraphs) => serde_json::to_string_pretty(&status).expect("views are plain values"),
        (Format::Json, Layout::Lines) => serde_json::to_string(&status).expect("views are plain values"),
    })
}
