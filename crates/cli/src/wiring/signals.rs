//! What the operating system tells us to do.

use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Returns when a person, or whoever supervises us, asks us to stop: Ctrl-C or SIGTERM.
#[cfg(unix)]
pub(crate) async fn stopped_by_person() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be waited for, and will end the process at once");
            let _pressed = tokio::signal::ctrl_c().await;
        }
    }
}

/// Returns when a person asks us to stop: Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn stopped_by_person() {
    let _pressed = tokio::signal::ctrl_c().await;
}

/// Tells of every SIGHUP, until `stop` is cancelled.
#[cfg(unix)]
pub(crate) async fn hangups(heard: Arc<Notify>, stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::warn!(%error, "SIGHUP cannot be waited for"),
    };
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hangup.recv() => heard.notify_one(),
        }
    }
}

/// There is no SIGHUP here.
#[cfg(not(unix))]
pub(crate) async fn hangups(_: Arc<Notify>, stop: CancellationToken) {
    stop.cancelled().await;
}

/// SIGUSR1, by which everything is held where the database cannot be written. Listened to from when it is made.
pub(crate) struct Held {
    #[cfg(unix)]
    signals: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Held {
    /// Listens from now on; what comes before it is told is told then.
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = signal(SignalKind::user_defined1());
        let told =
            |error: &std::io::Error| tracing::warn!(%error, "SIGUSR1 cannot be waited for, and would end the process");
        Self { signals: signals.inspect_err(told).ok() }
    }

    /// Tells of every one, until `stop` is cancelled.
    pub(crate) async fn tell(self, held: impl Fn(), stop: CancellationToken) {
        let Some(mut signals) = self.signals else { return };
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                heard = signals.recv() => match heard {
                    Some(()) => held(),
                    None => return,
                },
            }
        }
    }
}

/// There is no SIGUSR1 here.
#[cfg(not(unix))]
impl Held {
    pub(crate) fn listen() -> Self {
        Self {}
    }

    pub(crate) async fn tell(self, _held: impl Fn(), stop: CancellationToken) {
        stop.cancelled().await;
    }
}
