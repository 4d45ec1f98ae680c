//! What people are told: decided by compare-and-set on one number, and sent by compare-and-set on each notice, as runs are.

use super::dialect::{Connection, Db, each, stays_prepared};
use super::incidents::{IncidentRow, incidents};
use super::{Database, query, query_as, query_scalar};
use crate::error::Fault;
use crate::read::{at, bounded, from_json, from_text, number, readable, to_json, to_word};
use crate::{
    ClaimedNotice, Error, Fence, NewNotice, NoticeState, NoticesPage, NumberedIncident, StoredNotice, Tell, Telling,
    ToldSoFar, Tried,
};
use async_trait::async_trait;
use flyball_model::{IncidentTold, Thread, ThreadKey, ThreadOf, Timestamp};
use serde::Serialize;
use sqlx::QueryBuilder;
use std::collections::BTreeSet;
use std::time::Duration;

/// Who gave a notice up a day ago is not said to fail any more: somebody knows, or nobody is told by it.
const FAILS_FOR: Duration = Duration::from_secs(86_400);

/// What a notice is read from.
macro_rules! notices {
    () => {
        "SELECT notices.thread, notices.sequence, notices.channel, notices.about, notices.notice, notices.made_at, \
                notices.state, notices.due_at, notices.ended_at, notices.tries, notices.why, threads.subject \
         FROM notices LEFT JOIN threads ON threads.key = notices.thread"
    };
}

#[async_trait]
impl Telling for Database {
    async fn told_so_far(&self, now: Timestamp) -> Result<ToldSoFar, Error> {
        let read = async {
            let mut tx = self.reading().await?;
            let version = counter(&mut tx, "tellings").await?;
            let until = counter(&mut tx, "told_until").await?;
            let threads = open_threads(&mut tx).await?;
            let incidents = incidents_of(&mut tx, &threads).await?;
            let failing: Vec<String> = query_scalar(
                "SELECT channel FROM notices WHERE ended_at IS NULL AND tries >= $1 \
                 UNION SELECT channel FROM notices AS given_up WHERE state = 'given_up' AND ended_at > $2 \
                   AND NOT EXISTS (SELECT 1 FROM notices AS sent WHERE sent.channel = given_up.channel \
                                   AND sent.ended_at >= given_up.ended_at AND sent.state = 'sent')",
            )
            .bind(i64::from(ToldSoFar::TRIES_OF_FAILING))
            .bind((now - FAILS_FOR).as_millis())
            .fetch_all(&mut *tx)
            .await?;
            let failing = readable(failing, |name| from_text(&name, || format!("the channel \"{name}\"")))?;
            // As a new store has it, nothing was told.
            let until = (until > 0).then_some(until - 1);
            Ok(ToldSoFar { version, until, threads, incidents, failing })
        };
        read.await.map_err(self.told("read what was told"))
    }

