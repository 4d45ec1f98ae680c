//! What monitors measured of late, for reactions that scale to it: as the store has it, without asking it at every reading.

use flyball_decide::LookedAt;
use flyball_model::{Evidence, MonitorId, Reading, Timestamp};
use flyball_reactions::ScaleTo;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// What monitors measured of late.
#[derive(Debug, Default)]
pub(crate) struct Looks(HashMap<MonitorId, OfMonitor>);

#[derive(Debug, Default)]
struct OfMonitor {
    /// Oldest first, each at its own time.
    looks: VecDeque<LookedAt>,
    /// What the store has is among them.
    is_recalled: bool,
}

impl Looks {
    /// The longest that any reaction looks back.
    pub(crate) const KEPT: Duration = Duration::from_secs(ScaleTo::STABILIZE_MAX.as_secs() + ScaleTo::LATE.as_secs());
    /// So many in that time: one each second, which is the shortest interval.
    pub(crate) const KEPT_MAX: u32 = 4000;

    /// A reading more.
    pub(crate) fn add(&mut self, monitor: MonitorId, reading: &Reading) {
        let of = self.0.entry(monitor).or_default();
        // A look beside the interval may end before one that began earlier.
        let at = of.looks.partition_point(|look| look.at <= reading.begun_at);
        of.looks.insert(at, looked(reading));
        let oldest = reading.begun_at - Self::KEPT;
        while of.looks.len() > Self::KEPT_MAX as usize || of.looks.front().is_some_and(|look| look.at < oldest) {
            of.looks.pop_front();
        }
    }

    pub(crate) fn is_recalled(&self, monitor: MonitorId) -> bool {
        self.0.get(&monitor).is_some_and(|of| of.is_recalled)
    }

    /// Takes up what the store has, oldest first.
    pub(crate) fn recall(&mut self, monitor: MonitorId, readings: &[Reading]) {
        let of = self.0.entry(monitor).or_default();
        let mut looks: VecDeque<LookedAt> = readings.iter().map(looked).collect();
        let newest = looks.back().map(|look| look.at);
        looks.extend(of.looks.iter().filter(|look| newest.is_none_or(|newest| look.at > newest)));
        *of = OfMonitor { looks, is_recalled: true };
    }

    /// What a monitor measured since then, oldest first.
    pub(crate) fn since(&self, monitor: MonitorId, since: Timestamp) -> Vec<LookedAt> {
        let Some(of) = self.0.get(&monitor) else { return Vec::new() };
        of.looks.iter().filter(|look| look.at >= since).copied().collect()
    }

    /// Forgets monitors that are not watched any more.
    pub(crate) fn keep(&mut self, is_watched: impl Fn(MonitorId) -> bool) {
        self.0.retain(|monitor, _| is_watched(*monitor));
    }
}

fn looked(reading: &Reading) -> LookedAt {
    let told = match &reading.evidence {
        Evidence::Measured(told) => Some(*told),
        Evidence::Http(_) | Evidence::Tcp { .. } | Evidence::Dynos { .. } | Evidence::None => None,
    };
    LookedAt { at: reading.begun_at, told }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Amount, Excerpt, Finding, Measured, Unit};

    fn reading(second: u64, load: Option<f64>) -> Reading {
        let measured = |load| {
            let amount = Amount::new(load, Unit::Things);
            Evidence::Measured(Measured { amount, complete: true, few: false, dynos: None })
        };
        Reading {
            begun_at: Timestamp::EPOCH + Duration::from_secs(second),
            took: Duration::ZERO,
            finding: Finding::Passing,
            words: Excerpt::default(),
            evidence: load.map_or(Evidence::None, measured),
        }
    }

    #[test]
    fn what_is_recalled_comes_before_what_was_measured_since_and_nothing_is_kept_for_ever() {
        let monitor = MonitorId(uuid::Uuid::nil());
        let mut looks = Looks::default();
        let seconds = |looks: &Looks, since| {
            let since = Timestamp::EPOCH + Duration::from_secs(since);
            looks.since(monitor, since).iter().map(|look| look.at.since(Timestamp::EPOCH).as_secs()).collect::<Vec<_>>()
        };
        looks.add(monitor, &reading(50_000, Some(1.0)));
        looks.add(monitor, &reading(50_020, None));
        looks.add(monitor, &reading(50_010, Some(2.0)));
        assert_eq!((seconds(&looks, 0), looks.is_recalled(monitor)), (vec![50_000, 50_010, 50_020], false));
        looks.recall(monitor, &[reading(49_990, Some(1.0)), reading(50_000, Some(1.0))]);
        assert_eq!((seconds(&looks, 0), looks.is_recalled(monitor)), (vec![49_990, 50_000, 50_010, 50_020], true));
        assert_eq!(seconds(&looks, 50_010), [50_010, 50_020]);
        assert_eq!(looks.since(monitor, Timestamp::EPOCH).last().unwrap().told, None);
        looks.add(monitor, &reading(50_000 + Looks::KEPT.as_secs(), Some(1.0)));
        assert_eq!(seconds(&looks, 0)[0], 50_000);
        for second in 0..5000 {
            looks.add(monitor, &reading(60_000 + second / 5, Some(1.0)));
        }
        assert_eq!(seconds(&looks, 0).len(), Looks::KEPT_MAX as usize);
        looks.keep(|_| false);
        assert_eq!(seconds(&looks, 0), Vec::<u64>::new());
    }
}
