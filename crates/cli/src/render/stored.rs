//! Whatever stands in the database, no question about it and no answer as text panics. The rows are those that a run of
//! some hours leaves; then a few columns get any values.

use super::{Clockface, reading, status, timeline, why};
use flyball_config::Definitions;
use flyball_engine::queries::{HistoryFilter, Reader, UptimeOver};
use flyball_model::*;
use flyball_store::{
    Batch, Glimpse, Holding, HoldingKey, Loop as _, Pause, Pauses as _, Presence as _, ReadingsPage, Remembered,
    Retention as _, RollupsPage, Runs as _, RunsPage, SeenOneOff, Sighting, Span, Sqlite, Timeline as _, Unsettled,
};
use flyball_views::{About, EngineState, HistoryLine};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use std::path::Path;
use std::time::Duration;

const FILE: &str = "[[monitor]]\nname = \"page\"\nevery = \"10m\"\nhttp = { url = \"http://127.0.0.1:9/\" }\nreactions = [\"clean\", \"in\"]\n\
                    [[reaction]]\nname = \"clean\"\n\
                    create_one_off_dyno = { app = \"shop\", command = \"clean\", time_to_live = \"10m\" }\n\
                    [[reaction]]\nname = \"in\"\nscale_in = { app = \"shop\", min_quantity = 1 }\n";

/// A database takes a while to be opened: so many take a second or two.
const CASES: u32 = 24;
/// Fewer than that in each case: with more, hardly a row could be read any more.
const CHANGES_MAX: usize = 24;

/// What a reader looks into.
const TABLES: [&str; 12] = [
    "runs",
    "timeline",
    "monitor_states",
    "holdings",
    "sightings",
    "glimpses",
    "monitor_numbers",
    "shapes",
    "readings",
    "blocks",
    "rollups",
    "pauses",
];

const START: Timestamp = Timestamp::from_millis(1_772_442_000_000);
const NOW: Timestamp = Timestamp::from_millis(1_772_442_000_000 + 5 * 3_600_000);

fn definitions() -> Definitions {
    flyball_config::read("flyball.toml", FILE).unwrap()
}

fn subject() -> Subject {
    let (host, account) = (ApiHost::default(), AccountName::default());
    Subject::HerokuApp(HerokuApp { host, account, name: "shop".parse().unwrap(), id: Some(AppId::new("id-of-shop")) })
}

fn matched() -> Because {
    Because::Matched { verdict: Verdict::Failing, streak: 2, cause: Some(Cause::Text) }
}

