//! What is SQLite's alone: the file, who writes beside whom, and what a kill leaves.

#![expect(clippy::unwrap_used, reason = "what does not hold ends its test")]

use flyball_model::{
    Cause, Evidence, Excerpt, Finding, HttpEvidence, MonitorId, MonitorName, NodeId, PauseScope, Reading, StoreLoss,
    Timestamp,
};
use flyball_store::{
    EngineLock, Error, Loop as _, Of, Pause, Pauses as _, Presence as _, ReadingsPage, Retention as _, RollupsPage,
    Runs as _, Sign, Span, Sqlite, Timeline as _, TimelinePage,
};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

fn pause(seconds: u64) -> Pause {
    let at = Timestamp::EPOCH + Duration::from_secs(seconds);
    Pause { scope: PauseScope::Everything, at, until: None, by: "ada".into() }
}

#[tokio::test]
async fn a_new_file_can_be_opened_by_many_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let path = path.clone();
        tasks.spawn(async move { Sqlite::open(&path).await.map(|store| store.file().to_owned()) });
    }
    for opened in tasks.join_all().await {
        assert_eq!(opened.unwrap(), path);
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    Sqlite::open(&path).await.unwrap().close().await;
    let newer =
        sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await.unwrap();
    sqlx::query("INSERT INTO schema_steps (number) VALUES (99)").execute(&newer).await.unwrap();
    newer.close().await;
    let error = Sqlite::open(&path).await.unwrap_err();
    assert!(matches!(error, Error::Newer { has: 99, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_no_database_is_told_apart_from_what_cannot_be_opened() {
    let directory = tempfile::tempdir().unwrap();
    let letter = directory.path().join("letter.txt");
    std::fs::write(&letter, "Dear Ada, this is no database, and long enough to be taken for one. ".repeat(40)).unwrap();
    let error = Sqlite::open(&letter).await.unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    let error = Sqlite::open(&directory.path().join("no/such/directory/flyball.db")).await.unwrap_err();
    assert!(matches!(error, Error::CannotOpen { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("no/such/directory"));
}

#[tokio::test]
async fn a_second_process_writes_in_turn_and_is_told_when_it_waited_too_long() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    let store = Sqlite::open(&path).await.unwrap();
    let other =
        sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    // Reading goes on while somebody else writes.
    assert!(store.remembered(Of::All).await.unwrap().is_empty());
    assert!(store.due(Timestamp::EPOCH).await.unwrap().is_empty());
    let error = store.pause(&pause(1)).await.unwrap_err();
    assert!(matches!(error, Error::Busy { .. }) && error.may_pass(), "{error:?}");
    held.rollback().await.unwrap();
    store.pause(&pause(1)).await.unwrap();
    assert!(
        store
            .take_over(NodeId(uuid::Uuid::nil()), Timestamp::EPOCH, Duration::ZERO, &|_| true)
            .await
            .unwrap()
            .is_empty()
    );
}

/// A file as the steps before the latest left it, with a row in each table that the latest step changes.
#[tokio::test]
async fn a_file_with_columns_that_were_never_read_is_brought_up_to_date_with_its_rows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let older = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let steps = [
        include_str!("../../store/migrations/sqlite/0001_beginning.sql"),
        include_str!("../../store/migrations/sqlite/0002_foreign_hands.sql"),
        include_str!("../../store/migrations/sqlite/0003_doubt_and_settling.sql"),
        "CREATE TABLE schema_steps (number BIGINT PRIMARY KEY)",
        "INSERT INTO schema_steps (number) VALUES (1), (2), (3)",
        "INSERT INTO definitions (noun, id, name, origin, kind, settings, defined_at) \
         VALUES ('monitor', 'm', 'page', 'file', 'http', '{}', 7)",
        "INSERT INTO runs (id, subject_kind, host, subject_id, subject_name, reaction_id, reaction_name, actor, rank, \
            effect_kind, plan, because, state, queued_at, refusals, request_ids, fence) \
         VALUES ('r', 'heroku_app', 'h', 'a', 'shop', 'x', 'more', 'person', 'out', 'set_quantity', '{}', '{}', \
            'ended', 1, 0, '[]', 0)",
    ];
    for step in steps {
        sqlx::raw_sql(step).execute(&older).await.unwrap();
    }
    older.close().await;
    Sqlite::open(&path).await.unwrap().close().await;
    let now = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await.unwrap();
    let kept = "SELECT (SELECT name FROM definitions) || ' ' || (SELECT reaction_name FROM runs)";
    assert_eq!(sqlx::query_scalar::<_, String>(kept).fetch_one(&now).await.unwrap(), "page more");
    let gone = "SELECT COUNT(*) FROM pragma_table_info('runs') WHERE name = 'effect_kind'";
    assert_eq!(sqlx::query_scalar::<_, i64>(gone).fetch_one(&now).await.unwrap(), 0);
}

/// A file as the version before readings took a few bytes left it, with so many readings of one monitor and hours of another.
async fn of_an_earlier_version(path: &Path, readings: u32) -> Vec<Reading> {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let older = sqlx::SqlitePool::connect_with(options).await.unwrap();
    for step in [
        include_str!("../../store/migrations/sqlite/0001_beginning.sql"),
        include_str!("../../store/migrations/sqlite/0002_foreign_hands.sql"),
        include_str!("../../store/migrations/sqlite/0003_doubt_and_settling.sql"),
        include_str!("../../store/migrations/sqlite/0004_never_read.sql"),
        include_str!("../../store/migrations/sqlite/0005_one_offs_seen.sql"),
        include_str!("../../store/migrations/sqlite/0006_signs_of_life.sql"),
        "CREATE TABLE schema_steps (number BIGINT PRIMARY KEY)",
        "INSERT INTO schema_steps (number) VALUES (1), (2), (3), (4), (5), (6)",
    ] {
        sqlx::raw_sql(step).execute(&older).await.unwrap();
    }
    let mut kept = Vec::new();
    let mut tx = older.begin().await.unwrap();
    for nth in 0..readings {
        let finding = if nth % 100 == 7 { Finding::Failing(Cause::Slow) } else { Finding::Passing };
        let reading = Reading {
            begun_at: Timestamp::EPOCH + Duration::from_secs(30) * nth,
            took: Duration::from_micros(u64::from(nth % 5000 + 700)),
            finding,
            words: Excerpt::of("it's as it was"),
            evidence: Evidence::Http(HttpEvidence {
                status: Some(200),
                body_bytes: u64::from(nth),
                ..Default::default()
            }),
        };
        let json = |value: serde_json::Result<String>| value.unwrap();
        sqlx::query(
            "INSERT INTO readings (monitor_id, begun_at, took_us, verdict, finding, words, evidence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(front().to_string())
        .bind(reading.begun_at.as_millis())
        .bind(i64::try_from(reading.took.as_micros()).unwrap())
        .bind(reading.verdict().to_string())
        .bind(json(serde_json::to_string(&reading.finding)))
        .bind(reading.words.as_str())
        .bind(json(serde_json::to_string(&reading.evidence)))
        .execute(&mut *tx)
        .await
        .unwrap();
        kept.push(reading);
    }
    let back = MonitorId::of(&"back door".parse::<MonitorName>().unwrap());
    sqlx::query("INSERT INTO hourly VALUES ($1, 7200000, 90, 30, 0, 6000000, 800000)")
        .bind(back.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    older.close().await;
    kept
}

fn front() -> MonitorId {
    MonitorId::of(&"front door".parse::<MonitorName>().unwrap())
}

#[tokio::test]
async fn the_history_of_an_earlier_version_is_there_in_todays_form() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    // More than one transaction moves.
    let before = of_an_earlier_version(&path, 10_500).await;
    let store = Sqlite::open(&path).await.unwrap();
    let page = ReadingsPage { monitor: front(), since: None, until: None, readings: 0 };
    let latest = &before[before.len() - 1000..];
    assert_eq!(store.readings(&page).await.unwrap(), latest);
    let back = MonitorId::of(&"back door".parse::<MonitorName>().unwrap());
    let (since, until) = (Timestamp::EPOCH, Timestamp::FAR_FUTURE);
    let hours = RollupsPage { monitor: back, span: Span::Hour, since, until };
    let hour = store.rollups(&hours).await.unwrap().remove(0).rollup;
    assert_eq!((hour.passing.readings, hour.failing.readings), (90, 30));
    assert_eq!((hour.passing.held_ms, hour.failing.held_ms), (2_700_000, 900_000));
    store.sweep(before[before.len() - 1].begun_at + Duration::from_secs(2 * 3600)).await.unwrap();
    assert_eq!(store.readings(&page).await.unwrap(), latest, "in blocks as well");
    let days = RollupsPage { monitor: front(), span: Span::Day, since, until };
    let readings: u64 = store.rollups(&days).await.unwrap().iter().map(|day| day.rollup.readings()).sum();
    assert_eq!(readings, 3 * 2880, "every whole day");
    store.close().await;
    // Nothing is left to be moved.
    Sqlite::open(&path).await.unwrap();
}

#[tokio::test]
async fn the_schema_is_not_changed_under_an_engine_of_an_earlier_version() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    of_an_earlier_version(&path, 1).await;
    let lock = EngineLock::take(&path).unwrap();
    let error = Sqlite::open_existing(&path).await.unwrap_err();
    assert!(matches!(error, Error::EngineIsOlder { has: 6, .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("start this version"), "{error:?}");
    drop(lock);
    Sqlite::open_existing(&path).await.unwrap();
}

/// Where the child of the next test finds the database.
const CHILD: &str = "FLYBALL_STORE_TEST_DATABASE";

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_and_nothing_is_there_by_half() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test runs itself as a child, and tells it so by its environment"
    )]
    if let Some(path) = std::env::var_os(CHILD) {
        return pause_until_killed(Path::new(&path)).await;
    }
    for pauses in [1, 2, 7, 30, 120] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("flyball.db");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture", "what_was_acknowledged_survives_a_kill_and_nothing_is_there_by_half"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let acknowledged = lines.filter(|line| line.contains("paused")).take(pauses).count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(acknowledged, pauses);
        let store = Sqlite::open(&path).await.unwrap();
        let told = store.timeline(&TimelinePage::default()).await.unwrap();
        assert!(told.len() >= pauses, "{} of {pauses}", told.len());
        let held = &store.pauses(Timestamp::EPOCH).await.unwrap()[0];
        let latest = Timestamp::EPOCH + Duration::from_secs(3600 + told.len() as u64);
        assert_eq!(held.until, Some(latest), "a pause and its line are there together");
        store.close().await;
    }
}

/// Changes one pause over and over, and says so each time that it is on disk.
async fn pause_until_killed(path: &Path) {
    let store = Sqlite::open(path).await.unwrap();
    for number in 1..=100_000 {
        let until = Some(Timestamp::EPOCH + Duration::from_secs(3600 + number));
        store.pause(&Pause { until, ..pause(0) }).await.unwrap();
        println!("paused {number}");
    }
}

#[tokio::test]
async fn an_engine_that_appears_on_a_file_takes_the_place_of_the_one_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flyball.db");
    let [first, second] = [Sqlite::open(&path).await.unwrap(), Sqlite::open(&path).await.unwrap()];
    let sign = |number| Sign {
        node: NodeId(uuid::Uuid::from_u128(number)),
        host: Excerpt::of("ops"),
        process: 41,
        since: Timestamp::EPOCH,
        in_force: String::new(),
        own: None,
    };
    first.appear(&sign(1), Timestamp::EPOCH).await.unwrap();
    second.appear(&sign(2), Timestamp::EPOCH).await.unwrap();
    assert_eq!(first.loss(sign(1).node).await.unwrap(), Some(StoreLoss::Unsigned));
    assert_eq!(second.signs(Timestamp::EPOCH).await.unwrap().len(), 1);
}
