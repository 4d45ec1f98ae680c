//! Whether requests fare worse since a release than before it.
//!
//! Both are shares: of requests that fail, or that take longer than most did before. What is asked is asked again and again while
//! requests come, and each time chance may have it that the new share looks larger. So the test is made for that:
//!
//! - **It is exact** (Fisher's, one-sided): of all that failed, before and since, as many since as there are, or more, were drawn by chance
//!   into so many requests. It needs no normal approximation, which is wrong just where failures are few, and not the true share.
//! - **It spends a bounded chance** (alpha spending): it is made at a few moments of the watch, each half as far again from its beginning as
//!   the one before, and each with an equal part of [`ALPHA`]: eleven of a quarter of an hour. By the union bound a release that is as good as
//!   the one before is taken for a worse one with at most that chance, however the looks hang together. A mixture of likelihood ratios
//!   would allow a look at each request, and asks for a prior on shares that nobody has; looks of equal distance, or at each quarter more of
//!   the requests, are many more, and each then needs more to find anything.
//! - **It leaves out what is not whole**: ten seconds of which lines were lost, before or since, say nothing of shares, since it may be just the
//!   failing ones that are missing.
//! - **It does not take requests for independent** where they were not: failures come in bursts. The variance of the minutes before, over
//!   that of independent requests, divides both samples. So bursts, and a share that wanders by itself, make it slower and not louder.
//!
//! Each look stands at a far stricter level than 99 %, so where it finds a release worse, the one-sided 99 % bound on the difference of the
//! shares is above 0 as well.

use crate::{SLOT, Slot, Tally};
use flyball_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The chance with which a release that is as good as the one before is found worse, over its whole watch.
const ALPHA: f64 = 0.001;
/// What a service time is compared with: that which so many of a hundred requests did not exceed before.
const USUAL_PERCENTILE: f64 = 95.0;
/// Terms of a tail that are summed up; where more would count, nothing is found.
const TERMS_MAX: u32 = 100_000;

/// What of requests is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// The share that fails.
    Errors,
    /// The share that takes longer than 95 of a hundred did before.
    Service,
}

/// Requests, and how many of them are bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// How many there are.
    pub requests: u64,
    /// How many of them are bad.
    pub bad: u64,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compares {
    /// There were too few requests, before or since.
    TooFew,
    /// It is not worse, by all that is known.
    NotWorse,
    /// It is worse.
    Worse,
}

/// What came of comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comparison {
    /// What it comes to.
    pub comes_to: Compares,
    /// Before the release.
    pub before: Share,
    /// Since it is up, at the last of its looks; where it is worse, when that was found. So what is said of it changes as seldom.
    pub since: Share,
    /// Above this a request took longer than usual, where that is compared.
    pub usual: Option<Duration>,
    /// How much of the time before was left out, since lines of it are missing,
    pub left_out_before: Duration,
    /// and how much of that since.
    pub left_out_since: Duration,
}

/// The times of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// What it is compared with begins here,
    pub compared_from: Timestamp,
    /// and ends when the release was made.
    pub released_at: Timestamp,
    /// When its last dyno was up. What lies between is neither.
    pub up_at: Timestamp,
    /// Up to when it is watched.
    pub watched_until: Timestamp,
    /// Up to when it is known what came.
    pub told_until: Timestamp,
}

impl Share {
    /// In hundredths; 0 where there are no requests.
    #[must_use]
    pub fn percent(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { float(self.bad) / float(self.requests) * 100.0 }
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.bad += other.bad;
    }

    /// The same of a sample that says less by this factor, rounded against finding anything.
    fn divided(self, by: f64, bad: fn(f64) -> f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number that only gets smaller"
        )]
        let whole = |number: f64| number as u64;
        let requests = whole((float(self.requests) / by).floor());
        Self { requests, bad: whole(bad(float(self.bad) / by)).min(requests) }
    }
}

