//! Nobody who is called starves, however many are called beside it, however slowly Heroku answers, whatever hangs.

use crate::pausing::FAILING;
use crate::support::{SOON, Stage, draw, now, wait_for};
use flyball_heroku_sim::{AppEvent, Fault, FaultKind, ReceivedCall, WorldFile};
use flyball_model::{RunState, Timestamp, Verdict};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A shop whose dynos boot quickly, behind a Heroku where each look takes its time.
const SLOW_LOOKS: &str = r#"
[[app]]
name = "shop"
process = [{ type = "web", quantity = 1, size = "standard-1x" }]
release = [{ deploy = { slug = "first" } }, { deploy = { slug = "second" } }]
mechanics = { boot = "100ms", one_off_runs = "10m", latency = "0s", cycling = "never" }

[[fault]]
kind = { slow = "100ms" }
method = "GET"
"#;

/// The interval of those who are called.
const EVERY: Duration = Duration::from_secs(1);

async fn behind_slow_looks() -> Stage {
    Stage::of(WorldFile::parse(SLOW_LOOKS).unwrap()).await
}

/// A monitor of the shop's page with a reaction of its own.
fn page_with(name: &str, reaction: &str) -> String {
    format!(
        "[[monitor]]\nname = \"{name}\"\nevery = \"1s\"\nhttp = {{ url = \"PAGE\" }}\nreactions = [\"{name}\"]\n\
         [[reaction]]\nname = \"{name}\"\n{reaction}\n"
    )
}

/// The shop's pages are errors from now on.
fn fail(stage: &Stage) -> Timestamp {
    stage.happens(AppEvent::DatabaseError(500));
    now()
}

#[tokio::test]
async fn twelve_who_are_called_together_have_all_acted_within_ten_seconds() {
    let stage = behind_slow_looks().await;
    let clean = |n| format!("create_one_off_dyno = {{ app = \"shop\", command = \"clean {n}\" }}");
    stage.write(&(0..12).map(|n| page_with(&format!("page {n}"), &clean(n))).collect::<String>());
    let up = stage.up_with(stage.command(&["up"])).await;
    up.until("all are well", |up| up.printed().matches("is passing").count() == 12).await;
    let failed_at = fail(&stage);
    wait_for("each has acted", async || stage.changes().len() >= 12).await;
    up.kill().await;
    let changes = stage.changes();
    let commands: BTreeSet<&str> = changes.iter().map(|call| call.body.as_str()).collect();
    assert_eq!((commands.len(), changes.len()), (12, 12), "each once: {changes:#?}");
    let took = changes.iter().map(|call| call.at.since(failed_at)).max().unwrap();
    eprintln!("the last of twelve was started {took:?} after the failure");
    assert!(took <= Duration::from_secs(10), "the last of twelve was started {took:?} after the failure");
}

#[tokio::test]
async fn a_rollback_is_made_at_once_beside_eight_who_stand_at_their_limit() {
    // Names decide when in their second monitors look.
    tokio::join!(rolls_back(20_261_128), rolls_back(7), rolls_back(4_711));
}

async fn rolls_back(seed: u64) {
    let mut chance = seed;
    let mut name = |of: &str| format!("{of} {:x}", draw(&mut chance, 1 << 30));
    let stage = behind_slow_looks().await;
    let scaling: Vec<String> = (0..8).map(|_| name("more")).collect();
    let back = name("back");
    let mut file = page_with(&back, "rollback_release = { app = \"shop\", max_steps = 1 }");
    for more in &scaling {
        write!(file, "{}", page_with(more, "scale_out = { app = \"shop\", max_quantity = 1 }")).unwrap();
    }
    stage.write(&file);
    let up = stage.up_with(stage.command(&["up"])).await;
    up.until("all are well", |up| up.printed().matches("is passing").count() == 9).await;
    fail(&stage);
    wait_for("it is rolled back", async || !stage.changes().is_empty()).await;
    let changes = stage.changes();
    assert!(changes.len() == 1 && changes[0].path.ends_with("/releases"), "seed {seed}: {changes:?}");
    let mut failed_at = Timestamp::FAR_FUTURE;
    for monitor in scaling.iter().chain([&back]) {
        let readings = stage.readings(monitor).await;
        let failing = readings.iter().filter(|reading| reading.verdict() == Verdict::Failing);
        failed_at = failing.map(|reading| reading.begun_at).chain([failed_at]).min().unwrap();
    }
    up.kill().await;
    let took = changes[0].at.since(failed_at);
    eprintln!("rolled back {took:?} after the first failing reading, seed {seed}");
    // Three intervals, and one of slack for the machine.
    assert!(took <= EVERY * 4, "rolled back {took:?} after the first failing reading, seed {seed}");
}

