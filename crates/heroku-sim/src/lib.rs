//! A stand-in for Heroku: a pure world and a thin HTTP face.
//!
//! Three layers, each of use without the next:
//!
//! - [`World`]: apps, formations, dynos and releases under load, people who deploy, code that leaks. No I/O, no clock,
//!   no ambient chance: time moves by [`World::advance_to`], ids come from a seed.
//! - [`handle`]: one request of the Platform API in, one answer out, still without a socket.
//! - [`Server`]: the same on a loopback address, where answers really take their time and connections are really cut,
//!   and where frames really go to log drains on this machine.
//!
//! It stands on `flyball-model` alone, with wire types and a table of sizes of its own, so that a mistake in the client
//! is not repeated here. Comments cite the facts that a behaviour imitates, as `platform-api SECTION [SOURCE]` or
//! `Source: platform-api SECTION (SOURCE)`; *UNCONFIRMED* marks a choice that no source settles.

mod api;
mod file;
mod post;
mod server;
mod world;

pub use api::{Connection, Reply, Request, handle};
pub use file::WorldFileError;
pub use server::{Clock, Heard, ServeError, Server};
pub use world::*;
