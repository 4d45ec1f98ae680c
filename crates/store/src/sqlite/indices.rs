//! What may be among many runs, spells, readings or roll-ups is found by index.

use super::Sqlite;
use super::sql::facts::{DOUBTED, ONE_OFFS, SINCE_SEEN, STEPS};
use super::sql::of::{HOLDINGS, LATEST, NEWER, REMEMBERED};
use super::sql::retention::OLD_SPELLS;
use super::sql::rollups::{ROLLED_WITHIN, ROWS_SINCE};
use sqlx::{Connection as _, SqliteConnection};

async fn opened(directory: &tempfile::TempDir) -> SqliteConnection {
    let file = directory.path().join("flyball.db");
    Sqlite::open(&file).await.unwrap().close().await;
    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap()
}

/// What SQLite does for a statement, of the steps that name this.
async fn steps(store: &mut SqliteConnection, sql: &str, naming: &str) -> Vec<String> {
    let explained = sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
    let steps: Vec<(i64, i64, i64, String)> = explained.fetch_all(store).await.unwrap();
    steps.into_iter().map(|(.., step)| step).filter(|step| step.contains(naming)).collect()
}

#[tokio::test]
async fn spells_that_are_too_old_are_found_by_index() {
    let directory = tempfile::tempdir().unwrap();
    let steps = steps(&mut opened(&directory).await, OLD_SPELLS, " spells").await;
    let [removed, found] = &steps[..] else { panic!("{steps:?}") };
    assert!(removed.contains(" INDEX sqlite_autoindex_spells_1 (monitor=? AND began_at=?)"), "{steps:?}");
    assert!(found.starts_with("SEARCH spells USING INDEX spells_by_age (ended_at<?)"), "{steps:?}");
}

#[tokio::test]
async fn what_may_be_among_many_runs_is_found_by_index() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = opened(&directory).await;
    for (sql, indices) in [
        (SINCE_SEEN, &["runs_open_of_subject", "runs_effects_of_subject"][..]),
        (STEPS, &["runs_effects_of_subject"]),
        (DOUBTED, &["runs_doubted_rollbacks"]),
        (ONE_OFFS, &["runs_effects_of_subject"]),
    ] {
        let of_runs = steps(&mut store, sql, " runs").await;
        assert_eq!(of_runs.len(), indices.len(), "{of_runs:?}");
        for (step, index) in of_runs.iter().zip(indices) {
            assert!(step.starts_with(&format!("SEARCH runs USING INDEX {index} ")), "{of_runs:?}");
        }
    }
}

#[tokio::test]
async fn what_a_report_adds_up_is_found_by_index_and_not_sorted() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = opened(&directory).await;
    for (sql, found) in [(ROWS_SINCE, "SEARCH readings USING "), (ROLLED_WITHIN, "SEARCH rollups USING ")] {
        let all = steps(&mut store, sql, "").await;
        assert!(all.iter().any(|step| step.starts_with(found)), "{all:?}");
        assert!(!all.iter().any(|step| step.contains("TEMP B-TREE")), "{all:?}");
    }
}

#[tokio::test]
async fn what_is_remembered_of_some_monitors_is_found_by_index() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = opened(&directory).await;
    for (sql, tables) in [
        (REMEMBERED.some, &["monitor_states"][..]),
        (HOLDINGS.some, &["holdings"]),
        (NEWER.some, &["monitor_states", "monitor_numbers", "readings"]),
        (LATEST.some, &["monitor_numbers", "readings", "latest"]),
    ] {
        let all = steps(&mut store, sql, "").await;
        for table in tables {
            assert!(all.iter().any(|step| step.starts_with(&format!("SEARCH {table} USING "))), "{table}: {all:?}");
        }
        // The list itself is walked through, and nothing else.
        assert!(!all.iter().any(|step| step.starts_with("SCAN ") && !step.contains("json_each")), "{all:?}");
    }
}
