//! What is sought in a page.

use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Take, Value};
use regex::bytes::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};
use std::fmt;

/// A text that is sought in a page: its characters, with case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Keyword(Box<str>);

impl Keyword {
    /// Longer ones would make the part that is carried from chunk to chunk the larger part of the work.
    const BYTES_MAX: usize = 1000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As many bytes as it has at least, in whatever charset a page has: one for each character.
    pub(crate) fn bytes_least(&self) -> u64 {
        self.0.chars().count() as u64
    }
}

impl fmt::Display for Keyword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Take for Keyword {
    fn expected() -> String {
        format!("a text of 1 to {} bytes", Self::BYTES_MAX)
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.is_empty() => refused(node, "every page has an empty text", mistakes),
            Value::Text(text) if text.len() > Self::BYTES_MAX => refused(node, "the text is too long", mistakes),
            Value::Text(text) => Some(Self(text.as_str().into())),
            _ => wrong_kind(node, mistakes),
        }
    }
}

/// A regular expression that is sought in a page: compiled once, shared by clones, compared by its text.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Longer ones are programs, not patterns.
    const BYTES_MAX: usize = 2000;
    /// Bounds the time that a page of a stranger can cost: search time is at worst this size times the page's.
    const COMPILED_BYTES_MAX: usize = 1 << 20;

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The pattern, compiled.
    #[must_use]
    pub fn regex(&self) -> &Regex {
        &self.0
    }

    /// What stands between two slashes, where the pattern is written as `/…/`: as other languages write a regex, or to
    /// find a part of a path.
    pub(crate) fn between_slashes(&self) -> Option<&str> {
        match delimited(self.as_str()) {
            Some((within, "")) => Some(within),
            _ => None,
        }
    }

    /// Compiles a pattern.
    fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some((_, flags)) = delimited(text).filter(|(_, flags)| !flags.is_empty()) {
            return Err(Refusal {
                message: format!("delimiters and flags are no part of a regex, and would be sought: `/…/{flags}`"),
                hint: Some("flags stand in front, without slashes: \"(?i)text\"; to seek the slashes write `[/]`"),
            });
        }
        // Parsed apart from compiling, because only the parser tells the place.
        if let Err(error) = regex_syntax::ParserBuilder::new().utf8(false).build().parse(text) {
            return Err(in_words(text, &error).into());
        }
        RegexBuilder::new(text)
            .size_limit(Self::COMPILED_BYTES_MAX)
            .dfa_size_limit(Self::COMPILED_BYTES_MAX)
            .build()
            .map(Self)
            .map_err(|_| "the pattern is too large when compiled: make its repetitions smaller".into())
    }
}

/// What is between the slashes and after them, of a pattern with the delimiters that other languages write: `/text/i`.
/// One with another slash in it is a path.
fn delimited(text: &str) -> Option<(&str, &str)> {
    const FLAGS: &str = "dgimsuvxy";
    let (within, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let is_path = within.is_empty() || within.replace("\\/", "").contains('/');
    (!is_path && flags.chars().all(|flag| FLAGS.contains(flag))).then_some((within, flags))
}

/// What is wrong with a pattern, and where: "unclosed group at character 5, `(ab`".
fn in_words(text: &str, error: &regex_syntax::Error) -> String {
    let (what, offset) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => ("not understood".to_owned(), 0),
    };
    let (before, from) = text.split_at_checked(offset).unwrap_or(("", text));
    let place = before.chars().count() + 1;
    if from.is_empty() {
        return format!("invalid regex: {what}, at its end");
    }
    format!("invalid regex: {what}, at character {place}, `{}`", shown(&from.chars().take(12).collect::<String>()))
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Take for Pattern {
    fn expected() -> String {
        "a regular expression, such as \"(?i)database error\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.is_empty() => refused(node, "every page matches an empty regex", mistakes),
            Value::Text(text) if text.len() > Self::BYTES_MAX => {
                refused(node, format!("a regex of more than {} bytes", Self::BYTES_MAX), mistakes)
            }
            Value::Text(text) => match Self::parse(text) {
                Ok(pattern) => Some(pattern),
                Err(message) => refused(node, message, mistakes),
            },
            _ => wrong_kind(node, mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_pattern_is_told_with_its_place() {
        let told = |text| Pattern::parse(text).unwrap_err().message;
        assert_eq!(told("ab(cd"), "invalid regex: unclosed group, at character 3, `(cd`");
        let error = told("é[z-a]");
        assert!(error.contains("at character 3, `z-a]`"), "{error}");
        let error = told(r"a\");
        assert!(error.contains("character 2"), "{error}");
    }

    #[test]
    fn delimiters_are_recognised_and_paths_are_not() {
        for (text, parts) in [
            ("/error/i", Some(("error", "i"))),
            (r"/a\/b/gi", Some((r"a\/b", "gi"))),
            ("/static/", Some(("static", ""))),
            ("/static/app/", None),
            ("/static/app", None),
            ("//", None),
            ("error/i", None),
            ("(?i)error", None),
        ] {
            assert_eq!(delimited(text), parts, "{text}");
        }
        assert!(Pattern::parse("/error/i").is_err() && Pattern::parse("/error/").is_ok());
    }

    #[test]
    fn a_pattern_that_would_be_huge_is_refused() {
        let error = Pattern::parse(r"(\w{1000}){1000}").unwrap_err().message;
        assert!(error.contains("too large"), "{error}");
        assert!(Pattern::parse(r"(?i)database\s+error|(?-u)\xff").is_ok());
    }
}
