//! The threads in which channels are told: how they begin, go on and end, and which notices are made in them.

use crate::About;
use flyball_model::{ChannelName, Thread, ThreadKey, ThreadOf, Timestamp, Untold};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Threads {
    now: Timestamp,
    all: BTreeMap<ThreadKey, Thread>,
    changed: BTreeSet<ThreadKey>,
    notices: Vec<(ThreadKey, u32, About)>,
}

impl Threads {
    pub(super) fn new(known: &[Thread], now: Timestamp) -> Self {
        let all = known.iter().map(|thread| (thread.key.clone(), thread.clone())).collect();
        Self { now, all, changed: BTreeSet::new(), notices: Vec::new() }
    }

    /// Those that are new or changed, and the notices in the order in which they were made.
    pub(super) fn done(mut self) -> (Vec<Thread>, Vec<(ThreadKey, u32, About)>) {
        (self.changed.into_iter().filter_map(|key| self.all.remove(&key)).collect(), self.notices)
    }

    pub(super) fn change(&mut self, key: &ThreadKey, change: impl FnOnce(&mut Thread)) {
        if let Some(thread) = self.all.get_mut(key) {
            change(thread);
            self.changed.insert(key.clone());
        }
    }

    /// Begins a thread with a notice.
    pub(super) fn open(&mut self, channel: &ChannelName, of: ThreadOf, about: About) -> ThreadKey {
        let key = ThreadKey::of(channel, &of, self.now);
        let thread = Thread {
            key: key.clone(),
            channel: channel.clone(),
            of,
            opened_at: self.now,
            latest_at: self.now,
            sequence: 0,
            untold: Untold::Nothing,
            closed_at: None,
        };
        self.all.insert(key.clone(), thread);
        self.changed.insert(key.clone());
        self.notices.push((key.clone(), 0, about));
        key
    }

    /// Tells something that is told once.
    pub(super) fn tell_once(&mut self, channel: &ChannelName, of: ThreadOf, about: About) {
        let key = self.open(channel, of, about);
        self.close(&key);
    }

    /// Goes on with a thread.
    pub(super) fn go_on(&mut self, key: &ThreadKey, about: About) {
        let now = self.now;
        self.change(key, |thread| {
            thread.sequence += 1;
            thread.latest_at = now;
            thread.untold = Untold::Nothing;
        });
        if let Some(thread) = self.all.get(key) {
            self.notices.push((key.clone(), thread.sequence, about));
        }
    }

    pub(super) fn close(&mut self, key: &ThreadKey) {
        let now = self.now;
        self.change(key, |thread| thread.closed_at = Some(now));
    }

    /// The open threads for which this holds.
    pub(super) fn open_threads(&self, is_asked: impl Fn(&Thread) -> bool) -> Vec<Thread> {
        self.all.values().filter(|thread| thread.closed_at.is_none() && is_asked(thread)).cloned().collect()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Thread> {
        self.all.values()
    }

    /// The open thread in which a channel is told of an incident.
    pub(super) fn with(&self, channel: &ChannelName, incident: i64) -> Option<ThreadKey> {
        let with = |thread: &Thread| thread.channel == *channel && thread.of.incidents().contains(&incident);
        self.open_threads(with).into_iter().next().map(|thread| thread.key)
    }
}
