//! Which of several goes first. Kinds never look at each other; this does.

use flyball_model::{Because, ProcessType, Quantity, Rank, ReactionName};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

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

/// Which of those that would act on one app in the same moment goes first, each with its rank and how many dynos a load needs by it: the
/// index of the least rank, of equals that which needs most, the earlier of equals. One-off dynos stand outside the order, and are never
/// among them.
#[must_use]
pub(crate) fn first(turns: &[(Rank, Quantity)]) -> Option<usize> {
    turns
        .iter()
        .enumerate()
        .filter(|(_, (rank, _))| *rank != Rank::OneOff)
        .min_by_key(|(index, (rank, needs))| (*rank, Reverse(*needs), *index))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rollback_then_restarts_then_up_out_down_in() {
        let order = [Rank::RollBack, Rank::RestartAll, Rank::RestartDyno, Rank::Up, Rank::Out, Rank::Down, Rank::In];
        for (place, rank) in order.iter().enumerate() {
            let later: Vec<_> = order[place..].iter().rev().map(|rank| (*rank, Quantity::ZERO)).collect();
            assert_eq!(first(&later), Some(later.len() - 1), "{rank:?} goes before all after it");
        }
        let needing = |needs: &[u32]| needs.iter().map(|needs| (Rank::To, Quantity::new(*needs))).collect::<Vec<_>>();
        assert_eq!(first(&needing(&[4, 9, 9])), Some(1), "of several loads the one that needs most");
        assert_eq!(first(&needing(&[0, 0])), Some(0));
        assert_eq!(first(&[(Rank::OneOff, Quantity::ZERO)]), None);
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
