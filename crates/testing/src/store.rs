//! The store as the engine sees it on a stage: the real one, behind a port at which calls take time, go wrong and are noted.

use async_trait::async_trait;
use flyball_model::{
    AppName, Entry, Excerpt, MonitorId, NodeId, Outcome, PauseScope, ReactionId, Reading, Right, Run, RunId,
    SecretHash, SessionId, Signal, StoreLoss, Subject, SubjectKey, TextHash, ThreadKey, Timestamp, TokenId, UserId,
    UserName, Verdict,
};
use flyball_store::{
    ApiToken, AppFacts, Batch, Changed, Claim, ClaimedNotice, Definition, Error, Fence, Glimpse, Held, Holding,
    HookSecrets, Incidents, IncidentsPage, Leases, Loop, Made, MadeText, MarkSent, NewPiece, NewSession, NewToken,
    NewUser, NewerReadings, NoticesPage, NumberedIncident, Of, Overview, OwnText, Pause, Pauses, Peer, People, Place,
    Presence, Put, ReadingsPage, Reads, Remembered, Retention, Rolled, Rollup, RollupsPage, Runs, RunsPage, SeenSign,
    Session, Shard, Shares, Sighting, Sign, Signals, Sizes, Slots, Span, Spell, SpellsPage, Store, StoredNotice,
    StoredSlot, Tell, Telling, Texts, Timeline, TimelineLine, TimelinePage, ToldSoFar, Tried, User,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use uuid::Uuid;

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only reads.
    Reads,
    /// It writes.
    Writes,
}

/// What a call has just written, or found.
#[derive(Debug)]
pub enum Done<'a> {
    /// This is on disk.
    Saved(&'a Batch),
    /// A run was to be claimed, with this answer.
    Claimed(&'a Claim),
    /// A run is marked as sent, by the time that was given.
    Marked(RunId, Timestamp),
    /// A run has ended.
    Ended(RunId),
    /// A node gave and took shards, and renewed what it holds.
    Held {
        /// Which.
        node: NodeId,
        /// What it gave back.
        gave: &'a [Shard],
        /// Who holds what since.
        shares: &'a Shares,
    },
}

/// The signs of life of several engines on one store. A file keeps the sign of one alone, so that a stage keeps them instead.
#[derive(Debug, Default)]
pub struct Signs(Mutex<BTreeMap<NodeId, (Sign, Timestamp)>>);

impl Signs {
    /// An engine has started.
    pub fn appear(&self, sign: &Sign, now: Timestamp) {
        crate::lock(&self.0).insert(sign.node, (sign.clone(), now));
    }

    fn renew(&self, node: NodeId, now: Timestamp) {
        if let Some((_, renewed_at)) = crate::lock(&self.0).get_mut(&node) {
            *renewed_at = now;
        }
    }

    /// An engine has stopped.
    pub fn leave(&self, node: NodeId) {
        crate::lock(&self.0).remove(&node);
    }

    /// The engines, the freshest first, as a server lists them.
    fn peers(&self, now: Timestamp) -> Vec<Peer> {
        let signs = crate::lock(&self.0);
        let peer = |(sign, renewed_at): &(Sign, Timestamp)| Peer {
            node: sign.node,
            host: sign.host.clone(),
            process: sign.process,
            silent_for: now.since(*renewed_at),
            drains: false,
        };
        let mut peers: Vec<Peer> = signs.values().map(peer).collect();
        peers.sort_by_key(|peer| (peer.silent_for, peer.node));
        peers
    }
}

/// What a stage does about the calls of its store.
pub trait StoreStage: Send + Sync {
    /// The store itself.
    fn store(&self) -> &dyn Store;

    /// Makes a call, or lets it go wrong. `done` is to be told when it was made, at that very moment.
    fn call<T: Send>(
        &self,
        access: Access,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
        done: impl FnOnce(&T) + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send;

    /// Something was done.
    fn done(&self, done: Done<'_>);

    /// Whether anything can be due at all. The worker asks again and again, and mostly there is nothing to be found.
    fn may_be_due(&self) -> bool;

    /// The signs of life of those who work on it, where several do.
    fn signs(&self) -> Option<&Signs> {
        None
    }

    /// The clock that the store goes by, where several engines work on it.
    fn store_clock(&self) -> Timestamp {
        Timestamp::EPOCH
    }

    /// The present task is about to ask for this run.
    fn asks_for(&self, _run: RunId) {}

    /// What is written down of an outcome.
    fn told<'a>(&self, outcome: &'a Outcome) -> Cow<'a, Outcome> {
        Cow::Borrowed(outcome)
    }
}

/// A store whose every call goes through a stage.
#[derive(Debug)]
pub struct StagedStore<S>(pub S);

impl<S: StoreStage> StagedStore<S> {
    async fn read<T: Send>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        self.0.call(Access::Reads, what, call, |_| ()).await
    }

    async fn write<T: Send>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        self.0.call(Access::Writes, what, call, |_| ()).await
    }

    /// The time by which pauses end: where a server is shared the earlier of both, as there.
    fn both_clocks(&self, now: Timestamp) -> Timestamp {
        if self.0.signs().is_some() { now.min(self.0.store_clock()) } else { now }
    }

    fn with_peers(&self, shares: Shares, now: Timestamp) -> Shares {
        match self.0.signs() {
            Some(signs) => Shares { peers: signs.peers(now), ..shares },
            None => shares,
        }
    }

    async fn write_and_tell<T: Send>(
        &self,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>> + Send,
        done: impl for<'a> FnOnce(&'a T) -> Option<Done<'a>> + Send,
    ) -> Result<T, Error> {
        let tell = |answer: &T| {
            if let Some(done) = done(answer) {
                self.0.done(done);
            }
        };
        self.0.call(Access::Writes, what, call, tell).await
    }
}

