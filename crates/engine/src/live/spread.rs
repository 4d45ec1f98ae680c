//! How lengths of time are spread, in buckets that stay the same, so that those of several processes and days add up.

use std::time::Duration;

/// Lengths of time: how many there were up to each bound, how many at all, and how long they were together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spread {
    within: [u64; Spread::BOUNDS.len()],
    /// How many there were, those beyond the last bound too.
    pub count: u64,
    /// How long all of them were together.
    pub sum: Duration,
}

impl Spread {
    /// The bounds: from what a commit to a fast disk takes to what nobody waits for.
    pub const BOUNDS: [Duration; 11] = [
        Duration::from_millis(1),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_secs(1),
        Duration::from_secs(5),
        Duration::from_secs(15),
        Duration::from_secs(60),
    ];

    /// Counts one more.
    pub fn record(&mut self, length: Duration) {
        if let Some(bucket) = Self::BOUNDS.iter().position(|bound| length <= *bound) {
            self.within[bucket] += 1;
        }
        self.count += 1;
        self.sum += length;
    }

    /// Each bound, and how many were no longer.
    pub fn up_to(&self) -> impl Iterator<Item = (Duration, u64)> {
        let sums = self.within.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        Self::BOUNDS.into_iter().zip(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_at_each_bound_that_it_is_not_beyond() {
        let (millisecond, minute) = (Duration::from_millis(1), Duration::from_secs(60));
        for (length, up_to_a_millisecond, up_to_a_second, up_to_a_minute) in [
            (Duration::ZERO, 1, 1, 1),
            (millisecond, 1, 1, 1),
            (Duration::from_micros(1001), 0, 1, 1),
            (Duration::from_millis(1001), 0, 0, 1),
            (minute, 0, 0, 1),
            (minute + millisecond, 0, 0, 0),
        ] {
            let mut spread = Spread::default();
            spread.record(length);
            let of = |bound| spread.up_to().find(|(one, _)| *one == bound).map(|(_, count)| count);
            let found = (of(millisecond), of(Duration::from_secs(1)), of(minute));
            assert_eq!(found, (Some(up_to_a_millisecond), Some(up_to_a_second), Some(up_to_a_minute)), "{length:?}");
            assert_eq!((spread.count, spread.sum), (1, length));
        }
        assert!(Spread::BOUNDS.is_sorted());
    }
}
