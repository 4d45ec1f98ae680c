//! `flyball init`: a commented file to start from, which only tells what it would do.

use crate::arguments::Init;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::Wiring;
use flyball_config::{starting_file, starting_file_at_stand_in};
use flyball_heroku::BaseUrl;
use flyball_model::AppName;
use flyball_store::open_plain;
use serde::Serialize;
use std::fs::OpenOptions;
use std::io::{self, BufRead as _, ErrorKind, IsTerminal, Write as _};
use std::path::Path;

/// A person may mistype the name; more often than this they meant to do something else.
const TRIES: u32 = 5;

/// What was written, as data.
#[derive(Serialize)]
struct Written<'a> {
    file: String,
    app: &'a AppName,
}

pub(super) fn init(wiring: &Wiring, asked: Init) -> Result<Exit, Failure> {
    let file = wiring.config();
    let cannot = || Failure::new(Exit::NO, format!("cannot write {}", file.display()));
    let exists = || cannot().because("it is there already").hint("--force writes over it; --config names another");
    if !asked.force && file.exists() {
        return Err(exists());
    }
    let app = match asked.app {
        Some(app) => app,
        None => ask()?,
    };
    // A HEROKU_HOST that cannot be used is `doctor`'s to tell.
    let text = match wiring.base().ok().filter(BaseUrl::is_loopback) {
        Some(stand_in) => starting_file_at_stand_in(&app, &stand_in.to_string()),
        None => starting_file(&app),
    };
    let mut options = OpenOptions::new();
    options.write(true);
    // Made by somebody else while we asked: theirs stays.
    if asked.force {
        options.create(true).truncate(false)
    } else {
        options.create_new(true)
    };
    let written = open_plain(&mut options, file).and_then(|mut open| {
        // Only here is it known to be no link to something else.
        open.set_len(0)?;
        open.write_all(text.as_bytes())
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(),
        _ => cannot().because(error),
    })?;
    match wiring.format {
        Format::Json => output::json(&Written { file: file.display().to_string(), app: &app })?,
        Format::Text => output::say(&format!(
            "wrote {} for {app}: it only tells what it would do, until you write `mode = \"act\"`\n\
             next: `flyball validate`, `flyball doctor`, `flyball up`",
            file.display()
        )),
    }
    Ok(Exit::GOOD)
}

/// What became of a file that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    Written,
    /// It was there, and is as it was.
    AsItWas,
}

/// Writes a file where there is none.
pub(super) fn write_new(path: &Path, text: &str) -> Result<Left, Failure> {
    if path.symlink_metadata().is_ok() {
        return Ok(Left::AsItWas);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let cannot = |error: io::Error| Failure::new(Exit::NO, format!("cannot write {}", path.display())).because(error);
    let mut open = match open_plain(&mut options, path) {
        Ok(open) => open,
        // Made by somebody else meanwhile: theirs stays.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Left::AsItWas),
        Err(error) => return Err(cannot(error)),
    };
    open.write_all(text.as_bytes()).map_err(|error| {
        // Half a file would be taken for a whole one, and is ours.
        let _stays = std::fs::remove_file(path);
        cannot(error)
    })?;
    Ok(Left::Written)
}

/// Asks for the app's name.
fn ask() -> Result<AppName, Failure> {
    let nobody = || {
        Failure::new(Exit::USAGE, "cannot ask which app to watch")
            .because("nobody is at a terminal")
            .hint("name it with --app")
    };
    if !io::stdin().is_terminal() {
        return Err(nobody());
    }
    for _ in 0..TRIES {
        let mut stderr = io::stderr();
        let _nobody_listens = write!(stderr, "Which app? ").and_then(|()| stderr.flush());
        let mut line = String::new();
        if !io::stdin().lock().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            return Err(nobody());
        }
        match line.trim().parse() {
            Ok(app) => return Ok(app),
            Err(error) => output::say(&format!("That is none: {error}.")),
        }
    }
    Err(nobody())
}
