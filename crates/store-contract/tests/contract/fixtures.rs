//! Values to store: short to write, whole in what they hold.

use flyball_model::{
    AccountName, Actor, ApiHost, App, AppId, AppName, Because, Cause, DynoId, Effect, EngineEvent, Entry, Event,
    Evidence, Excerpt, Finding, HerokuApp, HttpEvidence, Look, MonitorId, MonitorName, MonitorState, NodeId, Outcome,
    Phases, Plan, ProcessType, Quantity, Rank, ReactionId, ReactionName, Reading, ReleaseId, ReleaseVersion, Run,
    RunId, RunState, Standing, Subject, Timestamp, Unclear, Verdict, WhyInDoubt,
};
use flyball_store::{Batch, Claim, Fence, MarkSent, Pause, Remembered, SeenOneOff, Sighting, Store, Unsettled};
use std::time::Duration;
use uuid::Uuid;

pub(crate) const LEASE: Duration = Duration::from_secs(30);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// So many seconds after nine on a day in 2026.
pub(crate) fn at(seconds: u64) -> Timestamp {
    "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_secs(seconds)
}

pub(crate) fn node(number: u128) -> NodeId {
    NodeId(Uuid::from_u128(number))
}

pub(crate) fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

/// An app of this name as a subject; with an id, one that was looked at.
pub(crate) fn subject(name: &str, id: Option<&str>) -> Subject {
    let (host, account) = (ApiHost::default(), AccountName::default());
    Subject::HerokuApp(HerokuApp { host, account, name: app(name), id: id.map(AppId::new) })
}

/// The same, at another API.
pub(crate) fn elsewhere(subject: &Subject) -> Subject {
    let Subject::HerokuApp(app) = subject;
    Subject::HerokuApp(HerokuApp { host: "127.0.0.1:5000".parse().unwrap(), ..app.clone() })
}

pub(crate) fn monitor(name: &str) -> (MonitorId, MonitorName) {
    let name: MonitorName = name.parse().unwrap();
    (MonitorId::of(&name), name)
}

pub(crate) fn reaction_name(name: &str) -> ReactionName {
    name.parse().unwrap()
}

pub(crate) fn reaction(name: &str) -> ReactionId {
    ReactionId::of(&reaction_name(name))
}

/// A run of a reaction on the app `shop`, queued `number` seconds after nine, which is also its id.
pub(crate) fn run(number: u64, of: &str) -> Run {
    let (monitor, monitor_name) = monitor("front door");
    Run {
        id: RunId(Uuid::from_u128(u128::from(number) + 1)),
        reaction: reaction(of),
        reaction_name: reaction_name(of),
        actor: Actor::Engine { monitor, monitor_name, episode: at(0) },
        because: Because::Matched { verdict: Verdict::Failing, streak: 2, cause: Some(Cause::Status) },
        plan: Plan {
            subject: subject("shop", Some("id-of-shop")),
            effect: Effect::SetQuantity {
                process_type: ProcessType::web(),
                from: Quantity::new(1),
                to: Quantity::new(2),
            },
            seen_at: at(number),
            gist: "web=1:Standard-1X".into(),
            restores: None,
        },
        rank: Rank::Out,
        queued_at: at(number),
        sent_at: None,
        request_ids: Vec::new(),
        state: RunState::Queued,
    }
}

/// The same, on another app.
pub(crate) fn on(name: &str, mut run: Run) -> Run {
    run.plan.subject = subject(name, Some(&format!("id-of-{name}")));
    run
}

/// The same, starting a one-off dyno.
pub(crate) fn one_off(mut run: Run) -> Run {
    run.rank = Rank::OneOff;
    run.plan.effect = Effect::RunOneOff {
        command: "bin/rails db:cleanup".into(),
        size: None,
        time_to_live: HOUR,
        env: std::collections::BTreeMap::new(),
        present: Vec::new(),
    };
    run
}

/// The same, rolling back.
pub(crate) fn rollback(mut run: Run) -> Run {
    run.rank = Rank::RollBack;
    run.plan.effect = Effect::RollBack {
        from: ReleaseVersion::new(12),
        origin: ReleaseVersion::new(12),
        to: ReleaseVersion::new(11),
        release: ReleaseId::new("r11"),
    };
    run
}

pub(crate) fn done() -> Outcome {
    Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None }
}

