//! Where everything stands, read once for all who ask in the same moment: with ten thousand monitors that takes a while.

use crate::answer::Problem;
use crate::house::House;
use flyball_engine::queries::Reader;
use flyball_engine::{Engine, InForce};
use flyball_store::Error;
use flyball_views::Status;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// What was read is shown for so long, unless the timeline has grown: readings that change nothing write no line there.
const SHOWN_FOR: Duration = Duration::from_secs(1);
/// And for so many times as long as it took to read, so that at most a twentieth of a core is spent on reading it again.
const SHOWN_TIMES: u32 = 20;
/// What is older is shown once more, up to so many times as long as it took, while it is read anew: nobody who looks again and again
/// waits for that. Who comes later waits, and sees what is so.
const MEANWHILE_TIMES: u32 = 60;
/// What is read within this time is never too dear to be read again.
const CHEAP: Duration = Duration::from_millis(20);

/// The latest.
#[derive(Clone, Default)]
pub(crate) struct Snapshot {
    taken: Arc<Mutex<Option<Taken>>>,
    /// Whoever reads it anew: one at a time.
    turn: Arc<Turn<()>>,
}

#[derive(Clone)]
struct Taken {
    status: Arc<Status>,
    /// What was in force: once that is something else, nobody is shown what was before, however dear it was.
    in_force: Arc<InForce>,
    reading: Reading,
}

/// How it was read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// The timeline's last line when it was begun.
    line: i64,
    /// When, by the time that passes.
    at: Duration,
    took: Duration,
}

/// Whether what was read is still shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Still,
    /// While it is read anew.
    Meanwhile,
    NoMore,
}

impl Reading {
    /// When the timeline's last line is this one.
    fn shown(self, line: i64, now: Duration) -> Shown {
        let age = now.saturating_sub(self.at);
        let dear = if self.took < CHEAP { Duration::ZERO } else { self.took };
        // What costs much is shown for longer, even while lines come.
        if (self.line >= line && age < SHOWN_FOR) || age < dear * SHOWN_TIMES {
            Shown::Still
        } else if age < dear * MEANWHILE_TIMES {
            Shown::Meanwhile
        } else {
            Shown::NoMore
        }
    }
}

impl House {
    /// Where everything stands. Who asks while it is read for the first time waits for that.
    pub(crate) async fn status(&self) -> Result<Arc<Status>, Problem> {
        let line = self.last_line().await?;
        let (engine, snapshot) = (&self.engine, &self.snapshot);
        match snapshot.shown(engine, line) {
            Some((status, Shown::Still)) => return Ok(status),
            Some((status, Shown::Meanwhile)) => {
                if let Ok(turn) = Arc::clone(&snapshot.turn).try_lock_owned() {
                    engine.ports().tasks.start(Box::pin(read_meanwhile(
                        Arc::clone(engine),
                        snapshot.clone(),
                        line,
                        turn,
                    )));
                }
                return Ok(status);
            }
            Some((_, Shown::NoMore)) | None => {}
        }
        let _turn = snapshot.turn.lock().await;
        // Somebody may have read it while this one waited.
        match snapshot.shown(engine, line) {
            Some((status, Shown::Still)) => Ok(status),
            _ => Ok(snapshot.read(engine, line).await?),
        }
    }

    /// Has the next who asks read it anew: something was changed from here.
    pub(crate) async fn forget_snapshot(&self) {
        // What is being read was begun before that change.
        let _turn = self.snapshot.turn.lock().await;
        *self.snapshot.taken() = None;
    }
}

impl Snapshot {
    fn taken(&self) -> MutexGuard<'_, Option<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self, engine: &Engine, line: i64) -> Option<(Arc<Status>, Shown)> {
        let taken = self.taken().clone()?;
        let is_in_force = engine.in_force().is_some_and(|in_force| Arc::ptr_eq(&in_force, &taken.in_force));
        is_in_force.then(|| (taken.status, taken.reading.shown(line, engine.ports().time.passed())))
    }

    /// Reads it, in this one's turn.
    async fn read(&self, engine: &Engine, line: i64) -> Result<Arc<Status>, Error> {
        let (ports, in_force) = (engine.ports(), engine.in_force().unwrap_or_default());
        let at = ports.time.passed();
        let reader = Reader::of(&*ports.store, &in_force, ports.clock.now()).as_seen().await?;
        let status = Arc::new(reader.status(None).await?);
        let reading = Reading { line, at, took: ports.time.passed().saturating_sub(at) };
        *self.taken() = Some(Taken { status: Arc::clone(&status), in_force: Arc::clone(&in_force), reading });
        Ok(status)
    }
}

/// Reads it while what was read before is shown. Where that fails, whoever comes later is told.
async fn read_meanwhile(engine: Arc<Engine>, snapshot: Snapshot, line: i64, turn: OwnedMutexGuard<()>) {
    if let Err(error) = snapshot.read(&engine, line).await {
        tracing::warn!(%error, "where everything stands could not be read anew");
    }
    drop(turn);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_much_is_shown_for_longer_and_then_while_it_is_read_anew() {
        for (took_ms, line, age_ms, shown) in [
            (5, 7, 900, Shown::Still),
            (5, 8, 0, Shown::NoMore),
            (5, 7, 1_000, Shown::NoMore),
            (400, 8, 7_900, Shown::Still),
            (400, 7, 8_000, Shown::Meanwhile),
            (400, 8, 23_900, Shown::Meanwhile),
            (400, 7, 24_000, Shown::NoMore),
        ] {
            let at = Duration::from_secs(3);
            let reading = Reading { line: 7, at, took: Duration::from_millis(took_ms) };
            let now = at + Duration::from_millis(age_ms);
            assert_eq!(reading.shown(line, now), shown, "{took_ms} ms, line {line}, after {age_ms} ms");
        }
    }
}
