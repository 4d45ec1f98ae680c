//! Load and log drains: requests that are counted and told one by one, dynos that tell what becomes of them, frames.

use crate::support::{Caller, START, minutes, seconds, shop, world_of};
use flyball_heroku_sim::{
    AppEvent, AppSpec, Behaviour, CommandSpec, Cures, DeploySpec, DrainFaults, DrainSpec, Event, FrameAnswer,
    Maintenance, Minute, OneOffRequest, Request, RouterLines, Serving, World, WorldFile,
};
use flyball_model::Timestamp;
use std::time::Duration;

const URL: &str = "http://127.0.0.1:9/drain";

/// Five threads, half a second each: ten requests a second.
const SERVING: Serving = Serving { threads: 5, service: Duration::from_millis(500), broken_off: 0.0 };

fn served() -> AppSpec {
    shop().mechanics(|mechanics| mechanics.serving = Some(SERVING))
}

fn drained() -> AppSpec {
    served().drain(DrainSpec::new(URL))
}

/// One message: when it says that it was, who wrote it, and its text.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    at: Timestamp,
    process: String,
    text: String,
}

impl Line {
    /// A value of a router's line, without quotes.
    fn value(&self, key: &str) -> &str {
        let place = self.text.find(&format!(" {key}=")).unwrap_or_else(|| panic!("no {key} in {}", self.text));
        let rest = &self.text[place + key.len() + 2..];
        match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap().0,
            None => rest.split(' ').next().unwrap(),
        }
    }

    fn ms(&self, key: &str) -> u64 {
        self.value(key).strip_suffix("ms").map_or(0, |ms| ms.parse().unwrap())
    }

    /// When the request came.
    fn came(&self) -> Timestamp {
        self.at - Duration::from_millis(self.ms("connect") + self.ms("service"))
    }
}

fn cut(mut body: &[u8], lines: &mut Vec<Line>) {
    while !body.is_empty() {
        let space = body.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&body[..space]).unwrap().parse().unwrap();
        let message = std::str::from_utf8(&body[space + 1..space + 1 + length]).unwrap();
        body = &body[space + 1 + length..];
        let mut words = message.trim_end_matches('\n').splitn(7, ' ');
        let mut word = || words.next().unwrap();
        let (_, at, _, _, process, _) = (word(), word(), word(), word(), word(), word());
        let at = at.replace("+00:00", "Z").parse().unwrap();
        lines.push(Line { at, process: process.to_owned(), text: word().to_owned() });
    }
}

/// Plays Logplex and a drain that takes everything, until this time.
fn listen(world: &mut World, until: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    while world.now() < until {
        let next = (world.now() + Duration::from_millis(250)).min(until);
        world.advance_to(next);
        take(world, &mut lines);
    }
    lines
}

fn take(world: &mut World, lines: &mut Vec<Line>) {
    loop {
        let frames = world.frames();
        if frames.is_empty() {
            return;
        }
        for frame in frames {
            let before = lines.len();
            cut(&frame.body, lines);
            assert_eq!(lines.len() - before, frame.messages);
            world.frame_answered(frame.drain, FrameAnswer::Status(204));
        }
    }
}

fn of_router(lines: &[Line]) -> Vec<&Line> {
    lines.iter().filter(|line| line.process == "router").collect()
}

fn minute(world: &World, number: usize) -> Minute {
    *world.minutes("shop").nth(number).unwrap()
}

fn mean_ms(minute: &Minute) -> u128 {
    minute.service.as_millis() / u128::from(minute.served.max(1))
}

