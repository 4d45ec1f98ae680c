//! The gates between being called and acting, in one ordered table.
//!
//! Whoever asks whether a reaction may act asks these: the loop, a person's `react`, the check before a call is sent, and
//! `why` and `next`, which only tell. The first gate that is closed is the reason for holding still.

use crate::arbitrate::stands_back;
use crate::called::called;
use crate::doubt::{Elsewhere, doubt};
use crate::foreign::gives_way;
use crate::home::may_touch;
use crate::may_act::{
    Facts, Refusal, app_is_free, backed_off, has_cooled_down, is_not_paused, its_own_run_has_ended, once_per_interval,
};
use crate::rungs::last_effect_below;
use crate::situation::{Call, Caller, Reacts, Scene, View};
use crate::spending::{app_has_left, goes_on, reaction_has_left};
use crate::undone::may_be_tried_again;
use crate::{Known, KnownLoad, Planned};
use flyball_model::{
    Because, Cause, Effect, Mode, MonitorId, Outcome, PauseScope, Rank, ReactionId, ReactionName, Run, RunState, Sight,
    Spending, Timestamp,
};
use std::time::Duration;

/// When a gate is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before the app is looked at, which costs calls of the Platform API.
    BeforeLooking,
    /// Once the app was looked at.
    AfterLooking,
    /// Among those that would act on the app in the same moment.
    Together,
    /// Immediately before the call is sent, on what is known and seen then.
    BeforeSending,
}

impl Stage {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::BeforeLooking => "before looking",
            Self::AfterLooking => "after looking",
            Self::Together => "among those that would act together",
            Self::BeforeSending => "before sending",
        }
    }
}

/// Whether a person who asks for a reaction by hand waives a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByHand {
    /// It holds a person as well.
    Holds,
    /// A person does not wait for it.
    Waived,
}

/// A gate.
#[derive(Debug)]
pub struct Gate {
    /// Its word.
    pub name: &'static str,
    /// What it asks for, in words.
    pub asks: &'static str,
    /// When it is asked.
    pub stages: &'static [Stage],
    /// Whether a person waives it.
    pub by_hand: ByHand,
    test: fn(&Question<'_>) -> Result<(), Because>,
}

/// A gate that is closed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The gate's word.
    pub gate: &'static str,
    /// The reason for holding still.
    pub because: Because,
}

/// The gate at which a kind looks at what is seen, and plans.
pub(crate) const PLAN: &str = "plan";
/// The gate at which an app could not be looked at.
pub(crate) const SIGHT: &str = "sight";
/// The gate at which readings from before the app settled do not count.
pub(crate) const EVIDENCE: &str = "evidence";

use ByHand::{Holds, Waived};
use Stage::{AfterLooking, BeforeLooking, BeforeSending, Together};

