//! The JSON of each view, pinned: programs elsewhere read it. A sample that differs is a change of the API.
//!
//! Each view is written out field by field, so that a field that is new does not compile here, and then wants its sample.
//! `UPDATE=1 cargo nextest run -p flyball-views samples` writes them.

#![expect(clippy::disallowed_methods, reason = "whoever runs the test says whether samples are written")]

use flyball_views::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::path::PathBuf;

/// A value of the model, from its JSON.
fn of<T: DeserializeOwned>(value: impl Into<Value>) -> T {
    let value = value.into();
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// A moment on the day of the samples.
fn at<T: DeserializeOwned>(clock: &str) -> T {
    of(format!("2026-03-04T{clock}Z"))
}

const RUN: &str = "0195a000-0000-7000-8000-000000000001";

fn reading() -> ReadingView {
    ReadingView {
        at: at("05:00:00"),
        took_ms: 120,
        verdict: of("failing"),
        cause: of("text"),
        words: of("has \"database error\""),
        evidence: of("none"),
    }
}

fn monitor() -> MonitorView {
    MonitorView {
        name: of("page"),
        kind: "http".into(),
        looks_at: "https://shop.example/".to_owned(),
        every: "30s".to_owned(),
        enabled: true,
        outside_hours: Some("outside its hours until Mon 08:00 Europe/Berlin".to_owned()),
        verdict: of("failing"),
        known_verdict: of("failing"),
        cause: of("text"),
        streak: 2,
        since: at("04:59:30"),
        unknown_in_a_row: 0,
        last: Some(reading()),
        apps: vec![of("shop")],
        reactions: vec![of("clean up")],
    }
}

fn run() -> RunView {
    RunView {
        id: of(RUN),
        reaction: of("more web"),
        app: of("shop"),
        plan: "web of shop from 2 to 3".to_owned(),
        because: "failing 2 times in a row".to_owned(),
        undoes: of(RUN),
        wanted_by: WantedBy::Monitor("page".to_owned()),
        queued_at: at("05:00:00"),
        sent_at: at("05:00:01"),
        ended_at: at("05:00:02"),
        state: "ended".into(),
        outcome: Some("refused".into()),
        words: "Heroku refused it: 422".to_owned(),
        refused_with: Some(422),
        request_ids: vec![of("7f3c2a")],
    }
}

fn reaction() -> ReactionView {
    ReactionView {
        name: of("more web"),
        kind: "scale_out".into(),
        app: of("shop"),
        account: of("default"),
        mode: of("act"),
        enabled: true,
        call_on: of("failing"),
        trigger: 2,
        cooldown: "10m".to_owned(),
        called_by: vec![of("page")],
        holdings: vec![HoldingView {
            monitor: of("page"),
            acted: false,
            reason: "disabled".into(),
            words: "it is switched off".to_owned(),
            since: at("04:00:00"),
            last_at: at("05:00:00"),
            count: Some(3),
        }],
        last_run: Some(run()),
        next: Next { at: at("05:10:02"), waits_for: None, words: "at the earliest at 05:10:02".to_owned() },
        gates: vec![
            GateView { gate: "enabled".into(), asks: "is it switched on?".into(), answered: Answered::Open },
            GateView { gate: "pause".into(), asks: "is it paused?".into(), answered: Answered::NotAsked },
        ],
    }
}

fn pause() -> PauseView {
    PauseView { scope: of(json!({ "app": "shop" })), at: at("04:00:00"), until: at("06:00:00"), by: "ann".to_owned() }
}

fn taken() -> Taken {
    Taken {
        taken_in: true,
        engine: EngineState::Running,
        host: of("one"),
        process: Some(7),
        since: at("00:00:00"),
        under_way: 0,
    }
}

fn line() -> HistoryLine {
    HistoryLine {
        number: 7,
        at: at("05:00:00"),
        app: of("shop"),
        monitor: of("page"),
        reaction: of("more web"),
        run: of(RUN),
        words: "\"more web\" will do this: web of shop from 2 to 3".to_owned(),
        tone: Tone::Acting,
        event: [("event".to_owned(), "queued".into()), ("plan".to_owned(), "web of shop from 2 to 3".into())]
            .into_iter()
            .collect(),
    }
}

fn call() -> Call {
    Call {
        method: "PATCH".to_owned(),
        path: "/apps/shop/formation/web".to_owned(),
        body: Some(json!({ "quantity": 3 })),
    }
}

fn outage() -> Outage {
    Outage {
        began_at: at("04:59:30"),
        ended_at: at("05:04:30"),
        lasted_s: 300.0,
        cause: of("text"),
        readings: 10,
        longest_silence_s: 30.5,
        then: of("passing"),
    }
}

fn status() -> Status {
    let app = AppView {
        name: of("shop"),
        maintenance: false,
        seen_at: at("05:00:00"),
        release: Some(RunningRelease { version: of(42), since: at("01:00:00"), seen_at: at("05:00:00") }),
        words: "runs v42".to_owned(),
    };
    let newer = NewerFile { of: "two:8".to_owned(), since: at("04:00:00"), is_read: true };
    let node = NodeView {
        name: "one:7".to_owned(),
        node: of(RUN),
        host: of("one"),
        process: 7,
        state: NodeState::Working,
        silent_ms: 900,
        shards: 64,
        monitors: 1,
        has_another_file: true,
        outdated_by: Some(newer),
    };
    let attention =
        Attention { need: Need::InDoubt, of: "more web".to_owned(), words: "nobody can know how it ended".to_owned() };
    Status {
        at: at("05:00:01"),
        engine: EngineState::Running,
        file_not_followed: None,
        pauses: vec![pause()],
        attention: vec![attention],
        apps: vec![app],
        monitors: vec![monitor()],
        reactions: vec![reaction()],
        open_runs: vec![run()],
        nodes: vec![node],
    }
}

fn why() -> Why {
    let part = |about, monitor, reaction| Part {
        about,
        sentences: vec!["it is failing since 04:59:30".to_owned()],
        monitor,
        reaction,
        readings: vec![reading()],
        runs: vec![run()],
    };
    let parts = vec![
        part(About::Monitor(of("page")), Some(monitor()), None),
        part(About::Reaction(of("more web")), None, Some(reaction())),
        part(About::App(of("shop")), None, None),
    ];
    Why { at: at("05:00:01"), engine: EngineState::Silent, pauses: vec![pause()], parts }
}

fn report() -> Report {
    let monitor = MonitorReport {
        name: of("page"),
        uptime: Some(0.99),
        passing_s: 85_000.5,
        failing_s: 300.0,
        unknown_s: 60.0,
        unwatched_s: 0.0,
        readings: 2880,
        took_ms: Some(Percentiles { p50: 100.0, p95: 200.5, p99: 300.0 }),
        steps_ms: Steps { name: Some(1.0), connect: Some(2.0), tls: Some(3.5), first_byte: None },
        outages: Outages { count: 1, longest_s: 300.0, total_s: 300.0, list: Some(vec![outage()]) },
    };
    Report { since: at("00:00:00"), until: at("23:00:00"), monitors: vec![monitor], cures: vec![cure()] }
}

fn cure() -> CureView {
    CureView { reaction: of("more web"), cause: of("text"), cured: 1, of: 2 }
}

fn series() -> SeriesView {
    let point = SeriesPoint {
        at: at("05:00:00"),
        passing_s: 270.0,
        failing_s: 30.0,
        unknown_s: 0.0,
        readings: 10,
        p50_ms: Some(120.5),
        p95_ms: Some(300.0),
        number: Some(SeriesNumber { least: 3.0, mean: 8.125, most: 21.0, incomplete: 1 }),
    };
    let measures = SeriesUnit {
        unit: "/s".to_owned(),
        levels: vec![SeriesLevel { value: 20.0, words: "above 20 a second".to_owned() }],
    };
    let mark = SeriesMark {
        at: at("05:00:02"),
        kind: MarkKind::Effect,
        words: "\"more web\": web of shop from 2 to 3".to_owned(),
        run: of(RUN),
        reaction: of("more web"),
    };
    SeriesView {
        monitor: of("page"),
        since: at("04:00:00"),
        until: at("06:00:00"),
        step_s: 300,
        points: vec![point],
        spells: vec![SpellView { verdict: of("failing"), spell: outage() }],
        marks: vec![mark],
        threshold_ms: Some(2000),
        measures: Some(measures),
        has_earlier: true,
    }
}

fn app_story() -> AppStory {
    let dyno = DynoView {
        name: of("web.1"),
        process_type: of("web"),
        state: "up".to_owned(),
        size: of("Standard-1X"),
        release: of(42),
        created_at: at("01:00:00"),
        state_since: at("01:00:10"),
    };
    let release = ReleaseView {
        version: of(42),
        origin: of(40),
        content: of(json!({ "slug": "a1" })),
        description: "Rollback to v40".to_owned(),
        by: Some("ann@shop.example".to_owned()),
        at: at("01:00:00"),
        current: true,
        ours: false,
        left: false,
    };
    let limit = LimitView {
        reaction: of("more web"),
        process_type: of("web"),
        setting: "max_quantity".into(),
        value: "5".to_owned(),
    };
    let foreign = ForeignView {
        at: at("03:00:00"),
        change: of(json!({ "changed": "quantity", "process_type": "web", "from": 1, "to": 2 })),
        words: "web from 1 to 2".to_owned(),
        by: of("ann"),
    };
    let step = FormationStep {
        at: at("03:00:00"),
        process_type: of("web"),
        quantity: of(2),
        by: StepBy::Others,
        run: of(RUN),
    };
    AppStory {
        app: of("shop"),
        since: at("00:00:00"),
        until: at("06:00:00"),
        seen_at: at("05:59:00"),
        formation_at: at("05:59:00"),
        releases_at: at("05:59:00"),
        formation: vec![ProcessView { process_type: of("web"), quantity: of(2), size: of("Standard-1X") }],
        dynos: vec![dyno],
        releases: vec![release],
        limits: vec![limit],
        foreign: vec![foreign],
        open_runs: Vec::new(),
        runs: vec![run()],
        steps: vec![step],
        hours: vec![DynoHours { process_type: of("web"), dyno_hours: 12.0, size: of("Standard-1X"), usd: Some(0.42) }],
        words: "runs v42".to_owned(),
    }
}

fn run_story() -> RunStory {
    RunStory {
        run: run(),
        sentences: vec!["\"page\" was failing 2 times in a row".to_owned()],
        monitor: of("page"),
        readings: vec![reading()],
        undone_by: of(RUN),
        cannot_undo: Some("Heroku refused it, so there is nothing to undo".to_owned()),
        lines: vec![line()],
        basis: vec!["web was 2".to_owned()],
        calls: vec![call()],
        helped: Some(Helped::Yes { after_s: 30 }),
    }
}

fn incident() -> IncidentView {
    IncidentView {
        number: 12,
        app: of("shop"),
        monitor: of("page"),
        cause: of("text"),
        run: None,
        began_at: at("04:59:30"),
        ended_at: at("05:04:30"),
        ended_by: of("passing"),
        lasted_s: 300.0,
        words: "incident 12 of shop, 5m long: \"page\" failed first (text); it ended when all passed".to_owned(),
    }
}

fn incident_story() -> IncidentStory {
    let failure = IncidentFailure {
        monitor: of("page"),
        failed_at: at("04:59:30"),
        passed_at: at("05:04:30"),
        cause: of("text"),
        words: "has \"database error\"".to_owned(),
    };
    IncidentStory {
        incident: incident(),
        sentences: vec!["Nothing was done.".to_owned()],
        failures: vec![failure],
        runs: vec![RunHelped { run: run(), helped: Some(Helped::No) }],
        in_the_way: vec!["\"more web\" holds still at readings of \"page\": it is switched off.".to_owned()],
        told: vec![notice()],
        lines: vec![line()],
    }
}

fn notice() -> NoticeView {
    let mut notice = NoticeView {
        channel: of("on call"),
        thread: "incident-0b6e7d2a".to_owned(),
        sequence: 0,
        about: "trouble".into(),
        title: "shop".to_owned(),
        what_is_wrong: "\"page\" has been failing for 15s: has \"database error\".".to_owned(),
        incidents: vec![12],
        made_at: at("04:59:45"),
        state: "sent".into(),
        at: at("04:59:46"),
        tries: 1,
        why: None,
        words: String::new(),
    };
    notice.words = notice.in_words();
    notice
}

fn token() -> TokenView {
    TokenView {
        id: RUN.to_owned(),
        name: of("deploy script"),
        scope: "operate".into(),
        created_at: at("00:00:00"),
        created_by: of("ann"),
        until: at("23:00:00"),
        seen_at: at("05:00:00"),
    }
}

/// Compares a view with its sample, and reads it back.
fn pinned<T: Serialize + DeserializeOwned + PartialEq + Debug>(wrong: &mut Vec<String>, name: &str, view: &T) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples").join(format!("{name}.json"));
    let written = serde_json::to_string_pretty(view).expect("a view is plain values") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &written).expect("the sample is written");
    }
    let sample = std::fs::read_to_string(&file).unwrap_or_default();
    if sample != written {
        wrong.push(format!("{name} is written otherwise than its sample: this is a change of the API\n{written}"));
        return;
    }
    match serde_json::from_str::<T>(&sample) {
        Ok(read) if read == *view => {}
        Ok(read) => wrong.push(format!("{name} is read back as another: {read:?}")),
        Err(error) => wrong.push(format!("{name} is not read back: {error}")),
    }
}

