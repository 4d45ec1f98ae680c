//! The references: places that have nothing to do with what is watched. Whether they are reached tells whether it may be
//! we who are cut off.

use crate::ports::{Clock, References};
use flyball_decide::FRESH;
use flyball_model::{Reference, Timestamp};
use tokio::sync::Mutex;

/// What the references told last, and when. Held while they are asked: whoever waits for that finds the answer.
#[derive(Default)]
pub(crate) struct Reached(Mutex<Option<(Timestamp, Vec<Reference>)>>);

impl Reached {
    /// The references, each with whether it is reached; asked anew when that is not known. Several apps whose pages fail together
    /// ask once.
    pub(crate) async fn or_ask(&self, references: &dyn References, clock: &dyn Clock) -> Vec<Reference> {
        let mut told = self.0.lock().await;
        let now = clock.now();
        if let Some((at, reached)) = &*told
            && *at <= now
            && now.since(*at) < FRESH
        {
            return reached.clone();
        }
        let reached = references.reached().await;
        *told = Some((clock.now(), reached.clone()));
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Excerpt;
    use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

    #[derive(Default)]
    struct Outside {
        now: AtomicI64,
        asked: AtomicU32,
    }

    impl Clock for Outside {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.now.load(Ordering::SeqCst))
        }
    }

    #[async_trait::async_trait]
    impl References for Outside {
        /// As long as it takes until they are given up.
        async fn reached(&self) -> Vec<Reference> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.now.fetch_add(5_000, Ordering::SeqCst);
            let missed = |address: &str| Reference { address: Excerpt::of(address), reached: false };
            vec![missed("a.example:443"), missed("b.example:443")]
        }
    }

    #[tokio::test]
    async fn those_who_doubt_together_ask_once() {
        let (told, outside) = (Reached::default(), Outside::default());
        let ask = || told.or_ask(&outside, &outside);
        let asked = || outside.asked.load(Ordering::SeqCst);
        let all = tokio::join!(ask(), ask(), ask());
        assert_eq!((all.0.len(), all.1.len(), all.2.len(), asked()), (2, 2, 2, 1));
        outside.now.fetch_add(4_999, Ordering::SeqCst);
        ask().await;
        assert_eq!(asked(), 1, "it is fresh");
        outside.now.fetch_add(1, Ordering::SeqCst);
        ask().await;
        assert_eq!(asked(), 2);
        outside.now.fetch_sub(60_000, Ordering::SeqCst);
        ask().await;
        assert_eq!(asked(), 3, "a clock that was set back makes nothing fresh");
    }
}
