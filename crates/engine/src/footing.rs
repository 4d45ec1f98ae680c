//! The engine's own store: it gives a sign of life there, and looks whether the store is still its own. Once it is not, what
//! the engine writes may be read by nobody and a pause not reach it, so that it makes no effects until it is started again.

use crate::engine::Engine;
use flyball_config::Files;
use flyball_model::{EngineEvent, Event, Excerpt, StoreLoss};
use flyball_store::{Error, Sign};
use tokio_util::sync::CancellationToken;

impl Engine {
    /// Gives the first sign of life: by this process on this machine, with this file of its own.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn appear(&self, host: Excerpt, process: u32, own: &Files) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let (in_force, own) = (own.kept(), Some(own.hash()));
        let sign = Sign { node: self.node, host, process, since: now, in_force, own };
        self.ports.store.appear(&sign, now).await
    }

    /// Looks at the store and renews the sign of life, several times a second until `stop` is cancelled.
    pub async fn stay(&self, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = self.ports.time.wait(Sign::LOOK_EVERY) => {}
            }
            let renewed = async {
                if self.look_at_store().await?.is_none() {
                    self.record_signal().await?;
                    self.ports.store.renew(self.node, self.ports.clock.now()).await?;
                    // A pause is written by whoever pauses, and may end by itself.
                    self.tell_who_is_armed().await?;
                }
                Ok::<_, Error>(())
            };
            if let Err(error) = renewed.await {
                tracing::warn!(error = %error.in_full(), "the sign of life could not be renewed; trying again");
            }
        }
    }

    /// Takes the sign of life away.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn leave(&self) -> Result<(), Error> {
        self.give_back().await?;
        self.ports.store.leave(self.node).await
    }

    /// How the store was lost, as far as it was seen.
    pub(crate) fn store_loss(&self) -> Option<StoreLoss> {
        self.store_loss.get().copied()
    }

    /// Looks whether the store is still our own. That it is not is told once.
    pub(crate) async fn look_at_store(&self) -> Result<Option<StoreLoss>, Error> {
        if let Some(loss) = self.store_loss() {
            return Ok(Some(loss));
        }
        let Some(loss) = self.ports.store.loss(self.node).await? else { return Ok(None) };
        if self.store_loss.set(loss).is_ok() {
            let happened = EngineEvent::StoreLost { loss };
            tracing::error!("{happened}");
            if let Err(error) = self.tell(Event::Engine { happened }).await {
                tracing::error!(error = %error.in_full(), "the loss could not be recorded");
            }
            // Who reads this store from now on must not be told that an engine works on it.
            if let Err(error) = self.leave().await {
                tracing::debug!(error = %error.in_full(), "the sign of life stays until it is stale");
            }
        }
        Ok(Some(loss))
    }
}
