//! Reactions as people read them: why they hold still, and when they could act next.

use super::next::{Gate, next};
use super::{Reader, Recalled, ago, names, readings};
use flyball_decide::{
    After, Answer, Answered, AppFacts, Call, Caller, FRESH, Home, Jobs, Scene, Situation, View, Wish, answers,
    waits_for,
};
use flyball_model::{AppName, Because, CallOn, Finding, Mode, ReactionId, ReactionName, Standing, Timestamp, duration};
use flyball_reactions::Reaction;
use flyball_store::{Error, Of, Overview};
use flyball_views::{Answered as GateAnswered, GateView, HoldingView, ReactionView, RunView};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// What a reaction took away had to be given back, and it waits for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneSteps {
    /// Which reaction.
    pub reaction: ReactionName,
    /// On which app.
    pub app: AppName,
    /// How often, and until when it waits, in words.
    pub words: String,
}

impl Reader<'_> {
    /// The reactions that wait since their steps were undone, in the order of the file.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn undone_steps(&self) -> Result<Vec<UndoneSteps>, Error> {
        let (recalled, known) = (self.recalled(Of::All).await?, self.known(self.apps()).await?);
        let mut undone = Vec::new();
        for reaction in self.definitions.reactions.iter().filter(|reaction| reaction.policy.enabled) {
            let facts = known.get(reaction.kind.app()).map(|known| known.facts.clone()).unwrap_or_default();
            let situation = self.situation(reaction, &recalled, facts);
            let gates = situation.iter().flat_map(|situation| answers(situation, &situation.wishes[0]));
            undone.extend(gates.filter_map(|answer| match answer.answered {
                Answered::Closed(because @ Because::Undone { .. }) => Some(UndoneSteps {
                    reaction: reaction.name.clone(),
                    app: reaction.kind.app().clone(),
                    words: because.to_string(),
                }),
                Answered::Closed(_) | Answered::Open | Answered::NotAsked => None,
            }));
        }
        Ok(undone)
    }

    pub(super) fn reaction(&self, reaction: &Reaction, recalled: &Recalled, known: Option<&Overview>) -> ReactionView {
        let facts = known.map(|known| known.facts.clone()).unwrap_or_default();
        let last_run = known.and_then(|known| known.last_runs.get(&reaction.id));
        let watching = self.wiring.watched_by(reaction.id);
        let holdings = recalled.holdings.get(&reaction.id).into_iter().flatten();
        let named = holdings.filter_map(|holding| {
            let monitor = watching.iter().find(|monitor| monitor.id == holding.key.monitor)?;
            Some((holding, monitor.name.clone()))
        });
        let mut named: Vec<_> = named.collect();
        // A store gives them in one order of all and in another of some.
        named.sort_by(|(_, one), (_, other)| one.as_str().cmp(other.as_str()));
        let holdings = named
            .into_iter()
            .map(|(holding, monitor)| HoldingView {
                monitor,
                acted: holding.because.acts(),
                reason: holding.because.code().into(),
                words: holding.because.to_string(),
                since: holding.since,
                last_at: holding.last_at,
                count: holding.because.is_counted().then_some(holding.count),
            })
            .collect();
        let situation = self.situation(reaction, recalled, facts);
        let gates = situation.iter().flat_map(|situation| answers(situation, &situation.wishes[0]));
        let gates = gates.map(as_read_from_outside).collect();
        let gate = Gate {
            mode: self.wiring.mode(reaction),
            engine: self.engine,
            waits_for: situation.as_ref().and_then(waits_for),
        };
        ReactionView {
            name: reaction.name.clone(),
            kind: reaction.kind.word().into(),
            app: reaction.kind.app().clone(),
            account: reaction.kind.account().clone(),
            mode: self.wiring.mode(reaction),
            enabled: reaction.policy.enabled,
            call_on: reaction.policy.call_on,
            trigger: reaction.policy.trigger.get(),
            cooldown: duration::print(reaction.policy.cooldown),
            called_by: watching.iter().map(|monitor| monitor.name.clone()).collect(),
            holdings,
            last_run: last_run.map(RunView::of),
            next: next(reaction, watching, recalled, &gate, self.now),
            gates,
        }
    }

    /// What is known of a reaction and its app without looking, as its first monitor calls it; none without one.
    fn situation(&self, reaction: &Reaction, recalled: &Recalled, facts: AppFacts) -> Option<Situation<Arc<Reaction>>> {
        let (reaction, monitor) = (self.wiring.reaction(reaction.id)?, self.wiring.watched_by(reaction.id).first()?);
        let standing = recalled.states.get(&monitor.id).and_then(|state| state.standing.clone());
        let caller = Caller::Monitor {
            id: monitor.id,
            name: monitor.name.clone(),
            finding: standing.as_ref().map_or(Finding::Passing, Standing::finding),
            standing,
            hosts: Vec::new(),
        };
        let after = reaction.policy.after.clone().map(|name| After {
            reaction: ReactionId::of(&name),
            name,
            since: caller.episode(self.now),
        });
        let call = Call {
            caller,
            mode: self.wiring.mode(reaction),
            since: Timestamp::EPOCH,
            rungs_below: self.wiring.rungs_below(monitor.id, reaction),
            after,
            shared_interval: self.wiring.shared_interval(reaction.id),
            would_have_acted: None,
            looks: None,
            jobs: Jobs::default(),
            patience: FRESH,
        };
        let scene = Scene {
            now: self.now,
            subject: self.wiring.subject(reaction),
            limits: self.wiring.limits(),
            home: Home::default(),
            store_loss: None,
            facts,
            before: None,
            adders: Vec::new(),
            unset: BTreeSet::new(),
            view: View::NotYet,
            foreign: Vec::new(),
            references: None,
            sending: None,
        };
        Some(Situation { wishes: vec![Wish { reaction: Arc::clone(reaction), call }], beside: Vec::new(), scene })
    }
}