#[test]
fn the_lines_of_a_minute_are_what_the_world_says_that_came() {
    let cases = [(10.0, 60, RouterLines::Quoted), (7.3, 60, RouterLines::Bare), (1000.0, 10, RouterLines::Quoted)];
    for (load, lasts, form) in cases {
        let app = drained().load(seconds(0), load).load(seconds(lasts), load).load(seconds(lasts), 0.0).mechanics(
            |mechanics| {
                mechanics.router_lines = form;
                mechanics.serving =
                    Some(Serving { threads: 400, service: Duration::from_millis(300), broken_off: 0.01 });
            },
        );
        let mut world = world_of(app);
        let lines = listen(&mut world, START + seconds(70));
        let first = minute(&world, 0);
        assert_eq!(first.requests, (load * lasts as f64).round() as u64, "{load}");
        let came = of_router(&lines);
        assert_eq!(came.len() as u64, first.requests, "{load}");
        let broken_off = came.iter().filter(|line| line.text.contains("code=H27") && line.value("status") == "499");
        assert_eq!((broken_off.count() as u64, first.broken_off), (first.broken_off, (first.served / 100)), "{load}");
        let took: u64 = came.iter().filter(|line| line.value("status") == "200").map(|line| line.ms("service")).sum();
        let (mean, told) = (mean_ms(&first) as f64, took as f64 / (first.served - first.broken_off) as f64);
        assert!((told / mean - 1.0).abs() < 0.15, "{load}: {told} ms are told, {mean} ms are meant");
        assert_eq!(came.iter().any(|line| line.text.contains(" path=\"/")), form == RouterLines::Quoted);
        let drain = world.app("shop").unwrap().drains()[0].id;
        assert_eq!(world.drained(drain).unwrap().dropped, 0);
    }
}

#[test]
fn a_busy_dyno_makes_requests_wait_and_more_dynos_end_that() {
    // Of the second minute: what a request takes on average, and how many the router gave up on.
    let of = |quantity: u32, load: f64| {
        // It comes once all dynos are up.
        let mut world = world_of(served().load(seconds(20), 0.0).load(seconds(20), load));
        world.scale("shop", "web", quantity).unwrap();
        world.advance_to(START + minutes(2));
        (mean_ms(&minute(&world, 1)), minute(&world, 1).timed_out)
    };
    for (quantity, load, mean, timed_out) in [
        (1, 1.0, 500..=502, 0..=0),
        (1, 5.0, 510..=540, 0..=0),
        (1, 9.0, 650..=1100, 0..=0),
        (2, 18.0, 650..=1100, 0..=0),
        // Twelve a second on ten: two more wait each second.
        (1, 12.0, 13_000..=18_000, 0..=0),
        (1, 40.0, 29_000..=30_000, 1790..=1810),
        (4, 40.0, 1000..=2500, 0..=0),
    ] {
        let (took, lost) = of(quantity, load);
        assert!(mean.contains(&took) && timed_out.contains(&lost), "{load} on {quantity}: {took} ms, {lost} lost");
    }
}

#[test]
fn a_backlog_stays_after_the_load_has_gone_and_is_worked_off() {
    let app = drained().load(seconds(0), 24.0).load(seconds(60), 24.0).load(seconds(60), 2.0);
    let mut world = world_of(app);
    let lines = listen(&mut world, START + minutes(4));
    let means: Vec<u128> = (0..4).map(|n| mean_ms(&minute(&world, n))).collect();
    assert!(means[0] > 5000 && means[1] > 1000 && means[1] < means[0] && means[3] <= 502, "{means:?}");
    // The dynos' lines tell the same.
    let slow = |from: u64| {
        of_router(&lines).iter().any(|line| line.came() >= START + minutes(from) && line.ms("service") > 9000)
    };
    assert!(slow(0) && slow(1) && !slow(3));
}

#[test]
fn who_waits_too_long_is_told_as_h12_after_half_a_minute() {
    let mut world = world_of(drained().load(seconds(0), 80.0));
    let lines = listen(&mut world, START + minutes(3));
    let came = |line: &&&Line| line.came() < START + minutes(2);
    let routers = of_router(&lines);
    let gave_up =
        routers.iter().filter(came).filter(|line| line.text.starts_with("at=error code=H12 desc=\"Request timeout\" "));
    let gave_up: Vec<_> = gave_up.collect();
    assert_eq!(gave_up.len() as u64, minute(&world, 0).timed_out + minute(&world, 1).timed_out);
    assert!(gave_up.iter().all(|line| line.ms("service") == 30_000 && line.value("status") == "503"));
    assert!(routers.iter().all(|line| line.ms("service") <= 30_000));
}

