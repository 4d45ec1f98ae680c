//! Scaling to what a load needs: the quantity of dynos that carries it, at once when there are too few, and slowly when there are too
//! many. A plain function of looks that are stored and of `now`, so that a restart changes nothing, and an edit of the file has all
//! looks counted anew.
//!
//! What is missing is read in the way that does no harm: a dyno that tells nothing carries nothing where it is asked whether there are
//! enough, and is full where it is asked whether there are too many; lines that were lost add dynos, and take none.

use flyball_model::Timestamp;
use std::time::Duration;

/// Less than this of a dyno is nothing: sums of fractions are not exact.
const NEARLY: f64 = 1e-9;
/// Dynos that are added at once unless the file says otherwise: as many as there are, and at least so many.
const OUT_AT_LEAST: u32 = 4;
/// Steps that take away are at least this far apart.
const IN_APART: Duration = Duration::from_secs(60);

/// What a look told of a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Load {
    /// It could not be told.
    Unknown,
    /// It was told.
    Told {
        /// How much, over all dynos that told something.
        load: f64,
        /// How many dynos that are up told nothing; none where the load is not told by dynos.
        silent: u32,
        /// Whether nothing of what it is told from was lost.
        complete: bool,
    },
}

/// A look at a load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LookedAt {
    /// When.
    pub at: Timestamp,
    /// What it told.
    pub load: Load,
}

/// What is done while the load is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutData {
    /// Nothing.
    Hold,
    /// There are to be so many dynos at least.
    AtLeast(u32),
}

/// To what a process type is scaled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// The load that one dyno carries: above 0.
    pub per_dyno: f64,
    /// Never sets less.
    pub min: u32,
    /// Never sets more, and takes nothing away for it.
    pub max: u32,
    /// What is left free where dynos are taken away: from 0 up to 1.
    pub slack: f64,
    /// Dynos added in one step at most; none where that goes by how many there are.
    pub max_out: Option<u32>,
    /// Dynos taken in one step at most.
    pub max_in: u32,
    /// The highest need of this time counts before any is taken.
    pub stabilize: Duration,
    /// Looks that are further apart leave a gap.
    pub late: Duration,
    /// What is done while the load is unknown.
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
    /// Whether a release is coming up: what its dynos carry is not known yet.
    pub rolls_out: bool,
    /// Until when it gives way to what somebody else set; it still adds.
    pub gives_way_until: Option<Timestamp>,
    /// When it took dynos away last.
    pub took_at: Option<Timestamp>,
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
    /// So many are needed.
    Needed(u32),
    /// So many were enough for the whole of `stabilize`.
    WereEnough(u32),
    /// There are as many as are needed.
    Enough,
    /// So many were needed within `stabilize`.
    NeededOfLate(u32),
    /// There are as many as there may be, or more, and so many are needed.
    AtMost(u32),
    /// Somebody set it to 0.
    SetToZero,
    /// The load is not known.
    NoData,
    /// Lines were lost, so that the load may be more.
    LinesLost,
    /// The load was not known for the whole of `stabilize`.
    NotKnownForLong,
    /// A release is coming up.
    RollsOut,
    /// Somebody else set it.
    GivesWay(Timestamp),
    /// It took some away less than a minute ago.
    TookOfLate,
}

/// How many dynos a load needs where each carries so much; one more than anybody has where none could.
fn need(load: f64, per_dyno: f64) -> u32 {
    let dynos = (load / per_dyno - NEARLY).ceil();
    if dynos.is_nan() || dynos >= f64::from(u32::MAX) {
        return u32::MAX;
    }
    // Not negative and below the bound, both of which were looked at: nothing is cut off.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just held within bounds")]
    let whole = dynos.max(0.0) as u32;
    whole
}

impl Target {
    /// How many dynos are enough for now: what is silent carries nothing.
    fn needs_out(&self, load: f64) -> u32 {
        need(load, self.per_dyno).clamp(self.min, self.max.max(self.min))
    }

    /// How many must stay: what is silent is full, and some room is left.
    fn needs_in(&self, load: f64, silent: u32) -> u32 {
        let full = f64::from(silent) * self.per_dyno;
        need(load + full, self.per_dyno * (1.0 - self.slack)).clamp(self.min, self.max.max(self.min))
    }

    fn step_out(&self, quantity: u32) -> u32 {
        self.max_out.unwrap_or_else(|| quantity.max(OUT_AT_LEAST))
    }
}

