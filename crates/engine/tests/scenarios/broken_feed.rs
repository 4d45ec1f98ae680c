//! What a broken feed does: seeded stories of an app whose load goes up and down while what it tells is cut, late, doubled, in another
//! order, silent, dropped, of a clock that is wrong, or meets a Flyball that restarts. Judged by the world's own record: no dyno is
//! taken while something was missing, nor one that the load needed, and in the end there are as many as without all that.

use crate::support::{Day, Scenario, reaction, secs};
use flyball_engine::Frame;
use flyball_heroku_sim::{
    AppEvent, AppSpec, Cycling, DrainFaults, DrainSpec, Fault, FaultKind, FrameAnswer, Minute, Serving, World,
};
use flyball_model::Timestamp;
use flyball_testing::{Numbers, START};
use std::time::Duration;

/// Seeds that each run of the tests plays; `FLYBALL_FEEDS` plays another number of them.
const SEEDS: u64 = 24;
/// The tests that share them, so that they are played beside each other.
const PARTS: u64 = 4;

/// Requests a second that a dyno carries, by the file.
const PER_DYNO: f64 = 2.0;
const MIN: u32 = 2;
const MAX: u32 = 8;
/// The file's `stabilize`, in seconds.
const STABILIZE: u64 = 120;
/// The monitor's `over`, in seconds.
const OVER: u64 = 30;
/// What is missing shows in a look so many seconds later at most: a slot and its grace, the next look, and the time between two frames.
const SHOWS_AFTER: u64 = 10 + 2 + 10 + STEP;
/// A router's clock is wrong by up to this, in seconds.
const SKEW_MAX: u64 = 25;
/// Frames are asked for so often, in seconds.
const STEP: u64 = 2;

/// What happens to the feed for some time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Broken {
    /// This share of the lines is lost, and nobody tells of it.
    Cut(f64),
    /// Lines come so many seconds late.
    Late(u64),
    /// This share of frames comes twice.
    Doubled(f64),
    /// This share of lines comes after those behind it.
    Reordered(f64),
    /// Nothing comes, and what would have is lost.
    Silent,
    /// Frames are refused, so that Logplex drops them and tells it (L10).
    Refused,
    /// Half of our answers do not arrive: frames come again.
    Unheard,
    /// The routers' clock is ahead by so many milliseconds, or behind.
    Skew(i64),
    /// Flyball is killed, and starts anew once the time is over.
    Restart,
    /// Answers of the Platform API are lost, after what they answer was done.
    CallsCut,
}

#[derive(Debug, Clone, Copy)]
struct Spell {
    from: u64,
    until: u64,
    broken: Broken,
}

#[derive(Debug)]
struct Story {
    seed: u64,
    /// By `busy`, and not by `requests`.
    by_busy: bool,
    /// From which second on how many requests come in a second.
    levels: Vec<(u64, f64)>,
    spells: Vec<Spell>,
    /// The dynos that the last level needs, whether it was come to from above or from below.
    in_the_end: u32,
    ends: u64,
}

impl Story {
    fn of(seed: u64) -> Self {
        let mut numbers = Numbers::new(seed);
        let mut between = |least: u64, most: u64| least + numbers.below(most - least + 1);
        let by_busy = between(0, 3) == 0;
        let (mut levels, mut at) = (Vec::new(), 0);
        for _ in 0..between(3, 5) {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            levels.push((at, between(25, 150) as f64 / 10.0));
            at += between(60, 180);
        }
        let dynos = between(2, 4);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        levels.push((at, dynos as f64 * PER_DYNO - 0.75 * PER_DYNO));
        let (mut spells, mut from) = (Vec::new(), between(50, 150));
        while from < at + 60 {
            let share = |tenths: u64| f64::from(u32::try_from(tenths).unwrap()) / 10.0;
            let (broken, lasts) = match between(0, 9) {
                0 => (Broken::Cut(share(between(1, 9))), between(20, 100)),
                1 => (Broken::Late(between(3, 75)), between(40, 200)),
                2 => (Broken::Doubled(share(between(2, 10))), between(20, 120)),
                3 => (Broken::Reordered(share(between(1, 9))), between(20, 120)),
                4 | 5 => (Broken::Silent, between(22, 150)),
                6 => (Broken::Refused, between(4, 60)),
                7 => (Broken::Unheard, between(20, 100)),
                8 => {
                    let by = i64::try_from(between(0, 2 * SKEW_MAX * 1000)).unwrap();
                    (Broken::Skew(by - i64::try_from(SKEW_MAX * 1000).unwrap()), between(40, 200))
                }
                _ if between(0, 1) == 0 => (Broken::CallsCut, between(60, 200)),
                _ => (Broken::Restart, between(2, 40)),
            };
            spells.push(Spell { from, until: from + lasts, broken });
            from += lasts + between(10, 120);
        }
        let last = spells.last().map_or(at, |spell| at.max(spell.until));
        // What was late comes, then nothing is missing for `stabilize`, and then a dyno goes a minute.
        let ends = last + 75 + SKEW_MAX + STABILIZE + OVER + SHOWS_AFTER + u64::from(MAX - MIN) * 70 + 30;
        Self { seed, by_busy, levels, spells, in_the_end: u32::try_from(dynos).unwrap(), ends }
    }

