//! A reaction: what to do, to which app, within which limits, and when.

use crate::Kind;
use flyball_model::{Policy, ReactionId, ReactionName};

/// What to do, to which app, within which limits, and when. Read-only once made.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// Made from the name.
    pub id: ReactionId,
    /// What a person calls it.
    pub name: ReactionName,
    /// What every reaction has.
    pub policy: Policy,
    /// What it does.
    pub kind: Kind,
}
