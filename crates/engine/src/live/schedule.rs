//! Which monitor is due when: a heap of times. Pure, so that it can be tested without waiting.

use crate::wiring::Wiring;
use flyball_decide::{due_at_or_after, first_due};
use flyball_model::{MonitorId, Timestamp};
use flyball_monitors::Monitor;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// A check that is due.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(crate) monitor: Arc<Monitor>,
    /// When it was due.
    pub(crate) at: Timestamp,
    /// Checks of the same monitor that were due before it and are not made up for.
    pub(crate) missed: u64,
}

/// What another node has not looked at since it died is looked at within this, spread out as it always is.
const CATCH_UP: Duration = Duration::from_secs(2);

/// As much of a time as `part` is of `whole`.
fn part_of(time: Duration, part: Duration, whole: Duration) -> Duration {
    time.mul_f64((part.as_secs_f64() / whole.as_secs_f64()).clamp(0.0, 1.0))
}

/// When a monitor is due first, counted from a time.
pub type FirstDue = Box<dyn Fn(&Monitor, Timestamp) -> Timestamp + Send>;

/// Which monitor is due when.
pub(crate) struct Schedule {
    first: FirstDue,
    heap: BinaryHeap<Reverse<(Timestamp, MonitorId)>>,
    monitors: HashMap<MonitorId, (Arc<Monitor>, Timestamp)>,
}

impl Default for Schedule {
    /// Spread out by the monitors' ids.
    fn default() -> Self {
        Self::new(Box::new(|monitor, now| first_due(monitor.id, monitor.every, now)))
    }
}

impl Schedule {
    pub(crate) fn new(first: FirstDue) -> Self {
        Self { first, heap: BinaryHeap::new(), monitors: HashMap::new() }
    }

    /// Goes over to another wiring. Monitors that keep their interval keep their times; one that is new and overdue is looked at
    /// within [`CATCH_UP`].
    pub(crate) fn rewire(&mut self, wiring: &Wiring, now: Timestamp, is_overdue: impl Fn(&Monitor) -> bool) {
        let before = std::mem::take(&mut self.monitors);
        for monitor in wiring.monitors().filter(|monitor| monitor.enabled) {
            let at = match before.get(&monitor.id) {
                Some((old, at)) if old.every == monitor.every => *at,
                None if is_overdue(monitor) => {
                    now + part_of(CATCH_UP, (self.first)(monitor, now).since(now), monitor.every)
                }
                Some(_) | None => (self.first)(monitor, now),
            };
            self.monitors.insert(monitor.id, (Arc::clone(monitor), at));
        }
        self.rebuild();
    }

    /// Plans every monitor anew: the clock has been set.
    pub(crate) fn replan(&mut self, now: Timestamp) {
        for (monitor, at) in self.monitors.values_mut() {
            *at = (self.first)(monitor, now);
        }
        self.rebuild();
    }

    fn rebuild(&mut self) {
        self.heap = self.monitors.iter().map(|(id, (_, at))| Reverse((*at, *id))).collect();
    }

    /// When the next check is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the checks that are due, earliest first, and plans each monitor's next at its fixed rate. One that is outside of its hours
    /// is planned anew from when they begin: at its rate alone it could miss them for ever.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Due> {
        let mut due = Vec::new();
        while let Some(Reverse((at, id))) = self.heap.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.heap.pop();
            let Some((monitor, planned)) = self.monitors.get_mut(&id) else { continue };
            if let Some(opens) = monitor.during.as_ref().and_then(|hours| hours.closed_until(now)) {
                *planned = (self.first)(monitor, opens);
                self.heap.push(Reverse((*planned, id)));
                continue;
            }
            let (next, missed) = due_at_or_after(at + monitor.every, monitor.every, now);
            *planned = next;
            self.heap.push(Reverse((next, id)));
            due.push(Due { monitor: Arc::clone(monitor), at, missed });
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{ApiHost, Mode};

