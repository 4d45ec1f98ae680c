//! The same seed is the same play, byte for byte: otherwise no failure could be played again.

use flyball_chaos::{Aim, Between, attempt, generate};

#[test]
fn the_same_seed_is_the_same_play() {
    let everything = [3, 4, 11, 27].map(|seed| (seed, Aim::Everything));
    for (seed, aim) in everything.into_iter().chain([(1, Aim::Nodes), (2, Aim::Nodes)]) {
        let record = || {
            let trial = attempt(generate(seed, 10, aim), &Between::default()).expect("the stage is set");
            format!("{:#?}", trial.record)
        };
        let (first, second) = (record(), record());
        let differs = first.lines().zip(second.lines()).find(|(one, other)| one != other);
        assert!(first == second, "seed {seed}, {aim:?}: {differs:?}");
    }
}

#[test]
fn another_seed_is_another_story() {
    let stories: std::collections::BTreeSet<String> =
        (1..50).map(|seed| generate(seed, 20, Aim::Everything).to_string()).collect();
    assert_eq!(stories.len(), 49);
}
