//! `scale_to` by what adapters of another scaler report: how busy dynos are, and how many jobs there are.

use crate::support::{Day, Scenario, mins, reaction, secs};
use flyball_config::Told;
use flyball_engine::Posted;
use flyball_heroku_sim::{AppSpec, Cycling};
use flyball_model::PauseScope;
use flyball_testing::Manner;

const BUSY: &str = "[receive.apps.shop]\njudoscale = true\n[[monitor]]\nname = \"told\"\nevery = \"10s\"\n\
    utilization = { app = \"shop\" }\nreactions = [\"enough web\"]\n";
const JOBS: &str = "[receive.apps.shop]\njudoscale = true\n[[monitor]]\nname = \"told\"\nevery = \"10s\"\n\
    jobs = { app = \"shop\", measure = \"work\" }\nreactions = [\"enough web\"]\n";

fn begin(monitor: &str, per_dyno: &str) -> Day {
    let spec = AppSpec::new("shop").process("web", 2, "Standard-1X").deploys(3);
    let twice = spec.mechanics(|mechanics| mechanics.cycling = Cycling::Never);
    let kind = format!("scale_to = {{ app = \"shop\", per_dyno = {per_dyno}, min_quantity = 2, max_quantity = 10 }}");
    Scenario::of(twice).file(monitor.to_owned() + &reaction("enough web", &kind)).begin()
}

/// A dyno reports; `@` stands for this second.
fn report(day: &Day, dyno: u32, adapter: &str, metrics: &str) {
    let metrics = metrics.replace('@', &(day.now().as_millis() / 1000).to_string());
    let body = format!(
        "{{\"container\":\"web.{dyno}\",\"pid\":2,\"adapters\":{{\"{adapter}\":{{}}}},\"metrics\":[{metrics}]}}"
    );
    let posted = Posted { app: "shop".parse().unwrap(), by: Told::Judoscale, body: Some(body.into()) };
    day.engine().take_report(posted);
}

/// So many dynos report every ten seconds, for so long.
fn tell(day: &mut Day, dynos: u32, adapter: &str, metrics: &str, seconds: u64) {
    for _ in 0..seconds / 10 {
        day.pass(secs(10));
        (1..=dynos).for_each(|dyno| report(day, dyno, adapter, metrics));
    }
}

/// What was called: `web=6`.
fn calls(day: &Day) -> Vec<String> {
    let after_the_time = |call: String| call.split_once(' ').map_or(call.clone(), |(_, what)| what.to_owned());
    day.calls().into_iter().map(after_the_time).collect()
}

fn why(day: &Day) -> &'static str {
    day.why_on("told", "enough web").0
}

#[test]
fn dynos_follow_how_busy_they_are_and_one_that_is_silent_is_full_where_they_are_taken() {
    let mut day = begin(BUSY, "\"70%\"");
    let up = |percent: u32| format!("[@,{percent},\"up\"]");
    tell(&mut day, 2, "judoscale-ruby", &up(50), 120);
    assert_eq!((calls(&day).len(), why(&day)), (0, "enough"), "{:?}", day.calls());
    tell(&mut day, 2, "judoscale-ruby", &up(95), 60);
    assert_eq!(calls(&day), ["web=3"]);
    tell(&mut day, 2, "judoscale-ruby", &up(30), 600);
    assert_eq!((calls(&day).len(), why(&day)), (1, "enough"), "the third tells nothing");
    tell(&mut day, 3, "judoscale-ruby", &up(30), 420);
    assert_eq!(calls(&day), ["web=3", "web=2"]);
    day.pass(mins(30));
    assert_eq!((day.web().0, why(&day)), (2, "load_unknown"));
}

#[test]
fn jobs_are_counted_once_whoever_tells_them_and_none_is_only_what_tells_of_jobs() {
    let mut day = begin(JOBS, "25");
    tell(&mut day, 2, "judoscale-sidekiq", "[@,60,\"qd\",\"default\"],[@,40,\"busy\",\"default\"]", 120);
    assert_eq!((calls(&day), why(&day)), (vec!["web=4".to_owned()], "enough"));
    tell(&mut day, 2, "judoscale-rack", "", 1800);
    assert_eq!((day.web().0, why(&day)), (4, "load_unknown"), "who has no jobs in it says nothing of them");
    tell(&mut day, 2, "judoscale-sidekiq", "", 720);
    assert_eq!(calls(&day), ["web=4", "web=3", "web=2"], "one by one");
}

/// Three workers are too many for as few jobs as there are, and one job goes on on them.
fn workers(kind: &str) -> Day {
    let mut day = of_workers("", kind).begin();
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 420);
    day
}

fn of_workers(policy: &str, kind: &str) -> Scenario {
    let spec = AppSpec::new("shop").process("web", 2, "Standard-1X").process("worker", 3, "Standard-1X").deploys(3);
    let shop = spec.mechanics(|mechanics| mechanics.cycling = Cycling::Never);
    let kind = format!(
        "{policy}scale_to = {{ app = \"shop\", process_type = \"worker\", per_dyno = 25, min_quantity = 1, max_quantity = 10{kind} }}"
    );
    Scenario::of(shop).file(JOBS.to_owned() + &reaction("enough web", &kind))
}

const BUSY_ONE: &str = "[@,0,\"qd\",\"default\"],[@,1,\"busy\",\"default\"]";
const BUSY_NONE: &str = "[@,0,\"qd\",\"default\"],[@,0,\"busy\",\"default\"]";

