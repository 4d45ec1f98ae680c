//! Undoing: what a run did is given back by a person's run, which goes the same way as any other; and what has no way back is
//! refused with the reason.

use crate::support::{Day, Scenario, front, lock, mins, one, reaction, secs, shop};
use flyball_engine::commands::{Considered, Known};
use flyball_heroku_sim::{AppEvent, DeploySpec, Fault, FaultKind, Maintenance};
use flyball_model::{Because, NoUndo, PauseScope, ReleaseVersion, RunId};

const MORE: &str = r#"scale_out = { app = "shop", max_quantity = 4 }"#;
const FEWER: &str = "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 1 }";
const LARGER: &str = r#"scale_up = { app = "shop", max_size = "standard-2x" }"#;
const BACK: &str = r#"rollback_release = { app = "shop", min_release = 4 }"#;
/// Called once, and quiet from then on.
const ONCE: &str = "fp";

/// Somebody asks for undoing a run, and agrees; the reason for holding, if it is held.
fn undo(day: &mut Day, run: RunId) -> Result<(), Because> {
    let engine = day.engine();
    day.asks(async move {
        match engine.consider_undoing(run).await.expect("the run is known, and the app is there") {
            Considered::Holds(because) => Err(because),
            Considered::Would(intent) => {
                engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
                Ok(())
            }
        }
    })
}

/// Why a run cannot be undone.
fn refused(day: &mut Day, run: RunId) -> NoUndo {
    match undo(day, run) {
        Err(Because::CannotUndo { why }) => *why,
        other => panic!("{other:?}"),
    }
}

/// A day on which a reaction has acted once, and its run.
fn acted(lines: &str, verdicts: &str) -> (Day, RunId) {
    let mut day = Scenario::of(shop()).file(one("it", lines)).front_reads(verdicts).begin();
    day.readings(1);
    let run = day.runs()[0].id;
    (day, run)
}

#[test]
fn each_effect_that_has_a_way_back_is_given_back_once_and_both_stories_name_the_other() {
    for (case, lines, verdicts, way_back) in [
        ("out", MORE, ONCE, "web=1"),
        ("in", FEWER, "pf", "web=3"),
        ("up", LARGER, ONCE, "web Standard-1X"),
        ("back", BACK, ONCE, "back to v5"),
    ] {
        let mut day = Scenario::of(shop()).file(one("it", lines)).front_reads(verdicts).begin();
        if case == "in" {
            day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 3 });
        }
        day.readings(1);
        assert_eq!(day.calls().len(), 1, "{case}: {:?}", day.timeline());
        let run = day.runs()[0].id;
        // What boots dynos anew waits until the app has settled.
        day.pass(mins(6));
        undo(&mut day, run).unwrap_or_else(|because| panic!("{case}: {because}"));
        day.work();
        assert_eq!(day.effects()[1..], [way_back], "{case}");
        assert_eq!(day.outcomes(), ["done", "done"], "{case}");
        let by = day.runs().into_iter().find(|other| other.id != run).expect("the undoing run");
        assert_eq!(by.because, Because::Undoes { run }, "{case}");
        assert_eq!(day.told(&format!("asked for by ada, to undo run {run}")).len(), 1, "{case}");

        let of_run = day.asks_reader(async |reader| reader.run_story(run).await).unwrap();
        let of_by = day.asks_reader(async |reader| reader.run_story(by.id).await).unwrap();
        assert_eq!((of_run.undone_by, of_by.run.undoes), (Some(by.id), Some(run)), "{case}");
        assert_eq!(refused(&mut day, run), NoUndo::UndoneBy { run: by.id }, "{case}");
        assert_eq!(refused(&mut day, by.id), NoUndo::IsUndo { of: run }, "{case}");
        if case == "back" {
            assert_eq!(day.release(), (7, 5), "its content is that of v5 again");
        }
    }
}

#[test]
fn what_somebody_changed_since_is_not_taken_back() {
    let (mut day, run) = acted(MORE, ONCE);
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 4 });
    let why = refused(&mut day, run).to_string();
    assert!(why.starts_with("web is 4 now, and not the 2 that the run made it; it was 1 before"), "{why}");
    assert!(why.contains("`heroku ps:scale web=1 --app shop`"), "{why}");

    let (mut day, run) = acted(LARGER, ONCE);
    day.pass(mins(6));
    day.happens(AppEvent::Resize { process: "web".to_owned(), size: "Performance-M".to_owned() });
    day.pass(mins(6));
    assert!(matches!(refused(&mut day, run), NoUndo::Size { .. }));

    let (mut day, run) = acted(BACK, ONCE);
    day.pass(mins(6));
    day.happens(AppEvent::Deploy(DeploySpec::new("mended")));
    day.pass(mins(6));
    assert!(matches!(refused(&mut day, run), NoUndo::ReleasedSince { .. }));
    assert_eq!(day.calls().len(), 1);
}