/// Every gate, in the order in which they are asked.
pub static GATES: [Gate; 37] = [
    gate("own database", "the database is still this engine's own", &[BeforeLooking, BeforeSending], Holds, |asked| {
        asked.scene.store_loss.map_or(Ok(()), |loss| Err(Because::StoreLost { loss }))
    }),
    gate("enabled", "it is switched on in the file", &[BeforeLooking], Holds, is_enabled),
    gate("in force", "the file has not been changed since it was decided", &[BeforeSending], Waived, is_in_force),
    gate("own plan", "the plan is one that the reaction makes", &[BeforeSending], Holds, is_its_plan),
    gate(
        "called",
        "verdict, cause and number of readings in a row call it",
        &[BeforeLooking, BeforeSending],
        Waived,
        is_called,
    ),
    gate(
        "resumed",
        "enough of these readings are from after a pause",
        &[BeforeLooking],
        Waived,
        is_called_since_resumed,
    ),
    gate(
        "after",
        "the reaction that it comes `after` has acted in this incident",
        &[BeforeLooking],
        Waived,
        comes_after,
    ),
    gate("pause", "nobody has paused it", &[BeforeLooking], Holds, |asked| {
        is_not_paused(&asked.known_before_looking())
    }),
    gate("hours", "it is within its hours (`during`)", &[BeforeLooking, BeforeSending], Waived, is_within_hours),
    gate("own run", "its last run has ended", &[BeforeLooking, BeforeSending], Holds, own_run),
    gate("app", "no other run on the app is open; one-off dynos do not wait", &[BeforeLooking], Holds, |asked| {
        app_is_free(asked.reaction.rank(), &asked.known_before_looking())
    }),
    gate("cooldown", "its `cooldown` is over", &[BeforeLooking], Waived, |asked| {
        has_cooled_down(asked.reaction.policy().cooldown, &asked.known_before_looking(), asked.scene.now)
    }),
    gate("undone", "what it takes is not what had to be given back of late", &[BeforeLooking], Waived, |asked| {
        let (reaction, scene) = (asked.reaction, asked.scene);
        may_be_tried_again(reaction.rank(), reaction.process_type(), &scene.facts.steps, scene.now)
    }),
    gate("interval", "it has not begun in this interval of its monitors", &[BeforeLooking], Waived, |asked| {
        once_per_interval(&asked.known_before_looking(), asked.scene.now)
    }),
    gate(
        "home",
        "the app is not the one that Flyball runs on",
        &[BeforeLooking, AfterLooking, BeforeSending],
        Holds,
        may_touch_app,
    ),
    gate(
        "give up",
        "it has acted fewer than `give_up_after` times in this episode",
        &[BeforeLooking],
        Waived,
        |asked| {
            let (reaction, scene) = (asked.reaction, asked.scene);
            let acted = scene.facts.acted_by(reaction.id());
            goes_on(reaction.rank(), reaction.policy(), acted, asked.call.caller.episode(scene.now))
        },
    ),
    gate(
        "reaction's limit",
        "`max_per_hour` and `max_per_day` leave room",
        &[BeforeLooking, BeforeSending],
        Holds,
        |asked| {
            let reaction = asked.reaction;
            reaction_has_left(reaction.policy(), asked.scene.facts.acted_by(reaction.id()), asked.scene.now)
        },
    ),
    gate(
        "app's limit",
        "`[limits]` of effects on one app leave room",
        &[BeforeLooking, BeforeSending],
        Holds,
        app_limit,
    ),
    gate("variables", "the environment variables that it names are set", &[BeforeLooking], Waived, variables_are_set),
    gate("dry run", "a dry run's own cooldown and settling are over", &[BeforeLooking], Waived, dry_run_may),
    gate(
        "adders",
        "nothing that adds to the same process type is called",
        &[BeforeLooking, AfterLooking],
        Waived,
        |asked| {
            let reaction = asked.reaction;
            let rank = if asked.takes_for_a_load() { Rank::In } else { reaction.rank() };
            stands_back(rank, reaction.process_type(), &asked.scene.adders).map_or(Ok(()), Err)
        },
    ),
    gate(SIGHT, "the app can be looked at", &[AfterLooking, BeforeSending], Holds, |asked| match &asked.scene.view {
        View::Failed(because) => Err(because.clone()),
        View::NotYet | View::Seen { .. } => Ok(()),
    }),
    gate("same app", "the app is still the one that was planned for", &[BeforeSending], Holds, is_same_app),
    gate("maintenance", "the app is not in maintenance mode", &[AfterLooking, BeforeSending], Holds, |asked| {
        let in_maintenance = asked.scene.sight().is_some_and(|sight| sight.app.maintenance);
        let goes_on = !in_maintenance || asked.reaction.policy().in_maintenance;
        if goes_on { Ok(()) } else { Err(Because::Maintenance) }
    }),
    gate("up to date", "Heroku's list of releases is not an old one", &[AfterLooking, BeforeSending], Holds, |asked| {
        let Some(seen) = asked.scene.seen() else { return Ok(()) };
        // Before a call only that is looked at again which the plan rests on.
        let parts = if asked.scene.sending.is_some() { asked.reaction.rests_on() } else { asked.reaction.needs() };
        seen.is_up_to_date(parts, &asked.scene.facts.our_rollbacks)
    }),
    gate("settled", "no dyno boots, rolls out or hands over", &[AfterLooking, BeforeSending], Holds, has_settled),
    gate(
        EVIDENCE,
        "enough readings are from after the app settled, and after the last effect of a rung below",
        &[AfterLooking],
        Waived,
        evidence_is_enough,
    ),
    gate(PLAN, "it is not at its limit, and its kind can plan", &[AfterLooking, BeforeSending], Holds, kind_plans),
    gate(
        "others' needs",
        "nothing else that scales it to a load needs what it takes away",
        &[AfterLooking],
        Waived,
        no_other_needs_it,
    ),
    gate("others' changes", "`give_way` to what others changed is over", &[AfterLooking], Waived, |asked| {
        let reaction = asked.reaction;
        // What a load needs it is given, whoever set something else.
        if reaction.rank() == Rank::To && !asked.takes_for_a_load() {
            return Ok(());
        }
        gives_way(reaction.rank(), reaction.policy(), &asked.scene.foreign, asked.scene.now)
    }),
    gate("refusal", "Heroku did not refuse the same a short while ago", &[AfterLooking], Waived, no_refusal),
    gate("basis", "what the plan is based on still holds", &[BeforeSending], Holds, |asked| {
        let gone = asked.scene.sending.as_ref().and_then(|sending| sending.gone.clone());
        gone.map_or(Ok(()), |what| Err(Because::BasisGone { what }))
    }),
    gate(
        "jobs",
        "no job runs on what it takes away, or `drain_max` is over",
        &[AfterLooking, BeforeSending],
        Waived,
        no_job_is_killed,
    ),
    gate("cut off", "it is not we who are cut off", &[AfterLooking, BeforeSending], Waived, is_not_cut_off),
    gate(
        "ladder",
        "no other rung of the same monitor goes first, or only waits for its readings",
        &[Together],
        Waived,
        leaves_the_turn,
    ),
    gate("order", "nothing goes before it in the same moment", &[Together], Holds, is_first),
    gate("room", "`[limits]` leave room beside what is decided in the same moment", &[Together], Holds, app_limit),
];

