//! Every kind of row goes to a server and back, whatever comes between.

use super::tables::{Kind, TABLES};
use super::*;
use crate::stored::save_all;
use crate::{Batch, Loop as _, Postgres, Presence as _, Server, Sign, Sqlite, TimelinePage};
use flyball_model::{EngineEvent, Entry, Event, Evidence, Excerpt, Finding, MonitorId, NodeId, Reading};
use flyball_scratch::{PASSWORD, Scratch};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Lines of the timeline: more than two lots.
const LINES: usize = 2 * ROWS_AT_ONCE + 7;

/// A file with every kind of row, a table of several lots, and values that are easily spoilt on their way.
struct Source {
    directory: tempfile::TempDir,
}

impl Source {
    async fn new() -> Self {
        let source = Self { directory: tempfile::tempdir().unwrap() };
        let store = Sqlite::open(&source.path("flyball.db")).await.unwrap();
        save_all(&store).await;
        let entries = (0..LINES).map(|_| said()).collect();
        // Of an hour that still runs: in a row of its own.
        let readings = vec![reading(1)];
        store.save(&Batch { entries, readings, ..Batch::default() }).await.unwrap();
        store.close().await;
        source
            .tamper(
                "INSERT INTO definitions (noun, id, name, origin, kind, settings) VALUES \
                   ('monitor', 'Z', 'it''s \"down\" \\ ', 'file', 'x', '{\"a\":\"\\u0000\\n\"}'), \
                   ('monitor', 'a', 'é 🙂', 'file', '', '17'), ('monitor', 'é', 'x', 'file', 'x', 'null'); \
                 INSERT INTO monitor_numbers (number, monitor_id, every_ms) VALUES (9000000000000000000, 'far', -1); \
                 INSERT INTO blocks (monitor, hour, packed, left_open) VALUES (7, -3600000, x'', x''), (8, 0, x'00ff', NULL); \
                 UPDATE pauses SET resumed_at = paused_at, until_at = 9223372036854775807 \
                   WHERE scope_key = (SELECT MIN(scope_key) FROM pauses)",
            )
            .await;
        source
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn address(&self, name: &str) -> Address {
        Address::File(self.path(name))
    }

    async fn tamper(&self, sql: &'static str) {
        let url = format!("sqlite://{}", self.path("flyball.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

fn said() -> Entry {
    Entry::new(Timestamp::from_millis(1_790_000_000_000), Event::Engine { happened: EngineEvent::Told("x".into()) })
}

/// A reading of a monitor, in 2030.
fn reading(monitor: u128) -> (MonitorId, Reading) {
    let reading = Reading {
        begun_at: Timestamp::from_millis(1_900_000_000_000),
        took: Duration::from_millis(12),
        finding: Finding::Passing,
        words: Excerpt::of("answered"),
        evidence: Evidence::None,
    };
    (MonitorId(Uuid::from_u128(monitor)), reading)
}

fn server(scratch: &Scratch) -> Address {
    Address::Server(Box::new(Server::of(&scratch.url()).unwrap()))
}

async fn copy(from: &Address, to: &Address) -> Result<Vec<CopiedTable>, CopyError> {
    let copying = Copying::open(from, to).await?;
    let copied = copying.run(&mut |_| ()).await;
    copying.close().await;
    copied
}

/// Every row of a store, as it is.
async fn all_of(address: &Address) -> BTreeMap<&'static str, Vec<Row>> {
    let (store, _) = address.open_as_it_is().await.unwrap();
    let mut all = BTreeMap::new();
    for table in &TABLES {
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let behind = rows.last().map(|row| table.key_of(row).to_vec());
            let more = store.rows(table, behind.as_deref()).await.unwrap();
            let is_last = more.len() < ROWS_AT_ONCE;
            rows.extend(more);
            if is_last {
                break;
            }
        }
        all.insert(table.name, rows);
    }
    store.close().await;
    all
}

#[tokio::test]
async fn a_history_goes_to_a_server_and_back_and_is_the_same() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let (file, server, back) = (source.address("flyball.db"), server(&scratch), source.address("back.db"));
    let (before, bytes) = (all_of(&file).await, std::fs::read(source.path("flyball.db")).unwrap());
    for (from, to) in [(&file, &server), (&server, &back)] {
        let copied = copy(from, to).await.unwrap();
        for (table, copied) in TABLES.iter().zip(&copied) {
            let rows = before[table.name].len() as u64;
            assert!(rows > 0, "{}: nothing would be seen of it", table.name);
            assert_eq!((copied.table, copied.compared), (table.name, rows));
            // A new store has the counters already, at zero.
            assert!(copied.copied == rows || table.name == "counters", "{copied:?}");
        }
        let again = copy(from, to).await.unwrap();
        assert!(again.iter().zip(&copied).all(|(again, first)| again.copied == 0 && again.compared == first.compared));
        assert!(all_of(to).await == before, "what is there is what was");
    }
    assert_eq!(std::fs::read(source.path("flyball.db")).unwrap(), bytes, "the source is only read");
    for (address, of_life) in [(&file, 1), (&server, 0), (&back, 0)] {
        let store = address.open().await.unwrap();
        let now = Timestamp::from_millis(1_790_000_000_000);
        assert_eq!(store.signs(now).await.unwrap().len(), of_life, "signs of life stay where their engines are");
        store.close().await;
    }
    // Whatever is stored from now on gets numbers behind those that came.
    sqlx::query("DELETE FROM flyball.monitor_numbers WHERE monitor_id = 'far'")
        .execute(&mut scratch.connect().await.unwrap())
        .await
        .unwrap();
    let largest = "SELECT setval('flyball.monitor_numbers_number_seq', MAX(number)) FROM flyball.monitor_numbers";
    sqlx::query(largest).execute(&mut scratch.connect().await.unwrap()).await.unwrap();
    let store = server.open().await.unwrap();
    let batch = Batch { readings: vec![reading(9_999)], entries: vec![said()], ..Batch::default() };
    store.save(&batch).await.unwrap();
    let last = store.timeline(&TimelinePage::default()).await.unwrap().pop().unwrap();
    let of_lines = before["counters"].iter().find(|row| row[0] == Value::Text("timeline".to_owned()));
    assert_eq!(Value::Number(last.number), of_lines.map(|row| add_one(&row[1])).unwrap());
    store.close().await;
    scratch.remove().await.unwrap();
}

fn add_one(value: &Value) -> Value {
    let Value::Number(number) = value else { panic!("{value}") };
    Value::Number(number + 1)
}

/// Copies, and is cut once this much was told.
async fn cut(from: &Address, to: &Address, after: usize) -> bool {
    let (told, enough) = (std::sync::atomic::AtomicUsize::new(0), Notify::new());
    let copying = Copying::open(from, to).await.unwrap();
    let mut count = |_| {
        if told.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 == after {
            enough.notify_one();
        }
    };
    let is_done = tokio::select! {
        biased;
        () = enough.notified() => false,
        copied = copying.run(&mut count) => copied.map(|_| true).unwrap(),
    };
    copying.close().await;
    is_done
}

#[tokio::test]
async fn a_copy_that_is_cut_again_and_again_comes_to_the_same_end() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let file = source.address("flyball.db");
    let before = all_of(&file).await;
    for to in [server(&scratch), source.address("cut.db")] {
        let mut cuts = 0;
        // Looking tells of each table once, so that what comes first is cut while it is written.
        while !cut(&file, &to, TABLES.len() + 1 + 3 * cuts).await {
            cuts += 1;
            let error = to.open().await.err().expect("nobody works on a part of a history");
            assert!(matches!(error, Error::Unfinished { .. }) && error.hint().is_some(), "{error:?}");
            assert!(copy(&to, &source.address("from-a-part.db")).await.is_err(), "nor is it copied on");
        }
        assert!(cuts > 5, "{cuts}");
        assert!(all_of(&to).await == before);
        to.open().await.unwrap().close().await;
    }
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn an_engine_that_was_about_to_start_does_not_once_a_copy_has_begun() {
    let source = Source::new().await;
    let store = Sqlite::open(&source.path("other.db")).await.unwrap();
    Side::mark(&store).await.unwrap();
    let now = Timestamp::from_millis(1_790_000_000_000);
    let sign = Sign {
        node: NodeId(Uuid::from_u128(1)),
        host: Excerpt::of("ops-1"),
        process: 41,
        since: now,
        in_force: String::new(),
        own: None,
    };
    assert!(matches!(store.appear(&sign, now).await, Err(Error::Unfinished { .. })));
    store.finish(&TABLES).await.unwrap();
    store.appear(&sign, now).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_target_with_a_history_of_its_own_is_refused_and_stays_as_it_is() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let (file, server) = (source.address("flyball.db"), server(&scratch));
    for to in [&server, &source.address("other.db")] {
        let store = to.open().await.unwrap();
        store.save(&Batch { entries: vec![said()], ..Batch::default() }).await.unwrap();
        store.close().await;
        let before = all_of(to).await;
        let error = copy(&file, to).await.unwrap_err();
        // Its first line has the number of the source's first, and says something else.
        let CopyError::NotOurs { difference: Difference::Other { table: "timeline", key, .. }, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(key, "number 1");
        assert!(error.to_string().contains("two are never made one") && error.hint().is_some(), "{error}");
        assert!(all_of(to).await == before);
        to.open().await.unwrap().close().await;
    }
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn a_source_that_went_on_after_its_copy_is_another_history() {
    let source = Source::new().await;
    let (file, to) = (source.address("flyball.db"), source.address("to.db"));
    copy(&file, &to).await.unwrap();
    source
        .tamper("UPDATE monitor_states SET covers = 12 WHERE monitor_id = (SELECT MAX(monitor_id) FROM monitor_states)")
        .await;
    let error = copy(&file, &to).await.unwrap_err();
    let CopyError::NotOurs { difference: Difference::Other { table, column, .. }, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((table, column), ("monitor_states", "covers"));
}

#[tokio::test]
async fn a_difference_after_the_copy_names_table_key_and_column() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let copying = Copying::open(&source.address("flyball.db"), &server(&scratch)).await.unwrap();
    copying.run(&mut |_| ()).await.unwrap();
    let mut beside = scratch.connect().await.unwrap();
    let blocks = TABLES.iter().find(|table| table.name == "blocks").unwrap();
    for (sql, undone, words) in [
        (
            "UPDATE flyball.blocks SET left_open = NULL WHERE monitor = 7",
            "UPDATE flyball.blocks SET left_open = '' WHERE monitor = 7",
            ": `left_open` has another value than in the source",
        ),
        (
            "INSERT INTO flyball.blocks (number, monitor, hour, packed) VALUES (-5, 1, -9, '')",
            "DELETE FROM flyball.blocks WHERE number = -5",
            "-5: this row is not in the source",
        ),
        ("DELETE FROM flyball.blocks WHERE monitor = 8", "", ": this row is missing"),
    ] {
        sqlx::raw_sql(sql).execute(&mut beside).await.unwrap();
        let error = copying.compare(blocks, &mut |_| ()).await.unwrap_err();
        let CopyError::Differs { difference, .. } = &error else { panic!("{error:?}") };
        let told = difference.to_string();
        assert!(told.starts_with("blocks, number ") && told.ends_with(words), "{told}");
        sqlx::raw_sql(undone).execute(&mut beside).await.unwrap();
    }
    copying.close().await;
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn while_an_engine_runs_on_either_nothing_is_copied() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let (file, other, server) = (source.address("flyball.db"), source.address("other.db"), server(&scratch));
    let lock = EngineLock::take(&source.path("flyball.db")).unwrap();
    for (from, to) in [(&file, &other), (&other, &file)] {
        Sqlite::open(&source.path("other.db")).await.unwrap().close().await;
        let error = copy(from, to).await.unwrap_err();
        assert!(error.to_string().ends_with(&format!("process {} on this machine", std::process::id())), "{error}");
    }
    drop(lock);
    let store = server.open().await.unwrap();
    let now = Timestamp::from_millis(1_790_000_000_000);
    let node = NodeId(Uuid::from_u128(1));
    let sign = Sign { node, host: Excerpt::of("ops-1"), process: 41, since: now, in_force: String::new(), own: None };
    store.appear(&sign, now).await.unwrap();
    for (from, to) in [(&file, &server), (&server, &source.address("third.db"))] {
        let error = copy(from, to).await.unwrap_err();
        assert!(error.to_string().contains("process 41 on ops-1") && error.hint().is_some(), "{error}");
    }
    store.leave(node).await.unwrap();
    store.close().await;
    copy(&file, &server).await.unwrap();
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn a_source_of_an_earlier_version_is_told_what_brings_it_up_to_date() {
    let source = Source::new().await;
    let (file, to) = (source.address("flyball.db"), source.address("to.db"));
    source.tamper("DELETE FROM schema_steps WHERE number = (SELECT MAX(number) FROM schema_steps)").await;
    let error = copy(&file, &to).await.unwrap_err();
    assert!(matches!(error, CopyError::Older { .. }) && error.hint().unwrap().contains("`flyball up`"), "{error:?}");
    assert!(!source.path("to.db").exists(), "nothing is made for it");
    let error = copy(&source.address("nowhere.db"), &to).await.unwrap_err();
    assert!(matches!(error, CopyError::Store(Error::NotThere { .. })), "{error:?}");
    Sqlite::open(&source.path("present.db")).await.unwrap().close().await;
    let error = copy(&source.address("present.db"), &file).await.unwrap_err();
    assert!(matches!(error, CopyError::OlderTarget { .. }) && error.hint().is_some(), "{error:?}");
}

#[tokio::test]
async fn a_database_that_goes_away_is_told_without_its_password() {
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let verified = format!("?sslmode=verify-full&sslrootcert={}", scratch.certificate().display());
    let url = scratch.network_url() + &verified;
    let address = Address::Server(Box::new(Server::of(&url).unwrap()));
    let copying = Copying::open(&source.address("flyball.db"), &address).await.unwrap();
    scratch.shut(true).await.unwrap();
    let error = copying.run(&mut |_| ()).await.unwrap_err();
    copying.close().await;
    assert!(matches!(error, CopyError::Store(Error::Away { .. })), "{error:?}");
    assert!(!format!("{error} {error:?} {:?}", error.hint()).contains(PASSWORD));
    drop(copying);
    scratch.shut(false).await.unwrap();
    copy(&source.address("flyball.db"), &address).await.unwrap();
    scratch.remove().await.unwrap();
}

#[tokio::test]
async fn every_table_and_column_of_both_schemas_is_copied() {
    let mut listed: Vec<(String, String, Kind)> = TABLES
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned(), column.kind))
        })
        .collect();
    listed.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let source = Source::new().await;
    let scratch = Scratch::new().await.unwrap();
    let url = format!("sqlite://{}", source.path("flyball.db").display());
    let mut file = SqliteConnection::connect(&url).await.unwrap();
    let not_copied = "('engines', 'leases', 'sessions', 'schema_steps')";
    let of_file = format!(
        "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables \
         JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' AND tables.name NOT IN {not_copied} \
         ORDER BY 1, 2"
    );
    let of_server = format!(
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns \
         WHERE table_schema = 'flyball' AND table_name NOT IN {not_copied} ORDER BY table_name COLLATE \"C\", column_name COLLATE \"C\""
    );
    let of_file: Vec<(String, String, String)> =
        sqlx::query_as(AssertSqlSafe(of_file)).fetch_all(&mut file).await.unwrap();
    Postgres::open(&Server::of(&scratch.url()).unwrap()).await.unwrap().close().await;
    let mut connection = scratch.connect().await.unwrap();
    let of_server: Vec<(String, String, String)> =
        sqlx::query_as(AssertSqlSafe(of_server)).fetch_all(&mut connection).await.unwrap();
    for found in [of_file, of_server] {
        let kind = |kind: &str| match kind.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => Kind::Number,
            "text" => Kind::Text,
            "blob" | "bytea" => Kind::Bytes,
            other => panic!("{other} is not copied"),
        };
        let found: Vec<_> = found.into_iter().map(|(table, column, of)| (table, column, kind(&of))).collect();
        assert_eq!(found, listed);
    }
    scratch.remove().await.unwrap();
}
