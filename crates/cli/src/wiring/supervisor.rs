//! The service manager that started us, where one did: it is told when we are up, read the file again, and stop, and that the loop turns.
//! The protocol is systemd's (`sd_notify(3)`); what its library reads of the environment is `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
//! `WATCHDOG_PID`. Where nobody asks, nothing is sent.

use flyball_engine::Engine;
use flyball_engine::follow::Reading;
use sd_notify::NotifyState;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A word is late by half an interval at most, as systemd asks for.
const WORDS_AN_INTERVAL: u32 = 2;

/// The file is in force, and who asks is answered.
pub(crate) fn ready(engine: &Engine) {
    tell(&[NotifyState::Ready, NotifyState::Status(&standing(engine))]);
}

/// A changed file is taken up.
pub(crate) fn reading(engine: &Engine, reading: Reading) {
    match reading {
        // The manager matches the answer to what it asked by this time.
        Reading::Begins => match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(error) => tracing::debug!(%error, "the service manager is not told that the file is read again"),
        },
        Reading::Ends => ready(engine),
    }
}

/// No new effects from now on.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping")]);
}

/// Says at each half of the interval that the manager asks for that the loop turns, while it does, until `stop` is cancelled. A store
/// that does not answer is no reason to be killed: what is watched is watched all the same.
pub(crate) async fn watchdog(engine: Arc<Engine>, stop: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled().filter(|interval| !interval.is_zero()) else { return };
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = engine.ports().time.wait(interval / WORDS_AN_INTERVAL) => {}
        }
        if engine.turns() {
            tell(&[NotifyState::Watchdog]);
        } else {
            tracing::error!(
                "the loop does not turn; the service manager is not told that it does, and may start Flyball anew"
            );
        }
    }
}

/// In one line, for `systemctl status`.
fn standing(engine: &Engine) -> String {
    let wiring = engine.wiring();
    format!("{} monitors, {} reactions", wiring.monitors().count(), wiring.reactions().count())
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager that NOTIFY_SOCKET names cannot be told");
    }
}
