//! From text to a table with places, however broken the text is.
//!
//! A file that is TOML is parsed once. In one that is not, a missing bracket would swallow all that follows it, so the
//! statements are parsed one by one, those that cannot be are told and cut out, and the rest is read as usual. What was
//! cut out is remembered as damage: nobody is told that a name is missing from a block in which a line was unreadable.

use crate::found::{Found, moved};
use crate::lines::{Block, Line, blocks};
use flyball_settings::{Key, Mistake, Node, Span, Table, Value};
use std::collections::{HashMap, HashSet};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// After this many unreadable statements the file is probably not meant for us; the rest of it is left unread.
const UNREADABLE_MAX: usize = 100;
/// How many lines are tried as the last one of a value that goes on over several.
const CLOSERS_MAX: usize = 16;
/// A value of ours does not go on over more lines than this; looking further would take long in a file that is large.
const VALUE_LINES_MAX: usize = 10_000;
/// More parts than this in one key (`a.b.c` has three) are no setting of ours, and deep tables cost stack.
const KEY_PARTS_MAX: usize = 16;

/// A text that was read as far as it can be.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) root: Table,
    pub(crate) found: Vec<Found>,
    pub(crate) damage: Damage,
}

/// What could not be read, so that nothing is told that only follows from it.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    /// Blocks in which something was cut out, by the byte at which their header begins.
    headers: HashSet<usize>,
    /// What such blocks are: `reaction`, `heroku.accounts.two`.
    tables: Vec<String>,
    /// The names of reactions that stand in what was cut out, as far as they can be made out.
    reactions: Vec<String>,
}

impl Damage {
    /// Whether a mistake at this place would only follow from what was cut out: what is missing is told at the header.
    pub(crate) fn explains(&self, span: &Span) -> bool {
        self.headers.contains(&span.start)
    }

    /// Whether something was cut out of this table, or of one below it.
    pub(crate) fn touches(&self, table: &str) -> bool {
        self.tables.iter().any(|touched| touched == table || is_below(touched, table))
    }

    /// The names of reactions that could not be read as they stand, and are there all the same.
    pub(crate) fn reactions(&self) -> &[String] {
        &self.reactions
    }

    /// With the damage of another file.
    pub(crate) fn join(&mut self, other: Self) {
        self.headers.extend(other.headers);
        self.tables.extend(other.tables);
        self.reactions.extend(other.reactions);
    }

    /// Keeps the name that stands in a cut-out part of a reaction.
    fn keep_names(&mut self, block: &Block<'_>, hole: &Span) {
        let lines = block.lines.iter().filter(|line| block.header == "reaction" && hole.contains(&line.span.start));
        self.reactions.extend(lines.filter_map(Line::name));
    }

    fn note(&mut self, block: &Block<'_>) {
        if let Some(first) = block.lines.first().filter(|_| !block.header.is_empty()) {
            self.headers.insert(first.span.end - first.text.trim_start().len());
            self.tables.push(block.header.to_owned());
        }
    }
}

/// Reads a text that begins at byte `at` of everything that is read.
pub(crate) fn document(text: &str, at: usize) -> Document {
    let mut document = of_text(text, at);
    document.found.iter_mut().for_each(|found| found.move_by(at));
    document.damage.headers = document.damage.headers.iter().map(|header| header + at).collect();
    document
}

