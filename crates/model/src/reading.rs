//! Readings: one result of one monitor.

use crate::{DynoName, DynoState, Measured, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What a reading says of what is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it should be.
    Passing,
    /// It is not.
    Failing,
    /// It could not be looked at. Changes nothing.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Passing => "passing",
            Self::Failing => "failing",
            Self::Unknown => "unknown",
        })
    }
}

/// What a check reached before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Something answered.
    Reached,
    /// Nothing did, so that the fault may as well lie on the way there, or here.
    NotReached,
}

/// Makes [`Cause`] from a table: `Variant = "word", Reach` for each cause. The word is that of the file and of the
/// store.
macro_rules! causes {
    ($( $(#[$doc:meta])* $variant:ident = $word:literal, $reach:ident; )+) => {
        /// Why a reading is failing. Every failing reading has exactly one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Cause {
            $( $(#[$doc])* #[serde(rename = $word)] $variant, )+
        }

        impl Cause {
            /// Every cause, for the reference and for hints.
            pub const ALL: &[Self] = &[$( Self::$variant ),+];

            /// The word for it in the file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $word, )+
                }
            }

            const fn reach(self) -> Reach {
                match self {
                    $( Self::$variant => Reach::$reach, )+
                }
            }
        }
    };
}

causes! {
    /// The status is not among those wanted.
    Status = "status", Reached;
    /// The text was found, or not found, against what was wanted.
    Text = "text", Reached;
    /// It took longer than it may.
    Slow = "slow", Reached;
    /// It did not answer in time.
    TimeOut = "time_out", NotReached;
    /// The connection was refused.
    Refused = "refused", NotReached;
    /// The connection was cut.
    Reset = "reset", NotReached;
    /// TLS failed: certificate, name, protocol.
    Tls = "tls", NotReached;
    /// There is no such name.
    Name = "name", NotReached;
    /// The host cannot be reached.
    Unreachable = "unreachable", NotReached;
    /// More redirects than are followed, or one that cannot be.
    Redirects = "redirects", Reached;
    /// What answered did not speak HTTP.
    Protocol = "protocol", Reached;
    /// A dyno is not up.
    Dyno = "dyno", Reached;
    /// The page is no JSON, or says something else in it than is wanted.
    Json = "json", Reached;
    /// The certificate is good, and not for as long as is wanted.
    Certificate = "certificate", Reached;
    /// The name has other records than are wanted.
    Dns = "dns", Reached;
    /// No sign came in time; it may as well have been lost on its way here.
    Silent = "silent", NotReached;
    /// A signal came in that says so.
    Signal = "signal", Reached;
    /// A number is more than it may be.
    Above = "above", Reached;
    /// A number is less than it may be.
    Below = "below", Reached;
    /// Requests fail since the app has too little room for them.
    Capacity = "capacity", Reached;
    /// Requests fail by the app's own doing.
    App = "app", Reached;
    /// Requests fail by Heroku's doing.
    Platform = "platform", Reached;
    /// Requests fare worse since a release than before it.
    Worse = "worse", Reached;
}

impl Cause {
    /// Whether nothing was reached, so that the fault may as well lie on the way there, or here.
    #[must_use]
    pub const fn is_failure_to_reach(self) -> bool {
        matches!(self.reach(), Reach::NotReached)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a reading is unknown: the reason lies with us, or with Heroku's API, and not with what is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// The resolver failed, was silent, or cannot be asked for such a name.
    Resolver,
    /// No network on any address family, or a proxy that does not do what it should.
    Network,
    /// No file descriptors, no memory, too many checks at once.
    Overload,
    /// Heroku's API did not answer, or refused us.
    Heroku,
    /// There is nothing to judge by: no dynos, a quantity of 0.
    Nothing,
    /// Dynos are booting, and may.
    Booting,
    /// A setting could not be used now: an environment variable that is not there.
    Settings,
    /// The file forbids checks to connect there.
    Forbidden,
    /// An answer came that we cannot read, which others may be able to.
    Unreadable,
    /// What tells of it has told nothing of late.
    NotTold,
}

/// A verdict with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// As it should be.
    Passing,
    /// Not as it should be.
    Failing(Cause),
    /// Could not be looked at.
    Unknown(Blind),
}

impl Finding {
    /// The verdict alone.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Passing => Verdict::Passing,
            Self::Failing(_) => Verdict::Failing,
            Self::Unknown(_) => Verdict::Unknown,
        }
    }

    /// The cause, when failing.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Failing(cause) => Some(cause),
            Self::Passing | Self::Unknown(_) => None,
        }
    }
}

/// A piece of what a stranger sent: bounded, and without control characters, so that it can be shown anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(from = "String", into = "String")]
pub struct Excerpt(String);

impl Excerpt {
    /// At most this many characters are kept: two lines of a terminal.
    pub const CHARS_MAX: usize = 160;

