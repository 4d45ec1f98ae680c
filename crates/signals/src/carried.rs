//! Whether requests time out for being too many, which H12 alone does not say: a dyno that is given too much and one that waits for its
//! database keep requests until the router gives up, both of them.
//!
//! What tells them apart is what dynos carried before, and whether those requests wait that are served.

#![expect(clippy::cast_precision_loss, reason = "an hour has fewer requests than a float has whole numbers")]

use crate::{Class, SLOT, Slot, Tally, Times, USUAL_OVER};
use flyball_model::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// What came is counted over so many slots: with fewer, chance decides; with more, a burst shows late.
const MOMENT: usize = 3;
/// A request is told at its end, and that is so many slots after it came at most: routers give up after 30 seconds.
///
/// Source: Heroku Dev Center, *HTTP Routing*.
const TOLD_WITHIN: usize = 3;
/// What came in so many slots until now is held against what was carried. Where dynos were added, those requests that waited before are
/// told for a minute still, and had dynos been enough for what comes since, they would look like somebody else's doing.
const STILL_NOW: usize = 12;
/// Of so many requests one finds no room at any time: a report, say, that takes too long whatever the load.
const NO_ROOM_ONE_OF: u64 = 50;
/// Up to a tenth more than was carried is as many.
const MORE: f64 = 1.1;
/// So many deviations of a count that chance makes: independent requests exceed that once in forty moments.
const CHANCE: f64 = 2.0;
/// They wait where half of them take half as long again as is usual, and that by so much: less than that is not waiting.
const WAIT: Duration = Duration::from_millis(50);
/// The half of a hundred.
const HALF: f64 = 50.0;

/// What becomes known of requests that time out (H12) without any other sign of too few dynos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedOut {
    /// More come to each dyno than it carried within the last hour, and those that are served wait.
    TooMany,
    /// Each dyno carried as many within the last hour.
    CarriedBefore,
    /// Beside them others are served as fast as ever.
    OthersDoNotWait,
    /// There is nothing to hold it against: nothing of the last hour was listened to and went well, or what came is not all known, or it is
    /// more than was carried by so little that chance may have it so.
    NotKnown,
}

/// What one slot has of it.
#[derive(Debug, Clone, Copy)]
struct Of<'a> {
    slot: Option<&'a Slot>,
    /// Requests that came to dynos in it.
    came: u64,
    /// How long the half of those that ended in it took at most.
    half: Option<Duration>,
    /// How many of those found no room.
    no_room: u64,
    /// Whether all of it was told.
    is_whole: bool,
    /// The dynos that were given any.
    dynos: Dynos,
}

/// Some dynos: a bit for each, in the order in which they are met within the hour. Names beyond [`Dynos::MAX`] are not counted.
#[derive(Debug, Clone, Copy, Default)]
struct Dynos([u64; Self::MAX / 64]);

impl Dynos {
    /// As many as a slot tells of, twice over: of an app that was released within the hour names stay the same.
    const MAX: usize = 512;

    fn add(&mut self, nth: usize) {
        if let Some(bits) = self.0.get_mut(nth / 64) {
            *bits |= 1 << (nth % 64);
        }
    }

    fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|nth| self.0[nth] | other.0[nth]))
    }

    fn count(self) -> u32 {
        self.0.iter().map(|bits| bits.count_ones()).sum()
    }
}

impl<'a> Of<'a> {
    fn tally(&self) -> Option<&'a Tally> {
        self.slot.and_then(|slot| slot.series.get(""))
    }

    /// Whether hardly any found no room.
    fn has_room(&self) -> bool {
        self.no_room * NO_ROOM_ONE_OF <= self.tally().map_or(0, |tally| tally.requests)
    }
}

