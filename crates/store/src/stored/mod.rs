//! What columns hold as JSON is pinned by samples, in `tests/stored`: what stands in `present` is read, and written as it
//! stands there; what stands in `earlier`, an earlier version wrote, and it is read for ever.
//!
//! A form that changes is a data migration. Its sample moves from `present` to `earlier`, and what is written from now on
//! comes into `present`, which `UPDATE=1` does. Nothing removes or changes a sample.

mod forms;

use crate::narrow::{Numbers, Shape};
use crate::{
    Batch, Definition, Family, Glimpse, Holding, HoldingKey, Leases as _, Loop as _, Made as _, NewNotice, NewPiece,
    NewSession, NewToken, NewUser, Origin, Pause, Pauses as _, People as _, Presence as _, Put, Reads, Remembered,
    Retention as _, Runs as _, RunsPage, SeenOneOff, Shard, Sighting, Sign, Signals as _, Slots as _, Sqlite,
    StoredSlot, Tell, Telling as _, Texts as _, Tried,
};
use flyball_model::{
    Actor, ApiHost, App, Because, Cause, ChannelName, Dyno, DynoId, EndedBy, Entry, Event, Evidence, Excerpt, Finding,
    FirstCause, Foreign, Incident, IncidentEnd, IncidentOf, MonitorId, MonitorName, MonitorState, NodeId, Outcome,
    PauseScope, Plan, ProcessFormation, Rank, ReactionId, ReactionName, Reading, Release, Right, Run, RunId, RunState,
    SecretHash, SessionId, Signal, SignalKind, TextHash, Thread, ThreadKey, ThreadOf, Timestamp, TokenId, Untold,
    UserId,
};
use forms::{Form, Shown};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

const MIGRATION: &str = "this is a data migration: what was stored so must go on being read. Add a sample beside the \
    old one, and read both: the old one moves from tests/stored/present to tests/stored/earlier as it is, and \
    `UPDATE=1 cargo nextest run -p flyball-store stored` adds to `present` what is written by now";

const NO_SAMPLE: &str = "no sample in tests/stored/present shows these; write one into the file of the column, as JSON";

/// What is stored as JSON, in which columns.
struct Stored {
    /// Its samples are in the files of this name.
    file: &'static str,
    /// Each as `table.column`.
    columns: &'static [&'static str],
    /// Reads it, and writes it again.
    again: fn(&Value, &mut Shown) -> Result<Value, serde_json::Error>,
}

/// Every column that holds JSON and is read. A rank is a word there, without JSON's quotes.
const STORED: &[Stored] = &[
    Stored { file: "state", columns: &["monitor_states.state"], again: again::<MonitorState> },
    Stored { file: "because", columns: &["holdings.because", "runs.because"], again: again::<Because> },
    Stored { file: "plan", columns: &["runs.plan"], again: again::<Plan> },
    Stored { file: "rank", columns: &["runs.rank"], again: again::<Rank> },
    Stored { file: "outcome", columns: &["runs.outcome"], again: again::<Outcome> },
    Stored { file: "request_ids", columns: &["runs.request_ids"], again: again::<Vec<Excerpt>> },
    Stored { file: "scope", columns: &["pauses.scope"], again: again::<PauseScope> },
    Stored { file: "app", columns: &["sightings.app"], again: again::<App> },
    Stored { file: "formation", columns: &["sightings.formation"], again: again::<Vec<ProcessFormation>> },
    Stored { file: "dynos", columns: &["sightings.dynos"], again: again::<Vec<Dyno>> },
    Stored { file: "releases", columns: &["sightings.releases"], again: again::<Vec<Release>> },
    Stored { file: "been_up", columns: &["sightings.been_up"], again: again::<Vec<DynoId>> },
    Stored { file: "one_offs", columns: &["sightings.one_offs"], again: again::<Vec<SeenOneOff>> },
    Stored { file: "foreign_changes", columns: &["sightings.foreign_changes"], again: again::<Vec<Foreign>> },
    Stored { file: "event", columns: &["timeline.event"], again: again::<Event> },
    Stored { file: "thread_of", columns: &["threads.subject"], again: again::<ThreadOf> },
    Stored { file: "shape", columns: &["shapes.body"], again: again::<Shape> },
    // Of readings as schemas before 8 had them, which are moved when such a file is first opened.
    Stored { file: "finding", columns: &[], again: again::<Finding> },
    Stored { file: "evidence", columns: &[], again: again::<Evidence> },
];