impl Gate {
    /// Whether its answer hangs on the readings of a monitor.
    pub(crate) fn hangs_on_readings(&self) -> bool {
        matches!(self.name, "called" | "resumed" | "give up" | "adders" | "dry run")
    }

    pub(crate) fn answer(&self, asked: &Question<'_>) -> Result<(), Because> {
        (self.test)(asked)
    }
}

const fn gate(
    name: &'static str,
    asks: &'static str,
    stages: &'static [Stage],
    by_hand: ByHand,
    test: fn(&Question<'_>) -> Result<(), Because>,
) -> Gate {
    Gate { name, asks, stages, by_hand, test }
}

/// What is asked about one reaction in one turn.
pub(crate) struct Question<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) reaction: &'a dyn Reacts,
    pub(crate) call: &'a Call,
    /// The others that scale its process type to a load.
    pub(crate) beside: Vec<Self>,
    pub(crate) among: Among<'a>,
}

/// What the others of the same turn come to.
#[derive(Clone, Copy, Default)]
pub(crate) struct Among<'a> {
    /// Rungs of ladders whose turn has come, and which only wait for readings.
    pub(crate) climbing: &'a [Rung],
    /// Those that would act if nobody else did.
    pub(crate) acting: &'a [Rung],
    /// Who goes first in the order of effects; none where that is this reaction, called by this monitor.
    pub(crate) first: Option<&'a (ReactionId, ReactionName)>,
    /// What was decided already in this turn.
    pub(crate) begun: &'a [(ReactionId, Rank)],
}

