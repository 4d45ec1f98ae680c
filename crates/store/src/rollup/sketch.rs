//! How long checks took, as a sketch: a few dozen counts from which every percentile can be told within 1 %, and which can be
//! added up over any number of hours.
//!
//! The idea is that of DDSketch (Masson, Rim, Lee: *DDSketch: a fast and fully-mergeable quantile sketch with
//! relative-error guarantees*, 2019): values are counted in bins that grow by a constant factor. Ours holds whole
//! microseconds only, so that its bins are a short sorted list which packs into two bytes each.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A bin is this much wider than the one before. Its middle is within 1 % of everything in it.
const GROWTH: f64 = 1.02;

/// Counts of how long checks took.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sketch {
    /// Bins with something in them: how far behind the bin before (the first: behind bin 0), and how many.
    bins: Vec<(u16, u32)>,
}

impl Sketch {
    /// The sketch of some times, in microseconds.
    pub(crate) fn of(times: impl IntoIterator<Item = u64>) -> Self {
        let mut places: Vec<u16> = times.into_iter().map(place).collect();
        places.sort_unstable();
        Self::from_places(places.into_iter().map(|place| (place, 1)))
    }

    /// Puts the counts of another into this one.
    pub(crate) fn add(&mut self, other: &Self) {
        let (mut ours, mut theirs) = (self.places().peekable(), other.places().peekable());
        let merged = std::iter::from_fn(move || match (ours.peek(), theirs.peek()) {
            (Some((our, _)), Some((their, _))) if their < our => theirs.next(),
            (None, _) => theirs.next(),
            (Some(_), _) => ours.next(),
        });
        *self = Self::from_places(merged);
    }

    /// How many times are in it.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The time that this share of all stayed below, such as 0.95, within 1 %; `None` of an empty sketch.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        let last = self.count().checked_sub(1)?;
        // Both are far below 2^53; a share beyond 0 to 1 is the least or the most.
        let rank = (share.clamp(0.0, 1.0) * last as f64).round() as u64;
        let mut seen = 0;
        let mut places = self.places().skip_while(|(_, count)| {
            seen += u64::from(*count);
            seen <= rank
        });
        places.next().map(|(place, _)| Duration::from_micros(middle(place)))
    }

    fn places(&self) -> impl Iterator<Item = (u16, u32)> {
        let mut place = 0_u16;
        self.bins.iter().map(move |(behind, count)| {
            place = place.saturating_add(*behind);
            (place, *count)
        })
    }

    /// From sorted places; those that are equal become one.
    fn from_places(places: impl IntoIterator<Item = (u16, u32)>) -> Self {
        let mut bins: Vec<(u16, u32)> = Vec::new();
        let mut at = 0;
        for (place, count) in places {
            match bins.last_mut() {
                Some((_, counted)) if place == at => *counted = counted.saturating_add(count),
                Some(_) | None => {
                    bins.push((place - at, count));
                    at = place;
                }
            }
        }
        Self { bins }
    }
}

/// The bin of a time: 0 holds 0 and 1.
fn place(micros: u64) -> u16 {
    // The longest time there is lies in bin 2,241.
    (micros.max(1) as f64).log(GROWTH).ceil() as u16
}

/// The middle of a bin, as far from its least as from its most in proportion.
fn middle(place: u16) -> u64 {
    (GROWTH.powf(f64::from(place) - 0.5)).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exact(mut times: Vec<u64>, share: f64) -> u64 {
        times.sort_unstable();
        times[(share * (times.len() - 1) as f64).round() as usize]
    }

    proptest! {
        #[test]
        fn every_percentile_is_within_two_percent(times in proptest::collection::vec(100_u64..300_000_000, 1..400)) {
            let sketch = Sketch::of(times.iter().copied());
            for share in [0.0, 0.5, 0.95, 0.99, 1.0] {
                let told = sketch.percentile(share).expect("it is not empty").as_micros() as f64;
                let exact = exact(times.clone(), share) as f64;
                prop_assert!((told - exact).abs() <= exact * 0.02, "{share}: {told} for {exact}");
            }
        }

        #[test]
        fn a_sum_of_sketches_is_the_sketch_of_all(
            some in proptest::collection::vec(any::<u64>(), 0..40),
            more in proptest::collection::vec(any::<u64>(), 0..40),
        ) {
            let mut sum = Sketch::of(some.iter().copied());
            sum.add(&Sketch::of(more.iter().copied()));
            prop_assert_eq!(sum.count(), u64::try_from(some.len() + more.len()).expect("few"));
            prop_assert_eq!(sum, Sketch::of(some.into_iter().chain(more)));
        }
    }

    #[test]
    fn an_empty_sketch_knows_nothing() {
        assert_eq!(Sketch::default().percentile(0.5), None);
    }
}
