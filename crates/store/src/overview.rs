//! What people are shown of an app whose monitors and reactions they ask for.

use crate::{AppFacts, Glimpse, Sighting};
use flyball_model::{ReactionId, Run};
use std::collections::HashMap;

/// What is known of an app, all together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// What a choice on it would depend on.
    pub facts: AppFacts,
    /// What choices saw of it last.
    pub sighting: Option<Sighting>,
    /// What a round saw of it last.
    pub glimpse: Option<Glimpse>,
    /// The latest run of each of the reactions that were asked for, of those that have one.
    pub last_runs: HashMap<ReactionId, Run>,
}