#[test]
fn rollbacks_are_undone_one_after_the_other_since_content_decides() {
    let deeper = r#"rollback_release = { app = "shop", max_steps = 2 }"#;
    let mut day = Scenario::of(shop()).file(one("it", deeper)).front_reads("ffp").begin();
    day.readings(2);
    assert_eq!(day.effects(), ["back to v4", "back to v3"]);
    let mut runs = day.runs();
    runs.sort_by_key(|run| run.id);
    let (first, second) = (runs[0].id, runs[1].id);
    day.pass(mins(6));
    assert!(matches!(refused(&mut day, first), NoUndo::LaterRollback { .. }));
    undo(&mut day, second).unwrap();
    day.pass(mins(6));
    assert_eq!(day.release().1, 4, "what ran between the two runs again");
    undo(&mut day, first).unwrap();
    day.work();
    assert_eq!(day.release().1, 5);
    assert_eq!(day.effects()[2..], ["back to v6", "back to v5"]);
}

#[test]
fn restarts_and_one_off_dynos_have_no_way_back() {
    for lines in [r#"restart_all_dynos = { app = "shop" }"#, r#"restart_dyno = { app = "shop", dyno = "web.1" }"#] {
        let (mut day, run) = acted(lines, ONCE);
        assert_eq!(refused(&mut day, run), NoUndo::Restarted);
    }
    let (mut day, run) = acted(r#"create_one_off_dyno = { app = "shop", command = "sleep" }"#, ONCE);
    let why = refused(&mut day, run).to_string();
    assert!(why.contains("still runs, and `heroku ps:stop run."), "{why}");
}

#[test]
fn what_was_not_done_has_nothing_to_undo_and_what_is_in_doubt_is_settled_first() {
    let trouble = |day: &Day, kind: FaultKind, method: &str| day.fault(Fault::new(kind).on(method, "*"));
    let last = |day: &Day| day.runs().pop().expect("a run").id;

    let mut day = Scenario::of(shop()).file(one("it", MORE)).front_reads("fp").begin();
    trouble(&day, FaultKind::Status(422), "PATCH");
    day.readings(1);
    let run = last(&day);
    assert_eq!(refused(&mut day, run), NoUndo::Refused);

    let mut day = Scenario::of(shop()).file(one("it", MORE)).front_reads("fp").begin();
    trouble(&day, FaultKind::CutBefore, "PATCH");
    day.readings(1);
    let run = last(&day);
    assert_eq!(refused(&mut day, run), NoUndo::NotEnded);
    day.pass(mins(2));
    assert_eq!(refused(&mut day, run), NoUndo::NotDone);

    let mut day = Scenario::of(shop()).file(one("it", MORE)).front_reads("fp").begin();
    day.before("PATCH /apps/shop/formation", 1, async |outside| {
        lock(&outside.world).add_fault(Fault::new(FaultKind::Status(503)).on("GET", "*"));
    });
    trouble(&day, FaultKind::CutBefore, "PATCH");
    day.readings(1);
    day.pass(mins(70));
    let run = last(&day);
    assert_eq!(refused(&mut day, run), NoUndo::InDoubt { run });
    day.world(flyball_heroku_sim::World::clear_faults);
    day.settle(run, Known::Done);
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 2 });
    undo(&mut day, run).unwrap();
    day.work();
    assert_eq!(day.web().0, 1, "what a person said was done can be undone");
}

#[test]
fn what_holds_a_person_holds_an_undo_and_that_the_reaction_is_switched_off_does_not() {
    let (mut day, run) = acted(MORE, ONCE);
    day.pause(PauseScope::Everything, None);
    assert_eq!(undo(&mut day, run).unwrap_err().code(), "paused");
    day.resume(&PauseScope::Everything);
    day.happens(AppEvent::Maintenance(Maintenance::On));
    assert_eq!(undo(&mut day, run).unwrap_err(), Because::Maintenance);
    day.happens(AppEvent::Maintenance(Maintenance::Off));

    let other = MORE.replace("max_quantity = 4", "max_quantity = 1");
    day.new_file(&one("it", &other));
    assert!(matches!(refused(&mut day, run), NoUndo::ReactionChanged { .. }));
    day.new_file(&front(&[]));
    assert!(matches!(refused(&mut day, run), NoUndo::ReactionGone { .. }));
    day.new_file(&(front(&["it"]) + &reaction("it", &format!("enabled = false\nmax_per_hour = 1\n{MORE}"))));
    undo(&mut day, run).unwrap();
    day.work();
    assert_eq!(day.effects(), ["web=2", "web=1"]);
}

