//! What Flyball remembers.
//!
//! One trait per noun, SQLite and PostgreSQL behind them, one contract suite over both. Times and ids come as
//! arguments: a store reads no clock. The loop writes through [`Loop::save`] alone, so that a reading, what followed
//! from it, and the run that will act on it are on disk together or not at all.

#![expect(clippy::duplicate_mod, reason = "`sql` is compiled once for each database, with its dialect beside it")]

#[macro_use]
mod row;

mod address;
mod batch;
mod copy;
mod error;
mod facts;
mod holder;
mod hooks;
mod incident;
mod kept;
mod known;
mod lease;
mod made;
mod narrow;
mod of;
mod overview;
mod page;
mod people;
mod place;
mod plain;
mod postgres;
mod presence;
mod pressed;
mod read;
mod rollup;
mod sizes;
mod sqlite;
#[cfg(test)]
mod stored;
mod telling;
mod text;

pub use address::Address;
pub use batch::{Batch, Definition, Holding, HoldingKey, NewerReadings, Origin, Remembered};
pub use copy::{CopiedTable, CopyError, CopyProgress, CopyStep, Copying, Difference};
pub use error::{Error, who_writes};
pub use facts::{Claim, Fence, MarkSent};
pub use flyball_decide::{AppFacts, Pause, Resumed, SeenOneOff, Sighting, Step, Unsettled};
pub use flyball_model::Family;
pub use holder::Holder;
pub use hooks::HookSecrets;
pub use incident::{IncidentsPage, NumberedIncident};
pub use kept::Kept;
pub use lease::{Held, Lease, Peer, Shard, Shares, Tenure};
pub use made::{MadeText, NewPiece, Piece, Put};
pub use of::Of;
pub use overview::Overview;
pub use page::{Open, ReadingsPage, Rolled, RollupsPage, RunsPage, SpellsPage, TimelineLine, TimelinePage};
pub use people::{ApiToken, Changed, NewSession, NewToken, NewUser, Session, User};
pub use place::Place;
pub use plain::{Exposed, exposed, open_plain, tighten};
pub use postgres::{Postgres, Server};
pub use presence::{Glimpse, SeenSign, Sign};
pub use rollup::{Amounts, Rollup, Share, Sketch, Span, Spell, Step as StepTimes, holds_until};
pub use sizes::Sizes;
pub use sqlite::{EngineLock, Sqlite};
pub use telling::{ClaimedNotice, NewNotice, NoticeState, NoticesPage, StoredNotice, Tell, ToldSoFar, Tried};
pub use text::{OwnText, Reads};

use async_trait::async_trait;
use flyball_model::{
    AppName, Entry, Excerpt, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reading, Right, Run, RunId,
    SecretHash, SessionId, Signal, StoreLoss, Subject, SubjectKey, TextHash, ThreadKey, Timestamp, TokenId, UserId,
    UserName, Verdict,
};
use std::time::Duration;
use uuid::Uuid;

/// At most this many due runs come at once: each becomes a task, and the rest come with the next look.
pub const DUE_MAX: u32 = 1000;

/// So many signals of each kind are kept of a monitor: what it is judged by, and a little of how it came to that.
pub const SIGNALS_KEPT: u32 = 5;

/// Everything of one store.
#[async_trait]
pub trait Store:
    Loop
    + Runs
    + Pauses
    + Presence
    + Texts
    + Leases
    + Timeline
    + Incidents
    + Telling
    + Signals
    + Slots
    + People
    + Made
    + Retention
{
    /// Where it is.
    fn place(&self) -> &Place;

    /// Whether nothing can be written through it.
    fn is_read_only(&self) -> bool;

    /// The number of its schema.
    fn schema(&self) -> i64;

    /// How much room it takes, in bytes. Looks at no page.
    async fn weight(&self) -> Result<u64, Error>;

    /// What it is filled with. Looks at every page: for measuring.
    async fn sizes(&self) -> Result<Sizes, Error>;

    /// Gives back what it holds open. Nothing is read or written through it afterwards.
    async fn close(&self);
}

/// What the loop reads at its start, and the one way in which it writes.
#[async_trait]
pub trait Loop: Send + Sync {
    /// Replaces the definitions, of the file and of what is made in pages: new ones are added, changed ones changed, those that are gone
    /// are retired and stay readable.
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error>;

