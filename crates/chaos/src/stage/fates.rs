//! Which call goes wrong, and how long each takes.

use crate::chance::{Purpose, Stream};
use crate::story::{Deed, Fate, Faults, Met, Rates, Spell};
use flyball_model::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// What kind of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// A look at Heroku.
    Look,
    /// A call that changes Heroku.
    Change,
    /// A call that reads from the store.
    StoreRead,
    /// A call that writes to the store.
    StoreWrite,
    /// A look at a page.
    Page,
}

/// For whom a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// For a run that is under way.
    Runs,
    /// For a reading, a choice, or the process itself.
    Nobodys,
}

/// What becomes of one call.
#[derive(Debug, Clone)]
pub(crate) struct Turn {
    pub(crate) fate: Option<Fate>,
    /// From the call to its effect.
    pub(crate) there: Duration,
    /// From its effect to the answer.
    pub(crate) back: Duration,
}

/// How old the lists are while the Platform API answers with old ones.
pub(crate) const SPELL_AGE: Duration = Duration::from_secs(20);

/// How long Flyball stays away after it was killed: from "the supervisor is quick" to "the machine starts anew".
const DOWN: [u64; 5] = [1, 3, 8, 25, 90];

/// Decides what befalls each call.
#[derive(Debug)]
pub(crate) struct Fates {
    seed: u64,
    faults: Faults,
    listed: HashMap<(String, u32), Fate>,
    counts: HashMap<String, u32>,
    spells: BTreeMap<Spell, Timestamp>,
    /// Whether every look at Heroku takes long.
    slow_api: bool,
    quiet: bool,
}

impl Fates {
    pub(crate) fn new(seed: u64, faults: Faults, slow_api: bool) -> Self {
        let listed = match &faults {
            Faults::Listed(met) => met.iter().map(|met| ((met.line.clone(), met.nth), met.fate)).collect(),
            Faults::Drawn(_) => HashMap::new(),
        };
        Self { seed, faults, listed, counts: HashMap::new(), spells: BTreeMap::new(), slow_api, quiet: false }
    }

    /// From now on nothing goes wrong any more.
    pub(crate) fn be_quiet(&mut self) {
        self.quiet = true;
        self.spells.clear();
    }

    pub(crate) const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Something is out of order until then.
    pub(crate) fn spell(&mut self, of: Spell, until: Timestamp) {
        self.spells.insert(of, until);
    }

    /// Whether something is out of order now.
    pub(crate) fn is_under(&self, spell: Spell, now: Timestamp) -> bool {
        self.spells.get(&spell).is_some_and(|until| *until > now)
    }

    /// What becomes of the next call of this line. What was drawn or listed for it comes back to be noted.
    pub(crate) fn turn(&mut self, port: Port, line: &str, whose: Whose, now: Timestamp) -> (Turn, Option<Met>) {
        let count = self.counts.entry(line.to_owned()).or_default();
        *count += 1;
        let nth = *count;
        let met = if self.quiet { None } else { self.met(port, line, whose, nth) };
        let (there, back) = self.latency(port, line, nth, now);
        let fate = met.as_ref().map(|met| met.fate).or_else(|| self.fate_of_spells(port, now));
        (Turn { fate, there, back }, met)
    }

    fn met(&self, port: Port, line: &str, whose: Whose, nth: u32) -> Option<Met> {
        let fate = match &self.faults {
            Faults::Listed(_) => *self.listed.get(&(line.to_owned(), nth))?,
            Faults::Drawn(rates) => {
                drawn(rates, port, line, whose, &mut Stream::of_call(self.seed, Purpose::Fates, line, nth))?
            }
        };
        Some(Met { line: line.to_owned(), nth, fate })
    }

    fn fate_of_spells(&self, port: Port, now: Timestamp) -> Option<Fate> {
        let under = |spell| self.is_under(spell, now);
        match port {
            Port::Look | Port::Change if under(Spell::NoNetwork) => Some(Fate::NotSent),
            Port::Look | Port::Change if under(Spell::ApiDown) => {
                Some(if now.as_millis() % 2 == 0 { Fate::Html } else { Fate::CutBefore })
            }
            Port::Look if under(Spell::StaleLists) => Some(Fate::Stale(SPELL_AGE)),
            Port::StoreWrite if under(Spell::DiskFull) => Some(Fate::Full),
            Port::StoreWrite if under(Spell::DatabaseBusy) => Some(Fate::Busy),
            Port::Page if under(Spell::NoNetwork) => Some(Fate::PageUnknown),
            Port::Look | Port::Change | Port::StoreRead | Port::StoreWrite | Port::Page => None,
        }
    }

