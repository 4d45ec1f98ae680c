//! What Flyball can look at: one file per kind under `kinds/`.
//!
//! A kind's settings say what is watched, its judgement is pure, and an [`Observer`] does the looking: it makes one
//! [`flyball_model::Reading`] of one [`Monitor`] at a time, and never acts. Intervals, streaks and maintenance are none
//! of its business.

mod ear;
mod inbox;
mod kinds;
mod means;
mod memory;
mod monitor;
mod net;
mod observer;
mod values;

pub use ear::Ear;
pub use inbox::Inbox;
pub use kinds::*;
pub use means::{AccountLookup, SecretLookup};
pub use monitor::Monitor;
pub use net::{Failure, NetworkRules, ProxyEnvironment, References, Trust, Way};
pub use observer::Observer;
pub use values::{
    Address, ByteSize, CodeList, Figure, HeaderList, HostName, Keyword, Level, Method, NameServer, Networks, PageUrl,
    Pattern, Pointer, Proxy, ProxyServer, Record, RecordName, RecordType, Scalar, StatusList, Wanted,
};
