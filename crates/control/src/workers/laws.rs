//! Laws of scaling for workers. All but ours are stand-ins that we wrote from documentation; where that leaves a setting to the user, a dyno
//! has five jobs, as many as it does at once, and a job is to wait for a minute at most.

use super::{LATE, MIN, Queued};
use crate::stage::{AT_ONCE, MAX};
use flyball_decide::{Aim, By, Jobs, LookedAt, Stands, Target, Waited, Why, WithoutData, aim};
use flyball_model::{Amount, Because, Measured, Timestamp, Unit};
use std::collections::VecDeque;
use std::time::Duration;

/// Looks that are further apart leave a gap: as `scale_to` has it.
const GAP: Duration = Duration::from_secs(90);
/// The default of `stabilize`.
const STABILIZE: Duration = Duration::from_secs(300);
/// Below this a queue is needlessly short, in seconds, where a law has a range: a fifth of the aim, as on web.
const FAST: u64 = LATE / 5;

/// What a law wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// There are to be so many dynos.
    pub quantity: u32,
    /// Those that are to go take no more jobs.
    pub quiet: Option<Quiet>,
}

/// What an app is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// The dynos with higher numbers than this take no more jobs,
    pub wants: u32,
    /// since they are to go by this time.
    pub until: Timestamp,
}

impl Wish {
    const fn of(quantity: u32) -> Self {
        Self { quantity, quiet: None }
    }
}

/// Which laws there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaler {
    /// `scale_to` on `jobs`, as it is unless the file says otherwise: it waits for jobs that run.
    Ours,
    /// The same, and the app is asked that the dyno takes no more jobs.
    OursQuiet,
    /// The same in one step: `max_in = 40`.
    OursAtOnce,
    /// The same with `may_kill_jobs = true`.
    OursKills,
    /// Like Judoscale's on queue time.
    Judoscale,
    /// The same, which does not go down while jobs run.
    JudoscaleBusy,
    /// Like HireFire's on the size of the queue.
    HireFire,
    /// The same, which goes down while there are jobs.
    HireFireDown,
    /// Like KEDA on the length of the queue.
    Keda,
}

/// A law that looks each ten seconds.
pub(super) trait Looks {
    fn wants(&mut self, told: &Queued) -> Wish;
}

impl Scaler {
    /// All of them, ours first.
    pub const ALL: [Self; 9] = [
        Self::Ours,
        Self::OursQuiet,
        Self::OursAtOnce,
        Self::OursKills,
        Self::Judoscale,
        Self::JudoscaleBusy,
        Self::HireFire,
        Self::HireFireDown,
        Self::Keda,
    ];

    /// What it is called in a report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursQuiet => "ours, with `quiet`",
            Self::OursAtOnce => "ours, with `quiet` and `max_in = 40`",
            Self::OursKills => "ours, may kill jobs",
            Self::Judoscale => "like Judoscale",
            Self::JudoscaleBusy => "like Judoscale, not while jobs run",
            Self::HireFire => "like HireFire",
            Self::HireFireDown => "like HireFire, decrementable",
            Self::Keda => "like KEDA",
        }
    }

    /// The law, as it begins; ours waits for jobs for so long at most.
    pub(super) fn law(self, drain_max: Duration) -> Box<dyn Looks> {
        let drain = |quiet| Some(Drain { quiet, drain_max, waited: None });
        match self {
            Self::Ours => Box::new(Ours::new(1, drain(false))),
            Self::OursQuiet => Box::new(Ours::new(1, drain(true))),
            Self::OursAtOnce => Box::new(Ours::new(MAX, drain(true))),
            Self::OursKills => Box::new(Ours::new(1, None)),
            Self::Judoscale => Box::new(Judoscale { only_idle: false, ..Judoscale::default() }),
            Self::JudoscaleBusy => Box::new(Judoscale { only_idle: true, ..Judoscale::default() }),
            Self::HireFire => Box::new(HireFire { decrementable: false }),
            Self::HireFireDown => Box::new(HireFire { decrementable: true }),
            Self::Keda => Box::new(Keda::default()),
        }
    }
}

/// How many dynos have so many jobs, five each.
fn dynos_for(work: u64) -> u32 {
    u32::try_from(work.div_ceil(u64::from(AT_ONCE))).unwrap_or(u32::MAX)
}

/// Ours, by the functions that decide in a running Flyball. The file that it stands for:
///
/// ```toml
/// [[monitor]]
/// name = "jobs of shop"
/// every = "10s"
/// jobs = { app = "shop", measure = "work" }
/// reactions = ["enough workers"]
///
/// [[reaction]]
/// name = "enough workers"
/// scale_to = { app = "shop", process_type = "worker", per_dyno = 5, min_quantity = 1, max_quantity = 40 }
/// ```
struct Ours {
    target: Target,
    looks: Vec<LookedAt>,
    added_at: Option<Timestamp>,
    acted_at: Option<Timestamp>,
    drain: Option<Drain>,
}