#[async_trait]
impl<S: StoreStage> Loop for StagedStore<S> {
    async fn define(&self, monitors: &[Definition], reactions: &[Definition], now: Timestamp) -> Result<(), Error> {
        self.write("define", self.0.store().define(monitors, reactions, now)).await
    }

    async fn remembered(&self, of: Of<'_>) -> Result<Vec<Remembered>, Error> {
        self.read("remembered", self.0.store().remembered(of)).await
    }

    async fn newer_readings(&self, of: Of<'_>) -> Result<Vec<NewerReadings>, Error> {
        self.read("newer readings", self.0.store().newer_readings(of)).await
    }

    async fn holdings(&self, of: Of<'_>) -> Result<Vec<Holding>, Error> {
        self.read("holdings", self.0.store().holdings(of)).await
    }

    async fn save(&self, batch: &Batch) -> Result<(), Error> {
        let saved = |()| self.0.done(Done::Saved(batch));
        self.0.call(Access::Writes, "save", self.0.store().save(batch), |()| saved(())).await
    }

    async fn sighting(&self, subject: &SubjectKey) -> Result<Option<Sighting>, Error> {
        self.read("sighting", self.0.store().sighting(subject)).await
    }

    async fn app_facts(&self, subject: &Subject, reactions: &[ReactionId], now: Timestamp) -> Result<AppFacts, Error> {
        self.read("app_facts", self.0.store().app_facts(subject, reactions, now)).await
    }
}

#[async_trait]
impl<S: StoreStage> Runs for StagedStore<S> {
    async fn claim(
        &self,
        run: RunId,
        node: NodeId,
        held: &[Held],
        now: Timestamp,
        lease: Duration,
    ) -> Result<Claim, Error> {
        let call = self.0.store().claim(run, node, held, self.both_clocks(now), lease);
        self.write_and_tell("claim", call, |claim| Some(Done::Claimed(claim))).await
    }

