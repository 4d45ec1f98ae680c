//! The words that SQLite alone uses.

pub(crate) type Db = sqlx::Sqlite;
pub(crate) type Connection = sqlx::SqliteConnection;

/// Whether statements stay prepared on a connection: preparing costs more than most of them.
pub(crate) const fn stays_prepared() -> bool {
    true
}

/// Whether one engine at most works on it: the one that has the file's lock.
pub(crate) const ONE_ENGINE: bool = true;

/// The time that presence and leases go by, in milliseconds: that of the caller, which is on the same machine.
macro_rules! now {
    ($of_caller:literal) => {
        $of_caller
    };
}

/// The time by which pauses end, in milliseconds: that of the caller.
macro_rules! both_clocks {
    ($of_caller:literal) => {
        $of_caller
    };
}

/// The members of a JSON array as rows, each in the column `value`.
macro_rules! each {
    ($array:literal) => {
        concat!("json_each(", $array, ")")
    };
}

/// Bytes from their hexadecimal digits.
macro_rules! bytes {
    ($digits:literal) => {
        concat!("unhex(", $digits, ")")
    };
}

/// A column of text as the JSON that it holds.
macro_rules! json {
    ($column:literal) => {
        $column
    };
}

pub(crate) use {both_clocks, bytes, each, json, now};

/// Has the database give numbers behind the largest that there is: SQLite does by itself.
#[expect(clippy::unused_async, reason = "a server is asked")]
pub(crate) async fn number_on(_: &mut Connection, _: &'static str) -> Result<(), sqlx::Error> {
    Ok(())
}