    /// The same with a feed that is whole.
    fn whole(seed: u64) -> Self {
        Self { spells: Vec::new(), ..Self::of(seed) }
    }

    fn is(&self, at: u64) -> impl Iterator<Item = &Spell> {
        self.spells.iter().filter(move |spell| spell.from <= at && at < spell.until)
    }
}

/// What the world knows of a story afterwards.
#[derive(Debug, Default, Clone)]
struct Record {
    /// When something was missing that was told to be, or was all of it, in seconds.
    missing: Vec<u64>,
    /// When dynos were taken, and how many were left.
    taken: Vec<(u64, u32)>,
    minutes: Vec<Minute>,
    in_the_end: u32,
}

/// What does not hold, in words.
fn judge(story: &Story, record: &Record) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, left) in &record.taken {
        let lately = at.saturating_sub(STABILIZE)..at.saturating_sub(SHOWS_AFTER);
        if let Some(missing) = record.missing.iter().find(|missing| lately.contains(missing)) {
            wrong.push(format!("at {at} s it went down to {left}, and something was missing at {missing} s"));
        }
        // Lines that are lost without anybody's knowing look like requests that never came.
        let is_unknowable = |spell: &&Spell| {
            matches!(spell.broken, Broken::Cut(_)) && spell.from < *at && spell.until + STABILIZE > *at
        };
        if story.spells.iter().any(|spell| is_unknowable(&spell)) {
            continue;
        }
        for minute in &record.minutes {
            let begins = minute.at.since(START).as_secs();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let needed = minute.requests as f64 / 60.0 / PER_DYNO;
            let is_known = begins + STABILIZE >= *at && begins + 60 + SHOWS_AFTER + SKEW_MAX <= *at;
            // A twentieth is within what a look is told from.
            if is_known && needed * 0.95 > f64::from(*left) {
                wrong.push(format!("at {at} s it went down to {left}, and {needed:.2} were needed at {begins} s"));
            }
        }
    }
    if record.in_the_end != story.in_the_end {
        wrong.push(format!("in the end there are {} dynos, and not {}", record.in_the_end, story.in_the_end));
    }
    wrong
}

fn begin(story: &Story) -> Day {
    let spec = AppSpec::new("shop").process("web", MIN, "Standard-1X").deploys(3);
    let spec = spec.drain(DrainSpec::new("https://flyball.example.com/drain/shop"));
    let serving = Serving { threads: 5, service: Duration::from_millis(200), broken_off: 0.0 };
    let spec = spec.mechanics(|mechanics| {
        (mechanics.cycling, mechanics.serving, mechanics.boot) = (Cycling::Never, Some(serving), secs(5));
    });
    let (measure, per_dyno) = if story.by_busy { ("busy", PER_DYNO / 5.0) } else { ("requests", PER_DYNO) };
    let monitor = format!(
        "[receive.apps.shop]\n[[monitor]]\nname = \"told\"\nevery = \"10s\"\n\
         heroku_router = {{ app = \"shop\", measure = \"{measure}\" }}\nreactions = [\"enough web\"]\n"
    );
    let kind = format!(
        "settle = \"10s\"\nscale_to = {{ app = \"shop\", per_dyno = {per_dyno}, min_quantity = {MIN}, max_quantity = {MAX}, \
         stabilize = \"{STABILIZE}s\" }}"
    );
    Scenario::of(spec).file(monitor + &reaction("enough web", &kind)).begin()
}

/// Logplex sends what it has.
pub(super) fn send(day: &Day, broken: Option<Broken>, numbers: &mut Numbers) {
    loop {
        let frames = day.world(World::frames);
        if frames.is_empty() {
            return;
        }
        for frame in frames {
            let answer = match broken {
                Some(Broken::Refused) => FrameAnswer::Status(503),
                Some(Broken::Unheard) if numbers.below(2) == 0 => FrameAnswer::Silence,
                _ => FrameAnswer::Status(204),
            };
            if broken != Some(Broken::Refused) {
                let (id, messages) = (Some(frame.id.into_bytes()), frame.messages as u64);
                day.engine().take_frame(Frame { app: "shop".parse().unwrap(), id, messages, body: frame.body });
            }
            day.world(|world| world.frame_answered(frame.drain, answer));
        }
    }
}

