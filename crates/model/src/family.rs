//! The two families of what is defined.

use crate::InvalidName;
use std::fmt;
use std::str::FromStr;

/// What is defined: what is watched, or what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// A monitor.
    Monitor,
    /// A reaction.
    Reaction,
}

impl Family {
    /// Its word: in the file, in the store and in messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monitor => "monitor",
            Self::Reaction => "reaction",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// From the word of [`Family::word`].
impl FromStr for Family {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let found = [Self::Monitor, Self::Reaction].into_iter().find(|family| family.word() == text);
        found.ok_or(InvalidName { expected: "one of monitor, reaction" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_read_from_the_word_that_it_is_written_in() {
        for family in [Family::Monitor, Family::Reaction] {
            assert_eq!(family.word().parse(), Ok(family));
        }
    }
}