    async fn tell(&self, version: i64, tell: &Tell) -> Result<bool, Error> {
        let written = async {
            let mut tx = self.writing().await?;
            let taken = query("UPDATE counters SET value = value + 1 WHERE name = 'tellings' AND value = $1");
            if taken.bind(version).execute(&mut *tx).await?.rows_affected() != 1 {
                return Ok(false);
            }
            query("UPDATE counters SET value = $1 WHERE name = 'told_until' AND value < $1")
                .bind(tell.until.saturating_add(1))
                .execute(&mut *tx)
                .await?;
            if tell.begins {
                let all = IncidentTold::End.number();
                query("UPDATE incidents SET told = $1 WHERE ended_at IS NOT NULL AND told < 2")
                    .bind(all)
                    .execute(&mut *tx)
                    .await?;
            }
            write_threads(&mut tx, &tell.threads).await?;
            write_notices(&mut tx, &tell.notices).await?;
            for (incident, told) in &tell.incidents {
                query("UPDATE incidents SET told = $2 WHERE number = $1 AND told < $2")
                    .bind(incident)
                    .bind(told.number())
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
            Ok(true)
        };
        written.await.map_err(self.told("write what is to be told"))
    }

    async fn release_notices(&self, now: Timestamp) -> Result<(), Error> {
        let released = async {
            let mut tx = self.writing().await?;
            query("UPDATE notices SET due_at = $1 WHERE ended_at IS NULL AND state = 'claimed' AND due_at > $1")
                .bind(now.as_millis())
                .execute(&mut *tx)
                .await?;
            Ok(tx.commit().await?)
        };
        released.await.map_err(self.told("take over what is to be told"))
    }

    async fn owed(&self, now: Timestamp) -> Result<Vec<StoredNotice>, Error> {
        let read = async {
            let rows: Vec<NoticeRow> = query_as(concat!(
                notices!(),
                " WHERE notices.ended_at IS NULL AND notices.due_at <= $1 \
                 AND NOT EXISTS (SELECT 1 FROM notices AS earlier WHERE earlier.thread = notices.thread \
                                 AND earlier.sequence < notices.sequence AND earlier.ended_at IS NULL) \
                 ORDER BY notices.due_at, notices.thread LIMIT $2"
            ))
            .bind(now.as_millis())
            .bind(i64::from(NoticesPage::OWED_MAX))
            .fetch_all(&mut *self.reading().await?)
            .await?;
            readable(rows, NoticeRow::read)
        };
        read.await.map_err(self.told("read what is to be told"))
    }

    async fn claim_notice(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<ClaimedNotice>, Error> {
        let claimed = async {
            let mut tx = self.writing().await?;
            let row: Option<ClaimRow> = query_as(
                "UPDATE notices SET state = 'claimed', due_at = $1, fence = fence + 1, tries = tries + 1, \
                        first_at = COALESCE(first_at, $2) \
                 WHERE thread = $3 AND sequence = $4 AND ended_at IS NULL AND due_at <= $2 \
                   AND NOT EXISTS (SELECT 1 FROM notices AS earlier WHERE earlier.thread = $3 \
                                   AND earlier.sequence < $4 AND earlier.ended_at IS NULL) \
                 RETURNING fence, notice, first_at, tries",
            )
            .bind((now + lease).as_millis())
            .bind(now.as_millis())
            .bind(thread.as_str())
            .bind(i64::from(sequence))
            .fetch_optional(&mut *tx)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let of_thread: Option<(Option<String>, i64, i64)> =
                query_as("SELECT handle, sent, sequence FROM threads WHERE key = $1")
                    .bind(thread.as_str())
                    .fetch_optional(&mut *tx)
                    .await?;
            let (handle, sent, latest) = of_thread.unwrap_or((None, 0, i64::from(sequence)));
            tx.commit().await?;
            let of = || format!("notice {sequence} of {thread}");
            Ok(Some(ClaimedNotice {
                fence: Fence(row.fence),
                notice: from_json(&row.notice, of)?,
                first_at: at(row.first_at),
                tries: number(row.tries, of)?.saturating_sub(1),
                handle: handle.map(|handle| from_json(&handle, of)).transpose()?,
                sent: number(sent, of)?,
                latest: number(latest, of)?,
            }))
        };
        claimed.await.map_err(self.told("claim a notice"))
    }

    async fn tried(
        &self,
        thread: &ThreadKey,
        sequence: u32,
        fence: Fence,
        tried: &Tried,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let noted = async {
            let mut tx = self.writing().await?;
            let (state, due_at, ended_at, why) = match tried {
                Tried::Sent { .. } => (NoticeState::Sent, now, Some(now), None),
                Tried::Later { at, why } => (NoticeState::Due, *at, None, Some(why)),
                Tried::GivenUp { why } => (NoticeState::GivenUp, now, Some(now), Some(why)),
                Tried::Skipped { why } => (NoticeState::Skipped, now, Some(now), Some(why)),
            };
            let changed = query(
                "UPDATE notices SET state = $1, due_at = $2, ended_at = $3, why = $4 \
                 WHERE thread = $5 AND sequence = $6 AND fence = $7 AND state = 'claimed'",
            )
            .bind(state.word())
            .bind(due_at.as_millis())
            .bind(ended_at.map(Timestamp::as_millis))
            .bind(why)
            .bind(thread.as_str())
            .bind(i64::from(sequence))
            .bind(fence.0)
            .execute(&mut *tx)
            .await?;
            if changed.rows_affected() != 1 {
                return Ok(false);
            }
            if let Tried::Sent { handle } = tried {
                query("UPDATE threads SET sent = sent + 1, handle = COALESCE($2, handle) WHERE key = $1")
                    .bind(thread.as_str())
                    .bind(handle.as_ref().map(to_json))
                    .execute(&mut *tx)
                    .await?;
            }
            tx.commit().await?;
            Ok(true)
        };
        noted.await.map_err(self.told("note what came of a notice"))
    }

    async fn notices(&self, page: &NoticesPage) -> Result<Vec<StoredNotice>, Error> {
        let read = async {
            let mut query = QueryBuilder::<Db>::new(concat!(notices!(), " WHERE 1 = 1"));
            if let Some(channel) = &page.channel {
                query.push(" AND notices.channel = ").push_bind(channel.as_str());
            }
            if let Some(since) = page.since {
                query.push(" AND notices.made_at >= ").push_bind(since.as_millis());
            }
            if let Some(before) = page.before {
                query.push(" AND notices.made_at < ").push_bind(before.as_millis());
            }
            query.push(" ORDER BY notices.made_at DESC, notices.thread, notices.sequence DESC LIMIT ");
            query.push_bind(bounded(page.notices, NoticesPage::NOTICES_MAX));
            let rows: Vec<NoticeRow> =
                query.build_query_as().persistent(stays_prepared()).fetch_all(&mut *self.reading().await?).await?;
            readable(rows, NoticeRow::read)
        };
        read.await.map_err(self.told("read what was told"))
    }
}

async fn counter(tx: &mut Connection, name: &'static str) -> Result<i64, Fault> {
    Ok(query_scalar("SELECT value FROM counters WHERE name = $1").bind(name).fetch_one(tx).await?)
}

async fn open_threads(tx: &mut Connection) -> Result<Vec<Thread>, Fault> {
    let rows: Vec<ThreadRow> = query_as(
        "SELECT key, channel, subject, opened_at, latest_at, sequence, untold, closed_at FROM threads \
         WHERE closed_at IS NULL ORDER BY opened_at, key LIMIT $1",
    )
    .bind(i64::from(ToldSoFar::THREADS_MAX))
    .fetch_all(tx)
    .await?;
    readable(rows, ThreadRow::read)
}

/// The incidents of which not all is told, and those of these threads.
async fn incidents_of(tx: &mut Connection, threads: &[Thread]) -> Result<Vec<NumberedIncident>, Fault> {
    let rows: Vec<IncidentRow> = query_as(concat!(incidents!(), " WHERE told < 2 ORDER BY number LIMIT $1"))
        .bind(i64::from(ToldSoFar::INCIDENTS_MAX))
        .fetch_all(&mut *tx)
        .await?;
    let mut found = readable(rows, IncidentRow::read)?;
    let known: BTreeSet<i64> = found.iter().map(|incident| incident.number).collect();
    let named = threads.iter().flat_map(|thread| thread.of.incidents().iter().copied());
    let others: BTreeSet<i64> = named.filter(|number| !known.contains(number)).collect();
    if !others.is_empty() {
        let rows: Vec<IncidentRow> = query_as(concat!(
            incidents!(),
            " WHERE number IN (SELECT CAST(value ->> 'number' AS BIGINT) FROM ",
            each!("$1"),
            ") ORDER BY number"
        ))
        .bind(to_json(&others.into_iter().map(|number| Numbered { number }).collect::<Vec<_>>()))
        .fetch_all(&mut *tx)
        .await?;
        found.extend(readable(rows, IncidentRow::read)?);
    }
    Ok(found)
}

#[derive(Serialize)]
struct Numbered {
    number: i64,
}

#[derive(Serialize)]
struct WrittenThread<'a> {
    key: &'a ThreadKey,
    channel: &'a str,
    subject: String,
    opened_at: i64,
    latest_at: i64,
    sequence: u32,
    untold: String,
    closed_at: Option<i64>,
}

async fn write_threads(tx: &mut Connection, threads: &[Thread]) -> Result<(), Fault> {
    if threads.is_empty() {
        return Ok(());
    }
    let written = threads.iter().map(|thread| WrittenThread {
        key: &thread.key,
        channel: thread.channel.as_str(),
        subject: to_json(&thread.of),
        opened_at: thread.opened_at.as_millis(),
        latest_at: thread.latest_at.as_millis(),
        sequence: thread.sequence,
        untold: to_word(&thread.untold),
        closed_at: thread.closed_at.map(Timestamp::as_millis),
    });
    query(concat!(
        "INSERT INTO threads (key, channel, subject, opened_at, latest_at, sequence, untold, closed_at, handle, sent) \
         SELECT value ->> 'key', value ->> 'channel', value ->> 'subject', CAST(value ->> 'opened_at' AS BIGINT), \
                CAST(value ->> 'latest_at' AS BIGINT), CAST(value ->> 'sequence' AS BIGINT), value ->> 'untold', \
                CAST(value ->> 'closed_at' AS BIGINT), NULL, 0 FROM ",
        each!("$1"),
        " WHERE true \
         ON CONFLICT (key) DO UPDATE SET subject = excluded.subject, latest_at = excluded.latest_at, \
                sequence = excluded.sequence, untold = excluded.untold, closed_at = excluded.closed_at"
    ))
    .bind(to_json(&written.collect::<Vec<_>>()))
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(Serialize)]
struct WrittenNotice<'a> {
    thread: &'a ThreadKey,
    sequence: u32,
    channel: &'a str,
    about: &'a str,
    notice: String,
    made_at: i64,
}

