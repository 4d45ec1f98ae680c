//! Two sides of one table, read in the order of its key and compared value by value.

use super::Side;
use super::tables::{Row, Table, Value};
use crate::Error;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// How the two sides stand to one another at one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Both have the row, with the same values.
    Same,
    /// Only the source has it; or the target has it as a new store does, without a value yet.
    Missing,
    /// Only the target has it.
    Foreign,
    /// Both have it, and in this column another value.
    Other(&'static str),
}

/// What the first rows that are left of both sides come to; none where both are at their end.
pub(super) fn found(table: &Table, source: Option<&Row>, target: Option<&Row>) -> Option<Found> {
    let (source, target) = match (source, target) {
        (None, None) => return None,
        (Some(_), None) => return Some(Found::Missing),
        (None, Some(_)) => return Some(Found::Foreign),
        (Some(source), Some(target)) => (source, target),
    };
    Some(match table.key_of(source).cmp(table.key_of(target)) {
        Ordering::Less => Found::Missing,
        Ordering::Greater => Found::Foreign,
        Ordering::Equal => {
            let mut values = table.columns.iter().zip(source.iter().zip(target));
            match values.find(|(_, (source, target))| source != target) {
                None => Found::Same,
                Some(_) if table.is_blank(target) => Found::Missing,
                Some((column, _)) => Found::Other(column.name),
            }
        }
    })
}

/// A walk along both sides of a table.
pub(super) struct Walk<'a> {
    table: &'a Table,
    source: Reader<'a>,
    target: Reader<'a>,
}

impl<'a> Walk<'a> {
    pub(super) fn along(table: &'a Table, source: &'a dyn Side, target: &'a dyn Side) -> Self {
        Self { table, source: Reader::of(table, source), target: Reader::of(table, target) }
    }

    /// The next key, and the row that it is of: the source's, where that has one.
    pub(super) async fn next(&mut self) -> Result<Option<(Found, Row)>, Error> {
        let (source, target) = (self.source.first().await?, self.target.first().await?);
        let found = found(self.table, source, target);
        let is_of_both = match (source, target) {
            (Some(source), Some(target)) => self.table.key_of(source) == self.table.key_of(target),
            _ => false,
        };
        let row = match found {
            None => None,
            Some(Found::Foreign) => self.target.take(),
            Some(_) if is_of_both => self.target.take().and_then(|_| self.source.take()),
            Some(_) => self.source.take(),
        };
        Ok(found.zip(row))
    }

    /// Whether the target has no more rows.
    pub(super) async fn is_past_target(&mut self) -> Result<bool, Error> {
        Ok(self.target.first().await?.is_none())
    }
}

/// The rows of one side, a lot at a time.
struct Reader<'a> {
    table: &'a Table,
    side: &'a dyn Side,
    lot: VecDeque<Row>,
    /// The key of the last row that was read.
    behind: Option<Vec<Value>>,
    is_at_end: bool,
}

impl<'a> Reader<'a> {
    fn of(table: &'a Table, side: &'a dyn Side) -> Self {
        Self { table, side, lot: VecDeque::new(), behind: None, is_at_end: false }
    }

    async fn first(&mut self) -> Result<Option<&Row>, Error> {
        if self.lot.is_empty() && !self.is_at_end {
            self.lot = self.side.rows(self.table, self.behind.as_deref()).await?.into();
            self.is_at_end = self.lot.len() < super::ROWS_AT_ONCE;
            self.behind = self.lot.back().map(|row| self.table.key_of(row).to_vec());
        }
        Ok(self.lot.front())
    }

    fn take(&mut self) -> Option<Row> {
        self.lot.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::TABLES;
    use super::*;

    #[test]
    fn rows_are_compared_by_key_and_then_value_by_value() {
        let table = |name| *TABLES.iter().find(|table| table.name == name).unwrap();
        let (readings, counters, glimpses) = (table("readings"), table("counters"), table("glimpses"));
        let reading = |monitor, begun_at, packed: &[u8]| {
            Some(vec![Value::Number(monitor), Value::Number(begun_at), Value::Bytes(packed.to_vec())])
        };
        let counter = |name: &str, value| Some(vec![Value::Text(name.into()), Value::Number(value)]);
        let glimpse = |release| {
            let name = |name: &str| Value::Text(name.into());
            Some(vec![name("host"), name("shop"), Value::Number(0), release, Value::None, Value::Number(1)])
        };
        let cases = [
            ("both at their end", readings, None, None, None),
            ("the same", readings, reading(1, 2, b"x"), reading(1, 2, b"x"), Some(Found::Same)),
            ("not copied yet", readings, reading(1, 2, b"x"), None, Some(Found::Missing)),
            ("passed over", readings, reading(1, 2, b"x"), reading(1, 3, b"x"), Some(Found::Missing)),
            ("of another key part", readings, reading(2, 1, b"x"), reading(1, 9, b"x"), Some(Found::Foreign)),
            ("of somebody else", readings, None, reading(1, 2, b"x"), Some(Found::Foreign)),
            ("with another value", readings, reading(1, 2, b"x"), reading(1, 2, b""), Some(Found::Other("packed"))),
            (
                "with none",
                glimpses,
                glimpse(Value::Number(3)),
                glimpse(Value::None),
                Some(Found::Other("release_version")),
            ),
            (
                "zero is not none",
                glimpses,
                glimpse(Value::Number(0)),
                glimpse(Value::None),
                Some(Found::Other("release_version")),
            ),
            ("as a new store has it", counters, counter("timeline", 7), counter("timeline", 0), Some(Found::Missing)),
            ("none in both", counters, counter("timeline", 0), counter("timeline", 0), Some(Found::Same)),
            (
                "counted by others",
                counters,
                counter("timeline", 7),
                counter("timeline", 8),
                Some(Found::Other("value")),
            ),
        ];
        for (case, table, source, target, expected) in cases {
            assert_eq!(found(&table, source.as_ref(), target.as_ref()), expected, "{case}");
        }
    }
}
