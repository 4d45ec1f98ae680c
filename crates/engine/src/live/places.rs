//! Places: how many checks are under way at once, and who gets the next one.
//!
//! Each check holds a socket, and pages that hang hold theirs for as long as they may. So one host has a share of the
//! places, and so have the monitors of one app, and nobody's hang takes those of others. When all places are taken, the
//! next goes to whoever is the most overdue, measured in intervals of their own.
//!
//! Where very many hosts hang at once, all places would be held for as long as a check may hang, and none would come free
//! for those that are well. So a part of them is for quick tries: held for a moment only, in which a page that is well has
//! answered. What takes longer gives its place back, and waits for a whole one.

use crate::ports::Time;
use flyball_model::AppName;
use flyball_monitors::Monitor;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// One host has at most this part of the places, and so have the monitors of one app.
const SHARE: usize = 4;
/// But at least this many.
const SHARE_MIN: usize = 8;
/// This part of the places is for quick tries.
const QUICK_PART: usize = 4;
/// A place for a quick try is held no longer.
pub(crate) const QUICK: Duration = Duration::from_secs(1);

/// Places for checks. Clones are the same.
#[derive(Clone)]
pub(crate) struct Places {
    state: Arc<Mutex<State>>,
    time: Arc<dyn Time>,
}

/// Whose share a place is taken from: a host, or an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Sharer(u64);

/// The sharers of one check: the host that it reaches, and the app that its monitor is about.
type Sharers = [Option<Sharer>; 2];

/// For how long a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    /// As long as the check takes.
    Whole,
    /// At most [`QUICK`].
    Quick,
}

/// What a check has had before it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Had {
    /// Nothing: a place of any length will do.
    Nothing,
    /// A quick try, which was too short.
    QuickTry,
}

struct State {
    free: usize,
    free_for_quick_tries: usize,
    share: usize,
    taken: HashMap<Sharer, usize>,
    /// Who waits for a place of any length.
    waiting: Queue,
    /// Who waits for a whole one.
    tried: Queue,
    /// Who waits for a share, by the sharer who has none left.
    behind: HashMap<Sharer, VecDeque<Waiting>>,
}

/// Those who wait, by interval; of one interval whoever waits longest is the most overdue.
#[derive(Default)]
struct Queue(BTreeMap<Duration, VecDeque<Waiting>>);

struct Waiting {
    sharers: Sharers,
    had: Had,
    every: Duration,
    since: Duration,
    give: oneshot::Sender<Place>,
}

/// A place that is taken, until this is dropped.
pub(crate) struct Place {
    places: Places,
    length: Length,
    sharers: Sharers,
}

impl Place {
    /// Whether it is to be given back after [`QUICK`].
    pub(crate) fn is_quick(&self) -> bool {
        self.length == Length::Quick
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.give_back(self.length, self.sharers);
    }
}

impl Places {
    /// This many places, all of them free.
    pub(crate) fn new(count: usize, time: Arc<dyn Time>) -> Self {
        let quick = count / QUICK_PART;
        let state = State {
            free: count - quick,
            free_for_quick_tries: quick,
            share: (count / SHARE).max(SHARE_MIN),
            taken: HashMap::new(),
            waiting: Queue::default(),
            tried: Queue::default(),
            behind: HashMap::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), time }
    }

    // Every step under the lock leaves it whole, so a panic elsewhere does not make it less true.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a place for a check of this monitor, which is about `app`, and has waited since then.
    pub(crate) fn wait(
        &self,
        monitor: &Monitor,
        app: Option<&AppName>,
        had: Had,
        since: Duration,
    ) -> oneshot::Receiver<Place> {
        let app = app.map(AppName::as_str);
        let sharers = [sharer("host", monitor.kind.host().as_deref()), sharer("app", app)];
        let (give, place) = oneshot::channel();
        let mut state = self.state();
        state.put_down(Waiting { sharers, had, every: monitor.every, since, give });
        self.hand_out(state);
        place
    }

    fn give_back(&self, length: Length, sharers: Sharers) {
        let mut state = self.state();
        *state.free(length) += 1;
        for sharer in sharers.into_iter().flatten() {
            state.leaves(sharer);
        }
        self.hand_out(state);
    }

    /// Gives the free places to those who are the most overdue.
    fn hand_out(&self, mut state: MutexGuard<'_, State>) {
        let (now, mut refused) = (self.time.passed(), Vec::new());
        for length in [Length::Whole, Length::Quick] {
            while *state.free(length) > 0 {
                let Some(waiting) = state.most_overdue(length, now) else { break };
                if let Some(full) = state.without_share(waiting.sharers) {
                    state.behind.entry(full).or_default().push_back(waiting);
                    continue;
                }
                state.takes(length, waiting.sharers);
                // Whoever does not wait any more hands it back, which takes the lock that is held here.
                let place = Place { places: self.clone(), length, sharers: waiting.sharers };
                refused.extend(waiting.give.send(place).err());
            }
        }
        drop(state);
        drop(refused);
    }
}

