//! The account's token bucket as far as we can know it: values in, values out, `now` among them.

use super::{BucketSize, Caller};
use flyball_model::Timestamp;
use std::time::Duration;

/// What a token costs; each millisecond brings `refill_a_minute` of these shares, so that no rounding adds up.
const SHARES_A_TOKEN: u64 = 60_000;

/// The part of the bucket that monitors leave to effects: a tenth, 450 of Heroku's 4,500, six minutes of refill.
const RESERVE_PART: u32 = 10;
/// What the reserve of a small bucket comes to: one effect with the looks around it (app, formation, dynos and
/// releases before, the call, then a few looks at what it did) takes about a dozen calls.
const RESERVE_MIN: u32 = 12;
/// The calls of monitors that may be under way while Heroku has not yet said how many are left, so that a bucket much
/// smaller than we think is not emptied before its first answer.
const UNDER_WAY_UNTIL_TOLD: u32 = 8;
/// How long nobody calls after the first 429, doubling with each one more. After 5 s there are six tokens again.
const PAUSE_FIRST: Duration = Duration::from_secs(5);
/// The longest pause after many 429s: a quarter of the time in which the bucket fills up, so that we notice.
const PAUSE_MAX: Duration = Duration::from_secs(900);

/// Why a token was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too few are left for this caller; there will be one after this time, at the earliest.
    Short(Duration),
    /// Heroku has not yet said how many are left; ask again when a call that is under way has ended.
    Untold,
}

/// One account's bucket.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    refill_a_minute: u64,
    /// The most tokens that there can be, as far as we know: the assumed capacity until Heroku says how many are left,
    /// and from then on the most that it ever said (and the one that saying it cost). An account that others had
    /// drained grows back into its full size by that.
    capacity: u32,
    shares: u64,
    refilled_at: Option<Timestamp>,
    told: bool,
    under_way: u32,
    paused_until: Option<Timestamp>,
    refusals_in_a_row: u32,
}

impl Bucket {
    pub(super) fn new(size: BucketSize) -> Self {
        Self {
            refill_a_minute: u64::from(size.refill_a_minute.max(1)),
            capacity: size.capacity,
            shares: u64::from(size.capacity) * SHARES_A_TOKEN,
            refilled_at: None,
            told: false,
            under_way: 0,
            paused_until: None,
            refusals_in_a_row: 0,
        }
    }

