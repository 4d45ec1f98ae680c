//! Laws of scaling side by side: each plays the same load on an app of its own, and is told what routers and dynos would tell of it.
//!
//! A [`Load`] is read from a file or made from a seed; a [`Stage`] is an app that serves it, second by second, and [`World`] is one that is a
//! fluid; a [`Law`] says from what it was told how many dynos there are to be; [`contest()`] plays all of them and judges ours. Numbers in,
//! figures out: no I/O, no clock, and chance from a seed alone. Nothing that watches real apps goes through here.
//! [`workers_contest`] is the same for workers, whose jobs a scaler can kill.
//!
//! The others' laws are our stand-ins, written from what their makers document. They are not their products, and their settings
//! are our choice.

mod chance;
mod contest;
mod laws;
mod load;
mod stage;
mod workers;
mod world;

pub use contest::{Behind, Contest, Dearer, Judged, Played, contest};
pub use laws::{Law, Settings, Which};
pub use load::{BadLoad, Heavier, Load, made};
pub use stage::{AT_ONCE, BOOT, MAX, MIN, PATIENCE, Reader, SERVICE, SLOT_SECONDS, SLOW, Second, Stage, Told, Totals};
pub use workers::{
    Job, Jobs, PlayedJobs, Queued, Quiet, Scaler, Wish, Workers, WorkersContest, WorkersTotals, made_jobs,
    workers_contest,
};
pub use world::World;
