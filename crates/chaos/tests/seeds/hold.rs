//! Two hundred seeds, shared out over tests that run side by side.

use flyball_chaos::{Between, attempt_seed, minimise, tell};

const SEEDS: u64 = 200;
const CHUNKS: u64 = 10;
/// Long enough for a descent, a settling and what is owed after a kill.
const MINUTES: u32 = 15;

fn hold(chunk: u64) {
    for seed in (1 + chunk..=SEEDS).step_by(usize::try_from(CHUNKS).expect("a few")) {
        let trial = attempt_seed(seed, MINUTES, &Between::default()).expect("the stage is set");
        if !trial.violations.is_empty() {
            let smallest = minimise(trial, &Between::default()).expect("the stage is set");
            panic!("flyball chaos --seed {seed} --minutes {MINUTES}\n\n{}", tell(&smallest));
        }
    }
}

macro_rules! chunks {
    ($($name:ident: $chunk:expr,)*) => {$(
        #[test]
        fn $name() {
            hold($chunk);
        }
    )*};
}

chunks! {
    the_first_twenty_seeds_hold: 0,
    the_second_twenty_seeds_hold: 1,
    the_third_twenty_seeds_hold: 2,
    the_fourth_twenty_seeds_hold: 3,
    the_fifth_twenty_seeds_hold: 4,
    the_sixth_twenty_seeds_hold: 5,
    the_seventh_twenty_seeds_hold: 6,
    the_eighth_twenty_seeds_hold: 7,
    the_ninth_twenty_seeds_hold: 8,
    the_tenth_twenty_seeds_hold: 9,
}