    async fn reclaim(&self, run: RunId, node: NodeId, now: Timestamp, lease: Duration) -> Result<Option<Fence>, Error> {
        self.write("reclaim", self.0.store().reclaim(run, node, now, lease)).await
    }

    async fn mark_sent(&self, run: RunId, fence: Fence, now: Timestamp, look_at: Timestamp) -> Result<MarkSent, Error> {
        let call = self.0.store().mark_sent(run, fence, self.both_clocks(now), look_at);
        self.write_and_tell("mark_sent", call, |marked| (*marked == MarkSent::Go).then_some(Done::Marked(run, now)))
            .await
    }

    async fn defer(
        &self,
        run: RunId,
        fence: Fence,
        look_at: Timestamp,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<(), Error> {
        self.write("defer", self.0.store().defer(run, fence, look_at, request_ids, entries)).await
    }

    async fn end(
        &self,
        run: RunId,
        fence: Fence,
        now: Timestamp,
        outcome: &Outcome,
        request_ids: &[Excerpt],
        entries: &[Entry],
    ) -> Result<bool, Error> {
        let outcome = self.0.told(outcome);
        let call = self.0.store().end(run, fence, now, &outcome, request_ids, entries);
        self.write_and_tell("end", call, |ended| ended.then_some(Done::Ended(run))).await
    }

    async fn settle(&self, run: RunId, outcome: &Outcome, entries: &[Entry]) -> Result<bool, Error> {
        self.write("settle", self.0.store().settle(run, outcome, entries)).await
    }

    async fn take_over(
        &self,
        node: NodeId,
        now: Timestamp,
        lease: Duration,
        ours: &(dyn Fn(ReactionId) -> bool + Sync),
    ) -> Result<Vec<(Run, Fence)>, Error> {
        self.write("take_over", self.0.store().take_over(node, now, lease, ours)).await
    }

    async fn due(&self, now: Timestamp) -> Result<Vec<Run>, Error> {
        if !self.0.may_be_due() {
            return Ok(Vec::new());
        }
        self.read("due", self.0.store().due(now)).await
    }

    async fn run(&self, run: RunId) -> Result<Option<Run>, Error> {
        self.0.asks_for(run);
        self.read("run", self.0.store().run(run)).await
    }

    async fn runs(&self, page: &RunsPage) -> Result<Vec<Run>, Error> {
        self.read("runs", self.0.store().runs(page)).await
    }
}

#[async_trait]
impl<S: StoreStage> Pauses for StagedStore<S> {
    async fn pause(&self, pause: &Pause) -> Result<(), Error> {
        self.write("pause", self.0.store().pause(pause)).await
    }

    async fn resume(&self, scope: &PauseScope, by: &str, now: Timestamp) -> Result<bool, Error> {
        self.write("resume", self.0.store().resume(scope, by, now)).await
    }

    async fn pauses(&self, now: Timestamp) -> Result<Vec<Pause>, Error> {
        self.read("pauses", self.0.store().pauses(now)).await
    }
}

/// A stage's store is its engine's own for as long as it is played, or it is shared and stays so.
#[async_trait]
impl<S: StoreStage> Presence for StagedStore<S> {
    async fn appear(&self, sign: &Sign, _: Timestamp) -> Result<(), Error> {
        let Some(signs) = self.0.signs() else { return Ok(()) };
        self.write("appear", async {
            signs.appear(sign, self.0.store_clock());
            Ok(())
        })
        .await
    }

    async fn renew(&self, node: NodeId, _: Timestamp) -> Result<(), Error> {
        let Some(signs) = self.0.signs() else { return Ok(()) };
        self.write("renew", async {
            signs.renew(node, self.0.store_clock());
            Ok(())
        })
        .await
    }

    async fn leave(&self, node: NodeId) -> Result<(), Error> {
        let Some(signs) = self.0.signs() else { return Ok(()) };
        self.write("leave", async {
            signs.leave(node);
            Ok(())
        })
        .await
    }

