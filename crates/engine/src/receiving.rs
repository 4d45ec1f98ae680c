//! What apps tell by themselves, as it comes in: taken at once, counted beside everything else, and written down slot by slot.
//!
//! Whoever sends is answered before anything is done with what they sent. What finds no room is dropped here, counted as lost, and so
//! makes what it would have told incomplete: to make Heroku wait would lose more.

use crate::engine::Engine;
use crate::ports::Ports;
use bytes::Bytes;
use flyball_config::{Definitions, Told};
use flyball_model::{AppName, NodeId, Timestamp};
use flyball_signals::{Feed, Narrow, hirefire, judoscale};
use flyball_store::StoredSlot;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes of frames that wait to be counted: some three hundred of Logplex's, which are counted in a fifth of a second.
const WAITING_MAX: usize = 32 * 1024 * 1024;
/// Frames that wait, whatever their size.
const FRAMES_MAX: usize = 4096;

/// A frame as it came.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Which app's it is.
    pub app: AppName,
    /// Its id, which is the same when it is sent again; some have none.
    pub id: Option<Vec<u8>>,
    /// How many messages are in it, as its sender says.
    pub messages: u64,
    /// The messages.
    pub body: Bytes,
}

/// What an adapter in an app posted, as it came.
#[derive(Debug, Clone)]
pub struct Posted {
    /// Which app's it is.
    pub app: AppName,
    /// Whose adapter it is.
    pub by: Told,
    /// The report; nothing where it did not come whole.
    pub body: Option<Bytes>,
}

/// What waits to be counted.
#[derive(Debug)]
enum Came {
    Frame(Frame),
    Posted(Posted),
}

impl Came {
    fn bytes(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.body.len(),
            Self::Posted(posted) => posted.body.as_ref().map_or(0, Bytes::len),
        }
    }
}

/// What found no room.
#[derive(Default)]
struct Dropped {
    messages: u64,
    reports: u64,
}

/// What comes in.
#[derive(Default)]
pub(crate) struct Receiving {
    waiting: Mutex<Waiting>,
    came: Notify,
    feeds: Mutex<HashMap<AppName, Feed>>,
    listens: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Came>,
    bytes: usize,
    /// What found no room, by app.
    dropped: HashMap<AppName, Dropped>,
}

impl Waiting {
    fn take(&mut self, came: Came) {
        let bytes = self.bytes + came.bytes();
        if bytes > WAITING_MAX || self.frames.len() >= FRAMES_MAX {
            match came {
                Came::Frame(frame) => self.dropped.entry(frame.app).or_default().messages += frame.messages.max(1),
                Came::Posted(posted) => self.dropped.entry(posted.app).or_default().reports += 1,
            }
            return;
        }
        self.bytes = bytes;
        self.frames.push_back(came);
    }

    fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.dropped.is_empty()
    }
}

impl Receiving {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Every step under the lock leaves it whole, so a panic elsewhere does not make it less true.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feeds(&self) -> MutexGuard<'_, HashMap<AppName, Feed>> {
        self.feeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes over to the apps of these definitions, and to what is counted of each. Whoever was not listened to begins now.
    pub(crate) fn define(&self, definitions: &Definitions, now: Timestamp) {
        let mut feeds = self.feeds();
        feeds.retain(|app, _| definitions.receive.iter().any(|received| received.app == *app));
        for received in &definitions.receive {
            let drained = definitions.monitors.iter().filter_map(|monitor| monitor.kind.drained());
            let narrow = drained.filter(|(app, _)| **app == received.app).map(|(_, narrow)| narrow);
            let feed = feeds.entry(received.app.clone()).or_insert_with(|| Feed::beginning(now));
            feed.narrow(narrow.collect::<Vec<Narrow>>());
        }
        if !feeds.is_empty() {
            self.listens.notify_one();
        }
    }

    /// Waits until there is anybody to listen to.
    pub(crate) async fn listens(&self) {
        while self.feeds().is_empty() {
            self.listens.notified().await;
        }
    }

    /// Waits until something has come.
    pub(crate) async fn has_come(&self) {
        while self.waiting().is_empty() {
            self.came.notified().await;
        }
    }

    /// Counts what has come; at most one frame, so that others come in between. `false` where nothing waits any more.
    pub(crate) fn count_one(&self, now: Timestamp) -> bool {
        let (frame, dropped) = {
            let mut waiting = self.waiting();
            let frame = waiting.frames.pop_front();
            waiting.bytes -= frame.as_ref().map_or(0, Came::bytes);
            (frame, std::mem::take(&mut waiting.dropped))
        };
        let mut feeds = self.feeds();
        for (app, Dropped { messages, reports }) in dropped {
            tracing::warn!(%app, messages, reports, "more came from an app than could be counted, and some was dropped");
            let Some(feed) = feeds.get_mut(&app) else { continue };
            if messages > 0 {
                feed.lose(messages, now);
            }
            if reports > 0 {
                feed.lose_report(now);
            }
        }
        match frame {
            None => return false,
            Some(Came::Frame(Frame { app, id, body, .. })) => {
                if let Some(feed) = feeds.get_mut(&app) {
                    feed.take(id.as_deref(), &body, now);
                }
            }
            Some(Came::Posted(posted)) => {
                if let Some(feed) = feeds.get_mut(&posted.app) {
                    posted.count(feed, now);
                }
            }
        }
        true
    }

