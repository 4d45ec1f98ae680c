//! Interrupted anywhere, and started again: whatever happened is recorded, nothing is sent twice, every run reaches an
//! end, and in the end the app is well.
//!
//! A story is played with one of its calls cut: every call to Heroku and every write of the store counts. Which story,
//! which call and how it is cut come from a seed, which a failure names. The judgement reads the world's own record of
//! the calls that it received, and compares it with what Flyball remembers.
//!
//! That the judgement has teeth is shown by leading the looks astray: whoever looks what became of a call sees a world in
//! which it went the other way, which is what an engine without that look rule would believe.

use crate::support::{Cut, Day, START, Scenario, bare_shop, cuts, one, secs};
use flyball_heroku_sim::{AppEvent, AppSpec, Behaviour, DeploySpec, ReceivedCall, Took, World};
use flyball_model::{Effect, Event, Outcome, Run, RunState};
use std::collections::HashMap;
use std::time::Duration;

/// Seeded points in all: shared out over the tests, which run side by side.
const POINTS: u64 = 500;
/// How many tests share them.
const CHUNKS: u64 = 10;
/// A story is over by then, also after an answer that was looked for, a one-off dyno's time, and two restarts.
const STORY: Duration = secs(660);

/// An app that needs something, and a reaction that can do it.
struct Story {
    name: &'static str,
    lines: &'static str,
    /// The changing call that cures it.
    call: &'static str,
    app: fn() -> AppSpec,
    trouble: Option<AppEvent>,
    /// Whether the need is met.
    well: fn(&World) -> bool,
}

fn stories() -> Vec<Story> {
    let story = |name, lines, call, app, trouble| Story { name, lines, call, app, trouble, well: page_is_well };
    vec![
        story(
            "out",
            r#"scale_out = { app = "shop", max_quantity = 4 }"#,
            "PATCH /apps/shop/formation",
            || bare_shop().deploys(2).load(Duration::ZERO, 31.0),
            None,
        ),
        story(
            "up",
            r#"scale_up = { app = "shop", max_size = "performance-m" }"#,
            "PATCH /apps/shop/formation",
            || bare_shop().deploys(2).load(Duration::ZERO, 31.0),
            None,
        ),
        story(
            "restart one",
            r#"restart_dyno = { app = "shop", dyno = "web.1" }"#,
            "DELETE /apps/shop/dynos/web.1",
            || bare_shop().deploys(2),
            Some(AppEvent::Leak { dyno: Some("web.1".to_owned()), mib_per_minute: 2000.0 }),
        ),
        story(
            "restart all",
            r#"restart_all_dynos = { app = "shop" }"#,
            "DELETE /apps/shop/dynos",
            || bare_shop().deploys(2),
            Some(AppEvent::Hiccup),
        ),
        story(
            "back",
            r#"rollback_release = { app = "shop", min_release = 3 }"#,
            "POST /apps/shop/releases",
            || bare_shop().deploy("good").deploy_with(bad_deploy("bad")).deploy_with(bad_deploy("worse")),
            None,
        ),
        story(
            "one-off",
            r#"create_one_off_dyno = { app = "shop", command = "db:cleanup", time_to_live = "2m" }"#,
            "POST /apps/shop/dynos",
            || bare_shop().deploys(2),
            Some(AppEvent::DatabaseError(500)),
        ),
        // The same, still running when it is looked for.
        story(
            "long one-off",
            r#"create_one_off_dyno = { app = "shop", command = "db:cleanup", time_to_live = "2m" }"#,
            "POST /apps/shop/dynos",
            || bare_shop().deploys(2).mechanics(|mechanics| mechanics.commands[0].runs = secs(45)),
            Some(AppEvent::DatabaseError(500)),
        ),
        Story {
            well: |world| world.app("shop").is_some_and(|shop| shop.quantity("web") == 1),
            ..story(
                "in",
                "call_on = \"passing\"\nscale_in = { app = \"shop\", min_quantity = 1 }",
                "PATCH /apps/shop/formation",
                || bare_shop().deploys(2),
                Some(AppEvent::Scale { process: "web".to_owned(), quantity: 3 }),
            )
        },
    ]
}

fn page_is_well(world: &World) -> bool {
    world.page("shop").is_some_and(|page| page.status == 200)
}

fn bad_deploy(slug: &str) -> DeploySpec {
    let text = "something went wrong".to_owned();
    DeploySpec::new(slug).behaviour(Behaviour::ErrorPage { status: 500, text })
}

