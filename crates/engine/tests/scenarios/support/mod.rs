//! The stage: a world, a time that only tests move, the real client, the real store, the real engine and its real loop, and
//! the script.

mod clock;
mod day;
mod eyes;
mod ledger;
mod recorder;
mod scenario;
mod script;
mod wire;
mod words;

pub(crate) use clock::{mins, secs};
pub(crate) use day::Day;
pub(crate) use flyball_testing::{Manner, START, lock};
pub(crate) use scenario::{Scenario, TOKEN, cuts, interleavings};
pub(crate) use script::{Cut, Outside, Refuses};
pub(crate) use wire::Spoilt;
pub(crate) use words::{bare_shop, front, monitor, one, reaction, shop};
