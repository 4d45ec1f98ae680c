//! Reading stored values back. What an older or newer version wrote may not be readable: that is an error which names
//! the row, never a panic.

use crate::error::Fault;
use flyball_model::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::str::FromStr;
use std::time::Duration;

/// A value that is stored as JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str, row: impl FnOnce() -> String) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::unreadable(row(), error))
}

/// A value that is stored as a bare word: a name, an id, or an enum's.
pub(crate) fn from_text<T>(text: &str, row: impl FnOnce() -> String) -> Result<T, Fault>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    text.parse().map_err(|error: T::Err| Fault::unreadable(row(), error))
}

/// A value as the JSON that is stored.
pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("every stored type serialises: no maps with keys that are not text")
}

/// Bytes as hexadecimal digits: JSON has none.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

/// The word of an enum without fields, as serde writes it.
pub(crate) fn to_word<T: Serialize>(value: &T) -> String {
    to_json(value).trim_matches('"').to_owned()
}

/// The rows that can be read. The others are told in the log and left out: one bad row must not hide a thousand good.
pub(crate) fn readable<R, T>(rows: Vec<R>, read: impl Fn(R) -> Result<T, Fault>) -> Result<Vec<T>, Fault> {
    let mut kept = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(value) => kept.push(value),
            Err(Fault::Unreadable { row, source }) => {
                tracing::warn!(row, error = %source, "a stored row cannot be read, and is left out");
            }
            Err(fault @ (Fault::Sql(_) | Fault::Fenced | Fault::Unfinished)) => return Err(fault),
        }
    }
    Ok(kept)
}

/// A stored instant.
pub(crate) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A time span, as it is stored.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A number that is stored wider than it is.
pub(crate) fn number(stored: i64, row: impl FnOnce() -> String) -> Result<u32, Fault> {
    u32::try_from(stored).map_err(|error| Fault::unreadable(row(), error))
}

/// A limit that a person asked for: 0 means the most there may be.
pub(crate) fn bounded(asked: u32, most: u32) -> i64 {
    i64::from(if asked == 0 { most } else { asked.min(most) })
}
