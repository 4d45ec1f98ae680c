//! Everything that looks like chance comes from here.

/// A stream of numbers (SplitMix64, by Steele, Lea and Flood: small, well mixed, and the same on every machine).
#[derive(Debug, Clone)]
pub(crate) struct Stream(u64);

impl Stream {
    /// The stream of a seed for one purpose, so that a draw more of one load moves no other.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut stream = Self(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        // The first number of neighbouring seeds is alike; the second is not.
        stream.next();
        stream
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `least` up to `most`.
    pub(crate) fn between(&mut self, least: f64, most: f64) -> f64 {
        // 53 bits are what an f64 can hold exactly.
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        least + unit * (most - least)
    }
}
