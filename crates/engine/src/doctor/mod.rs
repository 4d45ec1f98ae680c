//! The diagnosis: whether everything is as it should be, finding by finding, each with what to do.
//!
//! `look` asks Heroku and the disk, and changes nothing there; `checks` turns what was seen into findings. Whoever shows
//! a diagnosis renders the findings, and decides nothing.

mod acts;
mod checks;
mod finding;
mod look;
mod received;
mod ways;

pub use checks::{engine, file, home, rival, undone};
pub use finding::{Finding, Health};
pub(crate) use look::accounts_and_apps;
pub use look::{accounts, database, others};
pub use received::{heard, received};
pub use ways::ways;
