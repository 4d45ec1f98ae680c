//! Lengths of time.

use std::time::Duration;

pub(crate) const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) const fn mins(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
