//! One finding of the diagnosis.

use serde::Serialize;
use std::error::Error as _;

/// At most this many causes of an error are told: more of them help nobody.
const CAUSES_MAX: usize = 8;

/// One finding of the diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `token`.
    pub about: &'static str,
    /// Whether it is as it should be.
    pub health: Health,
    /// What was found.
    pub words: String,
    /// What to do about it, where there is something.
    pub hint: Option<String>,
}

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// To be mended.
    Bad,
}

impl Finding {
    /// Something that is as it should be.
    pub fn good(about: &'static str, words: impl Into<String>) -> Self {
        Self::new(about, Health::Good, words)
    }

    /// Something that is worth knowing.
    pub fn note(about: &'static str, words: impl Into<String>) -> Self {
        Self::new(about, Health::Note, words)
    }

    /// Something that is to be mended.
    pub fn bad(about: &'static str, words: impl Into<String>) -> Self {
        Self::new(about, Health::Bad, words)
    }

    fn new(about: &'static str, health: Health, words: impl Into<String>) -> Self {
        Self { about, health, words: words.into(), hint: None }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A call to Heroku that failed.
    #[must_use]
    pub fn of_heroku(about: &'static str, error: &flyball_heroku::Error) -> Self {
        Self { hint: error.hint(), ..Self::bad(about, format!("cannot {error}")) }
    }

    /// The store did not answer: what, and the causes of that.
    #[must_use]
    pub fn of_store(about: &'static str, error: &flyball_store::Error) -> Self {
        let mut words = error.to_string();
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        for cause in causes.take(CAUSES_MAX) {
            words.push_str(": ");
            words.push_str(&cause.to_string());
        }
        Self { hint: error.hint(), ..Self::bad(about, words) }
    }
}
