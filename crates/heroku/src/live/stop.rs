//! An account whose token Heroku refused is left alone but for a slow probe: values in, values out, `now` among them.

use crate::ErrorKind;
use flyball_model::Timestamp;
use std::time::Duration;

/// How long nothing is sent after a 401, but for one probe at its end. A wrong token hardly ever becomes right by
/// itself, so a call each second would only look like somebody who guesses; and whoever puts it right at Heroku
/// waits no longer than this.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(300);

/// Whether the account is stopped.
#[derive(Debug, Default)]
pub(super) struct Stop(Option<Refusal>);

#[derive(Debug, Clone, Copy)]
struct Refusal {
    refused_at: Timestamp,
    probe_at: Timestamp,
}

impl Stop {
    /// Whether the token was refused, and not taken since.
    pub(super) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Whether a call may go out now; the failure says why not.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), ErrorKind> {
        match self.0 {
            Some(Refusal { refused_at, probe_at }) if now < probe_at => {
                Err(ErrorKind::Stopped { refused_at, until: probe_at })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The same for a call that does go out if it may: of a stopped account it is the probe, and the next is due only
    /// after another [`PROBE_EVERY`], whatever becomes of this one.
    pub(super) fn pass(&mut self, now: Timestamp) -> Result<(), ErrorKind> {
        self.check(now)?;
        if let Some(refusal) = &mut self.0 {
            refusal.probe_at = now + PROBE_EVERY;
        }
        Ok(())
    }

    /// Heroku answered 401 to a call that was sent at `sent_at`. Answers to several that were under way together count
    /// as one.
    pub(super) fn refused(&mut self, sent_at: Timestamp) {
        let probe_at = self.0.map_or(sent_at + PROBE_EVERY, |before| before.probe_at);
        let refused_at = self.0.map_or(sent_at, |before| before.refused_at.max(sent_at));
        self.0 = Some(Refusal { refused_at, probe_at });
    }

    /// Heroku took the token.
    pub(super) fn taken(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        Passes,
        Stopped { refused_at: u64, until: u64 },
        Refused,
        Taken,
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn one_probe_goes_out_each_five_minutes_until_the_token_is_taken() {
        use Step::{Passes, Refused, Stopped, Taken};
        let mut stop = Stop::default();
        // (seconds, what happens, or what a call is told)
        for (seconds, step) in [
            (0, Passes),
            (0, Passes),
            (10, Refused),
            (10, Stopped { refused_at: 10, until: 310 }),
            // The answer to another call that was under way does not put the probe off.
            (12, Refused),
            (12, Stopped { refused_at: 12, until: 310 }),
            (309, Stopped { refused_at: 12, until: 310 }),
            (310, Passes),
            // While the probe is under way, and when nothing came of it, nobody else goes.
            (310, Stopped { refused_at: 12, until: 610 }),
            (609, Stopped { refused_at: 12, until: 610 }),
            // A probe that is late is still one.
            (2_000, Passes),
            (2_000, Refused),
            (2_000, Stopped { refused_at: 2_000, until: 2_300 }),
            (2_300, Passes),
            (2_301, Taken),
            (2_301, Passes),
            (2_301, Passes),
            (2_400, Refused),
            (2_400, Stopped { refused_at: 2_400, until: 2_700 }),
        ] {
            let now = at(seconds);
            match step {
                Passes => {
                    assert_eq!(stop.check(now), Ok(()), "at {seconds}");
                    assert_eq!(stop.pass(now), Ok(()), "at {seconds}");
                }
                Stopped { refused_at, until } => {
                    let told = Err(ErrorKind::Stopped { refused_at: at(refused_at), until: at(until) });
                    assert_eq!(stop.check(now), told, "at {seconds}");
                    assert_eq!(stop.pass(now), told, "at {seconds}");
                }
                Refused => stop.refused(now),
                Taken => stop.taken(),
            }
        }
    }
}
