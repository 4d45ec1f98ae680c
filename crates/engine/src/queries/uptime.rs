//! `uptimes`: how monitors did lately, many at once.

use super::Reader;
use super::report::MONITORS_AT_ONCE;
use super::series::packed_until;
use flyball_model::{MonitorId, MonitorName, Timestamp};
use flyball_store::{Error, Rolled, Rollup, Span};
use flyball_views::{UptimeSlot, UptimeView};
use std::time::Duration;
use tokio::try_join;

const DAY: Duration = Duration::from_hours(24);
/// A slot of the bar. Parts of an hour lie each in one slot.
const SLOT: Duration = Duration::from_mins(30);

/// Over how long it is told how monitors did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UptimeOver {
    /// The last day alone: what a list of many monitors shows. Ninety days of each would be unpacked for nothing.
    Day,
    /// A day, a week, and ninety days.
    Quarter,
}

impl Reader<'_> {
    /// How each of these monitors did lately, in their order. One that never looked has nothing to tell.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn uptimes(&self, monitors: &[MonitorName], over: UptimeOver) -> Result<Vec<UptimeView>, Error> {
        let mut views = Vec::with_capacity(monitors.len());
        for some in monitors.chunks(MONITORS_AT_ONCE) {
            views.extend(self.some_uptimes(some, over).await?);
        }
        Ok(views)
    }

    async fn some_uptimes(&self, monitors: &[MonitorName], over: UptimeOver) -> Result<Vec<UptimeView>, Error> {
        let (store, now) = (self.store, self.now);
        let ids: Vec<MonitorId> = monitors.iter().map(MonitorId::of).collect();
        let first = first_slot(now);
        let rolled_until = packed_until(now);
        let longer = async |length: Duration| match over {
            UptimeOver::Day => Ok(Vec::new()),
            UptimeOver::Quarter => store.rolled_up(&ids, now - length, now).await,
        };
        let (rolled, day, week, quarter) = try_join!(
            store.rollups_of(&ids, Span::FiveMinutes, first, rolled_until),
            store.rolled_up(&ids, now - DAY, now),
            longer(DAY * 7),
            longer(DAY * 90)
        )?;
        let mut bars: Vec<Vec<Rollup>> = rolled.iter().map(|rolled| bar(first, rolled)).collect();
        // What is later is rolled up as it is asked for: four slots at most.
        for nth in 0..UptimeView::SLOTS {
            let start = first + SLOT * nth;
            if start < rolled_until {
                continue;
            }
            let newest = store.rolled_up(&ids, start, (start + SLOT).min(now)).await?;
            for (bar, rollup) in bars.iter_mut().zip(newest) {
                bar[nth as usize] = rollup;
            }
        }
        let views = monitors.iter().zip(bars).enumerate().map(|(place, (name, bar))| {
            let uptime = |of: &[Rollup]| of.get(place).and_then(Rollup::uptime);
            UptimeView {
                monitor: name.clone(),
                slots: bar.iter().map(slot).collect(),
                day: uptime(&day),
                week: uptime(&week),
                quarter: uptime(&quarter),
            }
        });
        Ok(views.collect())
    }
}

/// When the first of the slots begins of which the last has this moment.
fn first_slot(now: Timestamp) -> Timestamp {
    let hour = Span::Hour.start_of(now);
    let running = if now.since(hour) < SLOT { hour } else { hour + SLOT };
    running - SLOT * (UptimeView::SLOTS - 1)
}

/// Adds up what lies in each slot from the first on.
fn bar(first: Timestamp, rolled: &[Rolled]) -> Vec<Rollup> {
    let mut slots = vec![Rollup::default(); UptimeView::SLOTS as usize];
    for Rolled { start, rollup } in rolled {
        let nth = usize::try_from(start.since(first).as_secs() / SLOT.as_secs()).unwrap_or(usize::MAX);
        if let Some(slot) = slots.get_mut(nth) {
            slot.add(rollup);
        }
    }
    slots
}

fn slot(rollup: &Rollup) -> UptimeSlot {
    let share = |held_ms: u64| Duration::from_millis(held_ms).as_secs_f64() / SLOT.as_secs_f64();
    UptimeSlot {
        passing: share(rollup.passing.held_ms),
        failing: share(rollup.failing.held_ms),
        unknown: share(rollup.unknown.held_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{START, Watched};
    use super::*;

    #[tokio::test]
    async fn the_bar_says_of_each_half_hour_what_the_readings_say_of_it() {
        let hours = |count| Duration::from_hours(count);
        // A look each minute, of which the first ten of every hour fail; the newest hours are not packed yet.
        let watched = Watched::until(START + hours(30) + Duration::from_mins(47)).await;
        let names = ["page", "nobody"].map(|name| name.parse().unwrap());
        let views = watched.reader().uptimes(&names, UptimeOver::Quarter).await.unwrap();
        let [page, nobody] = &views[..] else { panic!("{views:?}") };
        assert_eq!(page.slots.len(), 48);
        for (nth, slot) in page.slots.iter().enumerate() {
            let is_first_half = nth % 2 == 0;
            let failing = if is_first_half { 10.0 / 30.0 } else { 0.0 };
            let passing = if nth == 47 { 17.0 / 30.0 } else { 1.0 - failing };
            let failing = if nth == 47 { 0.0 } else { failing };
            assert!((slot.failing - failing).abs() < 1e-9 && (slot.passing - passing).abs() < 1e-9, "{nth}: {slot:?}");
        }
        let [day, week, quarter] = [page.day, page.week, page.quarter].map(Option::unwrap);
        assert!((day - 50.0 / 60.0).abs() < 0.01, "{day}");
        assert!((week - quarter).abs() < 1e-9 && (week - 50.0 / 60.0).abs() < 0.01, "{week}");
        let of_day = &watched.reader().uptimes(&names, UptimeOver::Day).await.unwrap()[0];
        assert_eq!((&of_day.slots, of_day.day, of_day.week, of_day.quarter), (&page.slots, page.day, None, None));
        assert!(nobody.day.is_none() && nobody.slots.iter().all(|slot| slot.passing + slot.failing == 0.0));
    }

    #[test]
    fn the_last_slot_is_the_half_hour_that_runs() {
        for (now, first) in [
            ("2026-03-02T09:00:00Z", "2026-03-01T09:30:00Z"),
            ("2026-03-02T09:29:59.999Z", "2026-03-01T09:30:00Z"),
            ("2026-03-02T09:30:00Z", "2026-03-01T10:00:00Z"),
            ("2026-03-02T00:10:00Z", "2026-03-01T00:30:00Z"),
        ] {
            assert_eq!(first_slot(now.parse().unwrap()), first.parse().unwrap(), "{now}");
        }
    }
}
