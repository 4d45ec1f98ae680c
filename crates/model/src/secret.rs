//! Values that may be secrets: named or sealed, never held.

use serde::{Deserialize, Serialize};

/// What a sealed secret begins with. No environment variable is called so.
pub const SEALED: &str = "v1.";

/// A value of a header, a one-off's `env` or an account: written in the file, the name of an environment variable that is read
/// when the value is used, or a secret that is opened then. A stored plan holds the name or what is sealed, never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvValue {
    /// Written in the file, and no secret.
    Plain(String),
    /// `{ env = "NAME" }`: read from Flyball's environment when it is used.
    Variable(String),
    /// `{ sealed = "…" }`: opened when it is used, with a key from Flyball's environment.
    Sealed(String),
}

impl EnvValue {
    /// What the environment is asked for: a variable's name, or what it has the key to; none where the value is no secret.
    #[must_use]
    pub fn asked(&self) -> Option<&str> {
        match self {
            Self::Plain(_) => None,
            Self::Variable(asked) | Self::Sealed(asked) => Some(asked),
        }
    }
}

/// That the environment has nothing for what it was asked for, in words.
#[must_use]
pub fn not_had(asked: &str) -> String {
    if asked.starts_with(SEALED) {
        "a sealed secret does not open with FLYBALL_SECRET_KEY".to_owned()
    } else {
        format!("the environment variable {asked} is not set")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_had_is_told_without_what_is_sealed() {
        for (asked, words) in [
            ("TOKEN", "the environment variable TOKEN is not set"),
            ("v1.00aa.cGxhY2U.c2VhbGVk", "a sealed secret does not open with FLYBALL_SECRET_KEY"),
        ] {
            assert_eq!(not_had(asked), words);
        }
    }
}
