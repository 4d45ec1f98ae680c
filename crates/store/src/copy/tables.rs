//! What a history is made of: every table that is copied, with its key and its columns.
//!
//! Signs of life and leases (`engines`, `leases`) belong to living engines and are left where they are, as is the schema's own
//! number. So are sessions: each is good for one browser at one place, and whoever comes to another signs in there.

use serde::{Serialize, Serializer};
use std::fmt;

/// A column's kind. There are no others in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64 bits with a sign.
    Number,
    /// UTF-8.
    Text,
    /// Bytes.
    Bytes,
}

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// One stored value. Values of one column have one order on both databases: by number, or byte by byte.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    None,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// As a statement takes it: bytes in hexadecimal digits.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::None => to.serialize_none(),
            Self::Number(number) => to.serialize_i64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::Bytes(bytes) => to.serialize_str(&crate::read::hex(bytes)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => to.write_str("nothing"),
            Self::Number(number) => number.fmt(to),
            Self::Text(text) => text.fmt(to),
            Self::Bytes(bytes) => write!(to, "{} bytes", bytes.len()),
        }
    }
}

/// A row: a value for each column, in their order.
pub(crate) type Row = Vec<Value>;

/// A table that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// Its columns, those of the key first.
    pub(crate) columns: &'static [Column],
    /// How many of them are the key, which no two rows have in common.
    pub(crate) key: usize,
    /// Whether the database gives its numbers, and must go on behind the largest.
    pub(crate) is_numbered: bool,
}

impl Table {
    const fn of(name: &'static str, key: usize, columns: &'static [Column]) -> Self {
        Self { name, columns, key, is_numbered: false }
    }

    /// One whose key is a number that the database gives.
    const fn numbered(name: &'static str, columns: &'static [Column]) -> Self {
        Self { name, columns, key: 1, is_numbered: true }
    }

    /// The key of a row.
    pub(crate) fn key_of<'a>(&self, row: &'a [Value]) -> &'a [Value] {
        &row[..self.key]
    }

    /// The key of a row, as people are told: `monitor 3, hour 17`.
    pub(crate) fn key_in_words(&self, row: &[Value]) -> String {
        let parts = self.columns.iter().zip(self.key_of(row)).map(|(column, value)| format!("{} {value}", column.name));
        parts.collect::<Vec<_>>().join(", ")
    }

    /// Whether this row is one that every new store begins with, and that says nothing yet.
    pub(crate) fn is_blank(&self, row: &[Value]) -> bool {
        self.name == COUNTERS && row[1] == Value::Number(0)
    }
}

