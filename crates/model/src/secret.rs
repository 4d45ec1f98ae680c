//! Values that may be secrets: named, never held.

use serde::{Deserialize, Serialize};

/// A value of a header, a one-off's `env` or an account: written in the file, or the name of an environment variable
/// that is read when the value is used. A stored plan holds the name, never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvValue {
    /// Written in the file, and no secret.
    Plain(String),
    /// `{ env = "NAME" }`: read from Flyball's environment when it is used.
    Variable(String),
}
