//! That the timeline has grown, for those who show it: one of them asks, and all hear of it. On a shared store others write as well,
//! so that it is asked for and not only told from within.

use crate::ports::Time;
use flyball_store::{Error, Store, TimelinePage};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often the timeline is asked: no person sees the difference, and it is one row by its key.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// The number of the timeline's last line, as it grows.
#[derive(Debug, Clone)]
pub struct Growth(watch::Receiver<i64>);

impl Growth {
    /// The number of the last line.
    #[must_use]
    pub fn last(&self) -> i64 {
        *self.0.borrow()
    }

    /// Waits until there is a line behind `number`; at once where there is.
    pub async fn beyond(&mut self, number: i64) {
        if self.0.wait_for(|last| *last > number).await.is_err() {
            // Nobody asks any more: whoever waits is about to be stopped.
            std::future::pending::<()>().await;
        }
    }
}

/// Watches the timeline grow until `stop` is cancelled.
///
/// # Errors
///
/// When the store does not answer at the beginning; later it is asked again.
pub async fn growth(
    store: Arc<dyn Store>,
    time: Arc<dyn Time>,
    stop: CancellationToken,
) -> Result<(Growth, impl Future<Output = ()> + Send), Error> {
    let (sender, receiver) = watch::channel(last(&*store).await?);
    let watching = async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = time.wait(ASK_EVERY) => {}
            }
            match last(&*store).await {
                Ok(number) => {
                    sender.send_if_modified(|known| std::mem::replace(known, number) != number);
                }
                Err(error) => tracing::warn!(%error, "whether the timeline has grown cannot be seen"),
            }
        }
    };
    Ok((Growth(receiver), watching))
}

async fn last(store: &dyn Store) -> Result<i64, Error> {
    let page = TimelinePage { lines: 1, ..TimelinePage::default() };
    Ok(store.timeline(&page).await?.last().map_or(0, |line| line.number))
}