const fn number(name: &'static str) -> Column {
    Column { name, kind: Kind::Number }
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

const fn bytes(name: &'static str) -> Column {
    Column { name, kind: Kind::Bytes }
}

/// The table of numbers that must survive.
const COUNTERS: &str = "counters";

/// Every table of a history. The counters come last: whatever is written into a store has a line in the timeline, and that
/// changes them. So what came while the tables before were compared is seen in the end.
pub(crate) const TABLES: [Table; 25] = [
    Table::of(
        "definitions",
        2,
        &[text("noun"), text("id"), text("name"), text("origin"), text("kind"), text("settings"), number("retired_at")],
    ),
    Table::numbered("monitor_numbers", &[number("number"), text("monitor_id"), number("every_ms")]),
    Table::of("monitor_states", 1, &[text("monitor_id"), text("watched"), text("state"), number("covers")]),
    Table::of(
        "holdings",
        2,
        &[
            text("monitor_id"),
            text("reaction_id"),
            text("because"),
            number("since"),
            number("last_at"),
            number("held_count"),
        ],
    ),
    Table::numbered("shapes", &[number("number"), number("monitor"), text("body"), number("used_at")]),
    Table::of("readings", 2, &[number("monitor"), number("begun_at"), bytes("packed")]),
    Table::numbered(
        "blocks",
        &[number("number"), number("monitor"), number("hour"), bytes("packed"), bytes("left_open")],
    ),
    Table::numbered(
        "rollups",
        &[number("number"), number("monitor"), number("span"), number("start"), bytes("packed")],
    ),
    Table::of(
        "spells",
        2,
        &[
            number("monitor"),
            number("began_at"),
            number("ended_at"),
            text("verdict"),
            text("cause"),
            number("readings"),
            number("silence_ms"),
            text("then_verdict"),
        ],
    ),
    Table::of(
        "runs",
        1,
        &[
            text("id"),
            text("subject_kind"),
            text("host"),
            text("subject_id"),
            text("subject_name"),
            text("reaction_id"),
            text("reaction_name"),
            text("actor"),
            text("monitor_id"),
            text("monitor_name"),
            number("episode"),
            text("person"),
            text("rank"),
            text("process_type"),
            text("plan"),
            text("because"),
            text("state"),
            number("queued_at"),
            number("claimed_at"),
            number("sent_at"),
            number("look_at"),
            number("ended_at"),
            number("effect_at"),
            text("outcome_code"),
            text("outcome"),
            number("release_made"),
            number("refusals"),
            text("request_ids"),
            text("node"),
            number("lease_until"),
            number("fence"),
        ],
    ),
    Table::of("texts", 1, &[text("hash"), number("since")]),
    Table::of(
        "pauses",
        2,
        &[
            text("scope_key"),
            number("paused_at"),
            text("scope"),
            number("until_at"),
            text("paused_by"),
            number("resumed_at"),
        ],
    ),
    Table::of(
        "sightings",
        2,
        &[
            text("host"),
            text("app_id"),
            text("app_name"),
            text("app"),
            text("formation"),
            text("dynos"),
            text("releases"),
            text("been_up"),
            text("one_offs"),
            number("unsettled_at"),
            number("unsettled_from"),
            text("foreign_changes"),
            number("seen_at"),
            number("formation_at"),
            number("releases_at"),
        ],
    ),
    Table::of(
        "glimpses",
        2,
        &[
            text("host"),
            text("app_name"),
            number("maintenance"),
            number("release_version"),
            number("release_since"),
            number("seen_at"),
        ],
    ),
    Table::of(
        "timeline",
        1,
        &[
            number("number"),
            number("at"),
            text("app"),
            text("monitor_id"),
            text("monitor_name"),
            text("reaction_id"),
            text("reaction_name"),
            text("run_id"),
            text("event"),
        ],
    ),
    Table::of(
        "incidents",
        1,
        &[
            number("number"),
            text("subject"),
            text("app"),
            number("began_at"),
            text("monitor_name"),
            text("cause"),
            text("run_id"),
            number("ended_at"),
            text("ended_by"),
            number("told"),
        ],
    ),
    Table::of(
        "threads",
        1,
        &[
            text("key"),
            text("channel"),
            text("subject"),
            number("opened_at"),
            number("latest_at"),
            number("sequence"),
            text("untold"),
            number("closed_at"),
            text("handle"),
            number("sent"),
        ],
    ),
    Table::of(
        "notices",
        2,
        &[
            text("thread"),
            number("sequence"),
            text("channel"),
            text("about"),
            text("notice"),
            number("made_at"),
            text("state"),
            number("due_at"),
            number("first_at"),
            number("tries"),
            number("fence"),
            number("ended_at"),
            text("why"),
        ],
    ),
    Table::of("signals", 2, &[text("monitor_id"), number("number"), number("at"), text("kind"), text("words")]),
    Table::of("slots", 3, &[text("app"), number("at"), text("node"), bytes("told")]),
    Table::of(
        "users",
        1,
        &[text("id"), text("name"), text("scope"), text("password"), number("created_at"), number("changed_at")],
    ),
    Table::of(
        "tokens",
        1,
        &[
            text("id"),
            text("name"),
            text("scope"),
            text("secret"),
            number("created_at"),
            text("created_by"),
            number("until_at"),
            number("seen_at"),
        ],
    ),
    Table::of("keys", 1, &[text("name"), bytes("secret")]),
    Table::of(
        "made",
        1,
        &[
            text("id"),
            text("family"),
            text("name"),
            text("text"),
            number("version"),
            number("came"),
            number("changed_at"),
            text("changed_by"),
        ],
    ),
    Table::of(COUNTERS, 1, &[text("name"), number("value")]),
];