/// Some gates ask what only the running engine knows: where it runs, its environment, and what others are called.
fn as_read_from_outside(answer: Answer) -> GateView {
    let is_known = !matches!(answer.gate, "own database" | "home" | "variables" | "dry run" | "adders");
    let answered = match answer.answered {
        Answered::Open if is_known => GateAnswered::Open,
        Answered::Closed(because) if is_known => GateAnswered::Closed(because),
        Answered::Open | Answered::Closed(_) | Answered::NotAsked => GateAnswered::NotAsked,
    };
    GateView { gate: answer.gate.into(), asks: answer.asks.into(), answered }
}

/// What a reaction does, why it holds still, and when it could act next, in sentences.
pub(super) fn sentences(view: &ReactionView, cooldown: Duration, now: Timestamp) -> Vec<String> {
    let mut told = vec![purpose(view, cooldown)];
    if view.mode == Mode::DryRun {
        told.push("It only tells what it would do (`mode = \"dry_run\"`).".to_owned());
    }
    told.extend(view.holdings.iter().map(|holding| holding_sentence(holding, view.mode)));
    if let Some(run) = &view.last_run {
        told.push(format!("Its last run, decided {}: {}.", ago(run.queued_at, now), run.sentence()));
    }
    told.push(view.next.words.clone());
    told.extend(gates_in_words(&view.gates));
    told
}

/// What each gate answers: those that are open by name, those that are closed with their reason.
fn gates_in_words(gates: &[GateView]) -> Vec<String> {
    let named = |of: fn(&GateAnswered) -> bool| {
        let gates = gates.iter().filter(move |gate| of(&gate.answered));
        gates.map(|gate| &*gate.gate).collect::<Vec<_>>().join(", ")
    };
    let open = named(|answered| *answered == GateAnswered::Open);
    let not_asked = named(|answered| *answered == GateAnswered::NotAsked);
    let mut told = Vec::new();
    if !open.is_empty() {
        told.push(format!("Gates that are open: {open}."));
    }
    for gate in gates {
        if let GateAnswered::Closed(because) = &gate.answered {
            told.push(format!("The gate \"{}\" is closed: {because}.", gate.gate));
        }
    }
    if !not_asked.is_empty() {
        told.push(format!("Gates that only the running engine asks, or only once it looks at the app: {not_asked}."));
    }
    told
}

fn purpose(view: &ReactionView, cooldown: Duration) -> String {
    let ReactionView { kind, app, call_on, .. } = view;
    let rest = if cooldown.is_zero() { String::new() } else { format!(", and at most once in {}", view.cooldown) };
    let of = if view.called_by.is_empty() { "no monitor".to_owned() } else { names(&view.called_by) };
    let when = match view.trigger {
        _ if *call_on == CallOn::Load => format!("at each reading of {of}"),
        1 => format!("at each {call_on} reading of {of}"),
        trigger => format!("from the {} {call_on} reading in a row of {of} on", ordinal(trigger)),
    };
    format!("It does `{kind}` on {app} {when}{rest}.")
}

fn holding_sentence(holding: &HoldingView, mode: Mode) -> String {
    let (monitor, since) = (&holding.monitor, holding.since);
    let count = holding.count.map(|count| format!(" ({})", readings(count))).unwrap_or_default();
    let verb = match (holding.acted, mode) {
        (true, Mode::Act) => "acts on",
        (true, Mode::DryRun) => "would act on",
        (false, _) => "holds still at",
    };
    format!("It {verb} readings of \"{monitor}\" since {since}{count}: {}.", holding.words)
}

/// "2nd", "11th", "23rd".
fn ordinal(number: u32) -> String {
    let suffix = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        let said: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 113].into_iter().map(ordinal).collect();
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "113th"]);
    }
}
