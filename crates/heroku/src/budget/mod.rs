//! The account's token budget: one bucket for everything that calls with the account's tokens.
//!
//! Heroku counts calls in one bucket per account: 4,500 tokens, about 75 back a minute. We count along, are corrected
//! by every `RateLimit-Remaining`, and refuse monitors before the bucket is empty, so that an effect still goes out.
//!
//! Source: Dev Center *limits*; `RateLimit-Remaining` on each response, no `Retry-After`.

mod bucket;

use bucket::Bucket;
pub(crate) use bucket::Refused;
use flyball_model::Timestamp;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Who asks. Monitors stop while there is a reserve; effects, and the looks around them, may use the last token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Something that observes, and can as well observe later.
    Monitors,
    /// Something that acts, or looks in order to act, or a person who waits for the answer.
    Effects,
}

/// How large a bucket is, before Heroku has said anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSize {
    /// The most tokens that it holds.
    pub capacity: u32,
    /// Tokens that come back each minute, evenly.
    pub refill_a_minute: u32,
}

impl BucketSize {
    /// Every account's. Source: Dev Center *limits*, 2025-01.
    pub const HEROKU: Self = Self { capacity: 4_500, refill_a_minute: 75 };
}

/// One account's budget. Clones share it.
#[derive(Clone)]
pub struct Budget(Arc<Shared>);

struct Shared {
    bucket: Mutex<Bucket>,
    /// Told whenever a call has ended.
    ended: Notify,
}

impl Budget {
    /// A full budget of this size.
    #[must_use]
    pub fn new(size: BucketSize) -> Self {
        Self(Arc::new(Shared { bucket: Mutex::new(Bucket::new(size)), ended: Notify::new() }))
    }

    /// Tokens left, as far as we know.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> u32 {
        self.bucket().left(now)
    }

    /// Takes a token for one call, or says when to ask again.
    pub(crate) fn take(&self, caller: Caller, now: Timestamp) -> Result<Permit, Refused> {
        self.bucket().take(caller, now)?;
        Ok(Permit { budget: self.clone(), settled: false })
    }

    /// Takes a token, and waits for the end of other calls as long as Heroku has not said how many there are.
    pub(crate) async fn take_when_told(&self, caller: Caller, now: impl Fn() -> Timestamp) -> Result<Permit, Refused> {
        loop {
            let mut ended = std::pin::pin!(self.0.ended.notified());
            // From here on no end is missed, also one between the question and the wait.
            ended.as_mut().enable();
            match self.take(caller, now()) {
                Err(Refused::Untold) => ended.await,
                taken => return taken,
            }
        }
    }

    /// Heroku said how many tokens are left, in an answer that cost none.
    pub(crate) fn told(&self, remaining: u32, now: Timestamp) {
        self.bucket().told(remaining, now);
    }

    /// A panic while the lock was held leaves a count that the next answer corrects, so poison is no reason to stop.
    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Budget {
    /// Heroku's.
    fn default() -> Self {
        Self::new(BucketSize::HEROKU)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.bucket(), f)
    }
}

/// A token that was taken for one call. Dropped without a word, also because its future was, it counts as lost.
#[must_use = "say what became of the call"]
pub(crate) struct Permit {
    budget: Budget,
    settled: bool,
}

impl Permit {
    fn settle(&mut self, settle: impl FnOnce(&mut Bucket)) {
        self.settled = true;
        settle(&mut self.budget.bucket());
        self.budget.0.ended.notify_waiters();
    }

    pub(crate) fn unsent(mut self) {
        self.settle(Bucket::unsent);
    }

    pub(crate) fn answered(mut self, remaining: Option<u32>, now: Timestamp) {
        self.settle(|bucket| bucket.answered(remaining, now));
    }

    pub(crate) fn limited(mut self, remaining: Option<u32>, now: Timestamp) {
        self.settle(|bucket| bucket.limited(remaining, now));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.settled {
            self.settle(Bucket::lost);
        }
    }
}
