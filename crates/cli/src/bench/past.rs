//! A long past of many monitors, in little time: a few live through it as fast as a store takes it, and the others get what came of
//! that.
//!
//! What nobody asks for is left out: of the others the readings, hours that are older than a week, and parts of five minutes that
//! are older than two days.

use super::store::{DAY, Noise, READINGS_A_SAVE, definition, flipped, name};
use flyball_model::{Entry, MonitorId, MonitorName, Reading, Timestamp};
use flyball_store::{Batch, Definition, Error, Loop as _, Retention as _, Span, Sqlite};
use std::collections::HashMap;
use std::time::Duration;

/// Those that live through it, each with times of failing of its own.
const LIVING: u32 = 10;
/// How often they look: every part of five minutes has a reading.
const EVERY: Duration = Duration::from_mins(5);
/// How often hours are packed.
const SWEPT_EVERY: Duration = Duration::from_hours(1);
/// How long each is down on each day.
const DOWN: Duration = Duration::from_mins(30);
/// Hours of the others: a week's, and those of the day in which the week begins.
const HOURS_DAYS: u32 = 8;
/// Parts of five minutes of the others.
const FIVE_MINUTES_DAYS: u32 = 2;
/// Days of the others whose flips stand in the timeline.
const TOLD_DAYS: u32 = 3;

/// Writes the past of so many monitors, which ends at this moment.
pub(super) async fn write(store: &Sqlite, monitors: u32, days: u32, now: Timestamp) -> Result<(), Error> {
    let begins = Span::Day.start_of(now - DAY * days);
    let living: Vec<MonitorName> = (0..monitors.min(LIVING)).map(name).collect();
    let defined: Vec<Definition> = living.iter().map(|name| definition(name, EVERY)).collect();
    store.define(&defined, &[], begins).await?;
    let flips = live(store, &living, begins, now).await?;
    let mut told: Vec<Entry> = Vec::new();
    for (nth, one) in living.iter().enumerate() {
        let others: Vec<MonitorName> = (0..monitors).skip(nth).step_by(LIVING as usize).skip(1).map(name).collect();
        let ids: Vec<MonitorId> = others.iter().map(MonitorId::of).collect();
        let lately = |days: u32| begins.max(now - DAY * days);
        store.repeat(MonitorId::of(one), &ids, lately(HOURS_DAYS), lately(FIVE_MINUTES_DAYS)).await?;
        let flips = flips.get(one).into_iter().flatten();
        for reading in flips.clone() {
            told.push(flipped(one, reading));
        }
        for reading in flips.filter(|reading| reading.begun_at >= lately(TOLD_DAYS)) {
            told.extend(others.iter().map(|name| flipped(name, reading)));
        }
    }
    told.sort_by_key(|entry| entry.at);
    for entries in told.chunks(READINGS_A_SAVE) {
        store.save(&Batch { entries: entries.to_vec(), ..Batch::default() }).await?;
    }
    Ok(())
}

/// Has monitors live through it, and answers the readings at which each flipped.
async fn live(
    store: &Sqlite,
    living: &[MonitorName],
    begins: Timestamp,
    now: Timestamp,
) -> Result<HashMap<MonitorName, Vec<Reading>>, Error> {
    let (mut noise, mut flips) = (Noise(1), HashMap::<MonitorName, Vec<Reading>>::new());
    let mut hour = begins;
    while hour < now {
        let mut readings = Vec::new();
        let mut at = hour;
        while at < now.min(hour + SWEPT_EVERY) {
            for (nth, name) in (0_u32..).zip(living) {
                let reading = noise.reading(at, is_down(nth, begins, at));
                if is_down(nth, begins, at) != is_down(nth, begins, at - EVERY) {
                    flips.entry(name.clone()).or_default().push(reading.clone());
                }
                readings.push((MonitorId::of(name), reading));
            }
            at = at + EVERY;
        }
        store.save(&Batch { readings, ..Batch::default() }).await?;
        hour = hour + SWEPT_EVERY;
        store.sweep(hour.min(now)).await?;
    }
    Ok(flips)
}

/// A monitor is down once a day, at another time each day.
fn is_down(nth: u32, begins: Timestamp, at: Timestamp) -> bool {
    let passed = at.since(begins).as_secs();
    let (day, second) = (passed / DAY.as_secs(), passed % DAY.as_secs());
    let from = (u64::from(nth) * 5_820 + day * 18_660) % (DAY - DOWN).as_secs();
    (from..from + DOWN.as_secs()).contains(&second)
}