impl TimedOut {
    /// What is known of those that timed out over so long, from what was told within an hour. `slots` are in the order of time, each
    /// once, and may be more than those.
    #[must_use]
    pub fn of(slots: &[(Timestamp, Slot)], over: Duration, until: Timestamp) -> Self {
        let hour = hour(slots, until);
        let Some(usual) = usual(&hour) else { return Self::NotKnown };
        let waits = |half: Option<Duration>| half.is_some_and(|half| half > usual * 3 / 2 + WAIT);
        let mut beside = Times::default();
        let recent = hour.iter().rev().take(count_of(over)).filter(|of| of.no_room > 0);
        recent.filter_map(Of::tally).for_each(|tally| beside.merge(&tally.service));
        if !waits(beside.percentile(HALF)) {
            return Self::OthersDoNotWait;
        }
        let is_well = |of: &Of<'_>| of.is_whole && of.has_room() && !waits(of.half);
        let moments = (0..=hour.len() - MOMENT).map(|nth| Moment::of(&hour, nth, is_well)).collect::<Vec<_>>();
        let carried = moments.iter().filter(|moment| moment.is_well).filter_map(Moment::of_each).reduce(f64::max);
        let Some(carried) = carried else { return Self::NotKnown };
        let last_well = moments.iter().rposition(|moment| moment.is_well).map_or(0, |nth| nth + 1);
        let now = &moments[last_well.max(moments.len().saturating_sub(STILL_NOW))..];
        let (came, carried_then) =
            now.iter().filter(|moment| moment.is_told).fold((0.0, 0.0), |(came, carried_then), moment| {
                (came + moment.came(), carried_then + moment.carried(carried))
            });
        // Each slot is in as many moments as there are slots in one.
        let (came, carried_then) = (came / MOMENT as f64, carried_then / MOMENT as f64);
        if is_more(came, carried_then) || now.iter().any(|moment| is_more(moment.came(), moment.carried(carried))) {
            Self::TooMany
        } else if carried_then > 0.0 && came <= carried_then * MORE && now.iter().all(|moment| moment.is_whole) {
            Self::CarriedBefore
        } else {
            Self::NotKnown
        }
    }
}

/// A few slots, one after the other.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Requests that came to dynos in it.
    came: u64,
    /// How many dynos were given them.
    dynos: u32,
    /// Whether all of them were served and did not wait, as far as it is told.
    is_well: bool,
    /// Whether everything was told.
    is_whole: bool,
    /// Whether the time is over in which what came in it is told.
    is_told: bool,
}

impl Moment {
    fn of(hour: &[Of<'_>], from: usize, is_well: impl Fn(&Of<'_>) -> bool) -> Self {
        let until = from + MOMENT;
        // What comes in it is told up to here.
        let told = &hour[from..(until + TOLD_WITHIN).min(hour.len())];
        let is_told = told.len() == MOMENT + TOLD_WITHIN;
        Self {
            came: hour[from..until].iter().map(|of| of.came).sum(),
            dynos: told.iter().map(|of| of.dynos).fold(Dynos::default(), Dynos::and).count(),
            is_well: is_told && told.iter().all(is_well),
            is_told,
            is_whole: told.iter().all(|of| of.is_whole),
        }
    }

    fn came(&self) -> f64 {
        self.came as f64
    }

    /// How many came to each dyno; nothing where nobody did.
    fn of_each(&self) -> Option<f64> {
        (self.dynos > 0 && self.came > 0).then(|| self.came() / f64::from(self.dynos))
    }

    /// How many its dynos carry where each carries so many.
    fn carried(&self, of_each: f64) -> f64 {
        of_each * f64::from(self.dynos)
    }
}

/// Whether more came than is carried, and that is no chance.
fn is_more(came: f64, carried: f64) -> bool {
    carried > 0.0 && came > carried * MORE + CHANCE * carried.sqrt()
}

/// The slots of the last hour, also those in which nothing was told.
fn hour(slots: &[(Timestamp, Slot)], until: Timestamp) -> Vec<Of<'_>> {
    let count = count_of(USUAL_OVER);
    let since = Slot::start_of(until - USUAL_OVER);
    let nothing = Of { slot: None, came: 0, half: None, no_room: 0, is_whole: true, dynos: Dynos::default() };
    let mut hour = vec![nothing; count];
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (at, slot) in slots.iter().filter(|(at, _)| *at >= since && *at < until) {
        let nth = count_of(at.since(since));
        let Some(of) = hour.get_mut(nth) else { continue };
        (of.slot, of.is_whole) = (Some(slot), !slot.began && slot.lost == 0);
        for (name, _) in slot.dynos.iter().filter(|(_, told)| told.requests > 0) {
            let next = numbers.len();
            of.dynos.add(*numbers.entry(name).or_insert(next));
        }
        let Some(tally) = of.tally() else { continue };
        (of.no_room, of.half) = (no_room(tally), tally.service.percentile(HALF));
        for (time, requests) in tally.service.each() {
            // Requests of a slot end in its middle, on average.
            let before = count_of(time + SLOT / 2);
            if let Some(of) = nth.checked_sub(before).and_then(|came| hour.get_mut(came)) {
                of.came += u64::from(requests);
            }
        }
    }
    // What was told before somebody listened is not known: it is not that nothing came.
    if let Some(began) = hour.iter().rposition(|of| of.slot.is_some_and(|slot| slot.began)) {
        hour[..began].fill(Of { is_whole: false, ..nothing });
    }
    hour
}

/// How many whole slots this is.
fn count_of(time: Duration) -> usize {
    usize::try_from(time.as_millis() / SLOT.as_millis()).unwrap_or(usize::MAX)
}