impl Story {
    fn set_up(&self) -> Day {
        Scenario::of((self.app)()).file(one("it", self.lines)).set_up()
    }

    fn begin(&self, day: &mut Day) {
        if let Some(trouble) = &self.trouble {
            day.happens(trouble.clone());
        }
        if !day.start() {
            day.kill(secs(1));
        }
    }

    /// How many calls there are to cut.
    fn calls(&self) -> usize {
        let mut day = self.set_up();
        self.begin(&mut day);
        day.pass(STORY);
        judge(self, &day).unwrap_or_else(|fault| panic!("{} without a cut: {fault}", self.name));
        day.calls_made()
    }
}

/// A small generator, so that a seed means the same everywhere (SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).expect("a few choices")]
    }
}

/// Plays a story with its call number `point` cut, and sometimes another one soon after.
fn play(story: &Story, calls: usize, chance: &mut Chance) -> Result<(), String> {
    let cuts = [Cut::Before, Cut::After, Cut::Lost, Cut::Failed];
    let point = usize::try_from(chance.below(calls as u64)).expect("a few calls");
    let cut = chance.one_of(&cuts);
    let mut day = story.set_up();
    // Most of what can go wrong goes wrong around the one call that changes something.
    if chance.below(3) == 0 {
        day.fail(story.call, cut);
    } else {
        day.cut(point, cut);
    }
    story.begin(&mut day);
    while day.was_cut().is_none() && day.now() < START + STORY {
        day.pass(secs(1));
    }
    let line = day.was_cut().ok_or_else(|| format!("{}: call {point} of {calls} did not come", story.name))?;
    // A process that lost an answer goes on, or is killed before it gets anywhere.
    if chance.below(2) == 0 {
        day.kill(secs(chance.one_of(&[1, 8, 25, 70])));
    }
    let again =
        (chance.below(3) == 0).then(|| (usize::try_from(chance.below(12)).expect("a few"), chance.one_of(&cuts)));
    if let Some((later, cut)) = again {
        day.cut(later, cut);
    }
    day.pass(STORY);
    judge(story, &day).map_err(|fault| {
        format!("{}, {line} ({point}) cut {cut:?}, then {again:?}: {fault}\ncalls: {:?}", story.name, day.calls())
    })
}

/// Compares what the world received with what Flyball remembers.
fn judge(story: &Story, day: &Day) -> Result<(), String> {
    let calls: Vec<ReceivedCall> = day.world(|world| world.effects().cloned().collect());
    let runs = day.runs();
    let mut sent: HashMap<usize, Vec<&ReceivedCall>> = HashMap::new();
    for call in &calls {
        // The clock stands still while a run is performed: its call arrives when it was marked as sent.
        let by = runs.iter().position(|run| run.sent_at == Some(call.at) && fits(&run.plan.effect, call));
        let Some(by) = by else { return Err(format!("no run has sent {} {}", call.method, call.path)) };
        sent.entry(by).or_default().push(call);
    }
    for (index, run) in runs.iter().enumerate() {
        judge_run(run, sent.get(&index).map_or(&[], Vec::as_slice))?;
    }
    for run in &runs {
        told_once(day, run)?;
    }
    if day.world(|world| (story.well)(world)) {
        return Ok(());
    }
    Err(format!("the app is not well after {runs:#?}"))
}

fn judge_run(run: &Run, calls: &[&ReceivedCall]) -> Result<(), String> {
    let RunState::Ended { outcome, .. } = &run.state else {
        return Err(format!("{} has not ended: {:?}", run.plan, run.state));
    };
    let had_effect = calls.iter().any(|call| call.took == Took::Effect);
    let one_off = matches!(run.plan.effect, Effect::RunOneOff { .. });
    match (outcome, calls.len(), had_effect) {
        (_, 2.., _) => Err(format!("{} was sent {} times", run.plan, calls.len())),
        (Outcome::Done { .. }, _, true) => Ok(()),
        (Outcome::InDoubt { .. }, _, _) if one_off => Ok(()),
        (Outcome::NotDone { .. } | Outcome::Superseded { .. }, _, false) if !one_off || run.sent_at.is_none() => Ok(()),
        // Of a one-off that was marked as sent, it can be known that it was not only if no call was made.
        (Outcome::NotDone { .. }, 0, false) if one_off => Err(format!("{}: nobody can know that it was not", run.plan)),
        (outcome, _, _) => Err(format!("{}: had an effect: {had_effect}, and is recorded as {outcome:?}", run.plan)),
    }
}

