//! A reaction played anew over recorded readings: the same fold, the same gates and the same plans as in the loop, with a clock that goes
//! by the readings.
//!
//! The quantity and size of the process type follow what is decided here, and what others set then. What nobody recorded is taken to be
//! free: dynos are up at once, no pause and no maintenance holds, no other reaction is in the way, Heroku refuses nothing. A load does not
//! depend on how many dynos there were, so that what is played of it is what would have been; a verdict or a delay does.

use crate::Quantities;
use crate::free::{DYNO, Free};
use flyball_decide::{
    AppFacts, Call, Caller, Choice, Home, Jobs, LookedAt, Reacts, Scene, Situation, Step, View, Wish,
};
use flyball_decide::{choose, fold, reason};
use flyball_model::{
    Actor, App, AppLimits, Because, Dyno, DynoId, DynoState, Effect, Evidence, Finding, Foreign, ForeignChange, Look,
    Measured, Mode, MonitorId, MonitorName, MonitorState, Needs, Outcome, ProcessFormation, ProcessType, Quantity,
    Rank, Reading, Release, ReleaseHistory, ReleaseVersion, Run, RunId, RunState, Sight, Subject, Timestamp,
};
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// So many acts are kept: one a minute for a week, which nobody reads. Those behind them are played, and counted.
pub const ACTS_MAX: usize = 10_000;
/// Looks that are remembered at least; twice as many are kept before the older half goes, so that they are seldom moved. The longest that a
/// reaction looks back, at a look each second.
const LOOKS_KEPT: usize = 4000;
/// What was done is remembered for an hour, where only that counts.
const HOUR: Duration = Duration::from_secs(3600);

/// What one recorded reading found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// When it began.
    pub at: Timestamp,
    /// What it found.
    pub finding: Finding,
    /// What it measured, where it did.
    pub told: Option<Measured>,
}

impl From<&Reading> for Found {
    fn from(reading: &Reading) -> Self {
        let told = match &reading.evidence {
            Evidence::Measured(told) => Some(*told),
            Evidence::Http(_) | Evidence::Tcp { .. } | Evidence::Dynos { .. } | Evidence::None => None,
        };
        Self { at: reading.begun_at, finding: reading.finding, told }
    }
}

/// The readings of a monitor that calls the reaction.
#[derive(Debug, Clone)]
pub struct Track<'a> {
    /// Which.
    pub id: MonitorId,
    /// Its name.
    pub name: MonitorName,
    /// Its interval.
    pub every: Duration,
    /// What it found, oldest first.
    pub found: &'a [Found],
}

/// Where a reaction is played.
#[derive(Debug, Clone)]
pub struct Stage<'a> {
    /// On what it acts.
    pub subject: Subject,
    /// The app, as it was seen last.
    pub app: App,
    /// Its process types at the beginning.
    pub formation: Vec<ProcessFormation>,
    /// To what others set the quantity of the reaction's process type, in the order of time.
    pub others: &'a [(Timestamp, u32)],
    /// How much is done to one app in an hour.
    pub limits: AppLimits,
    /// The shortest interval of its monitors, when there are several.
    pub shared_interval: Option<Duration>,
}

/// Something that would have been done.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// When.
    pub at: Timestamp,
    /// By which monitor's reading.
    pub monitor: MonitorName,
    /// What. Of a rollback and of the restart of a dyno it is only that it would have been.
    pub effect: Effect,
    /// Why.
    pub because: Because,
}

/// Why it would have held still though it was called.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The reason, as it was the last time.
    pub because: Because,
    /// At how many readings.
    pub readings: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Played {
    /// What would have been done, in the order of time: the first [`ACTS_MAX`].
    pub acts: Vec<Acted>,
    /// How much would have been done in all.
    pub acted: u64,
    /// Why it would have held still, what was so at most readings first.
    pub held: Vec<Held>,
    /// How many readings there were.
    pub readings: u64,
    /// The quantity of its process type over time, where it has one.
    pub quantities: Quantities,
}

