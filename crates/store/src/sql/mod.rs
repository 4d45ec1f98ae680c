//! What every store does, written once in the SQL that SQLite and PostgreSQL share, and compiled once for each of them.
//!
//! A database's own module stands above: it has a `Database` with its connections, and a `dialect` with the few words that
//! differ. Transactions that write come one after the other on both (SQLite has one writer; PostgreSQL takes a lock for as
//! long as the transaction lasts), so that what is read in one still holds when it commits.

use super::Database;
use super::dialect::{self, Db};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{Decode, FromRow, Row as _, Type};

mod copying;
mod definitions;
pub(super) mod facts;
mod incidents;
mod leases;
mod made;
pub(super) mod of;
mod overview;
pub(super) mod packing;
pub(super) mod pauses;
mod people;
pub(super) mod presence;
mod readings;
pub(super) mod retention;
pub(super) mod rollups;
mod rows;
mod run_row;
mod runs;
mod signals;
mod slots;
mod spells;
mod telling;
mod texts;
mod timeline;
mod turn;

type Arguments = <Db as sqlx::Database>::Arguments;
type Row = <Db as sqlx::Database>::Row;

/// What is at a place of the list that was asked about.
struct Placed<T> {
    place: i64,
    row: T,
}

impl<'r, T: FromRow<'r, Row>> FromRow<'r, Row> for Placed<T> {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self { place: row.try_get("place")?, row: T::from_row(row)? })
    }
}

/// A statement that answers with nothing.
fn query(sql: &'static str) -> Query<'static, Db, Arguments> {
    sqlx::query(sql).persistent(dialect::stays_prepared())
}

/// One that answers with rows.
fn query_as<R: for<'r> FromRow<'r, Row>>(sql: &'static str) -> QueryAs<'static, Db, R, Arguments> {
    sqlx::query_as(sql).persistent(dialect::stays_prepared())
}

/// One that answers with a value.
fn query_scalar<T: for<'r> Decode<'r, Db> + Type<Db>>(sql: &'static str) -> QueryScalar<'static, Db, T, Arguments>
where
    (T,): for<'r> FromRow<'r, Row>,
{
    sqlx::query_scalar(sql).persistent(dialect::stays_prepared())
}
