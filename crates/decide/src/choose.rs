//! The choice: from a situation to what each reaction does.
//!
//! Because looking costs calls it takes steps. [`unseen`] says what must be looked at yet; whoever gathers the situation
//! looks, and asks again, until nothing is missing. [`choose`] then decides. Both go through the same gates.

use crate::Planned;
use crate::arbitrate::first;
use crate::gates::{Among, Closed, EVIDENCE, Question, Rung, SIGHT, Stage};
use crate::situation::{FRESH, Reacts, Situation, View, Wish};
use flyball_model::{
    AppId, Because, Effect, Mode, Needs, Plan, Quantity, Rank, ReactionId, ReactionName, ReleaseVersion,
};
use serde::Serialize;

/// What must be looked at before a choice can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// These parts of the app, anew.
    App(Needs),
    /// What the store knows of the app with this id: it was looked at under a name that the store knows for another.
    FactsOf(AppId),
    /// The releases below this version.
    ReleasesBelow(ReleaseVersion),
    /// Whether we reach places that have nothing to do with the app.
    References,
}

/// What a reaction does about a situation.
#[must_use = "record every choice: the timeline explains holding still as well as acting"]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It does exactly this.
    Act(Box<Plan>),
    /// It would do this, and only tells it.
    Tell(Box<Plan>),
    /// It holds still.
    Hold {
        /// At which gate.
        gate: &'static str,
        /// Why.
        because: Because,
    },
}

/// What must be looked at yet, if anything. Asked again after each look; ends, since every look adds something.
#[must_use]
pub fn unseen<R: Reacts>(situation: &Situation<R>) -> Option<Unseen> {
    let (scene, wishes) = (&situation.scene, &situation.wishes);
    let left: Vec<Question<'_>> = wishes.iter().filter_map(|wish| may_look(situation, wish).ok()).collect();
    let needs = left.iter().fold(Needs::default(), |needs, asked| needs.and(asked.reaction.needs()));
    let patience = left.iter().map(|asked| asked.call.patience).min()?;
    let (sight, parts) = match &scene.view {
        View::NotYet => return Some(Unseen::App(needs)),
        View::Failed(_) => return None,
        View::Seen { sight, parts, .. } => (sight, *parts),
    };
    let age = scene.now.since(sight.taken_at);
    if parts.and(needs) != parts || age > patience {
        return Some(Unseen::App(parts.and(needs)));
    }
    if scene.facts.app_id.as_ref() != Some(&sight.app.id) {
        return Some(Unseen::FactsOf(sight.app.id.clone()));
    }
    left.iter().find_map(|asked| match asked.pass(Stage::AfterLooking) {
        Ok(()) if age > FRESH => Some(Unseen::App(parts)),
        Ok(()) => {
            let effect = asked.effect().ok()?;
            (scene.references.is_none() && effect.boots_anew() && asked.may_be_us()).then_some(Unseen::References)
        }
        Err(_) => match (asked.planned(), &scene.view) {
            (Planned::LookFurther { below }, View::Seen { no_further: None, .. }) => {
                is_held_at_the_plan(asked).then_some(Unseen::ReleasesBelow(below))
            }
            _ => None,
        },
    })
}

/// What each wish comes to, in the order of the wishes.
pub fn choose<R: Reacts>(situation: &Situation<R>) -> Vec<Choice> {
    let alone: Vec<Result<Effect, Closed>> = situation.wishes.iter().map(|wish| alone(situation, wish)).collect();
    let climbing = climbing(situation, &alone);
    let acting = rungs(situation, &alone, |_, effect| effect.is_ok());
    let among = Among { climbing: &climbing, acting: &acting, ..Among::default() };
    let left: Vec<Result<Effect, Closed>> = situation
        .wishes
        .iter()
        .zip(alone)
        .map(|(wish, effect)| effect.and_then(|effect| together(situation, wish, among).map(|()| effect)))
        .collect();
    let turns: Vec<(Rank, Quantity)> =
        situation.wishes.iter().zip(&left).map(|(wish, effect)| (rank(wish, effect), needs(wish, effect))).collect();
    let winner = first(&turns);
    let winning = winner.map(|index| &situation.wishes[index].reaction);
    let winning: Option<(ReactionId, ReactionName)> = winning.map(|reaction| (reaction.id(), reaction.name().clone()));

    let mut begun: Vec<(ReactionId, Rank)> = Vec::new();
    let mut choices = Vec::new();
    for (index, (wish, effect)) in situation.wishes.iter().zip(left).enumerate() {
        let in_order = turns[index].0 != Rank::OneOff && winner != Some(index);
        let among = Among { first: winning.as_ref().filter(|_| in_order), begun: &begun, ..among };
        choices.push(match effect {
            Err(closed) => closed.into(),
            // What would only be told goes beside the order, so that a dry run never holds up what acts.
            Ok(effect) if wish.call.mode == Mode::DryRun => plan(situation, wish, effect, Choice::Tell),
            Ok(effect) => match together(situation, wish, among) {
                Err(closed) => closed.into(),
                Ok(()) => {
                    begun.push((wish.reaction.id(), wish.reaction.rank()));
                    plan(situation, wish, effect, Choice::Act)
                }
            },
        });
    }
    choices
}

