//! A database in which anything may stand: what only reads it may leave a row out and say so, and never breaks.

use crate::support::{Stage, wait_for};
use flyball_heroku_sim::{AppEvent, Event};
use serde_json::Value;
use sqlx::{Connection as _, Row as _, SqliteConnection};

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"clean\"]\n\
                    [[reaction]]\nname = \"clean\"\n\
                    create_one_off_dyno = { app = \"shop\", command = \"clean\", time_to_live = \"10m\" }\n";

/// The ends of what a column can hold, and what stands beside zero.
const NUMBERS: [i64; 4] = [i64::MIN, -1, 0, i64::MAX];

/// What no calendar, no word list and no parser expects.
const TEXTS: [&str; 4] = ["", "\u{1b}[2J\u{202e}\0", "[[[[[[[[", "9999-12-31T23:59:59.999Z"];

const COMMANDS: [&[&str]; 4] = [&["status"], &["history"], &["why", "page"], &["why", "clean"]];

/// The same value with every number in it put at an end, and every time.
fn at_an_end(value: Value, number: i64) -> Value {
    match value {
        Value::Number(_) => number.into(),
        Value::String(text) if text.starts_with("20") && text.ends_with('Z') => "9999-12-30T22:00:00Z".into(),
        Value::Array(values) => values.into_iter().map(|value| at_an_end(value, number)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, at_an_end(value, number))).collect())
        }
        other => other,
    }
}

/// Puts something into every row of a column, and has it read by every command that reads.
async fn nothing_breaks(stage: &Stage, what: &str, sql: &str, values: &[(Option<i64>, Value)]) {
    std::fs::copy(stage.path("kept"), stage.path("flyball.db")).unwrap();
    let url = format!("sqlite://{}", stage.path("flyball.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    for (row, value) in values {
        let query = sqlx::query(sqlx::AssertSqlSafe(sql));
        let query = match value {
            Value::Number(number) => query.bind(number.as_i64()),
            other => query.bind(other.as_str().map(str::to_owned)),
        };
        query.bind(*row).execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
    for command in COMMANDS {
        let told = stage.run(command).await;
        let is_told = told.code.is_some_and(|code| code != 101) && !told.stderr.contains("panicked");
        assert!(is_told, "{what}, flyball {command:?}: {told:?}");
    }
}

#[tokio::test]
async fn no_value_in_the_database_breaks_what_reads_it() {
    let stage = Stage::new().await;
    stage.write(FILE);
    let mut up = stage.up().await;
    let event = Event::app("shop", AppEvent::DatabaseError(500));
    stage.sim.world().lock().unwrap().apply(event).unwrap();
    wait_for("the page is put right", async || !stage.changes().is_empty()).await;
    stage.history_until(": started as ").await;
    assert!(stage.run(&["pause", "clean"]).await.code.is_some());
    up.signal("-INT").await;
    up.end().await;
    std::fs::copy(stage.path("flyball.db"), stage.path("kept")).unwrap();

    let url = format!("sqlite://{}", stage.path("kept").display());
    let mut kept = SqliteConnection::connect(&url).await.unwrap();
    let columns = "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables \
                   JOIN pragma_table_info(tables.name) AS columns \
                   WHERE tables.type = 'table' AND tables.name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY 1, 2";
    let columns: Vec<(String, String, String)> = sqlx::query_as(columns).fetch_all(&mut kept).await.unwrap();
    assert!(columns.len() > 60, "{columns:?}");
    for (nth, (table, column, kind)) in columns.into_iter().enumerate() {
        let every = format!("UPDATE OR IGNORE {table} SET {column} = $1 WHERE $2 IS NULL");
        // Each column takes its turn of what there is: all of it in each would take minutes.
        let (number, text) = (NUMBERS[nth % NUMBERS.len()], TEXTS[nth % TEXTS.len()]);
        let what = format!("{table}.{column}");
        if matches!(kind.as_str(), "BIGINT" | "INTEGER") {
            nothing_breaks(&stage, &what, &every, &[(None, i64::MAX.into())]).await;
            nothing_breaks(&stage, &what, &every, &[(None, number.into())]).await;
            continue;
        }
        nothing_breaks(&stage, &what, &every, &[(None, text.into())]).await;
        if kind == "BLOB" {
            continue;
        }
        let one = format!("UPDATE OR IGNORE {table} SET {column} = $1 WHERE rowid = $2");
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT rowid, {column} FROM {table}")));
        let rows = rows.fetch_all(&mut kept).await.unwrap();
        let structures: Vec<(Option<i64>, Value)> = rows
            .iter()
            .filter_map(|row| {
                let held: Value = serde_json::from_str(&row.get::<Option<String>, _>(1)?).ok()?;
                let put = (held.is_object() || held.is_array()).then(|| at_an_end(held, number).to_string())?;
                Some((Some(row.get::<i64, _>(0)), put.into()))
            })
            .collect();
        if !structures.is_empty() {
            nothing_breaks(&stage, &format!("numbers in {what}"), &one, &structures).await;
        }
    }
}
