//! Ids that only count.

use flyball_engine::Ids;
use flyball_model::{RunId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Ids that count on over restarts. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct CountedIds(Arc<AtomicU64>);

impl CountedIds {
    /// The next number, from 1 on.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

impl Ids for CountedIds {
    fn run(&self, now: Timestamp) -> RunId {
        let millis = u64::try_from(now.as_millis()).expect("stories play after 1970");
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&self.next().to_be_bytes());
        RunId(uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid())
    }
}
