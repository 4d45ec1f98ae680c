//! Scaling to what a load needs: the quantity of dynos that carries it, at once when there are too few, and slowly when there are too
//! many; or, where only a delay is known, one dyno after another until it is right. A plain function of looks that are stored and of
//! `now`, so that a restart changes nothing, and an edit of the file has all looks counted anew.
//!
//! What is missing is read in the way that does no harm: a dyno that tells nothing carries nothing where it is asked whether there are
//! enough, and is full where it is asked whether there are too many; lines that were lost add dynos, and take none.

use flyball_model::{Amount, Measured, Timestamp, Unit};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Less than this of a dyno is nothing: sums of fractions are not exact.
const NEARLY: f64 = 1e-9;
/// Dynos that are added at once unless the file says otherwise: as many as there are, and at least so many.
const OUT_AT_LEAST: u32 = 4;
/// Steps that take away are at least this far apart.
const IN_APART: Duration = Duration::from_secs(60);

/// A look at a load, or at a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    /// When.
    pub at: Timestamp,
    /// What it told; nothing where it could not be told.
    pub told: Option<Measured>,
}

/// What is done while nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutData {
    /// Nothing.
    Hold,
    /// There are to be so many dynos at least.
    AtLeast(u32),
}

/// By what it is told how many dynos there are to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum By {
    /// A load: so many carry it. A share of dynos' time is the load of as many dynos as told it, each of which is 1.
    Load {
        /// The load that one dyno carries: above 0; of a share, 1 where one may be busy all the time.
        per_dyno: f64,
        /// What is left free where dynos are taken away: from 0 up to 1.
        slack: f64,
    },
    /// A delay: more where it is too long, and fewer where it is needlessly short. How many it needs nobody can tell, since it does not
    /// halve when dynos double.
    Delay {
        /// Below this it is needlessly short.
        low: Amount,
        /// Above this it is too long.
        high: Amount,
        /// How long a step takes until it shows: its dynos boot, and the delay is told from when they are up.
        shows_after: Duration,
    },
}

/// To what a process type is scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// By what.
    pub by: By,
    /// Never sets less.
    pub min: u32,
    /// There are to be so many at least at this time, whatever is needed and whether that is known; nothing where `min` is all there is.
    /// At most `max`.
    pub floor: Option<u32>,
    /// Never sets more, and takes nothing away for it.
    pub max: u32,
    /// Dynos added in one step at most; none where that goes by how many there are, or by a delay one by one.
    pub max_out: Option<u32>,
    /// Dynos taken in one step at most.
    pub max_in: u32,
    /// The highest need of this time counts before any is taken.
    pub stabilize: Duration,
    /// Looks that are further apart leave a gap.
    pub late: Duration,
    /// What is done while nothing is known.
    pub without_data: WithoutData,
    /// Whether it starts what somebody set to 0.
    pub from_zero: bool,
}

/// How things stand now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// Now.
    pub now: Timestamp,
    /// How many dynos there are to be.
    pub quantity: u32,
    /// When we added dynos last.
    pub added_at: Option<Timestamp>,
    /// When it acted last.
    pub acted_at: Option<Timestamp>,
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// So many dynos are to be there from now on.
    Set(u32, Why),
    /// It holds.
    Hold(Why),
}

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// So many are needed for this load.
    Needed(u32, Amount),
    /// So many were enough for the whole of `stabilize`.
    WereEnough(u32),
    /// The delay is too long.
    TooSlow(Amount),
    /// The delay was needlessly short for the whole of `stabilize`.
    FastForLong,
    /// There are as many as are needed.
    Enough(Amount),
    /// The delay is right, or not needlessly short for long enough.
    Between(Amount),
    /// So many were needed within `stabilize`.
    NeededOfLate(u32),
    /// There are as many as there may be, or more, and so many are needed.
    AtMost(u32),
    /// There are as few as there may be.
    AtLeast,
    /// There are to be so many at least at this time.
    Floor(u32),
    /// The step that was made last does not show yet.
    StepComesUp(Timestamp),
    /// The delay is told from too few requests.
    FewRequests,
    /// Somebody set it to 0.
    SetToZero,
    /// Nothing is known.
    NoData,
    /// Lines were lost, so that it may be more.
    LinesLost,
    /// It was not known for the whole of `stabilize`.
    NotKnownForLong,
    /// It took some away less than a minute ago.
    TookOfLate(Timestamp),
}