/// What was told of a day is not told again.
async fn write_notices(tx: &mut Connection, notices: &[NewNotice]) -> Result<(), Fault> {
    if notices.is_empty() {
        return Ok(());
    }
    let written = notices.iter().map(|notice| WrittenNotice {
        thread: &notice.thread,
        sequence: notice.sequence,
        channel: notice.channel.as_str(),
        about: &notice.about,
        notice: notice.notice.to_string(),
        made_at: notice.made_at.as_millis(),
    });
    query(concat!(
        "INSERT INTO notices (thread, sequence, channel, about, notice, made_at, state, due_at, tries, fence) \
         SELECT value ->> 'thread', CAST(value ->> 'sequence' AS BIGINT), value ->> 'channel', value ->> 'about', \
                value ->> 'notice', CAST(value ->> 'made_at' AS BIGINT), 'due', CAST(value ->> 'made_at' AS BIGINT), 0, 0 FROM ",
        each!("$1"),
        " WHERE true ON CONFLICT (thread, sequence) DO NOTHING"
    ))
    .bind(to_json(&written.collect::<Vec<_>>()))
    .execute(tx)
    .await?;
    Ok(())
}

row! {
    struct ThreadRow {
        key: String,
        channel: String,
        subject: String,
        opened_at: i64,
        latest_at: i64,
        sequence: i64,
        untold: String,
        closed_at: Option<i64>,
    }
}

