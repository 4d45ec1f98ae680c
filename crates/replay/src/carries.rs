//! The load that a dyno carries without requests waiting, from minutes of what routers told and the quantities that ran.
//!
//! Minutes are put in order of the load that each dyno had, in steps of a twentieth of the range. In quiet minutes the times are those of
//! an app without a queue; where a tenth of a step's minutes are clearly slower, or the router found no room, requests wait. What the last
//! step below had is what a dyno carries, less a margin.

use crate::minutes::{MINUTE, Minute};
use crate::weigh::quantity_at;
use flyball_model::Timestamp;
use std::fmt;
use std::time::Duration;

/// The range of loads is cut into so many steps: more cannot be told apart by some hundred minutes.
const STEPS: usize = 20;
/// Fewer requests in a minute have no 95th of a hundred.
const REQUESTS_MIN: u64 = 20;
/// Fewer minutes than this say nothing: two hours.
const MINUTES_MIN: usize = 120;
/// A step of fewer minutes is no step: one odd minute would decide.
const STEP_MINUTES_MIN: usize = 3;
/// A step waits where more than one minute of so many does.
const ONE_OF: usize = 10;
/// The loads must reach from a quiet one to so many times that, or it cannot be told what is due to the load.
const RANGE_MIN: f64 = 1.5;
/// Requests wait where they are served so many times as long as in quiet minutes,
const SLOWER: f64 = 1.5;
/// and by so many milliseconds: less is the noise of a quick app.
const SERVICE_MARGIN_MS: f64 = 50.0;
/// They wait to be accepted where that takes so much longer than in quiet minutes. Within a data centre it takes a few.
const CONNECT_MARGIN_MS: f64 = 20.0;
/// What is left below the last load that was well.
const MARGIN: f64 = 0.1;
/// Dynos come up, and go, for so long around a change of the quantity: Heroku kills what has not booted after a minute.
const COMES_UP: Duration = Duration::from_secs(60);

/// What a dyno carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Carries {
    /// The load to give each dyno: [`Carries::most`] less a tenth, to two digits.
    pub per_dyno: f64,
    /// The largest load of a dyno at which requests did not wait.
    pub most: f64,
    /// Whether they were seen to wait beyond it; otherwise a dyno may carry more.
    pub is_bounded: bool,
    /// How many minutes it is told from.
    pub minutes: usize,
    /// How many of them had at least three quarters of [`Carries::most`], and did not wait.
    pub near: usize,
    /// How long requests are served in quiet minutes, but for the slowest twentieth, in milliseconds.
    pub service_ms: f64,
    /// How long it takes to connect then, likewise.
    pub connect_ms: f64,
    /// The minutes by the load of each dyno, the least first.
    pub bins: Vec<Bin>,
}

/// Minutes with about the same load on each dyno.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// From this load
    pub from: f64,
    /// to this.
    pub to: f64,
    /// How many minutes.
    pub minutes: usize,
    /// In how many of them requests waited.
    pub waiting: usize,
    /// How long requests were served, but for the slowest twentieth, in milliseconds: the median of the minutes.
    pub service_ms: f64,
    /// How long it took to connect, likewise.
    pub connect_ms: f64,
}

impl Bin {
    /// Whether requests wait at this load.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.waiting * ONE_OF > self.minutes
    }
}

/// Why nothing can be said yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TooLittle {
    /// Too few minutes are known: so many.
    FewMinutes(usize),
    /// The load on a dyno was always about the same: from this to this.
    Flat(f64, f64),
    /// Requests wait also where there is least to do, from this load on.
    AlwaysWaits(f64),
}

impl fmt::Display for TooLittle {
    /// "only 12 minutes are known, of 120 at least".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewMinutes(minutes) => write!(
                f,
                "{minutes} minutes with {REQUESTS_MIN} requests or more and a known quantity of dynos, and {MINUTES_MIN} are needed"
            ),
            Self::Flat(from, to) => write!(
                f,
                "each dyno always had about the same to do ({} to {}), so that it cannot be told from when on requests wait",
                rounded(*from),
                rounded(*to)
            ),
            Self::AlwaysWaits(load) => write!(
                f,
                "requests are as slow at {} a dyno as at more: it is not for want of dynos that they wait",
                rounded(*load)
            ),
        }
    }
}

/// A minute with the load that each dyno had.
struct Borne {
    load: f64,
    service_ms: f64,
    connect_ms: f64,
    refused: u64,
}