/// How long half of the requests take in the quietest quarter of the slots in which they found room; nothing where there were none.
fn usual(hour: &[Of<'_>]) -> Option<Duration> {
    let mut halves: Vec<Duration> = hour.iter().filter(|of| of.has_room()).filter_map(|of| of.half).collect();
    halves.sort_unstable();
    halves.get(halves.len() / 4).copied()
}

/// How many requests found no room, as routers say.
fn no_room(tally: &Tally) -> u64 {
    let codes = tally.codes.iter().filter(|(code, _)| code.class() == Some(Class::Capacity));
    codes.map(|(_, count)| u64::from(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, OfDyno};

    fn at(nth: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + SLOT * u32::try_from(nth).unwrap()
    }

    /// What ten seconds tell: so many dynos, requests that each was given and that took so long, and those that timed out beside them.
    fn told(dynos: u32, each: u32, millis: u64, timed_out: u32) -> Slot {
        let mut service = Times::default();
        service.add_many(Duration::from_millis(millis), dynos * each);
        service.add_many(Duration::from_secs(30), dynos * timed_out);
        let codes = [(Code::REQUEST_TIMEOUT, dynos * timed_out)].into();
        let requests = u64::from(dynos * (each + timed_out));
        let tally = Tally { requests, service, codes, ..Tally::default() };
        let dyno = OfDyno { requests: each + timed_out, errors: timed_out, ..OfDyno::default() };
        let dynos = (1..=dynos).map(|nth| (format!("web.{nth}"), dyno)).collect();
        Slot { lines: requests, series: [(String::new(), tally)].into(), dynos, ..Slot::default() }
    }

    #[test]
    fn requests_that_time_out_are_held_against_what_dynos_carried() {
        use TimedOut::{CarriedBefore, NotKnown, OthersDoNotWait, TooMany};
        let well = || told(2, 50, 200, 0);
        let lost = |slot: Slot| Slot { lost: 1, ..slot };
        let began = |slot: Slot| Slot { began: true, ..slot };
        let some = |many: u32, slot: &dyn Fn() -> Slot| (0..many).map(|_| slot()).collect::<Vec<_>>();
        let busy = || told(2, 60, 20_000, 40);
        // What hangs is told once the router gives up: there is nothing until then.
        let hang = |each: u32, many: u32| [some(3, &|| told(2, 0, 0, 0)), some(many, &|| told(2, 0, 0, each))].concat();
        let at_once = || {
            let mut slot = told(2, 50, 24_000, 50);
            slot.merge(&told(2, 50, 14_000, 0));
            slot
        };
        for (case, slots, expected) in [
            ("nothing was told", vec![], NotKnown),
            ("twice as many come", [some(30, &well), some(6, &busy)].concat(), TooMany),
            ("as many as before", [some(30, &well), hang(50, 6)].concat(), CarriedBefore),
            ("fewer than before", [some(30, &well), hang(20, 6)].concat(), CarriedBefore),
            ("a little more than before", [some(30, &well), hang(58, 6)].concat(), NotKnown),
            (
                "some hang, and others are served",
                [some(30, &well), some(6, &|| told(2, 80, 210, 20))].concat(),
                OthersDoNotWait,
            ),
            ("half of the dynos are gone", [some(30, &well), some(6, &|| told(1, 50, 25_000, 50))].concat(), TooMany),
            (
                "dynos were added, and who waited before is told still",
                [some(30, &well), some(6, &busy), some(3, &|| told(4, 25, 20_000, 3))].concat(),
                TooMany,
            ),
            (
                "that is over for long",
                [some(30, &well), some(6, &busy), some(20, &|| told(4, 25, 20_000, 3))].concat(),
                CarriedBefore,
            ),
            (
                "all that hung end at once, and some had timed out",
                [some(30, &well), some(3, &|| told(2, 0, 0, 0)), vec![at_once()]].concat(),
                CarriedBefore,
            ),
            ("it was never well", some(30, &busy), NotKnown),
            (
                "somebody began to listen in it",
                [some(30, &well), vec![began(busy())], some(5, &busy)].concat(),
                NotKnown,
            ),
            (
                "lines were lost, and it may be more",
                [some(30, &well), hang(50, 6).into_iter().map(lost).collect()].concat(),
                NotKnown,
            ),
            (
                "lines were lost, and it is more all the same",
                [some(30, &well), some(6, &|| lost(busy()))].concat(),
                TooMany,
            ),
            ("it was well more than an hour ago", [some(30, &well), hang(50, 360)].concat(), NotKnown),
        ] {
            let slots: Vec<_> = (0..).zip(slots).map(|(nth, slot)| (at(nth), slot)).collect();
            let until = at(slots.len() as u64);
            assert_eq!(TimedOut::of(&slots, Duration::from_secs(30), until), expected, "{case}");
        }
    }
}