    async fn glimpsed(&self, _: &[Glimpse]) -> Result<(), Error> {
        Ok(())
    }

    async fn glimpse(&self, _: &SubjectKey) -> Result<Option<Glimpse>, Error> {
        Ok(None)
    }

    async fn signs(&self, _: Timestamp) -> Result<Vec<SeenSign>, Error> {
        Ok(Vec::new())
    }

    async fn loss(&self, _: NodeId) -> Result<Option<StoreLoss>, Error> {
        Ok(None)
    }
}

/// On a stage all engines have one file.
#[async_trait]
impl<S: StoreStage> Texts for StagedStore<S> {
    async fn texts(&self, _: Timestamp) -> Result<Vec<OwnText>, Error> {
        Ok(Vec::new())
    }

    async fn text(&self, _: TextHash) -> Result<Option<String>, Error> {
        Ok(None)
    }

    async fn edited(&self, _: NodeId, _: &str, _: TextHash, _: Timestamp) -> Result<(), Error> {
        Ok(())
    }

    async fn go_by(&self, _: NodeId, _: &str, _: TextHash, _: Reads) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait]
impl<S: StoreStage> Leases for StagedStore<S> {
    fn is_shared(&self) -> bool {
        self.0.signs().is_some()
    }

    async fn time(&self, _: Timestamp) -> Result<Timestamp, Error> {
        self.read("time", async { Ok(self.0.store_clock()) }).await
    }

    async fn shares(&self, _: Timestamp) -> Result<Shares, Error> {
        // The clock is read when the call is made, and not when it was asked for.
        let shares = async {
            let now = self.0.store_clock();
            Ok(self.with_peers(self.0.store().shares(now).await?, now))
        };
        self.read("shares", shares).await
    }

    async fn hold(&self, node: NodeId, give: &[Shard], take: &[Shard], _: Timestamp) -> Result<Shares, Error> {
        let hold = async {
            let now = self.0.store_clock();
            let held = self.0.store().hold(node, give, take, now).await?;
            if let Some(signs) = self.0.signs() {
                signs.renew(node, now);
            }
            Ok(self.with_peers(held, now))
        };
        let done = |shares: &Shares| self.0.done(Done::Held { node, gave: give, shares });
        self.0.call(Access::Writes, "hold", hold, done).await
    }

    async fn drain(&self, node: NodeId, drains: bool) -> Result<bool, Error> {
        self.write("drain", self.0.store().drain(node, drains)).await
    }
}

#[async_trait]
impl<S: StoreStage> Timeline for StagedStore<S> {
    async fn timeline(&self, page: &TimelinePage) -> Result<Vec<TimelineLine>, Error> {
        self.read("timeline", self.0.store().timeline(page)).await
    }

    async fn readings(&self, page: &ReadingsPage) -> Result<Vec<Reading>, Error> {
        self.read("readings", self.0.store().readings(page)).await
    }

    async fn latest(&self, of: Of<'_>) -> Result<Vec<(MonitorId, Reading)>, Error> {
        self.read("latest readings", self.0.store().latest(of)).await
    }

