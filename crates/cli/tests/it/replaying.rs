//! `replay` and `suggest`: what would have been, from what an engine left in the store.

use crate::remote::still;
use crate::support::{Ended, Stage, Way, now};
use flyball_decide::Sighting;
use flyball_model::{
    Actor, Amount, ApiHost, App, AppId, Because, DynoSize, Effect, Entry, Event, Evidence, Excerpt, Finding,
    Generation, HerokuApp, Look, Measured, MonitorId, MonitorName, NodeId, Outcome, Plan, ProcessFormation,
    ProcessType, Quantity, Rank, ReactionId, ReactionName, Reading, Run, RunId, RunState, Subject, Timestamp, Unit,
};
use flyball_signals::{SLOT, Slot, Tally, Times};
use flyball_store::{Batch, Claim, Loop as _, Runs as _, Slots as _, Sqlite, StoredSlot};
use std::time::Duration;
use uuid::Uuid;

pub(crate) const FILE: &str = "[receive.apps.shop]\n\
    [[monitor]]\nname = \"shop is busy\"\nevery = \"10s\"\n\
    heroku_router = { app = \"shop\", measure = \"requests\" }\nreactions = [\"enough web\"]\n\
    [[monitor]]\nname = \"page\"\nevery = \"10s\"\nhttp = { url = \"PAGE\" }\nreactions = [\"anew\"]\n\
    [[reaction]]\nname = \"enough web\"\n\
    scale_to = { app = \"shop\", per_dyno = 10, min_quantity = 2, max_quantity = 8 }\n\
    [[reaction]]\nname = \"anew\"\ntrigger = 2\nrestart_all_dynos = { app = \"shop\" }\n";

/// How many requests come in a second: a wave over four hours, between 10 and 50.
fn load(at: Timestamp) -> u64 {
    let nth = at.as_millis() / 10_000 % 1440;
    let rise = u64::try_from(if nth < 720 { nth } else { 1440 - nth }).unwrap();
    10 + rise * 40 / 720
}

fn web(quantity: u32) -> ProcessFormation {
    let size = DynoSize::new("Standard-1X");
    ProcessFormation { process_type: ProcessType::web(), quantity: Quantity::new(quantity), size }
}

fn app() -> App {
    App {
        id: AppId::new("id-of-shop"),
        name: "shop".parse().unwrap(),
        maintenance: false,
        generation: Generation::Cedar,
        shield: false,
        web_url: None,
    }
}