fn is_of_the_second_minute(line: &&&Line) -> bool {
    (START + minutes(1)..START + minutes(2)).contains(&line.came())
}

#[test]
fn a_slow_database_is_told_as_h12_alone_where_it_is_slower_than_the_router_waits() {
    for (by, hang, mean) in [(40, 6, 600), (10, 0, 1500)] {
        let mut world = world_of(drained().load(seconds(0), 1.0));
        world.apply(Event::app("shop", AppEvent::DatabaseSlow { share: 0.1, by: seconds(by) })).unwrap();
        let lines = listen(&mut world, START + minutes(3));
        let routers = of_router(&lines);
        let second = routers.iter().filter(is_of_the_second_minute);
        let gave_up = second.clone().filter(|line| line.text.contains(" code=H12 ")).count();
        let other = second.filter(|line| line.text.contains(" code=") && !line.text.contains(" code=H12 ")).count();
        let told = minute(&world, 1);
        assert_eq!((gave_up, other, told.timed_out, told.errors), (hang, 0, hang as u64, 0), "{by} s");
        assert!(mean_ms(&told).abs_diff(mean) < mean / 4, "{by} s: {told:?}");
        world.apply(Event::app("shop", AppEvent::DatabaseHeals)).unwrap();
        listen(&mut world, START + minutes(5));
        assert_eq!(minute(&world, 4).timed_out, 0, "{by} s");
    }
}

#[test]
fn a_platform_in_trouble_answers_a_share_of_requests_itself() {
    let mut world = world_of(drained().load(seconds(0), 10.0));
    world.apply(Event::app("shop", AppEvent::PlatformError(0.25))).unwrap();
    let lines = listen(&mut world, START + minutes(3));
    let is_answered = |line: &&&Line| line.text.starts_with("at=error code=H99 desc=\"Platform error\" ");
    let routers = of_router(&lines);
    let answered: Vec<_> = routers.iter().filter(is_answered).filter(is_of_the_second_minute).collect();
    assert!(answered.iter().all(|line| line.text.contains(" dyno= connect= service= status=503 bytes=0 ")));
    let told = minute(&world, 1);
    assert_eq!((answered.len() as u64, told.refused, told.requests, told.served), (150, 150, 600, 450));
    world.apply(Event::app("shop", AppEvent::PlatformError(0.0))).unwrap();
    listen(&mut world, START + minutes(5));
    assert_eq!(minute(&world, 4).refused, 0);
}

#[test]
fn where_no_dyno_serves_the_router_says_why() {
    type Change = fn(&mut World);
    let cases: [(&str, Change, &str); 5] = [
        ("none", |world| drop(world.scale("shop", "web", 0)), "at=error code=H14 desc=\"No web processes running\" "),
        ("starting", |world| drop(world.restart_all("shop")), "at=error code=H20 desc=\"App boot timeout\" "),
        (
            "crashed",
            |world| {
                // The second crash in a row is waited after.
                for _ in 0..2 {
                    world.advance_to(world.now() + seconds(15));
                    drop((world.crash("shop", "web.1"), world.crash("shop", "web.2")));
                }
            },
            "at=error code=H10 desc=\"App crashed\" ",
        ),
        (
            "in maintenance",
            |world| drop(world.set_maintenance("shop", Maintenance::On)),
            "at=info code=H80 desc=\"Maintenance mode\" ",
        ),
        ("well", |_| (), "at=info method="),
    ];
    for (what, change, expected) in cases {
        let mut world = world_of(drained().load(seconds(0), 4.0));
        change(&mut world);
        let began = world.now();
        let lines = listen(&mut world, began + seconds(8));
        let routers: Vec<&Line> =
            of_router(&lines).into_iter().filter(|line| line.came() >= began + seconds(1)).collect();
        assert!(
            routers.len() > 20 && routers.iter().all(|line| line.text.starts_with(expected)),
            "{what}: {routers:#?}"
        );
        if what != "well" {
            assert!(routers.iter().all(|l| l.text.contains(" dyno= connect= service= status=503 bytes=0 ")), "{what}");
            assert!(minute(&world, 0).refused > 20, "{what}");
        }
    }
}

