//! Everything that looks like chance: seeded streams, one for each purpose, so that adding a draw moves no other.
//!
//! What befalls a call is drawn by its line and its number, and not from a running stream: that the 3rd `POST
//! /apps/shop/releases` is cut does not change when something else of the story is left out.

use flyball_testing::Numbers;
use std::time::Duration;

/// What a stream is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Apps = 1,
    Monitors,
    Reactions,
    Troubles,
    People,
    Process,
    Rates,
    Fates,
    Latencies,
    Instance,
    Waits,
    Order,
    Crowd,
    Machines,
    Told,
}

/// One stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stream(Numbers);

impl Stream {
    /// The stream of a seed for a purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        Self(Numbers::new(seed ^ (purpose as u64).wrapping_mul(0xd134_2543_de82_ef95)))
    }

    /// The stream of one call: the `nth` of this line.
    pub(crate) fn of_call(seed: u64, purpose: Purpose, line: &str, nth: u32) -> Self {
        // FNV-1a: a hash that is the same in every release of the compiler.
        let hash = line
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Self::new(seed ^ hash.rotate_left(17) ^ u64::from(nth).wrapping_mul(0x9e6c_63d0_876a_3f6b), purpose)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// A number in `0..bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A number in `from..=to`.
    pub(crate) fn between(&mut self, from: u32, to: u32) -> u32 {
        let span = u64::from(to.saturating_sub(from)) + 1;
        from + u32::try_from(self.below(span)).expect("a number within 32 bits")
    }

    /// A length of time from `from` to `to`, in milliseconds.
    pub(crate) fn time(&mut self, from: Duration, to: Duration) -> Duration {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (from, to) = (millis(from), millis(to));
        Duration::from_millis(from + self.below(to.saturating_sub(from) + 1))
    }

    /// A number from 0 up to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 can hold exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this likelihood, 0 to 1, happens.
    pub(crate) fn happens(&mut self, likelihood: f64) -> bool {
        self.unit() < likelihood
    }

    /// One of several.
    pub(crate) fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).expect("a few choices")].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_a_stream_of_its_own_and_so_has_every_call() {
        let first = |mut stream: Stream| stream.next();
        let numbers = [
            first(Stream::new(1, Purpose::Apps)),
            first(Stream::new(2, Purpose::Apps)),
            first(Stream::new(1, Purpose::Fates)),
            first(Stream::of_call(1, Purpose::Fates, "store save", 1)),
            first(Stream::of_call(1, Purpose::Fates, "store save", 2)),
            first(Stream::of_call(1, Purpose::Fates, "store end", 1)),
        ];
        let distinct: std::collections::BTreeSet<u64> = numbers.into_iter().collect();
        assert_eq!(distinct.len(), numbers.len());
    }

    #[test]
    fn what_is_drawn_lies_within_its_bounds() {
        let mut stream = Stream::new(7, Purpose::Apps);
        for _ in 0..1000 {
            assert!((2..=4).contains(&stream.between(2, 4)));
            let time = stream.time(Duration::from_secs(1), Duration::from_secs(2));
            assert!(time >= Duration::from_secs(1) && time <= Duration::from_secs(2));
        }
        assert!(stream.happens(1.0) && !stream.happens(0.0));
    }
}
