//! The schema, and how an older file is brought up to it.
//!
//! A list of our own, and not sqlx's: that one takes no lock on SQLite, so that `flyball up` and `flyball status`
//! started in the same second on a new file would both create its tables. Here everything happens in one writing
//! transaction: the second waits, and finds nothing left to do. It also refuses a file that a newer version wrote,
//! before anything is changed in it.

use super::{EngineLock, Sqlite};
use crate::{Error, Place};
use sqlx::{SqliteConnection, SqlitePool};

/// Every step, in order; the schema's number is how many were taken. A step that was released never changes.
const STEPS: [&str; 17] = [
    include_str!("../../migrations/sqlite/0001_beginning.sql"),
    include_str!("../../migrations/sqlite/0002_foreign_hands.sql"),
    include_str!("../../migrations/sqlite/0003_doubt_and_settling.sql"),
    include_str!("../../migrations/sqlite/0004_never_read.sql"),
    include_str!("../../migrations/sqlite/0005_one_offs_seen.sql"),
    include_str!("../../migrations/sqlite/0006_signs_of_life.sql"),
    include_str!("../../migrations/sqlite/0007_glimpses.sql"),
    include_str!("../../migrations/sqlite/0008_narrow_readings.sql"),
    include_str!("../../migrations/sqlite/0009_moved.sql"),
    include_str!("../../migrations/sqlite/0010_leases.sql"),
    include_str!("../../migrations/sqlite/0011_spells.sql"),
    include_str!("../../migrations/sqlite/0012_texts.sql"),
    include_str!("../../migrations/sqlite/0013_people.sql"),
    include_str!("../../migrations/sqlite/0014_incidents.sql"),
    include_str!("../../migrations/sqlite/0015_telling.sql"),
    include_str!("../../migrations/sqlite/0016_signals.sql"),
    include_str!("../../migrations/sqlite/0017_slots.sql"),
];

/// The newest schema that this version knows.
pub(crate) const KNOWN: i64 = STEPS.len() as i64;

/// The step before which the readings of earlier versions are moved.
pub(crate) const MOVED: i64 = 9;

impl Sqlite {
    /// Refuses to change the schema under a running engine that knows no other.
    pub(super) async fn is_no_older_engines(&self) -> Result<(), Error> {
        let has = async { has_steps(&mut *self.writer.acquire().await?).await };
        match has.await {
            Ok(has) if has < KNOWN && EngineLock::is_held(&self.file)? => {
                Err(Error::EngineIsOlder { file: self.file.to_path_buf(), has })
            }
            // What cannot be read here is told by whoever reads it next.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Brings the schema up to date.
    pub(super) async fn migrate(&self) -> Result<(), Error> {
        let migrated = async {
            if take_steps(&self.writer, MOVED - 1).await? == MOVED - 1 {
                self.move_readings().await?;
            }
            Ok(take_steps(&self.writer, KNOWN).await?)
        };
        let has = migrated.await.map_err(self.told("bring the database up to date"))?;
        is_known(has, &self.place)
    }
}

/// Refuses the schema of a newer version.
pub(crate) fn is_known(has: i64, place: &Place) -> Result<(), Error> {
    if has > KNOWN { Err(Error::Newer { place: place.clone(), has, knows: KNOWN }) } else { Ok(()) }
}

/// Takes the missing steps up to this one; returns the schema's number then.
async fn take_steps(writer: &SqlitePool, until: i64) -> Result<i64, sqlx::Error> {
    // Nearly always it is up to date already, and a command beside a busy engine need not wait for its turn to see so.
    // Whatever is wrong here, a missing table among it, is wrong below too.
    if let Ok(has) = has_steps(&mut *writer.acquire().await?).await
        && has >= until
    {
        return Ok(has);
    }
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("CREATE TABLE IF NOT EXISTS schema_steps (number BIGINT PRIMARY KEY)").execute(&mut *tx).await?;
    let has = has_steps(&mut tx).await?;
    if has >= until {
        return Ok(has);
    }
    for (number, step) in (1..=until).zip(STEPS).skip_while(|(number, _)| *number <= has) {
        sqlx::raw_sql(step).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO schema_steps (number) VALUES ($1)").bind::<i64>(number).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(until)
}

/// How many steps the file has taken.
pub(crate) async fn has_steps(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM schema_steps").fetch_one(connection).await
}

/// How many steps a file has taken that may have none of our tables.
pub(crate) async fn has_any_steps(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let there = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_steps'";
    let there: i64 = sqlx::query_scalar(there).fetch_one(&mut *connection).await?;
    if there == 0 { Ok(0) } else { has_steps(connection).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_step_in_the_order_of_their_names() {
        let mut files: Vec<_> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert_eq!(texts, STEPS);
    }
}