/// What a dyno carries, by these minutes, with this quantity of dynos over time.
///
/// # Errors
///
/// Where that cannot be told yet, why.
pub fn carries(minutes: &[Minute], quantities: &[(Timestamp, u32)]) -> Result<Carries, TooLittle> {
    let mut borne: Vec<Borne> = minutes.iter().filter_map(|minute| borne(minute, quantities)).collect();
    borne.sort_by(|one, other| one.load.total_cmp(&other.load));
    if borne.len() < MINUTES_MIN {
        return Err(TooLittle::FewMinutes(borne.len()));
    }
    let quiet = &borne[..borne.len() / 4];
    let service_ms = median(quiet.iter().map(|of| of.service_ms));
    let connect_ms = median(quiet.iter().map(|of| of.connect_ms));
    let waits = |of: &Borne| {
        let is_slow = of.service_ms > service_ms * SLOWER && of.service_ms > service_ms + SERVICE_MARGIN_MS;
        of.refused > 0 || is_slow || of.connect_ms > connect_ms + CONNECT_MARGIN_MS
    };
    let (least, top) = (borne[0].load, borne[borne.len() - 1].load);
    let steps = in_steps(&borne);
    let bins: Vec<Bin> = steps.iter().map(|step| bin(step, waits)).collect();
    let well = bins.iter().position(Bin::waits).unwrap_or(bins.len());
    let is_bounded = well < bins.len();
    if !is_bounded && top < median(quiet.iter().map(|of| of.load)) * RANGE_MIN {
        return Err(TooLittle::Flat(least, top));
    }
    let below = steps[..well].iter().flat_map(|step| step.iter()).filter(|of| !waits(of));
    let Some(most) = below.map(|of| of.load).next_back().filter(|most| *most > 0.0) else {
        return Err(TooLittle::AlwaysWaits(least));
    };
    let near = borne.iter().filter(|of| of.load >= most * 0.75 && of.load <= most && !waits(of)).count();
    let per_dyno = floored(most * (1.0 - MARGIN));
    Ok(Carries { per_dyno, most, is_bounded, minutes: borne.len(), near, service_ms, connect_ms, bins })
}

/// The load of each dyno in a minute; nothing where too little is known of it.
fn borne(minute: &Minute, quantities: &[(Timestamp, u32)]) -> Option<Borne> {
    let (from, until) = (minute.at - COMES_UP, minute.at + MINUTE + COMES_UP);
    let is_steady = !quantities.iter().skip(1).any(|(at, _)| *at > from && *at < until);
    let quantity = quantity_at(quantities, minute.at).filter(|quantity| *quantity > 0 && is_steady)?;
    let is_known = minute.is_whole && minute.requests >= REQUESTS_MIN;
    Some(Borne {
        load: minute.load.filter(|_| is_known)? / f64::from(quantity),
        service_ms: minute.service_ms?,
        connect_ms: minute.connect_ms.unwrap_or_default(),
        refused: minute.refused,
    })
}

/// Steps of equal width from nothing to the largest load; one of too few minutes goes with that below it.
fn in_steps(borne: &[Borne]) -> Vec<&[Borne]> {
    let top = borne.last().map_or(0.0, |of| of.load);
    #[expect(clippy::cast_precision_loss, reason = "there are twenty")]
    let ends = (1..=STEPS).map(|nth| top * nth as f64 / STEPS as f64);
    let (mut steps, mut begins) = (Vec::new(), 0);
    for end in ends {
        let until = borne.partition_point(|of| of.load <= end);
        let is_last = borne.len() - until < STEP_MINUTES_MIN;
        if is_last || until - begins >= STEP_MINUTES_MIN {
            let until = if is_last { borne.len() } else { until };
            steps.push(&borne[begins..until]);
            begins = until;
        }
        if is_last {
            break;
        }
    }
    steps.retain(|step| !step.is_empty());
    steps
}

