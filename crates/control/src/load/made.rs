//! Loads that are made from a seed: five forms that laws find easy or hard in different ways.

use super::{Heavier, Load};
use crate::chance::Stream;
use std::f64::consts::PI;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;
/// No load is smooth: each minute is off by so much, at most, either way.
const NOISE: f64 = 0.05;
/// Bursts in a day.
const BURSTS: u32 = 16;

/// Five days: one with a peak at noon, a step, bursts, a ramp, and one in whose middle requests are heavier. The same seed makes the same
/// ones. Each is within what forty dynos carry.
#[must_use]
pub fn made(seed: u64) -> Vec<Load> {
    let middle = Heavier { from: DAY / 2, until: DAY / 2 + DAY / 6, by: 1.6 };
    vec![
        Load { heavier: None, ..load("day", Stream::new(seed, 1), |minute| at_noon(minute, 15.0, 200.0)) },
        Load { heavier: None, ..load("step", Stream::new(seed, 2), a_step) },
        bursts(Stream::new(seed, 3)),
        Load { heavier: None, ..load("ramp", Stream::new(seed, 4), a_ramp) },
        Load { heavier: Some(middle), ..load("heavier", Stream::new(seed, 5), |minute| at_noon(minute, 15.0, 150.0)) },
    ]
}

/// A day of minutes, by what each is without noise.
fn load(name: &str, mut chance: Stream, rate: impl Fn(u64) -> f64) -> Load {
    let points = (0..DAY / MINUTE).map(|minute| rate(minute) * (1.0 + chance.between(-NOISE, NOISE))).collect();
    Load { name: name.to_owned(), step: MINUTE, points, heavier: None }
}

/// Least at midnight, most at noon.
fn at_noon(minute: u64, least: f64, most: f64) -> f64 {
    let of_day = minute as f64 * MINUTE as f64 / DAY as f64;
    least + (most - least) * (1.0 - (2.0 * PI * of_day).cos()) / 2.0
}

/// From nine in the morning to six in the evening there are four times as many.
fn a_step(minute: u64) -> f64 {
    if (9 * 60..18 * 60).contains(&minute) { 160.0 } else { 40.0 }
}

/// It rises for eight hours from six on, stays for two, and is back four hours later.
fn a_ramp(minute: u64) -> f64 {
    const LEAST: f64 = 20.0;
    const MORE: f64 = 280.0;
    let hour = minute as f64 / 60.0;
    let part = match hour {
        ..6.0 => 0.0,
        ..14.0 => (hour - 6.0) / 8.0,
        ..16.0 => 1.0,
        ..20.0 => (20.0 - hour) / 4.0,
        _ => 0.0,
    };
    LEAST + MORE * part
}

/// A steady load, and at any time of the day a few minutes of up to five times as many, which are there within a minute.
fn bursts(mut chance: Stream) -> Load {
    const BASE: f64 = 40.0;
    let more: Vec<(u64, u64, f64)> = (0..BURSTS)
        .map(|_| {
            let (begins, lasts) = (chance.between(0.0, 1420.0), chance.between(3.0, 18.0));
            (begins as u64, (begins + lasts) as u64, chance.between(BASE, 4.0 * BASE))
        })
        .collect();
    let of = |minute: u64| {
        let within = more.iter().filter(|(begins, ends, _)| (*begins..*ends).contains(&minute));
        within.map(|(_, _, more)| *more).fold(0.0, f64::max)
    };
    load("bursts", chance, |minute| BASE + of(minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_loads_and_another_does_not() {
        assert_eq!(made(7), made(7));
        for (one, other) in made(7).iter().zip(&made(8)) {
            assert!(one.name() == other.name() && one != other, "{}", one.name());
        }
    }

    #[test]
    fn each_is_a_day_that_forty_dynos_carry() {
        for seed in 0..20 {
            for load in made(seed) {
                assert_eq!(load.seconds(), DAY);
                for second in (0..DAY).step_by(60) {
                    let busy = load.rate(second) * load.heaviness(second) * 0.5;
                    assert!((1.0..190.0).contains(&busy), "{} of {seed} at {second}: {busy}", load.name());
                }
            }
        }
    }

    #[test]
    fn each_has_its_form() {
        let loads = made(1);
        let names: Vec<&str> = loads.iter().map(Load::name).collect();
        assert_eq!(names, ["day", "step", "bursts", "ramp", "heavier"]);
        let rate = |nth: usize, hour: u64| loads[nth].rate(hour * 3600);
        assert!(rate(0, 0) < 20.0 && rate(0, 12) > 180.0 && rate(0, 23) < 30.0);
        assert!(rate(1, 8) < 45.0 && rate(1, 10) > 150.0 && rate(1, 19) < 45.0);
        assert!(loads[2].peak() > 100.0);
        assert!(rate(3, 5) < 25.0 && (100.0..200.0).contains(&rate(3, 10)) && rate(3, 15) > 280.0);
        let heavy = (0..DAY).filter(|second| loads[4].heaviness(*second) > 1.0).count() as u64;
        assert_eq!(heavy, DAY / 6);
    }
}
