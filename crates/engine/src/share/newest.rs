//! By whose file all nodes go: by the newest one. With two different files two nodes could cut a group in two. Pure.

use flyball_model::NodeId;
use flyball_store::{Lease, OwnText};
use std::cmp::Reverse;

/// The text that all nodes go by: of the own texts of the living the one that came into force last, of two at one moment the one
/// with the greater hash. It is told as that of the first node that has it. `me` lives, whatever its sign of life says; where that
/// is gone nothing is known, and nothing changes.
pub(crate) fn newest(texts: &[OwnText], me: Option<NodeId>) -> Option<&OwnText> {
    if me.is_some_and(|me| texts.iter().all(|own| own.node != me)) {
        return None;
    }
    // As where it is balanced who works on what: who may lose a shard has no say in the file.
    let lives = |own: &&OwnText| own.silent_for < Lease::TERM || Some(own.node) == me;
    texts.iter().filter(lives).max_by_key(|own| (own.since, own.hash, Reverse(own.node)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Excerpt, TextHash, Timestamp};
    use flyball_store::Reads;
    use std::time::Duration;
    use uuid::Uuid;

    fn node(number: u128) -> NodeId {
        NodeId(Uuid::from_u128(number))
    }

    /// A node, the number of its own text, since when that is in force, and for how long it has been silent.
    fn own((number, text, since, silent_for): (u128, u128, i64, u64)) -> OwnText {
        let hash = TextHash(Uuid::from_u128(text));
        OwnText {
            node: node(number),
            host: Excerpt::of("ops"),
            process: 1,
            silent_for: Duration::from_secs(silent_for),
            hash,
            since: Timestamp::from_millis(since),
            goes_by: hash,
            reads: Reads::Yes,
        }
    }

    #[test]
    fn all_nodes_go_by_the_text_that_came_into_force_last_among_the_living() {
        for (what, texts, me, expected) in [
            ("nobody is there", vec![], None, None),
            ("one is alone", vec![(1, 7, 10, 0)], Some(1), Some((1, 7))),
            ("all have one", vec![(2, 7, 10, 0), (1, 7, 10, 0)], Some(2), Some((1, 7))),
            ("one has a newer one", vec![(1, 9, 10, 0), (2, 7, 20, 0)], Some(1), Some((2, 7))),
            ("it is the same to the other", vec![(1, 9, 10, 0), (2, 7, 20, 0)], Some(2), Some((2, 7))),
            ("two of three are old", vec![(1, 9, 10, 0), (2, 9, 10, 0), (3, 7, 20, 0)], Some(1), Some((3, 7))),
            ("both at one moment", vec![(1, 8, 10, 0), (2, 9, 10, 0)], Some(1), Some((2, 9))),
            ("its moment was forgotten", vec![(1, 9, 0, 0), (2, 7, 20, 0)], Some(1), Some((2, 7))),
            ("whose it was is nearly dead", vec![(1, 9, 10, 0), (2, 7, 20, 9)], Some(1), Some((2, 7))),
            ("whose it was is dead", vec![(1, 9, 10, 0), (2, 7, 20, 10)], Some(1), Some((1, 9))),
            ("another has it as well", vec![(1, 9, 10, 0), (2, 7, 20, 10), (3, 7, 20, 0)], Some(1), Some((3, 7))),
            ("one looks late itself", vec![(1, 7, 20, 60), (2, 9, 10, 0)], Some(1), Some((1, 7))),
            ("the others do not wait", vec![(1, 7, 20, 60), (2, 9, 10, 0)], Some(2), Some((2, 9))),
            ("its own sign is gone", vec![(2, 7, 20, 0)], Some(1), None),
            ("a person looks", vec![(1, 9, 10, 0), (2, 7, 20, 0)], None, Some((2, 7))),
            ("a person looks, and all are dead", vec![(1, 9, 10, 60)], None, None),
        ] {
            let texts: Vec<OwnText> = texts.into_iter().map(own).collect();
            let found = newest(&texts, me.map(node)).map(|own| (own.node, own.hash));
            let expected = expected.map(|(number, text)| (node(number), TextHash(Uuid::from_u128(text))));
            assert_eq!(found, expected, "{what}");
        }
    }
}
