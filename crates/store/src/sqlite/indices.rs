//! What may be among many runs is found by index.

use super::Sqlite;
use super::sql::facts::{DOUBTED, ONE_OFFS, SINCE_SEEN, STEPS};
use sqlx::{Connection as _, SqliteConnection};

#[tokio::test]
async fn what_may_be_among_many_runs_is_found_by_index() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("flyball.db");
    Sqlite::open(&file).await.unwrap().close().await;
    let mut store = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    for (sql, indices) in [
        (SINCE_SEEN, &["runs_open_of_subject", "runs_effects_of_subject"][..]),
        (STEPS, &["runs_effects_of_subject"]),
        (DOUBTED, &["runs_doubted_rollbacks"]),
        (ONE_OFFS, &["runs_effects_of_subject"]),
    ] {
        let explained = sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        let steps: Vec<(i64, i64, i64, String)> = explained.fetch_all(&mut store).await.unwrap();
        let of_runs: Vec<&str> =
            steps.iter().map(|(.., step)| step.as_str()).filter(|step| step.contains(" runs")).collect();
        assert_eq!(of_runs.len(), indices.len(), "{steps:?}");
        for (step, index) in of_runs.iter().zip(indices) {
            assert!(step.starts_with(&format!("SEARCH runs USING INDEX {index} ")), "{steps:?}");
        }
    }
}
