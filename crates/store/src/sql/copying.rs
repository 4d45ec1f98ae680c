//! A table as it is copied: read in the order of its key, and written as it was read.
//!
//! Statements are put together from the names in the list of tables, and from nothing else.

use super::dialect::{self, Connection, Db, bytes, each};
use super::{Database, Row as DatabaseRow, query, query_scalar};
use crate::Error;
use crate::copy::{Kind, ROWS_AT_ONCE, Row, Side, Table, Value};
use crate::error::Fault;
use crate::read::to_json;
use async_trait::async_trait;
use sqlx::{QueryBuilder, Row as _};

/// The counter that marks a store which a copy is made to.
macro_rules! mark {
    () => {
        "copy_unfinished"
    };
}

#[async_trait]
impl Side for Database {
    async fn rows(&self, table: &Table, behind: Option<&[Value]>) -> Result<Vec<Row>, Error> {
        let read = async {
            let mut tx = self.reading().await?;
            let mut statement = selects(table, behind);
            let rows = statement.build().persistent(dialect::stays_prepared()).fetch_all(&mut *tx).await?;
            rows.iter().map(|row| values(table, row)).collect::<Result<Vec<_>, Fault>>()
        };
        read.await.map_err(self.told(&format!("read `{}`", table.name)))
    }

    async fn insert(&self, table: &Table, rows: &[Row]) -> Result<(), Error> {
        let written = async {
            let mut tx = self.writing().await?;
            let mut statement = inserts(table);
            let statement = statement.build().persistent(dialect::stays_prepared());
            statement.bind(to_json(rows)).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        written.await.map_err(self.told(&format!("copy `{}`", table.name)))
    }

    async fn mark(&self) -> Result<(), Error> {
        let marked = async {
            let mut tx = self.writing().await?;
            let sql =
                concat!("INSERT INTO counters (name, value) VALUES ('", mark!(), "', 1) ON CONFLICT (name) DO NOTHING");
            query(sql).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        marked.await.map_err(self.told("begin a copy"))
    }

    async fn finish(&self, tables: &[Table]) -> Result<(), Error> {
        let finished = async {
            if is_whole(&mut *self.reading().await?).await.is_ok() {
                return Ok(());
            }
            let mut tx = self.writing().await?;
            for table in tables.iter().filter(|table| table.is_numbered) {
                dialect::number_on(&mut tx, table.name).await?;
            }
            query(concat!("DELETE FROM counters WHERE name = '", mark!(), "'")).execute(&mut *tx).await?;
            Ok(tx.commit().await?)
        };
        finished.await.map_err(self.told("end a copy"))
    }

    async fn is_whole(&self) -> Result<(), Error> {
        let looked = async { is_whole(&mut *self.reading().await?).await };
        looked.await.map_err(self.told("open the database"))
    }
}

/// Refuses a store that a copy is made to, or was until it was cut.
pub(crate) async fn is_whole(tx: &mut Connection) -> Result<(), Fault> {
    let sql = concat!("SELECT value FROM counters WHERE name = '", mark!(), "'");
    let mark: Option<i64> = query_scalar(sql).fetch_optional(tx).await?;
    if mark.is_some() { Err(Fault::Unfinished) } else { Ok(()) }
}

/// The statement that reads the rows behind a key.
fn selects(table: &Table, behind: Option<&[Value]>) -> QueryBuilder<Db> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let key = columns[..table.key].join(", ");
    let mut statement = QueryBuilder::new(format!("SELECT {} FROM {}", columns.join(", "), table.name));
    // The mark is no part of a history.
    statement.push(if table.name == "counters" { concat!(" WHERE name <> '", mark!(), "'") } else { " WHERE true" });
    if let Some(behind) = behind {
        statement.push(format!(" AND ({key}) > ("));
        let mut values = statement.separated(", ");
        for value in behind {
            match value {
                Value::Number(number) => values.push_bind(*number),
                Value::Text(text) => values.push_bind(text.clone()),
                Value::Bytes(_) | Value::None => unreachable!("a key is of numbers and texts"),
            };
        }
        statement.push(")");
    }
    statement.push(format!(" ORDER BY {key} LIMIT {ROWS_AT_ONCE}"));
    statement
}

/// The statement that writes rows, which it takes as one array of arrays in JSON.
fn inserts(table: &Table) -> QueryBuilder<Db> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let values = table.columns.iter().enumerate().map(|(nth, column)| match column.kind {
        Kind::Number => format!("CAST(value ->> {nth} AS BIGINT)"),
        Kind::Text => format!("value ->> {nth}"),
        Kind::Bytes => format!(bytes!("value ->> {}"), nth),
    });
    let (name, columns, values) = (table.name, columns.join(", "), values.collect::<Vec<_>>().join(", "));
    let rows = each!("$1");
    let mut statement =
        QueryBuilder::new(format!("INSERT INTO {name} ({columns}) SELECT {values} FROM {rows} WHERE true"));
    if name == "counters" {
        // A new store has them already, at zero.
        statement.push(" ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    }
    statement
}

/// The values of a row.
fn values(table: &Table, row: &DatabaseRow) -> Result<Row, Fault> {
    let mut values = Row::with_capacity(table.columns.len());
    for (nth, column) in table.columns.iter().enumerate() {
        let value = match column.kind {
            Kind::Number => row.try_get::<Option<i64>, _>(nth).map(|value| value.map(Value::Number)),
            Kind::Text => row.try_get::<Option<String>, _>(nth).map(|value| value.map(Value::Text)),
            Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(nth).map(|value| value.map(Value::Bytes)),
        };
        let read = value.map_err(|error| {
            let key = if nth < table.key { String::new() } else { format!(", {}", table.key_in_words(&values)) };
            Fault::unreadable(format!("column `{}` of `{}`{key}", column.name, table.name), error)
        });
        values.push(read?.unwrap_or(Value::None));
    }
    Ok(values)
}