/// What a few hours leave behind: every table that a reader looks into has rows.
async fn keep(file: &Path) {
    let definitions = definitions();
    let store = Sqlite::open(file).await.unwrap();
    let page = &definitions.monitors[0];
    let (monitor, host) = (page.id, ApiHost::default());
    let reading = |nth: u64| Reading {
        begun_at: START + Duration::from_secs(600 * nth),
        took: Duration::from_millis(80 + nth),
        finding: if nth.is_multiple_of(3) { Finding::Passing } else { Finding::Failing(Cause::Text) },
        words: Excerpt::of("found \"database error\""),
        evidence: Evidence::Http(HttpEvidence { status: Some(500), ..HttpEvidence::default() }),
    };
    let standing = Standing {
        verdict: Verdict::Failing,
        cause: Some(Cause::Text),
        streak: 2,
        since: START,
        known_at: NOW,
        begun: [START, NOW].into(),
    };
    let app = App { id: AppId::new("id-of-shop"), name: "shop".parse().unwrap(), ..testing::app() };
    let web = |quantity| ProcessFormation {
        process_type: ProcessType::web(),
        quantity: Quantity::new(quantity),
        size: DynoSize::new("standard-1x"),
    };
    let quantity =
        ForeignChange::Quantity { process_type: ProcessType::web(), from: Quantity::new(1), to: Quantity::new(2) };
    let sighting = Sighting {
        host: host.clone(),
        app,
        formation: vec![web(2)],
        dynos: vec![testing::dyno("web.1", START)],
        releases: vec![testing::release(2, START)],
        been_up: vec![DynoId::new("id-of-web.1")],
        one_offs: vec![SeenOneOff { id: DynoId::new("run"), gone_at: Some(START) }],
        unsettled: Some(Unsettled { at: NOW, from: START }),
        foreign: vec![Foreign { at: START, change: quantity.clone() }],
        seen_at: NOW,
        formation_at: Some(NOW),
        releases_at: Some(NOW),
    };
    let scale = |from: u32, to: u32| Effect::SetQuantity {
        process_type: ProcessType::web(),
        from: Quantity::new(from),
        to: Quantity::new(to),
    };
    let clean = Effect::RunOneOff {
        command: "clean".into(),
        size: None,
        time_to_live: Duration::from_secs(600),
        env: std::collections::BTreeMap::new(),
        present: Vec::new(),
    };
    let effects = [(0, clean), (1, scale(2, 1)), (1, scale(1, 2))];
    let runs = effects.into_iter().zip(1_u32..).map(|((of, effect), number)| Run {
        id: RunId(uuid::Uuid::from_u128(number.into())),
        reaction: definitions.reactions[of].id,
        reaction_name: definitions.reactions[of].name.clone(),
        actor: Actor::Engine { monitor, monitor_name: page.name.clone(), episode: START },
        because: matched(),
        plan: Plan { subject: subject(), effect, seen_at: START, gist: "web=2".into(), restores: None },
        rank: Rank::In,
        queued_at: START + Duration::from_secs(60 * u64::from(number)),
        sent_at: None,
        request_ids: vec![Excerpt::of("request")],
        state: RunState::Queued,
    });
    let runs: Vec<Run> = runs.collect();
    let plan = || runs[0].plan.summary();
    let done = Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None };
    let in_doubt = Outcome::InDoubt { why: WhyInDoubt::Unclear { seen: Unclear::NoOneOff } };
    let ends = [in_doubt.clone(), done.clone()];
    let happened = [
        Event::Engine { happened: EngineEvent::Told("told".into()) },
        Event::Flipped {
            flip: Flip { from: Some(Verdict::Passing), to: Verdict::Failing, at: START },
            finding: Finding::Failing(Cause::Text),
            words: Excerpt::of("found"),
        },
        Event::Unknown { begins: true, words: Excerpt::of("no answer") },
        Event::Held { because: Because::CoolingDown { until: NOW } },
        Event::Queued { plan: plan(), because: matched(), person: Some("ann@ops".into()) },
        Event::Ended { plan: plan(), outcome: in_doubt },
        Event::OneOffEnded { dyno: None, plan: plan(), within: Duration::from_secs(600) },
        Event::Settled { plan: plan(), outcome: done, by: "ann".into() },
        Event::Foreign { change: quantity, by: Some(Excerpt::of("ann")), times: Some(3) },
    ];
    let entry = |event| Entry {
        app: Some("shop".parse().unwrap()),
        monitor: Some((monitor, page.name.clone())),
        reaction: Some((runs[0].reaction, runs[0].reaction_name.clone())),
        run: Some(runs[0].id),
        ..Entry::new(START, event)
    };
    let holding = |because, of: usize| Holding {
        key: HoldingKey { monitor, reaction: definitions.reactions[of].id },
        because,
        since: START,
        last_at: NOW,
        count: 14,
    };
    let batch = Batch {
        readings: (0..28).map(|nth| (monitor, reading(nth))).collect(),
        states: vec![Remembered {
            monitor,
            watched: page.kind.watched(),
            state: MonitorState { standing: Some(standing), last_at: Some(NOW), unknown_in_a_row: 1 },
            covers: NOW,
        }],
        holdings: vec![holding(Because::CoolingDown { until: NOW }, 0), holding(matched(), 1)],
        runs: runs.clone(),
        sightings: vec![sighting],
        entries: happened.into_iter().map(entry).collect(),
        incidents: Vec::new(),
        tenure: None,
    };
    store.save(&batch).await.unwrap();
    let node = NodeId(uuid::Uuid::from_u128(1));
    for (run, outcome) in runs.iter().zip(&ends) {
        let at = run.queued_at;
        let claimed = store.claim(run.id, node, &[], at, Duration::from_secs(30)).await.unwrap();
        let flyball_store::Claim::Claimed(_, fence) = claimed else { panic!("{claimed:?}") };
        store.mark_sent(run.id, fence, at, at).await.unwrap();
        assert!(store.end(run.id, fence, at, outcome, &[], &[]).await.unwrap());
    }
    let pause =
        Pause { scope: PauseScope::Reaction("clean".parse().unwrap()), at: START, until: None, by: "ann".into() };
    store.pause(&pause).await.unwrap();
    let release = Some((ReleaseVersion::new(2), START));
    let glimpse = Glimpse { host, app: "shop".parse().unwrap(), maintenance: false, release, seen_at: NOW };
    store.glimpsed(&[glimpse]).await.unwrap();
    // Hours that are over become blocks and roll-ups.
    store.sweep(NOW).await.unwrap();
    store.close().await;
}

