//! A dead-man's switch: a page elsewhere is asked for each minute while Flyball looks and remembers, so that somebody is told once it does
//! not.

use flyball_engine::Engine;
use flyball_engine::queries::SeenEngine;
use flyball_monitors::PageUrl;
use flyball_views::EngineState;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often: switches elsewhere are set to minutes.
const EVERY: Duration = Duration::from_secs(60);
/// An answer that takes longer is none; the next is asked for in time.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Asks for the page, at once and then each minute, until `stop` is cancelled.
pub(super) async fn beat(engine: Arc<Engine>, url: PageUrl, stop: CancellationToken) {
    let client = match reqwest::Client::builder().timeout(ANSWER_MAX).build() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "`heartbeat_url` cannot be asked for");
            return;
        }
    };
    loop {
        if is_well(&engine).await {
            // Its path is often a secret: an error is told without it.
            if let Err(error) = client.get(url.url().clone()).send().await.and_then(reqwest::Response::error_for_status)
            {
                tracing::warn!(error = %error.without_url(), "`heartbeat_url` does not answer as it should");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = engine.ports().time.wait(EVERY) => {}
        }
    }
}

/// Whether the loop turns and the store takes: the sign of life in the store is renewed by both.
async fn is_well(engine: &Engine) -> bool {
    let ports = engine.ports();
    match SeenEngine::on(&*ports.store, ports.clock.now()).await {
        Ok(seen) => seen.state == EngineState::Running,
        Err(error) => {
            tracing::warn!(%error, "there is no heartbeat: the store does not answer");
            false
        }
    }
}
