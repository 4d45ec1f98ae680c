//! The stage: a world, a clock that only tests move, the real client, the real store, the real engine, and the script.

mod clock;
mod day;
mod eyes;
mod ledger;
mod scenario;
mod script;
mod wire;
mod words;

pub(crate) use clock::{START, mins, secs};
pub(crate) use day::Day;
pub(crate) use scenario::{Scenario, TOKEN};
pub(crate) use script::{Cut, Outside, Refuses, lock};
pub(crate) use wire::Spoilt;
pub(crate) use words::{bare_shop, front, monitor, one, reaction, shop};