fn fits(effect: &Effect, call: &ReceivedCall) -> bool {
    let (method, noun) = match effect {
        Effect::SetQuantity { .. } | Effect::SetSize { .. } => ("PATCH", "/formation"),
        Effect::RestartDyno { .. } => ("DELETE", "/dynos/web.1"),
        Effect::RestartAll { .. } => ("DELETE", "/dynos"),
        Effect::RollBack { .. } => ("POST", "/releases"),
        Effect::RunOneOff { .. } => ("POST", "/dynos"),
    };
    call.method == method && call.path.ends_with(noun)
}

/// The timeline has the run's beginning and its end, once each.
fn told_once(day: &Day, run: &Run) -> Result<(), String> {
    let entries = day.entries_of(run.id);
    let begun = entries.iter().filter(|entry| matches!(entry.event, Event::Queued { .. })).count();
    let ended = entries.iter().filter(|entry| matches!(entry.event, Event::Ended { .. })).count();
    if (begun, ended) == (1, 1) {
        return Ok(());
    }
    Err(format!("{} is told as begun {begun} times and as ended {ended} times", run.plan))
}

fn campaign(chunk: u64) {
    let stories = stories();
    let mut calls = Vec::new();
    for story in &stories {
        calls.push(story.calls());
    }
    let mut faults = Vec::new();
    let played = cuts(POINTS / CHUNKS);
    for seed in (0..played).map(|nth| chunk + nth * CHUNKS) {
        let mut chance = Chance(seed);
        let story = usize::try_from(chance.below(stories.len() as u64)).expect("a few stories");
        if let Err(fault) = play(&stories[story], calls[story], &mut chance) {
            faults.push(format!("seed {seed}: {fault}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), played, faults.join("\n\n"));
}

macro_rules! chunks {
    ($($name:ident: $chunk:expr,)*) => {$(
        #[test]
        fn $name() {
            campaign($chunk);
        }
    )*};
}

chunks! {
    interrupted_at_any_call_the_first_fifty: 0,
    interrupted_at_any_call_the_second_fifty: 1,
    interrupted_at_any_call_the_third_fifty: 2,
    interrupted_at_any_call_the_fourth_fifty: 3,
    interrupted_at_any_call_the_fifth_fifty: 4,
    interrupted_at_any_call_the_sixth_fifty: 5,
    interrupted_at_any_call_the_seventh_fifty: 6,
    interrupted_at_any_call_the_eighth_fifty: 7,
    interrupted_at_any_call_the_ninth_fifty: 8,
    interrupted_at_any_call_the_tenth_fifty: 9,
}

/// Plays a story whose changing call is cut; `astray` changes what is believed afterwards.
fn cut_at_the_call(story: &Story, cut: Cut, astray: impl FnOnce(&mut Day)) -> Result<(), String> {
    let mut day = story.set_up();
    astray(&mut day);
    day.fail(story.call, cut);
    story.begin(&mut day);
    day.pass(STORY);
    assert!(day.was_cut_at(story.call), "{}: nothing was cut", story.name);
    judge(story, &day)
}

#[test]
fn every_look_rule_is_needed() {
    for story in stories() {
        for cut in [Cut::Before, Cut::After, Cut::Lost, Cut::Failed] {
            let honest = cut_at_the_call(&story, cut, |_| {});
            assert_eq!(honest, Ok(()), "{} cut {cut:?}", story.name);
            // A one-off dyno that is not seen is in doubt, whether it was there or not: that is its rule.
            let happened = matches!(cut, Cut::After | Cut::Lost);
            if story.name == "one-off" || (story.name == "long one-off" && happened) {
                continue;
            }
            let astray = cut_at_the_call(&story, cut, Day::look_elsewhere);
            assert!(astray.is_err(), "{} cut {cut:?}: what was seen afterwards made no difference", story.name);
        }
    }
}

#[test]
fn a_one_off_that_is_not_seen_must_not_count_as_not_done() {
    let stories = stories();
    let story = stories.iter().find(|story| story.name == "one-off").expect("it is among them");
    // Where it happened it is seen at once: that is another rule.
    for cut in [Cut::Before, Cut::Failed] {
        let certain = cut_at_the_call(story, cut, |day| day.doubt_nothing());
        assert!(certain.is_err(), "cut {cut:?}");
    }
}