pub(crate) fn released(version: u64) -> Outcome {
    Outcome::Done { seen: Look::Answered, release: Some(ReleaseVersion::new(version)), dyno: None, dyno_name: None }
}

pub(crate) fn refused() -> Outcome {
    Outcome::Refused { status: 422, id: "invalid_params".into(), why: "this size allows 1".into() }
}

pub(crate) fn reading(begun_at: Timestamp, finding: Finding) -> Reading {
    let http = HttpEvidence {
        status: Some(503),
        excerpt: Some(Excerpt::of("it's \"down\"; DROP TABLE readings; -- é 🙂")),
        phases: Phases { total_ms: 80, ..Phases::default() },
        ..HttpEvidence::default()
    };
    Reading {
        begun_at,
        took: Duration::from_micros(80_250),
        finding,
        words: Excerpt::of("answered 503, wanted 2xx"),
        evidence: Evidence::Http(http),
    }
}

pub(crate) fn remembered(of: &str, streak: u32) -> Remembered {
    let standing = Standing {
        verdict: Verdict::Failing,
        cause: Some(Cause::Status),
        streak,
        since: at(0),
        known_at: at(u64::from(streak)),
        begun: (0..streak).map(|second| at(u64::from(second))).collect(),
    };
    Remembered {
        monitor: monitor(of).0,
        watched: "https://shop.example.com/".into(),
        state: MonitorState { standing: Some(standing), last_at: Some(at(9)), unknown_in_a_row: 1 },
        covers: at(9),
    }
}

pub(crate) fn sighting(name: &str, id: &str, seen_at: Timestamp) -> Sighting {
    Sighting {
        host: ApiHost::default(),
        app: App { id: AppId::new(id), name: app(name), ..flyball_model::testing::app() },
        formation: Vec::new(),
        dynos: Vec::new(),
        releases: Vec::new(),
        been_up: Vec::new(),
        one_offs: vec![SeenOneOff { id: DynoId::new("run"), gone_at: Some(at(2)) }],
        unsettled: Some(Unsettled { at: at(3), from: at(1) }),
        foreign: Vec::new(),
        seen_at,
        formation_at: None,
        releases_at: None,
    }
}

pub(crate) fn in_doubt() -> Outcome {
    Outcome::InDoubt { why: WhyInDoubt::Unclear { seen: Unclear::NoOneOff } }
}

pub(crate) fn said(at: Timestamp, words: &str) -> Entry {
    Entry::new(at, Event::Engine { happened: EngineEvent::Told(words.into()) })
}

/// A batch of new runs.
pub(crate) fn runs(runs: impl IntoIterator<Item = Run>) -> Batch {
    Batch { runs: runs.into_iter().collect(), ..Batch::default() }
}

pub(crate) fn pause(scope: flyball_model::PauseScope, at: Timestamp, until: Option<Timestamp>) -> Pause {
    Pause { scope, at, until, by: "ada".into() }
}

/// Saves a run and claims it for node 1.
pub(crate) async fn claimed(store: &impl Store, run: Run) -> Fence {
    let (id, queued_at) = (run.id, run.queued_at);
    store.save(&runs([run])).await.unwrap();
    claim(store, id, queued_at).await
}

/// Claims a run for node 1.
pub(crate) async fn claim(store: &impl Store, run: RunId, now: Timestamp) -> Fence {
    match store.claim(run, node(1), &[], now, LEASE).await.unwrap() {
        Claim::Claimed(claimed, fence) => {
            assert_eq!(claimed.id, run);
            fence
        }
        other => panic!("{other:?}"),
    }
}

/// Saves, claims and marks a run: its call has been sent at its own time.
pub(crate) async fn sent(store: &impl Store, run: Run) -> Fence {
    let (id, now) = (run.id, run.queued_at);
    let fence = claimed(store, run).await;
    let look_at = now + Duration::from_secs(40);
    assert_eq!(store.mark_sent(id, fence, now, look_at).await.unwrap(), MarkSent::Go);
    fence
}

/// The whole life of a run, up to an outcome one second after it was queued.
pub(crate) async fn ended(store: &impl Store, run: Run, outcome: &Outcome) {
    let (id, now) = (run.id, run.queued_at + Duration::from_secs(1));
    let fence = sent(store, run).await;
    assert!(store.end(id, fence, now, outcome, &[], &[]).await.unwrap());
}
