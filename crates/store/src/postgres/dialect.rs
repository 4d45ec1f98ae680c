//! The words that PostgreSQL alone uses.

use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) type Db = sqlx::Postgres;
pub(crate) type Connection = sqlx::PgConnection;

/// Whether a pooler stands between that lends connections for one transaction. One is enough: what was prepared on a connection
/// then stays there for somebody else.
static IS_POOLED: AtomicBool = AtomicBool::new(false);

/// Notes that a pooler stands between.
pub(crate) fn is_pooled() {
    IS_POOLED.store(true, Ordering::Relaxed);
}

/// Whether statements stay prepared on a connection: preparing takes as long as most of them.
pub(crate) fn stays_prepared() -> bool {
    !IS_POOLED.load(Ordering::Relaxed)
}

/// Whether one engine at most works on it.
pub(crate) const ONE_ENGINE: bool = false;

/// The time that presence and leases go by, in milliseconds: that of the server, since no two machines agree.
macro_rules! now {
    ($of_caller:literal) => {
        concat!("(CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + 0 * ", $of_caller, ")")
    };
}

/// The time by which pauses end, in milliseconds: the caller's or the server's, whichever is earlier. Between two of its looks at the
/// server's clock a machine's own may have been set ahead, and a pause is over when it is over for all.
macro_rules! both_clocks {
    ($of_caller:literal) => {
        concat!("LEAST(", $of_caller, ", CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT))")
    };
}

/// The members of a JSON array as rows, each in the column `value`.
macro_rules! each {
    ($array:literal) => {
        concat!("json_array_elements(CAST(", $array, " AS json))")
    };
}

/// Bytes from their hexadecimal digits.
macro_rules! bytes {
    ($digits:literal) => {
        concat!("decode(", $digits, ", 'hex')")
    };
}

/// A column of text as the JSON that it holds.
macro_rules! json {
    ($column:literal) => {
        concat!("CAST(", $column, " AS json)")
    };
}

pub(crate) use {both_clocks, bytes, each, json, now};

/// Has the database give numbers behind the largest that there is: rows that came with a number did not count it on.
pub(crate) async fn number_on(tx: &mut Connection, table: &'static str) -> Result<(), sqlx::Error> {
    let mut statement = sqlx::QueryBuilder::<Db>::new(format!(
        "SELECT setval(pg_get_serial_sequence('flyball.{table}', 'number'), COALESCE(MAX(number), 0) + 1, false) FROM {table}"
    ));
    statement.build().persistent(stays_prepared()).execute(tx).await?;
    Ok(())
}
