//! Secrets that stand in the file by mistake: found, told, and blotted out before anything of the file is shown.

use crate::found::Found;
use crate::lines::lines;
use flyball_settings::{Mistake, Node, Span, Table, Value};

/// Heroku's tokens of today: this, and then 60 characters and more (Dev Center, *OAuth*: tokens since 2024-10).
const HEROKU_TOKEN: &str = "HRKU-";
/// Shorter ones are examples: `HRKU-…` in a comment is no secret.
const TOKEN_CHARS_MIN: usize = 20;

/// The secrets of a file, wherever they stand.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// In the order of the file, none touching another.
    spans: Vec<Span>,
}

impl Secrets {
    /// Finds Heroku's tokens in the text, also in comments, and whatever was written as a `token`.
    pub(crate) fn of(text: &str, root: &Table) -> Self {
        let heroku_tokens = text.match_indices(HEROKU_TOKEN).filter_map(|(start, _)| heroku_token(text, start));
        let mut spans: Vec<Span> = heroku_tokens.collect();
        // A line that is no TOML may hold one all the same, and would be shown.
        spans.extend(lines(text).iter().filter_map(|line| {
            let value = line.text.trim_start().strip_prefix("token")?.trim_start().strip_prefix('=')?.trim();
            let start = line.span.start + line.text.rfind(value)?;
            (!value.is_empty() && !value.starts_with('{')).then(|| start..start + value.len())
        }));
        if let Some(heroku) = table(root, "heroku") {
            spans.extend(written_token(heroku));
            let accounts = table(heroku, "accounts").into_iter().flat_map(|accounts| &accounts.entries);
            spans.extend(accounts.filter_map(|(_, node)| match &node.value {
                Value::Table(account) => written_token(account),
                _ => None,
            }));
        }
        Self { spans: joined(spans) }
    }

    /// Each of them as a mistake.
    pub(crate) fn found(&self) -> impl Iterator<Item = Found> {
        self.spans.iter().map(|span| {
            Mistake::new(span.clone(), "a secret stands in the file", "expected { env = \"NAME\" } instead")
                .hint("put it into an environment variable and name that; a token that was in a file is best made anew")
                .into()
        })
    }

    /// Whether this mistake is about a value that holds a secret: it was told already, and must not be quoted.
    pub(crate) fn explain(&self, span: &Span) -> bool {
        let first = self.spans.partition_point(|secret| secret.end <= span.start);
        self.spans.get(first).is_some_and(|secret| secret.start < span.end && span.len() < 2 * secret.len())
    }

    /// The text without them, every other byte at its place.
    pub(crate) fn blotted(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for span in &self.spans {
            bytes[span.clone()].fill(b'*');
        }
        String::from_utf8(bytes).expect("secrets begin and end at the borders of characters")
    }
}

/// The token that begins here, if it is long enough to be one.
fn heroku_token(text: &str, start: usize) -> Option<Span> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let rest = &text[start..];
    let length = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
    (length >= TOKEN_CHARS_MIN).then(|| start..start + length)
}

/// Where a table has its token written out.
fn written_token(table: &Table) -> Option<Span> {
    match table.get("token") {
        Some((_, Node { value: Value::Text(_), span })) => Some(span.clone()),
        _ => None,
    }
}

fn table<'t>(parent: &'t Table, key: &str) -> Option<&'t Table> {
    match parent.get(key) {
        Some((_, Node { value: Value::Table(table), .. })) => Some(table),
        _ => None,
    }
}

/// The same places, each once, however often and in whatever way it was found.
fn joined(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| span.start);
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}
