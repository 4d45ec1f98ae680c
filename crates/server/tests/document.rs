//! The document of the HTTP interface, committed: whoever changes the interface sees in review what programs elsewhere will see.
//! `UPDATE=1 cargo nextest run -p flyball-server document` writes it.

#![expect(clippy::disallowed_methods, reason = "whoever runs the test says whether the document is written")]

use std::path::PathBuf;

#[test]
fn the_document_is_the_one_that_is_committed() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let written = serde_json::to_string_pretty(&flyball_server::open_api()).expect("it is plain values") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &written).expect("the document is written");
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    let first = committed.lines().zip(written.lines()).find(|(committed, written)| committed != written);
    assert!(committed == written, "this is a change of the API; the first line that differs: {first:?}");
}