impl State {
    fn free(&mut self, length: Length) -> &mut usize {
        match length {
            Length::Whole => &mut self.free,
            Length::Quick => &mut self.free_for_quick_tries,
        }
    }

    fn put_down(&mut self, waiting: Waiting) {
        match self.without_share(waiting.sharers) {
            Some(full) => self.behind.entry(full).or_default().push_back(waiting),
            None => self.queue(waiting.had).put_down(waiting),
        }
    }

    fn queue(&mut self, had: Had) -> &mut Queue {
        match had {
            Had::Nothing => &mut self.waiting,
            Had::QuickTry => &mut self.tried,
        }
    }

    /// The sharer who has nothing left.
    fn without_share(&self, sharers: Sharers) -> Option<Sharer> {
        sharers.into_iter().flatten().find(|sharer| self.taken.get(sharer).is_some_and(|taken| *taken >= self.share))
    }

    fn takes(&mut self, length: Length, sharers: Sharers) {
        *self.free(length) -= 1;
        for sharer in sharers.into_iter().flatten() {
            *self.taken.entry(sharer).or_default() += 1;
        }
    }

    /// A sharer has one place fewer: the next of those who wait for that is back in the queue.
    fn leaves(&mut self, sharer: Sharer) {
        if let Some(taken) = self.taken.get_mut(&sharer) {
            *taken -= 1;
            if *taken == 0 {
                self.taken.remove(&sharer);
            }
        }
        let Some(behind) = self.behind.get_mut(&sharer) else { return };
        let next = behind.pop_front();
        if behind.is_empty() {
            self.behind.remove(&sharer);
        }
        if let Some(next) = next {
            self.put_down(next);
        }
    }

    /// Takes whoever has waited for the most of their own intervals, for a place of this length.
    fn most_overdue(&mut self, length: Length, now: Duration) -> Option<Waiting> {
        let (waiting, tried) = (self.waiting.most_overdue(now), self.tried.most_overdue(now));
        let had = match (waiting, tried) {
            (_, None) => Had::Nothing,
            (_, Some(_)) if length == Length::Quick => Had::Nothing,
            (Some(waiting), Some(tried)) if waiting.1 >= tried.1 => Had::Nothing,
            (_, Some(_)) => Had::QuickTry,
        };
        let (every, _) = if had == Had::Nothing { waiting? } else { tried? };
        self.queue(had).take(every)
    }
}

impl Queue {
    /// At the place that belongs to how long it has waited.
    fn put_down(&mut self, waiting: Waiting) {
        let queue = self.0.entry(waiting.every).or_default();
        let place = queue.partition_point(|other| other.since <= waiting.since);
        queue.insert(place, waiting);
    }

    /// The interval of whoever has waited for the most of their own intervals, and how many that are.
    fn most_overdue(&self, now: Duration) -> Option<(Duration, f64)> {
        let overdue = |every: &Duration, queue: &VecDeque<Waiting>| {
            let waited = now.saturating_sub(queue.front().map_or(now, |first| first.since));
            waited.as_secs_f64() / every.as_secs_f64().max(f64::MIN_POSITIVE)
        };
        let overdue = self.0.iter().map(|(every, queue)| (*every, overdue(every, queue)));
        // Of equals the shorter interval: it comes first in the map.
        overdue.reduce(|best, other| if other.1 > best.1 { other } else { best })
    }

    /// Takes whoever has waited longest of those with this interval.
    fn take(&mut self, every: Duration) -> Option<Waiting> {
        let queue = self.0.get_mut(&every)?;
        let first = queue.pop_front();
        if queue.is_empty() {
            self.0.remove(&every);
        }
        first
    }
}

