//! What Flyball remembers as a whole.

use super::report::table;
use flyball_store::CopiedTable;
use flyball_views::StoreView;

/// A store as a whole.
pub(crate) fn view(view: &StoreView) -> String {
    let StoreView { place, kind, schema, kept, .. } = view;
    let rows = kept.iter().map(|kept| [kept.what.clone(), kept.words()]).collect();
    format!("{place}: {kind}, schema {schema}, {}\n\n{}", view.room(), table(["KEPT", "FOR"], rows, 2))
}

/// What became of each table in a copy.
pub(crate) fn copied(tables: &[CopiedTable]) -> String {
    let row = |of: &CopiedTable| [of.table.to_owned(), of.copied.to_string(), of.compared.to_string()];
    table(["TABLE", "COPIED", "COMPARED"], tables.iter().map(row).collect(), 1)
}
