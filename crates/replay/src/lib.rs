//! What would have been, by values alone: a reaction played anew over what was recorded, and what the recorded load of an app says that a
//! dyno carries.
//!
//! [`play`](fn@play) asks the same gates and the same plans as the loop does, one recorded reading after another, with a clock that goes by
//! the readings; no rule stands here a second time. [`differences`] holds what it comes to against what was done then, and
//! [`weigh`](fn@weigh) what either costs. [`carries`](fn@carries) reads the load per dyno below which requests did not wait from
//! [`Minutes`] of what routers told.

mod carries;
mod compare;
mod free;
mod minutes;
mod play;
mod weigh;

pub use carries::{Bin, Carries, TooLittle, carries};
pub use compare::{Did, Difference, differences};
pub use minutes::{LoadBy, Minute, Minutes};
pub use play::{ACTS_MAX, Acted, Found, Held, Played, Stage, Track, play};
pub use weigh::{Quantities, Weighed, quantity_at, weigh};