    const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn wiring(monitors: &[(&str, &str)]) -> Wiring {
        let monitor = |(name, every): &(&str, &str)| {
            format!("[[monitor]]\nname = \"{name}\"\nevery = \"{every}\"\ntcp = {{ address = \"127.0.0.1:1\" }}\n")
        };
        let text: String = monitors.iter().map(monitor).collect();
        let definitions = flyball_config::read("test", &text).unwrap();
        Wiring::new(&definitions, ApiHost::default(), Mode::Act, &Wiring::default(), START)
    }

    /// How often each monitor is due within a time, looked at every so often.
    fn checks(schedule: &mut Schedule, within: Duration, step: Duration) -> HashMap<String, u64> {
        let mut counts = HashMap::new();
        let mut now = START;
        while now < START + within {
            now = now + step;
            for due in schedule.take_due(now) {
                assert!(due.at <= now);
                *counts.entry(due.monitor.name.to_string()).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn every_monitor_at_its_rate() {
        let mut schedule = Schedule::default();
        schedule.rewire(&wiring(&[("a", "1s"), ("b", "30s")]), START, |_| false);
        let counts = checks(&mut schedule, Duration::from_secs(300), Duration::from_millis(20));
        assert_eq!((counts["a"], counts["b"]), (300, 10));
    }

    #[test]
    fn a_stall_is_counted_and_not_made_up_for() {
        let mut schedule = Schedule::default();
        schedule.rewire(&wiring(&[("a", "1s")]), START, |_| false);
        let due = schedule.take_due(START + Duration::from_millis(10_500));
        assert_eq!(due.len(), 1);
        assert!(due[0].missed >= 9, "{}", due[0].missed);
        assert!(schedule.next().is_some_and(|next| next > START + Duration::from_millis(10_500)));
    }

    #[test]
    fn a_changed_file_keeps_the_times_of_what_did_not_change() {
        let mut schedule = Schedule::default();
        schedule.rewire(&wiring(&[("a", "30s"), ("b", "30s")]), START, |_| false);
        let before = schedule.monitors.clone();
        schedule.rewire(&wiring(&[("a", "30s"), ("b", "10s"), ("c", "5s")]), START + Duration::from_secs(3), |_| false);
        let id = |name: &str| MonitorId::of(&name.parse().unwrap());
        assert_eq!(before[&id("a")].1, schedule.monitors[&id("a")].1);
        assert_eq!(schedule.monitors.len(), 3);
        schedule.rewire(&wiring(&[]), START, |_| false);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn outside_of_its_hours_nothing_is_due_and_it_begins_with_them() {
        // The start is a Tuesday, 22:13:20.
        let file = |every| {
            format!(
                "[[monitor]]\nname = \"a\"\nevery = \"{every}\"\nduring = \"daily 22:30-23:00 UTC\"\ntcp = {{ address = \"127.0.0.1:1\" }}\n"
            )
        };
        for (every, within, expected) in [("30s", 3600, 60), ("30s", 86_400, 60), ("24h", 4 * 86_400, 4)] {
            let definitions = flyball_config::read("test", &file(every)).unwrap();
            let mut schedule = Schedule::default();
            let wiring = Wiring::new(&definitions, ApiHost::default(), Mode::Act, &Wiring::default(), START);
            schedule.rewire(&wiring, START, |_| false);
            let counts = checks(&mut schedule, Duration::from_secs(within), Duration::from_secs(1));
            assert_eq!(counts.get("a"), Some(&expected), "{every}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stop_the_checks() {
        let mut schedule = Schedule::default();
        schedule.rewire(&wiring(&[("a", "30s")]), START, |_| false);
        let earlier = START - Duration::from_secs(86_400);
        schedule.replan(earlier);
        assert!(schedule.next().is_some_and(|next| next <= earlier + Duration::from_secs(30)));
    }
}