/// Plays a reaction over these readings, from this time on.
#[must_use]
pub fn play<R: Reacts>(reaction: &R, stage: &Stage<'_>, tracks: &[Track<'_>], since: Timestamp) -> Played {
    let mut turns: Vec<(Timestamp, usize, usize)> = Vec::new();
    for (track, of) in tracks.iter().enumerate() {
        turns.extend(of.found.iter().enumerate().map(|(nth, found)| (found.at, track, nth)));
    }
    turns.sort_by_key(|turn| turn.0);
    let Some((first, ..)) = turns.first() else { return Played::default() };
    let mut world = World::new(reaction, stage, tracks.len(), (*first).max(since));
    let mut others = stage.others.iter().peekable();
    for (at, track, nth) in turns {
        while let Some((other_at, quantity)) = others.next_if(|(other_at, _)| *other_at <= at) {
            world.is_set_by_others(*other_at, *quantity);
        }
        world.turn(track, &tracks[track], tracks[track].found[nth]);
    }
    world.played()
}

/// The app while it is played.
struct World<'a, R> {
    situation: Situation<Free<'a, R>>,
    process_type: Option<ProcessType>,
    remember: u32,
    states: Vec<MonitorState>,
    looks: Vec<Vec<LookedAt>>,
    held: BTreeMap<&'static str, Held>,
    played: Played,
}

impl<'a, R: Reacts> World<'a, R> {
    fn new(reaction: &'a R, stage: &Stage<'_>, tracks: usize, first: Timestamp) -> Self {
        let app = App { maintenance: false, ..stage.app.clone() };
        let sight = Sight {
            app,
            formation: stage.formation.clone(),
            dynos: if reaction.boots_anew() { vec![dyno(Timestamp::EPOCH)] } else { Vec::new() },
            releases: ReleaseHistory { newest_first: Vec::<Release>::new(), reaches_the_first: true },
            taken_at: first,
            heroku_now: None,
        };
        let call = Call {
            caller: Caller::Person { episode: first },
            // What is only told in a dry run would be done here.
            mode: Mode::Act,
            since: Timestamp::EPOCH,
            rungs_below: Vec::new(),
            after: None,
            shared_interval: stage.shared_interval,
            would_have_acted: None,
            looks: None,
            // What nobody recorded is taken to be free.
            jobs: Jobs::default(),
            patience: Duration::MAX,
        };
        let process_type = reaction.process_type().cloned();
        let quantity = process_type.as_ref().and_then(|of| sight.process(of)).map(|process| process.quantity.get());
        let facts = AppFacts { app_id: Some(sight.app.id.clone()), ..AppFacts::default() };
        let scene = Scene {
            now: first,
            subject: stage.subject.seen_as(&sight.app),
            limits: stage.limits,
            home: Home::Elsewhere,
            store_loss: None,
            facts,
            before: None,
            adders: Vec::new(),
            unset: std::collections::BTreeSet::new(),
            view: View::Seen { sight: Box::new(sight), parts: Needs::ALL, no_further: None },
            foreign: Vec::new(),
            references: Some(Vec::new()),
            sending: None,
        };
        Self {
            situation: Situation { wishes: vec![Wish { reaction: Free(reaction), call }], beside: Vec::new(), scene },
            process_type,
            remember: reaction.policy().trigger.get(),
            states: vec![MonitorState::default(); tracks],
            looks: vec![Vec::new(); tracks],
            held: BTreeMap::new(),
            played: Played {
                quantities: quantity.map(|quantity| (first, quantity)).into_iter().collect(),
                ..Played::default()
            },
        }
    }

