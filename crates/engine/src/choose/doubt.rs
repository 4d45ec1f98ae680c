//! Self-doubt: whether it may be we who are cut off, before dynos are made to boot anew because a page cannot be reached.

use crate::engine::Engine;
use crate::ports::{Clock, References};
use crate::wiring::Subject;
use flyball_decide::{Elsewhere, doubt};
use flyball_model::{Cause, Doubt, Effect, Timestamp};
use flyball_monitors::Monitor;
use std::time::Duration;
use tokio::sync::Mutex;

/// What the references told is good for so long: several apps whose pages fail together ask once.
const FRESH: Duration = Duration::from_secs(5);

/// What the references told last, and when. Held while they are asked: whoever waits for that finds the answer.
#[derive(Default)]
pub(crate) struct Told(Mutex<Option<(Timestamp, Vec<bool>)>>);

impl Told {
    /// Of each reference, whether it is reached; asked anew when that is not known.
    async fn or_ask(&self, references: &dyn References, clock: &dyn Clock) -> Vec<bool> {
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

impl Engine {
    /// What speaks for our being cut off ourselves, where an effect boots dynos anew because a page cannot be reached.
    pub(crate) async fn doubt(
        &self,
        effect: &Effect,
        monitor: &Monitor,
        cause: Option<Cause>,
        subject: &Subject,
    ) -> Option<Doubt> {
        let cause = cause.filter(|cause| effect.boots_anew() && cause.is_failure_to_reach())?;
        let references = self.references.or_ask(&*self.ports.references, &*self.ports.clock).await;
        let since = self.episode(monitor, self.ports.clock.now());
        let hosts = self.memory().hosts_elsewhere(monitor, &subject.app);
        doubt(cause, since, &Elsewhere { references: &references, hosts: &hosts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        async fn reached(&self) -> Vec<bool> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            self.now.fetch_add(5_000, Ordering::SeqCst);
            vec![false, false]
        }
    }

    #[tokio::test]
    async fn those_who_doubt_together_ask_once() {
        let (told, outside) = (Told::default(), Outside::default());
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
