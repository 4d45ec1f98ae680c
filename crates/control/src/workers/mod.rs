//! Laws of scaling on workers: jobs of several minutes wait in a queue, and a dyno that goes kills those on it that do not end within 30
//! seconds.
//!
//! [`made_jobs`] makes days of jobs from a seed; [`Workers`] are the dynos that do them, whole jobs in whole seconds; laws are told the queue
//! each ten seconds, as an adapter tells it. All are given the same aim: a job waits for a minute at most.

mod contest;
mod jobs;
mod laws;
mod world;

pub use contest::{PlayedJobs, WorkersContest, workers_contest};
pub use jobs::{Job, Jobs, made_jobs};
pub use laws::{Quiet, Scaler, Wish};
pub use world::{Queued, Workers, WorkersTotals};

/// There are never fewer dynos.
const MIN: u32 = 1;
/// A job that waited for longer is late, in seconds.
const LATE: u64 = 60;
