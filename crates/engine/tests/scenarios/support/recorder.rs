//! What was chosen, and on which situation: recorded as text, so that it can be chosen again.

use flyball_config::Definitions;
use flyball_decide::{Choice, Situation, choose};
use flyball_engine::Witness;
use flyball_model::ReactionId;
use flyball_reactions::Reaction;
use flyball_testing::lock;
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// Situations as text, each with what was chosen.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<(String, Value)>>);

impl Witness for Recorder {
    fn chosen(&self, situation: &Situation<Arc<Reaction>>, choices: &[Choice]) {
        let recorded = situation.clone().with_reactions(|reaction| reaction.id);
        let recorded = serde_json::to_string(&recorded).expect("a situation can be recorded");
        lock(&self.0).push((recorded, serde_json::to_value(choices).expect("choices are plain values")));
    }
}

impl Recorder {
    /// Chooses again on everything that was recorded. Returns how many choices there were; they are the same.
    pub(crate) fn choose_again(&self, definitions: &Definitions) -> usize {
        let recorded = lock(&self.0);
        for (situation, chosen) in recorded.iter() {
            let situation: Situation<ReactionId> = serde_json::from_str(situation).expect("what was recorded is read");
            let reaction =
                |id| definitions.reactions.iter().find(|reaction| reaction.id == id).expect("it is in the file");
            let again = choose(&situation.with_reactions(|id| Arc::new(reaction(id).clone())));
            assert_eq!(&serde_json::to_value(again).expect("choices are plain values"), chosen);
        }
        recorded.len()
    }
}
