//! The engines that share the work, and what each has of it.

use flyball_model::{Excerpt, NodeId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An engine among several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeView {
    /// What people call it: its machine and its process there.
    pub name: String,
    /// What it is known by.
    #[schema(value_type = String)]
    pub node: NodeId,
    /// The machine that it runs on.
    #[schema(value_type = String)]
    pub host: Excerpt,
    /// Its process on that machine.
    pub process: u32,
    /// What it is about.
    pub state: NodeState,
    /// How long ago it gave a sign of life, in milliseconds.
    pub silent_ms: u64,
    /// How many of the 64 shards it holds.
    pub shards: usize,
    /// How many monitors of the file are in them.
    pub monitors: u32,
    /// Whether another file is in force there than the newest: it goes over to that within seconds, or is of a version that goes by
    /// its own.
    pub has_another_file: bool,
    /// The newest file, where its own is another.
    pub outdated_by: Option<NewerFile>,
}

/// The newest file, as it stands to a node that has another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewerFile {
    /// The name of the node that has it.
    pub of: String,
    /// When it came into force last, by the clock that the store goes by.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Whether the node can read it; one that cannot works on nothing.
    pub is_read: bool,
}

impl NewerFile {
    /// What it means to the node, and what to do.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { of, since, is_read } = self;
        if *is_read {
            format!(
                "goes by the newer file of {of} (in force since {since}): bring its own up to date, or edit it to make it the newest"
            )
        } else {
            format!(
                "cannot read the newest file, of {of} (in force since {since}), and works on nothing: update Flyball there, or \
                 edit its own file to make that the newest"
            )
        }
    }
}

/// What an engine among several is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It works on its share.
    Working,
    /// It gives its share to others, as it was asked to.
    Draining,
    /// It gives no sign of life.
    Silent,
}

impl NodeState {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Draining => "draining",
            Self::Silent => "silent",
        }
    }
}
