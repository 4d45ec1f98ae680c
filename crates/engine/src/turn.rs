//! One turn of the loop: readings are folded, and every attached reaction is asked whether it is called.

use crate::memory::Memory;
use flyball_decide::{Folded, Spell, called, fold};
use flyball_model::{Entry, Event, MonitorState, Reading, SubjectKey, Timestamp, Verdict};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use flyball_store::{Batch, HoldingKey};
use std::sync::Arc;

/// A reading, and of which monitor.
#[derive(Debug, Clone)]
pub struct Observed {
    /// The monitor.
    pub monitor: Arc<Monitor>,
    /// The reading.
    pub reading: Reading,
}

/// A reaction that is called by the latest reading of a monitor, and has not been asked further.
#[derive(Debug, Clone)]
pub(crate) struct Called {
    pub(crate) monitor: Arc<Monitor>,
    pub(crate) reaction: Arc<Reaction>,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    /// What is to be written, and hangs on no choice: it may be written with others.
    pub(crate) quiet: Batch,
    /// Subjects about which a choice is to be made, each with what is to be written with it. Whoever has this attends to
    /// them.
    pub(crate) subjects: Vec<(SubjectKey, Batch)>,
}

/// Folds the readings of one moment in, and asks every attached reaction whether it is called. Those that are wait on the
/// desk of their app.
pub(crate) fn turn(memory: &mut Memory, observed: Vec<Observed>, now: Timestamp) -> Turn {
    let mut turn = Turn { quiet: memory.take_owed(), subjects: Vec::new() };
    for Observed { monitor, reading } in observed {
        let wiring = Arc::clone(&memory.wiring);
        // A monitor that was removed, or changed to look at something else, while this check was under way.
        if wiring.monitor(monitor.id).is_none_or(|wired| wired.kind.watched() != monitor.kind.watched()) {
            continue;
        }
        let mut batch = Batch::default();
        let finding = reading.finding;
        let before = memory.state(monitor.id).cloned().unwrap_or_default();
        let folded = fold(&before, finding, reading.begun_at, monitor.every, wiring.remember(monitor.id));
        batch.entries.extend(news(&monitor, &reading, &folded));
        let is_saved = memory.is_saved_of_late(monitor.id, reading.begun_at);
        memory.set_state(monitor.id, folded.state.clone());
        if wiring.attached(monitor.id).iter().any(|reaction| reaction.kind.looks_back().is_some()) {
            memory.looks.add(monitor.id, &reading);
        }
        if finding.verdict() != Verdict::Unknown {
            batch.incidents.extend(memory.incidents_after(&monitor, reading.begun_at, folded.flip.is_some()));
        }

        let mut wishes = Vec::new();
        for reaction in wiring.attached(monitor.id) {
            match called(&reaction.policy, finding, standing(&folded.state), None) {
                Err(because) => {
                    // A reading that could not be made takes nothing back.
                    if finding.verdict() != Verdict::Unknown {
                        let key = HoldingKey { monitor: monitor.id, reaction: reaction.id };
                        memory.desk(&wiring.subject(reaction).key()).forget(key);
                    }
                    memory.note(&monitor, reaction, because, now, &mut batch);
                }
                Ok(_) => wishes.push(Called { monitor: Arc::clone(&monitor), reaction: Arc::clone(reaction) }),
            }
        }
        batch.readings.push((monitor.id, reading));
        if !(is_saved && wishes.is_empty() && repeats(&before, &folded)) {
            batch.states.extend(memory.saving(monitor.id));
        }
        turn.put_down(memory, wishes, batch, now);
    }
    turn
}

impl Turn {
    /// Puts the wishes of one reading on the desks of their subjects. The reading is written with the choice about the
    /// first about which nobody makes one already.
    fn put_down(&mut self, memory: &mut Memory, wishes: Vec<Called>, mut batch: Batch, now: Timestamp) {
        let mut written_with = None;
        for wish in wishes {
            let subject = memory.wiring.subject(&wish.reaction).key();
            let of_this_turn = self.subjects.iter().position(|(other, _)| *other == subject);
            let key = (Arc::clone(&wish.monitor), Arc::clone(&wish.reaction));
            let is_free = memory.desk(&subject).wait([wish]);
            let place = of_this_turn.or_else(|| {
                is_free.then(|| {
                    self.subjects.push((subject, Batch::default()));
                    self.subjects.len() - 1
                })
            });
            if place.is_none() {
                memory.note_waiting(&key.0, &key.1, now, &mut batch);
            }
            written_with = written_with.or(place);
        }
        match written_with {
            None => self.quiet.append(batch),
            Some(place) => self.subjects[place].1.append(batch),
        }
    }
}

fn standing(state: &MonitorState) -> Option<&flyball_model::Standing> {
    state.standing.as_ref()
}

/// Whether a reading said only what was known: the next start can fold it in again.
fn repeats(before: &MonitorState, folded: &Folded) -> bool {
    let cause = |state: &MonitorState| standing(state).and_then(|standing| standing.cause);
    folded.flip.is_none() && folded.spell.is_none() && cause(before) == cause(&folded.state)
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