/// What is put into a column.
#[derive(Debug, Clone)]
enum Put {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// Into one place of the structure that stands there.
    Within(Index, i64, String),
}

fn any_number() -> impl Strategy<Value = i64> {
    prop_oneof![select(&[i64::MIN, -1, 0, 1, i64::MAX, i64::MAX / 1_000, 253_402_300_799_999][..]), any::<i64>()]
}

/// What no calendar, no word list and no parser expects.
const ODD: [&str; 7] =
    ["", "\u{1b}[2J\u{202e}\0", "[[[[[[", "{}", "null", "9999-12-31T23:59:59.999Z", "-009999-01-01T00:00:00Z"];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![select(&ODD[..]).prop_map(str::to_owned), ".{0,40}", "[a-z_]{1,12}"]
}

/// What a column of this type is given: most often what it could have held.
fn any_put(kind: &str) -> impl Strategy<Value = Put> + use<> {
    let (number, bytes, within) = match kind {
        "TEXT" => (1, 1, 8),
        "BLOB" => (1, 8, 1),
        _ => (8, 1, 1),
    };
    prop_oneof![
        number => any_number().prop_map(Put::Number),
        1 => any_text().prop_map(Put::Text),
        bytes => proptest::collection::vec(any::<u8>(), 0..60).prop_map(Put::Bytes),
        within => (any::<Index>(), any_number(), any_text()).prop_map(|(place, number, text)| Put::Within(place, number, text)),
    ]
}

/// A column that is changed, in one of its rows: the others still have something to tell.
#[derive(Debug, Clone)]
struct Change {
    column: Column,
    row: Index,
    put: Put,
}

/// Table, name and type of a column.
type Column = (String, String, String);

fn any_change(columns: Vec<Column>) -> impl Strategy<Value = Change> {
    let put = |column: Column| (any::<Index>(), any_put(&column.2), Just(column));
    select(columns).prop_flat_map(put).prop_map(|(row, put, column)| Change { column, row, put })
}