/// Why a wish that acts does so.
pub fn reason<R: Reacts>(situation: &Situation<R>, wish: &Wish<R>) -> Because {
    ask(situation, wish).reason()
}

/// What the kind of a wish would do about what is seen, whatever holds it; nothing where nothing is seen, or to be done.
pub fn would_do<R: Reacts>(situation: &Situation<R>, wish: &Wish<R>) -> Option<Effect> {
    ask(situation, wish).effect().ok()
}

/// Whether a run that was decided may still be sent, on what is known and seen now. The situation has the one wish.
///
/// # Errors
///
/// The gate that has closed since.
pub fn may_send<R: Reacts>(situation: &Situation<R>) -> Result<(), Closed> {
    situation.wishes.iter().try_for_each(|wish| ask(situation, wish).pass(Stage::BeforeSending))
}

/// Whether it must be known whether we are cut off ourselves before this run is sent, and is not.
#[must_use]
pub fn must_doubt<R: Reacts>(situation: &Situation<R>) -> bool {
    situation.scene.references.is_none()
        && situation.wishes.iter().any(|wish| wish.reaction.boots_anew() && ask(situation, wish).may_be_us())
}

/// A gate, and what it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The gate's word.
    pub gate: &'static str,
    /// What it asks for.
    pub asks: &'static str,
    /// What it answers.
    pub answered: Answered,
}

/// What a gate answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// Nothing stands in the way.
    Open,
    /// This does.
    Closed(Because),
    /// It is asked only when the app was looked at.
    NotAsked,
}

/// What every gate answers on the way to a plan, whether or not one before it is closed.
pub fn answers<R: Reacts>(situation: &Situation<R>, wish: &Wish<R>) -> Vec<Answer> {
    let asked = ask(situation, wish);
    let before = asked.gates(Stage::BeforeLooking).map(|gate| (gate, true));
    let after = asked
        .gates(Stage::AfterLooking)
        .filter(|gate| !gate.stages.contains(&Stage::BeforeLooking))
        .map(|gate| (gate, situation.scene.sight().is_some()));
    before
        .chain(after)
        .map(|(gate, can_be_asked)| {
            let answered = match can_be_asked.then(|| gate.answer(&asked)) {
                None => Answered::NotAsked,
                Some(Ok(())) => Answered::Open,
                Some(Err(because)) => Answered::Closed(because),
            };
            Answer { gate: gate.name, asks: gate.asks, answered }
        })
        .collect()
}

/// What the reaction of a situation waits for even if it is called and the app is as it must be: a person, time, or a run.
/// Whether what is seen of the app has changed since Heroku refused something is not known here.
pub fn waits_for<R: Reacts>(situation: &Situation<R>) -> Option<Because> {
    let asked = situation.wishes.first().map(|wish| ask(situation, wish))?;
    let mut gates = asked.gates(Stage::BeforeLooking).filter(|gate| !gate.hangs_on_readings());
    gates.find_map(|gate| gate.answer(&asked).err()).or_else(|| asked.backs_off())
}

impl From<Closed> for Choice {
    fn from(Closed { gate, because }: Closed) -> Self {
        Self::Hold { gate, because }
    }
}