#[test]
fn dynos_that_boot_serve_nothing() {
    let mut world = world_of(drained().load(seconds(0), 10.0));
    world.scale("shop", "web", 4).unwrap();
    let lines = listen(&mut world, START + seconds(30));
    for line in of_router(&lines) {
        let is_new = ["web.3", "web.4"].contains(&line.value("dyno"));
        assert!(!is_new || line.came() >= START + seconds(10), "{line:?}");
    }
    assert!(of_router(&lines).iter().any(|line| line.value("dyno") == "web.4"));
}

#[test]
fn a_bad_release_answers_errors_and_the_world_knows_how_many() {
    let deploy = DeploySpec::new("bad").behaviour(Behaviour::SomeErrors(0.2));
    let bad = AppEvent::Deploy(deploy);
    let file = WorldFile::with_apps([drained().load(seconds(0), 10.0)]).at(seconds(30), Event::app("shop", bad));
    let mut world = World::new(&file, START, 3);
    let lines = listen(&mut world, START + seconds(190));
    let errors = |number: u64| {
        let (from, until) = (START + minutes(number), START + minutes(number + 1));
        let within = |line: &&&Line| line.came() >= from && line.came() < until && line.value("status") == "500";
        of_router(&lines).iter().filter(within).count() as u64
    };
    let told: Vec<u64> = (0..3).map(errors).collect();
    assert_eq!(told, (0..3).map(|n| minute(&world, n as usize).errors).collect::<Vec<_>>());
    assert!((35..=45).contains(&told[0]) && told[1..] == [120, 120], "{told:?}");
    let pages = (0..200).map(|n| {
        world.advance_to(START + seconds(300 + n));
        world.page("shop").unwrap().status
    });
    assert!((20..60).contains(&pages.filter(|status| *status == 500).count()));
}

#[test]
fn dynos_tell_what_becomes_of_them() {
    type Change = fn(&mut World);
    let starting = "Starting process with command `bin/web`";
    let cases: [(&str, Change, &str, &[&str]); 6] = [
        (
            "a crash that is restarted at once",
            |world| world.crash("shop", "web.1").unwrap(),
            "web.1",
            &[
                "Process exited with status 1",
                "State changed from up to crashed",
                "State changed from crashed to starting",
                starting,
                "State changed from starting to up",
            ],
        ),
        (
            "a restart",
            |world| world.restart_dyno("shop", "web.1").unwrap(),
            "web.1",
            &[
                "Restarting",
                "State changed from up to starting",
                "Stopping all processes with SIGTERM",
                "Process exited with status 143",
                starting,
                "State changed from starting to up",
            ],
        ),
        (
            "fewer dynos",
            |world| drop(world.scale("shop", "web", 1)),
            "web.2",
            &["State changed from up to down", "Stopping all processes with SIGTERM", "Process exited with status 143"],
        ),
        (
            "more dynos",
            |world| drop(world.scale("shop", "web", 3)),
            "web.3",
            &[starting, "State changed from starting to up"],
        ),
        (
            "code that crashes",
            |world| {
                let deploy = DeploySpec::new("bad").behaviour(Behaviour::CrashesOnBoot);
                world.deploy("shop", &deploy).map(drop).unwrap();
            },
            "web.2",
            &[
                "Restarting",
                "State changed from up to starting",
                "Stopping all processes with SIGTERM",
                "Process exited with status 143",
                starting,
                "Process exited with status 1",
                "State changed from starting to crashed",
                "State changed from crashed to starting",
                starting,
                "Process exited with status 1",
                "State changed from starting to crashed",
            ],
        ),
        (
            "a one-off",
            |world| {
                let request = OneOffRequest { command: "bin/report".into(), ..OneOffRequest::default() };
                drop(world.run_one_off("shop", &request).unwrap());
            },
            "run",
            &[
                "Starting process with command `bin/report`",
                "State changed from starting to up",
                "Process exited with status 3",
                "State changed from up to complete",
            ],
        ),
    ];
    let report = CommandSpec { contains: "report".into(), runs: seconds(2), exit: 3, cures: Cures::Nothing };
    for (what, change, dyno, expected) in cases {
        let mut world = world_of(drained().mechanics(|mechanics| mechanics.commands = vec![report.clone()]));
        change(&mut world);
        let lines = listen(&mut world, START + seconds(40));
        let of_dyno = lines.iter().filter(|line| line.process == dyno || line.process.starts_with(&format!("{dyno}.")));
        let told: Vec<&str> = of_dyno.map(|line| line.text.as_str()).collect();
        assert_eq!(told, expected, "{what}");
    }
}