    /// What every monitor remembered when that was last saved. Readings that came since are in [`Loop::newer_readings`].
    async fn remembered(&self, of: Of<'_>) -> Result<Vec<Remembered>, Error>;

    /// What was found since each monitor's state was saved, oldest first: a reading that only repeats what was known is
    /// saved without it.
    async fn newer_readings(&self, of: Of<'_>) -> Result<Vec<NewerReadings>, Error>;

    /// Why each reaction held still last, for each monitor that it is attached to.
    async fn holdings(&self, of: Of<'_>) -> Result<Vec<Holding>, Error>;

    /// Writes all of the batch, or none of it: also where its node does not hold any more what it holds it by
    /// ([`Error::Fenced`]). Returns once it is on disk.
    async fn save(&self, batch: &Batch) -> Result<(), Error>;

    /// What was last seen of the app that has this name.
    async fn sighting(&self, subject: &SubjectKey) -> Result<Option<Sighting>, Error>;

    /// What a choice on an app depends on and only the store knows, in one consistent look. Without an id, the app is meant
    /// that was seen under this name last.
    async fn app_facts(&self, subject: &Subject, reactions: &[ReactionId], now: Timestamp) -> Result<AppFacts, Error>;
}

/// Runs: claimed by compare-and-set, one at a time per app.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Takes a queued run for `node`, unless it is paused, taken, another run on the app is under way, or the node does not hold
    /// any more what it holds the run by. Checks and takes in one transaction.
    async fn claim(
        &self,
        run: RunId,
        node: NodeId,
        held: &[Held],
        now: Timestamp,
        lease: Duration,
    ) -> Result<Claim, Error>;

    /// Commits that the call is about to be sent, unless it was paused meanwhile or the fence no longer holds. A run is
    /// marked once in its life: this is what "sent at most once" stands on.
    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error>;

    /// Puts off the next look at a sent run, and notes request ids and timeline entries.
    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error>;

    /// Ends a run. False when it had ended already, or the fence no longer holds; nothing is written then.
    async fn end(
        &self,
        run: RunId,
        fence: Fence,
        now: Timestamp,
        outcome: &Outcome,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<bool, Error>;

    /// Says how a run that ended in doubt had ended. False when it is not in doubt; nothing is written then.
    async fn settle(&self, run: RunId, outcome: &Outcome, entries: &[Entry]) -> Result<bool, Error>;

    /// Takes over what another, dead node had claimed or sent; used when an engine starts, and when it comes to hold a shard.
    /// Every open run of the reactions that are `ours` comes back, queued ones as they are, the others under a new fence of this
    /// node.
    async fn take_over(
        &self,
        node: NodeId,
        now: Timestamp,
        lease: Duration,
        ours: &(dyn Fn(ReactionId) -> bool + Sync),
    ) -> Result<Vec<(Run, Fence)>, Error>;

    /// Takes over one run that was claimed or sent, if its lease has lapsed or it is this node's own: the answer to a
    /// claim was lost, or whoever claimed it is dead. `None` when it is in living hands, or at its end.
    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error>;

    /// Queued runs, claimed ones whose lease has lapsed, and sent ones whose look is due: at most [`DUE_MAX`], first queued first.
    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error>;

    /// One run.
    async fn run(&self, run: RunId) -> Result<Option<Run>, Error>;

    /// Runs, newest first.
    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error>;
}

/// Pauses: what a person does to a running instance.
#[async_trait]
pub trait Pauses: Send + Sync {
    /// Pauses a scope, or changes until when it is paused; tells it in the timeline.
    async fn pause(&self, pause: &Pause) -> Result<(), Error>;

    /// Ends a pause; false when the scope was not paused. Tells it in the timeline.
    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error>;

    /// The pauses that hold now.
    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error>;
}

/// Signs of life: which engine works on the store. A pause holds from its commit on, for whoever claims and sends through
/// this store; the sign of life shows people that an engine does.
#[async_trait]
pub trait Presence: Send + Sync {
    /// Writes the sign of life of an engine that starts; where the store is for one alone, in place of any other's. From now on
    /// [`Presence::loss`] is told.
    async fn appear(&self, sign: &Sign, now: Timestamp) -> Result<(), Error>;

    /// Renews it where it is older than [`Sign::RENEW_EVERY`] or something came into the timeline, and notes that all of that
    /// has been taken in. Nothing is written for a node whose sign is not there.
    async fn renew(&self, node: NodeId, now: Timestamp) -> Result<(), Error>;

    /// Takes the sign away: the engine has stopped, or makes no effects any more.
    async fn leave(&self, node: NodeId) -> Result<(), Error>;

    /// The latest sign of life of each engine, the freshest first; also those of engines that died without a word.
    async fn signs(&self, now: Timestamp) -> Result<Vec<SeenSign>, Error>;

    /// Notes what a round saw, in place of what earlier ones saw of the same apps.
    async fn glimpsed(&self, seen: &[Glimpse]) -> Result<(), Error>;

    /// What the last round saw of the app that has this name.
    async fn glimpse(&self, subject: &SubjectKey) -> Result<Option<Glimpse>, Error>;

    /// How the store has been lost to an engine that appeared through this very store. `None` while it is its own, and for
    /// whoever never appeared.
    async fn loss(&self, node: NodeId) -> Result<Option<StoreLoss>, Error>;
}

/// Texts of the file: each node has its own, and of several all go by the newest. Which that is decides who reads them.
#[async_trait]
pub trait Texts: Send + Sync {
    /// The own text of every node that gave a sign of life, dead ones too, by its hash; the freshest first. One of a version that
    /// knew of no others' files is not among them.
    async fn texts(&self, now: Timestamp) -> Result<Vec<OwnText>, Error>;

    /// The text with this hash, of a node whose own it is. `None` where there is none any more.
    async fn text(&self, hash: TextHash) -> Result<Option<String>, Error>;

    /// A running node's own file has another text now, which comes into force at this moment, also when it was known before. A text
    /// that comes with a first sign of life ([`Presence::appear`]) does so only when it is not known yet. What is kept of them is
    /// bounded ([`OwnText::KNOWN_MAX`]).
    async fn edited(&self, node: NodeId, text: &str, hash: TextHash, now: Timestamp) -> Result<(), Error>;

    /// Notes the text that a node goes by from now on.
    async fn go_by(&self, node: NodeId, text: &str, hash: TextHash, reads: Reads) -> Result<(), Error>;
}

/// Shares of the work, where several engines work on one store.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Whether several engines may work on it at once, each on a share of its own. Else the one that runs does everything, and
    /// holds nothing by a lease.
    fn is_shared(&self) -> bool;

    /// The time by the clock that the store goes by: a server's own, and `now` where the store has none.
    async fn time(&self, now: Timestamp) -> Result<Timestamp, Error>;

    /// Who works on it, and who holds what.
    async fn shares(&self, now: Timestamp) -> Result<Shares, Error>;

    /// For a node: gives these shards back, renews the others that it holds, and takes those of these that nobody holds, or whose
    /// lease has lapsed; all at once. Returns how it stands afterwards.
    async fn hold(&self, node: NodeId, give: &[Shard], take: &[Shard], now: Timestamp) -> Result<Shares, Error>;

    /// Notes that a node is to give its share to others, or that it need not any more. False where there is no such node.
    async fn drain(&self, node: NodeId, drains: bool) -> Result<bool, Error>;
}

/// What is read by people.
#[async_trait]
pub trait Timeline: Send + Sync {
    /// Lines of the timeline, oldest first.
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error>;

    /// Readings of a monitor, oldest first.
    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error>;

    /// The latest reading of each monitor that has one in the last hour.
    async fn latest(&self, of: Of<'_>) -> Result<Vec<(MonitorId, Reading)>, Error>;

    /// What became of each of these monitors between two times, in their order. The edges are exact to five minutes within 30
    /// days, to an hour within thirteen months, and to a day before. All are read at once: a hundred are as many as one should
    /// ask for.
    async fn rolled_up(&self, monitors: &[MonitorId], since: Timestamp, until: Timestamp)
    -> Result<Vec<Rollup>, Error>;

    /// What is known of each of these apps and its reactions, in their order and as of one moment: the facts are those of
    /// [`Loop::app_facts`]. At most as many as a file has: they are asked for in one value.
    async fn overview(&self, apps: &[(Subject, Vec<ReactionId>)], now: Timestamp) -> Result<Vec<Overview>, Error>;

    /// Roll-ups of a monitor, oldest first: of spans that are over and in which there were readings.
    async fn rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Error>;

    /// Roll-ups of one span of each of these monitors, in their order: what [`Timeline::rollups`] says of each between two times.
    /// Of all of them together the newest [`RollupsPage::ROLLUPS_MAX`] that are stored; those of five minutes are by the hour. As
    /// many monitors as of [`Timeline::rolled_up`].
    async fn rollups_of(
        &self,
        monitors: &[MonitorId],
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Rolled>>, Error>;

    /// Spells of a monitor: stretches of time in which it was failing, or unknown, without a break. The latest one may go on.
    async fn spells(&self, page: &SpellsPage) -> Result<Vec<Spell>, Error>;

    /// What [`Timeline::spells`] says of each of these monitors, in their order, on the first page of those that had this verdict
    /// between two times: the newest first, and [`SpellsPage::SPELLS_MAX`] at most. As many monitors as of
    /// [`Timeline::rolled_up`].
    async fn latest_spells(
        &self,
        monitors: &[MonitorId],
        verdict: Verdict,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Spell>>, Error>;
}

/// Incidents: one for each outage. The loop writes their beginnings and ends ([`Batch::incidents`]).
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Incidents, newest first.
    async fn incidents(&self, page: &IncidentsPage) -> Result<Vec<NumberedIncident>, Error>;

    /// One incident. `None` where there is none of this number, or not any more.
    async fn incident(&self, number: i64) -> Result<Option<NumberedIncident>, Error>;
}

/// What people are told. What is owed is on disk together with the decision to tell it, and is sent at least once: each try has the
/// same thread and number, by which whoever takes it knows it again.
#[async_trait]
pub trait Telling: Send + Sync {
    /// What was told so far, and what may have to be.
    async fn told_so_far(&self, now: Timestamp) -> Result<ToldSoFar, Error>;

    /// Writes what was decided from this version. False where something else was decided meanwhile; nothing is written then.
    async fn tell(&self, version: i64, tell: &Tell) -> Result<bool, Error>;

    /// Has every claim lapse: whoever made it is dead, where one engine alone works on the store and starts.
    async fn release_notices(&self, now: Timestamp) -> Result<(), Error>;

    /// The notices that are due, and those whose claim has lapsed, the first due first: at most [`NoticesPage::OWED_MAX`]. Of a
    /// thread only the first that has not ended.
    async fn owed(&self, now: Timestamp) -> Result<Vec<StoredNotice>, Error>;

    /// Claims a notice that is owed, for so long. `None` where it is in living hands, at its end, or behind one that is not.
    async fn claim_notice(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<ClaimedNotice>, Error>;

    /// Notes what came of a try. False where the fence does not hold any more; nothing is written then.
    async fn tried(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        fence: Fence,
        tried: &Tried,
        now: Timestamp,
    ) -> Result<bool, Error>;

    /// Notices, the newest first.
    async fn notices(&self, page: &NoticesPage) -> Result<Vec<StoredNotice>, Error>;
}

/// What came in by the keys of monitors, until they look.
#[async_trait]
pub trait Signals: Send + Sync {
    /// Remembers a signal, behind all that came for its monitor before, whatever their times say. Of each kind the newest few are
    /// kept ([`SIGNALS_KEPT`]), and beside them the first start of a run that has not ended.
    async fn note_signal(&self, monitor: MonitorId, signal: &Signal) -> Result<(), Error>;

    /// What came for a monitor, in the order in which it came.
    async fn signals(&self, monitor: MonitorId) -> Result<Vec<Signal>, Error>;

    /// Gives a monitor a secret of its own, in place of the one before, for its key to be made with. It is on disk together with the
    /// lines of the timeline that tell of it, or not at all.
    async fn renew_hook(&self, monitor: MonitorId, secret: [u8; 32], entries: &[Entry]) -> Result<(), Error>;

    /// The secrets of all monitors that were given one, as of one moment.
    async fn hook_secrets(&self) -> Result<HookSecrets, Error>;

    /// The version of what [`Signals::hook_secrets`] would say. Cheap: it can be asked for each signal.
    async fn hooks_version(&self) -> Result<i64, Error>;
}

/// What apps told by their log drains, by slots of time.
#[async_trait]
pub trait Slots: Send + Sync {
    /// Writes each over what was written of the same app, moment and node before: whoever counts knows better the longer they count.
    async fn note_slots(&self, slots: &[StoredSlot]) -> Result<(), Error>;

    /// What an app told from `since` on and before `until`, in the order of time: [`SLOTS_MAX`] at most, the latest of them.
    async fn slots(&self, app: &AppName, since: Timestamp, until: Timestamp) -> Result<Vec<StoredSlot>, Error>;
}

/// So many come at once: a day of one node's.
pub const SLOTS_MAX: u32 = 8640;

/// What an app told within a slot of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSlot {
    /// Which.
    pub app: AppName,
    /// When the slot begins.
    pub at: Timestamp,
    /// Whom it was told.
    pub node: NodeId,
    /// What it comes to: bytes of whoever counts.
    pub told: Vec<u8>,
}

/// Who may come in. Each change is on disk together with the lines of the timeline that tell of it, or not at all; where nothing
/// changes, nothing is told.
#[async_trait]
pub trait People: Send + Sync {
    /// All users, by name: [`User::USERS_MAX`] at most.
    async fn users(&self) -> Result<Vec<User>, Error>;

    /// The user of this name, and the argon2 hash of their password as a PHC string: for a sign-in to be judged.
    async fn user_by_name(&self, name: &UserName) -> Result<Option<(User, String)>, Error>;

    /// Adds a user. False where the name is taken, or there are [`User::USERS_MAX`].
    async fn add_user(&self, user: &NewUser, now: Timestamp, entries: &[Entry]) -> Result<bool, Error>;

    /// Gives a user another right, another password (the argon2 hash, as a PHC string), or both. Whoever is signed in as this user
    /// is not any more, but where both stay as they are. The last admin stays one, whatever others do at the same moment.
    async fn change_user(
        &self,
        user: UserId,
        right: Option<Right>,
        password: Option<&str>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Changed, Error>;

    /// Removes a user, with all sessions. The last admin is not removed, whatever others do at the same moment. Tokens that the user
    /// made stay good.
    async fn remove_user(&self, user: UserId, entries: &[Entry]) -> Result<Changed, Error>;

    /// Begins a session. False where there is no such user any more. Of more than [`Session::SESSIONS_MAX_PER_USER`] the one goes
    /// that was not seen for the longest.
    async fn begin_session(&self, session: &NewSession, now: Timestamp) -> Result<bool, Error>;

    /// The session with this secret, if it has not ended.
    async fn session(&self, secret: SecretHash, now: Timestamp) -> Result<Option<Session>, Error>;

    /// Notes that a session is used. It is written at once: once a minute for each session is often enough.
    async fn seen(&self, session: SessionId, now: Timestamp) -> Result<(), Error>;

    /// The sessions of a user, or of all, that have not ended; the latest seen first.
    async fn sessions(&self, user: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error>;

    /// Ends a session. False where it has ended already.
    async fn end_session(&self, session: SessionId, entries: &[Entry]) -> Result<bool, Error>;

    /// Makes a token of the API. False where another living one has its name, or there are [`ApiToken::TOKENS_MAX`].
    async fn make_token(&self, token: &NewToken, now: Timestamp, entries: &[Entry]) -> Result<bool, Error>;

    /// The token with this secret, if it is good.
    async fn token(&self, secret: SecretHash, now: Timestamp) -> Result<Option<ApiToken>, Error>;

    /// Notes that a token is used, as [`People::seen`] does of a session.
    async fn token_seen(&self, token: TokenId, now: Timestamp) -> Result<(), Error>;

    /// The tokens that are good, by name: [`ApiToken::TOKENS_MAX`] at most.
    async fn tokens(&self, now: Timestamp) -> Result<Vec<ApiToken>, Error>;

    /// Has a token be good for nothing any more. False where there is no such token.
    async fn revoke_token(&self, token: TokenId, entries: &[Entry]) -> Result<bool, Error>;

    /// A secret of this installation, by its name in the code: the one that is stored, or `fresh` where none is yet. All who ask get
    /// the same one, also when they ask at the same moment.
    async fn key(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], Error>;
}

/// Monitors and reactions that are made in pages. A change is on disk together with the lines of the timeline that tell of it, or not
/// at all.
#[async_trait]
pub trait Made: Send + Sync {
    /// Everything that is made, as of one moment.
    async fn made(&self) -> Result<MadeText, Error>;

    /// The version of what [`Made::made`] would say. Cheap: it can be asked each second.
    async fn made_version(&self) -> Result<i64, Error>;

    /// Stores a piece: a new one, where no version is given, or in place of the one that is there, if that has this version still.
    async fn put_piece(
        &self,
        piece: &NewPiece,
        if_version: Option<i64>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Put, Error>;

    /// Removes a piece, if it has this version still.
    async fn remove_piece(&self, id: Uuid, if_version: i64, entries: &[Entry]) -> Result<Put, Error>;
}

/// Bounds of what is kept.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Packs completed hours, rolls them up, and removes what is too old, in small transactions; returns how many rows went. Called
    /// every few minutes; each call is bounded, so that it never holds the writer for long.
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error>;
}
