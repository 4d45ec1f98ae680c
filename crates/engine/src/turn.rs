//! One turn of the loop: readings are folded, and every attached reaction is asked.

use crate::memory::Memory;
use crate::wiring::Subject;
use flyball_decide::{Folded, Spell, called, fold};
use flyball_model::{Because, Entry, Event, Finding, MonitorState, Reading, Timestamp};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::Batch;
use std::collections::HashMap;
use std::sync::Arc;

/// A reading, and of which monitor.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The monitor.
    pub monitor: Arc<Monitor>,
    /// The reading.
    pub reading: Reading,
}

/// A reaction that is called by a reading, and has not been asked further.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) reaction: Arc<Reaction>,
    pub(crate) finding: Finding,
    pub(crate) because: Because,
}

/// Wishes about one app, and everything that is to be written together with what comes of them.
#[derive(Debug)]
pub(crate) struct AppTurn {
    pub(crate) subject: Subject,
    pub(crate) wishes: Vec<Wish>,
    pub(crate) batch: Batch,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// Readings that called nothing: they may be written with others.
    pub(crate) quiet: Batch,
    /// Apps about which a choice is to be made.
    pub(crate) apps: Vec<AppTurn>,
}

/// Folds the readings of one moment in, and asks every attached reaction whether it is called.
pub(crate) fn turn(memory: &mut Memory, observed: Vec<Observed>, now: Timestamp) -> Turn {
    let mut quiet = memory.take_owed();
    let mut apps = Apps::default();
    for Observed { monitor, reading } in observed {
        let wiring = Arc::clone(&memory.wiring);
        // A monitor that was removed, or changed to look at something else, while this check was under way.
        if wiring.monitor(monitor.id).is_none_or(|wired| wired.kind.watched() != monitor.kind.watched()) {
            continue;
        }
        let mut batch = Batch::default();
        let finding = reading.finding;
        let folded = {
            let before = memory.state(monitor.id).cloned().unwrap_or_default();
            fold(&before, finding, reading.begun_at, monitor.every, wiring.remember(monitor.id))
        };
        batch.entries.extend(news(&monitor, &reading, &folded));
        memory.set_state(monitor.id, folded.state.clone());

        let mut wishes = Vec::new();
        for reaction in wiring.attached(monitor.id) {
            match called(&reaction.policy, finding, standing(&folded.state), None) {
                Err(because) => memory.note(&monitor, reaction, because, now, &mut batch),
                Ok(because) => wishes.push(Wish {
                    monitor: Arc::clone(&monitor),
                    reaction: Arc::clone(reaction),
                    finding,
                    because,
                }),
            }
        }
        batch.readings.push((monitor.id, reading));
        batch.states.extend(memory.remembered(monitor.id));

        match wishes.first().map(|wish| Subject::of(&wish.reaction)) {
            None => quiet.append(batch),
            // The reading is written with the choice about the first app that it leads to.
            Some(subject) => apps.of(subject).batch.append(batch),
        }
        for wish in wishes {
            let subject = Subject::of(&wish.reaction);
            apps.of(subject).wishes.push(wish);
        }
    }
    Turn { quiet, apps: apps.turns }
}

/// The apps of a turn, in the order in which they came up.
#[derive(Default)]
struct Apps {
    turns: Vec<AppTurn>,
    places: HashMap<Subject, usize>,
}

impl Apps {
    fn of(&mut self, subject: Subject) -> &mut AppTurn {
        let next = self.turns.len();
        let place = *self.places.entry(subject.clone()).or_insert(next);
        if place == next {
            self.turns.push(AppTurn { subject, wishes: Vec::new(), batch: Batch::default() });
        }
        &mut self.turns[place]
    }
}

fn standing(state: &MonitorState) -> Option<&flyball_model::Standing> {
    state.standing.as_ref()
}

/// What the timeline says of a reading: a flip, or the beginning or end of a spell of unknown.
fn news(monitor: &Monitor, reading: &Reading, folded: &Folded) -> Vec<Entry> {
    let entry = |event| {
        let mut entry = Entry::new(reading.begun_at, event);
        entry.monitor = Some((monitor.id, monitor.name.clone()));
        entry.app = monitor.kind.app().cloned();
        entry
    };
    let words = || reading.words.clone();
    let spell = folded.spell.map(|spell| entry(Event::Unknown { begins: spell == Spell::Begins, words: words() }));
    let flip = folded.flip.map(|flip| entry(Event::Flipped { flip, finding: reading.finding, words: words() }));
    spell.into_iter().chain(flip).collect()
}
