//! Texts of the file: which node's own file has which, and when it came into force last.

use flyball_model::{Excerpt, NodeId, TextHash, Timestamp};
use std::time::Duration;

/// Whether a node can read the text that it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// It does.
    Yes,
    /// To its version the text has mistakes: it works on nothing, and gives its share to others.
    No,
}

/// The text of a node's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnText {
    /// Whose.
    pub node: NodeId,
    /// The machine that it runs on.
    pub host: Excerpt,
    /// Its process on that machine.
    pub process: u32,
    /// How long ago it gave a sign of life, by the clock that the store goes by.
    pub silent_for: Duration,
    /// What its own file says.
    pub hash: TextHash,
    /// When that came into force last, by the clock that the store goes by.
    pub since: Timestamp,
    /// What it goes by.
    pub goes_by: TextHash,
    /// Whether it can read that.
    pub reads: Reads,
}

impl OwnText {
    /// Of so many texts it is known when they came into force, those of the nodes that are there not counted. One that was forgotten
    /// is new again: a machine that was away for a thousand edits would win with its old file. Each takes some hundred bytes.
    pub const KNOWN_MAX: u32 = 1_000;
}