/// A rung of a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rung {
    pub(crate) monitor: Option<MonitorId>,
    pub(crate) reaction: ReactionName,
    pub(crate) rank: Rank,
    /// Whether it has had its chance: it acted in this episode.
    pub(crate) has_acted: bool,
}

impl<'a> Question<'a> {
    pub(crate) fn new(scene: &'a Scene, reaction: &'a dyn Reacts, call: &'a Call) -> Self {
        Self { scene, reaction, call, beside: Vec::new(), among: Among::default() }
    }

    /// Goes through the gates of a stage.
    pub(crate) fn pass(&self, stage: Stage) -> Result<(), Closed> {
        self.gates(stage).try_for_each(|gate| (gate.test)(self).map_err(|because| Closed { gate: gate.name, because }))
    }

    /// The gates of a stage that are asked here.
    pub(crate) fn gates(&self, stage: Stage) -> impl Iterator<Item = &'static Gate> {
        let by_hand = matches!(self.call.caller, Caller::Person { .. });
        GATES.iter().filter(move |gate| gate.stages.contains(&stage) && !(by_hand && gate.by_hand == Waived))
    }

    /// What the kind makes of what is seen.
    pub(crate) fn planned(&self) -> Planned {
        let planned = self.knowing(|sight, known| self.reaction.plan(sight, known));
        planned.unwrap_or(Planned::Hold(Because::StillLooking))
    }

    /// Why it acts, or would: as its kind knows it, or else as its caller does.
    pub(crate) fn reason(&self) -> Because {
        if let Some(because) = self.waits_for_jobs().and_then(|drain_max| self.call.jobs.killed(drain_max)) {
            return because;
        }
        let own = self.knowing(|sight, known| self.reaction.reason(sight, known)).flatten();
        own.unwrap_or_else(|| self.call.caller.because())
    }

    /// Asks the kind about what is seen, with everything else that it may know; nothing where nothing is seen.
    fn knowing<T>(&self, ask: impl FnOnce(&Sight, &Known<'_>) -> T) -> Option<T> {
        let seen = self.scene.seen()?;
        let (reaction, facts) = (self.reaction, &self.scene.facts);
        let one_offs = self.scene.one_offs(reaction.id(), &seen);
        let last_out = reaction.process_type().and_then(|of| facts.last_out.get(of));
        let known = Known {
            now: seen.heroku_now(),
            episode: seen.to_heroku(self.call.caller.episode(self.scene.now)),
            our_rollbacks: &facts.our_rollbacks,
            one_offs: &one_offs,
            last_out: last_out.map(|at| seen.to_heroku(*at)),
            load: self.call.looks.as_deref().map(|looks| KnownLoad {
                now: self.scene.now,
                looks,
                added_at: last_out.copied().max(self.added_for_loads()),
                acted_at: facts.acted_by(reaction.id()).iter().max().copied(),
            }),
        };
        Some(ask(seen.sight, &known))
    }

    /// When it, or another that scales its process type to a load, added dynos by its last effect.
    fn added_for_loads(&self) -> Option<Timestamp> {
        std::iter::once(self).chain(&self.beside).filter_map(Question::added_by_itself).max()
    }

    /// When its last effect took effect, if that added dynos.
    fn added_by_itself(&self) -> Option<Timestamp> {
        let run = self.scene.facts.last_effect.get(&self.reaction.id())?;
        let adds = matches!(&run.plan.effect, Effect::SetQuantity { from, to, .. } if to > from);
        run.took_effect_at().filter(|_| adds)
    }

    /// How long it waits for jobs at most, where a monitor has it take dynos away on which some may run.
    fn waits_for_jobs(&self) -> Option<Duration> {
        let takes = |effect: &Effect| matches!(effect, Effect::SetQuantity { from, to, .. } if to < from);
        let drain_max = self.reaction.waits_for_jobs().filter(|_| self.call.caller.monitor().is_some())?;
        let takes = match &self.scene.sending {
            Some(sending) => takes(&sending.effect),
            None => self.effect().is_ok_and(|effect| takes(&effect)),
        };
        takes.then_some(drain_max)
    }

    /// Whether it scales to what a load needs, and that is fewer dynos than there are. Asked while it is planned: before the call the
    /// dynos are not looked at once more.
    fn takes_for_a_load(&self) -> bool {
        if self.scene.sending.is_some() {
            return false;
        }
        let takes = |effect| matches!(effect, Effect::SetQuantity { from, to, .. } if to < from);
        self.reaction.rank() == Rank::To && self.effect().is_ok_and(takes)
    }

    /// The effect that the kind plans.
    pub(crate) fn effect(&self) -> Result<Effect, Because> {
        match (self.planned(), &self.scene.view) {
            (Planned::Do(effect), _) => Ok(effect),
            (Planned::Hold(because), _) => Err(because),
            (Planned::LookFurther { .. }, View::Seen { no_further: Some(because), .. }) => Err(because.clone()),
            (Planned::LookFurther { .. }, _) => Err(Because::NoCurrentRelease),
        }
    }

    /// Whether what seems to fail over there may be our own way to it.
    pub(crate) fn may_be_us(&self) -> bool {
        self.call.caller.cause().is_some_and(Cause::is_failure_to_reach)
    }

    fn known_before_looking(&self) -> Facts {
        let (facts, id) = (&self.scene.facts, self.reaction.id());
        let paused = facts.pauses.iter().find(|pause| self.is_covered_by(&pause.scope));
        let last = facts.last_effect.get(&id);
        Facts {
            paused: paused.map(|pause| (pause.scope.clone(), pause.until)),
            run_open: facts.open.iter().any(|run| run.reaction == id),
            app_busy: facts.open.iter().find(|run| run.rank != Rank::OneOff).map(|run| run.reaction_name.clone()),
            last_effect: last.and_then(Run::took_effect_at),
            last_decided: last.map(|run| run.queued_at),
            shared_interval: self.call.shared_interval,
        }
    }

    fn is_covered_by(&self, scope: &PauseScope) -> bool {
        match scope {
            PauseScope::Everything => true,
            PauseScope::App(app) => app == self.reaction.app(),
            PauseScope::Reaction(name) => name == self.reaction.name(),
        }
    }

    /// Whether it acted in this episode.
    pub(crate) fn has_acted(&self) -> bool {
        let last = self.scene.facts.last_effect.get(&self.reaction.id()).and_then(Run::took_effect_at);
        last.is_some_and(|at| at >= self.call.caller.episode(self.scene.now))
    }

    /// Whether the readings that began after a time call it.
    fn is_called_since(&self, from: Option<Timestamp>) -> Result<(), Because> {
        match &self.call.caller {
            Caller::Monitor { finding, standing, .. } => {
                called(self.reaction.policy(), *finding, standing.as_ref(), from).map(|_| ())
            }
            Caller::Person { .. } => Ok(()),
        }
    }

    /// Whether it backs off after a refusal, if the app is as it was then.
    pub(crate) fn backs_off(&self) -> Option<Because> {
        let refusal = self.refusal()?;
        backed_off(&refusal, &refusal.gist, self.scene.now)
    }

    /// The last run, if Heroku refused it for a reason that lasts, and the reaction has not changed since.
    fn refusal(&self) -> Option<Refusal> {
        let (facts, id) = (&self.scene.facts, self.reaction.id());
        let run = facts.last_ended.get(&id)?;
        let RunState::Ended { at, outcome: Outcome::Refused { why, .. } } = &run.state else { return None };
        if *at < self.call.since {
            return None;
        }
        let in_a_row = facts.refusals_in_a_row.get(&id).copied().unwrap_or(1);
        Some(Refusal { at: *at, in_a_row, gist: run.plan.gist.clone(), why: why.clone() })
    }
}