fn play(story: &Story) -> (Record, Day) {
    let (mut day, mut record, mut numbers) = (begin(story), Record::default(), Numbers::new(story.seed ^ 0xfeed));
    let (mut web, mut faults, mut dropped) = (MIN, DrainFaults::default(), 0);
    let mut levels = story.levels.iter().peekable();
    let seconds = |now: Timestamp| now.since(START).as_secs();
    while seconds(day.now()) < story.ends {
        let at = seconds(day.now());
        while let Some((_, level)) = levels.next_if(|(from, _)| *from <= at) {
            day.happens(AppEvent::Load(*level));
        }
        let broken = story.is(at).next().map(|spell| spell.broken);
        let now_faults = match broken {
            Some(Broken::Cut(loss)) => DrainFaults { loss, ..DrainFaults::default() },
            Some(Broken::Late(late)) => DrainFaults { late: secs(late), ..DrainFaults::default() },
            Some(Broken::Doubled(doubled)) => DrainFaults { doubled, ..DrainFaults::default() },
            Some(Broken::Reordered(reordered)) => DrainFaults { reordered, ..DrainFaults::default() },
            Some(Broken::Silent) => DrainFaults { silent: true, ..DrainFaults::default() },
            Some(Broken::Skew(skew_ms)) => DrainFaults { skew_ms, ..DrainFaults::default() },
            _ => DrainFaults::default(),
        };
        if now_faults != faults {
            day.happens(AppEvent::Drains(now_faults));
            faults = now_faults;
        }
        if let Some(spell) = story.spells.iter().find(|spell| (at..at + STEP).contains(&spell.from)) {
            match spell.broken {
                Broken::Restart => {
                    record.missing.push(at);
                    day.kill(secs(spell.until - spell.from));
                    record.missing.push(seconds(day.now()));
                }
                Broken::CallsCut => {
                    let lasts = (day.now(), day.now() + secs(spell.until - spell.from));
                    day.fault(Fault::new(FaultKind::CutAfter).on("PATCH", "*/formation*").between(lasts.0, lasts.1));
                }
                _ => {}
            }
        }
        day.pass(secs(STEP));
        send(&day, broken, &mut numbers);
        let at = seconds(day.now());
        let drained = day.world(|world| {
            let drain = world.app("shop").expect("the shop").drains()[0].id;
            world.drained(drain).expect("its drain")
        });
        if broken == Some(Broken::Silent) || drained.dropped > dropped {
            record.missing.push(at);
        }
        dropped = drained.dropped;
        let now = day.web().0;
        if now < web {
            record.taken.push((at, now));
        }
        web = now;
    }
    record.minutes = day.world(|world| world.minutes("shop").copied().collect());
    record.in_the_end = web;
    (record, day)
}

fn seeds() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test is asked for more")]
    let asked = std::env::var("FLYBALL_FEEDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(SEEDS)
}

fn hold(part: u64) {
    let (mut wrong, mut taken, mut played) = (Vec::new(), 0, 0);
    for seed in (1..=seeds()).filter(|seed| seed % PARTS == part) {
        let story = Story::of(seed);
        let (record, day) = play(&story);
        (taken, played) = (taken + record.taken.len(), played + 1);
        let said = judge(&story, &record);
        if !said.is_empty() {
            wrong.push(format!("seed {seed}: {said:#?}\n{story:?}\n{:#?}\n{}", day.calls(), day.timeline().join("\n")));
        }
    }
    eprintln!("{played} stories, {taken} times dynos were taken, {} stories do not hold", wrong.len());
    assert!(wrong.is_empty(), "{} stories do not hold:\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn a_broken_feed_takes_no_dyno_and_changes_nothing_in_the_end_1() {
    hold(0);
}

#[test]
fn a_broken_feed_takes_no_dyno_and_changes_nothing_in_the_end_2() {
    hold(1);
}

#[test]
fn a_broken_feed_takes_no_dyno_and_changes_nothing_in_the_end_3() {
    hold(2);
}

#[test]
fn a_broken_feed_takes_no_dyno_and_changes_nothing_in_the_end_4() {
    hold(3);
}

#[test]
fn with_a_whole_feed_the_same_stories_end_the_same() {
    for seed in 1..=4 {
        let story = Story::whole(seed);
        let (record, day) = play(&story);
        assert_eq!(judge(&story, &record), Vec::<String>::new(), "seed {seed}: {story:?}\n{:#?}", day.calls());
    }
}

/// Who judges nothing finds nothing.
#[test]
fn the_judge_tells_each_sort_of_wrong() {
    let story = Story { spells: Vec::new(), in_the_end: 3, ..Story::of(1) };
    let minute = |begins: u64, requests: u64| {
        let none = Duration::ZERO;
        let at = START + secs(begins);
        Minute { at, requests, served: requests, errors: 0, broken_off: 0, timed_out: 0, refused: 0, service: none }
    };
    let well = Record {
        missing: vec![100],
        taken: vec![(420, 3)],
        minutes: vec![minute(240, 60 * 10), minute(300, 60 * 6), minute(360, 60 * 10)],
        in_the_end: 3,
    };
    assert_eq!(judge(&story, &well), Vec::<String>::new());
    let missing = Record { missing: vec![310], ..well.clone() };
    let needed = Record { minutes: vec![minute(300, 60 * 8)], ..well.clone() };
    let other = Record { in_the_end: 4, ..well };
    for (record, words) in
        [(missing, "something was missing"), (needed, "4.00 were needed"), (other, "in the end there are 4 dynos")]
    {
        let said = judge(&story, &record);
        assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
    }
}
