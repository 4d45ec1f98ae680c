//! The loop: due, observe, save, claim, perform.
//!
//! [`Engine`] holds the steps; nothing in it starts by itself. [`live`] calls the steps as time goes by, in production and
//! on every stage with a stopped clock. Everything after a run was saved is driven by what is stored: kill the process at
//! any instruction, start it again, and it goes on.

mod choose;
pub mod commands;
mod effects;
mod engine;
pub mod follow;
pub mod live;
mod look;
mod memory;
mod perform;
mod ports;
pub mod queries;
mod turn;
mod wiring;

pub use engine::Engine;
pub use flyball_decide::Home;
pub use ports::{Accounts, Clock, Ids, NoReferences, Observe, Ports, References, Tasks, Time, Tokio};
pub use turn::Observed;
pub use wiring::{Subject, Wiring};
