//! What Flyball remembers as a whole.

use super::report::table;
use flyball_store::CopiedTable;

/// What became of each table in a copy.
pub(crate) fn copied(tables: &[CopiedTable]) -> String {
    let row = |of: &CopiedTable| [of.table.to_owned(), of.copied.to_string(), of.compared.to_string()];
    table(["TABLE", "COPIED", "COMPARED"], tables.iter().map(row).collect(), 1)
}
