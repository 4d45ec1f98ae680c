//! Who knows what will come: the fewest dynos that carry the load at every moment, each ordered as long before as it boots.
//!
//! No law can be it: it is what the others' dyno-hours are measured by. It keeps dynos 95 % full, so that requests wait where there are
//! few of them.

use super::{Law, whole};
use crate::stage::{AT_ONCE, BOOT, MAX, MIN, SERVICE};
use crate::{Load, Told};
use std::collections::VecDeque;
use std::time::Duration;

/// How full dynos are.
const FULL: f64 = 0.95;

/// How many dynos are needed within a time of booting from each second on.
pub(super) struct Clairvoyant {
    wanted: Vec<u32>,
}

impl Clairvoyant {
    pub(super) fn of(load: &Load) -> Self {
        let busy = |second| load.rate(second) * load.heaviness(second) * SERVICE;
        let need = |second| whole(busy(second) / (f64::from(AT_ONCE) * FULL)).clamp(MIN, MAX);
        let needs: Vec<u32> = (0..load.seconds()).map(need).collect();
        Self { wanted: highest_ahead(&needs, usize::try_from(BOOT).unwrap_or(usize::MAX)) }
    }
}

impl Law for Clairvoyant {
    fn every(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn hear(&mut self, _told: &Told) {}

    fn wants(&mut self, second: u64, quantity: u32) -> u32 {
        let at = usize::try_from(second).ok().and_then(|second| self.wanted.get(second));
        at.copied().unwrap_or(quantity)
    }
}

/// For each: the highest of it and so many after it. One pass from behind, with those that a later one may still hide behind.
pub(crate) fn highest_ahead(needs: &[u32], ahead: usize) -> Vec<u32> {
    let mut highest = vec![0; needs.len()];
    let mut candidates: VecDeque<usize> = VecDeque::new();
    for (nth, need) in needs.iter().enumerate().rev() {
        while candidates.pop_back_if(|later| needs[*later] <= *need).is_some() {}
        candidates.push_back(nth);
        while candidates.pop_front_if(|latest| *latest - nth > ahead).is_some() {}
        highest[nth] = candidates.front().map_or(*need, |first| needs[*first]);
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_dyno_is_there_when_it_is_needed_and_not_before_it_boots() {
        let text = "2026-05-04T00:00:00Z,570\n2026-05-04T00:01:00Z,570\n2026-05-04T00:02:00Z,5700\n2026-05-04T00:03:00Z,5700\n";
        let load = Load::read("step", text, None).unwrap();
        let mut law = Clairvoyant::of(&load);
        // 9.5 a second are one dyno's, and two are the fewest. Between the second minute and the third it rises by 1.425 each second.
        for (second, expected) in [(0, 2), (21, 2), (22, 3), (60, 8), (75, 10), (150, 10), (239, 10), (9999, 10)] {
            assert_eq!(law.wants(second, 10), expected, "{second}");
        }
    }

    proptest! {
        #[test]
        fn the_highest_ahead_is_the_highest_of_those_ahead(needs in proptest::collection::vec(0_u32..9, 0..60), ahead in 0_usize..12) {
            let plainly: Vec<u32> =
                (0..needs.len()).map(|nth| *needs[nth..(nth + ahead + 1).min(needs.len())].iter().max().unwrap()).collect();
            prop_assert_eq!(highest_ahead(&needs, ahead), plainly);
        }
    }
}