/// What an engine would have left that listened for six hours until now, to an app with two dynos that carry 15 requests a second each:
/// its slots, the readings of the last three hours, what was seen, and one run, which gave it a third dyno an hour ago.
pub(crate) async fn recorded(stage: &Stage) -> Timestamp {
    let until = Slot::start_of(now());
    let store = Sqlite::open(&stage.path("flyball.db")).await.unwrap();
    let host: ApiHost = stage.sim.url().trim_start_matches("http://").parse().unwrap();
    let (begins, asked) = (until - Duration::from_hours(6), until - Duration::from_hours(3));
    let mut slots = Vec::new();
    let mut readings = Vec::new();
    let mut at = begins;
    while at < until {
        let (requests, dynos) = (load(at) * 10, if at < until - Duration::from_hours(1) { 2 } else { 3 });
        let millis = if load(at) > 15 * dynos { 900 } else { 200 };
        let mut service = Times::default();
        (0..requests).for_each(|_| service.add(Duration::from_millis(millis)));
        let tally = Tally { requests, service_ms: requests * millis, service, ..Tally::default() };
        let slot = Slot { lines: requests, series: [(String::new(), tally)].into(), ..Slot::default() };
        let (app, node) = ("shop".parse().unwrap(), NodeId(Uuid::nil()));
        slots.push(StoredSlot { app, at, node, told: slot.to_bytes() });
        if at >= asked {
            #[expect(clippy::cast_precision_loss, reason = "a load is below a hundred")]
            let amount = Amount::new(load(at) as f64, Unit::PerSecond);
            let measured = Measured { amount, complete: true, few: false, dynos: None };
            let busy = Reading {
                begun_at: at,
                took: Duration::from_millis(3),
                finding: Finding::Passing,
                words: Excerpt::default(),
                evidence: Evidence::Measured(measured),
            };
            let fails = at.since(asked).as_secs() < 60;
            let finding = if fails { Finding::Failing(flyball_model::Cause::Status) } else { Finding::Passing };
            let page = Reading { finding, evidence: Evidence::None, ..busy.clone() };
            let id = |name: &str| MonitorId::of(&name.parse::<MonitorName>().unwrap());
            readings.extend([(id("shop is busy"), busy), (id("page"), page)]);
        }
        at = at + SLOT;
    }
    for some in slots.chunks(500) {
        store.note_slots(some).await.unwrap();
    }
    let seen = |quantity, seen_at| Sighting {
        host: host.clone(),
        app: app(),
        formation: vec![web(quantity)],
        dynos: Vec::new(),
        releases: Vec::new(),
        been_up: Vec::new(),
        one_offs: Vec::new(),
        unsettled: None,
        foreign: Vec::new(),
        seen_at,
        formation_at: Some(seen_at),
        releases_at: None,
    };
    let stepped_at = until - Duration::from_hours(1);
    let run = run(&host, stepped_at);
    let mut entry = Entry::new(stepped_at, Event::Ended { plan: run.plan.summary(), outcome: done() });
    entry.app = Some("shop".parse().unwrap());
    entry.reaction = Some((run.reaction, run.reaction_name.clone()));
    entry.run = Some(run.id);
    let sightings = vec![seen(3, until - Duration::from_mins(30))];
    store.save(&Batch { readings, sightings, runs: vec![run.clone()], ..Batch::default() }).await.unwrap();
    let (node, minute) = (NodeId(Uuid::nil()), Duration::from_secs(60));
    let Claim::Claimed(_, fence) = store.claim(run.id, node, &[], stepped_at, minute).await.unwrap() else {
        panic!("nobody else is there")
    };
    store.mark_sent(run.id, fence, stepped_at, stepped_at + minute).await.unwrap();
    assert!(store.end(run.id, fence, stepped_at, &done(), &[], &[entry]).await.unwrap());
    store.close().await;
    asked
}

fn done() -> Outcome {
    Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None }
}

fn run(host: &ApiHost, at: Timestamp) -> Run {
    let name: ReactionName = "enough web".parse().unwrap();
    let subject = Subject::HerokuApp(HerokuApp {
        host: host.clone(),
        account: "default".parse().unwrap(),
        name: "shop".parse().unwrap(),
        id: Some(app().id),
    });
    let (from, to) = (Quantity::new(2), Quantity::new(3));
    let effect = Effect::SetQuantity { process_type: ProcessType::web(), from, to };
    let monitor_name: MonitorName = "shop is busy".parse().unwrap();
    Run {
        id: RunId(Uuid::from_u128(7)),
        reaction: ReactionId::of(&name),
        reaction_name: name,
        actor: Actor::Engine { monitor: MonitorId::of(&monitor_name), monitor_name, episode: at },
        because: Because::LoadNeeds { load: Amount::new(23.0, Unit::PerSecond), needed: to },
        plan: Plan { subject, effect, seen_at: at, gist: String::new(), restores: None },
        rank: Rank::To,
        queued_at: at,
        sent_at: None,
        request_ids: Vec::new(),
        state: RunState::Queued,
    }
}

