//! Whether this process was held up while it looked: stopped, starved of processor time, its thread blocked. What a
//! check then says of time is not believed, since nobody can tell which side was slow.

use flyball_model::{Blind, Cause, Excerpt, Finding, Reading};
use std::pin::pin;
use std::time::Duration;
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

/// How often a check looks at the clock, whatever else it waits for. A stall that begins between two looks is measured
/// from the second, and so is longer than what is seen of it by at most this time. Ten thousand checks that all wait
/// cost forty thousand short polls a second.
const TICK: Duration = Duration::from_millis(250);

/// A tick that is late by this much says that we were held up. Timers are late by a few milliseconds on a machine that is merely busy; and
/// a bound much lower would let every hiccup hide a time-out of ten seconds that is real.
const HELD_UP: Duration = Duration::from_millis(500);

/// Looks at the clock during one check. Stands outside the future that does the work, so that it survives a time-out.
#[derive(Debug)]
pub(crate) struct StallWatch {
    /// When the clock is to be looked at next.
    due: Instant,
    longest: Duration,
}

impl StallWatch {
    /// Begins to watch.
    pub(crate) fn begin() -> Self {
        Self { due: Instant::now() + TICK, longest: Duration::ZERO }
    }

    /// Does `work` for at most `timeout` from now; `None` when the time is over.
    pub(crate) async fn within<F: Future>(&mut self, timeout: Duration, work: F) -> Option<F::Output> {
        let deadline = Instant::now() + timeout;
        let mut work = pin!(work);
        loop {
            self.due = self.due.min(deadline);
            tokio::select! {
                // The work first: what arrived during a stall still counts as having arrived.
                biased;
                output = &mut work => return Some(output),
                // Outside tokio's budget, which work that always has something to read would use up every time.
                () = unconstrained(sleep_until(self.due)) => {}
            }
            if self.look() >= deadline {
                return None;
            }
        }
    }

    /// The reading, or that nothing is known, if it rests on time and we were held up. Ends the watch, so that it counts
    /// what happened up to now.
    pub(crate) fn judge(mut self, reading: Reading) -> Reading {
        self.look();
        in_doubt(reading, self.longest)
    }

    /// Notes how late this look is, and says what the time is.
    fn look(&mut self) -> Instant {
        let now = Instant::now();
        if now >= self.due {
            self.longest = self.longest.max(now.duration_since(self.due));
            self.due = now + TICK;
        }
        now
    }
}

/// The reading as it is, or unknown: if it fails for being slow or timed out, and we were held up for [`HELD_UP`] or longer.
fn in_doubt(reading: Reading, held_up: Duration) -> Reading {
    let rests_on_time = matches!(reading.finding, Finding::Failing(Cause::Slow | Cause::TimeOut));
    if !rests_on_time || held_up < HELD_UP {
        return reading;
    }
    let seconds = held_up.as_secs_f64();
    let words = format!("held up for {seconds:.1}s: this machine or process was too busy to tell");
    // The evidence stays: it is what was seen, and how long it took is part of that.
    Reading { finding: Finding::Unknown(Blind::Overload), words: Excerpt::of(&words), ..reading }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Evidence, Phases, Timestamp};

    fn reading(finding: Finding) -> Reading {
        Reading {
            begun_at: Timestamp::from_millis(0),
            took: Duration::from_secs(3),
            finding,
            words: Excerpt::of("as met"),
            evidence: Evidence::Tcp { address: None, phases: Phases::default() },
        }
    }

    #[test]
    fn only_what_rests_on_time_is_in_doubt_and_only_after_a_real_stall() {
        let overload = Finding::Unknown(Blind::Overload);
        let resolver = Finding::Unknown(Blind::Resolver);
        let failing = Finding::Failing;
        // What was found, milliseconds that we were held up; what is found then, and its words.
        let told = "held up for 3.0s: this machine or process was too busy to tell";
        let cases = [
            (failing(Cause::Slow), 0, failing(Cause::Slow), "as met"),
            (failing(Cause::Slow), 499, failing(Cause::Slow), "as met"),
            (failing(Cause::Slow), 500, overload, "held up for 0.5s: this machine or process was too busy to tell"),
            (failing(Cause::Slow), 3000, overload, told),
            (failing(Cause::TimeOut), 499, failing(Cause::TimeOut), "as met"),
            (failing(Cause::TimeOut), 3000, overload, told),
            (failing(Cause::Status), 3000, failing(Cause::Status), "as met"),
            (failing(Cause::Text), 3000, failing(Cause::Text), "as met"),
            (failing(Cause::Refused), 3000, failing(Cause::Refused), "as met"),
            (failing(Cause::Name), 3000, failing(Cause::Name), "as met"),
            (resolver, 3000, resolver, "as met"),
            (Finding::Passing, 3000, Finding::Passing, "as met"),
        ];
        for (met, millis, finding, words) in cases {
            let judged = in_doubt(reading(met), Duration::from_millis(millis));
            assert_eq!((judged.finding, judged.words.as_str()), (finding, words), "{met:?} {millis}");
            assert_eq!(judged.took, Duration::from_secs(3));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_the_other_side_is_no_stall_however_long() {
        let mut watch = StallWatch::begin();
        assert_eq!(watch.within(Duration::from_secs(10), std::future::pending::<()>()).await, None);
        assert_eq!(
            watch.within(Duration::from_secs(300), tokio::time::sleep(Duration::from_secs(299))).await,
            Some(())
        );
        watch.look();
        assert!(watch.longest < Duration::from_millis(10), "{:?}", watch.longest);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_stall_counts_and_one_at_the_very_end_too() {
        let stalls = async {
            for millis in [400, 1250, 900] {
                // The clock goes on while nothing is polled, as when the process is stopped.
                tokio::time::advance(Duration::from_millis(millis)).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let mut watch = StallWatch::begin();
        watch.within(Duration::from_secs(60), stalls).await.expect("the work ends in time");
        let almost = |watch: &StallWatch, millis: u64| {
            let longest = watch.longest;
            // A stall begins anywhere between two ticks.
            assert!(longest <= Duration::from_millis(millis), "{longest:?}");
            assert!(longest + TICK + Duration::from_millis(10) >= Duration::from_millis(millis), "{longest:?}");
        };
        almost(&watch, 1250);
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.look();
        almost(&watch, 5000);
    }

    #[tokio::test]
    async fn work_that_always_has_something_to_do_still_ends_in_time() {
        let busy = async {
            loop {
                tokio::task::consume_budget().await;
            }
        };
        assert_eq!(StallWatch::begin().within(Duration::from_millis(20), busy).await, None::<()>);
    }
}