impl ThreadRow {
    fn read(self) -> Result<Thread, Fault> {
        let row = || format!("thread {}", self.key);
        Ok(Thread {
            key: from_text(&self.key, row)?,
            channel: from_text(&self.channel, row)?,
            of: from_json(&self.subject, row)?,
            opened_at: at(self.opened_at),
            latest_at: at(self.latest_at),
            sequence: number(self.sequence, row)?,
            untold: from_json(&to_json(&self.untold), row)?,
            closed_at: self.closed_at.map(at),
        })
    }
}

row! {
    struct ClaimRow {
        fence: i64,
        notice: String,
        first_at: i64,
        tries: i64,
    }
}

row! {
    struct NoticeRow {
        thread: String,
        sequence: i64,
        channel: String,
        about: String,
        notice: String,
        made_at: i64,
        state: String,
        due_at: i64,
        ended_at: Option<i64>,
        tries: i64,
        why: Option<String>,
        subject: Option<String>,
    }
}

impl NoticeRow {
    fn read(self) -> Result<StoredNotice, Fault> {
        let row = || format!("notice {} of {}", self.sequence, self.thread);
        let of: Option<ThreadOf> = self.subject.as_ref().map(|subject| from_json(subject, row)).transpose()?;
        Ok(StoredNotice {
            thread: from_text(&self.thread, row)?,
            sequence: number(self.sequence, row)?,
            channel: from_text(&self.channel, row)?,
            notice: from_json(&self.notice, row)?,
            made_at: at(self.made_at),
            state: NoticeState::of_word(&self.state),
            at: at(self.ended_at.unwrap_or(self.due_at)),
            tries: number(self.tries, row)?,
            incidents: of.map(|of| of.incidents().to_vec()).unwrap_or_default(),
            about: self.about,
            why: self.why,
        })
    }
}
