//! Everything that looks like chance: seeded streams, one for each purpose, so that adding a draw moves no other.

use uuid::Uuid;

/// One stream of numbers (SplitMix64, by Steele, Lea and Flood: small, well mixed, and the same on every machine).
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

impl Stream {
    fn new(seed: u64, purpose: u64) -> Self {
        let mut stream = Self(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        // The first number of neighbouring seeds is alike; the second is not.
        stream.next();
        stream
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..bound`. The bias of the remainder is far below anything that a scenario could notice.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// A number in `0.0..1.0`.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 can hold exactly.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A UUID in lower case, as every id of the Platform API is. Source: platform-api 1 (S26).
    pub(crate) fn uuid(&mut self) -> Uuid {
        let (high, low) = (self.next(), self.next());
        uuid::Builder::from_u128((u128::from(high) << 64) | u128::from(low))
            .with_variant(uuid::Variant::RFC4122)
            .with_version(uuid::Version::Random)
            .into_uuid()
    }

    /// Lower-case letters and digits, as in the replica-set names of Fir.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        (0..count).map(|_| char::from(ALPHABET[self.below(36) as usize])).collect()
    }
}

/// The finishing step of SplitMix64: a good one-to-one mix of 64 bits.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The streams of one world.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    /// Ids of apps, dynos, releases, drains.
    pub(crate) ids: Stream,
    /// The numbers in `run.1234`, and Fir's names.
    pub(crate) names: Stream,
    /// When a dyno is cycled.
    pub(crate) cycles: Stream,
    /// Which calls a fault with a probability hits.
    pub(crate) faults: Stream,
    /// Our parts of `Request-Id`.
    pub(crate) requests: Stream,
    /// The requests of visitors that lines tell of, one by one.
    pub(crate) lines: Stream,
    /// Ids of frames, and what goes wrong with drains.
    pub(crate) frames: Stream,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            ids: Stream::new(seed, 1),
            names: Stream::new(seed, 2),
            cycles: Stream::new(seed, 3),
            faults: Stream::new(seed, 4),
            requests: Stream::new(seed, 5),
            lines: Stream::new(seed, 6),
            frames: Stream::new(seed, 7),
        }
    }
}