/// What the store hands back as it came, or never reads: settings are for whoever opens the file, and what is told is pinned by the
/// samples of `channels`.
const NEVER_READ: [&str; 3] = ["definitions.settings", "notices.notice", "threads.handle"];

fn again<T: Serialize + DeserializeOwned + Form>(
    sample: &Value,
    shown: &mut Shown,
) -> Result<Value, serde_json::Error> {
    let value: T = serde_json::from_str(&sample.to_string())?;
    value.show(std::any::type_name::<T>(), shown);
    serde_json::to_value(&value)
}

/// The samples of one file, by name.
type Samples = BTreeMap<String, Value>;

fn path(directory: &str, file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/stored/{directory}/{file}.json"))
}

fn samples(directory: &str, file: &str) -> Samples {
    match std::fs::read_to_string(path(directory, file)) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{directory}/{file}.json: {error}")),
        Err(_) => Samples::new(),
    }
}

/// The values of the present samples.
fn present<T: DeserializeOwned>(file: &str) -> Vec<T> {
    samples("present", file).into_values().map(|sample| serde_json::from_value(sample).unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test asks whoever runs it whether files are to be added to")]
fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Puts samples that are new beside those that are there, which stay as they are.
fn add(file: &str, new: Samples) {
    if new.is_empty() {
        return;
    }
    let mut all = new;
    all.append(&mut samples("present", file));
    std::fs::write(path("present", file), serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
}

#[test]
fn what_was_stored_is_read_and_what_is_stored_is_written_as_its_samples_have_it() {
    let (mut wrong, mut shown) = (Vec::new(), Shown::default());
    for Stored { file, again, .. } in STORED {
        let (present, earlier) = (samples("present", file), samples("earlier", file));
        assert!(!present.is_empty(), "present/{file}.json has no sample");
        let mut new = Samples::new();
        for (name, sample) in &present {
            match again(sample, &mut shown) {
                Ok(written) if written == *sample => {}
                Ok(written) => {
                    wrong.push(format!("present/{file}.json: \"{name}\" is written as {written}"));
                    new.insert(format!("{name}, anew"), written);
                }
                Err(error) => wrong.push(format!("present/{file}.json: \"{name}\" cannot be read: {error}")),
            }
        }
        for (name, sample) in &earlier {
            match again(sample, &mut Shown::default()) {
                Ok(written) if present.values().any(|sample| *sample == written) => {}
                Ok(written) => {
                    if !update() {
                        wrong.push(format!("present/{file}.json lacks \"{name}\", which is written as {written}"));
                    }
                    new.insert(name.clone(), written);
                }
                Err(error) => wrong.push(format!("earlier/{file}.json: \"{name}\" cannot be read: {error}")),
            }
        }
        if update() {
            add(file, new);
        }
    }
    assert!(wrong.is_empty(), "{MIGRATION}\n\n{}", wrong.join("\n"));
    let lacks = shown.lacks();
    assert!(lacks.is_empty(), "{NO_SAMPLE}\n\n{}", lacks.join("\n"));
}

#[test]
fn a_reason_and_an_outcome_have_one_form_alone_and_in_an_event() {
    let plan = json!("web of shop from 2 to 3");
    for directory in ["present", "earlier"] {
        for because in samples(directory, "because").into_values() {
            let event: Event = serde_json::from_value(json!({"event": "held", "because": because})).unwrap();
            assert_eq!(event, Event::Held { because: serde_json::from_value(because).unwrap() });
        }
        for stored in samples(directory, "outcome").into_values() {
            let event = json!({"event": "ended", "plan": plan, "outcome": stored});
            let Event::Ended { outcome, .. } = serde_json::from_value(event).unwrap() else { panic!("{stored}") };
            assert_eq!(outcome, serde_json::from_value(stored).unwrap());
        }
    }
}

#[test]
fn a_field_of_a_later_version_is_passed_over_and_a_variant_of_one_is_an_error() {
    for Stored { file, again, .. } in
        STORED.iter().filter(|it| ["state", "because", "plan", "outcome", "event"].contains(&it.file))
    {
        for (name, sample) in samples("present", file) {
            let mut later = sample.clone();
            later["of_a_later_version"] = json!({"some": ["thing"]});
            assert_eq!(again(&later, &mut Shown::default()).unwrap(), sample, "{file}: {name}");
        }
    }
    let later = [("because", "reason"), ("outcome", "outcome"), ("event", "event")];
    for (file, tag) in later {
        let stored = STORED.iter().find(|it| it.file == file).unwrap();
        assert!((stored.again)(&json!({tag: "of_a_later_version"}), &mut Shown::default()).is_err(), "{file}");
    }
}

/// All samples in a store, as the engine puts them there.
pub(crate) async fn save_all(store: &Sqlite) {
    let now = Timestamp::EPOCH + Duration::from_secs(3600);
    let monitor = |nth: usize| MonitorId(Uuid::from_u128(nth as u128));
    let reaction = ReactionId(Uuid::from_u128(1));
    let numbers = Numbers::of(&Reading {
        begun_at: now,
        took: Duration::from_millis(12),
        finding: Finding::Passing,
        words: Excerpt::default(),
        evidence: Evidence::None,
    });
    let (apps, formations, dynos, releases) =
        (present::<App>("app"), present("formation"), present("dynos"), present("releases"));
    let (been_up, one_offs, foreign) = (present("been_up"), present("one_offs"), present("foreign_changes"));
    let sighting = |nth: usize| Sighting {
        host: format!("127.0.0.1:{}", 5000 + nth).parse().unwrap(),
        app: apps[nth % apps.len()].clone(),
        formation: nth_of(&formations, nth),
        dynos: nth_of(&dynos, nth),
        releases: nth_of(&releases, nth),
        been_up: nth_of(&been_up, nth),
        one_offs: nth_of(&one_offs, nth),
        unsettled: None,
        foreign: nth_of(&foreign, nth),
        seen_at: now,
        formation_at: None,
        releases_at: None,
    };
    let becauses = present::<Because>("because");
    let (plans, ranks, outcomes) = (present::<Plan>("plan"), present("rank"), present("outcome"));
    let request_ids = present("request_ids");
    // The table takes no run on an app that nobody looked at.
    let plans: Vec<Plan> = plans.into_iter().filter(|plan| plan.app().id.is_some()).collect();
    let (monitor_name, reaction_name): (MonitorName, ReactionName) =
        ("front door".parse().unwrap(), "more web".parse().unwrap());
    let actors = [
        Actor::Person { name: "ann".into() },
        Actor::Engine { monitor: monitor(1), monitor_name: monitor_name.clone(), episode: now },
    ];
    let node = NodeId(Uuid::from_u128(1));
    let run = |nth: usize| Run {
        id: RunId(Uuid::from_u128(nth as u128)),
        reaction,
        reaction_name: reaction_name.clone(),
        actor: nth_of(&actors, nth),
        because: nth_of(&becauses, nth),
        plan: nth_of(&plans, nth),
        rank: nth_of(&ranks, nth),
        queued_at: now,
        sent_at: None,
        request_ids: nth_of(&request_ids, nth),
        // Only one at a time is under way.
        state: match nth {
            ALL => RunState::Claimed { node, at: now },
            _ => RunState::Ended { at: now, outcome: nth_of(&outcomes, nth) },
        },
    };
    let remembered = |(nth, state)| Remembered { monitor: monitor(nth), watched: String::new(), state, covers: now };
    let holding = |(nth, because): (usize, &Because)| Holding {
        key: HoldingKey { monitor: monitor(nth), reaction },
        because: because.clone(),
        since: now,
        last_at: now,
        count: 1,
    };
    let entry = |event| Entry {
        app: Some("shop".parse().unwrap()),
        monitor: Some((monitor(1), monitor_name.clone())),
        reaction: Some((reaction, reaction_name.clone())),
        run: Some(RunId(Uuid::from_u128(1))),
        ..Entry::new(now, event)
    };
    let batch = Batch {
        readings: present::<Shape>("shape")
            .iter()
            .enumerate()
            .map(|(nth, shape)| (monitor(nth), shape.with(&numbers)))
            .collect(),
        states: present("state").into_iter().enumerate().map(remembered).collect(),
        holdings: becauses.iter().enumerate().map(holding).collect(),
        runs: (0..=ALL).map(run).collect(),
        sightings: (0..ALL).map(sighting).collect(),
        entries: present("event").into_iter().map(entry).collect(),
        incidents: incidents(now),
        tenure: None,
    };
    store.save(&batch).await.unwrap();
    // They end when something passes.
    let well = Reading {
        begun_at: now + Duration::from_secs(30),
        took: Duration::from_millis(12),
        finding: Finding::Passing,
        words: Excerpt::default(),
        evidence: Evidence::None,
    };
    let readings = (0..present::<Shape>("shape").len()).map(|nth| (monitor(nth), well.clone())).collect();
    store.save(&Batch { readings, ..Batch::default() }).await.unwrap();
    store.sweep(now + Duration::from_secs(2 * 3600)).await.unwrap();
    for scope in present("scope") {
        store.pause(&Pause { scope, at: now, until: None, by: "ann".into() }).await.unwrap();
    }
    let definition = Definition {
        id: Uuid::from_u128(1),
        name: "front door".into(),
        origin: Origin::File,
        kind: "http".into(),
        settings: json!({"url": "https://shop.example.com/"}),
        every: None,
    };
    store.define(&[definition], &[], now).await.unwrap();
    let (host, in_force) = (Excerpt::of("ops-1"), "# the file".to_owned());
    let sign = Sign { node, host, process: 1, since: now, own: Some(TextHash::of([in_force.as_str()])), in_force };
    store.appear(&sign, now).await.unwrap();
    let newer = "# another's file";
    store.go_by(node, newer, TextHash::of([newer]), Reads::Yes).await.unwrap();
    let app = "shop".parse().unwrap();
    let glimpse = Glimpse { host: ApiHost::default(), app, maintenance: false, release: None, seen_at: now };
    store.glimpsed(&[glimpse]).await.unwrap();
    store.hold(node, &[], &[Shard::FIRST], now).await.unwrap();
    save_people(store, now).await;
    save_telling(store, now).await;
}

/// What people are told.
async fn save_telling(store: &Sqlite, now: Timestamp) {
    let channel: ChannelName = "on call".parse().unwrap();
    let thread = |of: ThreadOf| Thread {
        key: ThreadKey::of(&channel, &of, now),
        channel: channel.clone(),
        of,
        opened_at: now,
        latest_at: now,
        sequence: 0,
        untold: Untold::Nothing,
        closed_at: None,
    };
    let threads: Vec<Thread> = present("thread_of").into_iter().map(thread).collect();
    let notice = |thread: &Thread| NewNotice {
        thread: thread.key.clone(),
        sequence: 0,
        channel: channel.clone(),
        about: "trouble".to_owned(),
        notice: json!({ "title": "shop" }),
        made_at: now,
    };
    let tell = Tell { notices: threads.iter().map(notice).collect(), threads: threads.clone(), ..Tell::default() };
    assert!(store.tell(store.told_so_far(now).await.unwrap().version, &tell).await.unwrap());
    let (sent, failed) = (&threads[0].key, &threads[1].key);
    for (key, tried) in [
        (sent, Tried::Sent { handle: Some(json!({ "slack": { "channel": "C1", "ts": "1.0" } })) }),
        (failed, Tried::GivenUp { why: "it answered 400".to_owned() }),
    ] {
        let claimed = store.claim_notice(key, 0, now, Duration::from_secs(60)).await.unwrap().unwrap();
        assert!(store.tried(key, 0, claimed.fence, &tried, now).await.unwrap());
    }
}

/// One that a monitor began and one that a run did, so that every column has something.
fn incidents(now: Timestamp) -> Vec<Incident> {
    let of = IncidentOf::App("shop".parse().unwrap());
    let first = FirstCause::Monitor { name: "front door".parse().unwrap(), cause: Some(Cause::Status) };
    let end = IncidentEnd { at: now + Duration::from_secs(60), by: EndedBy::Passing };
    let ended = Incident { of: of.clone(), began_at: now, first, end: Some(end) };
    let began_at = now + Duration::from_secs(90);
    let open = Incident { of, began_at, first: FirstCause::Run(RunId(Uuid::from_u128(1))), end: None };
    vec![ended, open]
}

/// Who may come in, and what was made in pages.
async fn save_people(store: &Sqlite, now: Timestamp) {
    let (by, until) = (Excerpt::of("ann"), now + Duration::from_secs(365 * 24 * 3600));
    let (user, secret) = (UserId(Uuid::from_u128(1)), SecretHash([7; 32]));
    let (name, password) = ("ann".parse().unwrap(), "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into());
    let new = NewUser { id: user, name, right: Right::Admin, password };
    assert!(store.add_user(&new, now, &[]).await.unwrap());
    let (address, agent) = (Excerpt::of("203.0.113.7"), Excerpt::of("a browser"));
    let session = NewSession { id: SessionId(Uuid::from_u128(1)), user, secret, until, address, agent };
    assert!(store.begin_session(&session, now).await.unwrap());
    let signal = Signal { at: now, kind: SignalKind::Failing, words: Excerpt::of("exit status 3") };
    store.note_signal(MonitorId(Uuid::from_u128(1)), &signal).await.unwrap();
    let (app, node) = ("shop".parse().unwrap(), NodeId(Uuid::from_u128(1)));
    store.note_slots(&[StoredSlot { app, at: now, node, told: vec![1, 2, 3] }]).await.unwrap();
    let (id, name) = (TokenId(Uuid::from_u128(1)), Excerpt::of("deploys"));
    let token = NewToken { id, name, right: Right::Operate, secret, created_by: by.clone(), until: Some(until) };
    assert!(store.make_token(&token, now, &[]).await.unwrap());
    store.key("badges", [9; 32]).await.unwrap();
    let (id, name, text) = (Uuid::from_u128(1), "page".into(), "kind = \"http_status\"".into());
    let piece = NewPiece { id, family: Family::Monitor, name, text, by };
    assert!(matches!(store.put_piece(&piece, None, now, &[]).await.unwrap(), Put::Stored(1)));
}

/// As many rows as the longest list of samples of a table has.
const ALL: usize = 200;

/// One after the other, and from the first again.
fn nth_of<T: Clone>(values: &[T], nth: usize) -> T {
    values[nth % values.len()].clone()
}

/// A store that has all samples, and a connection beside it.
async fn filled() -> (tempfile::TempDir, Sqlite, SqliteConnection) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("flyball.db");
    let store = Sqlite::open(&file).await.unwrap();
    save_all(&store).await;
    let beside = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    (directory, store, beside)
}

#[tokio::test]
async fn a_plan_that_does_not_name_its_api_is_on_that_of_its_row() {
    let (_directory, store, mut database) = filled().await;
    let runs = store.runs(&RunsPage::default()).await.unwrap();
    assert!(runs.len() > ALL, "{}", runs.len());
    // As they were written until schema 4.
    sqlx::query("UPDATE runs SET plan = json_remove(plan, '$.host')").execute(&mut database).await.unwrap();
    assert_eq!(store.runs(&RunsPage::default()).await.unwrap(), runs);
}

#[tokio::test]
async fn a_variant_of_a_later_version_is_an_error_that_names_its_row() {
    let (_directory, store, mut database) = filled().await;
    let later = r#"UPDATE runs SET because = '{"reason":"of_a_later_version"}'"#;
    sqlx::query(later).execute(&mut database).await.unwrap();
    let run = RunId(Uuid::from_u128(7));
    let error = store.run(run).await.unwrap_err();
    assert!(format!("{error:?}").contains(&format!("column `because` of run {run}")), "{error:?}");
}

#[tokio::test]
async fn every_column_that_holds_json_has_its_samples_and_holds_what_they_have() {
    let (_directory, _store, mut database) = filled().await;
    let columns = "SELECT tables.name, columns.name FROM sqlite_schema AS tables \
        JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' AND columns.type = 'TEXT'";
    let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&mut database).await.unwrap();
    let mut with_json = BTreeSet::new();
    for (table, column) in columns {
        let texts = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
        let texts: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(texts)).fetch_all(&mut database).await.unwrap();
        let name = format!("{table}.{column}");
        assert!(!texts.is_empty(), "{name} has nothing here: have `save_all` fill it, so that what it holds is seen");
        if texts.iter().any(|text| text.starts_with(['{', '[', '"'])) {
            with_json.insert(name.clone());
        }
        let Some(stored) = STORED.iter().find(|stored| stored.columns.contains(&name.as_str())) else { continue };
        let held: Vec<Value> =
            texts.into_iter().map(|text| serde_json::from_str(&text).unwrap_or(text.into())).collect();
        for (sample, value) in samples("present", stored.file) {
            let unknown_app = stored.file == "plan" && value.get("app_id").is_none();
            assert!(unknown_app || held.contains(&value), "{name} does not hold \"{sample}\": {value}");
        }
    }
    let listed = STORED.iter().flat_map(|stored| stored.columns).copied().filter(|name| *name != "runs.rank");
    let listed: BTreeSet<String> = listed.chain(NEVER_READ).map(str::to_owned).collect();
    assert_eq!(with_json, listed, "the columns that hold JSON, and those that are listed here");
    let page = include_str!("../../../../docs/ARCHITECTURE.md");
    for column in listed {
        assert!(page.contains(&format!("`{column}`")), "the table in docs/ARCHITECTURE.md does not name `{column}`");
    }
}