fn is_enabled(asked: &Question<'_>) -> Result<(), Because> {
    if asked.reaction.policy().enabled { Ok(()) } else { Err(Because::Disabled) }
}

/// A person who asks knows what time it is.
fn is_within_hours(asked: &Question<'_>) -> Result<(), Because> {
    let hours = asked.reaction.policy().during.as_ref();
    hours.and_then(|hours| hours.rests_until(asked.scene.now)).map_or(Ok(()), Err)
}

fn is_in_force(asked: &Question<'_>) -> Result<(), Because> {
    let Some(sending) = &asked.scene.sending else { return Ok(()) };
    if asked.call.mode != Mode::Act {
        return Err(Because::OnlyTells);
    }
    if asked.call.since > sending.queued_at {
        return Err(Because::ChangedInFile);
    }
    if sending.attached { Ok(()) } else { Err(Because::NotAttached) }
}

/// A plan comes from the store, and so from whoever can write there: what the reaction in the file does not do is not done
/// for a row's sake.
fn is_its_plan(asked: &Question<'_>) -> Result<(), Because> {
    let Some(sending) = &asked.scene.sending else { return Ok(()) };
    let of_its_app = asked.scene.subject.app().name == *asked.reaction.app();
    if of_its_app && asked.reaction.may_have_planned(&sending.effect) { Ok(()) } else { Err(Because::NotItsPlan) }
}

