//! Monitors that are to look at once, since something came in for them.

use flyball_model::MonitorId;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Each at most once, however much came in: the look finds all of it.
#[derive(Default)]
pub(crate) struct Wanted {
    monitors: Mutex<BTreeSet<MonitorId>>,
    grown: Notify,
}

impl Wanted {
    /// This one is to look.
    pub(crate) fn add(&self, monitor: MonitorId) {
        self.monitors.lock().unwrap_or_else(PoisonError::into_inner).insert(monitor);
        self.grown.notify_one();
    }

    /// Takes those that can look now. The others wait: a look that is under way may have begun before it came in.
    pub(crate) fn take(&self, can_look: impl Fn(MonitorId) -> bool) -> Vec<MonitorId> {
        let mut monitors = self.monitors.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, waiting) = std::mem::take(&mut *monitors).into_iter().partition(|monitor| can_look(*monitor));
        *monitors = waiting;
        let taken: BTreeSet<MonitorId> = taken;
        taken.into_iter().collect()
    }

    /// Whether some wait.
    pub(crate) fn waits(&self) -> bool {
        !self.monitors.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Until one more is to look.
    pub(crate) async fn grown(&self) {
        self.grown.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn who_looks_already_looks_again_afterwards() {
        let (wanted, one, other) = (Wanted::default(), MonitorId(Uuid::from_u128(1)), MonitorId(Uuid::from_u128(2)));
        for monitor in [other, one, one] {
            wanted.add(monitor);
        }
        assert_eq!(wanted.take(|monitor| monitor != one), [other]);
        assert!(wanted.waits());
        assert_eq!(wanted.take(|_| true), [one]);
        assert!(!wanted.waits());
    }
}