/// Reads a text. What is found in it, and damaged, is placed as if it began at byte 0.
fn of_text(text: &str, at: usize) -> Document {
    if let Some(span) = overlong_key(text) {
        let mistake = Mistake::new(span, "a key of too many parts", format!("expected at most {KEY_PARTS_MAX} parts"));
        return Document { root: Table::default(), found: vec![mistake.into()], damage: Damage::default() };
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.iter().all(is_structural) {
        let found = errors.iter().map(|error| told(error, text, 0)).collect();
        return Document { root: convert(table.into_inner(), at..at, at), found, damage: Damage::default() };
    }
    let (readable, mut found, damage) = cut(text);
    let (table, errors) = DeTable::parse_recoverable(&readable);
    // Every statement that is left was read alone, so that only what they do to each other can be wrong.
    found.extend(errors.iter().filter(|error| is_structural(error)).map(|error| told(error, text, 0)));
    Document { root: convert(table.into_inner(), at..at, at), found, damage }
}

/// The text with everything unreadable replaced by blanks, so that all places stay.
fn cut(text: &str) -> (String, Vec<Found>, Damage) {
    let mut found = Vec::new();
    let mut damage = Damage::default();
    let mut holes: Vec<Span> = Vec::new();
    let blocks = blocks(text);
    // The block whose header was unreadable: its sub-tables would end up in the block before it.
    let mut lost: Option<&str> = None;
    let mut latest: HashMap<&str, usize> = HashMap::new();
    for (index, block) in blocks.iter().enumerate() {
        let unreadable = unreadable(block, UNREADABLE_MAX - found.len());
        let header_lost = !block.header.is_empty()
            && unreadable
                .first()
                .is_some_and(|(hole, _)| Some(hole.start) == block.lines.first().map(|l| l.span.start));
        let below_lost = lost.is_some_and(|name| is_below(block.header, name));
        if !unreadable.is_empty() || below_lost {
            damage.note(block);
        }
        if header_lost || below_lost {
            damage.keep_names(block, &block.span());
            holes.push(block.span());
            // What a lost sub-table said is missing from the table above it.
            let above = above(block.header).filter_map(|name| latest.get(name)).max();
            if let Some(above) = above {
                damage.note(&blocks[*above]);
            }
        }
        latest.insert(block.header, index);
        if !below_lost {
            lost = header_lost.then_some(block.header);
        }
        for (hole, mistake) in unreadable {
            damage.keep_names(block, &hole);
            holes.push(hole);
            found.push(mistake);
        }
        if found.len() >= UNREADABLE_MAX {
            holes.push(block.span().start..text.len());
            blocks[index..].iter().for_each(|block| damage.note(block));
            break;
        }
    }
    let mut readable = text.as_bytes().to_vec();
    for hole in holes {
        readable[hole].iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    }
    let readable = String::from_utf8(readable).expect("holes begin and end at line breaks");
    (readable, found, damage)
}

/// The tables in which a header's table is.
fn above(header: &str) -> impl Iterator<Item = &str> {
    header.match_indices('.').map(|(dot, _)| &header[..dot])
}

/// Whether a header names a table within another.
fn is_below(header: &str, name: &str) -> bool {
    !name.is_empty() && header.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

/// The statements of a block that cannot be read alone, each with its first mistake.
fn unreadable(block: &Block<'_>, most: usize) -> Vec<(Span, Found)> {
    let mut unreadable = Vec::new();
    let mut at = 0;
    while at < block.lines.len() && unreadable.len() < most {
        let line = &block.lines[at];
        let (taken, mistake) = if line.is_empty() { (1, None) } else { statement(&block.lines[at..]) };
        if let Some(mistake) = mistake {
            unreadable.push((line.span.start..block.lines[at + taken - 1].span.end, mistake));
        }
        at += taken;
    }
    unreadable
}

/// Reads the statement at the first of these lines: how many lines it takes, and its first mistake.
fn statement(lines: &[Line<'_>]) -> (usize, Option<Found>) {
    let first = &lines[0];
    let Some(mistake) = first_mistake(&lines[..1]) else { return (1, None) };
    if !first.goes_on() {
        return (1, Some(mistake));
    }
    let closers = (1..lines.len().min(VALUE_LINES_MAX)).filter(|last| lines[*last].closes()).take(CLOSERS_MAX);
    let mut shortest = None;
    for last in closers {
        let Some(mistake) = first_mistake(&lines[..=last]) else { return (last + 1, None) };
        shortest = shortest.or(Some((last + 1, Some(mistake))));
    }
    shortest.unwrap_or((1, Some(mistake)))
}

fn first_mistake(lines: &[Line<'_>]) -> Option<Found> {
    let text: String = lines.iter().map(|line| line.text).collect();
    let (_, errors) = DeTable::parse_recoverable(&text);
    let errors = errors.iter().filter(|error| !is_structural(error));
    let first = errors.min_by_key(|error| error.span().map_or(0, |span| span.start))?;
    Some(told(first, &text, lines[0].span.start))
}

/// Whether the text is TOML and only says something twice.
fn is_structural(error: &toml::de::Error) -> bool {
    error.message().starts_with("duplicate key") || error.message().starts_with("cannot extend value")
}

/// A parser's error in our words; `text` begins at byte `offset` of the file.
fn told(error: &toml::de::Error, text: &str, offset: usize) -> Found {
    let span = error.span().unwrap_or(0..0);
    let raw = text.get(span.clone()).unwrap_or("").trim();
    let line_rest = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let place = offset + span.start..offset + span.end;
    let (message, expected) = match error.message().split_once(", expected ") {
        Some((message, expected)) => (message, expected),
        None => (error.message(), ""),
    };
    let mistake = match message {
        "duplicate key" => Mistake::new(place, format!("`{raw}` stands here a second time"), "already there"),
        "string values must be quoted" if raw.is_empty() => {
            Mistake::new(place, "a value is missing", "expected a value after `=`")
        }
        "string values must be quoted" if ["yes", "no", "on", "off"].contains(&raw.to_lowercase().as_str()) => {
            Mistake::new(place, "not a value of TOML", "expected true or false")
        }
        "string values must be quoted" => Mistake::new(place, "text must stand in quotes", "expected quotes around it")
            .hint(format!("write \"{}\"", raw.replace(['"', '\''], ""))),
        "invalid basic string" | "invalid literal string" if expected.len() == 3 => {
            Mistake::new(place, "a text that is not closed", format!("expected {expected}"))
        }
        "missing escaped value" => Mistake::new(place, "no such escape", "not after a backslash")
            .hint("write \\\\ for a backslash, or put the text into 'single quotes'"),
        "invalid unquoted key" if line_rest.starts_with(':') => {
            Mistake::new(place, "a colon after a key", "expected `=`").hint("TOML writes `key = value`")
        }
        "invalid unquoted key" if line_rest.starts_with("//") => {
            Mistake::new(place, "no comment of TOML", "expected `#`")
        }
        "invalid boolean" => Mistake::new(place, "not a value of TOML", "expected true or false, in small letters"),
        "key with no value" => Mistake::new(place, "a key without a value", "expected `=` before this")
            .hint(if line_rest.starts_with(':') { "TOML writes `key = value`" } else { "write `key = value`" }),
        _ if expected.is_empty() => Mistake::new(place, message, "unexpected here"),
        _ => Mistake::new(place, message, format!("expected {expected}")),
    };
    mistake.into()
}

/// A parsed table as ours, of a text that begins at byte `at`; its keys in the order in which they were written.
fn convert(table: DeTable<'_>, span: Span, at: usize) -> Table {
    let mut entries: Vec<(Key, Node)> = table
        .into_iter()
        .map(|(key, value)| {
            let key = Key { span: moved(&key.span(), at), name: key.into_inner().into_owned() };
            (key, convert_value(value, at))
        })
        .collect();
    entries.sort_by_key(|(key, _)| key.span.start);
    Table { entries, span }
}

fn convert_value(value: Spanned<DeValue<'_>>, at: usize) -> Node {
    let span = moved(&value.span(), at);
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => Value::Integer(whole(number.as_str(), number.radix())),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Boolean(value),
        DeValue::Datetime(_) => Value::Date,
        DeValue::Array(members) => Value::List(members.into_iter().map(|member| convert_value(member, at)).collect()),
        DeValue::Table(table) => Value::Table(convert(table, span.clone(), at)),
    };
    Node { value, span }
}

/// A whole number; one that does not fit becomes the nearest that does, which is out of every setting's bounds.
fn whole(text: &str, radix: u32) -> i64 {
    let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    i64::from_str_radix(text, radix).unwrap_or(nearest)
}

/// The line in which a key has too many parts: dots outside of texts and comments, counted without parsing.
fn overlong_key(text: &str) -> Option<Span> {
    // Numbers and dates have dots as well, one each.
    let mut dots = 0;
    let mut line_start = 0;
    let mut quoted: Option<&str> = None;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        let mut step = 1;
        match (quoted, rest[0]) {
            (Some("#" | "\"" | "'"), b'\n') => quoted = None,
            (Some("\"" | "\"\"\""), b'\\') => step = 2,
            (Some(end), _) if end != "#" && rest.starts_with(end.as_bytes()) => {
                quoted = None;
                step = end.len();
            }
            (None, b'.') => dots += 1,
            (None, b'=' | b',' | b'{' | b'[') => dots = 0,
            (None, b'#') => quoted = Some("#"),
            (None, b'"' | b'\'') => {
                let opened = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| rest.starts_with(q.as_bytes()));
                step = opened.map_or(1, str::len);
                quoted = opened;
            }
            _ => {}
        }
        if rest[0] == b'\n' {
            dots = 0;
            line_start = at + 1;
        }
        if dots > KEY_PARTS_MAX {
            return Some(line_start..at);
        }
        at += step;
    }
    None
}
