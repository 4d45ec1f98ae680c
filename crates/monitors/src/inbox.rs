//! What came in for monitors, and whether it could have come in at all: silence says something only where somebody listened.

use crate::kinds::Levels;
use crate::means::Look;
use async_trait::async_trait;
use flyball_model::{AppName, Finding, MonitorId, Signal, Timestamp};
use flyball_signals::Slot;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Keeps what came in for monitors. What it cannot do, it says in words.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// What came in for a monitor, in the order in which it came.
    async fn signals(&self, monitor: MonitorId) -> Result<Vec<Signal>, String>;

    /// When somebody looked with this monitor last, in this process or another.
    async fn last_look(&self, monitor: MonitorId) -> Result<Option<Timestamp>, String>;

    /// What this monitor found last, in this process or another.
    async fn last_finding(&self, monitor: MonitorId) -> Result<Option<Finding>, String>;

    /// What an app told by its drain and its adapters since then, in the order of time, each slot once.
    async fn told(&self, app: &AppName, since: Timestamp) -> Result<Vec<(Timestamp, Slot)>, String>;

    /// Remembers that a sign is awaited from here on, whatever came before. Who only looks on does nothing.
    async fn await_anew(&self, monitor: MonitorId, at: Timestamp) -> Result<(), String>;
}

/// An inbox, and since when things can come into it.
pub(crate) struct Listening {
    inbox: Arc<dyn Inbox>,
    since: Timestamp,
    /// When this process looked with each monitor last.
    looked: Mutex<HashMap<MonitorId, Timestamp>>,
}

/// A time in which nothing could come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deaf {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// A process that stood still, or a clock that was set forward, shows as a gap of more looks than this, and of this time more.
const LOOKS_MISSED: u32 = 3;
const STANDS_STILL: Duration = Duration::from_secs(60);

impl Listening {
    pub(crate) fn to(inbox: Arc<dyn Inbox>, since: Timestamp) -> Self {
        Self { inbox, since, looked: Mutex::default() }
    }

    /// What the monitor that looks found last.
    pub(crate) async fn found_last(&self, look: Look<'_>) -> Result<Option<Finding>, String> {
        self.inbox.last_finding(look.monitor).await
    }

    /// What came in for the monitor that looks.
    pub(crate) async fn signals(&self, look: Look<'_>) -> Result<Vec<Signal>, String> {
        self.inbox.signals(look.monitor).await
    }

    /// What an app told by its drain since then; and what the monitor that looks found last, where that counts.
    pub(crate) async fn told(
        &self,
        app: &AppName,
        since: Timestamp,
        look: Look<'_>,
        levels: &Levels,
    ) -> Result<(Vec<(Timestamp, Slot)>, Option<Finding>), String> {
        let before = if levels.goes_by_before() { self.inbox.last_finding(look.monitor).await? } else { None };
        Ok((self.inbox.told(app, since).await?, before))
    }

    /// The same, where silence counts: once `may_have_missed` says of what came, and of a time in which nothing could, that something
    /// may have been lost, a sign is awaited anew.
    pub(crate) async fn signals_or_silence(
        &self,
        look: Look<'_>,
        may_have_missed: impl Fn(&[Signal], Option<Deaf>) -> bool + Send,
    ) -> Result<Vec<Signal>, String> {
        let in_process = self.looked.lock().unwrap_or_else(PoisonError::into_inner).get(&look.monitor).copied();
        let last = match in_process {
            Some(at) => Some(at),
            None => self.inbox.last_look(look.monitor).await?,
        };
        let signals = self.inbox.signals(look.monitor).await?;
        let signals = if may_have_missed(&signals, deaf(last, self.since, look)) {
            self.inbox.await_anew(look.monitor, look.begun_at).await?;
            self.inbox.signals(look.monitor).await?
        } else {
            signals
        };
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).insert(look.monitor, look.begun_at);
        Ok(signals)
    }
}

