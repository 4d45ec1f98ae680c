//! What routers told, by the minute: how much there was to do, and whether requests waited.

use flyball_model::Timestamp;
use flyball_signals::{Class, SLOT, Slot, Tally, USUAL_OVER, usual_of};
use std::collections::VecDeque;
use std::time::Duration;

/// So long is a minute.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// Of times, that which so many of a hundred requests do not exceed.
const PERCENTILE: f64 = 95.0;
/// The usual time of service is that of so many minutes.
const USUAL_MINUTES: usize = USUAL_OVER.as_secs() as usize / 60;

/// How a load is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadBy {
    /// Requests in a second.
    Requests,
    /// Requests at once: as many as come in a second, times how long one is usually served.
    Busy,
}

/// A minute of what an app told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// When it began.
    pub at: Timestamp,
    /// The load; nothing where it is not known how long a request is usually served.
    pub load: Option<f64>,
    /// How many requests there were.
    pub requests: u64,
    /// How long they were served, but for the slowest twentieth, in milliseconds; nothing without requests.
    pub service_ms: Option<f64>,
    /// How long it took to connect to a dyno, likewise.
    pub connect_ms: Option<f64>,
    /// How many requests ended with a code that says that the app has too little room.
    pub refused: u64,
    /// Whether nothing of it was lost, and somebody listened all the time.
    pub is_whole: bool,
}

/// Slots as they are added up to minutes. Of each minute only a few numbers are kept, so that weeks fit into memory.
#[derive(Debug)]
pub struct Minutes {
    by: LoadBy,
    series: String,
    open: Option<Open>,
    /// The requests of the last hour's minutes, and the milliseconds in which they were served.
    of_late: VecDeque<(Timestamp, u64, u64)>,
    done: Vec<Minute>,
}

/// The minute that is added up.
#[derive(Debug)]
struct Open {
    at: Timestamp,
    tally: Tally,
    is_whole: bool,
}

impl Minutes {
    /// Of the requests of this series.
    #[must_use]
    pub fn new(by: LoadBy, series: &str) -> Self {
        Self { by, series: series.to_owned(), open: None, of_late: VecDeque::new(), done: Vec::new() }
    }

    /// One slot more; they come in the order of time.
    pub fn add(&mut self, at: Timestamp, slot: &Slot) {
        let begins = Timestamp::from_millis(at.as_millis().div_euclid(60_000) * 60_000);
        if self.open.as_ref().is_none_or(|open| open.at != begins) {
            self.close();
            self.open = Some(Open { at: begins, tally: Tally::default(), is_whole: true });
        }
        let Some(open) = &mut self.open else { return };
        open.is_whole &= slot.lost == 0 && !slot.began;
        if let Some(tally) = slot.series.get(&self.series) {
            open.tally.merge(tally);
        }
    }

    /// All of them, oldest first, but for the last: it may go on. A minute in which nothing was told is not there.
    #[must_use]
    pub fn finish(mut self, until: Timestamp) -> Vec<Minute> {
        if self.open.as_ref().is_some_and(|open| open.at + MINUTE <= until.max(open.at + SLOT)) {
            self.close();
        }
        self.done
    }

    fn close(&mut self) {
        let Some(Open { at, tally, is_whole }) = self.open.take() else { return };
        self.of_late.push_back((at, tally.requests, tally.service_ms));
        while self.of_late.len() > USUAL_MINUTES || self.of_late.front().is_some_and(|(of, ..)| *of + USUAL_OVER <= at)
        {
            self.of_late.pop_front();
        }
        #[expect(clippy::cast_precision_loss, reason = "a minute has fewer requests than a float has whole numbers")]
        let a_second = tally.requests as f64 / MINUTE.as_secs_f64();
        let usual = || usual_of(self.of_late.iter().map(|(_, requests, service_ms)| (*requests, *service_ms)));
        let load = match self.by {
            LoadBy::Requests => Some(a_second),
            LoadBy::Busy if tally.requests == 0 => Some(0.0),
            LoadBy::Busy => usual().map(|usual| a_second * usual.as_secs_f64()),
        };
        let millis = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1000.0);
        let of_capacity = tally.codes.iter().filter(|(code, _)| code.class() == Some(Class::Capacity));
        self.done.push(Minute {
            at,
            load,
            requests: tally.requests,
            service_ms: millis(tally.service.percentile(PERCENTILE)),
            connect_ms: millis(tally.connect.percentile(PERCENTILE)),
            refused: of_capacity.map(|(_, count)| u64::from(*count)).sum(),
            is_whole,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_signals::{Code, Times};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    fn slot(requests: u64, millis: u64, h12: u32) -> Slot {
        let mut service = Times::default();
        (0..requests).for_each(|_| service.add(Duration::from_millis(millis)));
        let codes = (h12 > 0).then(|| (Code::of(b"H12").unwrap(), h12)).into_iter().collect();
        let tally = Tally { requests, service_ms: requests * millis, service, codes, ..Tally::default() };
        Slot { lines: requests, series: [(String::new(), tally)].into(), ..Slot::default() }
    }

    #[test]
    fn slots_add_up_to_minutes_and_the_last_may_go_on() {
        let told = |by| {
            let mut minutes = Minutes::new(by, "");
            for (second, slot) in [
                (0, slot(60, 200, 0)),
                (50, slot(60, 200, 0)),
                (60, slot(120, 400, 3)),
                (70, Slot { lost: 1, ..Slot::default() }),
                (180, slot(0, 0, 0)),
                (240, slot(9, 9, 0)),
            ] {
                minutes.add(at(second), &slot);
            }
            minutes.finish(at(250))
        };
        let minutes = told(LoadBy::Requests);
        let seen: Vec<_> =
            minutes.iter().map(|of| (of.at.since(at(0)).as_secs(), of.load, of.refused, of.is_whole)).collect();
        assert_eq!(seen, [(0, Some(2.0), 0, true), (60, Some(2.0), 3, false), (180, Some(0.0), 0, true)]);
        assert_eq!(minutes[0].service_ms.map(f64::round), Some(200.0));
        assert_eq!((minutes[2].service_ms, minutes[2].requests), (None, 0));
        let loads: Vec<_> = told(LoadBy::Busy).iter().map(|of| of.load).collect();
        // Of the second minute the usual time is between those of both.
        assert_eq!(loads, [Some(0.4), Some(0.6), Some(0.0)]);
    }
}
