//! Sixty seeds of everything, some that aim at lost calls, and thirty with several machines, shared out over tests that
//! run side by side.

use flyball_chaos::{Aim, Between, attempt, generate, minimise, tell};
use std::ops::RangeInclusive;

/// Long enough for a descent, a settling and what is owed after a kill.
const MINUTES: u32 = 15;

/// Long enough for several machines to die and come back, each of which costs as much as one alone.
const MINUTES_OF_NODES: u32 = 10;

fn hold(seeds: RangeInclusive<u64>, aim: Aim) {
    let minutes = if aim == Aim::Nodes { MINUTES_OF_NODES } else { MINUTES };
    for seed in seeds {
        let trial = attempt(generate(seed, minutes, aim), &Between::default()).expect("the stage is set");
        if !trial.violations.is_empty() {
            let smallest = minimise(trial, &Between::default()).expect("the stage is set");
            panic!("seed {seed}, {minutes} minutes, {aim:?}\n\n{}", tell(&smallest));
        }
    }
}

macro_rules! hold {
    ($($name:ident: $seeds:expr, $aim:expr;)*) => {$(
        #[test]
        fn $name() {
            hold($seeds, $aim);
        }
    )*};
}

hold! {
    the_first_twenty_seeds_hold: 1..=20, Aim::Everything;
    the_second_twenty_seeds_hold: 21..=40, Aim::Everything;
    the_third_twenty_seeds_hold: 41..=60, Aim::Everything;
    no_effect_is_there_twice_when_most_calls_are_lost: 1..=20, Aim::LostCalls;
    several_machines_share_the_work_in_the_first_ten_seeds: 1..=10, Aim::Nodes;
    several_machines_share_the_work_in_the_second_ten_seeds: 11..=20, Aim::Nodes;
    several_machines_share_the_work_in_the_third_ten_seeds: 21..=30, Aim::Nodes;
    people_are_told_once_in_order_and_of_everything: 1..=8, Aim::Telling;
    a_pause_holds_on_a_machine_whose_clock_is_minutes_ahead: 353..=353, Aim::Nodes;
}
