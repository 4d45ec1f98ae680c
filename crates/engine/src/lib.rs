//! The loop: due, observe, save, claim, perform.
//!
//! [`Engine`] holds the steps; nothing in it starts by itself. [`live`] calls the steps as time goes by, in production and
//! on every stage with a stopped clock. Everything after a run was saved is driven by what is stored: kill the process at
//! any instruction, start it again, and it goes on.

mod arms;
mod attend;
mod brake;
pub mod commands;
mod desk;
pub mod doctor;
mod effects;
mod engine;
pub mod follow;
mod footing;
mod gather;
mod growth;
mod inbox;
mod incidents;
pub mod live;
mod look;
mod looks;
pub mod made;
mod memory;
pub mod one_file;
mod perform;
mod ports;
pub mod queries;
mod quiet;
mod receiving;
mod references;
mod rounds;
mod share;
pub mod survey;
mod telling;
mod turn;
mod wiring;

pub use engine::{Engine, InForce};
pub use flyball_decide::Home;
pub use growth::{Growth, growth};
pub use inbox::StoreInbox;
pub use ports::{
    Accounts, Clock, Ids, NoReferences, NoWitness, NobodyIsTold, Observe, Ports, References, Tasks, Tell, Time, Tokio,
    Witness,
};
pub use receiving::{Frame, Posted};
pub use share::{Groups, go_by_the_stores_clock};
pub use turn::Observed;
pub use wiring::Wiring;