#[test]
fn a_world_that_changed_between_plan_and_call_supersedes_it() {
    let (mut day, run) = acted(MORE, ONCE);
    let (engine, other) = (day.engine(), run);
    day.asks(async move {
        let Ok(Considered::Would(intent)) = engine.consider_undoing(other).await else { panic!("it is held") };
        engine.queue(*intent, "ada".to_owned()).await.expect("the store takes it");
    });
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 3 });
    day.work();
    assert_eq!((day.outcomes(), day.web().0), (vec!["done", "superseded"], 3));
    assert_eq!(day.calls().len(), 1);
}

#[test]
fn killed_in_between_it_is_done_once_and_told_once() {
    // Before the call, and after it, when the answer is lost.
    for sent in [false, true] {
        let (mut day, run) = acted(MORE, ONCE);
        undo(&mut day, run).unwrap();
        if sent {
            day.fault(Fault::new(FaultKind::CutAfter).on("PATCH", "*").times(1));
            day.work();
        }
        day.kill(secs(20));
        day.pass(mins(2));
        assert_eq!(day.effects(), ["web=2", "web=1"], "{sent}");
        assert_eq!(day.outcomes(), ["done", "done"], "{sent}");
        assert_eq!(day.told(&format!("to undo run {run}")).len(), 1, "{sent}");
    }
}

#[test]
fn drift_tells_what_others_made_it_what_we_did_since_and_which_of_that_can_be_undone() {
    let told = |day: &Day| {
        let app = "shop".parse().unwrap();
        day.asks_of_apps(async |reader| reader.drift(&app).await).expect("the file names it")
    };
    // Two steps: of these only the later can be given back as the app is.
    let mut day = Scenario::of(shop()).file(one("it", MORE)).front_reads("ffp").begin();
    assert_eq!(told(&day).seen_at, None, "nothing is known of it yet");
    day.readings(2);
    let drift = told(&day);
    let web = drift.processes.iter().find(|it| it.drifted).unwrap_or_else(|| panic!("{drift:?} {:?}", day.timeline()));
    assert_eq!((web.what.as_ref(), web.theirs.as_str(), web.now.as_str()), ("quantity", "1", "3"));
    let later = day.runs()[1].id;
    assert_eq!(
        web.runs.iter().map(|run| run.undo.clone()).collect::<Vec<_>>(),
        [None, Some(format!("flyball undo {later}"))]
    );
    assert_eq!(drift.sentences[0], "The quantity of web is 3, and was 1 as others had it.");
    undo(&mut day, later).unwrap();
    day.work();
    let first = day.runs()[0].id;
    undo(&mut day, first).unwrap();
    day.work();
    let drift = told(&day);
    assert!(!drift.drifted, "{:?}", drift.sentences);
    assert_eq!(drift.sentences, ["As far as is known, shop is as others made it."]);

    // What somebody set since is theirs, once it was seen: beside the engine that is now.
    day.happens(AppEvent::Scale { process: "web".to_owned(), quantity: 4 });
    let engine = day.engine();
    let app = "shop".parse().unwrap();
    let now = day.asks(async move { engine.drift_now(&app).await }).expect("the store answers").expect("it is seen");
    assert!(!now.drifted, "{:?}", now.sentences);
    assert!(now.processes.iter().any(|it| it.theirs == "4" && it.now == "4" && it.runs.is_empty()), "{now:?}");

    let (day, _) = acted(BACK, ONCE);
    let release = told(&day).release.expect("releases were looked at");
    assert!(release.drifted);
    assert_eq!((release.theirs, release.current, release.content_of), (Some(of(5)), of(6), Some(of(4))));
    assert_eq!(release.runs.len(), 1);

    let app = shop().mechanics(|mechanics| mechanics.commands[0].runs = secs(45));
    let clean = r#"create_one_off_dyno = { app = "shop", command = "db:cleanup" }"#;
    let mut day = Scenario::of(app).file(one("it", clean)).front_reads("f").begin();
    day.readings(1);
    // The next look shows its dyno.
    day.readings(1);
    let drift = told(&day);
    assert_eq!((drift.drifted, drift.one_offs.len()), (false, 1), "{drift:?}");
    assert!(drift.sentences.last().unwrap().contains("`heroku ps:stop run."), "{:?}", drift.sentences);
}

const fn of(version: u64) -> ReleaseVersion {
    ReleaseVersion::new(version)
}
