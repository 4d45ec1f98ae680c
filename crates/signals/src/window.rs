//! What several slots come to: the numbers that readings tell.

use crate::{Class, Code, SLOT, Slot, Tally};
use flyball_model::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The usual time of service is that of so long.
pub const USUAL_OVER: Duration = Duration::from_secs(3600);

/// A drain that told so many lines in each of some slots does not fall silent by itself: of requests that come independently of each
/// other, one of twenty thousand such slots has none.
const STEADY_LINES: u64 = 10;
/// In so many slots, one after the other: who writes a lot now and then has pauses.
const STEADY_SLOTS: u32 = 3;
/// So much before a silence is looked at: those slots, and the one in which it begins.
pub const STEADY_OVER: Duration = Duration::from_secs(SLOT.as_secs() * (STEADY_SLOTS as u64 + 1));

/// What an app told over a time of whole slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// From the beginning of this slot,
    pub from: Timestamp,
    /// up to the beginning of this one.
    pub until: Timestamp,
    /// Everything that was told.
    pub slot: Slot,
    /// Whether no line of it was lost, nearly none came late, the drain did not fall silent, and somebody listened from its beginning
    /// on.
    pub complete: bool,
    /// The same of what adapters told: no report was lost.
    pub complete_of_adapters: bool,
}

impl Window {
    /// What was told over so long, until the last slot that is over now. `slots` are in the order of time, each once, and may be more than
    /// those.
    ///
    /// Where somebody began to listen in it, it is what was told since; nothing where that leaves no whole slot.
    #[must_use]
    pub fn of(slots: &[(Timestamp, Slot)], over: Duration, until: Timestamp) -> Option<Self> {
        let asked = Slot::start_of(until - over);
        let within = |from: Timestamp| slots.iter().filter(move |(at, _)| *at >= from && *at < until);
        let began = within(asked).rev().find(|(_, slot)| slot.began).map(|(at, _)| *at + SLOT);
        let from = began.unwrap_or(asked);
        if from >= until {
            return None;
        }
        let mut slot = Slot::default();
        within(from).for_each(|(_, of)| slot.merge(of));
        let complete = began.is_none() && slot.is_whole() && !fell_silent(slots, from, until);
        let complete_of_adapters = began.is_none() && slot.adapters.as_ref().is_none_or(|told| told.lost == 0);
        Some(Self { from, until, slot, complete, complete_of_adapters })
    }

    /// The requests of a series.
    #[must_use]
    pub fn tally(&self, series: &str) -> Tally {
        self.slot.series.get(series).cloned().unwrap_or_default()
    }

    /// How long it is, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.until.since(self.from).as_secs_f64()
    }
}

/// Whether there is a slot without any line in this time, in a silence that came upon a steady flow of lines. Until such a silence has
/// lasted long enough to be unknown, what was told in it looks like requests that never came; lines that are late, or whose clock is
/// behind, look like that as well.
fn fell_silent(slots: &[(Timestamp, Slot)], from: Timestamp, until: Timestamp) -> bool {
    let lines = |at: Timestamp| {
        let found = slots.binary_search_by_key(&at, |(at, _)| *at);
        found.map_or(0, |nth| slots[nth].1.lines)
    };
    let Some(first) = slots.first().map(|(at, _)| *at) else { return false };
    let is_steady_before = |at: Timestamp| (1..=STEADY_SLOTS).all(|nth| lines(at - SLOT * nth) >= STEADY_LINES);
    // A silence begins in the middle of a slot.
    let fell = |at: Timestamp| is_steady_before(at) || (lines(at - SLOT) > 0 && is_steady_before(at - SLOT));
    // Each silence is looked at once, at its beginning; the first may have begun before.
    let mut begins = from;
    while lines(from) == 0 && begins > first && lines(begins - SLOT) == 0 {
        begins = begins - SLOT;
    }
    while begins < until {
        if lines(begins) == 0 && fell(begins) {
            return true;
        }
        begins = begins + SLOT;
    }
    false
}

/// The last slot that is over, and of which everything has come that comes in time.
#[must_use]
pub fn told_until(now: Timestamp) -> Timestamp {
    Slot::start_of(now - crate::GRACE)
}

/// How long a request of a series is usually served: the median of the means of whole minutes. By it, waiting within a dyno does not
/// look like work, and a mix that gets heavier does. Nothing where there was none.
///
/// Source of the choice: measured against the sum of times of service, which contains the waiting and so asked for four times the dynos
/// in a burst.
#[must_use]
pub fn usual_service(slots: &[(Timestamp, Slot)], series: &str, until: Timestamp) -> Option<Duration> {
    let mut minutes: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    let since = until - USUAL_OVER;
    for (at, slot) in slots.iter().filter(|(at, _)| *at >= since && *at < until) {
        let Some(tally) = slot.series.get(series) else { continue };
        let (requests, service_ms) = minutes.entry(at.as_millis().div_euclid(60_000)).or_default();
        *requests += tally.requests;
        *service_ms += tally.service_ms;
    }
    usual_of(minutes.into_values())
}

