//! What was made in pages. Its version is a counter: each change takes the next number, which the piece has from then on.

use super::Database;
use super::dialect::Connection;
use super::rows::commit_with;
use super::{query, query_as, query_scalar};
use crate::error::Fault;
use crate::made::{is_as_seen, is_too_much};
use crate::read::{at, from_text};
use crate::{Error, Made, MadeText, NewPiece, Piece, Put};
use async_trait::async_trait;
use flyball_model::{Entry, Excerpt, Timestamp};
use uuid::Uuid;

macro_rules! pieces {
    () => {
        "SELECT id, family, name, text, version, changed_at, changed_by FROM made"
    };
}

#[async_trait]
impl Made for Database {
    async fn made(&self) -> Result<MadeText, Error> {
        let read = async {
            let mut tx = self.reading().await?;
            let version = version(&mut tx).await?;
            let rows: Vec<PieceRow> =
                query_as(concat!(pieces!(), " ORDER BY family, came")).fetch_all(&mut *tx).await?;
            // One that cannot be read is an error, and not left out: what it watches would be forgotten.
            let pieces = rows.into_iter().map(PieceRow::read).collect::<Result<_, Fault>>()?;
            Ok(MadeText { version, pieces })
        };
        read.await.map_err(self.told("read what was made in pages"))
    }

    async fn made_version(&self) -> Result<i64, Error> {
        let read = async { version(&mut *self.reading().await?).await };
        read.await.map_err(self.told("see whether what was made in pages has changed"))
    }

    async fn put_piece(
        &self,
        piece: &NewPiece,
        if_version: Option<i64>,
        now: Timestamp,
        entries: &[Entry],
    ) -> Result<Put, Error> {
        if piece.text.len() > Piece::PIECE_BYTES_MAX {
            return Ok(Put::TooLong);
        }
        let put = async {
            let mut tx = self.writing().await?;
            let there = by_id(&mut tx, piece.id).await?;
            if !is_as_seen(there.as_ref(), if_version) {
                return Ok(Put::Conflict(there));
            }
            if let Some(namesake) = namesake(&mut tx, piece).await? {
                return Ok(Put::Conflict(Some(namesake)));
            }
            let (others, their_bytes) = others(&mut tx, piece.id).await?;
            if is_too_much(others, their_bytes, piece.text.len()) {
                return Ok(Put::TooMany);
            }
            let version = next_version(&mut tx).await?;
            write(&mut tx, piece, version, now).await?;
            commit_with(tx, true, entries).await?;
            Ok(Put::Stored(version))
        };
        put.await.map_err(self.told(&format!("store the {} \"{}\"", piece.family.word(), piece.name)))
    }

    async fn remove_piece(&self, id: Uuid, if_version: i64, entries: &[Entry]) -> Result<Put, Error> {
        let removed = async {
            let mut tx = self.writing().await?;
            let there = by_id(&mut tx, id).await?;
            if !is_as_seen(there.as_ref(), Some(if_version)) {
                return Ok(Put::Conflict(there));
            }
            let version = next_version(&mut tx).await?;
            query("DELETE FROM made WHERE id = $1").bind(id.to_string()).execute(&mut *tx).await?;
            commit_with(tx, true, entries).await?;
            Ok(Put::Stored(version))
        };
        removed.await.map_err(self.told("remove what was made in pages"))
    }
}

row! {
    struct PieceRow {
        id: String,
        family: String,
        name: String,
        text: String,
        version: i64,
        changed_at: i64,
        changed_by: String,
    }
}

impl PieceRow {
    fn read(self) -> Result<Piece, Fault> {
        let row = || format!("what was made as {}", self.id);
        Ok(Piece {
            id: from_text(&self.id, row)?,
            family: from_text(&self.family, row)?,
            version: self.version,
            changed_at: at(self.changed_at),
            changed_by: Excerpt::of(&self.changed_by),
            name: self.name,
            text: self.text,
        })
    }
}

async fn version(tx: &mut Connection) -> Result<i64, Fault> {
    Ok(query_scalar("SELECT value FROM counters WHERE name = 'made'").fetch_one(tx).await?)
}

async fn next_version(tx: &mut Connection) -> Result<i64, Fault> {
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'made' RETURNING value";
    Ok(query_scalar(next).fetch_one(tx).await?)
}

async fn by_id(tx: &mut Connection, id: Uuid) -> Result<Option<Piece>, Fault> {
    let found = query_as::<PieceRow>(concat!(pieces!(), " WHERE id = $1"));
    found.bind(id.to_string()).fetch_optional(tx).await?.map(PieceRow::read).transpose()
}

/// Another piece that has the name which this one is to have.
async fn namesake(tx: &mut Connection, piece: &NewPiece) -> Result<Option<Piece>, Fault> {
    let found = query_as::<PieceRow>(concat!(pieces!(), " WHERE family = $1 AND name = $2 AND id <> $3"));
    let found = found.bind(piece.family.word()).bind(&piece.name).bind(piece.id.to_string());
    found.fetch_optional(tx).await?.map(PieceRow::read).transpose()
}

/// How many other pieces there are, and how many bytes their texts have.
async fn others(tx: &mut Connection, id: Uuid) -> Result<(i64, i64), Fault> {
    let counted = "SELECT COUNT(*), CAST(COALESCE(SUM(OCTET_LENGTH(text)), 0) AS BIGINT) FROM made WHERE id <> $1";
    Ok(query_as(counted).bind(id.to_string()).fetch_one(tx).await?)
}

/// Writes a piece, which keeps its place among the others where it was there.
async fn write(tx: &mut Connection, piece: &NewPiece, version: i64, now: Timestamp) -> Result<(), Fault> {
    query(
        "INSERT INTO made (id, family, name, text, version, came, changed_at, changed_by) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7) \
         ON CONFLICT (id) DO UPDATE SET family = excluded.family, name = excluded.name, text = excluded.text, \
                version = excluded.version, changed_at = excluded.changed_at, changed_by = excluded.changed_by",
    )
    .bind(piece.id.to_string())
    .bind(piece.family.word())
    .bind(&piece.name)
    .bind(&piece.text)
    .bind(version)
    .bind(now.as_millis())
    .bind(piece.by.as_str())
    .execute(tx)
    .await?;
    Ok(())
}
