//! Secrets that stand in the file by mistake: found, told, and blotted out before anything of the file is shown.

use crate::found::Found;
use crate::lines::lines;
use flyball_settings::{Mistake, Node, Span, Table, Value};

/// What tokens begin with, and which characters they have beside letters, digits, `-`, `_` and `.`: Heroku's of today (Dev Center,
/// *OAuth*: tokens since 2024-10), Slack's of bots and its incoming webhooks, and the secrets of Standard Webhooks.
const TOKENS: [(&str, &str); 4] =
    [("HRKU-", ""), ("xoxb-", ""), ("https://hooks.slack.com/services/", "/"), ("whsec_", "+/=")];
/// The settings of channels that are secrets.
const OF_CHANNELS: [&str; 7] = ["token", "incoming_url", "routing_key", "password", "secret", "secret_old", "topic"];
/// Shorter ones are examples: `HRKU-…` in a comment is no secret.
const TOKEN_CHARS_MIN: usize = 20;
/// Headers by which a client shows who it is.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

/// A setting whose value is a credential if it has a user in it, also where a URL's scheme was forgotten.
const PROXY: &str = "proxy";

/// The secrets of a file, wherever they stand.
#[derive(Debug)]
pub(crate) struct Secrets {
    /// Those that are mistakes where they stand: in the order of the file, none touching another.
    spans: Vec<Span>,
    /// Those that are mistakes elsewhere, or none, and only never shown: credentials in URLs and in headers.
    unshown: Vec<Span>,
}

impl Secrets {
    /// Finds tokens in the text, also in comments, and whatever was written as a `token` or as a secret of a channel.
    pub(crate) fn of(text: &str, roots: &[&Table]) -> Self {
        let tokens = TOKENS.into_iter().flat_map(|(prefix, characters)| {
            text.match_indices(prefix).filter_map(move |(start, _)| token(text, start, prefix, characters))
        });
        let mut spans: Vec<Span> = tokens.collect();
        spans.extend(roots.iter().flat_map(|root| of_channels(root)));
        // A line that is no TOML may hold one all the same, and would be shown.
        spans.extend(lines(text).filter_map(|line| {
            let value = line.text.trim_start().strip_prefix("token")?.trim_start().strip_prefix('=')?.trim();
            let start = line.span.start + line.text.rfind(value)?;
            (!value.is_empty() && !value.starts_with('{')).then(|| start..start + value.len())
        }));
        for heroku in roots.iter().filter_map(|root| table(root, "heroku")) {
            spans.extend(written_token(heroku));
            let accounts = table(heroku, "accounts").into_iter().flat_map(|accounts| &accounts.entries);
            spans.extend(accounts.filter_map(|(_, node)| match &node.value {
                Value::Table(account) => written_token(account),
                _ => None,
            }));
        }
        let unshown = lines(text).flat_map(|line| {
            let found = users(line.text).chain(credentials(line.text));
            found.map(|span| line.span.start + span.start..line.span.start + span.end).collect::<Vec<Span>>()
        });
        Self { spans: joined(spans), unshown: unshown.collect() }
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
        for span in self.spans.iter().chain(&self.unshown) {
            bytes[span.clone()].fill(b'*');
        }
        String::from_utf8(bytes).expect("secrets begin and end at the borders of characters")
    }
}

/// The token that begins here with this prefix, if it is long enough to be one.
fn token(text: &str, start: usize, prefix: &str, characters: &str) -> Option<Span> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || characters.contains(c);
    let rest = &text[start + prefix.len()..];
    let length = prefix.len() + rest.find(|c| !is_token(c)).unwrap_or(rest.len());
    (length >= TOKEN_CHARS_MIN.max(prefix.len() + 1)).then(|| start..start + length)
}

/// The secrets of channels that are written out.
fn of_channels(root: &Table) -> Vec<Span> {
    let tables = |node: &Node| match &node.value {
        Value::List(list) => list.iter().filter_map(as_table).cloned().collect(),
        Value::Table(single) => vec![single.clone()],
        _ => Vec::new(),
    };
    let channels = root.get("channel").map(|(_, node)| tables(node)).unwrap_or_default();
    let kinds = channels.iter().flat_map(|channel| &channel.entries).filter_map(|(_, node)| as_table(node));
    let settings = kinds.flat_map(|kind| &kind.entries);
    let written =
        settings.filter(|(key, node)| OF_CHANNELS.contains(&key.name.as_str()) && matches!(node.value, Value::Text(_)));
    written.map(|(_, node)| node.span.clone()).collect()
}

fn as_table(node: &Node) -> Option<&Table> {
    match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// The user and password of every URL in a line.
fn users(line: &str) -> impl Iterator<Item = Span> {
    const AFTER_SCHEME: &str = "://";
    line.match_indices(AFTER_SCHEME).filter_map(|(at, _)| {
        let start = at + AFTER_SCHEME.len();
        let ends = |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'') || c.is_whitespace();
        let authority = &line[start..start + line[start..].find(ends).unwrap_or(line.len() - start)];
        authority.rfind('@').map(|length| start..start + length)
    })
}

/// What is written, and not named by its variable, as the value of a header that is a credential.
fn credentials(line: &str) -> impl Iterator<Item = Span> {
    let lower = line.to_ascii_lowercase();
    let keys = CREDENTIALS.into_iter().chain([PROXY]).flat_map(move |key| {
        let ends = lower.match_indices(key).map(|(at, _)| (key, at + key.len()));
        ends.collect::<Vec<(&str, usize)>>()
    });
    keys.filter_map(|(key, end)| {
        let after_key = line[end..].trim_start_matches(['"', '\'']).trim_start();
        let value = after_key.strip_prefix('=')?.trim();
        let start = end + line[end..].find(value)?;
        let literal = &value[..literal_length(value)];
        let is_secret = key != PROXY || literal.contains('@');
        (is_secret && !value.is_empty() && !value.starts_with('{')).then(|| start..start + literal.len())
    })
}

/// How much of a text is the literal that it begins with: all of it where that is not closed here.
fn literal_length(text: &str) -> usize {
    let quote = match text.chars().next() {
        Some(quote @ ('"' | '\'')) if !text.starts_with("\"\"\"") && !text.starts_with("'''") => quote,
        _ => return text.len(),
    };
    let mut escaped = false;
    let closes = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = quote == '"' && *c == '\\' && !escaped;
        ends
    });
    closes.map_or(text.len(), |(at, _)| at + quote.len_utf8())
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