fn is_called(asked: &Question<'_>) -> Result<(), Because> {
    let called = asked.is_called_since(None);
    if asked.scene.sending.is_some() { called.map_err(|_| Because::NoLongerCalled) } else { called }
}

/// Readings from before a pause ended are no evidence: after a resume the streak starts anew.
fn is_called_since_resumed(asked: &Question<'_>) -> Result<(), Because> {
    let (resumed, now) = (&asked.scene.facts.resumed, asked.scene.now);
    let ended = resumed.iter().filter(|resumed| asked.is_covered_by(&resumed.scope) && resumed.at <= now);
    asked.is_called_since(ended.map(|resumed| resumed.at).max())
}

/// A rung that the file puts after another waits until that has had its chance, whatever held it.
fn comes_after(asked: &Question<'_>) -> Result<(), Because> {
    let Some(after) = &asked.call.after else { return Ok(()) };
    let last = asked.scene.facts.last_effect.get(&after.reaction).and_then(Run::took_effect_at);
    let has_acted = last.is_some_and(|at| at >= after.since);
    if has_acted { Ok(()) } else { Err(Because::ComesAfter { reaction: after.name.clone() }) }
}

/// Before a call, only the runs that were decided earlier are among those that are known: of two that look at each other
/// in the same moment, the earlier goes. Changes of a quantity are not asked, since one run at a time changes an app.
fn own_run(asked: &Question<'_>) -> Result<(), Because> {
    let is_one_off = asked.reaction.rank() == Rank::OneOff;
    if asked.scene.sending.is_some() && !is_one_off {
        return Ok(());
    }
    its_own_run_has_ended(&asked.known_before_looking())
}

fn may_touch_app(asked: &Question<'_>) -> Result<(), Because> {
    let id = asked.scene.sight().map(|sight| &sight.app.id);
    may_touch(&asked.scene.home, asked.reaction.app(), id, asked.reaction.policy().allow_self)
}

/// Effects that were decided and not made yet count as well, those of this turn among them.
fn app_limit(asked: &Question<'_>) -> Result<(), Because> {
    let (rank, scene) = (asked.reaction.rank(), asked.scene);
    let same = |other: Rank| Spending::of(other) == Spending::of(rank);
    let decided = scene.facts.open.iter().filter(|run| run.sent_at.is_none()).map(|run| run.rank);
    let beside = asked.among.begun.iter().map(|(_, rank)| *rank);
    let coming = decided.chain(beside).filter(|other| same(*other)).map(|_| scene.now);
    let made = scene.facts.effects.iter().filter(|(other, _)| same(*other)).map(|(_, at)| *at);
    let on_app: Vec<Timestamp> = coming.chain(made).collect();
    app_has_left(rank, scene.limits, &on_app, scene.now)
}

