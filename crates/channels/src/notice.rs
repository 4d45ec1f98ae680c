//! What is told, as a value. Every text in it is cleaned and bounded where it is made, so that whoever renders it has nothing to
//! remember: parts of it may come from a page that somebody else wrote.

use flyball_model::{Excerpt, ThreadKey, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// What is told to one channel at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Of which thread it is. It stays the same for all that is told of one outage, and in every try.
    pub key: ThreadKey,
    /// Which notice of this key it is: 0, and one more with each. Who is told out of order knows by it which came later.
    pub sequence: u32,
    /// What kind of news it is.
    pub about: About,
    /// What it is about, in a few words: "page of shop".
    pub title: Excerpt,
    /// What is wrong, or was, in a sentence.
    pub what_is_wrong: Text,
    /// What Flyball did about it.
    pub what_was_done: Done,
    /// What comes next.
    pub next: Option<Next>,
    /// The page that tells more.
    pub link: Option<Url>,
    /// The command that keeps Flyball from doing more.
    pub stop_command: Excerpt,
    /// When that came about which is told.
    pub at: Timestamp,
}

/// What kind of news a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Something does not work any more.
    Trouble,
    /// It still does not: a reminder, or there is more to know.
    Update,
    /// It works again.
    Recovered,
    /// Flyball cannot go on by itself.
    NeedsPerson,
    /// Flyball changed something.
    Effect,
    /// Flyball would have changed something, but for `dry_run`.
    Would,
    /// What the day was like.
    Daily,
    /// Somebody tries the channel.
    Test,
}

impl About {
    /// Each of them.
    pub const ALL: [Self; 8] = [
        Self::Trouble,
        Self::Update,
        Self::Recovered,
        Self::NeedsPerson,
        Self::Effect,
        Self::Would,
        Self::Daily,
        Self::Test,
    ];

    /// The word for programs: `needs_person`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trouble => "trouble",
            Self::Update => "update",
            Self::Recovered => "recovered",
            Self::NeedsPerson => "needs_person",
            Self::Effect => "effect",
            Self::Would => "would",
            Self::Daily => "daily",
            Self::Test => "test",
        }
    }
}

/// What comes next, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// What, as a fragment: "a rollback to v41".
    pub what: Excerpt,
    /// Not before then.
    pub at: Timestamp,
}

/// A sentence or a few: on one line, without characters that hide or reorder others, and short enough to be read at night.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Text(String);

impl Text {
    /// At most this many characters: some three lines on a telephone. A notice of nothing but such texts is below what every channel takes.
    pub const CHARS_MAX: usize = 300;

    /// The beginning of a text, each run of white space and control characters replaced by one blank.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let shown = |c: char| if Excerpt::shows(c) { c } else { ' ' };
        // A long text of white space alone must not be walked to its end.
        let walked: String = text.chars().take(Self::CHARS_MAX * 8).map(shown).collect();
        let clean = walked.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(shortened(&clean, Self::CHARS_MAX))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What Flyball did: the first few are told, and the rest is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    told: Vec<Text>,
    more: usize,
}

impl Done {
    /// More than ten lines are a history, which is read on the page.
    pub const LINES_MAX: usize = 10;

    /// The first of them, and how many there are beside.
    #[must_use]
    pub fn of(all: impl IntoIterator<Item = Text>) -> Self {
        let mut all = all.into_iter();
        let told = all.by_ref().take(Self::LINES_MAX).collect();
        Self { told, more: all.count() }
    }

    /// Those that are told.
    #[must_use]
    pub fn told(&self) -> &[Text] {
        &self.told
    }

    /// How many there are beside those.
    #[must_use]
    pub const fn more(&self) -> usize {
        self.more
    }
}

/// The beginning of a text, at most so many characters, with a sign where something was left out.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A notice with everything in it.
    pub(crate) fn notice(about: About) -> Notice {
        let at: Timestamp = "2026-11-29T03:05:00Z".parse().unwrap();
        Notice {
            key: "0b6e7d2a-on-call".parse().unwrap(),
            sequence: 2,
            about,
            title: Excerpt::of("page of shop"),
            what_is_wrong: Text::of("it answers 503 <b>since</b> 03:05 & is slow"),
            what_was_done: Done::of([Text::of("restarted web.1"), Text::of("rolled back to v41")]),
            next: Some(Next {
                what: Excerpt::of("a restart of every dyno"),
                at: at + std::time::Duration::from_secs(600),
            }),
            link: Some(Url::parse("https://flyball.example.com/monitors/page").unwrap()),
            stop_command: Excerpt::of("flyball pause --app shop"),
            at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_short_line_whatever_it_was_made_of() {
        for (text, expected) in [
            ("it  answers\r\n503\t", "it answers 503"),
            ("\u{202e}evil\u{0}", "evil"),
            ("", ""),
            (&" ".repeat(100_000), ""),
        ] {
            assert_eq!(Text::of(text).as_str(), expected, "{text:?}");
        }
        let long = Text::of(&"ä".repeat(10_000));
        assert_eq!(long.as_str().chars().count(), Text::CHARS_MAX);
        assert!(long.as_str().ends_with('…'));
    }

    #[test]
    fn what_is_not_told_is_counted() {
        for (all, told, more) in [(0, 0, 0), (10, 10, 0), (13, 10, 3)] {
            let done = Done::of((0..all).map(|nth| Text::of(&nth.to_string())));
            assert_eq!((done.told().len(), done.more()), (told, more), "{all}");
        }
    }
}
