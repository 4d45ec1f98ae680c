//! What passed through the ports, in order: the other half of the evidence beside the world's own record.

use crate::story::{Met, What};
use flyball_config::Definitions;
use flyball_heroku_sim::{App, ReceivedCall};
use flyball_model::{AppName, Finding, MonitorId, NodeId, ReactionId, ReleaseVersion, Run, RunId, Timestamp};
use flyball_store::{Lease, Shard};
use std::sync::Arc;
use std::time::Duration;

/// One line of the journal.
#[derive(Debug, Clone)]
pub struct Note {
    /// When, in the world's time.
    pub at: Timestamp,
    /// What Flyball's clock showed.
    pub clock: Timestamp,
    /// The so-manieth process of Flyball, counted from 1.
    pub process: u32,
    /// What.
    pub what: Noted,
}

/// What is noted.
#[derive(Debug, Clone)]
pub enum Noted {
    /// A process starts.
    Started,
    /// It has started, or gone over to another file.
    Applied(Arc<Definitions>),
    /// It was killed, or gave up.
    Stopped,
    /// Something of the story happened.
    Happened(What),
    /// A call went wrong.
    Faulted {
        /// Which, and how.
        met: Met,
        /// For which run it was made, if for one.
        run: Option<RunId>,
    },
    /// A reading was taken in.
    TakenIn {
        /// Of which monitor.
        monitor: MonitorId,
        /// What it found.
        finding: Finding,
        /// When it began, by Flyball's clock.
        begun_at: Timestamp,
        /// The monitor's interval.
        every: Duration,
    },
    /// A reaction was asked what it does about the latest reading of a monitor.
    Asked {
        /// Which monitor.
        monitor: MonitorId,
        /// Which reaction.
        reaction: ReactionId,
        /// What it came to: `act`, `tell`, or the word of the reason that held it.
        came_to: &'static str,
        /// The newest release that was seen of its app, where it needs to see releases.
        newest: Option<(AppName, ReleaseVersion)>,
    },
    /// The store has a reading.
    Written {
        /// Of which monitor.
        monitor: MonitorId,
        /// When it began, by Flyball's clock.
        begun_at: Timestamp,
    },
    /// The store has what a monitor remembered after a reading.
    Remembered {
        /// Which monitor.
        monitor: MonitorId,
        /// When its last reading had begun, by Flyball's clock.
        last_at: Option<Timestamp>,
    },
    /// A process gave and took shards, and renewed what it holds.
    Held {
        /// Its node.
        node: NodeId,
        /// What it gave back.
        gave: Vec<Shard>,
        /// Who holds what since.
        leases: Vec<Lease>,
    },
    /// The store took something by a shard that the process did not hold.
    Trespassed(Shard),
    /// A run is on disk.
    Queued(Box<Run>),
    /// A run was claimed; the app is as here, if there is one.
    Claimed {
        /// Which.
        run: RunId,
        /// The app in the world.
        app: Option<Box<App>>,
    },
    /// A run was marked as sent, by the time that Flyball gave.
    Marked {
        /// Which.
        run: RunId,
        /// The time that was given.
        given: Timestamp,
    },
    /// A call that changes Heroku is sent.
    Left {
        /// For which run, if for one.
        run: Option<RunId>,
        /// The call's own request id.
        request_id: String,
    },
    /// A call that changes Heroku has arrived.
    Arrived {
        /// As the world has it.
        call: Box<ReceivedCall>,
        /// The app before.
        before: Option<Box<App>>,
        /// The app after.
        after: Option<Box<App>>,
    },
    /// A run has ended.
    Ended(RunId),
    /// From here on nothing goes wrong any more.
    Quiet,
}

/// The journal of a play.
#[derive(Debug, Default)]
pub(crate) struct Journal(pub(crate) Vec<Note>);
