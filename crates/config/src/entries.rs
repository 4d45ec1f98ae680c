//! `[[monitor]]` and `[[reaction]]`: what both have, their keys sorted out, and the one kind that each must name.

use crate::found::Found;
use crate::sections::{only, table};
use flyball_settings::{Key, Mistake, Node, Span, Table, Value, did_you_mean};

/// One of the two families of entries.
pub(crate) struct Family {
    /// Its word: `monitor`.
    pub(crate) word: &'static str,
    /// What its kinds do, after "nothing": "is watched here".
    pub(crate) purpose: &'static str,
    /// Its kinds.
    pub(crate) kinds: Vec<&'static str>,
    /// What every one has.
    pub(crate) fields: Vec<&'static str>,
    /// What to write for a kind, by way of example.
    pub(crate) example: String,
}

/// An entry whose keys are sorted out.
pub(crate) struct Entry<'t> {
    /// Its header.
    pub(crate) span: Span,
    /// What every entry of the family has; what it does not say itself is from the defaults, and stands behind.
    pub(crate) common: Table,
    /// How many of these are its own.
    own: usize,
    /// Its kind, when there is exactly one, and it is a table.
    pub(crate) kind: Option<(&'t str, &'t Table, Span)>,
    /// Whether more than one kind stands there, so that it is not known which is meant.
    pub(crate) is_of_two_kinds: bool,
    /// Its name as it was written, and where, also when it is not valid.
    pub(crate) name: Option<(String, Span)>,
    /// Whether a key stands there that is probably `name`: that was told, and the name is not also missing.
    name_is_misspelt: bool,
}

/// What a key stands for that is not known.
enum Meant {
    /// A kind: misspelt, or of the other family.
    Kind,
    /// A field, misspelt.
    Field(&'static str),
    /// Nothing that would be missed.
    Nothing,
}

/// Two words for one setting: who says one of them says the other.
pub(crate) const SAME: [[&str; 2]; 1] = [["cooldown", "frequency"]];

impl Entry<'_> {
    /// Has what it does not say itself be as the defaults say.
    pub(crate) fn take(&mut self, defaults: &Table) {
        let same = |key: &str, other: &str| SAME.iter().any(|words| words.contains(&key) && words.contains(&other));
        let says =
            |key: &str| self.common.entries[..self.own].iter().any(|(own, _)| own.name == key || same(&own.name, key));
        let taken: Vec<_> = defaults.entries.iter().filter(|(key, _)| !says(&key.name)).cloned().collect();
        self.common.entries.extend(taken);
    }

    /// What it says itself of what every entry has.
    pub(crate) fn written(&self) -> Table {
        Table { entries: self.common.entries[..self.own].to_vec(), span: self.common.span.clone() }
    }

    /// Where a setting of its kind is written.
    pub(crate) fn setting(&self, name: &str) -> Option<Span> {
        let (_, table, _) = self.kind.as_ref()?;
        table.get(name).map(|(_, node)| node.span.clone())
    }

    /// The mistakes of reading what is common, without what was told already.
    pub(crate) fn own(&self, mistakes: Vec<Mistake>) -> impl Iterator<Item = Found> {
        let told = |mistake: &Mistake| {
            self.name_is_misspelt && mistake.span == self.span && mistake.message.starts_with("`name`")
        };
        mistakes.into_iter().filter(move |mistake| !told(mistake)).map(Found::from)
    }
}

/// The entries of a family: a list of tables, or, by mistake, a single one.
pub(crate) fn entries<'t>(root: &'t Table, family: &Family, found: &mut Vec<Found>) -> Vec<(&'t Table, Span)> {
    let word = family.word;
    let Some((_, node)) = root.get(word) else { return Vec::new() };
    let expected = format!("`[[{word}]]`");
    let mut mistakes = Vec::new();
    let entries = match &node.value {
        Value::List(list) => list.iter().filter_map(|node| table(node, &expected, &mut mistakes)).collect(),
        Value::Table(single) => {
            let hint = format!("there may be several, so the brackets are doubled: [[{word}]]");
            let mistake = Mistake::new(node.span.clone(), "single brackets", format!("expected {expected}"));
            mistakes.push(mistake.hint(hint));
            vec![(single, node.span.clone())]
        }
        _ => table(node, &expected, &mut mistakes).into_iter().collect(),
    };
    found.extend(mistakes.into_iter().map(Found::from));
    entries
}

