//! Longer texts from outside.

use crate::Excerpt;
use serde::{Deserialize, Serialize};

/// A longer text from outside, such as a failed call or the mistakes of a file: bounded, and without what a terminal
/// obeys; lines stay lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(from = "String", into = "String")]
pub struct Passage(String);

impl Passage {
    /// At most this many characters are kept: the longest command, and some forty mistakes of a file.
    pub const CHARS_MAX: usize = 16_384;

    /// The beginning of `text`, with a blank for each character that does not show itself.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let keeps = |c: char| c == '\n' || Excerpt::shows(c);
        let mut kept: String = text.chars().take(Self::CHARS_MAX).map(|c| if keeps(c) { c } else { ' ' }).collect();
        if text.chars().nth(Self::CHARS_MAX).is_some() {
            kept.push('…');
        }
        Self(kept)
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Passage {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<&str> for Passage {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}

impl From<Passage> for String {
    fn from(passage: Passage) -> Self {
        passage.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_bounded_keeps_its_lines_and_cannot_move_the_cursor() {
        assert_eq!(Passage::of("a\u{1b}[2J  b\n  c\u{202e}d").as_str(), "a [2J  b\n  c d");
        let long = Passage::of(&"x".repeat(Passage::CHARS_MAX + 2));
        assert_eq!(long.as_str().chars().count(), Passage::CHARS_MAX + 1);
        let whole = "x".repeat(Passage::CHARS_MAX);
        assert_eq!(Passage::of(&whole).as_str(), whole);
    }
}