    /// Others gave the process type this quantity.
    fn is_set_by_others(&mut self, at: Timestamp, quantity: u32) {
        let Some(process_type) = self.process_type.clone() else { return };
        let sight = self.situation.scene.sight();
        let from = sight.and_then(|sight| sight.process(&process_type)).map(|process| process.quantity);
        let to = Quantity::new(quantity);
        if from == Some(to) {
            return;
        }
        let change = ForeignChange::Quantity { process_type, from: from.unwrap_or(to), to };
        let foreign = &mut self.situation.scene.foreign;
        foreign.push(Foreign { at, change });
        let surplus = foreign.len().saturating_sub(Foreign::REMEMBERED);
        foreign.drain(..surplus);
        self.set_quantity(at, to);
    }

    /// The app as it is seen from now on.
    fn sight(&mut self) -> Option<&mut Sight> {
        match &mut self.situation.scene.view {
            View::Seen { sight, .. } => Some(sight),
            View::NotYet | View::Failed(_) => None,
        }
    }

    fn set_quantity(&mut self, at: Timestamp, to: Quantity) {
        let Some(process_type) = self.process_type.clone() else { return };
        let formation = self.sight().map(|sight| &mut sight.formation).into_iter().flatten();
        for process in formation.filter(|process| process.process_type == process_type) {
            process.quantity = to;
        }
        let begun = self.played.quantities.first().map_or(at, |(begun, _)| *begun);
        self.played.quantities.push((at.max(begun), to.get()));
    }

    /// What the loop does with a reading.
    fn turn(&mut self, track: usize, monitor: &Track<'_>, found: Found) {
        let at = found.at;
        self.played.readings += 1;
        let folded = fold(&self.states[track], found.finding, at, monitor.every, self.remember);
        self.states[track] = folded.state;
        let goes_by_load = self.situation.wishes[0].reaction.looks_back().is_some();
        if goes_by_load {
            let looks = &mut self.looks[track];
            if looks.len() >= 2 * LOOKS_KEPT {
                looks.drain(..LOOKS_KEPT);
            }
            looks.push(LookedAt { at, told: found.told });
        }

        if let Some(sight) = self.sight() {
            sight.taken_at = at;
        }
        let scene = &mut self.situation.scene;
        scene.now = at;
        scene.facts.effects.retain(|(_, made_at)| *made_at + HOUR > at);
        let call = &mut self.situation.wishes[0].call;
        call.looks = goes_by_load.then(|| std::mem::take(&mut self.looks[track]));
        call.caller = Caller::Monitor {
            id: monitor.id,
            name: monitor.name.clone(),
            finding: found.finding,
            standing: self.states[track].standing.clone(),
            hosts: Vec::new(),
        };
        let choice = choose(&self.situation).pop();
        let because = match &choice {
            Some(Choice::Act(_) | Choice::Tell(_)) => Some(reason(&self.situation, &self.situation.wishes[0])),
            Some(Choice::Hold { .. }) | None => None,
        };
        if let Some(looks) = self.situation.wishes[0].call.looks.take() {
            self.looks[track] = looks;
        }
        match (choice, because) {
            (Some(Choice::Hold { gate, because }), _) => self.holds(gate, because),
            (Some(Choice::Act(plan) | Choice::Tell(plan)), Some(because)) => {
                self.acts(at, monitor, *plan, because);
            }
            _ => {}
        }
    }

    fn holds(&mut self, gate: &str, because: Because) {
        // Whoever is not called has nothing to tell.
        if gate == "called" {
            return;
        }
        let held = self.held.entry(because.code());
        let held = held.or_insert_with(|| Held { because: because.clone(), readings: 0 });
        *held = Held { because, readings: held.readings + 1 };
    }