/// Sorts out the keys of an entry: what is common, which is its kind, and what is not known.
pub(crate) fn sort_out<'t>(
    table: &'t Table,
    span: &Span,
    family: &Family,
    other: &Family,
    found: &mut Vec<Found>,
) -> Entry<'t> {
    let is_common = |key: &str| family.fields.contains(&key);
    let is_kind = |key: &str| family.kinds.contains(&key);
    let kinds: Vec<&(Key, Node)> = table.entries.iter().filter(|(key, _)| is_kind(&key.name)).collect();
    let unknown: Vec<&(Key, Node)> =
        table.entries.iter().filter(|(key, _)| !is_kind(&key.name) && !is_common(&key.name)).collect();
    // A kind that was misspelt, or that belongs to the other family, was told as that; it is not also missing.
    let mut misplaced = false;
    let mut misspelt_name = None;
    for (key, node) in unknown {
        let (mistake, meant) = unknown_key(key, node, family, other);
        misplaced |= matches!(meant, Meant::Kind);
        if matches!(meant, Meant::Field("name")) {
            misspelt_name = Some(node);
        }
        found.push(mistake.into());
    }
    let written_name = table.get("name").map(|(_, node)| node);
    let name = written_name.or(misspelt_name).and_then(|node| match &node.value {
        Value::Text(name) => Some((name.trim().to_owned(), node.span.clone())),
        _ => None,
    });
    let common = only(table, is_common);
    Entry {
        span: span.clone(),
        own: common.entries.len(),
        common,
        is_of_two_kinds: kinds.len() > 1,
        kind: the_kind(&kinds, span, family, misplaced, found),
        name,
        name_is_misspelt: written_name.is_none() && misspelt_name.is_some(),
    }
}

/// The one kind among these keys.
fn the_kind<'t>(
    kinds: &[&'t (Key, Node)],
    span: &Span,
    family: &Family,
    misplaced: bool,
    found: &mut Vec<Found>,
) -> Option<(&'t str, &'t Table, Span)> {
    let word = family.word;
    for (key, _) in kinds.iter().skip(1) {
        let (first, _) = kinds[0];
        let mistake = Mistake::new(key.span.clone(), format!("a {word} of two kinds"), "a second kind")
            .hint(format!("a {word} has one kind; make two of it"));
        found.push(Found::from(mistake).also(first.span.clone(), "the first kind"));
    }
    let Some((key, node)) = kinds.first() else {
        if !misplaced {
            let label = format!("expected one of {}", family.kinds.join(", "));
            let mistake = Mistake::new(span.clone(), format!("nothing {}", family.purpose), label);
            found.push(mistake.hint(format!("for example: {}", family.example)).into());
        }
        return None;
    };
    let mut mistakes = Vec::new();
    let settings = table(node, &format!("a table: {} = {{ … }}", key.name), &mut mistakes);
    found.extend(mistakes.into_iter().map(Found::from));
    settings.map(|(table, span)| (key.name.as_str(), table, span))
}

/// The mistake of a key that is not known here, and what it stands for.
fn unknown_key(key: &Key, node: &Node, family: &Family, other: &Family) -> (Mistake, Meant) {
    let (name, word) = (&key.name, family.word);
    if other.kinds.contains(&name.as_str()) {
        let message = format!("`{name}` makes a {}, not a {word}", other.word);
        let mistake = Mistake::new(key.span.clone(), message, "not known here");
        return (mistake.hint(format!("it belongs to a [[{}]]", other.word)), Meant::Kind);
    }
    let mistake = Mistake::new(key.span.clone(), format!("unknown key `{name}`"), "not known here");
    if other.fields.contains(&name.as_str()) {
        return (mistake.hint(format!("`{name}` belongs to a [[{}]]", other.word)), Meant::Nothing);
    }
    // Of a table a kind was meant, if it is like one at all.
    let is_table = matches!(node.value, Value::Table(_));
    let (kinds, fields) = (family.kinds.iter().copied(), family.fields.iter().copied());
    let kind = if is_table { did_you_mean(name, kinds.clone()) } else { None };
    if let Some(meant) = kind.or_else(|| did_you_mean(name, fields.chain(kinds))) {
        let field = family.fields.iter().find(|field| **field == meant);
        let stands_for = field.map_or(Meant::Kind, |field| Meant::Field(field));
        return (mistake.hint(format!("did you mean `{meant}`?")), stands_for);
    }
    let known = format!("known here: {}, and one of {}", family.fields.join(", "), family.kinds.join(", "));
    (mistake.hint(known), if is_table { Meant::Kind } else { Meant::Nothing })
}

/// The members of a list of texts, each with its place.
pub(crate) fn texts(table: &Table, key: &str) -> Vec<(String, Span)> {
    let Some((_, Node { value: Value::List(list), .. })) = table.get(key) else { return Vec::new() };
    list.iter()
        .filter_map(|member| match &member.value {
            Value::Text(text) => Some((text.clone(), member.span.clone())),
            _ => None,
        })
        .collect()
}