    /// Takes a token for one call, or says when to ask again.
    pub(super) fn take(&mut self, caller: Caller, now: Timestamp) -> Result<(), Refused> {
        self.refill(now);
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            return Err(Refused::Short(until.since(now)));
        }
        let kept = match caller {
            Caller::Effects => 0,
            Caller::Monitors if !self.told && self.under_way >= UNDER_WAY_UNTIL_TOLD => return Err(Refused::Untold),
            Caller::Monitors => self.reserve(),
        };
        let needed = (u64::from(kept) + 1) * SHARES_A_TOKEN;
        if self.shares < needed {
            let millis = (needed - self.shares).div_ceil(self.refill_a_minute);
            return Err(Refused::Short(Duration::from_millis(millis)));
        }
        self.shares -= SHARES_A_TOKEN;
        self.under_way += 1;
        Ok(())
    }

    /// The call never left us: its token is still there.
    pub(super) fn unsent(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
        self.shares = (self.shares + SHARES_A_TOKEN).min(self.full());
    }

    /// Nobody will ever know what became of the call; its token is gone.
    pub(super) fn lost(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// The call was answered, with `RateLimit-Remaining` if it came. Calls still under way are counted off it, since
    /// Heroku may not have seen them when it counted.
    pub(super) fn answered(&mut self, remaining: Option<u32>, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.refusals_in_a_row = 0;
        if let Some(remaining) = remaining {
            self.told(remaining, now);
        }
    }

    /// Heroku said how many tokens are left.
    pub(super) fn told(&mut self, remaining: u32, now: Timestamp) {
        let ever = remaining.saturating_add(1);
        self.capacity = if self.told { self.capacity.max(ever) } else { ever };
        self.told = true;
        self.refilled_at = Some(now);
        self.shares = u64::from(remaining.saturating_sub(self.under_way)) * SHARES_A_TOKEN;
    }

    /// The call was answered with 429, and with `RateLimit-Remaining` if it came; none are left if it did not. Several
    /// answers to calls that were under way together count as one.
    pub(super) fn limited(&mut self, remaining: Option<u32>, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        self.shares = u64::from(remaining.unwrap_or(0).saturating_sub(self.under_way)) * SHARES_A_TOKEN;
        self.refilled_at = Some(now);
        if self.paused_until.is_some_and(|until| until > now) {
            return;
        }
        let doubled = PAUSE_FIRST.saturating_mul(1 << self.refusals_in_a_row.min(16));
        self.paused_until = Some(now + doubled.min(PAUSE_MAX));
        self.refusals_in_a_row = self.refusals_in_a_row.saturating_add(1);
    }

    /// Tokens left, as far as we know.
    pub(super) fn left(&mut self, now: Timestamp) -> u32 {
        self.refill(now);
        u32::try_from(self.shares / SHARES_A_TOKEN).unwrap_or(u32::MAX)
    }

    /// What monitors leave to effects: at most half of the bucket, however small it is.
    fn reserve(&self) -> u32 {
        (self.capacity / RESERVE_PART).max(RESERVE_MIN.min(self.capacity / 2))
    }

    fn full(&self) -> u64 {
        u64::from(self.capacity) * SHARES_A_TOKEN
    }

    fn refill(&mut self, now: Timestamp) {
        let since = self.refilled_at.map_or(Duration::ZERO, |at| now.since(at));
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.shares = self.shares.saturating_add(millis.saturating_mul(self.refill_a_minute)).min(self.full());
        self.refilled_at = Some(self.refilled_at.map_or(now, |at| at.max(now)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(seconds)
    }

    fn taken(bucket: &mut Bucket, caller: Caller, now: Timestamp) -> u32 {
        let mut calls = 0;
        while calls < 10_000 && bucket.take(caller, now).is_ok() {
            calls += 1;
        }
        calls
    }

    /// A bucket of which Heroku has just said that `remaining` tokens are left.
    fn told(remaining: u32) -> Bucket {
        let mut bucket = Bucket::new(BucketSize::HEROKU);
        bucket.told(remaining, at(0));
        bucket
    }

    #[test]
    fn monitors_stop_at_the_reserve_and_effects_use_the_last_token() {
        // (what Heroku said is left, what monitors may take, what effects may take after that)
        for (remaining, monitors, effects) in
            [(4_499, 4_049, 450), (899, 809, 90), (119, 107, 12), (29, 17, 12), (9, 4, 5), (1, 0, 1), (0, 0, 0)]
        {
            let mut bucket = told(remaining);
            assert_eq!(taken(&mut bucket, Caller::Monitors, at(0)), monitors, "monitors of {remaining}");
            assert_eq!(taken(&mut bucket, Caller::Effects, at(0)), effects, "effects of {remaining}");
        }
    }

    #[test]
    fn a_token_comes_back_every_800_ms() {
        let mut bucket = told(0);
        assert_eq!(bucket.take(Caller::Effects, at(0)), Err(Refused::Short(Duration::from_millis(800))));
        let almost = at(0) + Duration::from_millis(799);
        assert_eq!(bucket.take(Caller::Effects, almost), Err(Refused::Short(Duration::from_millis(1))));
        assert_eq!(bucket.take(Caller::Effects, at(0) + Duration::from_millis(800)), Ok(()));
        let mut bucket = told(4_499);
        assert_eq!(taken(&mut bucket, Caller::Effects, at(0)), 4_499);
        assert_eq!(taken(&mut bucket, Caller::Effects, at(60)), 75);
        assert_eq!(bucket.left(at(7_200)), 4_500, "an hour fills it, and no more");
    }

    #[test]
    fn every_answer_corrects_the_count_and_calls_under_way_are_counted_off() {
        let mut bucket = told(4_499);
        for _ in 0..3 {
            bucket.take(Caller::Monitors, at(0)).unwrap();
        }
        bucket.answered(Some(100), at(0));
        assert_eq!(bucket.left(at(0)), 98, "two are still under way");
        bucket.answered(Some(99), at(0));
        bucket.answered(Some(98), at(0));
        assert_eq!(bucket.left(at(0)), 98);
        bucket.take(Caller::Effects, at(0)).unwrap();
        bucket.unsent();
        assert_eq!(bucket.left(at(0)), 98, "what never left us costs nothing");
        bucket.take(Caller::Effects, at(0)).unwrap();
        bucket.lost();
        assert_eq!(bucket.left(at(0)), 97);
    }

    #[test]
    fn before_heroku_has_said_anything_only_a_few_monitors_call() {
        let mut bucket = Bucket::new(BucketSize::HEROKU);
        assert_eq!(taken(&mut bucket, Caller::Monitors, at(0)), UNDER_WAY_UNTIL_TOLD);
        assert_eq!(bucket.take(Caller::Monitors, at(0)), Err(Refused::Untold));
        assert_eq!(bucket.take(Caller::Effects, at(0)), Ok(()), "effects do not wait for that");
        bucket.answered(Some(29), at(0));
        assert_eq!(bucket.left(at(0)), 21);
        assert!(bucket.take(Caller::Monitors, at(0)).is_ok());
    }

    #[test]
    fn an_idle_bucket_is_not_thought_larger_than_heroku_ever_said() {
        let mut bucket = told(29);
        assert_eq!(bucket.left(at(3_600)), 30);
        bucket.take(Caller::Monitors, at(3_600)).unwrap();
        bucket.answered(Some(4_000), at(3_600));
        assert_eq!(bucket.left(at(3_600)), 4_000, "it was an account that others had drained");
    }

    #[test]
    fn a_429_stops_monitors_until_the_reserve_is_back_and_effects_for_a_doubling_pause() {
        let mut bucket = told(4_499);
        for _ in 0..2 {
            bucket.take(Caller::Effects, at(0)).unwrap();
        }
        bucket.limited(Some(0), at(0));
        bucket.limited(Some(0), at(0));
        assert_eq!(
            bucket.take(Caller::Effects, at(0)),
            Err(Refused::Short(Duration::from_secs(5))),
            "both count as one"
        );
        assert_eq!(bucket.take(Caller::Effects, at(5)), Ok(()));
        bucket.limited(None, at(5));
        assert_eq!(bucket.take(Caller::Effects, at(5)), Err(Refused::Short(Duration::from_secs(10))));
        assert!(bucket.take(Caller::Monitors, at(300)).is_err());
        assert_eq!(bucket.take(Caller::Monitors, at(5 + 361)), Ok(()), "451 tokens later");
        bucket.answered(None, at(366));
        bucket.take(Caller::Effects, at(366)).unwrap();
        bucket.limited(None, at(366));
        assert_eq!(
            bucket.take(Caller::Effects, at(366)),
            Err(Refused::Short(Duration::from_secs(5))),
            "a good answer forgives"
        );
    }

    #[test]
    fn many_429s_never_pause_longer_than_the_maximum() {
        let mut bucket = Bucket::new(BucketSize::HEROKU);
        let mut now = at(0);
        for _ in 0..40 {
            bucket.take(Caller::Effects, now).unwrap();
            bucket.limited(None, now);
            let Err(Refused::Short(wait)) = bucket.take(Caller::Effects, now) else { panic!("it is not paused") };
            assert!(wait <= PAUSE_MAX);
            now = now + wait;
        }
    }

    #[test]
    fn with_thirty_tokens_and_fifty_monitors_an_effect_always_finds_one() {
        // A minute-long simulation of Heroku's side: 30 tokens, 75 a minute, 50 monitors every 10 s.
        let (mut server, mut server_at) = (30.0_f64, 0_u64);
        let mut bucket = Bucket::new(BucketSize::HEROKU);
        let mut effects = 0;
        for tick in 0..600_u64 {
            let now = at(0) + Duration::from_millis(tick * 100);
            server = (server + (tick - server_at) as f64 * 0.125).min(30.0);
            server_at = tick;
            let callers = if tick % 100 < 50 { vec![Caller::Monitors] } else { Vec::new() };
            let effect = (tick % 97 == 50).then_some(Caller::Effects);
            for caller in callers.into_iter().chain(effect) {
                let took = bucket.take(caller, now);
                if caller == Caller::Effects {
                    assert!(took.is_ok(), "an effect was refused at tick {tick}");
                    effects += 1;
                }
                if took.is_ok() {
                    assert!(server >= 1.0, "Heroku would have answered 429 at tick {tick}");
                    server -= 1.0;
                    bucket.answered(Some(server as u32), now);
                }
            }
        }
        assert!(effects >= 6);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_and_takes_nothing() {
        let mut bucket = told(10);
        assert_eq!(bucket.left(Timestamp::EPOCH - Duration::from_secs(60)), 10);
        assert_eq!(bucket.left(at(0)), 10);
    }
}