#[tokio::test]
async fn a_reaction_is_played_over_what_was_recorded_as_it_is_and_with_other_settings() {
    let stage = Stage::new().await;
    stage.write(FILE);
    recorded(&stage).await;

    let plain = stage.json(&["replay", "enough web"]).await;
    assert_eq!((&plain["exact"], &plain["did"]["acted"]), (&true.into(), &1.into()), "{plain}");
    assert!(plain["from_slots"].as_u64() > Some(1000), "the drain was there before the monitor: {plain}");
    let hours = |replay: &serde_json::Value, side: &str| replay[side]["dyno_hours"].as_f64().unwrap();
    let short = |replay: &serde_json::Value, side: &str| replay[side]["short_minutes"].as_f64().unwrap();
    assert!((hours(&plain, "did") - 13.0).abs() < 0.2, "two dynos for five hours and three for one: {plain}");
    assert!(hours(&plain, "would") > hours(&plain, "did") && short(&plain, "would") < short(&plain, "did"), "{plain}");
    assert!(plain["would"]["usd"].as_f64() > plain["did"]["usd"].as_f64(), "{plain}");
    let first = &plain["acts"][0];
    assert!(first["plan"].as_str().unwrap().starts_with("web of shop from 2 to "), "{plain}");
    assert!(first["because"].as_str().unwrap().contains("dynos"), "{plain}");
    assert!(plain["differing"].as_u64() > Some(1), "{plain}");

    let fewer =
        stage.json(&["replay", "enough web", "--since", "3h", "--with", "max_quantity=3", "stabilize=10m"]).await;
    assert_eq!(fewer["from_slots"], 0, "{fewer}");
    let acts = fewer["acts"].as_array().unwrap();
    assert!(acts.iter().all(|act| !act["plan"].as_str().unwrap().ends_with("to 4")), "{fewer}");
    assert!(short(&fewer, "would") > 0.0, "{fewer}");

    let text = stage.run(&["replay", "enough web"]).await;
    assert_eq!(text.code, Some(0), "{text:?}");
    for words in ["It would have acted ", "then it acted once.", "would: web of shop from 2 to ", "then: nothing", "($"]
    {
        assert!(text.stdout.contains(words), "{words}: {}", text.stdout);
    }
}

#[tokio::test]
async fn what_goes_by_verdicts_is_played_as_it_was() {
    let stage = Stage::new().await;
    stage.write(FILE);
    recorded(&stage).await;
    let plain = stage.json(&["replay", "anew"]).await;
    assert_eq!((&plain["exact"], &plain["did"]["acted"]), (&false.into(), &0.into()), "{plain}");
    // Each restart wants two readings of its own: of six that fail there are three.
    assert_eq!(plain["would"]["acted"], 3, "{plain}");
    let once = stage.json(&["replay", "anew", "--with", "cooldown=1h"]).await;
    assert_eq!((&once["would"]["acted"], &once["acts"][0]["plan"]), (&1.into(), &"restart every dyno of shop".into()));
    let text = stage.run(&["replay", "anew", "--with", "cooldown=1h"]).await.stdout;
    assert!(text.contains("as it was, not as it would have been") && text.contains("cooling down"), "{text}");
}

#[tokio::test]
async fn what_each_dyno_carries_is_suggested_with_what_it_would_have_cost() {
    let stage = Stage::new().await;
    stage.write(FILE);
    recorded(&stage).await;
    let told = stage.json(&["suggest", "shop is busy"]).await;
    let carries = &told["carries"];
    assert_eq!(carries["bounded"], true, "{told}");
    let per_dyno = carries["per_dyno"].as_f64().unwrap();
    assert!((12.0..=13.5).contains(&per_dyno), "fifteen less a tenth: {told}");
    assert!(told["would"]["short_minutes"].as_f64() < told["did"]["short_minutes"].as_f64(), "{told}");

    let text = stage.run(&["suggest", "shop is busy"]).await;
    assert_eq!(text.code, Some(0), "{text:?}");
    for words in
        ["requests did not wait", "Beyond that they waited.", "█ waits", "scale_to = { app = \"shop\", per_dyno = 13,"]
    {
        assert!(text.stdout.contains(words), "{words}: {}", text.stdout);
    }
    // What is printed can stand in the file.
    let snippet = told["snippet"].as_str().unwrap();
    let (above, _) = FILE.split_once("[[reaction]]").unwrap();
    let attached = above.replace("\"enough web\"", "\"enough web for shop\"");
    stage.write(&format!("{}\n{snippet}", attached.replace("reactions = [\"anew\"]\n", "")));
    let valid = stage.run(&["validate"]).await;
    assert_eq!(valid.code, Some(0), "{snippet}: {valid:?}");
}