/// A variable that is not set would only be found missing when the run is performed, at every reading anew.
fn variables_are_set(asked: &Question<'_>) -> Result<(), Because> {
    let unset = &asked.scene.unset;
    match asked.reaction.variables().into_iter().find(|name| unset.contains(*name)) {
        Some(name) => Err(Because::NoVariable { name: name.to_owned() }),
        None => Ok(()),
    }
}

/// A dry run has a cooldown and a settling of its own, since nothing that it would do shows in the world.
fn dry_run_may(asked: &Question<'_>) -> Result<(), Because> {
    let (reaction, now) = (asked.reaction, asked.scene.now);
    let Some(at) = asked.call.would_have_acted.filter(|_| asked.call.mode == Mode::DryRun) else { return Ok(()) };
    let cooled = at + reaction.policy().cooldown;
    if cooled > now {
        return Err(Because::CoolingDown { until: cooled });
    }
    let settled = at + if reaction.boots_anew() { reaction.policy().settle } else { Duration::ZERO };
    if settled > now { Err(Because::DrySettling { until: settled }) } else { Ok(()) }
}

fn is_same_app(asked: &Question<'_>) -> Result<(), Because> {
    let (Some(_), Some(sight)) = (&asked.scene.sending, asked.scene.sight()) else { return Ok(()) };
    let planned = asked.scene.subject.app();
    if planned.id.as_ref() == Some(&sight.app.id) {
        return Ok(());
    }
    Err(Because::AnotherApp { app: planned.name.clone() })
}

/// What boots dynos anew waits, and what takes some away because the others carry the load.
fn has_settled(asked: &Question<'_>) -> Result<(), Because> {
    let waits = asked.reaction.boots_anew() || asked.takes_for_a_load();
    let Some(seen) = asked.scene.seen().filter(|_| waits) else { return Ok(()) };
    seen.settling(asked.reaction.policy().settle).map_or(Ok(()), Err)
}

fn evidence_is_enough(asked: &Question<'_>) -> Result<(), Because> {
    let (call, scene, boots_anew) = (asked.call, asked.scene, asked.reaction.boots_anew());
    let Some(seen) = scene.seen().filter(|_| boots_anew || call.after.is_some()) else { return Ok(()) };
    // A change of a quantity is no higher rung, unless the file says that it comes after another.
    let below = if boots_anew { call.rungs_below.as_slice() } else { &[] };
    let below = last_effect_below(below, &scene.facts, &seen, call.caller.episode(scene.now));
    let before = call
        .after
        .as_ref()
        .and_then(|after| last_effect_below(std::slice::from_ref(&after.reaction), &scene.facts, &seen, after.since));
    asked.is_called_since(seen.evidence_from(asked.reaction.policy().settle).max(below).max(before))
}

/// Before a call, only a one-off dyno is planned once more: how many of its own a reaction may have is counted by its
/// kind. For every other effect the plan's basis is enough.
fn kind_plans(asked: &Question<'_>) -> Result<(), Because> {
    let is_planned_once = asked.scene.sending.is_some() && asked.reaction.rank() != Rank::OneOff;
    if is_planned_once || asked.scene.sight().is_none() {
        return Ok(());
    }
    asked.effect().map(|_| ())
}

