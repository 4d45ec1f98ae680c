//! Which of several goes first. Kinds never look at each other; this does.

use flyball_model::{Because, ProcessType, Rank, ReactionName};
use serde::{Deserialize, Serialize};

/// A reaction that adds to a process type (*out* or *up*), and has its condition met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adder {
    /// Which.
    pub reaction: ReactionName,
    /// To which process type it adds.
    pub process_type: ProcessType,
}

/// Whether a reaction of this rank stands back, because one that adds to the same process type has its condition met:
/// *in* and *down* do, for as long as it lasts, whether or not the other acts.
#[must_use]
pub(crate) fn stands_back(rank: Rank, process_type: Option<&ProcessType>, adders: &[Adder]) -> Option<Because> {
    if !matches!(rank, Rank::In | Rank::Down) {
        return None;
    }
    let adder = adders.iter().find(|adder| Some(&adder.process_type) == process_type)?;
    Some(Because::StandsBack { reaction: adder.reaction.clone() })
}

/// Which of those that would act on one app in the same moment goes first: the index of the least rank, the earlier of
/// equals. One-off dynos stand outside the order, and are never among them.
#[must_use]
pub(crate) fn first(ranks: &[Rank]) -> Option<usize> {
    ranks
        .iter()
        .enumerate()
        .filter(|(_, rank)| **rank != Rank::OneOff)
        .min_by_key(|(index, rank)| (**rank, *index))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rollback_then_restarts_then_up_out_down_in() {
        let order = [Rank::RollBack, Rank::RestartAll, Rank::RestartDyno, Rank::Up, Rank::Out, Rank::Down, Rank::In];
        for (place, rank) in order.iter().enumerate() {
            let mut later: Vec<Rank> = order[place..].to_vec();
            later.reverse();
            assert_eq!(first(&later), Some(later.len() - 1), "{rank:?} goes before all after it");
        }
        assert_eq!(first(&[Rank::Out, Rank::Out]), Some(0));
        assert_eq!(first(&[Rank::OneOff]), None);
    }

    #[test]
    fn in_and_down_stand_back_from_an_adder_on_the_same_process_type() {
        let adder = Adder { reaction: "more".parse().unwrap(), process_type: ProcessType::web() };
        let adders = [adder];
        let worker: ProcessType = "worker".parse().unwrap();
        for rank in [Rank::In, Rank::Down] {
            assert!(stands_back(rank, Some(&ProcessType::web()), &adders).is_some());
            assert!(stands_back(rank, Some(&worker), &adders).is_none());
            assert!(stands_back(rank, Some(&ProcessType::web()), &[]).is_none());
        }
        assert!(stands_back(Rank::RestartAll, Some(&ProcessType::web()), &adders).is_none());
    }
}
