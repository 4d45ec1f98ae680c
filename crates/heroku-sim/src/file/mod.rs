//! World files: a TOML text that describes apps, load, events and faults, and the checks that it must pass.
//!
//! A mistake of form (TOML that cannot be read, a field that nobody knows) is reported alone, with its place; what the
//! words mean is then checked as a whole, and every mistake is reported at once.

mod check;
mod raw;
#[cfg(test)]
mod reference;

use crate::world::WorldFile;
use std::fmt;

/// Everything that is wrong with a world file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldFileError {
    mistakes: Vec<String>,
}

impl WorldFileError {
    /// The mistakes, one sentence each; a mistake of form has its place and an excerpt on further lines.
    #[must_use]
    pub fn mistakes(&self) -> &[String] {
        &self.mistakes
    }
}

impl fmt::Display for WorldFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        write!(f, "the world file has {count} {}", if count == 1 { "mistake" } else { "mistakes" })?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n- {mistake}"))
    }
}

impl std::error::Error for WorldFileError {}

impl WorldFile {
    /// The largest world file that is read, in bytes: far more than a day needs.
    pub const BYTES_MAX: usize = 4 << 20;

    /// Reads a world file.
    ///
    /// # Errors
    ///
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, WorldFileError> {
        if text.len() > Self::BYTES_MAX {
            return Err(WorldFileError { mistakes: vec![format!("it is longer than {} bytes", Self::BYTES_MAX)] });
        }
        let raw: raw::File = toml::from_str(text)
            .map_err(|error| WorldFileError { mistakes: vec![error.to_string().trim_end().to_owned()] })?;
        check::check(raw).map_err(|mistakes| WorldFileError { mistakes })
    }
}