/// What a load comes to. `looks` are those that are stored, oldest first; the last of them is the present one.
#[must_use]
pub fn aim(target: &Target, looks: &[LookedAt], stands: Stands) -> Aim {
    let quantity = stands.quantity;
    if quantity == 0 && !target.from_zero {
        return Aim::Hold(Why::SetToZero);
    }
    let Some(LookedAt { load: Load::Told { load, silent, complete }, .. }) = looks.last().copied() else {
        return match target.without_data {
            WithoutData::AtLeast(least) if quantity < least.min(target.max) => {
                Aim::Set(least.min(target.max), Why::NoData)
            }
            WithoutData::AtLeast(_) | WithoutData::Hold => Aim::Hold(Why::NoData),
        };
    };
    let out = target.needs_out(load);
    if out > quantity {
        return Aim::Set(out.min(quantity.saturating_add(target.step_out(quantity))), Why::Needed(out));
    }
    let now_needed = target.needs_in(load, silent);
    let of_late = of_late(target, looks, stands.now);
    let floor = of_late.needed.max(now_needed);
    if floor >= quantity {
        let is_at_most = need(load, target.per_dyno) > target.max;
        return Aim::Hold(match (is_at_most, now_needed >= quantity) {
            (true, _) => Why::AtMost(need(load, target.per_dyno)),
            (false, true) => Why::Enough,
            (false, false) => Why::NeededOfLate(of_late.needed),
        });
    }
    let gives_way = stands.gives_way_until.filter(|until| *until > stands.now);
    let took_of_late = stands.took_at.is_some_and(|at| stands.now.since(at) < IN_APART);
    let holds = if !complete || !of_late.is_complete {
        Some(Why::LinesLost)
    } else if stands.rolls_out {
        Some(Why::RollsOut)
    } else if let Some(until) = gives_way {
        Some(Why::GivesWay(until))
    } else if !of_late.is_covered {
        Some(Why::NotKnownForLong)
    } else {
        took_of_late.then_some(Why::TookOfLate)
    };
    match holds {
        Some(why) => Aim::Hold(why),
        None => Aim::Set(floor.max(quantity.saturating_sub(target.max_in)), Why::WereEnough(floor)),
    }
}

/// What the looks within `stabilize` come to.
struct OfLate {
    /// The highest need.
    needed: u32,
    /// Whether nothing was lost in it.
    is_complete: bool,
    /// Whether it was looked all the time.
    is_covered: bool,
}

