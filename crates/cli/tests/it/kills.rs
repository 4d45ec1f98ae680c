//! Killed again and again without a word, and started again on the same file: no call is sent twice for one run, nothing
//! that happened is left unrecorded, every run reaches an end, and what the monitors need is met by later runs.

use crate::support::{Stage, TOKEN, app, draw, now, wait_for};
use flyball_heroku_sim::{Fault, FaultKind, Took};
use flyball_model::{Effect, Outcome, Run, RunState};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Real kills.
const KILLS: u32 = 25;
/// An app whose run was cut off waits for half a minute until it is looked for; meanwhile the others go on.
const APPS: u32 = 24;
/// How far each app is to be scaled.
const WEB_MAX: u32 = 6;
/// Where the moments of the kills come from.
const SEED: u64 = 20_261_123;

fn name(app: u32) -> String {
    format!("shop-{app}")
}

/// Every page fails at each reading; every app is to be scaled out, and every fourth starts one-off dynos as well.
fn file(page: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for number in 0..APPS {
        let (app, page) = (name(number), page(&name(number)));
        let one_off = number % 4 == 0;
        let reactions = if one_off { format!("\"more {app}\", \"clean {app}\"") } else { format!("\"more {app}\"") };
        write!(
            text,
            "[[monitor]]\nname = \"{app}\"\nevery = \"1s\"\nreactions = [{reactions}]\n\
             http = {{ url = \"{page}\", keyword = \"Welcome\", present = false }}\n\
             [[reaction]]\nname = \"more {app}\"\nscale_out = {{ app = \"{app}\", max_quantity = {WEB_MAX} }}\n"
        )
        .unwrap();
        if one_off {
            write!(
                text,
                "[[reaction]]\nname = \"clean {app}\"\ncooldown = \"3s\"\n\
                 create_one_off_dyno = {{ app = \"{app}\", command = \"clean\", at_once = 20, time_to_live = \"10m\" }}\n"
            )
            .unwrap();
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_sent_twice_for_one_run_however_often_it_is_killed() {
    let stage = Stage::with((0..APPS).map(|number| app(&name(number)))).await.token(TOKEN);
    stage.write(&file(|app| stage.sim.page_url(app)));
    // Answers come late, so that many kills fall between the effect and its answer.
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_millis(150))).on("PATCH", "*"));
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_millis(150))).on("POST", "*"));
    let mut chance = SEED;
    let mut cut_off = 0;
    for _ in 0..KILLS {
        let up = stage.up().await;
        let before = stage.changes().len();
        // Until it is at work, and then a moment longer: anywhere between a look, a call and a record.
        let begun = now();
        while stage.changes().len() == before && now().since(begun) < Duration::from_millis(2_500) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(draw(&mut chance, 250))).await;
        up.kill().await;
        cut_off += stage.runs().await.iter().filter(|run| matches!(run.state, RunState::Sent { .. })).count();
    }
    assert!(
        cut_off >= KILLS as usize,
        "only {cut_off} runs were cut off between their call and its record, seed {SEED}"
    );

    let up = stage.up().await;
    let web = |number: u32| stage.sim.world().lock().unwrap().app(&name(number)).unwrap().quantity("web");
    let begun = now();
    while !(0..APPS).all(|number| web(number) == WEB_MAX) {
        assert!(now().since(begun) < Duration::from_secs(120), "what the monitors need is met: {}", up.printed());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.write("");
    // Nobody else would take a file that has lost everything.
    up.signal("-HUP").await;
    up.until("no more is begun", |up| up.printed().contains("the changed file is applied")).await;
    wait_for("every run has reached its end", async || stage.runs().await.iter().all(|run| !run.state.is_open())).await;
    drop(up);
    judge(&stage, &stage.runs().await);
}

/// What the stand-in received, against what was recorded.
fn judge(stage: &Stage, runs: &[Run]) {
    let outcome = |run: &Run| match &run.state {
        RunState::Ended { outcome, .. } => outcome.clone(),
        open => panic!("{open:?} after the end, seed {SEED}"),
    };
    // An absolute quantity is asked for by one run at a time, and none asks for it again once it is there.
    let mut scaled: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut one_offs: BTreeMap<String, usize> = BTreeMap::new();
    for call in stage.changes() {
        assert_eq!(call.took, Took::Effect, "{call:?}, seed {SEED}");
        let app = call.path.split('/').nth(2).unwrap().to_owned();
        match call.method.as_str() {
            "PATCH" => *scaled.entry((app, call.body)).or_default() += 1,
            "POST" => *one_offs.entry(app).or_default() += 1,
            other => panic!("{other} was never asked for, seed {SEED}"),
        }
    }
    assert_eq!(scaled.len(), (APPS * (WEB_MAX - 1)) as usize);
    for (call, times) in &scaled {
        assert_eq!(*times, 1, "{call:?} was sent {times} times, seed {SEED}");
    }
    for number in 0..APPS {
        let app = name(number);
        let of_app = || runs.iter().filter(|run| run.plan.app().name.as_str() == app);
        // Nothing that happened is left unrecorded.
        for quantity in 2..=WEB_MAX {
            let done = of_app().filter(|run| {
                matches!(&run.plan.effect, Effect::SetQuantity { to, .. } if to.get() == quantity)
                    && matches!(outcome(run), Outcome::Done { .. })
            });
            assert_eq!(done.count(), 1, "{app} to {quantity}, seed {SEED}");
        }
        let started = of_app().filter(|run| {
            matches!(run.plan.effect, Effect::RunOneOff { .. })
                && matches!(outcome(run), Outcome::Done { .. } | Outcome::InDoubt { .. })
        });
        let (started, received) = (started.count(), one_offs.get(&app).copied().unwrap_or(0));
        assert!(received <= started, "{app} started {received} one-off dynos for {started} runs, seed {SEED}");
    }
}
