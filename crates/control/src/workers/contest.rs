//! All laws over a day of jobs, each on workers of its own.

use super::laws::Looks;
use super::{Jobs, MIN, Scaler, Workers, WorkersTotals};
use crate::SLOT_SECONDS;
use crate::laws::highest_ahead;
use crate::stage::{AT_ONCE, BOOT, MAX};
use serde::Serialize;
use std::time::Duration;

/// What came of a law over a day of jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlayedJobs {
    /// What it is called.
    pub law: &'static str,
    /// Which share of jobs waited for more than a minute before they first began: 0 to 1.
    pub late: f64,
    /// How often a job was killed.
    pub killed: u64,
    /// Hours of work that were lost by it.
    pub lost_hours: f64,
    /// Hours of dynos.
    pub dyno_hours: f64,
    /// How many times those of who is clairvoyant.
    pub cost: f64,
    /// How often the quantity changed.
    pub changes: u32,
}

/// What came of a day of jobs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WorkersContest {
    /// What the day is called.
    pub load: &'static str,
    /// How many jobs.
    pub jobs: u64,
    /// Hours of dynos of who is clairvoyant: as few as have a thread for each job when it comes, up 45 s before, and jobs move among them.
    pub clairvoyant_hours: f64,
    /// All laws, ours first.
    pub played: Vec<PlayedJobs>,
}

/// Plays all laws over a day of jobs, ours with this `drain_max`. The same seed has the same threads take them.
#[must_use]
pub fn workers_contest(load: &Jobs, seed: u64, drain_max: Duration) -> WorkersContest {
    let fewest = clairvoyant(load);
    let played = |scaler: &Scaler| {
        let totals = play(scaler.law(drain_max), load, seed);
        PlayedJobs {
            law: scaler.name(),
            late: totals.late as f64 / totals.came.max(1) as f64,
            killed: totals.killed,
            lost_hours: totals.lost_seconds as f64 / 3600.0,
            dyno_hours: totals.dyno_seconds as f64 / 3600.0,
            cost: totals.dyno_seconds as f64 / fewest.max(1) as f64,
            changes: totals.changes,
        }
    };
    WorkersContest {
        load: load.name,
        jobs: load.jobs.len() as u64,
        clairvoyant_hours: fewest as f64 / 3600.0,
        played: Scaler::ALL.iter().map(played).collect(),
    }
}

fn play(mut law: Box<dyn Looks>, load: &Jobs, seed: u64) -> WorkersTotals {
    let (mut workers, mut next) = (Workers::new(seed), 0);
    for second in 0..load.seconds {
        if second > 0 && second.is_multiple_of(SLOT_SECONDS) {
            let wish = law.wants(&workers.tell());
            if let Some(quiet) = wish.quiet {
                workers.quiet(quiet);
            }
            workers.set(wish.quantity);
        }
        let come = load.jobs[next..].iter().take_while(|job| job.at <= second).count();
        workers.pass(&load.jobs[next..next + come]);
        next += come;
    }
    workers.totals()
}

/// The fewest seconds of dynos: a thread for each job when it comes.
fn clairvoyant(load: &Jobs) -> u64 {
    let seconds = usize::try_from(load.seconds).unwrap_or(usize::MAX);
    let mut change = vec![0_i64; seconds + 1];
    for job in &load.jobs {
        let at = |second: u64| usize::try_from(second).map_or(seconds, |second| second.min(seconds));
        change[at(job.at)] += 1;
        change[at(job.at + job.takes)] -= 1;
    }
    let running = change[..seconds].iter().scan(0_i64, |running, change| {
        *running += change;
        Some(u32::try_from(*running).unwrap_or_default())
    });
    let needs: Vec<u32> = running.map(|running| running.div_ceil(AT_ONCE).clamp(MIN, MAX)).collect();
    let boots = usize::try_from(BOOT).unwrap_or(usize::MAX);
    highest_ahead(&needs, boots).iter().map(|dynos| u64::from(*dynos)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{Job, made_jobs};
    use super::*;

    const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

    #[test]
    fn who_is_clairvoyant_has_a_thread_for_each_job_before_it_comes() {
        let job = |at, takes| Job { at, takes };
        let jobs = [[job(100, 50); 5].as_slice(), &[job(120, 10)]].concat();
        let load = Jobs { name: "few", jobs, seconds: 200 };
        // One all the time, and a second one for ten seconds and the time that it boots.
        assert_eq!(clairvoyant(&load), 200 + 10 + 45);
    }

    #[test]
    fn the_same_jobs_are_played_in_the_same_way() {
        let load = made_jobs(1).swap_remove(0);
        assert_eq!(workers_contest(&load, 1, HALF_AN_HOUR), workers_contest(&load, 1, HALF_AN_HOUR));
    }

    #[test]
    fn ours_kills_fewer_than_where_it_may_and_with_quiet_none_that_is_shorter_than_the_wait() {
        for seed in [1, 2, 3] {
            for load in made_jobs(seed) {
                let contest = workers_contest(&load, seed, HALF_AN_HOUR);
                let killed = |scaler: Scaler| {
                    let law = contest.played.iter().find(|played| played.law == scaler.name());
                    law.map_or(u64::MAX, |played| played.killed)
                };
                assert!(killed(Scaler::Ours) <= killed(Scaler::OursKills), "{contest:?}");
                assert!(killed(Scaler::OursQuiet) <= killed(Scaler::Ours), "{contest:?}");
                let are_short = load.jobs.iter().all(|job| Duration::from_secs(job.takes) < HALF_AN_HOUR);
                assert!(!are_short || killed(Scaler::OursQuiet) == 0, "{contest:?}");
                assert_eq!((killed(Scaler::JudoscaleBusy), killed(Scaler::HireFire)), (0, 0), "{contest:?}");
                assert!(contest.played.iter().all(|played| played.cost >= 0.9), "{contest:?}");
            }
        }
    }
}