    /// The beginning of `text`, each run of white space and control characters replaced by one blank.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let (mut kept, mut chars, mut blank) = (String::new(), 0, false);
        // A long text of white space alone must not be walked to its end.
        for c in text.chars().take(Self::CHARS_MAX * 8) {
            if chars >= Self::CHARS_MAX {
                kept.push('…');
                break;
            }
            if !Self::shows(c) {
                blank = chars > 0;
                continue;
            }
            // There is no room for the blank and what follows it.
            if blank && chars + 1 >= Self::CHARS_MAX {
                kept.push('…');
                break;
            }
            if std::mem::take(&mut blank) {
                kept.push(' ');
                chars += 1;
            }
            kept.push(c);
            chars += 1;
        }
        Self(kept)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a character shows itself and leaves all others as they are: no white space, nothing that a terminal
    /// obeys (C0 and C1 controls), and nothing that hides or reorders text.
    #[must_use]
    pub fn shows(c: char) -> bool {
        !(c.is_whitespace() || c.is_control() || is_invisible(c))
    }
}

/// Characters that are not seen themselves, and of which some change how others are seen: direction marks, joiners,
/// fillers, tags.
///
/// Source: Unicode's `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`) without the variation selectors that
/// choose between text and emoji, and with the interlinear annotations.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<String> for Excerpt {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<Excerpt> for String {
    fn from(excerpt: Excerpt) -> String {
        excerpt.0
    }
}

/// How long the steps of a check took, in milliseconds. A step that was not reached, or not needed, is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Phases {
    /// Looking the name up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_ms: Option<u32>,
    /// Connecting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_ms: Option<u32>,
    /// The TLS handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ms: Option<u32>,
    /// From the request to the first byte of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u32>,
    /// All of it.
    pub total_ms: u32,
}

/// What an HTTP check saw: of the last hop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct HttpEvidence {
    /// The status, if an answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Where the last redirect led, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<Excerpt>,
    /// The address that was connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The proxy through which was connected, as host and port: the address behind it is its own business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Whether the text that was sought was there; missing when none was sought or the page was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<bool>,
    /// The page around what was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
    /// Bytes of the page that were read, after its content encoding was undone.
    #[serde(default)]
    pub body_bytes: u64,
    /// Whether the page was longer than what was read.
    #[serde(default)]
    pub cut_short: bool,
    /// How long the steps took.
    pub phases: Phases,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// By an HTTP check.
    Http(HttpEvidence),
    /// By a check that connects to a port, and asks for nothing there.
    Tcp {
        /// The address that was connected to.
        address: Option<String>,
        /// How long the steps took.
        phases: Phases,
    },
    /// By looking at dynos.
    Dynos {
        /// How many were looked at.
        looked_at: u32,
        /// Those that are not as they should be: at most [`Evidence::DYNOS_MAX`].
        not_up: Vec<(DynoName, DynoState)>,
    },
    /// By measuring.
    Measured(Measured),
    /// Nothing beside what the words say.
    None,
}

impl Evidence {
    /// At most this many dynos are named: enough to see which; the count says the rest.
    pub const DYNOS_MAX: usize = 20;
}

/// One result of one monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When the check began: what was seen is at least as new.
    pub begun_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The verdict, with its reason.
    pub finding: Finding,
    /// In words, as a fragment after "failing: ": `answered 503, wanted 2xx`. Bounded and free of control characters.
    pub words: Excerpt,
    /// What was seen.
    pub evidence: Evidence,
}

impl Reading {
    /// When the check ended.
    #[must_use]
    pub fn ended_at(&self) -> Timestamp {
        self.begun_at + self.took
    }

    /// The verdict alone.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.finding.verdict()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_cannot_move_the_cursor() {
        let hostile = "ok\u{1b}[2J\u{7}\r\n\n  next\u{202e}line";
        assert_eq!(Excerpt::of(hostile).as_str(), "ok [2J next line");
        assert_eq!(Excerpt::of(&"x".repeat(10_000)).as_str().chars().count(), Excerpt::CHARS_MAX + 1);
        let whole = "x".repeat(Excerpt::CHARS_MAX);
        assert_eq!(Excerpt::of(&whole).as_str(), whole);
        assert_eq!(Excerpt::of("   ").as_str(), "");
        // A blank as the last character that is kept.
        for beyond in 157..163 {
            let cut = Excerpt::of(&format!("{} yz", "x".repeat(beyond)));
            assert!(cut.as_str().chars().count() <= Excerpt::CHARS_MAX + 1, "{beyond}");
            assert_eq!(Excerpt::of(cut.as_str()), cut, "{beyond}");
        }
        // A filler, a soft hyphen, an Arabic letter mark, a tag: each would hide something.
        assert_eq!(Excerpt::of("a\u{3164}b\u{ad}c\u{61c}d\u{e0041}e\u{9b}31m").as_str(), "a b c d e 31m");
        assert_eq!(Excerpt::of("caf\u{e9} \u{2764}\u{fe0f} \u{5e9}").as_str(), "caf\u{e9} \u{2764}\u{fe0f} \u{5e9}");
        let twice = Excerpt::of(Excerpt::of(hostile).as_str());
        assert_eq!(twice, Excerpt::of(hostile));
    }

    #[test]
    fn every_cause_is_written_as_it_is_read() {
        for cause in Cause::ALL {
            let json = serde_json::to_string(cause).unwrap();
            assert_eq!(json, format!("\"{cause}\""));
        }
    }
}