    fn latency(&self, port: Port, line: &str, nth: u32, now: Timestamp) -> (Duration, Duration) {
        let mut draws = Stream::of_call(self.seed, Purpose::Latencies, line, nth);
        let millis = Duration::from_millis;
        // Now and then something takes long, so that everything may come between.
        let slow = draws.below(40) == 0;
        match port {
            Port::Look | Port::Change if slow => {
                (draws.time(millis(10), millis(4000)), draws.time(millis(10), millis(3000)))
            }
            Port::Look if self.slow_api => (draws.time(millis(200), millis(600)), draws.time(millis(100), millis(900))),
            Port::Look | Port::Change => (draws.time(millis(5), millis(120)), draws.time(millis(5), millis(250))),
            Port::StoreRead | Port::StoreWrite if self.is_under(Spell::SlowDisk, now) => {
                (draws.time(millis(50), millis(1500)), draws.time(millis(0), millis(500)))
            }
            Port::StoreRead | Port::StoreWrite if slow => (draws.time(millis(1), millis(900)), Duration::ZERO),
            // Where nothing comes between two calls of the store, nothing is gained by a moment of its own for each.
            Port::StoreRead => (Duration::ZERO, Duration::ZERO),
            Port::StoreWrite => (draws.time(millis(1), millis(12)), Duration::ZERO),
            Port::Page => (draws.time(millis(5), millis(60)), draws.time(millis(5), millis(40))),
        }
    }
}

fn drawn(rates: &Rates, port: Port, line: &str, whose: Whose, draws: &mut Stream) -> Option<Fate> {
    let rate = match port {
        Port::Look => rates.looks,
        Port::Change => rates.changes,
        Port::StoreRead | Port::StoreWrite => rates.store,
        Port::Page => rates.pages,
    };
    // In the middle of a run is where a kill matters most, and most of all at its one call.
    let kills = match (port, whose) {
        (Port::Change, _) => rates.kills * 20.0,
        (_, Whose::Runs) => rates.kills * 6.0,
        (_, Whose::Nobodys) => rates.kills,
    };
    if draws.happens(kills) {
        return Some(kill(draws));
    }
    if draws.happens(rate) {
        return Some(draw(port, line, draws));
    }
    let meanwhile = whose == Whose::Runs && draws.happens(rates.meanwhile);
    meanwhile.then(|| Fate::Meanwhile(deed(draws)))
}

fn deed(draws: &mut Stream) -> Deed {
    match draws.below(12) {
        0 | 1 => Deed::Scales(draws.between(1, 5)),
        2 => Deed::Deploys,
        3 => Deed::Configures,
        4 => Deed::RestartsAll,
        5 | 6 => Deed::Crashes,
        7 => Deed::Maintains,
        8 => Deed::EndsMaintenance,
        9 | 10 => Deed::Pauses(draws.time(Duration::from_secs(2), Duration::from_secs(120))),
        _ => {
            let millis = i64::from(draws.between(500, 120_000));
            Deed::SetsClock(if draws.below(2) == 0 { millis } else { -millis })
        }
    }
}

fn kill(draws: &mut Stream) -> Fate {
    let down = Duration::from_secs(draws.one_of(&DOWN));
    if draws.below(2) == 0 { Fate::KilledBefore(down) } else { Fate::KilledAfter(down) }
}

/// How old a list may be that is answered. A release comes every few minutes: an old list of them must reach back as far,
/// or it shows the same.
fn oldest(line: &str) -> Duration {
    Duration::from_secs(if line.ends_with("/releases") { 300 } else { 60 })
}

fn draw(port: Port, line: &str, draws: &mut Stream) -> Fate {
    match port {
        Port::Look => match draws.below(12) {
            0 => Fate::NotSent,
            1 => Fate::CutBefore,
            2 => Fate::CutAfter,
            3 => Fate::AnsweredLate,
            4 => Fate::Status(429),
            5 => Fate::Status(draws.one_of(&[500, 502, 503, 504])),
            6 => Fate::Html,
            7 => Fate::Truncated,
            8 | 9 => Fate::Stale(draws.time(Duration::from_secs(2), oldest(line))),
            10 => Fate::Unknown,
            _ => Fate::Status(draws.one_of(&[403, 404, 422])),
        },
        Port::Change => match draws.below(14) {
            0 => Fate::NotSent,
            1 => Fate::CutBefore,
            2 | 3 => Fate::CutAfter,
            // Heroku may be at it for as long as the margin says, and no longer.
            4 | 5 => Fate::ArrivesLate(draws.time(Duration::from_millis(100), Duration::from_secs(7))),
            6 => Fate::AnsweredLate,
            7 => Fate::Status(draws.one_of(&[429, 409])),
            8 => Fate::Status(draws.one_of(&[500, 502, 503, 504])),
            9 | 10 => Fate::StatusAfter(draws.one_of(&[500, 502, 503, 504])),
            11 => Fate::Html,
            12 => Fate::Truncated,
            _ => Fate::Status(draws.one_of(&[403, 404, 422])),
        },
        Port::StoreRead => Fate::Busy,
        Port::StoreWrite => draws.one_of(&[Fate::Busy, Fate::Full, Fate::Forgotten]),
        Port::Page => draws.one_of(&[Fate::PageTimeOut, Fate::PageRefused, Fate::PageUnknown, Fate::PageUnknown]),
    }
}