    /// Writes what is over.
    async fn write(&self, ports: &Ports, node: NodeId, to_the_end: bool) {
        let now = ports.clock.now();
        let due: Vec<StoredSlot> = {
            let mut feeds = self.feeds();
            let due = feeds.iter_mut().flat_map(|(app, feed)| {
                let slots = feed.due(now, to_the_end).into_iter();
                slots.map(|(at, slot)| StoredSlot { app: app.clone(), at, node, told: slot.to_bytes() })
            });
            due.collect()
        };
        if let Err(error) = ports.store.note_slots(&due).await {
            tracing::debug!(%error, slots = due.len(), "what apps told could not be written; trying again");
            let mut feeds = self.feeds();
            for slot in due {
                if let Some(feed) = feeds.get_mut(&slot.app) {
                    feed.due_again([slot.at]);
                }
            }
        }
    }
}

impl Posted {
    fn count(&self, feed: &mut Feed, now: Timestamp) {
        let report = self.body.as_deref().and_then(|body| match self.by {
            Told::Drain => None,
            Told::Judoscale => judoscale(body),
            Told::Hirefire => hirefire(body),
        });
        match report {
            Some(report) => feed.report(&report, now),
            None => {
                tracing::debug!(app = %self.app, by = self.by.word(), "a report of an app cannot be read");
                feed.lose_report(now);
            }
        }
    }
}

impl Engine {
    /// Takes a frame that came for an app. It is counted soon; nobody waits for that.
    pub fn take_frame(&self, frame: Frame) {
        self.take(Came::Frame(frame));
    }

    /// Takes what an adapter in an app posted, in the same way.
    pub fn take_report(&self, posted: Posted) {
        self.take(Came::Posted(posted));
    }

    fn take(&self, came: Came) {
        self.receiving.waiting().take(came);
        self.receiving.came.notify_one();
    }

    /// Writes down what apps told by now: slots that are over, or with the last all of them.
    pub(crate) async fn write_slots(&self, to_the_end: bool) {
        self.receiving.write(&self.ports, self.node, to_the_end).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Came {
        Came::Frame(Frame { app: "shop".parse().unwrap(), id: None, messages: 7, body: vec![b' '; bytes].into() })
    }

    fn posted(body: Option<&'static str>) -> Came {
        Came::Posted(Posted { app: "shop".parse().unwrap(), by: Told::Judoscale, body: body.map(Bytes::from) })
    }

    #[test]
    fn reports_are_counted_and_what_is_none_is_lost_without_a_line_being_so() {
        let receiving = Receiving::default();
        let now = Timestamp::from_millis(1_800_000_000_000);
        receiving.feeds().insert("shop".parse().unwrap(), Feed::beginning(now));
        for body in [Some(r#"{"container":"web.1","metrics":[[1800000000,7,"qt"]]}"#), Some("no report"), None] {
            receiving.waiting().take(posted(body));
        }
        receiving.waiting().bytes = WAITING_MAX;
        receiving.waiting().take(posted(Some("too much")));
        receiving.waiting().bytes = 62;
        while receiving.count_one(now) {}
        let due = receiving.feeds().values_mut().flat_map(|feed| feed.due(now, true)).collect::<Vec<_>>();
        let told = due[0].1.adapters.as_ref().unwrap();
        assert_eq!((told.reports, told.waited.count(), told.lost, due[0].1.lost), (1, 1, 3, 0));
    }

    #[test]
    fn what_finds_no_room_is_counted_as_lost_and_nothing_waits_for_it() {
        let receiving = Receiving::default();
        let now = Timestamp::from_millis(1_800_000_000_000);
        receiving.feeds().insert("shop".parse().unwrap(), Feed::beginning(now));
        receiving.waiting().take(frame(WAITING_MAX - 10));
        receiving.waiting().take(frame(11));
        receiving.waiting().take(frame(10));
        let waits = |receiving: &Receiving| {
            let waiting = receiving.waiting();
            (waiting.frames.len(), waiting.bytes, waiting.dropped.values().map(|dropped| dropped.messages).sum::<u64>())
        };
        assert_eq!(waits(&receiving), (2, WAITING_MAX, 7));
        while receiving.count_one(now) {}
        assert_eq!(waits(&receiving), (0, 0, 0));
        let due = receiving.feeds().values_mut().flat_map(|feed| feed.due(now, true)).collect::<Vec<_>>();
        assert!(due[0].1.lost >= 7, "{due:?}");
        for _ in 0..=FRAMES_MAX {
            receiving.waiting().take(frame(0));
        }
        assert_eq!(waits(&receiving), (FRAMES_MAX, 0, 7));
    }
}