/// Of several that scale a process type to a load, the one that needs most takes dynos away, and only what none of the others keeps: so
/// the largest need counts, one that is not known keeps everything, and each step is as long after the last as one alone makes it.
fn no_other_needs_it(asked: &Question<'_>) -> Result<(), Because> {
    if !asked.takes_for_a_load() {
        return Ok(());
    }
    let leaves = |asked: &Question<'_>| match asked.effect() {
        Ok(Effect::SetQuantity { from, to, .. }) if to < from => Some(to),
        Ok(_) | Err(_) => None,
    };
    let ours = leaves(asked);
    // What only tells keeps nothing from what acts.
    let counts = |other: &&Question<'_>| {
        let is_on = is_enabled(other).is_ok() && is_within_hours(other).is_ok();
        is_on && (other.call.mode == Mode::Act || asked.call.mode == Mode::DryRun)
    };
    match asked.beside.iter().filter(counts).find(|other| leaves(other).is_none_or(|theirs| Some(theirs) > ours)) {
        Some(other) => Err(Because::NeededBy { reaction: other.reaction.name().clone() }),
        None => Ok(()),
    }
}

/// Right before the call it is asked anew: a job may have begun since. What was decided though jobs ran has waited for them.
fn no_job_is_killed(asked: &Question<'_>) -> Result<(), Because> {
    if asked.scene.sending.as_ref().is_some_and(|sending| sending.jobs_waited_for) {
        return Ok(());
    }
    let Some(drain_max) = asked.waits_for_jobs() else { return Ok(()) };
    asked.call.jobs.may_be_killed(drain_max, asked.scene.now)
}

fn no_refusal(asked: &Question<'_>) -> Result<(), Because> {
    let (Some(refusal), Some(sight)) = (asked.refusal(), asked.scene.sight()) else { return Ok(()) };
    backed_off(&refusal, &sight.gist(asked.reaction.rests_on()), asked.scene.now).map_or(Ok(()), Err)
}

/// Asked last, since it may take seconds, and nothing else is left to hold for.
fn is_not_cut_off(asked: &Question<'_>) -> Result<(), Because> {
    let Caller::Monitor { standing, hosts, .. } = &asked.call.caller else { return Ok(()) };
    let (Some(cause), Some(references)) = (asked.call.caller.cause(), &asked.scene.references) else { return Ok(()) };
    if !asked.reaction.boots_anew() {
        return Ok(());
    }
    let since = standing.as_ref().map_or(asked.scene.now, |standing| standing.since);
    let elsewhere = Elsewhere { references, hosts };
    doubt(cause, since, &elsewhere).map_or(Ok(()), |doubt| Err(Because::CutOff { doubt }))
}

/// Whether a reaction leaves the turn to a rung above it on the same monitor. Each time it acted, the rung above would
/// count from there: restart at 2 would never let roll back at 5 come. A one-off dyno stands outside the order, so the
/// ladder says which goes when both would act in one moment: the lower one, if it has not had its chance in this episode.
fn leaves_the_turn(asked: &Question<'_>) -> Result<(), Because> {
    let (rank, monitor, among) = (asked.reaction.rank(), asked.call.caller.monitor(), asked.among);
    let climbing = among.climbing.iter().filter(|above| above.rank < rank);
    let above = among.acting.iter().filter(|above| rank == Rank::OneOff && above.rank < rank && asked.has_acted());
    let below = among.acting.iter().filter(|below| below.rank == Rank::OneOff && !below.has_acted);
    // A one-off dyno itself boots nothing of the formation anew, and so waits for no other.
    let below = below.filter(|_| asked.reaction.boots_anew());
    match climbing.chain(above).chain(below).find(|rung| rung.monitor == monitor) {
        Some(first) => Err(Because::Outranked { reaction: first.reaction.clone() }),
        None => Ok(()),
    }
}

fn is_first(asked: &Question<'_>) -> Result<(), Because> {
    if asked.among.begun.iter().any(|(begun, _)| *begun == asked.reaction.id()) {
        // Called by two monitors in the same moment.
        return Err(Because::RunOpen);
    }
    match asked.among.first {
        Some((id, name)) if *id != asked.reaction.id() => Err(Because::Outranked { reaction: name.clone() }),
        // Called by another monitor it was first, and something after the order held it: that holds it here as well.
        Some(_) | None => Ok(()),
    }
}