#[test]
fn metrics_come_each_twenty_seconds_and_follow_the_load() {
    let app = drained().runtime_metrics().load(seconds(0), 16.0);
    let mut world = world_of(app);
    let lines = listen(&mut world, START + seconds(599));
    let of = |dyno: &str, what: &str| -> Vec<Line> {
        lines.iter().filter(|line| line.process == dyno && line.text.contains(what)).cloned().collect()
    };
    for dyno in ["web.1", "web.2", "worker.1"] {
        let loads = of(dyno, "sample#load_avg_1m=");
        assert_eq!((loads.len(), of(dyno, "sample#memory_total=").len()), (30, 30), "{dyno}");
        assert!(loads.windows(2).all(|two| two[1].at.since(two[0].at) == seconds(20)), "{dyno}");
        let id = world.app("shop").unwrap().dyno(dyno).unwrap().id;
        assert!(
            loads[0].text.starts_with(&format!("source={dyno} dyno=heroku."))
                && loads[0].text.contains(&id.to_string())
        );
    }
    let number = |line: &Line, key: &str| -> f64 { line.value(key).trim_end_matches("MB").parse().unwrap() };
    // Eight a second of half a second each are four at work.
    let last = of("web.1", "sample#load_avg_1m=").pop().unwrap();
    assert!((number(&last, "sample#load_avg_1m") - 4.0).abs() < 0.02, "{last:?}");
    assert!((1.5..2.5).contains(&number(&last, "sample#load_avg_15m")), "{last:?}");
    let memory = |dyno: &str| number(&of(dyno, "sample#memory_total=").pop().unwrap(), "sample#memory_total");
    assert!((memory("web.1") - memory("worker.1") - 16.0).abs() < 0.1);
    assert!(listen(&mut world_of(drained()), START + minutes(1)).is_empty(), "only where they are switched on");
}

#[test]
fn a_dyno_over_its_memory_says_so() {
    let mut world = world_of(drained().runtime_metrics());
    world.apply(Event::app("shop", AppEvent::Leak { dyno: Some("web.1".into()), mib_per_minute: 400.0 })).unwrap();
    let lines = listen(&mut world, START + minutes(2));
    let told = |text: &str| lines.iter().filter(|line| line.process == "web.1" && line.text.starts_with(text)).count();
    assert!(told("Error R14 (Memory quota exceeded)") >= 3 && told("Process running mem=") >= 3);
}

#[test]
fn a_drain_changes_nothing_of_what_happens() {
    let (mut with, mut without) =
        (world_of(drained().load(seconds(0), 18.0)), world_of(served().load(seconds(0), 18.0)));
    listen(&mut with, START + minutes(5));
    without.advance_to(START + minutes(5));
    assert!(with.minutes("shop").eq(without.minutes("shop")));
    assert_eq!(with.minutes("shop").len(), 6);
}

#[test]
fn lines_are_the_same_however_time_is_cut() {
    let play = |step: u64| {
        let mut world = world_of(drained().runtime_metrics().load(seconds(0), 3.0));
        let mut lines = Vec::new();
        for at in (step..=120).step_by(step as usize) {
            world.advance_to(START + seconds(at));
            take(&mut world, &mut lines);
        }
        lines
    };
    let lines = play(1);
    assert!(lines.len() > 300 && lines == play(40));
}