fn ask<'a, R: Reacts>(situation: &'a Situation<R>, wish: &'a Wish<R>) -> Question<'a> {
    let asked = |wish: &'a Wish<R>| Question::new(&situation.scene, &wish.reaction, &wish.call);
    let of = |wish: &Wish<R>| (wish.reaction.id(), wish.reaction.process_type().cloned());
    let (id, process_type) = of(wish);
    let beside = situation.beside.iter().filter(|other| {
        let (other_id, scales) = of(other);
        other_id != id && scales == process_type
    });
    Question { beside: beside.map(asked).collect(), ..asked(wish) }
}

fn may_look<'a, R: Reacts>(situation: &'a Situation<R>, wish: &'a Wish<R>) -> Result<Question<'a>, Closed> {
    let asked = ask(situation, wish);
    asked.pass(Stage::BeforeLooking).map(|()| asked)
}

/// What a wish comes to if nobody else had one.
fn alone<R: Reacts>(situation: &Situation<R>, wish: &Wish<R>) -> Result<Effect, Closed> {
    let asked = may_look(situation, wish)?;
    if situation.scene.view == View::NotYet {
        return Err(Closed { gate: SIGHT, because: Because::StillLooking });
    }
    asked.pass(Stage::AfterLooking)?;
    asked.effect().map_err(|because| Closed { gate: crate::gates::PLAN, because })
}

/// Whether nothing before the kind's own plan holds a wish.
fn is_held_at_the_plan(asked: &Question<'_>) -> bool {
    matches!(asked.pass(Stage::AfterLooking), Err(closed) if closed.gate == crate::gates::PLAN)
}

/// The rungs of a ladder whose turn has come, and which only wait for readings: since the app settled, or since the latest
/// effect of a rung below. One that could do nothing then keeps nobody waiting.
fn climbing<R: Reacts>(situation: &Situation<R>, alone: &[Result<Effect, Closed>]) -> Vec<Rung> {
    rungs(situation, alone, |wish, effect| {
        matches!(effect, Err(closed) if closed.gate == EVIDENCE) && ask(situation, wish).effect().is_ok()
    })
}

/// Those of the wishes that act, and are such.
fn rungs<R: Reacts>(
    situation: &Situation<R>,
    alone: &[Result<Effect, Closed>],
    are_such: impl Fn(&Wish<R>, &Result<Effect, Closed>) -> bool,
) -> Vec<Rung> {
    let wishes = situation.wishes.iter().zip(alone).filter(|(wish, _)| wish.call.mode == Mode::Act);
    wishes
        .filter(|(wish, effect)| are_such(wish, effect))
        .map(|(wish, _)| Rung {
            monitor: wish.call.caller.monitor(),
            reaction: wish.reaction.name().clone(),
            rank: wish.reaction.rank(),
            has_acted: ask(situation, wish).has_acted(),
        })
        .collect()
}

fn together<R: Reacts>(situation: &Situation<R>, wish: &Wish<R>, among: Among<'_>) -> Result<(), Closed> {
    Question { among, ..ask(situation, wish) }.pass(Stage::Together)
}

/// The place of a wish in the order. One that holds, or only tells, is outside of it.
fn rank<R: Reacts>(wish: &Wish<R>, effect: &Result<Effect, Closed>) -> Rank {
    match (effect, wish.call.mode) {
        (Ok(_), Mode::Act) => wish.reaction.rank(),
        (Ok(_), Mode::DryRun) | (Err(_), _) => Rank::OneOff,
    }
}

/// How many dynos a load needs by a wish; none by one that goes by no load.
fn needs<R: Reacts>(wish: &Wish<R>, effect: &Result<Effect, Closed>) -> Quantity {
    match effect {
        Ok(Effect::SetQuantity { to, .. }) if wish.reaction.rank() == Rank::To => *to,
        Ok(_) | Err(_) => Quantity::ZERO,
    }
}

/// The choice that carries the plan.
fn plan<R: Reacts>(
    situation: &Situation<R>,
    wish: &Wish<R>,
    effect: Effect,
    choice: impl FnOnce(Box<Plan>) -> Choice,
) -> Choice {
    let Some(sight) = situation.scene.sight() else {
        return Choice::Hold { gate: SIGHT, because: Because::StillLooking };
    };
    choice(Box::new(Plan {
        subject: situation.scene.subject.seen_as(&sight.app),
        effect,
        seen_at: sight.taken_at,
        gist: sight.gist(wish.reaction.rests_on()),
        restores: None,
    }))
}
