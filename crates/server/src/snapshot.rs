//! Where everything stands, read once for all who ask in the same moment: with ten thousand monitors that takes a while.

use crate::answer::Problem;
use crate::house::House;
use flyball_views::Status;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// What was read is shown for so long, unless the timeline has grown: readings that change nothing write no line there.
const SHOWN_FOR: Duration = Duration::from_secs(1);
/// And for so many times as long as it took to read, so that at most a twentieth of a core is spent on reading it again.
const SHOWN_TIMES: u32 = 20;

/// The latest.
#[derive(Default)]
pub(crate) struct Snapshot(Mutex<Option<Taken>>);

struct Taken {
    status: Arc<Status>,
    /// The timeline's last line when it was begun.
    line: i64,
    /// When, by the time that passes.
    at: Duration,
    took: Duration,
}

impl House {
    /// Where everything stands. Who asks while it is read waits for that.
    pub(crate) async fn status(&self) -> Result<Arc<Status>, Problem> {
        let mut latest = self.snapshot.0.lock().await;
        let time = &self.engine.ports().time;
        let line = self.last_line().await?;
        let at = time.passed();
        if let Some(taken) = &*latest {
            let age = at.saturating_sub(taken.at);
            let is_new = taken.line == line && age < SHOWN_FOR;
            // What costs much is shown for longer, even while lines come.
            if is_new || age < taken.took * SHOWN_TIMES {
                return Ok(Arc::clone(&taken.status));
            }
        }
        let in_force = self.in_force();
        let status = Arc::new(self.reader(&in_force).status(None).await?);
        let took = time.passed().saturating_sub(at);
        // What is read within milliseconds is never too dear to be read again.
        let took = if took < Duration::from_millis(20) { Duration::ZERO } else { took };
        *latest = Some(Taken { status: Arc::clone(&status), line, at, took });
        Ok(status)
    }

    /// Has the next who asks read it anew: something was changed from here.
    pub(crate) async fn forget_snapshot(&self) {
        *self.snapshot.0.lock().await = None;
    }
}