#[tokio::test]
async fn killed_right_after_its_first_call_it_makes_its_next_step_within_five_seconds() {
    let stage = behind_slow_looks().await;
    stage.write(FAILING);
    // The kill falls between the effect and its answer.
    stage.fault(Fault::new(FaultKind::Slow(Duration::from_secs(1))).on("PATCH", "*").times(1));
    let up = stage.up_with(stage.command(&["up"])).await;
    let begun = now();
    while stage.changes().is_empty() {
        assert!(now().since(begun) < SOON, "it does not act: {}", up.printed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    up.kill().await;
    let killed_at = now();
    let open: Vec<RunState> = stage.runs().await.into_iter().map(|run| run.state).collect();
    assert!(matches!(open[..], [RunState::Sent { .. }]), "{open:?}");

    let up = stage.up_with(stage.command(&["up"])).await;
    wait_for("it makes some more steps", async || stage.web() >= 4).await;
    up.kill().await;
    let changes = stage.changes();
    let took = changes[1].at.since(killed_at);
    eprintln!("the next step was made {took:?} after the kill");
    assert!(took <= Duration::from_secs(5), "the next step was made {took:?} after the kill");
    let set: BTreeSet<&String> = changes.iter().map(|call: &ReceivedCall| &call.body).collect();
    assert_eq!(set.len(), changes.len(), "no quantity is set twice: {changes:?}");
}

/// How many connections the mute page takes. Those that come later wait in front of it, and hear as little.
const TAKEN: usize = 400;

/// A page that takes connections and says nothing.
async fn mute(listener: TcpListener) {
    let mut taken = Vec::new();
    while taken.len() < TAKEN {
        taken.extend(listener.accept().await.ok());
    }
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_page_that_is_well_is_looked_at_beside_a_thousand_looks_that_hang() {
    let stage = behind_slow_looks().await;
    // Another host than the healthy page's: the looks at one host share what it may take.
    let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut listening = JoinSet::new();
    listening.spawn(mute(listener));
    let hanging = |n| {
        format!(
            "[[monitor]]\nname = \"mute {n}\"\nevery = \"30s\"\n\
             http = {{ url = \"http://{address}/{n}\", timeout = \"5m\" }}\n"
        )
    };
    let healthy = "[[monitor]]\nname = \"well\"\nevery = \"1s\"\nhttp = { url = \"PAGE\" }\n";
    stage.write(&((0..1000).map(hanging).collect::<String>() + healthy));
    // As few descriptors as are usual.
    let up = stage.up_with(stage.command_after("ulimit -n 1024", &["up"])).await;
    let begun = now();
    let looks = async || -> Vec<Timestamp> {
        let readings = stage.readings("well").await;
        assert!(readings.iter().all(|reading| reading.verdict() == Verdict::Passing), "{readings:?}");
        readings.into_iter().map(|reading| reading.begun_at).collect()
    };
    let until = begun + Duration::from_secs(15);
    wait_for("it has been looked at for long", async || looks().await.last().is_some_and(|last| *last >= until)).await;
    up.kill().await;
    let mut times = vec![begun];
    times.extend(looks().await);
    let gap = times.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap();
    eprintln!("{gap:?} between two of {} looks at most", times.len() - 1);
    assert!(gap <= Duration::from_secs(3), "{gap:?} between two looks: {times:?}");
}