/// Compares what a release came to with what was before it. `slots` are in the order of time, each once; `at_least` requests must have
/// come, before and since. Whatever is found is found again from the same slots and any later ones.
#[must_use]
pub fn compare(slots: &[(Timestamp, Slot)], moments: &Moments, of: Compared, at_least: u64) -> Comparison {
    let all = |slot: &Slot| slot.series.get("").cloned().unwrap_or_default();
    let told_until = moments.told_until.min(moments.watched_until);
    let before = Part::of(slots, |at| at >= moments.compared_from && at + SLOT <= moments.released_at);
    let since = Part::of(slots, |at| at >= moments.up_at && at < told_until);
    let usual = (of == Compared::Service).then(|| {
        let mut tally = Tally::default();
        before.whole.iter().for_each(|(_, slot)| tally.merge(&all(slot)));
        tally.service.percentile(USUAL_PERCENTILE).unwrap_or_default()
    });
    let share = |slot: &Slot| {
        let tally = all(slot);
        match usual {
            None => Share { requests: tally.requests, bad: tally.errors },
            Some(usual) => Share { requests: tally.service.count(), bad: tally.service.above(usual) },
        }
    };
    let mut minutes: BTreeMap<i64, Share> = BTreeMap::new();
    for (at, slot) in &before.whole {
        minutes.entry(at.as_millis().div_euclid(60_000)).or_default().add(share(slot));
    }
    let minutes: Vec<Share> = minutes.into_values().collect();
    let slots_since_up = |until: Timestamp| whole_slots(until.since(moments.up_at));
    let looks = looks(slots_since_up(moments.watched_until));
    let pieces: Vec<(u32, Share)> = since.whole.iter().map(|(at, slot)| (slots_since_up(*at), share(slot))).collect();
    let (left_out_before, left_out_since) = (before.left_out, since.left_out);
    let (comes_to, before, since) = judge(&minutes, &pieces, slots_since_up(told_until), &looks, at_least);
    Comparison { comes_to, before, since, usual, left_out_before, left_out_since }
}

/// The slots of a time of which no line is missing, and how long the others are together.
struct Part<'a> {
    whole: Vec<&'a (Timestamp, Slot)>,
    left_out: Duration,
}

impl<'a> Part<'a> {
    fn of(slots: &'a [(Timestamp, Slot)], is_in_it: impl Fn(Timestamp) -> bool) -> Self {
        // Lines that are told as lost after a slot may have been in it.
        let is_whole = |nth: usize| {
            let next = slots.get(nth + 1).filter(|(at, _)| *at == slots[nth].0 + SLOT);
            slots[nth].1.is_whole() && next.is_none_or(|(_, next)| next.lost == 0)
        };
        let (whole, others): (Vec<usize>, Vec<usize>) =
            (0..slots.len()).filter(|nth| is_in_it(slots[*nth].0)).partition(|nth| is_whole(*nth));
        let left_out = SLOT * u32::try_from(others.len()).unwrap_or(u32::MAX);
        Self { whole: whole.into_iter().map(|nth| &slots[nth]).collect(), left_out }
    }
}

fn whole_slots(time: Duration) -> u32 {
    u32::try_from(time.as_secs() / SLOT.as_secs()).unwrap_or(u32::MAX)
}

/// After how many slots a watch of so many looks whether it is worse: after the first, and each time after half as many again.
fn looks(watched: u32) -> Vec<u32> {
    let after = std::iter::successors(Some(1_u32), |slots| Some(slots + slots.div_ceil(2)));
    after.take_while(|slots| *slots < watched).chain([watched]).collect()
}

/// The judge: the minutes before a release, and what came in each slot since it, of which so many are told.
fn judge(
    minutes: &[Share],
    since: &[(u32, Share)],
    told: u32,
    looks: &[u32],
    at_least: u64,
) -> (Compares, Share, Share) {
    let mut before = Share::default();
    minutes.iter().for_each(|minute| before.add(*minute));
    let up_to = |slots: u32| {
        let mut so_far = Share::default();
        since.iter().filter(|(nth, _)| *nth < slots).for_each(|(_, piece)| so_far.add(*piece));
        so_far
    };
    let is_enough = |so_far: Share| before.requests >= at_least.max(1) && so_far.requests >= at_least.max(1);
    let dispersion = dispersion(minutes, before);
    let known = before.divided(dispersion, f64::ceil);
    let level = ALPHA / float(looks.len() as u64);
    for so_far in looks.iter().filter(|slots| **slots <= told).map(|slots| up_to(*slots)) {
        if is_enough(so_far) && by_chance(known, so_far.divided(dispersion, f64::floor)) < level {
            return (Compares::Worse, before, so_far);
        }
    }
    let last = looks.iter().rev().find(|slots| **slots <= told);
    let since = last.map_or_else(Share::default, |slots| up_to(*slots));
    (if is_enough(since) { Compares::NotWorse } else { Compares::TooFew }, before, since)
}

/// How many times the variance of independent requests that of these minutes is; 1 at least.
fn dispersion(minutes: &[Share], all: Share) -> f64 {
    let told: Vec<&Share> = minutes.iter().filter(|minute| minute.requests > 0).collect();
    let share = float(all.bad) / float(all.requests.max(1));
    if told.len() < 2 || share <= 0.0 || share >= 1.0 {
        return 1.0;
    }
    let square = |minute: &&Share| {
        let expected = float(minute.requests) * share;
        (float(minute.bad) - expected).powi(2) / (expected * (1.0 - share))
    };
    let squares: f64 = told.iter().map(square).sum();
    (squares / (float(told.len() as u64) - 1.0)).max(1.0)
}

