//! The schema, and how an older database is brought up to it.
//!
//! In one transaction under the lock of whoever writes: of two nodes that start together the second finds nothing left to do.
//! Nodes of the version before go on working meanwhile and afterwards, so a step only ever adds what they need not know; what
//! they use is taken away by a step of a later version.

use super::Postgres;
use crate::{Error, Place};
use sqlx::PgConnection;

/// Every step, in order; the schema's number is how many were taken. A step that was released never changes.
const STEPS: [&str; 8] = [
    include_str!("../../migrations/postgres/0001_beginning.sql"),
    include_str!("../../migrations/postgres/0002_spells.sql"),
    include_str!("../../migrations/postgres/0003_texts.sql"),
    include_str!("../../migrations/postgres/0004_people.sql"),
    include_str!("../../migrations/postgres/0005_incidents.sql"),
    include_str!("../../migrations/postgres/0006_telling.sql"),
    include_str!("../../migrations/postgres/0007_signals.sql"),
    include_str!("../../migrations/postgres/0008_slots.sql"),
];

/// The newest schema that this version knows.
pub(super) const KNOWN: i64 = STEPS.len() as i64;

impl Postgres {
    /// How many steps the database has taken; none where it has no tables of ours.
    pub(super) async fn has_steps(&self) -> Result<i64, Error> {
        let read = async { Ok(has_steps(&mut *self.reading().await?).await?) };
        read.await.map_err(self.told("open the database"))
    }

    /// Brings the schema up to date.
    pub(super) async fn migrate(&self) -> Result<(), Error> {
        // Nearly always it is up to date already, and nobody need wait for the turn of whoever writes.
        let mut has = self.has_steps().await?;
        if has < KNOWN {
            let taken = async {
                let mut tx = self.writing().await?;
                let has = take_steps(&mut tx).await?;
                tx.commit().await?;
                Ok(has)
            };
            has = taken.await.map_err(self.told("bring the database up to date"))?;
        }
        is_known(has, &self.place)
    }
}

pub(super) fn is_known(has: i64, place: &Place) -> Result<(), Error> {
    if has > KNOWN { Err(Error::Newer { place: place.clone(), has, knows: KNOWN }) } else { Ok(()) }
}

async fn take_steps(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let has = has_steps(tx).await?;
    if has >= KNOWN {
        return Ok(has);
    }
    sqlx::raw_sql("CREATE SCHEMA IF NOT EXISTS flyball").execute(&mut *tx).await?;
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT PRIMARY KEY)").execute(&mut *tx).await?;
    for (number, step) in (1..=KNOWN).zip(STEPS).skip_while(|(number, _)| *number <= has) {
        sqlx::raw_sql(step).execute(&mut *tx).await?;
        let noted = sqlx::query("INSERT INTO schema_steps (number) VALUES ($1)").persistent(false);
        noted.bind(number).execute(&mut *tx).await?;
    }
    Ok(KNOWN)
}

async fn has_steps(tx: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let there = sqlx::query_scalar("SELECT to_regclass('flyball.schema_steps') IS NOT NULL").persistent(false);
    if !there.fetch_one(&mut *tx).await? {
        return Ok(0);
    }
    let number = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM schema_steps").persistent(false);
    number.fetch_one(tx).await
}
