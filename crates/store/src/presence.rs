//! An engine's sign of life, as it stands in the store that the engine works on.

use flyball_model::{ApiHost, AppName, Excerpt, NodeId, ReleaseVersion, StoreLoss, TextHash, Timestamp};
use std::time::Duration;

/// What a round saw of an app, for people who ask. No choice is made on it: those look themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// Where the API is that knows the app.
    pub host: ApiHost,
    /// By the name that it was looked at.
    pub app: AppName,
    /// Whether it was in maintenance mode.
    pub maintenance: bool,
    /// The release that ran, and when it was made; none where releases were not looked at.
    pub release: Option<(ReleaseVersion, Timestamp)>,
    /// When it was seen.
    pub seen_at: Timestamp,
}

/// What an engine says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Which engine.
    pub node: NodeId,
    /// The machine that it runs on.
    pub host: Excerpt,
    /// Its process on that machine.
    pub process: u32,
    /// When it started, by its machine's clock.
    pub since: Timestamp,
    /// The text of the file that it has in force; as long as a file may be.
    pub in_force: String,
    /// The hash of its own file; none of a node of a version that knew of no others' files.
    pub own: Option<TextHash>,
}

impl Sign {
    /// How often an engine looks at its store, and takes in what others wrote there: a person who pauses waits for it.
    pub const LOOK_EVERY: Duration = Duration::from_millis(250);

    /// How often it renews its sign while nothing is to be taken in: each time is a write to the disk.
    pub const RENEW_EVERY: Duration = Duration::from_secs(5);

    /// An engine that gave none for this long does not work on this store, as far as anybody can tell: longer than a
    /// statement waits for another process (5 s), and a slow disk after that.
    pub const SILENT_AFTER: Duration = Duration::from_secs(15);
}

/// An engine's latest sign of life, as it is seen in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSign {
    /// What it said of itself.
    pub sign: Sign,
    /// How long ago it gave that, by the clock that the store goes by: of several machines that of the database.
    pub silent_for: Duration,
    /// The number of the timeline's last line when it gave it: whatever was written before has been taken in.
    pub read_up_to: i64,
}

impl SeenSign {
    /// Whether it has been given of late.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.silent_for < Sign::SILENT_AFTER
    }
}

/// What an engine that appeared through a store stands on.
pub(crate) enum Ground {
    /// None has appeared through it.
    NeverStood,
    /// What it appeared on.
    Firm,
    /// Something else, or nothing.
    Lost(StoreLoss),
}