    fn acts(&mut self, at: Timestamp, monitor: &Track<'_>, plan: flyball_model::Plan, because: Because) {
        let effect = plan.effect.clone();
        self.remember_run(at, monitor, plan, because.clone());
        match &effect {
            Effect::SetQuantity { to, .. } => self.set_quantity(at, *to),
            Effect::SetSize { process_type, to, .. } => {
                let formation = self.sight().map(|sight| &mut sight.formation).into_iter().flatten();
                for process in formation.filter(|process| process.process_type == *process_type) {
                    process.size = to.clone();
                }
            }
            Effect::RestartDyno { .. }
            | Effect::RestartAll { .. }
            | Effect::RollBack { .. }
            | Effect::RunOneOff { .. } => {}
        }
        if let Some(sight) = self.sight().filter(|_| effect.boots_anew()) {
            sight.dynos = vec![dyno(at)];
        }
        self.played.acted += 1;
        if self.played.acts.len() < ACTS_MAX {
            self.played.acts.push(Acted { at, monitor: monitor.name.clone(), effect, because });
        }
    }

    /// What the store knows of what was done, as its facts tell it.
    fn remember_run(&mut self, at: Timestamp, monitor: &Track<'_>, plan: flyball_model::Plan, because: Because) {
        let reaction = &self.situation.wishes[0].reaction;
        let (id, rank) = (reaction.id(), reaction.rank());
        let adds = matches!(&plan.effect, Effect::SetQuantity { from, to, .. } if to > from);
        let run = Run {
            id: RunId(Uuid::nil()),
            reaction: id,
            reaction_name: reaction.name().clone(),
            actor: Actor::Engine { monitor: monitor.id, monitor_name: monitor.name.clone(), episode: at },
            because,
            plan,
            rank,
            queued_at: at,
            sent_at: Some(at),
            request_ids: Vec::new(),
            state: RunState::Ended {
                at,
                outcome: Outcome::Done { seen: Look::Answered, release: None, dyno: None, dyno_name: None },
            },
        };
        let facts = &mut self.situation.scene.facts;
        facts.last_ended.insert(id, run.clone());
        facts.last_effect.insert(id, run);
        let acted = facts.acted.entry(id).or_default();
        acted.insert(0, at);
        acted.truncate(usize::try_from(AppFacts::ACTED_MAX).unwrap_or(usize::MAX));
        facts.effects.insert(0, (rank, at));
        let Some(process_type) = self.process_type.clone() else { return };
        if matches!(rank, Rank::Out | Rank::In | Rank::Up | Rank::Down) {
            facts.steps.insert(0, Step { process_type: process_type.clone(), rank, at });
            facts.steps.retain(|step| step.at + Step::TOLD_FOR >= at);
            facts.steps.truncate(Step::TOLD_MAX);
        }
        if adds && rank == Rank::Out {
            facts.last_out.insert(process_type, at);
        }
    }

    fn played(self) -> Played {
        let mut held: Vec<Held> = self.held.into_values().collect();
        held.sort_by_key(|held| std::cmp::Reverse(held.readings));
        Played { held, ..self.played }
    }
}