/// The load that was told: a share is that of each dyno that told. The mean of shares is known to the thousandth of a hundredth, so their
/// sum is to the thousandth: what is exactly enough for some dynos does not become more than that.
fn load(told: &Measured) -> f64 {
    match told.amount.unit {
        Unit::Percent => {
            let dynos = f64::from(told.dynos.unwrap_or(1));
            (told.amount.number() * dynos * 10.0).round() / 1000.0
        }
        Unit::Things | Unit::PerSecond | Unit::Millis => told.amount.number(),
    }
}

/// How many dynos a load needs where each carries so much; one more than anybody has where none could.
#[must_use]
pub fn dynos_for(load: f64, per_dyno: f64) -> u32 {
    let dynos = (load / per_dyno - NEARLY).ceil();
    if dynos.is_nan() || dynos >= f64::from(u32::MAX) {
        return u32::MAX;
    }
    // Not negative and below the bound, both of which were looked at: nothing is cut off.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just held within bounds")]
    let whole = dynos.max(0.0) as u32;
    whole
}

/// What a look comes to. `looks` are those that are stored, oldest first; the last of them is the present one.
#[must_use]
pub fn aim(target: &Target, looks: &[LookedAt], stands: Stands) -> Aim {
    let quantity = stands.quantity;
    if quantity == 0 && !target.from_zero {
        return Aim::Hold(Why::SetToZero);
    }
    let told = looks.last().and_then(|look| look.told);
    let floor = target.floor.map(|floor| floor.min(target.max));
    // A floor is no need, and waits for no data: but more may be needed.
    if let Some(floor) = floor.filter(|floor| *floor > quantity && target.needs_at_once(told.as_ref()) <= *floor) {
        let step = target.max_out.unwrap_or(u32::MAX);
        return Aim::Set(floor.min(quantity.saturating_add(step)), Why::Floor(floor));
    }
    let target = &Target { min: target.min.max(floor.unwrap_or_default()), floor, ..*target };
    let Some(told) = told else {
        return match target.without_data {
            WithoutData::AtLeast(least) if quantity < least.min(target.max) => {
                Aim::Set(least.min(target.max), Why::NoData)
            }
            WithoutData::AtLeast(_) | WithoutData::Hold => Aim::Hold(Why::NoData),
        };
    };
    match target.by {
        By::Load { per_dyno, slack } => Carried { target, per_dyno, slack }.aim(&told, looks, stands),
        By::Delay { low, high, shows_after } => Delayed { target, low, high, shows_after }.aim(&told, looks, stands),
    }
}

impl Target {
    /// How many there are to be at once by what is told, or by its not being told.
    fn needs_at_once(&self, told: Option<&Measured>) -> u32 {
        match (told, self.by, self.without_data) {
            (Some(told), By::Load { per_dyno, slack }, _) => Carried { target: self, per_dyno, slack }.needs_out(told),
            (None, _, WithoutData::AtLeast(least)) => least.min(self.max),
            (Some(_), By::Delay { .. }, _) | (None, _, WithoutData::Hold) => 0,
        }
    }
}

/// A target that goes by a load.
struct Carried<'a> {
    target: &'a Target,
    per_dyno: f64,
    slack: f64,
}