/// The same, of the requests of each minute and the milliseconds in which all of them were served.
#[must_use]
pub fn usual_of(minutes: impl IntoIterator<Item = (u64, u64)>) -> Option<Duration> {
    let means = minutes.into_iter().filter(|(requests, _)| *requests > 0);
    // Microseconds, whole: the same numbers come to the same median on every machine.
    let mut means: Vec<u64> = means.map(|(requests, service_ms)| service_ms * 1000 / requests).collect();
    means.sort_unstable();
    let (middle, count) = (means.len() / 2, means.len());
    match count {
        0 => None,
        _ if count % 2 == 0 => Some(Duration::from_micros(u64::midpoint(means[middle - 1], means[middle]))),
        _ => Some(Duration::from_micros(means[middle])),
    }
}

/// Whose trouble the failures are, with their share of all requests: the class with the most of them, where there are any.
///
/// What the app answers itself with 500 or more is the app's. Where an app is too small, requests time out, wait beyond what routers
/// bear, and find no dyno that takes them; there are answers of 5xx beside those then, and fewer.
#[must_use]
pub fn whose(tally: &Tally) -> Option<Class> {
    let count = |class: Class| -> u64 {
        tally.codes.iter().filter(|(code, _)| code.class() == Some(class)).map(|(_, count)| u64::from(*count)).sum()
    };
    let app = count(Class::App) + u64::from(tally.answered_5xx);
    let all = [(Class::Capacity, count(Class::Capacity)), (Class::App, app), (Class::Platform, count(Class::Platform))];
    all.into_iter().filter(|(_, count)| *count > 0).max_by_key(|(_, count)| *count).map(|(class, _)| class)
}

/// Whether timing out (H12) is the only sign of too few dynos.
#[must_use]
pub fn only_time_out(tally: &Tally) -> bool {
    let no_room = tally.codes.keys().filter(|code| code.class() == Some(Class::Capacity));
    no_room.eq([&Code::REQUEST_TIMEOUT])
}

/// With fewer failures chance may have them all at one dyno.
const FAILED_AT_LEAST: u64 = 12;

/// Whether nine of ten failures are one dyno's, and others serve as well as ever: routers pick dynos by chance, so that where there are too
/// few, all of them fail alike.
#[must_use]
pub fn is_one_dynos(slot: &Slot) -> bool {
    let failed: u64 = slot.dynos.values().map(|dyno| u64::from(dyno.errors)).sum();
    let Some(worst) = slot.dynos.values().max_by_key(|dyno| dyno.errors) else { return false };
    let asked: u64 = slot.dynos.values().map(|dyno| u64::from(dyno.requests)).sum();
    let of_others = asked - u64::from(worst.requests);
    failed >= FAILED_AT_LEAST
        && u64::from(worst.errors) * 10 >= failed * 9
        && of_others * 2 >= u64::from(worst.requests)
}

