//! Whether a call that failed is sent again: values in, a decision out, chance among the values.

use crate::{Caller, Error, ErrorKind};
use flyball_model::Timestamp;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How long a read may take in all: its pages, its repeats, and the waits between them.
///
/// Whoever holds a run's claim for a minute makes up to four reads before the call; four times this is 48 s, so that a
/// look ends inside of the claim. Longer than one page's limit, so that a read that timed out once has another try.
pub const READ_TOTAL: Duration = Duration::from_secs(12);

/// The longest wait before the first repeat, and before the second; there is no third. Heroku's router goes round a
/// sick host within a second, and trouble that lasts longer is the caller's to wait for.
const WAITS: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(1)];

/// An attempt that would have less time than this is not made: Heroku's own answers take about this long.
const WORTHWHILE: Duration = Duration::from_secs(1);

/// Waits. Built once, in `main`.
pub type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
/// Draws a number from 0 up to 1, evenly. Built once, in `main`.
pub type Chance = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Whether calls are sent again, and by whose clock and chance they wait for it.
///
/// | call | time limit | sent again |
/// | --- | --- | --- |
/// | a change | [`CHANGE_DEADLINE`](crate::CHANGE_DEADLINE) | never: it may have taken effect, and the caller's loop decides anew from what it sees |
/// | a read by [`Caller::Monitors`] | [`READ_DEADLINE`](crate::READ_DEADLINE) a page, [`READ_TOTAL`] in all | never: the monitor's next interval is the retry |
/// | a read by [`Caller::Effects`] | the same | at most twice in all, after trouble that may pass, and up to 0.25 s, then 1 s |
///
/// Trouble that may pass is a 5xx, a 408, a connection that was refused or broke, and a time-out. Whatever else Heroku
/// says, it says again: 401, 402, 403, 404, 409, 422. A 429 pauses the whole account ([`crate::Budget`]), and an answer
/// that was not understood is not understood twice. Each attempt takes a token of its own and is counted singly.
///
/// Source of the waits: *full jitter*, AWS Architecture Blog 2015-03 "Exponential Backoff And Jitter": clients that
/// failed in the same moment must not come back in the same moment.
#[derive(Clone)]
pub struct Retries(Option<Means>);

#[derive(Clone)]
struct Means {
    pause: Pause,
    chance: Chance,
}

impl Retries {
    /// Reads by [`Caller::Effects`] are sent again after trouble that may pass: at most twice, within [`READ_TOTAL`].
    #[must_use]
    pub fn new(pause: Pause, chance: Chance) -> Self {
        Self(Some(Means { pause, chance }))
    }

    /// Nothing is ever sent again: where time stands still, and where each call is counted.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Waits before the next attempt; the error comes back when there is to be none.
    pub(super) async fn wait(&self, caller: Caller, error: Error, spent: Spent) -> Result<(), Error> {
        let Some(Means { pause, chance }) = &self.0 else { return Err(error) };
        match then(caller, &error, spent, chance()) {
            Then::GiveUp => Err(error),
            Then::Again { after } => {
                let (call, wait_ms) = (error.call().name(), u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
                tracing::debug!(call, wait_ms, %error, "a read of Heroku is sent again");
                pause(after).await;
                Ok(())
            }
        }
    }
}

/// What one call of the port has used up: its pages share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Patience {
    began: Timestamp,
    repeats: usize,
}

impl Patience {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { began: now, repeats: 0 }
    }

    /// How long the next attempt may take, if there is any time left.
    pub(super) fn left(&self, now: Timestamp) -> Option<Duration> {
        READ_TOTAL.checked_sub(now.since(self.began)).filter(|left| !left.is_zero())
    }

    pub(super) fn spent(&self, now: Timestamp) -> Spent {
        Spent { repeats: self.repeats, time: now.since(self.began) }
    }

    pub(super) fn repeat(&mut self) {
        self.repeats += 1;
    }
}

/// What a call has cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    /// Attempts beyond the first.
    repeats: usize,
    /// Since its start.
    time: Duration,
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// It is made again.
    Again {
        /// After this wait.
        after: Duration,
    },
    /// The caller is told.
    GiveUp,
}

/// The decision. `draw` is from 0 up to 1; any other number waits longest.
fn then(caller: Caller, error: &Error, spent: Spent, draw: f64) -> Then {
    if error.call().is_change() || caller == Caller::Monitors || !may_pass(error.kind()) {
        return Then::GiveUp;
    }
    let Some(longest) = WAITS.get(spent.repeats) else { return Then::GiveUp };
    let part = if (0.0..1.0).contains(&draw) { draw } else { 1.0 };
    let after = longest.mul_f64(part);
    if spent.time + after + WORTHWHILE > READ_TOTAL { Then::GiveUp } else { Then::Again { after } }
}