/// The numbers and texts of a structure.
fn leaves(value: &mut Value) -> Vec<&mut Value> {
    match value {
        Value::Array(values) => values.iter_mut().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values_mut().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

/// Makes a change; what the database refuses stays out.
async fn make(database: &mut SqliteConnection, change: &Change) {
    let Change { column: (table, column, _), row, put } = change;
    // Its rows have no numbers.
    let key = if table == "readings" { "begun_at" } else { "rowid" };
    let held = format!("SELECT {key}, CAST({column} AS TEXT) FROM {table}");
    let held = sqlx::query(sqlx::AssertSqlSafe(held)).fetch_all(&mut *database).await.unwrap();
    let held = row.get(&held);
    let update = format!("UPDATE OR IGNORE {table} SET {column} = $1 WHERE {key} = $2");
    let query = sqlx::query(sqlx::AssertSqlSafe(update));
    let query = match put {
        Put::Number(number) => query.bind(*number),
        Put::Text(text) => query.bind(text),
        Put::Bytes(bytes) => query.bind(bytes),
        Put::Within(place, number, text) => {
            let Ok(Some(structure)) = held.try_get::<Option<String>, _>(1) else { return };
            let Ok(mut structure) = serde_json::from_str::<Value>(&structure) else { return };
            let mut places = leaves(&mut structure);
            if places.is_empty() {
                return;
            }
            let place = place.get_mut(&mut places);
            **place = if place.is_number() { (*number).into() } else { text.as_str().into() };
            query.bind(structure.to_string())
        }
    };
    let Ok(key) = held.try_get::<i64, _>(0) else { return };
    drop(query.bind(key).execute(database).await);
}

/// Asks everything, and tells every answer. An error is an answer. Returns how many of these were none.
async fn ask(file: &Path) -> usize {
    let definitions = definitions();
    let Ok(store) = Sqlite::open_existing(file).await else { return 0 };
    let face = Clockface::of(jiff::tz::TimeZone::fixed(jiff::tz::offset(-11)));
    let reader = Reader::new(&store, &definitions, ApiHost::default(), EngineState::Running, NOW);
    let mut told: Vec<Option<String>> = Vec::new();
    let shop: AppName = "shop".parse().unwrap();
    for app in [None, Some(&shop)] {
        let answer = reader.status(app).await.ok();
        told.push(answer.map(|it| status::text(&it, Some(80), &face) + &serde_json::to_string(&it).unwrap()));
    }
    let about = ["page", "clean", "in"].iter().flat_map(|name| reader.about(name).unwrap());
    let about: Vec<About> = about.chain([About::App(shop.clone())]).collect();
    let answer = reader.why(&about).await.ok();
    told.push(answer.map(|it| why::text(&it, true, &face) + &serde_json::to_string(&it).unwrap()));
    let lines = |lines: Vec<HistoryLine>| -> String {
        let line = |it: &HistoryLine| {
            timeline::line(it, timeline::Stamp::DayAndTime, &face) + &serde_json::to_string(it).unwrap()
        };
        lines.iter().map(line).collect()
    };
    for filter in [
        HistoryFilter::default(),
        HistoryFilter { app: Some(shop), since: Some(START), until: Some(NOW), ..HistoryFilter::default() },
        HistoryFilter { monitor: Some("page".parse().unwrap()), no_holds: true, ..HistoryFilter::default() },
        HistoryFilter { reaction: Some("clean".parse().unwrap()), before: Some(i64::MAX), ..HistoryFilter::default() },
    ] {
        told.push(reader.history(&filter).await.ok().map(lines));
    }
    let run = reader.run_story(RunId(uuid::Uuid::from_u128(1))).await.ok().flatten();
    told.push(run.map(|it| why::run_story(&it, true, &face) + &serde_json::to_string(&it).unwrap()));
    for since in [START, NOW - Duration::from_hours(24 * 1000)] {
        let page = "page".parse().unwrap();
        let series = reader.series(&page, since, NOW).await.ok().flatten();
        told.push(series.map(|it| serde_json::to_string(&it).unwrap()));
        let shop = "shop".parse().unwrap();
        let app = reader.app_story(&shop, since, NOW).await.ok().flatten();
        told.push(app.map(|it| serde_json::to_string(&it).unwrap()));
        let clean = "clean".parse().unwrap();
        let reaction = reader.reaction_story(&clean, since).await.ok().flatten();
        told.push(reaction.map(|it| serde_json::to_string(&it).unwrap()));
    }
    let uptimes = reader.uptimes(&["page".parse().unwrap()], UptimeOver::Quarter).await.ok();
    told.push(uptimes.map(|it| serde_json::to_string(&it).unwrap()));
    told.push(reader.rivals().await.ok().map(|it| format!("{}", it.len())));
    told.push(reader.undone_steps().await.ok().map(|it| format!("{}", it.len())));
    let monitor = &definitions.monitors[0];
    let page = ReadingsPage { monitor: monitor.id, since: None, until: None, readings: 0 };
    let tell = |one: &Reading| reading::text(&flyball_engine::queries::checked(monitor, one, "the file"), &face);
    told.push(store.readings(&page).await.ok().map(|it| it.iter().map(tell).collect()));
    for span in [Span::FiveMinutes, Span::Hour, Span::Day] {
        let page = RollupsPage { monitor: monitor.id, span, since: START, until: NOW };
        told.push(store.rollups(&page).await.ok().map(|it| format!("{it:?}")));
    }
    told.push(store.runs(&RunsPage::default()).await.ok().map(|it| format!("{it:?}")));
    store.close().await;
    told.iter().flatten().filter(|it| !it.is_empty()).count()
}

#[test]
fn whatever_stands_in_the_database_no_question_and_no_answer_panics() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (kept, file) = (folder.path().join("kept.db"), folder.path().join("flyball.db"));
    let read = "SELECT tables.name, columns.name, columns.type FROM sqlite_schema AS tables \
                JOIN pragma_table_info(tables.name) AS columns WHERE tables.name = $1";
    let connect = async |file: &Path| SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let columns = runtime.block_on(async {
        keep(&kept).await;
        let (mut database, mut columns) = (connect(&kept).await, Vec::new());
        for table in TABLES {
            let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut database).await.unwrap();
            assert!(rows > 0, "{table} has rows");
            columns.extend(sqlx::query_as::<_, Column>(read).bind(table).fetch_all(&mut database).await.unwrap());
        }
        database.close().await.unwrap();
        assert_eq!(ask(&kept).await, 22, "as it was written, everything has an answer");
        columns
    });
    let changes = proptest::collection::vec(any_change(columns), 1..CHANGES_MAX);
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(changes in changes)| {
        std::fs::copy(&kept, &file).unwrap();
        for behind in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(folder.path().join(format!("flyball.db{behind}")));
        }
        runtime.block_on(async {
            let mut database = connect(&file).await;
            for change in &changes {
                make(&mut database, change).await;
            }
            database.close().await.unwrap();
            ask(&file).await;
        });
    });
}