fn bin(step: &[Borne], waits: impl Fn(&Borne) -> bool) -> Bin {
    Bin {
        from: step.first().map_or(0.0, |of| of.load),
        to: step.last().map_or(0.0, |of| of.load),
        minutes: step.len(),
        waiting: step.iter().filter(|of| waits(of)).count(),
        service_ms: median(step.iter().map(|of| of.service_ms)),
        connect_ms: median(step.iter().map(|of| of.connect_ms)),
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// To two digits, and never more than it is: 3.57 is 3.5.
fn floored(number: f64) -> f64 {
    let unit = 10_f64.powf(number.log10().floor() - 1.0);
    // What is a whole number of units but for its last bits is that number.
    let floored = (number / unit + 1e-9).floor() * unit;
    // Powers of ten below one are not exact: what is written has no more digits than it means.
    (floored * 1e6).round() / 1e6
}

/// As one reads it, to two digits.
fn rounded(number: f64) -> String {
    if number >= 10.0 { format!("{number:.0}") } else { format!("{number:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + MINUTE * u32::try_from(minute).unwrap()
    }

    fn minute(nth: u64, load: f64, service_ms: f64) -> Minute {
        Minute {
            at: at(nth),
            load: Some(load),
            requests: 600,
            service_ms: Some(service_ms),
            connect_ms: Some(1.0),
            refused: 0,
            is_whole: true,
        }
    }

    /// Loads that go up and down between these, of all dynos together; each minute as this makes it.
    fn day(most: f64, of: impl Fn(u64, f64) -> Minute) -> Vec<Minute> {
        let load = |nth: u64| {
            #[expect(clippy::cast_precision_loss, reason = "it is below a thousand")]
            let part = (nth % 100) as f64 / 100.0;
            most * (0.1 + 0.9 * part)
        };
        (0..600).map(|nth| of(nth, load(nth))).collect()
    }

    #[test]
    fn a_dyno_carries_what_it_had_before_requests_waited() {
        let two = [(at(0), 2)];
        let slow_beyond =
            |bound: f64| move |nth, load: f64| minute(nth, load, if load > bound { 700.0 } else { 200.0 });
        for (case, minutes, per_dyno, is_bounded) in [
            ("served slowly beyond ten", day(16.0, slow_beyond(10.0)), 4.2, true),
            ("never slow", day(16.0, slow_beyond(100.0)), 7.1, false),
            (
                "accepted late beyond eight",
                day(16.0, |nth, load| Minute {
                    connect_ms: Some(if load > 8.0 { 90.0 } else { 2.0 }),
                    ..minute(nth, load, 200.0)
                }),
                3.5,
                true,
            ),
            (
                "no room beyond twelve",
                day(16.0, |nth, load| Minute { refused: u64::from(load > 12.0), ..minute(nth, load, 200.0) }),
                5.3,
                true,
            ),
            (
                "a minute that is odd decides nothing",
                day(16.0, |nth, load| minute(nth, load, if nth == 20 { 9000.0 } else { 200.0 })),
                7.1,
                false,
            ),
            (
                "a quick app is noisy",
                day(16.0, |nth, load| minute(nth, load, if load > 8.0 { 40.0 } else { 9.0 })),
                7.1,
                false,
            ),
        ] {
            let told = carries(&minutes, &two).unwrap();
            assert_eq!((told.per_dyno, told.is_bounded), (per_dyno, is_bounded), "{case}: {told:?}");
            assert!(told.per_dyno <= told.most * 0.9 + 1e-6, "{case}");
            assert_eq!(told.bins.iter().map(|bin| bin.minutes).sum::<usize>(), told.minutes, "{case}");
        }
    }

    #[test]
    fn what_says_too_little_is_told() {
        let slow = |nth, load: f64| minute(nth, load, 200.0);
        let few = |nth, load| Minute { requests: 19, ..minute(nth, load, 200.0) };
        let lost = |nth, load| Minute { is_whole: false, ..minute(nth, load, 200.0) };
        let refused = |nth, load| Minute { refused: 1, ..minute(nth, load, 200.0) };
        let flat = |nth, _| minute(nth, 4.0, 200.0);
        let one = || vec![(at(0), 1)];
        let busy_changes = (0..600).map(|nth| (at(nth), 1 + u32::try_from(nth % 2).unwrap())).collect::<Vec<_>>();
        for (case, minutes, quantities, expected) in [
            ("nothing", Vec::new(), one(), TooLittle::FewMinutes(0)),
            ("nobody knows how many there were", day(9.0, slow), Vec::new(), TooLittle::FewMinutes(0)),
            ("there was none", day(9.0, slow), vec![(at(0), 0)], TooLittle::FewMinutes(0)),
            ("dynos came and went all the time", day(9.0, slow), busy_changes, TooLittle::FewMinutes(0)),
            ("known from minute 500 on", day(9.0, slow), vec![(at(500), 1)], TooLittle::FewMinutes(100)),
            ("too few requests", day(9.0, few), one(), TooLittle::FewMinutes(0)),
            ("lines were lost", day(9.0, lost), one(), TooLittle::FewMinutes(0)),
            ("always the same", day(9.0, flat), one(), TooLittle::Flat(4.0, 4.0)),
            ("always without room", day(10.0, refused), one(), TooLittle::AlwaysWaits(1.0)),
        ] {
            assert_eq!(carries(&minutes, &quantities), Err(expected), "{case}");
        }
        let told = TooLittle::FewMinutes(7).to_string();
        assert_eq!(told, "7 minutes with 20 requests or more and a known quantity of dynos, and 120 are needed");
    }

    #[test]
    fn two_digits_are_kept_and_never_more_than_there_is() {
        for (number, expected) in [(3.579, 3.5), (0.0339, 0.033), (129.9, 120.0), (4.4, 4.4), (10.0, 10.0)] {
            assert_eq!(floored(number), expected);
        }
    }
}