/// The codes of these requests, those with the most of them first.
#[must_use]
pub fn foremost(codes: &BTreeMap<Code, u32>) -> Vec<(Code, u32)> {
    let mut codes: Vec<_> = codes.iter().map(|(code, count)| (*code, *count)).collect();
    codes.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OfDyno;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    /// So many requests, served for so long in all.
    fn slot(requests: u64, service_ms: u64) -> Slot {
        let tally = Tally { requests, service_ms, ..Tally::default() };
        Slot { lines: requests, series: BTreeMap::from([(String::new(), tally)]), ..Slot::default() }
    }

    fn counted(slots: Vec<(u64, Slot)>) -> Vec<(Timestamp, Slot)> {
        slots.into_iter().map(|(second, slot)| (at(second), slot)).collect()
    }

    #[test]
    fn a_window_has_whole_slots_and_says_what_is_missing() {
        let plain = || vec![(0, slot(1, 0)), (10, slot(2, 0)), (20, slot(4, 0)), (30, slot(8, 0))];
        let began = |second: u64| {
            let began = |(at, slot)| (at, Slot { began: at == second, ..slot });
            plain().into_iter().map(began).collect::<Vec<_>>()
        };
        let lost = |second: u64| {
            let lost = |(at, slot)| (at, Slot { lost: u64::from(at == second), ..slot });
            plain().into_iter().map(lost).collect::<Vec<_>>()
        };
        let flow = |lines: &[u64]| (0..).zip(lines).map(|(nth, lines)| (nth * 10, slot(*lines, 0))).collect::<Vec<_>>();
        let late = |late: u64| {
            let late = |second: u64| (second, Slot { late, ..slot(20, 0) });
            [0, 10, 20, 30].map(late).to_vec()
        };
        for (case, slots, over, now, expected) in [
            ("all of it", plain(), 30, 42, Some((10, 14, true))),
            ("what is not over is left out", plain(), 30, 41, Some((0, 7, true))),
            ("an app that said nothing", Vec::new(), 30, 42, Some((10, 0, true))),
            ("slots without a line are slots too", vec![(10, slot(2, 0))], 30, 42, Some((10, 2, true))),
            ("somebody began to listen in it", began(10), 30, 42, Some((20, 12, false))),
            ("somebody began in the last of it", began(30), 30, 42, None),
            ("somebody began before", began(0), 30, 42, Some((10, 14, true))),
            ("lines were lost", lost(20), 30, 42, Some((10, 14, false))),
            ("lines were lost before", lost(0), 30, 42, Some((10, 14, true))),
            ("it fell silent", flow(&[10, 10, 10, 0, 10, 10]), 30, 62, Some((30, 20, false))),
            ("in the middle of a slot", flow(&[10, 10, 10, 1, 0, 10, 10]), 30, 72, Some((40, 20, false))),
            ("it has been silent", flow(&[10, 10, 10]), 30, 72, Some((40, 0, false))),
            ("it was silent before", flow(&[10, 10, 10, 0, 10, 10, 10]), 30, 72, Some((40, 30, true))),
            ("few lines come", flow(&[10, 9, 10, 0, 10, 10]), 30, 62, Some((30, 20, true))),
            ("many come now and then", flow(&[99, 99, 0, 0, 0, 99]), 30, 62, Some((30, 99, true))),
            ("many are late", late(2), 30, 42, Some((10, 60, false))),
            ("one of twenty is late", late(1), 30, 42, Some((10, 60, true))),
        ] {
            let until = told_until(at(now));
            let window = Window::of(&counted(slots), Duration::from_secs(over), until);
            let told = window.map(|window| {
                assert_eq!(window.until, until, "{case}");
                (window.from.since(at(0)).as_secs(), window.tally("").requests, window.complete)
            });
            assert_eq!(told, expected, "{case}");
        }
    }

    #[test]
    fn usual_is_the_median_of_the_minutes_so_that_waiting_does_not_look_like_work() {
        let minute = |nth: u64, mean: u64| (nth * 60, slot(10, mean * 10));
        for (case, slots, expected) in [
            ("never asked", vec![], None),
            ("nobody came", vec![(3600, slot(0, 0))], None),
            ("one", vec![minute(60, 200)], Some(200)),
            ("the middle of two", vec![minute(60, 200), minute(61, 300)], Some(250)),
            ("a burst that waits", vec![minute(60, 200), minute(61, 9000), minute(62, 210)], Some(210)),
            ("a mix that got heavier", vec![minute(60, 200), minute(61, 320), minute(62, 330)], Some(320)),
            ("two slots of one minute", vec![(3600, slot(1, 100)), (3610, slot(3, 900))], Some(250)),
            ("more than an hour ago", vec![minute(0, 9000), minute(30, 9000), minute(91, 200)], Some(200)),
        ] {
            let usual = usual_service(&counted(slots), "", at(91 * 60 + 60));
            assert_eq!(usual, expected.map(Duration::from_millis), "{case}");
        }
    }

    #[test]
    fn one_dyno_of_several_fails_alone() {
        for (case, dynos, expected) in [
            ("nobody", &[][..], false),
            ("one of three", &[(40, 30), (40, 1), (40, 0)], true),
            ("one that is given little, since it is slow", &[(15, 15), (60, 0)], true),
            ("all alike", &[(40, 15), (40, 12), (40, 14)], false),
            ("the only one", &[(40, 30)], false),
            ("the others are gone", &[(40, 30), (2, 0)], false),
            ("too few to tell", &[(40, 11), (40, 0)], false),
        ] {
            let dyno =
                |(requests, errors): &(u32, u32)| OfDyno { requests: *requests, errors: *errors, ..OfDyno::default() };
            let dynos = (1..).zip(dynos).map(|(nth, counts)| (format!("web.{nth}"), dyno(counts))).collect();
            assert_eq!(is_one_dynos(&Slot { dynos, ..Slot::default() }), expected, "{case}");
        }
    }

    #[test]
    fn failures_are_whoever_has_most_of_them() {
        let code = |text: &str| Code::of(text.as_bytes()).unwrap();
        let tally = |codes: &[(&str, u32)], answered_5xx| Tally {
            codes: codes.iter().map(|(text, count)| (code(text), *count)).collect(),
            answered_5xx,
            ..Tally::default()
        };
        for (tally, expected) in [
            (tally(&[], 0), None),
            (tally(&[("H27", 100)], 0), None),
            (tally(&[("H12", 10), ("H11", 5)], 12), Some(Class::Capacity)),
            (tally(&[("H12", 10)], 12), Some(Class::App)),
            (tally(&[("H10", 1)], 0), Some(Class::App)),
            (tally(&[("H99", 3), ("H10", 1)], 0), Some(Class::Platform)),
        ] {
            assert_eq!(whose(&tally), expected, "{tally:?}");
        }
        assert_eq!(
            foremost(&tally(&[("H10", 1), ("H12", 9), ("H13", 1)], 0).codes),
            [(code("H12"), 9), (code("H10"), 1), (code("H13"), 1)]
        );
    }
}