fn sharer(of: &str, name: Option<&str>) -> Option<Sharer> {
    let mut hasher = DefaultHasher::new();
    (of, name?).hash(&mut hasher);
    Some(Sharer(hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::BoxFuture;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Time that the test sets, in seconds.
    #[derive(Default)]
    struct Passed(AtomicU64);

    impl Time for Passed {
        fn passed(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::SeqCst))
        }

        fn wait(&self, _: Duration) -> BoxFuture<'static, ()> {
            unreachable!("places are waited for, not time")
        }
    }

    fn monitor(name: &str, host: &str, every: &str) -> Monitor {
        let text =
            format!("[[monitor]]\nname = \"{name}\"\nevery = \"{every}\"\nhttp = {{ url = \"http://{host}/\" }}\n");
        flyball_config::read("test", &text).unwrap().monitors.remove(0)
    }

    fn places(count: usize) -> (Places, Arc<Passed>) {
        let time = Arc::new(Passed::default());
        (Places::new(count, Arc::clone(&time) as Arc<dyn Time>), time)
    }

    fn wait(places: &Places, monitor: &Monitor, app: Option<&AppName>) -> oneshot::Receiver<Place> {
        places.wait(monitor, app, Had::Nothing, places.time.passed())
    }

    /// The places that are there by now.
    fn given(waiting: &mut [oneshot::Receiver<Place>]) -> Vec<Place> {
        waiting.iter_mut().filter_map(|place| place.try_recv().ok()).collect()
    }

    #[test]
    fn the_hang_of_one_host_takes_only_its_own_share() {
        let (places, _) = places(40);
        let hanging = monitor("mute", "mute.test", "30s");
        let mut held: Vec<_> = (0..100).map(|_| wait(&places, &hanging, None)).collect();
        let taken = held.iter_mut().filter_map(|place| place.try_recv().ok()).collect::<Vec<_>>();
        assert_eq!(taken.len(), 10);
        assert!(wait(&places, &monitor("well", "well.test", "1s"), None).try_recv().is_ok());
        drop(taken);
        let next = held.iter_mut().filter_map(|place| place.try_recv().ok()).count();
        assert!(next > 0, "who waits behind gets what comes free");
    }

    #[test]
    fn the_monitors_of_one_app_share_as_well() {
        let (places, _) = places(40);
        let shop: AppName = "shop".parse().unwrap();
        let of_shop = |n| monitor("page", &format!("host-{n}.test"), "30s");
        let mut held: Vec<_> = (0..100).map(|n| wait(&places, &of_shop(n), Some(&shop))).collect();
        assert_eq!(held.iter_mut().filter_map(|place| place.try_recv().ok()).collect::<Vec<_>>().len(), 10);
    }

    #[test]
    fn the_next_place_goes_to_whoever_is_the_most_overdue_in_their_own_intervals() {
        let (places, time) = places(1);
        let first = wait(&places, &monitor("first", "a.test", "30s"), None).try_recv().unwrap();
        let mut slow = wait(&places, &monitor("slow", "b.test", "30s"), None);
        time.0.store(10, Ordering::SeqCst);
        let mut quick = wait(&places, &monitor("quick", "c.test", "1s"), None);
        time.0.store(11, Ordering::SeqCst);
        drop(first);
        assert!(slow.try_recv().is_err(), "it has waited for a third of its interval");
        let second = quick.try_recv().expect("it has waited for a whole one");
        drop(second);
        assert!(slow.try_recv().is_ok());
    }

    #[test]
    fn whoever_does_not_wait_any_more_takes_nothing() {
        let (places, _) = places(1);
        let first = wait(&places, &monitor("first", "a.test", "30s"), None).try_recv().unwrap();
        drop(wait(&places, &monitor("gone", "b.test", "30s"), None));
        let mut waits = wait(&places, &monitor("waits", "c.test", "30s"), None);
        drop(first);
        assert!(waits.try_recv().is_ok());
    }

    #[test]
    fn where_very_many_hosts_hang_at_once_whoever_is_well_is_looked_at_all_the_same() {
        let (places, time) = places(40);
        let hanging = |n: u32| monitor("mute", &format!("mute-{n}.test"), "30s");
        let mut held: Vec<_> = (0..250).map(|n| wait(&places, &hanging(n), None)).collect();
        // Whole places are held until the end of the test: nobody answers.
        let (mut tries, mut taken) = given(&mut held).into_iter().partition::<Vec<_>, _>(Place::is_quick);
        assert_eq!((taken.len(), tries.len()), (30, 10));
        let well = monitor("well", "well.test", "1s");
        for second in 1..=30 {
            let mut look = wait(&places, &well, None);
            time.0.store(second, Ordering::SeqCst);
            // Quick tries are over, and were in vain; whoever had one waits for a whole place.
            held.extend(
                (0..tries.len())
                    .map(|n| places.wait(&hanging(u32::try_from(n).unwrap()), None, Had::QuickTry, Duration::ZERO)),
            );
            drop(tries);
            assert!(look.try_recv().is_ok_and(|place| place.is_quick()), "it waits no longer than for one quick try");
            let (quick, whole) = given(&mut held).into_iter().partition::<Vec<_>, _>(Place::is_quick);
            assert_eq!(whole.len(), 0, "who had a quick try is given a whole place only");
            tries = quick;
        }
        held.retain_mut(|place| !place.is_terminated());
        taken.pop();
        let next = given(&mut held);
        assert!(next.len() == 1 && !next[0].is_quick(), "whoever has waited longest has the whole place");
    }
}