#[test]
fn a_visit_is_told_with_the_id_that_it_was_given() {
    let ours = "flyball-0123456789-abcdef";
    for (given, echoed) in
        [(Some(ours), true), (Some("short"), false), (Some("twenty letters; and more"), false), (None, false)]
    {
        let mut caller = Caller::new(world_of(shop().drain(DrainSpec::new(URL))));
        let request = Request::new("GET", "/cart?a=b").header("Host", "shop.localhost:80");
        let request = given.into_iter().fold(request, |request, id| request.header("X-Request-ID", id));
        let status = caller.send(&request).status;
        let lines = listen(&mut caller.world, START + seconds(1));
        let [line] = of_router(&lines)[..] else { panic!("{lines:?}") };
        assert_eq!(line.value("request_id") == given.unwrap_or_default(), echoed, "{given:?}");
        assert_eq!(
            (line.value("path"), line.value("dyno"), line.value("status"), line.ms("service")),
            ("/cart?a=b", "web.1", status.to_string().as_str(), 80)
        );
        assert_eq!(minute(&caller.world, 0).requests, 1);
    }
}

#[test]
fn a_page_under_load_is_as_slow_as_its_lines() {
    let latency = |load: f64| {
        let mut world = world_of(served().load(seconds(0), load));
        world.advance_to(START + minutes(2));
        let page = world.page("shop").unwrap();
        (page.latency_ms, page.code)
    };
    assert!(matches!(latency(2.0), (500..=502, None)), "{:?}", latency(2.0));
    assert!(matches!(latency(19.0), (1000..=2000, None)), "{:?}", latency(19.0));
    assert_eq!(latency(80.0), (30_000, Some("H12")));
}

#[test]
fn faults_of_drains_are_set_by_the_script_and_end_with_it() {
    let silent = AppEvent::Drains(DrainFaults { silent: true, ..DrainFaults::default() });
    let file = WorldFile::with_apps([drained().load(seconds(0), 10.0)])
        .at(minutes(1), Event::app("shop", silent))
        .at(minutes(2), Event::app("shop", AppEvent::Drains(DrainFaults::default())));
    let mut world = World::new(&file, START, 3);
    let lines = listen(&mut world, START + minutes(3));
    let ended =
        |from: u64| lines.iter().filter(|l| l.at > START + seconds(from) && l.at < START + seconds(from + 58)).count();
    assert!(ended(1) > 560 && ended(61) == 0 && ended(121) > 560, "{} {} {}", ended(1), ended(61), ended(121));
    let drain = world.app("shop").unwrap().drains()[0].clone();
    assert!(world.drained(drain.id).unwrap().lost > 560);
    for (app, name, expected) in [("shop", URL, Ok(())), ("shop", "d.other", Err(404)), ("other", URL, Err(404))] {
        let set = world.set_drain_faults(app, name, DrainFaults::default());
        assert_eq!(set.map_err(|refusal| refusal.status), expected);
    }
}

#[test]
fn a_drain_that_is_removed_gets_nothing_more() {
    let mut world = world_of(drained().load(seconds(0), 10.0));
    world.advance_to(START + seconds(5));
    let frame = world.frames().pop().unwrap();
    world.remove_drain("shop", &frame.token).unwrap();
    world.frame_answered(frame.drain, FrameAnswer::Status(503));
    world.advance_to(START + seconds(9));
    assert!(world.frames().is_empty() && !world.is_drained() && world.drained(frame.drain).is_none());
    assert_eq!(minute(&world, 0).requests, 100, "whoever comes is counted all the same");
}

#[test]
fn an_app_has_at_most_five_drains() {
    let mut world = world_of(shop());
    let added: Vec<Result<(), u16>> = (0..6)
        .map(|n| world.add_drain("shop", &format!("{URL}/{n}")).map(drop).map_err(|refusal| refusal.status))
        .collect();
    assert_eq!(added, [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(422)]);
    world.apply(Event::app("shop", AppEvent::RestartAll)).unwrap();
    assert_eq!(world.frames().len(), 5, "each has its own");
}
