//! Days of jobs, made from a seed.

use crate::chance::Stream;
use std::f64::consts::PI;
use std::ops::Range;

const MINUTE: f64 = 60.0;
const DAY: f64 = 86_400.0;
/// A burst is there within so many seconds: a nightly import, or a mail to everybody.
const BURST: f64 = 300.0;

/// A job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// The second in which it comes.
    pub at: u64,
    /// How long it takes where nothing kills it, in seconds: 1 at least.
    pub takes: u64,
}

/// The jobs of a day, in the order in which they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jobs {
    /// What they are called.
    pub name: &'static str,
    /// All of them.
    pub jobs: Vec<Job>,
    /// How long the day is, in seconds.
    pub seconds: u64,
}

/// Four days: a steady trickle with two bursts, bursts with nothing between them, a trickle that follows the day, and a trickle with two bursts
/// of jobs that take up to three quarters of an hour. The same seed makes the same ones.
#[must_use]
pub fn made_jobs(seed: u64) -> Vec<Jobs> {
    let minutes = 2.0 * MINUTE..10.0 * MINUTE;
    let long = 5.0 * MINUTE..45.0 * MINUTE;
    vec![
        Making::new(seed, 11, &minutes).trickle(|_| MINUTE).bursts(2, 100..200).made("trickle and bursts"),
        Making::new(seed, 12, &minutes).bursts(6, 50..150).made("bursts alone"),
        Making::new(seed, 13, &minutes).trickle(by_day).made("day"),
        Making::new(seed, 14, &long).trickle(|_| 3.0 * MINUTE).bursts(2, 40..80).made("long jobs"),
    ]
}

/// How far jobs are apart on average at this second of the day: a minute and a half at midnight, ten seconds at noon.
fn by_day(second: f64) -> f64 {
    let noon = (1.0 - (2.0 * PI * second / DAY).cos()) / 2.0;
    1.0 / ((1.0 - noon) / 90.0 + noon / 10.0)
}

/// A day that is being made.
struct Making<'a> {
    chance: Stream,
    takes: &'a Range<f64>,
    jobs: Vec<Job>,
}

impl<'a> Making<'a> {
    fn new(seed: u64, purpose: u64, takes: &'a Range<f64>) -> Self {
        Self { chance: Stream::new(seed, purpose), takes, jobs: Vec::new() }
    }

    fn job(&mut self, at: f64) {
        let takes = self.chance.between(self.takes.start, self.takes.end);
        self.jobs.push(Job { at: at as u64, takes: takes as u64 });
    }

    /// One after another all day, independently, so far apart on average.
    fn trickle(mut self, apart: impl Fn(f64) -> f64) -> Self {
        let mut at = 0.0;
        loop {
            // A second at least, so that the day ends.
            at += (apart(at) * -(1.0 - self.chance.between(0.0, 1.0)).ln()).max(1.0);
            if at >= DAY {
                return self;
            }
            self.job(at);
        }
    }

    /// So many times in the day, each in its own part of it, so many jobs within minutes.
    fn bursts(mut self, times: u32, jobs: Range<u32>) -> Self {
        let part = DAY / f64::from(times);
        for nth in 0..times {
            let begins = part * f64::from(nth) + self.chance.between(0.0, part / 2.0);
            let count = self.chance.between(f64::from(jobs.start), f64::from(jobs.end)) as u32;
            for _ in 0..count {
                let at = begins + self.chance.between(0.0, BURST);
                self.job(at);
            }
        }
        self
    }

    fn made(mut self, name: &'static str) -> Jobs {
        self.jobs.sort_by_key(|job| job.at);
        Jobs { name, jobs: self.jobs, seconds: DAY as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_jobs_and_another_does_not() {
        assert_eq!(made_jobs(7), made_jobs(7));
        for (one, other) in made_jobs(7).iter().zip(&made_jobs(8)) {
            assert!(one.name == other.name && one != other, "{}", one.name);
        }
    }

    #[test]
    fn each_day_has_jobs_in_order_that_take_minutes() {
        for seed in 0..20 {
            for Jobs { name, jobs, seconds } in made_jobs(seed) {
                assert!((200..6000).contains(&jobs.len()), "{name}: {}", jobs.len());
                assert!(jobs.is_sorted_by_key(|job| job.at) && jobs.iter().all(|job| job.at < seconds), "{name}");
                assert!(jobs.iter().all(|job| (120..2700).contains(&job.takes)), "{name}");
            }
        }
    }
}