    async fn rolled_up(
        &self,
        monitors: &[MonitorId],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Rollup>, Error> {
        self.read("rolled up", self.0.store().rolled_up(monitors, since, until)).await
    }

    async fn overview(&self, apps: &[(Subject, Vec<ReactionId>)], now: Timestamp) -> Result<Vec<Overview>, Error> {
        self.read("overview", self.0.store().overview(apps, now)).await
    }

    async fn rollups(&self, page: &RollupsPage) -> Result<Vec<Rolled>, Error> {
        self.read("rollups", self.0.store().rollups(page)).await
    }

    async fn rollups_of(
        &self,
        monitors: &[MonitorId],
        span: Span,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Rolled>>, Error> {
        self.read("rollups of", self.0.store().rollups_of(monitors, span, since, until)).await
    }

    async fn spells(&self, page: &SpellsPage) -> Result<Vec<Spell>, Error> {
        self.read("spells", self.0.store().spells(page)).await
    }

    async fn latest_spells(
        &self,
        monitors: &[MonitorId],
        verdict: Verdict,
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Vec<Spell>>, Error> {
        self.read("latest spells", self.0.store().latest_spells(monitors, verdict, since, until)).await
    }
}

#[async_trait]
impl<S: StoreStage> People for StagedStore<S> {
    async fn users(&self) -> Result<Vec<User>, Error> {
        self.read("users", self.0.store().users()).await
    }

    async fn user_by_name(&self, name: &UserName) -> Result<Option<(User, String)>, Error> {
        self.read("user by name", self.0.store().user_by_name(name)).await
    }

    async fn add_user(&self, user: &NewUser, now: Timestamp, entries: &[Entry]) -> Result<bool, Error> {
        self.write("add user", self.0.store().add_user(user, now, entries)).await
    }

    async fn change_user(
        &self,
        user: UserId,
        right: Option<Right>,
        password: Option<&str>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Changed, Error> {
        self.write("change user", self.0.store().change_user(user, right, password, now, entries)).await
    }

    async fn remove_user(&self, user: UserId, entries: &[Entry]) -> Result<Changed, Error> {
        self.write("remove user", self.0.store().remove_user(user, entries)).await
    }

    async fn begin_session(&self, session: &NewSession, now: Timestamp) -> Result<bool, Error> {
        self.write("begin session", self.0.store().begin_session(session, now)).await
    }

    async fn session(&self, secret: SecretHash, now: Timestamp) -> Result<Option<Session>, Error> {
        self.read("session", self.0.store().session(secret, now)).await
    }

    async fn seen(&self, session: SessionId, now: Timestamp) -> Result<(), Error> {
        self.write("seen", self.0.store().seen(session, now)).await
    }

    async fn sessions(&self, user: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error> {
        self.read("sessions", self.0.store().sessions(user, now)).await
    }

    async fn end_session(&self, session: SessionId, entries: &[Entry]) -> Result<bool, Error> {
        self.write("end session", self.0.store().end_session(session, entries)).await
    }

    async fn make_token(&self, token: &NewToken, now: Timestamp, entries: &[Entry]) -> Result<bool, Error> {
        self.write("make token", self.0.store().make_token(token, now, entries)).await
    }

    async fn token(&self, secret: SecretHash, now: Timestamp) -> Result<Option<ApiToken>, Error> {
        self.read("token", self.0.store().token(secret, now)).await
    }

    async fn token_seen(&self, token: TokenId, now: Timestamp) -> Result<(), Error> {
        self.write("token seen", self.0.store().token_seen(token, now)).await
    }

    async fn tokens(&self, now: Timestamp) -> Result<Vec<ApiToken>, Error> {
        self.read("tokens", self.0.store().tokens(now)).await
    }

    async fn revoke_token(&self, token: TokenId, entries: &[Entry]) -> Result<bool, Error> {
        self.write("revoke token", self.0.store().revoke_token(token, entries)).await
    }

    async fn key(&self, name: &str, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        self.write("key", self.0.store().key(name, fresh)).await
    }
}

#[async_trait]
impl<S: StoreStage> Incidents for StagedStore<S> {
    async fn incidents(&self, page: &IncidentsPage) -> Result<Vec<NumberedIncident>, Error> {
        self.read("incidents", self.0.store().incidents(page)).await
    }

    async fn incident(&self, number: i64) -> Result<Option<NumberedIncident>, Error> {
        self.read("incident", self.0.store().incident(number)).await
    }
}

#[async_trait]
impl<S: StoreStage> Telling for StagedStore<S> {
    async fn told_so_far(&self, now: Timestamp) -> Result<ToldSoFar, Error> {
        self.read("told so far", self.0.store().told_so_far(now)).await
    }

    async fn tell(&self, version: i64, tell: &Tell) -> Result<bool, Error> {
        self.write("tell", self.0.store().tell(version, tell)).await
    }

    async fn release_notices(&self, now: Timestamp) -> Result<(), Error> {
        self.write("release notices", self.0.store().release_notices(now)).await
    }

    async fn owed(&self, now: Timestamp) -> Result<Vec<StoredNotice>, Error> {
        self.read("owed", self.0.store().owed(now)).await
    }

    async fn claim_notice(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<ClaimedNotice>, Error> {
        self.write("claim notice", self.0.store().claim_notice(thread, sequence, now, lease)).await
    }

    async fn tried(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        fence: Fence,
        tried: &Tried,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.write("tried", self.0.store().tried(thread, sequence, fence, tried, now)).await
    }

    async fn notices(&self, page: &NoticesPage) -> Result<Vec<StoredNotice>, Error> {
        self.read("notices", self.0.store().notices(page)).await
    }
}

#[async_trait]
impl<S: StoreStage> Signals for StagedStore<S> {
    async fn note_signal(&self, monitor: MonitorId, signal: &Signal) -> Result<(), Error> {
        self.write("note signal", self.0.store().note_signal(monitor, signal)).await
    }

    async fn signals(&self, monitor: MonitorId) -> Result<Vec<Signal>, Error> {
        self.read("signals", self.0.store().signals(monitor)).await
    }

    async fn renew_hook(&self, monitor: MonitorId, secret: [u8; 32], entries: &[Entry]) -> Result<(), Error> {
        self.write("renew hook", self.0.store().renew_hook(monitor, secret, entries)).await
    }

    async fn hook_secrets(&self) -> Result<HookSecrets, Error> {
        self.read("hook secrets", self.0.store().hook_secrets()).await
    }

    async fn hooks_version(&self) -> Result<i64, Error> {
        self.read("hooks version", self.0.store().hooks_version()).await
    }
}

#[async_trait]
impl<S: StoreStage> Slots for StagedStore<S> {
    async fn note_slots(&self, slots: &[StoredSlot]) -> Result<(), Error> {
        self.write("note slots", self.0.store().note_slots(slots)).await
    }

    async fn slots(&self, app: &AppName, since: Timestamp, until: Timestamp) -> Result<Vec<StoredSlot>, Error> {
        self.read("slots", self.0.store().slots(app, since, until)).await
    }
}

#[async_trait]
impl<S: StoreStage> Made for StagedStore<S> {
    async fn made(&self) -> Result<MadeText, Error> {
        self.read("made", self.0.store().made()).await
    }

    async fn made_version(&self) -> Result<i64, Error> {
        self.read("made version", self.0.store().made_version()).await
    }

    async fn put_piece(
        &self,
        piece: &NewPiece,
        if_version: Option<i64>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Put, Error> {
        self.write("put piece", self.0.store().put_piece(piece, if_version, now, entries)).await
    }

    async fn remove_piece(&self, id: Uuid, if_version: i64, entries: &[Entry]) -> Result<Put, Error> {
        self.write("remove piece", self.0.store().remove_piece(id, if_version, entries)).await
    }
}

#[async_trait]
impl<S: StoreStage> Store for StagedStore<S> {
    fn place(&self) -> &Place {
        self.0.store().place()
    }

    fn is_read_only(&self) -> bool {
        self.0.store().is_read_only()
    }

    fn schema(&self) -> i64 {
        self.0.store().schema()
    }

    async fn weight(&self) -> Result<u64, Error> {
        self.read("weight", self.0.store().weight()).await
    }

    async fn sizes(&self) -> Result<Sizes, Error> {
        self.read("sizes", self.0.store().sizes()).await
    }

    async fn close(&self) {
        self.0.store().close().await;
    }
}

#[async_trait]
impl<S: StoreStage> Retention for StagedStore<S> {
    async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        self.write("sweep", self.0.store().sweep(self.both_clocks(now))).await
    }
}