#[tokio::test]
async fn what_stands_in_the_way_is_told() {
    let stage = Stage::new().await;
    stage.write(FILE);
    stage.make_database().await;
    for (arguments, code, words) in [
        (&["suggest", "shop is busy"][..], 1, "It says nothing yet: 0 minutes"),
        (&["suggest", "page"], 1, "a monitor with `heroku_router"),
        (&["suggest", "shop is bisy"], 1, "did you mean \"shop is busy\"?"),
        (&["replay", "enough web"], 1, "cannot be played: nothing is recorded"),
        (&["replay", "enough"], 1, "cannot find the reaction \"enough\""),
        (&["replay", "enough web", "--with", "max_quantity=1"], 78, "`min_quantity` is above `max_quantity`"),
        (&["replay", "enough web", "--with", "max_quantty=1"], 78, "did you mean `max_quantity`?"),
        (&["replay", "enough web", "--with", "max_quantity"], 2, "expected FIELD=VALUE"),
        (&["replay", "enough web", "--with", "name=x"], 2, "another reaction"),
        (&["replay", "enough web", "--with", "max_in=1", "max_in=2"], 2, "`max_in` is given twice"),
        (&["--server", "http://127.0.0.1:1", "replay", "enough web"], 75, "cannot reach http://127.0.0.1:1"),
    ] {
        let told = stage.run(arguments).await;
        let said = format!("{}{}", told.stdout, told.stderr);
        assert!(told.code == Some(code) && said.contains(words), "{arguments:?}: {told:?}");
    }
}

#[tokio::test]
async fn what_acts_on_what_was_never_seen_is_not_played() {
    let stage = Stage::new().await;
    stage.write(FILE);
    stage.make_database().await;
    let store = Sqlite::open(&stage.path("flyball.db")).await.unwrap();
    let measured = Measured { amount: Amount::new(40.0, Unit::PerSecond), complete: true, few: false, dynos: None };
    let busy = Reading {
        begun_at: now(),
        took: Duration::from_millis(3),
        finding: Finding::Passing,
        words: Excerpt::default(),
        evidence: Evidence::Measured(measured),
    };
    let id = MonitorId::of(&"shop is busy".parse::<MonitorName>().unwrap());
    store.save(&Batch { readings: vec![(id, busy)], ..Batch::default() }).await.unwrap();
    store.close().await;
    let told = stage.run(&["replay", "enough web"]).await;
    let said = "cannot be played: how many dynos its app had was never seen.";
    assert!(told.code == Some(1) && told.stdout.contains(said), "{told:?}");
}

