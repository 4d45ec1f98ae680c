//! What every stage shares that plays Flyball's loop on a stopped clock: time that only a play moves, an executor without
//! threads, and a store whose calls run to their end at once.
//!
//! A stage puts [`StoppedTime`] and the executor's [`Starter`] into the engine's ports and starts the loop that
//! production runs. Then it lets the [`Executor`] go on until nothing gets any further at this moment, and moves the
//! time to the next entry of its agenda. The same seed gives the same order of everything, and a process is killed by
//! dropping its tasks where they stand.
//!
//! Why not something ready-made: madsim and tokio's seeded scheduler need a compiler flag for the whole tree, turmoil
//! replaces sockets that we do not have, and tokio's paused clock runs ahead whenever its tasks wait for the thread that
//! SQLite works on.
//!
//! What is started here must wait for nothing but this time and other tasks. Calls of a store are run to their end inside
//! a poll.

mod account;
mod chance;
mod disk;
mod executor;
mod ids;
mod people;
mod store;
mod time;

pub use account::OneAccount;
pub use chance::Numbers;
pub use disk::{Disk, DiskError};
pub use executor::{Executor, Order, Starter};
pub use ids::CountedIds;
pub use people::{Manner, People, ToldNotice};
pub use store::{Access, Done, Signs, StagedStore, StoreStage};
pub use time::{START, StoppedTime, Wait};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what one thread alone uses; the ports must be shareable all the same.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
