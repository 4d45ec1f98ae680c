//! Where words and data go: data on stdout, words on stderr, colours only where somebody sees them.

use crate::arguments::Log;
use crate::failure::Failure;
use anstream::adapter::strip_str;
use clap::builder::styling::{AnsiColor, Style};
use flyball_model::Verdict;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Whether somebody looks at our stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    /// A terminal: it can be redrawn.
    Terminal,
    /// A file or a pipe.
    Plain,
}

/// Where our output goes.
pub(crate) fn screen() -> Screen {
    if io::stdout().is_terminal() { Screen::Terminal } else { Screen::Plain }
}

/// How many columns the terminal has that we write to; none where there is none, so that what a program reads is not
/// wrapped.
pub(crate) fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then(|| usize::from(size.ws_col))
}

/// Writes data to stdout, with a line break behind it. Colours are taken out where nobody sees them, or `NO_COLOR` asks
/// for it.
///
/// # Errors
///
/// [`Failure::ClosedPipe`] when the reader has gone, and an error when stdout cannot be written for another reason.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut stdout = anstream::stdout();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(failed)
}

/// Writes data to stdout as JSON, for people who read it too.
///
/// # Errors
///
/// As [`data`].
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    data(&serde_json::to_string_pretty(value).expect("views are plain values"))
}

/// Writes data to stdout as one line of JSON.
///
/// # Errors
///
/// As [`data`].
pub(crate) fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    data(&serde_json::to_string(value).expect("views are plain values"))
}

/// The target of what is said through the log.
pub(crate) const SAID: &str = "flyball::said";

/// How what is said is written; text before it is set. Set once, in `main`.
static LOG: OnceLock<Log> = OnceLock::new();

/// Has what is said be written so from now on.
pub(crate) fn say_as(log: Log) {
    LOG.get_or_init(|| log);
}

/// Says something on stderr. Nothing can be done when nobody listens.
pub(crate) fn say(words: &str) {
    match LOG.get() {
        Some(Log::Json) => tracing::info!(target: SAID, "{}", strip_str(words)),
        Some(Log::Text) | None => write_words(words),
    }
}

/// Says on stderr what went wrong.
pub(crate) fn say_failed(words: &str) {
    match LOG.get() {
        Some(Log::Json) => tracing::error!(target: SAID, "{}", strip_str(words)),
        Some(Log::Text) | None => write_words(words),
    }
}

fn write_words(words: &str) {
    let _nobody_listens = writeln!(anstream::stderr(), "{words}");
}

/// Says something in place of what was said last, where a person looks on; `is_last` leaves it there.
pub(crate) fn say_over(words: &str, is_last: bool) {
    const CLEAR_LINE: &str = "\r\x1b[K";
    let mut stderr = io::stderr();
    if !stderr.is_terminal() {
        return;
    }
    let end = if is_last { "\n" } else { "" };
    let _nobody_listens = write!(stderr, "{CLEAR_LINE}{words}{end}").and_then(|()| stderr.flush());
}

/// What a failed write means.
pub(crate) fn failed(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
        _ => Failure::new(crate::exit::Exit::NO, "cannot write to stdout").because(error),
    }
}

/// A text in a style.
pub(crate) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// For headings and names.
pub(crate) const STRONG: Style = Style::new().bold();
/// For what matters less.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// For what is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// For what is not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// For what is not known, or wants to be seen.
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();

/// The style of a verdict. Its word says the same without colour.
pub(crate) const fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Passing => GOOD,
        Verdict::Failing => BAD,
        Verdict::Unknown => ODD,
    }
}