impl Carried<'_> {
    fn aim(&self, told: &Measured, looks: &[LookedAt], stands: Stands) -> Aim {
        let (target, quantity) = (self.target, stands.quantity);
        let out = self.needs_out(told);
        if out > quantity {
            let step = target.max_out.unwrap_or_else(|| quantity.max(OUT_AT_LEAST));
            return Aim::Set(out.min(quantity.saturating_add(step)), Why::Needed(out, told.amount));
        }
        let now_needed = self.needs_in(told, quantity);
        let of_late = of_late(target, looks, stands.now);
        let needed = of_late.told.iter().map(|told| self.needs_in(told, quantity)).max().unwrap_or_default();
        let floor = needed.max(now_needed);
        if floor >= quantity {
            let wanted = dynos_for(load(told), self.per_dyno);
            let is_kept = target.floor.filter(|least| *least >= quantity && self.raw_in(told, quantity) < quantity);
            return Aim::Hold(match (wanted > target.max, is_kept, now_needed >= quantity) {
                (true, _, _) => Why::AtMost(wanted),
                (false, Some(least), _) => Why::Floor(least),
                (false, None, true) => Why::Enough(told.amount),
                (false, None, false) => Why::NeededOfLate(needed),
            });
        }
        // Who added them saw what this load does not tell: that requests wait, say.
        if stands.added_at.is_some_and(|at| at + target.stabilize > stands.now) {
            return Aim::Hold(Why::NeededOfLate(quantity));
        }
        match of_late.stands_in_the_way(told, stands) {
            Some(why) => Aim::Hold(why),
            None => Aim::Set(floor.max(quantity.saturating_sub(target.max_in)), Why::WereEnough(floor)),
        }
    }

    /// How many dynos are enough for now: what is silent carries nothing.
    fn needs_out(&self, told: &Measured) -> u32 {
        self.within(dynos_for(load(told), self.per_dyno))
    }

    /// How many must stay: what is silent is full, and some room is left. Who set more than it would may have done so for this load.
    fn needs_in(&self, told: &Measured, quantity: u32) -> u32 {
        let Target { min, max, .. } = *self.target;
        self.raw_in(told, quantity).clamp(min, max.max(min).max(quantity))
    }

    /// The same, whatever there may be.
    fn raw_in(&self, told: &Measured, quantity: u32) -> u32 {
        let silent = told.dynos.map_or(0, |dynos| quantity.saturating_sub(dynos));
        let full = f64::from(silent) * self.per_dyno;
        dynos_for(load(told) + full, self.per_dyno * (1.0 - self.slack))
    }

    fn within(&self, dynos: u32) -> u32 {
        dynos.clamp(self.target.min, self.target.max.max(self.target.min))
    }
}

/// A target that goes by a delay.
struct Delayed<'a> {
    target: &'a Target,
    low: Amount,
    high: Amount,
    shows_after: Duration,
}

impl Delayed<'_> {
    fn aim(&self, told: &Measured, looks: &[LookedAt], stands: Stands) -> Aim {
        let (target, quantity) = (self.target, stands.quantity);
        if quantity < target.min {
            return Aim::Set(target.min, Why::AtLeast);
        }
        if told.few {
            return Aim::Hold(Why::FewRequests);
        }
        let shows_at = stands.added_at.map(|at| at + self.shows_after).filter(|at| *at > stands.now);
        if told.amount.thousandths > self.high.thousandths {
            if quantity >= target.max {
                return Aim::Hold(Why::AtMost(quantity.saturating_add(1)));
            }
            return match shows_at {
                Some(until) => Aim::Hold(Why::StepComesUp(until)),
                None => {
                    let to = quantity.saturating_add(target.max_out.unwrap_or(1)).min(target.max);
                    Aim::Set(to, Why::TooSlow(told.amount))
                }
            };
        }
        let of_late = of_late(target, looks, stands.now);
        let is_short = |told: &Measured| !told.few && told.amount.thousandths < self.low.thousandths;
        if !is_short(told) || !of_late.told.iter().all(is_short) {
            return Aim::Hold(Why::Between(told.amount));
        }
        if quantity <= target.min {
            return Aim::Hold(target.floor.filter(|least| *least >= quantity).map_or(Why::AtLeast, Why::Floor));
        }
        if let Some(until) = shows_at {
            return Aim::Hold(Why::StepComesUp(until));
        }
        match of_late.stands_in_the_way(told, stands) {
            Some(why) => Aim::Hold(why),
            None => Aim::Set(target.min.max(quantity.saturating_sub(target.max_in)), Why::FastForLong),
        }
    }
}

/// What was told within `stabilize`.
struct OfLate {
    told: Vec<Measured>,
    /// Whether it was told all the time.
    is_covered: bool,
}

