//! Numbers that stand for monitors and shapes, as this process knows them.

use flyball_model::{MonitorId, Timestamp};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// A shape that was not looked up for this long is looked up again, which notes that it is in use: shapes go a week and two
/// days after that.
const LOOKED_UP_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Shapes that are held in memory: three for each of 100,000 monitors, in 10 MiB. Past it all are looked up anew.
const SHAPES_MAX: usize = 300_000;

/// What this process knows of numbers. Of another process's doing it learns by looking.
#[derive(Debug, Default)]
pub(crate) struct Known {
    monitors: HashMap<MonitorId, u32>,
    shapes: HashMap<ShapeKey, (u32, Timestamp)>,
    /// For each monitor, how many shapes were new in which hour.
    new: HashMap<u32, (i64, u32)>,
    /// So that nobody can choose texts that have one hash.
    hasher: RandomState,
}

/// Stands for a monitor's shape: its text would be ten times as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ShapeKey {
    monitor: u32,
    hash: u64,
}

impl Known {
    pub(crate) fn key(&self, monitor: u32, body: &str) -> ShapeKey {
        ShapeKey { monitor, hash: self.hasher.hash_one(body) }
    }

    pub(crate) fn monitor(&self, monitor: MonitorId) -> Option<u32> {
        self.monitors.get(&monitor).copied()
    }

    pub(crate) fn learn_monitor(&mut self, monitor: MonitorId, number: u32) {
        self.monitors.insert(monitor, number);
    }

    /// The number of a shape, if it was looked up of late.
    pub(crate) fn shape(&self, key: ShapeKey, now: Timestamp) -> Option<u32> {
        let (number, looked_up) = self.shapes.get(&key)?;
        (now.since(*looked_up) < LOOKED_UP_EVERY).then_some(*number)
    }

    pub(crate) fn learn_shape(&mut self, key: ShapeKey, number: u32, now: Timestamp) {
        self.shapes.insert(key, (number, now));
    }

    /// How many shapes of a monitor were new in the hour of this moment.
    pub(crate) fn new_shapes(&self, monitor: u32, at: Timestamp) -> u32 {
        self.new.get(&monitor).filter(|(hour, _)| *hour == hour_of(at)).map_or(0, |(_, count)| *count)
    }

    /// Counts one more.
    pub(crate) fn count_new_shape(&mut self, monitor: u32, at: Timestamp) {
        let count = self.new_shapes(monitor, at) + 1;
        self.new.insert(monitor, (hour_of(at), count));
    }

    /// Takes up what a transaction has made, now that it holds.
    pub(crate) fn take_up(&mut self, learnt: Self) {
        self.monitors.extend(learnt.monitors);
        if self.shapes.len() > SHAPES_MAX {
            self.shapes.clear();
            self.new.clear();
        }
        self.shapes.extend(learnt.shapes);
        for (monitor, (hour, count)) in learnt.new {
            let known = self.new.get(&monitor).filter(|(known, _)| *known == hour).map_or(0, |(_, count)| *count);
            self.new.insert(monitor, (hour, known + count));
        }
    }

    /// Forgets the shapes that were looked up so long ago: they may not be stored any more.
    pub(crate) fn forget_shapes_before(&mut self, looked_up: Timestamp) {
        self.shapes.retain(|_, (_, at)| *at >= looked_up);
    }
}

fn hour_of(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(3_600_000)
}
