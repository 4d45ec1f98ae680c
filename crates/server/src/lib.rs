//! The face: pages, the HTTP interface, and what machines ask. It calls the engine's queries and commands, and renders what comes back:
//! there is no SQL and no decision in it. Where a page needs a fact that no query gives, the query grows, and the command line has it too.
//!
//! Everything that comes in passes the guard first: which name it was asked by, where it comes from, who asks, and what they may.

mod answer;
mod api;
mod guard;
mod house;
mod machines;
mod pages;
mod router;
mod serve;
mod snapshot;
mod words;

pub use answer::{FieldMistake, Problem};
pub use api::people::People;
pub use house::{Entrance, House, Settings};
pub use machines::drains::drain_of;
pub use machines::hooks::{hook_of, renew_hook_of};
pub use pages::incident::incident_file;
pub use router::open_api;
pub use serve::serve;