#[tokio::test]
async fn a_server_plays_and_suggests_what_is_played_and_suggested_beside_the_engine() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FILE);
    let asked = recorded(&stage).await;
    // What a drain told is told anew from when it is asked for.
    let since = |asked: Timestamp| asked.to_string().get(..19).unwrap().replace('T', " ");
    let (whole, half) = (since(asked - Duration::from_hours(4)), since(asked - Duration::from_hours(2)));
    let _up = stage.serve().await;
    for (arguments, code, same) in [
        (
            &["replay", "enough web", "--utc", "--since", &whole][..],
            0,
            &["/from", "/exact", "/from_slots", "/would/acted", "/did/acted", "/acts"][..],
        ),
        (
            &["replay", "enough web", "--utc", "--since", &half, "--with", "max_quantity=3", "stabilize=10m"],
            0,
            &["/exact", "/would/acted", "/did/acted", "/acts", "/differing"],
        ),
        (&["replay", "anew", "--with", "cooldown=1h"], 0, &["/exact", "/would/acted", "/acts/0/plan"]),
        (&["suggest", "shop is busy"], 0, &["/carries", "/snippet", "/minutes", "/since", "/process_type"]),
        (&["suggest", "page"], 1, &[]),
        (&["suggest", "shop is bisy"], 1, &[]),
        (&["replay", "enough wbe"], 1, &[]),
    ] {
        let as_json = [&["--json"], arguments].concat();
        let (beside, afar, after) =
            (stage.run(&as_json).await, stage.afar(None, &as_json).await, stage.run(&as_json).await);
        assert_eq!((beside.code, afar.code), (Some(code), Some(code)), "{arguments:?}: {beside:?} {afar:?}");
        // The engine may look, or act, in between: then it is seen by whoever asks next.
        let same_of = |ended: &Ended| {
            let data: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
            same.iter().map(|place| data.pointer(place).cloned().expect(place)).collect::<Vec<_>>()
        };
        let is_same = [&beside, &after].iter().any(|beside| same_of(beside) == same_of(&afar));
        assert!(is_same, "{arguments:?}: {beside:?} {afar:?}");
        let hint = |ended: &Ended| ended.stderr.lines().find(|line| line.contains("did you mean")).map(str::to_owned);
        assert_eq!(hint(&beside), hint(&afar), "{arguments:?}");
        let (beside, afar, after) =
            (stage.run(arguments).await, stage.afar(None, arguments).await, stage.run(arguments).await);
        let is_same = [&beside, &after].iter().any(|beside| still(&beside.stdout) == still(&afar.stdout));
        assert!(is_same, "{arguments:?}: {beside:?} {afar:?}");
    }
    let wrong = stage.afar(None, &["replay", "enough web", "--with", "max_quantity=1", "max_inn=1"]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    for words in ["`min_quantity` is above `max_quantity`", "did you mean `max_in`?"] {
        assert!(wrong.stderr.contains(words), "{words}: {wrong:?}");
    }
}

#[tokio::test]
async fn one_replay_at_a_time_is_played_and_all_that_is_wrong_with_its_settings_is_told() {
    let stage = Stage::new().await.asking(Way::Beside);
    stage.write(FILE);
    recorded(&stage).await;
    let _up = stage.serve().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let base = format!("{}/api/v1", stage.server().trim_end_matches('/'));
    let ask = async |path: &str| client.get(format!("{base}{path}")).send().await.unwrap();
    for (path, status, words) in [
        ("/reactions/enough%20web/replay?since=soon", 400, &["`since` is neither a time"][..]),
        ("/reactions/enough%20web/replay?wiht=x", 400, &["unknown field"]),
        ("/reactions/enough%20wbe/replay", 404, &["did you mean"]),
        ("/monitors/page/suggestion", 404, &["cannot suggest anything by", "this is a http"]),
        ("/reactions/enough%20web/replay?with=six%0Aname=x", 422, &["expected FIELD=VALUE", "is another reaction"]),
        ("/reactions/enough%20web/replay?with=max_in=1%0D%0Amax_in=2", 422, &["`max_in` is given twice"]),
        (
            "/reactions/enough%20web/replay?with=max_quantity=six%0Amax_inn=1",
            422,
            &["max_quantity", "did you mean `max_in`?"],
        ),
    ] {
        let told = ask(path).await;
        assert_eq!(told.status(), status, "{path}");
        let told = told.text().await.unwrap();
        assert!(words.iter().all(|words| told.contains(words)), "{path}: {told}");
    }
    let once = || ask("/reactions/enough%20web/replay");
    let (first, second, third, fourth) = tokio::join!(once(), once(), once(), once());
    let told = [first, second, third, fourth];
    assert!(told.iter().any(|told| told.status() == 200), "somebody is the first");
    let later: Vec<_> = told.iter().filter(|told| told.status() != 200).collect();
    assert!(!later.is_empty(), "all were played at once");
    for told in later {
        assert_eq!((told.status().as_u16(), told.headers()["retry-after"].to_str().unwrap()), (429, "5"));
    }
    assert_eq!(ask("/monitors/shop%20is%20busy/suggestion").await.status(), 200, "the place is given back");
}
