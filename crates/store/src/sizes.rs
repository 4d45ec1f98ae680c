//! How much room a store takes.

/// What a database is filled with, in bytes, indexes included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Readings whose hour is not packed.
    pub rows: u64,
    /// Those of earlier hours.
    pub blocks: u64,
    /// What they are rolled up to.
    pub rollups: u64,
    /// Everything of ours.
    pub whole: u64,
}
