//! What people are told, as it is stored: threads, and the notices in them.

use crate::{Fence, NumberedIncident};
use flyball_model::{ChannelName, IncidentTold, Thread, ThreadKey, Timestamp};
use serde_json::Value;

/// Where telling stands: what a decision about it begins from.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldSoFar {
    /// Grows with each [`crate::Telling::tell`]. Of several who decide at once on the same, one is heard.
    pub version: i64,
    /// Up to this line of the timeline it was decided what is told; none where nothing was ever told.
    pub until: Option<i64>,
    /// The open threads, oldest first: at most [`ToldSoFar::THREADS_MAX`].
    pub threads: Vec<Thread>,
    /// The incidents of which not all is told, and those of the open threads, oldest first: at most
    /// [`ToldSoFar::INCIDENTS_MAX`].
    pub incidents: Vec<NumberedIncident>,
    /// The channels that take nothing: of each the latest notice that ended was given up, or one that is owed was tried
    /// [`ToldSoFar::TRIES_OF_FAILING`] times.
    pub failing: Vec<ChannelName>,
}

impl ToldSoFar {
    /// A thread is of an outage that goes on; more than this nobody reads.
    pub const THREADS_MAX: u32 = 1000;
    /// As many outages as are told of in one moment; the others follow with the next.
    pub const INCIDENTS_MAX: u32 = 1000;
    /// A channel is taken to fail from the third try on: five minutes after the first.
    pub const TRIES_OF_FAILING: u32 = 3;
}

/// What was decided to be told. Written whole, or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tell {
    /// Up to which line of the timeline it was looked.
    pub until: i64,
    /// Threads as they are from now on.
    pub threads: Vec<Thread>,
    /// Notices that are owed from now on.
    pub notices: Vec<NewNotice>,
    /// How far these incidents are told.
    pub incidents: Vec<(i64, IncidentTold)>,
    /// That what is over already is not told: for a store of which nothing was ever told.
    pub begins: bool,
}

/// A notice that is owed from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct NewNotice {
    /// In which thread.
    pub thread: ThreadKey,
    /// Its number in it.
    pub sequence: u32,
    /// By which channel.
    pub channel: ChannelName,
    /// What kind of news it is, as a word.
    pub about: String,
    /// What is told, as whoever sends it reads it.
    pub notice: Value,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A notice that is owed, in the hands of whoever claimed it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedNotice {
    /// By which it is ended.
    pub fence: Fence,
    /// What is told.
    pub notice: Value,
    /// When it was tried first; now, where it was not.
    pub first_at: Timestamp,
    /// How often it was tried before.
    pub tries: u32,
    /// By what the service knows the first of its thread.
    pub handle: Option<Value>,
    /// How many of its thread were taken.
    pub sent: u32,
    /// The number of the thread's latest notice.
    pub latest: u32,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq)]
pub enum Tried {
    /// It was taken.
    Sent {
        /// By what the service knows it, where that is to be kept.
        handle: Option<Value>,
    },
    /// It is tried again.
    Later {
        /// Then.
        at: Timestamp,
        /// What happened, without secrets.
        why: String,
    },
    /// It is not tried any more.
    GivenUp {
        /// Why, without secrets.
        why: String,
    },
    /// There is nobody to tell, or nothing: it was not tried.
    Skipped {
        /// Why.
        why: String,
    },
}

/// How far a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// It is to be sent.
    Due,
    /// Somebody sends it.
    Claimed,
    /// It was taken.
    Sent,
    /// It was not, and is not tried any more.
    GivenUp,
    /// It was not tried: there was nobody to tell, or nothing.
    Skipped,
}

impl NoticeState {
    /// The word that is stored.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Claimed => "claimed",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
            Self::Skipped => "skipped",
        }
    }

    pub(crate) fn of_word(word: &str) -> Self {
        [Self::Claimed, Self::Sent, Self::GivenUp, Self::Skipped]
            .into_iter()
            .find(|state| state.word() == word)
            .unwrap_or(Self::Due)
    }
}

/// A notice, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredNotice {
    /// In which thread.
    pub thread: ThreadKey,
    /// Its number in it.
    pub sequence: u32,
    /// By which channel.
    pub channel: ChannelName,
    /// What kind of news it is, as a word.
    pub about: String,
    /// What is told.
    pub notice: Value,
    /// When it was made.
    pub made_at: Timestamp,
    /// How far it is.
    pub state: NoticeState,
    /// When it is tried next, or until when it is claimed; when it ended.
    pub at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// What the latest try met with.
    pub why: Option<String>,
    /// The incidents that its thread is of.
    pub incidents: Vec<i64>,
}

/// Which notices.
#[derive(Debug, Clone, Default)]
pub struct NoticesPage {
    /// Of this channel.
    pub channel: Option<ChannelName>,
    /// Made at this time or later.
    pub since: Option<Timestamp>,
    /// Made before this time.
    pub before: Option<Timestamp>,
    /// How many of the latest: at most [`NoticesPage::NOTICES_MAX`], which 0 means, too.
    pub notices: u32,
}

impl NoticesPage {
    /// What a person can read.
    pub const NOTICES_MAX: u32 = 1000;
    /// At most this many that are owed come at once: each becomes a task, one at a time for a channel.
    pub const OWED_MAX: u32 = 100;
}