impl OfLate {
    /// Why no dyno is taken away, whatever is needed.
    fn stands_in_the_way(&self, told: &Measured, stands: Stands) -> Option<Why> {
        let is_complete = told.complete && self.told.iter().all(|told| told.complete);
        let may_take_at = stands.acted_at.map(|at| at + IN_APART).filter(|at| *at > stands.now);
        if !is_complete {
            Some(Why::LinesLost)
        } else if !self.is_covered {
            Some(Why::NotKnownForLong)
        } else {
            may_take_at.map(Why::TookOfLate)
        }
    }
}

fn of_late(target: &Target, looks: &[LookedAt], now: Timestamp) -> OfLate {
    let begins = now - target.stabilize;
    let mut of_late = OfLate { told: Vec::new(), is_covered: false };
    let mut later = now;
    // From now back, until there is a look from before it.
    for look in looks.iter().rev() {
        if later.since(look.at) > target.late {
            return of_late;
        }
        let Some(told) = look.told else { return of_late };
        if look.at < begins {
            of_late.is_covered = true;
            return of_late;
        }
        of_late.told.push(told);
        if look.at == begins {
            of_late.is_covered = true;
            return of_late;
        }
        later = look.at;
    }
    of_late
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: Target = Target {
        by: By::Load { per_dyno: 25.0, slack: 0.1 },
        min: 1,
        floor: None,
        max: 8,
        max_out: None,
        max_in: 1,
        stabilize: Duration::from_secs(300),
        late: Duration::from_secs(60),
        without_data: WithoutData::Hold,
        from_zero: false,
    };
    const BUSY: Target = Target { by: By::Load { per_dyno: 40.0, slack: 0.1 }, max: 20, ..JOBS };
    const SHARE: Target = Target { by: By::Load { per_dyno: 0.7, slack: 0.1 }, ..JOBS };

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(10_000 + second)
    }

    fn measured(load: f64, dynos: Option<u32>, complete: bool) -> Option<Measured> {
        Some(Measured { amount: Amount::new(load, Unit::Things), complete, few: false, dynos })
    }

    fn told(load: f64) -> Option<Measured> {
        measured(load, None, true)
    }

    /// Told by so many dynos.
    fn told_by(load: f64, dynos: u32) -> Option<Measured> {
        measured(load, Some(dynos), true)
    }

    fn some_lost(load: f64) -> Option<Measured> {
        measured(load, None, false)
    }

    /// The same look every ten seconds, for so long until now.
    fn steady(told: Option<Measured>, seconds: u64) -> Vec<LookedAt> {
        (0..=seconds / 10).map(|nth| LookedAt { at: at(600 - seconds + nth * 10), told }).collect()
    }

    /// Another look so many seconds before now.
    fn with(mut looks: Vec<LookedAt>, before: u64, told: Option<Measured>) -> Vec<LookedAt> {
        looks.iter_mut().filter(|look| look.at == at(600 - before)).for_each(|look| look.told = told);
        looks
    }

    fn stands(quantity: u32) -> Stands {
        Stands { now: at(600), quantity, added_at: None, acted_at: None }
    }

    #[test]
    fn a_load_comes_to_what_it_needs() {
        let now = |load| steady(load, 0);
        let long = |load| steady(load, 310);
        let three = Target { max_in: 3, ..JOBS };
        let least = Target { without_data: WithoutData::AtLeast(4), ..JOBS };
        let zero = Target { from_zero: true, ..JOBS };
        let parts = Target { by: By::Load { per_dyno: 4.0, slack: 0.1 }, max: 20, ..JOBS };
        let load = |load| Amount::new(load, Unit::Things);
        for (case, target, looks, stands, expected) in [
            ("exactly full", JOBS, now(told(50.0)), stands(2), Aim::Hold(Why::Enough(load(50.0)))),
            ("one too many", JOBS, now(told(51.0)), stands(2), Aim::Set(3, Why::Needed(3, load(51.0)))),
            ("a burst", JOBS, now(told(200.0)), stands(2), Aim::Set(6, Why::Needed(8, load(200.0)))),
            ("and on", JOBS, now(told(200.0)), stands(6), Aim::Set(8, Why::Needed(8, load(200.0)))),
            ("more than there may be", JOBS, now(told(900.0)), stands(8), Aim::Hold(Why::AtMost(36))),
            ("somebody set more, and it is needed", JOBS, long(told(250.0)), stands(11), Aim::Hold(Why::AtMost(10))),
            ("somebody set too many", JOBS, long(told(220.0)), stands(11), Aim::Set(10, Why::WereEnough(10))),
            ("two would be 98 % full", JOBS, long(told(49.0)), stands(3), Aim::Hold(Why::Enough(load(49.0)))),
            ("two would be 90 % full", JOBS, long(told(45.0)), stands(3), Aim::Set(2, Why::WereEnough(2))),
            (
                "more four minutes ago",
                JOBS,
                with(long(told(45.0)), 240, told(70.0)),
                stands(3),
                Aim::Hold(Why::NeededOfLate(4)),
            ),
            ("nothing to do", JOBS, long(told(0.0)), stands(6), Aim::Set(5, Why::WereEnough(1))),
            ("nothing to do, by three", three, long(told(0.0)), stands(6), Aim::Set(3, Why::WereEnough(1))),
            ("not for long", JOBS, steady(told(0.0), 120), stands(6), Aim::Hold(Why::NotKnownForLong)),
            ("nothing told", JOBS, now(None), stands(6), Aim::Hold(Why::NoData)),
            ("never looked", JOBS, Vec::new(), stands(6), Aim::Hold(Why::NoData)),
            ("nothing told, enough", least, now(None), stands(6), Aim::Hold(Why::NoData)),
            ("nothing told, too few", least, now(None), stands(2), Aim::Set(4, Why::NoData)),
            ("lines lost, and busy", BUSY, now(some_lost(300.0)), stands(6), Aim::Set(8, Why::Needed(8, load(300.0)))),
            ("lines lost, and idle", BUSY, long(some_lost(80.0)), stands(6), Aim::Hold(Why::LinesLost)),
            (
                "lines lost a while ago",
                BUSY,
                with(long(told(80.0)), 100, some_lost(80.0)),
                stands(6),
                Aim::Hold(Why::LinesLost),
            ),
            ("a silent dyno is full", SHARE, long(told_by(0.6, 2)), stands(3), Aim::Hold(Why::Enough(load(0.6)))),
            ("and even so two do", SHARE, long(told_by(0.35, 2)), stands(3), Aim::Set(2, Why::WereEnough(2))),
            (
                "a silent dyno carries nothing",
                SHARE,
                now(told_by(1.5, 2)),
                stands(3),
                Aim::Hold(Why::Enough(load(1.5))),
            ),
            ("busy dynos", SHARE, now(told(2.7)), stands(3), Aim::Set(4, Why::Needed(4, load(2.7)))),
            ("half busy", SHARE, long(told(1.02)), stands(2), Aim::Hold(Why::Enough(load(1.02)))),
            ("idle dynos", SHARE, long(told(0.62)), stands(2), Aim::Set(1, Why::WereEnough(1))),
            ("a little too much", parts, now(told(41.0)), stands(10), Aim::Set(11, Why::Needed(11, load(41.0)))),
            ("somebody set 0", JOBS, now(told(60.0)), stands(0), Aim::Hold(Why::SetToZero)),
            ("from zero", zero, now(told(60.0)), stands(0), Aim::Set(3, Why::Needed(3, load(60.0)))),
            ("sums of fractions", SHARE, now(told(0.7 * 3.0)), stands(3), Aim::Hold(Why::Enough(load(2.1)))),
            (
                "a step of late",
                JOBS,
                long(told(0.0)),
                Stands { acted_at: Some(at(570)), ..stands(6) },
                Aim::Hold(Why::TookOfLate(at(630))),
            ),
            (
                "added of late, by whoever saw what no load tells",
                JOBS,
                long(told(0.0)),
                Stands { added_at: Some(at(301)), ..stands(6) },
                Aim::Hold(Why::NeededOfLate(6)),
            ),
            (
                "added before that",
                JOBS,
                long(told(0.0)),
                Stands { added_at: Some(at(300)), ..stands(6) },
                Aim::Set(5, Why::WereEnough(1)),
            ),
            (
                "a gap",
                JOBS,
                long(told(0.0)).into_iter().filter(|look| look.at < at(380) || look.at > at(480)).collect(),
                stands(6),
                Aim::Hold(Why::NotKnownForLong),
            ),
            (
                "a time of not knowing",
                JOBS,
                with(long(told(0.0)), 200, None),
                stands(6),
                Aim::Hold(Why::NotKnownForLong),
            ),
        ] {
            assert_eq!(aim(&target, &looks, stands), expected, "{case}");
        }
    }

    #[test]
    fn a_delay_is_met_one_dyno_after_another() {
        let delay = |millis: f64| Amount::new(millis, Unit::Millis);
        let told = |millis: f64| Some(Measured { amount: delay(millis), complete: true, few: false, dynos: None });
        let few = |millis: f64| told(millis).map(|told| Measured { few: true, ..told });
        let by = By::Delay { low: delay(20.0), high: delay(150.0), shows_after: Duration::from_secs(90) };
        let target = Target { by, ..JOBS };
        let added = |second| Stands { added_at: Some(at(second)), ..stands(5) };
        let (now, long) = (|told| steady(told, 0), |told| steady(told, 310));
        for (case, looks, stands, expected) in [
            ("too long", now(told(180.0)), stands(4), Aim::Set(5, Why::TooSlow(delay(180.0)))),
            ("the last step comes up", now(told(400.0)), added(590), Aim::Hold(Why::StepComesUp(at(680)))),
            ("it shows, and is not enough", now(told(400.0)), added(510), Aim::Set(6, Why::TooSlow(delay(400.0)))),
            ("as long as it may be", now(told(150.0)), stands(4), Aim::Hold(Why::Between(delay(150.0)))),
            ("right", long(told(60.0)), stands(5), Aim::Hold(Why::Between(delay(60.0)))),
            ("short, for three minutes", steady(told(12.0), 180), stands(5), Aim::Hold(Why::NotKnownForLong)),
            ("short, for long enough", long(told(12.0)), stands(5), Aim::Set(4, Why::FastForLong)),
            (
                "it was not short all the time",
                with(long(told(12.0)), 200, told(60.0)),
                stands(5),
                Aim::Hold(Why::Between(delay(12.0))),
            ),
            ("of too few requests", now(few(900.0)), stands(4), Aim::Hold(Why::FewRequests)),
            (
                "of too few some time ago",
                with(long(told(12.0)), 200, few(12.0)),
                stands(4),
                Aim::Hold(Why::Between(delay(12.0))),
            ),
            ("no request is no delay", long(told(0.0)), stands(4), Aim::Set(3, Why::FastForLong)),
            ("nobody knows", long(None), stands(4), Aim::Hold(Why::NoData)),
            ("as many as there may be", now(told(900.0)), stands(8), Aim::Hold(Why::AtMost(9))),
            ("as few as there may be", long(told(1.0)), stands(1), Aim::Hold(Why::AtLeast)),
        ] {
            assert_eq!(aim(&target, &looks, stands), expected, "{case}");
        }
    }

    #[test]
    fn a_floor_stands_whatever_is_needed_and_is_left_in_steps() {
        let floor = Target { floor: Some(4), ..JOBS };
        let by_two = Target { max_out: Some(2), ..floor };
        let zero = Target { from_zero: true, ..floor };
        let least = |least| Target { without_data: WithoutData::AtLeast(least), ..floor };
        let load = |load| Amount::new(load, Unit::Things);
        let (now, long) = (|load| steady(load, 0), |load| steady(load, 310));
        for (case, target, looks, quantity, expected) in [
            ("less is needed", floor, now(told(10.0)), 2, Aim::Set(4, Why::Floor(4))),
            ("as much is needed", floor, now(told(100.0)), 2, Aim::Set(4, Why::Floor(4))),
            ("more is needed", floor, now(told(120.0)), 2, Aim::Set(5, Why::Needed(5, load(120.0)))),
            ("nobody knows", floor, now(None), 2, Aim::Set(4, Why::Floor(4))),
            ("never looked", floor, Vec::new(), 2, Aim::Set(4, Why::Floor(4))),
            ("nobody knows, and there are enough", floor, now(None), 4, Aim::Hold(Why::NoData)),
            ("nobody knows, and more are wanted then", least(6), now(None), 2, Aim::Set(6, Why::NoData)),
            ("nobody knows, and fewer are wanted then", least(3), now(None), 2, Aim::Set(4, Why::Floor(4))),
            ("by steps", by_two, now(told(10.0)), 1, Aim::Set(3, Why::Floor(4))),
            ("somebody set 0", floor, now(told(10.0)), 0, Aim::Hold(Why::SetToZero)),
            ("from zero", zero, now(told(0.0)), 0, Aim::Set(4, Why::Floor(4))),
            ("it is kept", floor, long(told(10.0)), 4, Aim::Hold(Why::Floor(4))),
            ("the load keeps as many", floor, long(told(90.0)), 4, Aim::Hold(Why::Enough(load(90.0)))),
            ("what is above it goes", floor, long(told(10.0)), 6, Aim::Set(5, Why::WereEnough(4))),
            ("it is over", JOBS, long(told(10.0)), 4, Aim::Set(3, Why::WereEnough(1))),
            ("over the bound", Target { floor: Some(20), ..JOBS }, now(told(10.0)), 2, Aim::Set(8, Why::Floor(8))),
            (
                "below the least",
                Target { min: 5, ..floor },
                now(told(10.0)),
                4,
                Aim::Set(5, Why::Needed(5, load(10.0))),
            ),
        ] {
            assert_eq!(aim(&target, &looks, stands(quantity)), expected, "{case}");
        }
        let delay = |millis: f64| Amount::new(millis, Unit::Millis);
        let told = |millis: f64| Some(Measured { amount: delay(millis), complete: true, few: false, dynos: None });
        let by = By::Delay { low: delay(20.0), high: delay(150.0), shows_after: Duration::from_secs(90) };
        let target = Target { by, ..floor };
        for (case, looks, quantity, expected) in [
            ("right", now(told(60.0)), 2, Aim::Set(4, Why::Floor(4))),
            ("too long", now(told(180.0)), 4, Aim::Set(5, Why::TooSlow(delay(180.0)))),
            ("short for long", long(told(12.0)), 4, Aim::Hold(Why::Floor(4))),
            ("short for long, above it", long(told(12.0)), 5, Aim::Set(4, Why::FastForLong)),
        ] {
            assert_eq!(aim(&target, &looks, stands(quantity)), expected, "{case}");
        }
    }

    #[test]
    fn no_number_is_too_odd() {
        for load in [f64::NAN, f64::INFINITY, -5.0, 1e300] {
            let told = aim(&JOBS, &steady(told(load), 0), stands(2));
            let within = match told {
                Aim::Set(quantity, _) => (JOBS.min..=JOBS.max).contains(&quantity),
                Aim::Hold(_) => true,
            };
            assert!(within, "{load}: {told:?}");
        }
    }

    #[test]
    fn a_share_is_the_load_of_the_dynos_that_told_it() {
        let told = |percent: f64, dynos| {
            let amount = Amount::new(percent, Unit::Percent);
            Measured { amount, complete: true, few: false, dynos: Some(dynos) }
        };
        let needs = |told: Measured, quantity| match aim(&SHARE, &steady(Some(told), 310), stands(quantity)) {
            Aim::Set(to, _) => to,
            Aim::Hold(_) => quantity,
        };
        for (case, told, quantity, expected) in [
            ("busy", told(90.0, 3), 3, 4),
            ("exactly as busy as may be", told(70.0, 3), 3, 3),
            ("exactly enough for two, of a mean that is rounded", told(140.0 / 3.0, 3), 2, 2),
            ("one of three is silent, and full where dynos are taken", told(30.0, 2), 3, 3),
            ("idle enough even so", told(17.5, 2), 3, 2),
            ("two that are half busy", told(51.0, 2), 2, 2),
            ("two that are idle", told(31.0, 2), 2, 1),
        ] {
            assert_eq!(needs(told, quantity), expected, "{case}");
        }
    }
}