/// How it waits for jobs, where it does.
struct Drain {
    quiet: bool,
    drain_max: Duration,
    waited: Option<Waited>,
}

impl Ours {
    const fn new(max_in: u32, drain: Option<Drain>) -> Self {
        let target = Target {
            by: By::Load { per_dyno: AT_ONCE as f64, slack: 0.1 },
            min: MIN,
            floor: None,
            max: MAX,
            max_out: None,
            max_in,
            stabilize: STABILIZE,
            late: GAP,
            without_data: WithoutData::Hold,
            from_zero: false,
        };
        Self { target, looks: Vec::new(), added_at: None, acted_at: None, drain }
    }
}

impl Looks for Ours {
    fn wants(&mut self, told: &Queued) -> Wish {
        let (now, quantity) = (told.at, told.quantity);
        let since = now - (STABILIZE + GAP);
        self.looks.retain(|look| look.at >= since);
        let amount = Amount::new(told.work() as f64, Unit::Things);
        self.looks.push(LookedAt { at: now, told: Some(Measured { amount, complete: true, few: false, dynos: None }) });
        let stands = Stands { now, quantity, added_at: self.added_at, acted_at: self.acted_at };
        let wanted = match aim(&self.target, &self.looks, stands) {
            Aim::Set(wanted, _) => wanted,
            Aim::Hold(why) => {
                if let Some(drain) = &mut self.drain {
                    drain.holds(why);
                }
                return Wish::of(quantity);
            }
        };
        if wanted < quantity
            && let Some(drain) = &mut self.drain
            && let Err(because) = drain.may_take(told)
        {
            let quiet = drain.begins(&because, now).map(|until| Quiet { wants: wanted, until });
            return Wish { quantity, quiet };
        }
        if let Some(drain) = &mut self.drain {
            drain.waited = None;
        }
        if wanted > quantity {
            self.added_at = Some(now);
        }
        self.acted_at = Some(now);
        Wish::of(wanted)
    }
}

impl Drain {
    fn may_take(&self, told: &Queued) -> Result<(), Because> {
        let jobs = Jobs { running: Some(told.running), waited: self.waited };
        jobs.may_be_killed(self.drain_max, told.at)
    }

    /// Jobs are waited for. Until when, where that begins now and the app is to be asked.
    fn begins(&mut self, because: &Because, now: Timestamp) -> Option<Timestamp> {
        let had = self.waited.replace(Waited::of(because, now)?);
        match because {
            Because::JobsRun { since, until, .. } if self.quiet && had.is_none_or(|had| had.since != *since) => {
                Some(*until)
            }
            _ => None,
        }
    }

    /// None is to be taken now: as in [`Waited::after`], waiting ends once that is known to be so by the load.
    const fn holds(&mut self, why: Why) {
        if matches!(why, Why::Enough(_) | Why::NeededOfLate(_) | Why::AtMost(_)) {
            self.waited = None;
        }
    }
}

/// From judoscale.com, *Autoscaling worker dynos*, *Tuning your application* and *Long-Running Background Jobs*: a dyno more where a job waited
/// too long, one fewer after ten minutes below the range; and by an option, none fewer while jobs run.
#[derive(Default)]
struct Judoscale {
    only_idle: bool,
    jumped_at: Option<Timestamp>,
    below_since: Option<Timestamp>,
}

impl Judoscale {
    /// After a jump it waits until the dyno is up, and was seen.
    const UP_APART: Duration = Duration::from_secs(60);
    const DOWN_APART: Duration = Duration::from_secs(600);
}

impl Looks for Judoscale {
    fn wants(&mut self, told: &Queued) -> Wish {
        let (now, quantity) = (told.at, told.quantity);
        if told.latency >= FAST {
            self.below_since = None;
            let may_jump = self.jumped_at.is_none_or(|at| at + Self::UP_APART <= now);
            if told.latency > LATE && may_jump {
                self.jumped_at = Some(now);
                return Wish::of(quantity + 1);
            }
            return Wish::of(quantity);
        }
        let since = *self.below_since.get_or_insert(now);
        if since + Self::DOWN_APART > now || (self.only_idle && told.running > 0) {
            return Wish::of(quantity);
        }
        self.below_since = Some(now);
        Wish::of(quantity.saturating_sub(1))
    }
}

/// From the fields of `Manager::Worker::HireFire::JobQueue` (carwow/terraform-provider-hirefire, `docs/resources/manager.md`): each minute as
/// many as the ratio says, without a limit to a step; fewer only once there are no jobs, unless it is *decrementable*. Its counts of a queue
/// have jobs that run as well, unless told otherwise.
struct HireFire {
    decrementable: bool,
}

impl Looks for HireFire {
    fn wants(&mut self, told: &Queued) -> Wish {
        let Queued { quantity, .. } = *told;
        if !told.at.since(Timestamp::EPOCH).as_secs().is_multiple_of(60) {
            return Wish::of(quantity);
        }
        let needed = dynos_for(told.work());
        let may_go_down = self.decrementable || told.work() == 0;
        Wish::of(if needed > quantity || may_go_down { needed } else { quantity })
    }
}