/// The one dyno of an app whose dynos are booted anew: up since then. More would be the same, since all are.
fn dyno(at: Timestamp) -> Dyno {
    Dyno {
        id: DynoId::new(DYNO),
        name: DYNO.parse().expect("it is a dyno's name"),
        process_type: ProcessType::web(),
        state: DynoState::Up,
        size: flyball_model::DynoSize::new("Standard-1X"),
        command: String::new(),
        release: ReleaseVersion::new(1),
        created_at: at,
        updated_at: at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_model::{Amount, Cause, DynoSize, Unit, testing};
    use flyball_reactions::Reaction;

    const EVERY: Duration = Duration::from_secs(10);

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000) + Duration::from_secs(second)
    }

    fn reaction(text: &str) -> Reaction {
        let text = format!("[[reaction]]\nname = \"it\"\n{text}\n");
        flyball_config::read("", &text).unwrap().reactions.remove(0)
    }

    fn scale_to(more: &str) -> Reaction {
        let settings = "app = \"shop\", per_dyno = 10, min_quantity = 1, max_quantity = 8";
        reaction(&format!("scale_to = {{ {settings}{more} }}"))
    }

    /// One reading every ten seconds.
    fn loads(of: impl IntoIterator<Item = Option<f64>>) -> Vec<Found> {
        let found = |(nth, load): (usize, Option<f64>)| {
            let told = load.map(|load| Measured {
                amount: Amount::new(load, Unit::Things),
                complete: true,
                few: false,
                dynos: None,
            });
            Found { at: at(10 * u64::try_from(nth).unwrap()), finding: Finding::Passing, told }
        };
        of.into_iter().enumerate().map(found).collect()
    }

    /// One reading every ten seconds: `F` fails, `T` fails for a text, `P` passes.
    fn verdicts(word: &str) -> Vec<Found> {
        let finding = |letter| match letter {
            'F' => Finding::Failing(Cause::Status),
            'T' => Finding::Failing(Cause::Text),
            _ => Finding::Passing,
        };
        let found =
            |(nth, letter)| Found { at: at(10 * u64::try_from(nth).unwrap()), finding: finding(letter), told: None };
        word.chars().enumerate().map(found).collect()
    }

    fn played_with(reaction: &Reaction, found: &[Found], quantity: u32, others: &[(Timestamp, u32)]) -> Played {
        let size = DynoSize::new("Standard-1X");
        let process = ProcessFormation { process_type: ProcessType::web(), quantity: Quantity::new(quantity), size };
        let stage = Stage {
            subject: testing::subject(),
            app: testing::app(),
            formation: vec![process],
            others,
            limits: AppLimits::default(),
            shared_interval: None,
        };
        let name: MonitorName = "busy".parse().unwrap();
        play(reaction, &stage, &[Track { id: MonitorId::of(&name), name, every: EVERY, found }], at(0))
    }

    fn acts(played: &Played) -> Vec<String> {
        let words = |acted: &Acted| {
            let what = match &acted.effect {
                Effect::SetQuantity { from, to, .. } => format!("{from}→{to}"),
                Effect::SetSize { from, to, .. } => format!("{from}→{to}"),
                Effect::RestartDyno { .. } => "restart".to_owned(),
                Effect::RestartAll { .. } => "restart all".to_owned(),
                Effect::RollBack { .. } => "back".to_owned(),
                Effect::RunOneOff { .. } => "run".to_owned(),
            };
            format!("{} {what}", acted.at.since(at(0)).as_secs())
        };
        played.acts.iter().map(words).collect()
    }

    fn held(played: &Played) -> Vec<(&'static str, u64)> {
        played.held.iter().map(|held| (held.because.code(), held.readings)).collect()
    }

    #[test]
    fn a_load_is_followed_by_a_quantity_that_goes_by_its_own_choices() {
        let wave = |least: usize, most: usize| {
            let rise = std::iter::repeat_n(Some(9.0), least);
            loads(rise.chain(std::iter::repeat_n(Some(35.0), most)).chain(std::iter::repeat_n(Some(9.0), 60)))
        };
        let cases: [(&str, &str, Vec<Found>, &[&str]); 5] = [
            (
                "out at once, in one by one once enough is known",
                "",
                wave(3, 3),
                &["30 1→4", "360 4→3", "420 3→2", "480 2→1"],
            ),
            ("never more than may be", "", wave(3, 3), &["30 1→2", "360 2→1"]),
            ("a step at a time", ", max_out = 2", wave(3, 3), &["30 1→3", "40 3→4", "360 4→3", "420 3→2", "480 2→1"]),
            ("a longer memory", ", stabilize = \"10m\"", wave(3, 3), &["30 1→4"]),
            (
                "silence is no zero",
                "",
                loads([Some(35.0)].into_iter().chain(std::iter::repeat_n(None, 90))),
                &["0 1→4"],
            ),
        ];
        for (case, more, found, expected) in cases {
            let reaction = match case {
                "never more than may be" => {
                    reaction("scale_to = { app = \"shop\", per_dyno = 10, min_quantity = 1, max_quantity = 2 }")
                }
                _ => scale_to(more),
            };
            let played = played_with(&reaction, &found, 1, &[]);
            assert_eq!(acts(&played), expected, "{case}: {:?}", held(&played));
            assert_eq!(played.quantities.len(), 1 + played.acts.len(), "{case}");
            assert_eq!(played.readings, u64::try_from(found.len()).unwrap());
        }
        let because = played_with(&scale_to(""), &wave(3, 3), 1, &[]).acts[0].because.clone();
        assert_eq!(because.code(), "load_needs");
    }

    #[test]
    fn what_others_set_is_set_and_given_way_to() {
        let found = loads(std::iter::repeat_n(Some(9.0), 400));
        let others = [(at(5), 6), (at(2000), 0)];
        let played = played_with(&scale_to(""), &found, 1, &others);
        assert_eq!(acts(&played), ["1810 6→5", "1870 5→4", "1930 4→3", "1990 3→2"]);
        let quantities: Vec<u32> = played.quantities.iter().map(|(_, quantity)| *quantity).collect();
        assert_eq!(quantities, [1, 6, 5, 4, 3, 2, 0], "what somebody set to 0 stays so");
    }

    #[test]
    fn a_step_reaction_has_its_trigger_its_cooldown_and_its_limits() {
        let failing = verdicts(&format!("PPFF{}P", "F".repeat(20)));
        let out = "scale_out = { app = \"shop\", max_quantity = 4 }";
        let cases: [(&str, &str, &[&str]); 6] = [
            ("at once", out, &["20 1→2", "30 2→3", "40 3→4"]),
            ("from the third on", &format!("trigger = 3\n{out}"), &["40 1→2", "50 2→3", "60 3→4"]),
            ("a minute apart", &format!("cooldown = \"1m\"\n{out}"), &["20 1→2", "80 2→3", "140 3→4"]),
            ("two an hour", &format!("max_per_hour = 2\n{out}"), &["20 1→2", "30 2→3"]),
            ("for a text alone", &format!("causes = [\"text\"]\n{out}"), &[]),
            (
                "after 60 s",
                "cooldown = \"1m\"\ngive_up_after = 2\nrestart_all_dynos = { app = \"shop\" }",
                &["20 restart all", "80 restart all"],
            ),
        ];
        for (case, text, expected) in cases {
            let played = played_with(&reaction(text), &failing, 1, &[]);
            assert_eq!(acts(&played), expected, "{case}: {:?}", held(&played));
        }
        let played = played_with(&reaction(&format!("cooldown = \"1m\"\n{out}")), &failing, 1, &[]);
        assert_eq!(held(&played), [("cooling_down", 15), ("at_maximum", 4)], "at its limit from 200 s on");
    }

    #[test]
    fn what_boots_dynos_anew_counts_its_trigger_from_then() {
        let failing = verdicts(&"F".repeat(12));
        let restart = "trigger = 3\nrestart_dyno = { app = \"shop\", dyno = \"web.2\" }";
        let back = "trigger = 5\nrollback_release = { app = \"shop\", max_steps = 2 }";
        for (text, expected) in [
            (restart, &["20 restart", "50 restart", "80 restart", "110 restart"][..]),
            (back, &["40 back", "90 back"]),
            (
                "trigger = 9\ncreate_one_off_dyno = { app = \"shop\", command = \"x\" }",
                &["80 run", "90 run", "100 run", "110 run"],
            ),
        ] {
            let played = played_with(&reaction(text), &failing, 1, &[]);
            assert_eq!(acts(&played), expected, "{text}: {:?}", held(&played));
        }
    }

    #[test]
    fn nothing_recorded_is_nothing_played() {
        assert_eq!(played_with(&scale_to(""), &[], 1, &[]), Played::default());
    }
}
