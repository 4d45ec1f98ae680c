//! Commands: every change of state that a person can ask for, one file each.
//!
//! They work beside a running engine, through the store: what they leave there, the engine honours within a second.

mod make_piece;
mod pause_effects;
mod react_to;
mod resume_effects;
mod settle_run;
mod taken_in;
mod undo_run;

pub use make_piece::{Made, NotMade, Wrong, files_in_force, make_piece, mistakes_of, unmake_piece};
pub use pause_effects::pause_effects;
pub(crate) use react_to::calls;
pub use react_to::{Considered, Intent, NotConsidered};
pub use resume_effects::resume_effects;
pub use settle_run::{Known, Settled, settle_run};
pub use taken_in::{TAKEN_IN_MAX, taken_in};
pub(crate) use undo_run::undone_by;