fn of_late(target: &Target, looks: &[LookedAt], now: Timestamp) -> OfLate {
    let begins = now - target.stabilize;
    let mut of_late = OfLate { needed: 0, is_complete: true, is_covered: false };
    let mut later = now;
    // From now back, until there is a look from before it.
    for look in looks.iter().rev() {
        if later.since(look.at) > target.late {
            return of_late;
        }
        let Load::Told { load, silent, complete } = look.load else { return of_late };
        if look.at < begins {
            of_late.is_covered = true;
            return of_late;
        }
        of_late.needed = of_late.needed.max(target.needs_in(load, silent));
        of_late.is_complete &= complete;
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
        per_dyno: 25.0,
        min: 1,
        max: 8,
        slack: 0.1,
        max_out: None,
        max_in: 1,
        stabilize: Duration::from_secs(300),
        late: Duration::from_secs(60),
        without_data: WithoutData::Hold,
        from_zero: false,
    };
    const BUSY: Target = Target { per_dyno: 40.0, max: 20, ..JOBS };
    const SHARE: Target = Target { per_dyno: 0.7, ..JOBS };

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH + Duration::from_secs(10_000 + second)
    }

    const fn told(load: f64) -> Load {
        Load::Told { load, silent: 0, complete: true }
    }

    const fn one_silent(load: f64) -> Load {
        Load::Told { load, silent: 1, complete: true }
    }

    const fn some_lost(load: f64) -> Load {
        Load::Told { load, silent: 0, complete: false }
    }

    /// The same look every ten seconds, for so long until now.
    fn steady(load: Load, seconds: u64) -> Vec<LookedAt> {
        (0..=seconds / 10).map(|nth| LookedAt { at: at(600 - seconds + nth * 10), load }).collect()
    }

    /// Another look so many seconds before now.
    fn with(mut looks: Vec<LookedAt>, before: u64, load: Load) -> Vec<LookedAt> {
        looks.iter_mut().filter(|look| look.at == at(600 - before)).for_each(|look| look.load = load);
        looks
    }

    fn stands(quantity: u32) -> Stands {
        Stands { now: at(600), quantity, rolls_out: false, gives_way_until: None, took_at: None }
    }

    #[test]
    fn a_load_comes_to_what_it_needs() {
        let now = |load| steady(load, 0);
        let long = |load| steady(load, 310);
        let three = Target { max_in: 3, ..JOBS };
        let least = Target { without_data: WithoutData::AtLeast(4), ..JOBS };
        let zero = Target { from_zero: true, ..JOBS };
        let parts = Target { per_dyno: 4.0, max: 20, ..JOBS };
        let until = at(900);
        for (case, target, looks, stands, expected) in [
            ("exactly full", JOBS, now(told(50.0)), stands(2), Aim::Hold(Why::Enough)),
            ("one too many", JOBS, now(told(51.0)), stands(2), Aim::Set(3, Why::Needed(3))),
            ("a burst", JOBS, now(told(200.0)), stands(2), Aim::Set(6, Why::Needed(8))),
            ("and on", JOBS, now(told(200.0)), stands(6), Aim::Set(8, Why::Needed(8))),
            ("more than there may be", JOBS, now(told(900.0)), stands(8), Aim::Hold(Why::AtMost(36))),
            ("two would be 98 % full", JOBS, long(told(49.0)), stands(3), Aim::Hold(Why::Enough)),
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
            ("nothing told", JOBS, now(Load::Unknown), stands(6), Aim::Hold(Why::NoData)),
            ("never looked", JOBS, Vec::new(), stands(6), Aim::Hold(Why::NoData)),
            ("nothing told, enough", least, now(Load::Unknown), stands(6), Aim::Hold(Why::NoData)),
            ("nothing told, too few", least, now(Load::Unknown), stands(2), Aim::Set(4, Why::NoData)),
            ("lines lost, and busy", BUSY, now(some_lost(300.0)), stands(6), Aim::Set(8, Why::Needed(8))),
            ("lines lost, and idle", BUSY, long(some_lost(80.0)), stands(6), Aim::Hold(Why::LinesLost)),
            (
                "lines lost a while ago",
                BUSY,
                with(long(told(80.0)), 100, some_lost(80.0)),
                stands(6),
                Aim::Hold(Why::LinesLost),
            ),
            ("a silent dyno is full", SHARE, long(one_silent(0.6)), stands(3), Aim::Hold(Why::Enough)),
            ("and even so two do", SHARE, long(one_silent(0.35)), stands(3), Aim::Set(2, Why::WereEnough(2))),
            ("a silent dyno carries nothing", SHARE, now(one_silent(1.5)), stands(3), Aim::Hold(Why::Enough)),
            ("busy dynos", SHARE, now(told(2.7)), stands(3), Aim::Set(4, Why::Needed(4))),
            ("half busy", SHARE, long(told(1.02)), stands(2), Aim::Hold(Why::Enough)),
            ("idle dynos", SHARE, long(told(0.62)), stands(2), Aim::Set(1, Why::WereEnough(1))),
            ("a little too much", parts, now(told(41.0)), stands(10), Aim::Set(11, Why::Needed(11))),
            ("somebody set 0", JOBS, now(told(60.0)), stands(0), Aim::Hold(Why::SetToZero)),
            ("from zero", zero, now(told(60.0)), stands(0), Aim::Set(3, Why::Needed(3))),
            (
                "a release, idle",
                JOBS,
                long(told(0.0)),
                Stands { rolls_out: true, ..stands(6) },
                Aim::Hold(Why::RollsOut),
            ),
            (
                "a release, busy",
                JOBS,
                long(told(200.0)),
                Stands { rolls_out: true, ..stands(6) },
                Aim::Set(8, Why::Needed(8)),
            ),
            (
                "somebody set more than there may be",
                JOBS,
                long(told(60.0)),
                Stands { gives_way_until: Some(until), ..stands(12) },
                Aim::Hold(Why::GivesWay(until)),
            ),
            (
                "and it gave way for long enough",
                JOBS,
                long(told(60.0)),
                Stands { gives_way_until: Some(at(600)), ..stands(12) },
                Aim::Set(11, Why::WereEnough(3)),
            ),
            ("sums of fractions", SHARE, now(told(0.7 * 3.0)), stands(3), Aim::Hold(Why::Enough)),
            (
                "a step of late",
                JOBS,
                long(told(0.0)),
                Stands { took_at: Some(at(570)), ..stands(6) },
                Aim::Hold(Why::TookOfLate),
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
                with(long(told(0.0)), 200, Load::Unknown),
                stands(6),
                Aim::Hold(Why::NotKnownForLong),
            ),
        ] {
            assert_eq!(aim(&target, &looks, stands), expected, "{case}");
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
}