fn taken(day: &Day) -> Vec<String> {
    calls(day).into_iter().filter(|call| call.starts_with("worker")).collect()
}

#[test]
fn no_dyno_is_taken_away_while_a_job_runs_and_one_is_as_soon_as_none_does() {
    let mut day = workers("");
    let (code, words) = day.why_on("told", "enough web");
    assert_eq!((taken(&day).len(), code), (0, "jobs_run"), "{words}");
    assert!(words.starts_with("1 job is running: dynos are taken away at "), "{words}");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 600);
    let later = day.why_on("told", "enough web").1;
    assert_eq!((taken(&day).len(), &later), (0, &words), "it stays with the time that it named");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_NONE, 40);
    assert_eq!(taken(&day), ["worker=2"]);
}

#[test]
fn a_job_that_never_ends_is_waited_for_as_long_as_the_file_says_and_a_restart_begins_nothing_anew() {
    let mut day = workers(", drain_max = \"15m\"");
    let words = day.why_on("told", "enough web").1;
    day.kill(secs(5));
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 100);
    assert_ne!(why(&day), "jobs_run", "it is not known for long enough");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 400);
    let again = day.why_on("told", "enough web").1;
    assert_eq!((taken(&day).len(), again), (0, words), "what it had waited counts");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 440);
    assert_eq!(taken(&day), ["worker=2"], "{:?}", day.calls());
    let said = day.timeline().into_iter().find(|line| line.contains("from 3 to 2")).unwrap();
    assert!(said.contains("1 job is still running after 15m, and dynos are taken away all the same"), "{said}");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 120);
    assert_eq!((taken(&day).len(), why(&day)), (1, "jobs_run"), "the next step waits anew");
}

#[test]
fn jobs_may_be_killed_where_the_file_says_so_or_nobody_tells_of_them() {
    assert_eq!(taken(&workers(", may_kill_jobs = true"))[0], "worker=2");
    let spec = AppSpec::new("shop").process("worker", 3, "Standard-1X").deploys(3);
    let shop = spec.mechanics(|mechanics| mechanics.cycling = Cycling::Never);
    let kind =
        "scale_to = { app = \"shop\", process_type = \"worker\", per_dyno = 25, min_quantity = 1, max_quantity = 10 }";
    let monitor = JOBS.replace("\"work\"", "\"waiting\"");
    let mut day = Scenario::of(shop).file(monitor + &reaction("enough web", kind)).begin();
    tell(&mut day, 1, "judoscale-sidekiq", "[@,0,\"qd\",\"default\"]", 420);
    assert_eq!(taken(&day)[0], "worker=2");
}

/// Who is asked that workers take no more jobs.
const ASKS: &str = ", quiet = { url = \"https://quiet.example.com/\", secret = { env = \"QUIET\" } }";

/// What was asked: how many dynos there are, how many are wanted, and how many jobs run.
fn asked(day: &Day) -> Vec<(u32, u32, u64)> {
    day.people().asked().iter().map(|ask| (ask.quantity.get(), ask.wants.get(), ask.jobs)).collect()
}

#[test]
fn workers_are_asked_to_take_no_more_jobs_once_each_time_that_these_are_waited_for() {
    let mut day = workers(ASKS);
    assert_eq!((asked(&day), why(&day)), (vec![(3, 2, 1)], "jobs_run"));
    let ask = day.people().asked().remove(0);
    assert_eq!((ask.app.as_str(), ask.process_type.as_str(), ask.until.since(ask.since)), ("shop", "worker", mins(30)));
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 300);
    day.kill(secs(5));
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 500);
    assert_eq!((asked(&day).len(), why(&day)), (1, "jobs_run"), "also over a restart");
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_NONE, 40);
    assert_eq!(taken(&day), ["worker=2"]);
    tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 120);
    assert_eq!((asked(&day), why(&day)), (vec![(3, 2, 1), (2, 1, 1)], "jobs_run"), "and anew for the next step");
}

#[test]
fn whoever_does_not_answer_or_refuses_delays_nothing() {
    for manner in [Manner::Hangs, Manner::Later, Manner::Refuses, Manner::Gone] {
        let mut day = of_workers("", ASKS).begin();
        day.people().behave("quiet.example.com", manner);
        tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 420);
        assert_eq!((asked(&day).len(), why(&day)), (1, "jobs_run"), "{manner:?}");
        tell(&mut day, 1, "judoscale-sidekiq", BUSY_NONE, 40);
        assert_eq!(taken(&day), ["worker=2"], "{manner:?}");
        tell(&mut day, 1, "judoscale-sidekiq", BUSY_ONE, 120);
        assert_eq!((asked(&day).len(), why(&day)), (2, "jobs_run"), "{manner:?}: what hung has ended");
    }
}

#[test]
fn a_dry_run_and_a_paused_reaction_ask_nobody() {
    for dry in [of_workers("mode = \"dry_run\"\n", ASKS), of_workers("", ASKS).dry_run()] {
        let mut dry = dry.begin();
        tell(&mut dry, 1, "judoscale-sidekiq", BUSY_ONE, 420);
        assert_eq!((asked(&dry).len(), why(&dry)), (0, "jobs_run"), "it tells what it would wait for");
    }
    let mut paused = of_workers("", ASKS).begin();
    paused.pause(PauseScope::Everything, None);
    tell(&mut paused, 1, "judoscale-sidekiq", BUSY_ONE, 420);
    assert_eq!(asked(&paused).len(), 0);
}