/// The chance that as many of the bad ones as there are since, or more, are there by chance (Fisher's exact test, one-sided).
fn by_chance(before: Share, since: Share) -> f64 {
    let (all, bad) = (before.requests + since.requests, before.bad + since.bad);
    // No larger a share: there is nothing to find, and no small tail to sum up.
    if since.requests == 0 || float(since.bad) * float(all) <= float(bad) * float(since.requests) {
        return 1.0;
    }
    let good = all - bad;
    let first =
        ln_choose(bad, since.bad) + ln_choose(good, since.requests - since.bad) - ln_choose(all, since.requests);
    let (mut term, mut sum, mut drawn) = (1.0, 1.0, since.bad);
    for _ in 0..TERMS_MAX {
        if drawn >= bad.min(since.requests) || term < 1e-12 * sum {
            return (first.exp() * sum).min(1.0);
        }
        let left_of_good = good + drawn + 1 - since.requests;
        term *= float(bad - drawn) / float(drawn + 1) * float(since.requests - drawn) / float(left_of_good);
        sum += term;
        drawn += 1;
    }
    1.0
}

fn ln_choose(of: u64, some: u64) -> f64 {
    ln_factorial(of) - ln_factorial(some) - ln_factorial(of - some)
}

/// By Stirling's series, which from 16 on is right to twelve digits with three terms.
fn ln_factorial(of: u64) -> f64 {
    if of < 16 {
        return (2..=of).map(|factor| float(factor).ln()).sum();
    }
    let x = float(of);
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + series
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody has as many requests within an hour as a float has whole numbers"
)]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws from a seed: splitmix64.
    struct Draws(u64);

    impl Draws {
        fn unit(&mut self) -> f64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (((mixed ^ (mixed >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        }

        /// How many of so many are bad, each by this chance: by the gaps between them.
        fn share(&mut self, requests: u64, chance: f64) -> Share {
            let (mut bad, mut at) = (0, 0.0);
            if chance <= 0.0 {
                return Share { requests, bad };
            }
            loop {
                at += (self.unit().ln() / (1.0 - chance).ln()).floor() + 1.0;
                if at > requests as f64 {
                    break;
                }
                bad += 1;
            }
            Share { requests, bad }
        }

        /// A release: what it comes to, and after how many seconds. So many requests come in ten seconds.
        fn release(&mut self, per_slot: u64, before: f64, since: f64, bursts: bool) -> (Compares, u64) {
            // In a burst three times as many fail, for a minute of every four.
            let minute = |draws: &mut Self, chance: f64| {
                let is_burst = bursts && draws.unit() < 0.25;
                if is_burst { (chance * 3.0).min(1.0) } else { chance }
            };
            let hour: Vec<Share> = (0..60)
                .map(|_| {
                    let chance = minute(self, before);
                    self.share(per_slot * 6, chance)
                })
                .collect();
            let mut slots = Vec::new();
            for _ in 0..15 {
                let chance = minute(self, since);
                slots.extend((0..6).map(|_| self.share(per_slot, chance)));
            }
            let slots: Vec<(u32, Share)> = (0..).zip(slots).collect();
            let looks = looks(90);
            let comes_to = |told| judge(&hour, &slots, told, &looks, 100).0;
            let found = looks.iter().find(|told| comes_to(**told) == Compares::Worse);
            (comes_to(90), u64::from(*found.unwrap_or(&90)) * 10)
        }
    }

    #[test]
    fn a_release_that_is_as_good_is_found_worse_once_in_a_thousand_times_at_most() {
        let mut draws = Draws(7);
        for (per_slot, share, bursts) in [
            (10, 0.02, false),
            (100, 0.0, false),
            (100, 0.001, false),
            (100, 0.02, false),
            (100, 0.2, false),
            (1000, 0.002, false),
            (100, 0.02, true),
        ] {
            let worse =
                (0..2000).filter(|_| draws.release(per_slot, share, share, bursts).0 == Compares::Worse).count();
            assert!(worse <= 2, "{worse} of 2000 at {share} with {per_slot} in ten seconds, bursts: {bursts}");
        }
    }

    #[test]
    fn twice_the_failures_are_found_within_three_minutes() {
        let mut draws = Draws(11);
        // Ten requests a second. How many of a thousand are found at all, and how many within three minutes.
        for (before, since, found_min, soon_min) in [
            (0.05, 0.10, 1000, 999),
            (0.03, 0.06, 1000, 970),
            (0.02, 0.04, 999, 850),
            (0.01, 0.02, 900, 300),
            (0.0, 0.02, 1000, 1000),
            (0.02, 0.5, 1000, 1000),
        ] {
            let times: Vec<u64> = (0..1000)
                .filter_map(|_| {
                    let (comes_to, seconds) = draws.release(100, before, since, false);
                    (comes_to == Compares::Worse).then_some(seconds)
                })
                .collect();
            let (found, soon) = (times.len(), times.iter().filter(|seconds| **seconds <= 180).count());
            assert!(found >= found_min && soon >= soon_min, "{before} to {since}: {found} of 1000, {soon} soon");
        }
    }

    #[test]
    fn of_too_few_nothing_is_said_and_what_was_found_stays_found() {
        let (bad, good) = (Share { requests: 50, bad: 50 }, Share { requests: 50, bad: 0 });
        let hour = |requests| [Share { requests, bad: 0 }];
        let of = |hour: &[Share], since: &[Share]| {
            let since: Vec<(u32, Share)> = (0..).zip(since.iter().copied()).collect();
            judge(hour, &since, u32::try_from(since.len()).unwrap(), &looks(600), 100).0
        };
        assert_eq!(of(&hour(1000), &[bad]), Compares::TooFew);
        assert_eq!(of(&hour(99), &[bad, bad, bad]), Compares::TooFew);
        assert_eq!(of(&[], &[]), Compares::TooFew);
        assert_eq!(of(&hour(1000), &[good, good]), Compares::NotWorse);
        assert_eq!(of(&hour(1000), &[bad, bad]), Compares::Worse);
        let later = [vec![bad, bad], vec![good; 500]].concat();
        assert_eq!(of(&hour(1000), &later), Compares::Worse);
    }

    #[test]
    fn it_looks_ever_more_seldom_and_at_the_end() {
        assert_eq!(looks(90), [1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 90]);
        assert_eq!((looks(1), looks(2), looks(2160).len()), (vec![1], vec![1, 2], 19));
    }

    #[test]
    fn the_test_is_fisher_s() {
        let of = |before: (u64, u64), since: (u64, u64)| {
            let share = |(requests, bad)| Share { requests, bad };
            by_chance(share(before), share(since))
        };
        // Of 8, the 4 that are drawn are those 3 of the 4 bad ones, or more: (16 + 1) / 70.
        assert!((of((4, 1), (4, 3)) - 17.0 / 70.0).abs() < 1e-9);
        assert!((of((20, 0), (20, 2)) - 0.243_589_743_6).abs() < 1e-9, "{}", of((20, 0), (20, 2)));
        assert!((of((10, 5), (10, 5)) - 1.0).abs() < 1e-9);
        assert!(of((36_000_000, 0), (9_000_000, 9_000_000)) < 1e-30);
        assert!((ln_factorial(16) - ((2..=16_u64).map(|factor| (factor as f64).ln()).sum::<f64>())).abs() < 1e-9);
    }

    #[test]
    fn what_lies_between_a_release_and_its_last_dyno_is_left_out() {
        let at = |second: u64| Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second);
        let slot = |second: u64, bad: u64, millis: u64| {
            let mut tally = Tally { requests: 100, errors: bad, ..Tally::default() };
            tally.service.add_many(Duration::from_millis(millis), 100);
            (at(second), Slot { lines: 100, series: [(String::new(), tally)].into(), ..Slot::default() })
        };
        let (compared_from, released_at, up_at) = (at(0), at(605), at(645));
        let moments = Moments { compared_from, released_at, up_at, watched_until: at(1000), told_until: at(1200) };
        let day = |bad: u64, millis: u64| -> Vec<(Timestamp, Slot)> {
            let slots = (0..120).map(|nth| match nth {
                0..60 => slot(nth * 10, 1, 50),
                60..65 => slot(nth * 10, 100, 9000),
                65..100 => slot(nth * 10, bad, millis),
                _ => slot(nth * 10, 100, 9000),
            });
            slots.collect()
        };
        let of = |bad, millis, of| compare(&day(bad, millis), &moments, of, 100);
        let good = of(1, 50, Compared::Errors);
        assert_eq!((good.comes_to, good.before.requests, good.before.bad), (Compares::NotWorse, 6000, 60));
        assert_eq!((good.since.requests, good.since.bad, good.usual), (3500, 35, None));
        assert_eq!(of(9, 50, Compared::Errors).comes_to, Compares::Worse);
        assert_eq!(of(9, 50, Compared::Service).comes_to, Compares::NotWorse);
        let slow = of(1, 400, Compared::Service);
        assert_eq!(
            (slow.comes_to, slow.since, slow.before.bad),
            (Compares::Worse, Share { requests: 100, bad: 100 }, 0)
        );
        assert!(slow.usual.is_some_and(|usual| usual >= Duration::from_millis(50)), "{slow:?}");
    }
}