/// When nothing could come in since somebody looked last. Outside of its hours nobody looks with a monitor, and what comes in is heard all the
/// same: a night is no gap.
fn deaf(last: Option<Timestamp>, since: Timestamp, look: Look<'_>) -> Option<Deaf> {
    let now = look.begun_at;
    let Some(last) = last else { return Some(Deaf { from: Timestamp::EPOCH, until: now }) };
    let is_gap = |from: Timestamp, until: Timestamp| until.since(from) > look.every * LOOKS_MISSED + STANDS_STILL;
    let rested = look.during.and_then(|hours| {
        let ended = hours.next_change(last);
        (ended <= now).then(|| (ended, hours.closed_until(ended).unwrap_or(ended)))
    });
    let stood_still = match rested {
        Some((ended, began)) => is_gap(last, ended) || is_gap(began, now),
        None => is_gap(last, now),
    };
    if stood_still {
        // The monitor was not in the file, nobody ran, or the clock was set.
        return Some(Deaf { from: last, until: now });
    }
    (last < since).then_some(Deaf { from: last, until: since })
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::Hours;
    use uuid::Uuid;

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(1_000_000 + second)
    }

    #[test]
    fn nothing_comes_in_while_nobody_runs() {
        let deaf_from = |from, until| Some(Deaf { from, until: at(until) });
        // They end at 22400, and begin at 65600.
        let hours: Hours = "daily 08:00-20:00 UTC".parse().unwrap();
        for (case, during, last, since, now, expected) in [
            ("it has looked of late", None, Some(70), 0, 100, None),
            ("the process was started anew", None, Some(70), 90, 100, deaf_from(at(70), 90)),
            ("another process has looked, and this one listened", None, Some(70), 0, 75, None),
            ("nobody ever looked", None, None, 0, 100, deaf_from(Timestamp::EPOCH, 100)),
            ("the monitor comes back into the file", None, Some(0), 0, 5000, deaf_from(at(0), 5000)),
            ("some looks were late", None, Some(0), 0, 150, None),
            ("the clock was set back", None, Some(500), 0, 100, None),
            ("outside of its hours it does not look", Some(&hours), Some(22_390), 0, 65_610, None),
            ("within them it does", Some(&hours), Some(0), 0, 5000, deaf_from(at(0), 5000)),
            (
                "the process was started anew outside of them",
                Some(&hours),
                Some(22_390),
                30_000,
                65_610,
                deaf_from(at(22_390), 30_000),
            ),
            ("it stood still before they ended", Some(&hours), Some(0), 0, 65_610, deaf_from(at(0), 65_610)),
            ("and when they began", Some(&hours), Some(22_390), 0, 70_000, deaf_from(at(22_390), 70_000)),
        ] {
            let look =
                Look { monitor: MonitorId(Uuid::nil()), every: Duration::from_secs(30), during, begun_at: at(now) };
            assert_eq!(deaf(last.map(at), at(since), look), expected, "{case}");
        }
    }

    #[derive(Default)]
    struct Kept {
        signals: Mutex<Vec<Signal>>,
        last: Mutex<Option<Timestamp>>,
    }

    #[async_trait]
    impl Inbox for Kept {
        async fn signals(&self, _: MonitorId) -> Result<Vec<Signal>, String> {
            Ok(self.signals.lock().unwrap().clone())
        }

        async fn last_look(&self, _: MonitorId) -> Result<Option<Timestamp>, String> {
            Ok(*self.last.lock().unwrap())
        }

        async fn last_finding(&self, _: MonitorId) -> Result<Option<Finding>, String> {
            Ok(None)
        }

        async fn told(&self, _: &AppName, _: Timestamp) -> Result<Vec<(Timestamp, Slot)>, String> {
            Ok(Vec::new())
        }

        async fn await_anew(&self, _: MonitorId, at: Timestamp) -> Result<(), String> {
            let words = flyball_model::Excerpt::default();
            self.signals.lock().unwrap().push(Signal { at, kind: flyball_model::SignalKind::Awaited, words });
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_is_awaited_anew_is_remembered_over_a_restart() {
        let kept = Arc::new(Kept::default());
        let look = |second| Look {
            monitor: MonitorId(Uuid::nil()),
            every: Duration::from_secs(30),
            during: None,
            begun_at: at(second),
        };
        let missed = |signals: &[Signal], deaf: Option<Deaf>| signals.is_empty() || deaf.is_some();
        let awaited = |signals: Vec<Signal>| signals.iter().map(|signal| signal.at).collect::<Vec<_>>();
        let first = Listening::to(Arc::clone(&kept) as Arc<dyn Inbox>, at(0));
        for (second, expected) in [(0, &[at(0)][..]), (30, &[at(0)]), (60, &[at(0)]), (900, &[at(0), at(900)])] {
            assert_eq!(awaited(first.signals_or_silence(look(second), missed).await.unwrap()), expected, "{second}");
        }
        *kept.last.lock().unwrap() = Some(at(900));
        let second = Listening::to(Arc::clone(&kept) as Arc<dyn Inbox>, at(910));
        let expected = [at(0), at(900), at(915)];
        for again in [915, 945] {
            assert_eq!(awaited(second.signals_or_silence(look(again), missed).await.unwrap()), expected, "{again}");
        }
    }
}