#[test]
fn samples_are_what_is_written_and_are_read_back() {
    let mut wrong = Vec::new();
    let all = &mut wrong;
    pinned(all, "status", &status());
    pinned(all, "why", &why());
    pinned(all, "report", &report());
    pinned(all, "page", &Page { items: vec![line()], before: Some("7".to_owned()), after: Some("8".to_owned()) });
    pinned(all, "series", &series());
    pinned(all, "run_story", &run_story());
    pinned(all, "app_story", &app_story());
    pinned(all, "incident_story", &incident_story());
    pinned(all, "notice", &notice());
    let story = ReactionStory {
        reaction: reaction(),
        runs: vec![RunHelped { run: run(), helped: Some(Helped::Shared) }, RunHelped { run: run(), helped: None }],
        cured: 1,
        of: 2,
        cures: vec![cure()],
        sentences: vec!["it helped 1 of 2 times".to_owned()],
    };
    pinned(all, "reaction_story", &story);
    let slot = UptimeSlot { passing: 0.9, failing: 0.1, unknown: 0.0 };
    let (day, week) = (Some(0.99), Some(0.999));
    pinned(all, "uptime", &UptimeView { monitor: of("page"), slots: vec![slot], day, week, quarter: None });
    let hint = Some("`timeout` in flyball.toml".to_owned());
    let looks_at = "https://shop.example/".to_owned();
    pinned(all, "checked", &Checked { monitor: of("page"), looks_at, reading: reading(), hint });
    let url = "https://flyball.example.com/api/v1/hooks/00112233445566778899aabbccddeeff".to_owned();
    pinned(all, "hook", &HookView { monitor: of("nightly"), url });
    let url = "https://flyball.example.com/drain/00112233445566778899aabbccddeeff".to_owned();
    pinned(all, "drain", &DrainView { app: of("shop"), url, judoscale: None, hirefire: None });
    let paused = Paused { scope: of("everything"), until: at("06:00:00"), by: "ann".to_owned() };
    pinned(all, "pause_told", &PauseTold { paused, taken: taken() });
    let resumed =
        Resumed { scope: of(json!({ "reaction": "more web" })), was_paused: true, still_paused: vec![pause()] };
    pinned(all, "resume_told", &ResumeTold { resumed, taken: taken() });
    let reacted = Reacted {
        reaction: of("more web"),
        undoes: of(RUN),
        plan: Some("web of shop from 2 to 3".to_owned()),
        calls: vec![call()],
        holds: Some(Held { reason: "disabled".into(), words: "it is switched off".to_owned() }),
        only_tells: Some("the file says `mode = \"dry_run\"`".to_owned()),
        run: Some(run()),
    };
    pinned(all, "reacted", &reacted);
    let drift_run = DriftRun {
        id: of(RUN),
        plan: "web of shop from 2 to 3".to_owned(),
        at: at("05:00:01"),
        undo: Some(format!("flyball undo {RUN}")),
    };
    let release = ReleaseDrift {
        theirs: of(43),
        by: Some("ann@example.com".to_owned()),
        current: of(44),
        content_of: of(42),
        drifted: true,
        runs: vec![drift_run.clone()],
    };
    let process = ProcessDrift {
        process_type: of("web"),
        what: "quantity".into(),
        theirs: "2".to_owned(),
        now: "3".to_owned(),
        drifted: true,
        runs: vec![drift_run],
    };
    let plan = "run `clean` once on shop, for 10m at most".to_owned();
    let one_off = OneOffView { run: of(RUN), plan, dyno: of("run.1234"), since: at("05:00:01") };
    let drift = Drift {
        app: of("shop"),
        seen_at: at("05:00:00"),
        drifted: true,
        release: Some(release),
        processes: vec![process],
        one_offs: vec![one_off],
        sentences: vec!["The quantity of web is 3, and was 2 as others had it.".to_owned()],
    };
    pinned(all, "drift", &drift);
    let (name, file) = ("ann".to_owned(), "flyball.toml".to_owned());
    pinned(all, "me", &Me { name, scope: Some("admin".into()), is_known: true, version: "0.1.0".into(), file });
    let user = UserView {
        name: "ann".to_owned(),
        scope: "admin".into(),
        role: "admin".into(),
        created_at: at("00:00:00"),
        changed_at: at("01:00:00"),
    };
    pinned(all, "user", &user);
    let session = SessionView {
        id: RUN.to_owned(),
        user: "ann".to_owned(),
        created_at: at("00:00:00"),
        seen_at: at("01:00:00"),
        until: at("23:00:00"),
        address: of("192.0.2.1"),
        agent: of("Firefox"),
    };
    pinned(all, "session", &session);
    pinned(all, "token_made", &TokenMade { token: "flyball_00".to_owned(), view: token() });
    let definition = DefinitionView {
        family: "monitor".into(),
        name: "page".to_owned(),
        kind: Some("http".into()),
        origin: DefinitionOrigin::Pages,
        file: None,
        toml: "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://shop.example/\" }\n".to_owned(),
        version: "7".to_owned(),
        changed_at: at("04:00:00"),
        changed_by: of("ann"),
    };
    pinned(all, "definition", &definition);
    let title = "something is failing".to_owned();
    pinned(all, "headline", &Headline { verdict: of("failing"), title, sentences: vec!["page is failing".to_owned()] });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
