//! People who may come in: what they may do, by what their secrets are known, and what they administered.

use crate::{Excerpt, InvalidName, MonitorName, ReactionName, UserName};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What somebody may do. Each may what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Look at everything.
    Read,
    /// Pause, resume, settle, and have a reaction act.
    Operate,
    /// Change what is made in pages, and say who may come in.
    Admin,
}

impl Right {
    /// All, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Read, Self::Operate, Self::Admin];

    /// The word that a token's right has, and that is stored.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Operate => "operate",
            Self::Admin => "admin",
        }
    }

    /// The word for a person who has it.
    #[must_use]
    pub const fn role(self) -> &'static str {
        match self {
            Self::Read => "viewer",
            Self::Operate => "operator",
            Self::Admin => "admin",
        }
    }
}

/// From the word of [`Right::scope`].
impl FromStr for Right {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let found = Self::ALL.into_iter().find(|right| right.scope() == text);
        found.ok_or(InvalidName { expected: "one of read, operate, admin" })
    }
}

/// What the secret of a session or of a token is known by: its SHA-256. Whoever reads the store comes in with none of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

/// In 64 hexadecimal digits, as it is stored.
impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Says nothing: it is of no use to whoever reads a log.
impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// What somebody administered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Deed {
    /// A user may come in from now on.
    UserAdded {
        /// Who.
        name: UserName,
        /// What they may do.
        right: Right,
    },
    /// A user may do more, or less, than before.
    UserChanged {
        /// Who.
        name: UserName,
        /// What they may do now.
        right: Right,
    },
    /// A user has another password.
    PasswordChanged {
        /// Who.
        name: UserName,
    },
    /// A user may not come in any more.
    UserRemoved {
        /// Who.
        name: UserName,
    },
    /// A session of a user was ended before its time.
    SessionEnded {
        /// Whose.
        name: UserName,
    },
    /// A token of the API was made.
    TokenMade {
        /// Which.
        name: Excerpt,
        /// What whoever has it may do.
        right: Right,
    },
    /// A token of the API is good for nothing any more.
    TokenRevoked {
        /// Which.
        name: Excerpt,
    },
    /// A monitor was made.
    MonitorMade {
        /// Which.
        name: MonitorName,
    },
    /// A monitor was changed.
    MonitorChanged {
        /// Which.
        name: MonitorName,
    },
    /// A monitor was removed.
    MonitorRemoved {
        /// Which.
        name: MonitorName,
    },
    /// The key by which a monitor is told something was replaced.
    HookRenewed {
        /// Of which monitor.
        name: MonitorName,
    },
    /// A reaction was made.
    ReactionMade {
        /// Which.
        name: ReactionName,
    },
    /// A reaction was changed.
    ReactionChanged {
        /// Which.
        name: ReactionName,
    },
    /// A reaction was removed.
    ReactionRemoved {
        /// Which.
        name: ReactionName,
    },
    /// Somebody wanted to come in, and could not. Told at most once in a while, for all that came meanwhile.
    SignInRefused {
        /// As whom.
        name: Excerpt,
        /// From which address, the latest of several.
        address: Excerpt,
        /// How many times.
        times: u32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_in_order_and_read_from_the_words_that_they_are_written_in() {
        assert!(Right::Read < Right::Operate && Right::Operate < Right::Admin);
        for right in Right::ALL {
            assert_eq!(right.scope().parse(), Ok(right));
            assert_eq!(serde_json::to_value(right).unwrap(), right.scope());
        }
        assert!("viewer".parse::<Right>().is_err());
    }

    #[test]
    fn the_hash_of_a_secret_is_in_digits_where_it_is_stored_and_nowhere_else() {
        let mut hash = SecretHash([0; 32]);
        hash.0[0] = 0xa7;
        assert_eq!(hash.to_string(), format!("a7{}", "0".repeat(62)));
        assert!(!format!("{hash:?}").contains("a7"));
    }
}