/// From *Scaling Deployments* (keda.sh) and *Horizontal Pod Autoscaling* (kubernetes.io): as many as the length of the queue asks for, at once
/// at most as many again or four, and down to the highest wish of 300 s. It says itself that what runs long is to be run in another way.
#[derive(Default)]
struct Keda {
    wishes: VecDeque<(Timestamp, u32)>,
}

impl Looks for Keda {
    fn wants(&mut self, told: &Queued) -> Wish {
        let (now, quantity) = (told.at, told.quantity);
        let wish = dynos_for(told.work());
        self.wishes.push_back((now, wish));
        while self.wishes.pop_front_if(|(at, _)| *at + STABILIZE < now).is_some() {}
        if wish > quantity {
            return Wish::of(wish.min(quantity + quantity.max(4)));
        }
        Wish::of(quantity.min(self.wishes.iter().map(|(_, wish)| *wish).max().unwrap_or(wish)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

    /// Plays looks of so many seconds, each told as this says, and tells when the quantity changed, and to what.
    fn play(scaler: Scaler, seconds: u64, from: u32, told: impl Fn(u64) -> (u64, u64, u64)) -> Vec<(u64, u32)> {
        let (mut law, mut quantity, mut changes) = (scaler.law(HALF_AN_HOUR), from, Vec::new());
        for second in (10..=seconds).step_by(10) {
            let (waiting, running, latency) = told(second);
            let at = Timestamp::EPOCH + Duration::from_secs(second);
            let wish = law.wants(&Queued { at, quantity, waiting, running, latency });
            if wish.quantity.max(MIN) != quantity {
                quantity = wish.quantity.max(MIN);
                changes.push((second, quantity));
            }
        }
        changes
    }

    #[test]
    fn ours_waits_for_jobs_that_run_and_not_for_ever() {
        let few = |_| (0, 4, 0);
        assert_eq!(play(Scaler::Ours, 4200, 3, few), [(2110, 2), (3970, 1)]);
        assert_eq!(play(Scaler::OursKills, 600, 3, few), [(310, 2), (370, 1)]);
        // Once none runs it goes on at once.
        let until_1000 = |second| (0, if second < 1000 { 4 } else { 0 }, 0);
        assert_eq!(play(Scaler::Ours, 4200, 3, until_1000), [(1000, 2), (1060, 1)]);
        assert_eq!(play(Scaler::Ours, 10, 1, |_| (30, 5, 10)), [(10, 5)]);
    }

    #[test]
    fn the_app_is_asked_once_for_each_step() {
        let asked = |scaler: Scaler| {
            let (mut law, mut quantity, mut asked) = (scaler.law(HALF_AN_HOUR), 3, Vec::new());
            for second in (10..=4200).step_by(10) {
                let at = Timestamp::EPOCH + Duration::from_secs(second);
                let wish = law.wants(&Queued { at, quantity, waiting: 0, running: 4, latency: 0 });
                quantity = wish.quantity;
                let until = |quiet: Quiet| quiet.until.since(Timestamp::EPOCH).as_secs();
                asked.extend(wish.quiet.map(|quiet| (second, quiet.wants, until(quiet))));
            }
            asked
        };
        assert_eq!(asked(Scaler::OursQuiet), [(310, 2, 2110), (2170, 1, 3970)]);
        assert_eq!(asked(Scaler::OursAtOnce), [(310, 1, 2110)]);
        assert_eq!(asked(Scaler::Ours), []);
    }

    #[test]
    fn like_judoscale_one_by_one_and_by_its_option_not_while_jobs_run() {
        let slow = |_| (9, 5, 61);
        assert_eq!(play(Scaler::Judoscale, 140, 1, slow), [(10, 2), (70, 3), (130, 4)]);
        let fast = |second| (0, u64::from(second < 2000), 0);
        assert_eq!(play(Scaler::Judoscale, 1300, 4, fast), [(610, 3), (1210, 2)]);
        assert_eq!(play(Scaler::JudoscaleBusy, 2700, 4, fast), [(2000, 3), (2600, 2)]);
    }

    #[test]
    fn like_hirefire_by_the_ratio_and_down_once_there_are_no_jobs() {
        let jobs = |second| if second < 100 { (20, 5, 10) } else { (0, if second < 200 { 4 } else { 0 }, 0) };
        assert_eq!(play(Scaler::HireFire, 600, 1, jobs), [(60, 5), (240, 1)]);
        assert_eq!(play(Scaler::HireFireDown, 600, 1, jobs), [(60, 5), (120, 1)]);
    }

    #[test]
    fn like_keda_by_the_queue_and_down_after_five_minutes() {
        let jobs = |second| if second < 100 { (45, 5, 10) } else { (0, 4, 0) };
        assert_eq!(play(Scaler::Keda, 600, 1, jobs), [(10, 5), (20, 10), (400, 1)]);
    }
}
