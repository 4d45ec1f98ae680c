//! What would have been done beside what was done.

use crate::Acted;
use flyball_model::{Because, Effect, Timestamp};
use std::cmp::Ordering;
use std::time::Duration;

/// What was done then.
#[derive(Debug, Clone, PartialEq)]
pub struct Did {
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub effect: Effect,
    /// Why.
    pub because: Because,
}

/// A choice that would have been another; at least one of the two is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference<'a> {
    /// When.
    pub at: Timestamp,
    /// What would have been done.
    pub would: Option<&'a Acted>,
    /// What was done.
    pub did: Option<&'a Did>,
}

/// Where the two differ, in the order of time. What is not further apart than `near` is one choice: a turn takes a moment, and a played one
/// does not. Both are in the order of time.
#[must_use]
pub fn differences<'a>(would: &'a [Acted], did: &'a [Did], near: Duration) -> Vec<Difference<'a>> {
    let (mut would, mut did) = (would.iter().peekable(), did.iter().peekable());
    let mut differences = Vec::new();
    loop {
        let (acted, made) = match (would.peek(), did.peek()) {
            (None, None) => return differences,
            (Some(acted), Some(made)) => {
                let apart = acted.at.since(made.at).max(made.at.since(acted.at));
                match acted.at.cmp(&made.at) {
                    _ if apart <= near => (would.next(), did.next()),
                    Ordering::Less => (would.next(), None),
                    Ordering::Equal | Ordering::Greater => (None, did.next()),
                }
            }
            (Some(_), None) => (would.next(), None),
            (None, Some(_)) => (None, did.next()),
        };
        let is_same = matches!((acted, made), (Some(acted), Some(made)) if is_same(&acted.effect, &made.effect));
        let at = acted.map(|acted| acted.at).or(made.map(|made| made.at));
        if let Some(at) = at.filter(|_| !is_same) {
            differences.push(Difference { at, would: acted, did: made });
        }
    }
}

/// Whether both do the same, as far as that is played: which releases and dynos there were is not kept.
fn is_same(one: &Effect, other: &Effect) -> bool {
    match (one, other) {
        (Effect::SetQuantity { .. } | Effect::SetSize { .. }, _) => one == other,
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{ProcessType, Quantity};

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(second)
    }

    fn set(from: u32, to: u32) -> Effect {
        Effect::SetQuantity { process_type: ProcessType::web(), from: Quantity::new(from), to: Quantity::new(to) }
    }

    #[test]
    fn what_is_the_same_at_about_the_same_time_is_no_difference() {
        let monitor = || "busy".parse().unwrap();
        let acted = |(second, from, to)| {
            let (at, effect) = (at(second), set(from, to));
            Acted { at, monitor: monitor(), effect, because: Because::ByHand }
        };
        let made = |(second, from, to)| Did { at: at(second), effect: set(from, to), because: Because::ByHand };
        type Case<'a> = (&'a str, &'a [(u64, u32, u32)], &'a [(u64, u32, u32)], &'a [&'a str]);
        let cases: [Case<'_>; 6] = [
            ("nothing", &[], &[], &[]),
            ("the same", &[(10, 1, 2), (90, 2, 1)], &[(12, 1, 2), (88, 2, 1)], &[]),
            ("others", &[(10, 1, 3)], &[(12, 1, 2)], &["10 1→3 | 1→2"]),
            ("one more", &[(10, 1, 2), (50, 2, 3)], &[(10, 1, 2)], &["50 2→3 |"]),
            ("one fewer", &[(50, 1, 2)], &[(10, 1, 2), (50, 2, 3)], &["10 | 1→2", "50 1→2 | 2→3"]),
            ("later", &[(60, 1, 2)], &[(10, 1, 2)], &["10 | 1→2", "60 1→2 |"]),
        ];
        let words = |effect: &Effect| match effect {
            Effect::SetQuantity { from, to, .. } => format!("{from}→{to}"),
            other => panic!("{other:?}"),
        };
        for (case, would, did, expected) in cases {
            let would: Vec<Acted> = would.iter().copied().map(acted).collect();
            let did: Vec<Did> = did.iter().copied().map(made).collect();
            let told = differences(&would, &did, Duration::from_secs(15)).into_iter().map(|difference| {
                let would = difference.would.map(|acted| words(&acted.effect)).unwrap_or_default();
                let did = difference.did.map(|made| words(&made.effect)).unwrap_or_default();
                format!("{} {would} | {did}", difference.at.since(at(0)).as_secs()).replace("  ", " ").trim().to_owned()
            });
            assert_eq!(told.collect::<Vec<_>>(), expected, "{case}");
        }
    }
}
