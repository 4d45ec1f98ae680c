//! Days with everything going wrong, from a seed, and what must hold all the same.
//!
//! A seed is a [`Story`]: apps with a past, Flyball's file, people at work, and what goes wrong at which call. It is
//! played by the real engine, the real client and the real store against the stand-in for Heroku, on a clock that only
//! the play moves: an hour takes a fraction of a second, and the same seed gives the same hour, to the last request id.
//! Every call of a port takes simulated time, so that everything may come between everything, and a process may be
//! killed at any of them. Afterwards the world's own record and what passed through the ports are judged together with
//! what Flyball remembers. A story in which something did not hold is made as small as it gets, and told.
//!
//! Nothing depends on this crate but the command `flyball chaos`.

mod campaign;
mod chance;
mod figures;
mod generate;
mod judge;
mod minimise;
mod play;
mod stage;
mod story;
mod tell;

pub use campaign::{Trial, attempt};
pub use figures::Figures;
pub use generate::{Aim, generate};
pub use judge::{Violation, judge};
pub use minimise::minimise;
pub use play::{Record, play};
pub use stage::{Between, Note, Noted, StageError, ToldNotice};
pub use story::{
    Deed, Edit, Fate, Faults, File, Incident, KindStory, Looks, Met, MonitorStory, PolicyStory, Rates, ReactionStory,
    Spell, Story, What,
};
pub use tell::tell;
