//! What is made in pages, read with the file: each piece is one monitor or one reaction, as a file of its own.
//!
//! The file is what holds. Where the two do not fit together, since the file has the name by now or has lost what a piece needs, the
//! pieces that are in the mistakes are left out, and everything else is in force.

use crate::files::{Files, MadeFile, Part};
use crate::found::Found;
use crate::{Definitions, Extent, Mistakes, read_as, read_files};
use flyball_model::Family;
use flyball_settings::{Mistake, Node, Span, Table, Value};

/// A monitor or a reaction that is made in pages, and is not in force beside this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is.
    pub family: Family,
    /// What it is called.
    pub name: String,
    /// What does not fit together, each at its place; never empty.
    pub mistakes: Mistakes,
}

/// What a piece is called in messages, as a file is: `monitor "page" (made in pages)`.
#[must_use]
pub fn file_of_piece(family: Family, name: &str) -> String {
    format!("{family} \"{name}\" (made in pages)")
}

/// Whether this text is one monitor, or one reaction, of this name, and nothing else. What it names is not looked for.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn piece(family: Family, name: &str, text: &str) -> Result<(), Mistakes> {
    read_as(&Files::one("", "").with_made([(family, name, text)]), Extent::Part).map(|_| ())
}

/// Reads files with what is made in pages, and leaves out what of that does not fit.
///
/// # Errors
///
/// What is wrong with the files themselves.
pub fn read_with_made(files: &Files) -> Result<Definitions, Mistakes> {
    let mut whole = match read_files(files) {
        Err(mistakes) if files.made.is_empty() => return Err(mistakes),
        read => read,
    };
    if whole.is_err() {
        read_files(&files.with_first(0))?;
    }
    let (mut files, mut left_out) = (files.clone(), Vec::new());
    loop {
        match whole {
            Ok(definitions) => return Ok(Definitions { left_out, ..definitions }),
            Err(mistakes) => leave_out(&mut files, &mistakes, &mut left_out),
        }
        whole = read_files(&files);
    }
}

/// Leaves out the pieces that are in the mistakes: one at least, of files that are good without any.
fn leave_out(files: &mut Files, mistakes: &Mistakes, left_out: &mut Vec<LeftOut>) {
    let is_in = |made: &MadeFile| mistakes.iter().any(|mistake| mistake.touches(&made.file.name));
    let mut out: Vec<MadeFile> = files.made.extract_if(.., |made| is_in(made)).collect();
    let hidden = out.is_empty();
    if hidden {
        out.push(files.made.remove(first_too_many(files)));
    }
    left_out.extend(out.into_iter().map(|MadeFile { family, name, file }| {
        let mistakes = if hidden { mistakes.clone() } else { mistakes.touching(&file.name) };
        LeftOut { family, name, mistakes }
    }));
}

/// The piece with which files become wrong that were good up to it: it is the reason, though the mistake is elsewhere.
fn first_too_many(files: &Files) -> usize {
    let (mut good, mut wrong) = (0, files.made.len());
    while wrong - good > 1 {
        let middle = good.midpoint(wrong);
        if read_files(&files.with_first(middle)).is_ok() {
            good = middle;
        } else {
            wrong = middle;
        }
    }
    good
}

/// Refuses what is not the one monitor or reaction that a piece is. Of one that is not even TOML nothing is missed.
pub(crate) fn refuse_other(made: &MadeFile, root: &Table, part: &Part<'_>, is_readable: bool, found: &mut Vec<Found>) {
    let MadeFile { family, name, .. } = made;
    for (key, _) in root.entries.iter().filter(|(key, _)| key.name != family.word()) {
        let message = format!("`{}` beside the {family}", key.name);
        let mistake = Mistake::new(key.span.clone(), message, "not known here");
        found.push(mistake.hint(format!("here stands one [[{family}]]; the rest stands in the file")).into());
    }
    let nodes = match root.get(family.word()).map(|(_, node)| &node.value) {
        Some(Value::List(nodes)) => nodes.as_slice(),
        // Anything else than a list was told.
        Some(_) => return,
        None => &[],
    };
    for node in nodes.iter().skip(1) {
        let mistake =
            Mistake::new(node.span.clone(), format!("a second {family}"), format!("expected one [[{family}]]"));
        found.push(mistake.hint("make each one by itself").into());
    }
    match nodes.first() {
        None if is_readable => {
            let start = part.span.start;
            let label = format!("expected one [[{family}]]");
            found.push(Mistake::new(start..start, format!("there is no {family} here"), label).into());
        }
        None => {}
        Some(Node { value: Value::Table(table), .. }) => found.extend(another_name(table, name)),
        Some(_) => {}
    }
}

/// That it says to be called otherwise than it is.
fn another_name(table: &Table, name: &str) -> Option<Found> {
    let (_, Node { value: Value::Text(written), span }) = table.get("name")? else { return None };
    let mistake = || Mistake::new(span.clone(), "this is not its name", format!("expected \"{name}\""));
    (written.trim() != name).then(|| mistake().into())
}

/// The key that a mistake is about, with those that it is in: `http.url`, also where that is missing.
pub(crate) fn key(roots: &[&Table], mistake: &Mistake) -> Option<String> {
    let lists = roots.iter().flat_map(|root| &root.entries).map(|(_, node)| match &node.value {
        Value::List(nodes) => nodes.as_slice(),
        _ => &[],
    });
    let written = lists.flatten().find_map(|node| match &node.value {
        Value::Table(table) => key_in(table, &mistake.span),
        _ => None,
    });
    let missing = mistake.message.strip_prefix('`').and_then(|message| message.strip_suffix("` is missing"));
    match (written, missing) {
        (Some(within), Some(missing)) => Some(format!("{within}.{missing}")),
        (written, missing) => written.or_else(|| missing.map(str::to_owned)),
    }
}

fn key_in(table: &Table, at: &Span) -> Option<String> {
    let is_in = |outer: &Span| outer.start <= at.start && at.start < outer.end;
    table.entries.iter().find_map(|(key, node)| {
        let below = match &node.value {
            Value::Table(table) => key_in(table, at),
            _ => None,
        };
        match below {
            Some(below) => Some(format!("{}.{below}", key.name)),
            None => (is_in(&key.span) || is_in(&node.span)).then(|| key.name.clone()),
        }
    })
}
