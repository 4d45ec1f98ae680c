//! How long requests took: each to two digits, so that a thousand take no more room than ten.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// What takes longer is counted as this: Heroku's router gives up after 30 s, and what it forwards afterwards is a stream.
const MAX_MS: u64 = 60_000;
/// Digits of a time that are kept.
const DIGITS: u8 = 2;

/// Times.
#[derive(Debug, Clone, PartialEq)]
pub struct Times(Histogram<u32>);

impl Default for Times {
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, MAX_MS, DIGITS).expect("the bounds are constants in order"))
    }
}

impl Times {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        self.0.saturating_record(u64::try_from(time.as_millis()).unwrap_or(MAX_MS));
    }

    /// So many more of the same.
    pub fn add_many(&mut self, time: Duration, count: u32) {
        self.0.saturating_record_n(u64::try_from(time.as_millis()).unwrap_or(MAX_MS), count);
    }

    /// Those of another, too.
    pub fn merge(&mut self, other: &Self) {
        for bin in other.0.iter_recorded() {
            self.0.saturating_record_n(bin.value_iterated_to(), bin.count_at_value());
        }
    }

    /// Each to the digits that are kept, with how often.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Duration, u32)> {
        self.0.iter_recorded().map(|bin| (Duration::from_millis(bin.value_iterated_to()), bin.count_at_value()))
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// How many took longer than this, to the digits that are kept.
    #[must_use]
    pub fn above(&self, time: Duration) -> u64 {
        let millis = u64::try_from(time.as_millis()).unwrap_or(MAX_MS);
        let bins = self.0.iter_recorded().filter(|bin| self.0.lowest_equivalent(bin.value_iterated_to()) > millis);
        bins.map(|bin| u64::from(bin.count_at_value())).sum()
    }

    /// That which so many of a hundred are not above; nothing where there are none.
    #[must_use]
    pub fn percentile(&self, percentile: f64) -> Option<Duration> {
        (!self.0.is_empty()).then(|| Duration::from_millis(self.0.value_at_percentile(percentile)))
    }
}

/// Those that there are, each with how often.
impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bins = self.0.iter_recorded().map(|bin| (bin.value_iterated_to(), bin.count_at_value()));
        serializer.collect_seq(bins.collect::<Vec<_>>())
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut times = Self::default();
        for (value, count) in Vec::<(u64, u32)>::deserialize(deserializer)? {
            times.0.saturating_record_n(value, count);
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times(millis: &[u64]) -> Times {
        let mut times = Times::default();
        millis.iter().for_each(|millis| times.add(Duration::from_millis(*millis)));
        times
    }

    proptest! {
        #[test]
        fn times_are_read_as_they_were_written_and_add_up(
            some in prop::collection::vec(0_u64..90_000, 0..50),
            others in prop::collection::vec(0_u64..90_000, 0..50),
        ) {
            let written = postcard::to_stdvec(&times(&some)).unwrap();
            prop_assert_eq!(&postcard::from_bytes::<Times>(&written).unwrap(), &times(&some));
            let mut merged = times(&some);
            merged.merge(&times(&others));
            prop_assert_eq!(merged, times(&[some, others].concat()));
        }

        #[test]
        fn a_percentile_is_right_to_two_digits(mut millis in prop::collection::vec(1_u64..60_000, 1..200)) {
            millis.sort_unstable();
            let exact = millis[(millis.len() * 95).div_ceil(100) - 1];
            let told = u64::try_from(times(&millis).percentile(95.0).unwrap().as_millis()).unwrap();
            prop_assert!(told.abs_diff(exact) * 100 <= exact, "{} for {}", told, exact);
        }
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Times::default().percentile(95.0), None);
        assert_eq!(times(&[0]).percentile(50.0), Some(Duration::ZERO));
    }
}