/// Whether the same question may be answered in a moment.
fn may_pass(kind: &ErrorKind) -> bool {
    match kind {
        ErrorKind::Server { .. } | ErrorKind::TimedOut | ErrorKind::Connect | ErrorKind::Broken => true,
        // A router's word for a request that it lost sight of.
        ErrorKind::Unexpected { status } => *status == 408,
        ErrorKind::Unauthorized
        | ErrorKind::Stopped { .. }
        | ErrorKind::TwoFactor
        | ErrorKind::Forbidden
        | ErrorKind::Suspended
        | ErrorKind::Delinquent
        | ErrorKind::NotFound { .. }
        | ErrorKind::Conflict
        | ErrorKind::Invalid { .. }
        | ErrorKind::RateLimited
        | ErrorKind::OverBudget { .. }
        | ErrorKind::Unreadable
        | ErrorKind::ReadOnly => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Call;

    fn app() -> flyball_model::AppName {
        "shop".parse().unwrap()
    }

    fn decided(caller: Caller, call: Call, kind: ErrorKind, (repeats, ms): (usize, u64), draw: f64) -> Option<u64> {
        let spent = Spent { repeats, time: Duration::from_millis(ms) };
        match then(caller, &Error::new(call, kind), spent, draw) {
            Then::Again { after } => Some(u64::try_from(after.as_millis()).unwrap()),
            Then::GiveUp => None,
        }
    }

    #[test]
    fn the_table() {
        use Caller::{Effects, Monitors};
        let trouble = || ErrorKind::Server { status: 503 };
        let (read, change) = (|| Call::App { app: app() }, || Call::RestartAll { app: app() });
        // (who, what, why it failed, (repeats, ms spent), draw, the wait in ms if there is another attempt)
        let cases = [
            (Effects, read(), trouble(), (0, 40), 0.0, Some(0)),
            (Effects, read(), trouble(), (0, 40), 0.5, Some(125)),
            (Effects, read(), trouble(), (0, 40), 0.999, Some(249)),
            (Effects, read(), trouble(), (1, 400), 0.5, Some(500)),
            (Effects, read(), trouble(), (2, 2_000), 0.5, None),
            (Effects, read(), trouble(), (usize::MAX, 0), 0.0, None),
            // A draw that is not from 0 up to 1.
            (Effects, read(), trouble(), (1, 0), f64::NAN, Some(1_000)),
            (Effects, read(), trouble(), (1, 0), -1.0, Some(1_000)),
            (Effects, read(), trouble(), (1, 0), 7.0, Some(1_000)),
            // One time-out leaves room for a short second attempt; what would have less than a second is not made.
            (Effects, read(), ErrorKind::TimedOut, (0, 10_000), 0.999, Some(249)),
            (Effects, read(), ErrorKind::TimedOut, (0, 11_000), 0.0, Some(0)),
            (Effects, read(), ErrorKind::TimedOut, (0, 11_000), 0.1, None),
            (Effects, read(), ErrorKind::TimedOut, (0, 3_600_000), 0.0, None),
            (Effects, read(), ErrorKind::Connect, (0, 0), 0.5, Some(125)),
            (Effects, read(), ErrorKind::Broken, (0, 0), 0.5, Some(125)),
            (Effects, read(), ErrorKind::Unexpected { status: 408 }, (0, 0), 0.5, Some(125)),
            (Effects, Call::RateLimit, trouble(), (0, 0), 0.5, Some(125)),
            // A monitor comes back by itself.
            (Monitors, read(), trouble(), (0, 0), 0.5, None),
            (Monitors, read(), ErrorKind::Connect, (0, 0), 0.5, None),
            // A change is never made twice, also where it certainly never left us.
            (Effects, change(), trouble(), (0, 0), 0.5, None),
            (Effects, change(), ErrorKind::TimedOut, (0, 0), 0.5, None),
            (Effects, change(), ErrorKind::Connect, (0, 0), 0.5, None),
            (Effects, change(), ErrorKind::Broken, (0, 0), 0.5, None),
            (Monitors, change(), trouble(), (0, 0), 0.5, None),
        ];
        for (caller, call, kind, spent, draw, wanted) in cases {
            let case = format!("{caller:?} {call} {kind:?} {spent:?} {draw}");
            assert_eq!(decided(caller, call, kind, spent, draw), wanted, "{case}");
        }
    }

    #[test]
    fn what_cannot_change_is_never_asked_again() {
        let at = Timestamp::EPOCH;
        for kind in [
            ErrorKind::Unauthorized,
            ErrorKind::Stopped { refused_at: at, until: at },
            ErrorKind::TwoFactor,
            ErrorKind::Forbidden,
            ErrorKind::Suspended,
            ErrorKind::Delinquent,
            ErrorKind::NotFound { resource: None },
            ErrorKind::Conflict,
            ErrorKind::Invalid { id: String::new(), message: String::new(), limit: None },
            ErrorKind::RateLimited,
            ErrorKind::OverBudget { wait: Duration::ZERO },
            ErrorKind::Unexpected { status: 302 },
            ErrorKind::Unexpected { status: 410 },
            ErrorKind::Unreadable,
            ErrorKind::ReadOnly,
        ] {
            let case = format!("{kind:?}");
            assert_eq!(decided(Caller::Effects, Call::Account, kind, (0, 0), 0.0), None, "{case}");
        }
    }

    #[test]
    fn a_read_with_all_its_repeats_stays_within_its_total() {
        let (mut patience, mut now) = (Patience::new(Timestamp::EPOCH), Timestamp::EPOCH);
        let error = Error::new(Call::Account, ErrorKind::TimedOut);
        while let Some(left) = patience.left(now) {
            now = now + left.min(super::super::READ_DEADLINE);
            match then(Caller::Effects, &error, patience.spent(now), 1.0) {
                Then::Again { after } => now = now + after,
                Then::GiveUp => break,
            }
            patience.repeat();
        }
        assert!(now.since(Timestamp::EPOCH) <= READ_TOTAL, "{now}");
        assert_eq!(patience.repeats, 1);
        assert_eq!(patience.left(Timestamp::EPOCH + READ_TOTAL), None);
    }
}
