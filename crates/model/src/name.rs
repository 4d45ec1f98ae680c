//! Names, parsed once at the door and trusted afterwards.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a text is not the name that it should be. Reads after "… is not a valid app name: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidName {
    /// What was expected, as a fragment: "3 to 30 of a-z, 0-9 and -".
    pub expected: &'static str,
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for InvalidName {}

/// A text newtype: `FromStr` checks it, and everything else follows from that.
macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What a valid one looks like, as a fragment that reads after "expected".
            pub const EXPECTED: &str = $expected;

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let check: fn(&str) -> bool = $check;
                if check(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName { expected: Self::EXPECTED }) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

text_name! {
    /// An app's name: 3 to 30 of `a-z`, `0-9`, `-`; a letter first, no `-` last.
    ///
    /// Source: Platform API schema, `app.name`: `^[a-z][a-z0-9-]{1,28}[a-z0-9]$`.
    AppName, "an app's name: 3 to 30 of a-z, 0-9 and -, a letter first, no - last", |text| {
        (3..=30).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && text.as_bytes()[0].is_ascii_lowercase()
            && !text.ends_with('-')
    }
}

text_name! {
    /// A process type of a formation, as in a Procfile: `web`, `worker`.
    ///
    /// Source: Platform API schema, `formation.type`: `^[-\w]{1,128}$`.
    ProcessType, "a process type, as in the Procfile: 1 to 128 letters, digits, _ and -", |text| {
        (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}

impl ProcessType {
    /// The process type that receives web traffic, and the default everywhere.
    #[must_use]
    pub fn web() -> Self {
        Self("web".to_owned())
    }

    /// Whether dynos of this type belong to the formation: one-off dynos and release-phase dynos do not.
    #[must_use]
    pub fn is_formation(&self) -> bool {
        !matches!(self.0.as_str(), "run" | "release" | "scheduler")
    }
}

text_name! {
    /// A dyno's name: `web.1` on Cedar, `web-1234abcde-123ab` on Fir.
    DynoName, "a dyno's name such as web.1", |text| {
        (1..=160).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
            && text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
    }
}

impl DynoName {
    /// The process type and the ordinal of a Cedar name (`web.1` is `web` and 1); `None` for a Fir name, which has no
    /// ordinal and does not survive a restart.
    #[must_use]
    pub fn cedar_parts(&self) -> Option<(ProcessType, u32)> {
        let (process_type, ordinal) = self.0.rsplit_once('.')?;
        Some((process_type.parse().ok()?, ordinal.parse().ok()?))
    }

    /// Whether a dyno can have this name: a process type and an ordinal on Cedar, a process type and two parts after it
    /// on Fir. False for a mere process type.
    #[must_use]
    pub fn may_be_one(&self) -> bool {
        let looks_like_fir = !self.0.contains('.') && self.0.matches('-').count() >= 2;
        looks_like_fir || self.cedar_parts().is_some()
    }
}

/// Free text with a bound: what people call their monitors and reactions.
fn is_free_text(text: &str) -> bool {
    !text.trim().is_empty() && text.trim() == text && text.chars().count() <= 120 && !text.chars().any(char::is_control)
}

text_name! {
    /// What a person calls a monitor: free text of 1 to 120 characters. Unique among monitors.
    MonitorName, "a name of 1 to 120 characters, without line breaks, not starting or ending with a blank", is_free_text
}

text_name! {
    /// What a person calls a reaction: free text of 1 to 120 characters. Unique among reactions.
    ReactionName, "a name of 1 to 120 characters, without line breaks, not starting or ending with a blank", is_free_text
}

text_name! {
    /// What a person calls a channel, by which somebody is told: free text of 1 to 120 characters. Unique among channels.
    ChannelName, "a name of 1 to 120 characters, without line breaks, not starting or ending with a blank", is_free_text
}

text_name! {
    /// What a user is called: free text of 1 to 64 characters, each of which shows itself, so that no two names look the same.
    /// Compared as it stands. Unique among users.
    UserName, "a user's name: 1 to 64 visible characters, not starting or ending with a blank", |text| {
        (1..=64).contains(&text.chars().count())
            && text.trim() == text
            && text.chars().all(|c| c == ' ' || crate::Excerpt::shows(c))
    }
}

text_name! {
    /// A Heroku account of the file's `[heroku.accounts.NAME]`; `default` is the one of `[heroku]`.
    AccountName, "an account's name: 1 to 40 letters, digits, _ and -", |text| {
        (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}

impl Default for AccountName {
    /// The account of `[heroku]`.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

text_name! {
    /// Where a Platform API is: the host of its address, with the port if that is not the scheme's own. 260 characters
    /// are a host name of 253 and a port.
    ApiHost, "an API's host: 1 to 260 visible characters of ASCII, without a path", |text| {
        (1..=260).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'?' | b'#' | b'@' | b'\\'))
    }
}

impl Default for ApiHost {
    /// Heroku's own.
    fn default() -> Self {
        Self("api.heroku.com".to_owned())
    }
}

/// How many dynos a process type has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(u32);

impl Quantity {
    /// More than any app may have (255 on Fir, 100 on Cedar; raised limits included), so that a typo is caught.
    pub const MAX: u32 = 10_000;
    /// No dynos at all.
    pub const ZERO: Self = Self(0);

    /// A quantity; capped at [`Quantity::MAX`].
    #[must_use]
    pub const fn new(dynos: u32) -> Self {
        if dynos > Self::MAX { Self(Self::MAX) } else { Self(dynos) }
    }

    /// The number of dynos.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// One dyno more.
    #[must_use]
    pub const fn one_more(self) -> Self {
        Self::new(self.0 + 1)
    }

    /// One dyno fewer, never below zero.
    #[must_use]
    pub const fn one_fewer(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The version of a release: `v12` is 12. Counts up by one per app and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseVersion(u64);

impl ReleaseVersion {
    /// A version number.
    #[must_use]
    pub const fn new(version: u64) -> Self {
        Self(version)
    }

    /// The number without its `v`.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ReleaseVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_name_follows_herokus_pattern() {
        for good in ["abc", "shop", "acme-api", "a1-2", "a23456789012345678901234567890"] {
            assert!(good.parse::<AppName>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "Shop", "1shop", "shop-", "sh_op", "a234567890123456789012345678901", "shöp"] {
            assert!(bad.parse::<AppName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cedar_dyno_name_has_a_process_type_and_an_ordinal() {
        let parts = |name: &str| name.parse::<DynoName>().unwrap().cedar_parts().map(|(t, n)| (t.to_string(), n));
        assert_eq!(parts("web.1"), Some(("web".into(), 1)));
        assert_eq!(parts("run.4411"), Some(("run".into(), 4411)));
        assert_eq!(parts("web-1234abcde-123ab"), None);
        for (name, may_be) in [("web.1", true), ("web-1234abcde-123ab", true), ("web", false), ("web.x", false)] {
            assert_eq!(name.parse::<DynoName>().unwrap().may_be_one(), may_be, "{name}");
        }
    }

    #[test]
    fn an_api_host_is_what_stands_before_the_path_of_an_address() {
        for good in ["api.heroku.com", "127.0.0.1:5000", "[::1]:5000", "localhost"] {
            assert!(good.parse::<ApiHost>().is_ok(), "{good}");
        }
        for bad in ["", "https://api.heroku.com", "api.heroku.com/", "a b", "ops@localhost", &"x".repeat(261)] {
            assert!(bad.parse::<ApiHost>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_given_by_a_person_is_one_bounded_line() {
        assert!("storefront shows no database error".parse::<MonitorName>().is_ok());
        for bad in ["", " ", " x", "x ", "a\nb", "a\u{1b}[31mb", &"x".repeat(121)] {
            assert!(bad.parse::<MonitorName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_users_name_is_a_short_line_in_which_nothing_is_hidden() {
        for good in ["ann", "Ann Bee", "ann@example.com", "Zoë", &"é".repeat(64)] {
            assert!(good.parse::<UserName>().is_ok(), "{good}");
        }
        for bad in ["", " ", " ann", "ann ", "a\nb", "ann\u{200b}", "a\u{a0}b", &"x".repeat(65)] {
            assert!(bad.parse::<UserName>().is_err(), "{bad:?}");
        }
    }
}
