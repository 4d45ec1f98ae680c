//! Why a run began: a reading called for it, and nothing held it up.

use super::evidence::{Dossier, Evidence};
use super::streaks::calls;
use super::terms::{Opinion, Place};
use crate::stage::{Note, Noted};
use crate::story::What;
use flyball_model::{Actor, Mode, MonitorId, PauseScope, Run, Timestamp, Verdict};
use std::time::Duration;

fn monitor_of(run: &Run) -> Option<MonitorId> {
    match &run.actor {
        Actor::Engine { monitor, .. } => Some(*monitor),
        Actor::Person { .. } => None,
    }
}

/// The place of the reading that led to a run: the monitor's latest that could be made, when Flyball's clock showed the
/// run's time.
pub(super) fn reading_of(evidence: &Evidence<'_>, dossier: &Dossier<'_>, monitor: MonitorId) -> Option<Place> {
    readings_of(evidence, dossier, monitor).next()
}

/// The places of the monitor's readings up to when a run was decided, latest first. One that came in the same moment may
/// not have been folded in yet.
fn readings_of<'a>(
    evidence: &'a Evidence<'_>,
    dossier: &'a Dossier<'_>,
    monitor: MonitorId,
) -> impl Iterator<Item = Place> + 'a {
    let queued = dossier.queued.unwrap_or_default();
    let process = evidence.note(queued).process;
    let is_it = move |note: &Note| match note.what {
        Noted::TakenIn { monitor: of, finding, .. } => {
            note.process == process
                && note.clock <= dossier.run.queued_at
                && of == monitor
                && finding.verdict() != Verdict::Unknown
        }
        _ => false,
    };
    (0..=queued).rev().filter(move |place| is_it(evidence.note(*place)))
}

/// "While verdict = call on and streak ≥ trigger … it acts"; "unknown never causes a reaction". Readings from before a
/// pause ended do not count; once Flyball's clock was set, nobody can tell any more which those are.
pub(super) fn a_reading_calls_for_it(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let monitor = monitor_of(dossier.run)?;
    let mut places = readings_of(evidence, dossier, monitor);
    let Some(latest) = places.next() else {
        return Some("no reading was taken in when it was decided".to_owned());
    };
    // Once Flyball's clock was set, nobody can tell any more which reading was the latest then.
    if evidence.clock_was_set(latest, dossier.queued?) {
        return None;
    }
    let came_just_then = evidence.note(latest).clock == dossier.run.queued_at;
    let called_by = |place: &Place| {
        let Noted::TakenIn { finding, .. } = evidence.note(*place).what else { return false };
        evidence.policy_at(dossier.run.reaction, *place).is_some_and(|policy| calls(policy, finding))
    };
    let before = places.next().filter(|before| came_just_then && !called_by(&latest) && called_by(before));
    let place = before.unwrap_or(latest);
    let Noted::TakenIn { finding, .. } = evidence.note(place).what else { return None };
    let Some(policy) = evidence.policy_at(dossier.run.reaction, place) else {
        return Some("its reaction was not in the file".to_owned());
    };
    if !calls(policy, finding) {
        return Some(format!("the reading that led to it was {finding:?}"));
    }
    let resumed = pauses(evidence, dossier, dossier.queued?).resumed_at;
    let resumed = resumed.filter(|_| !evidence.clock_was_set(0, place));
    let streak = evidence.streaks.at(monitor, place).since(resumed);
    let trigger = policy.trigger.get();
    (streak < trigger as usize).then(|| format!("{streak} readings called for it, and {trigger} were needed"))
}

/// "Monitor still matching?": at no time between the claim and the mark it was called for by what had been seen last, and
/// by the file.
pub(super) fn still_called_for(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let monitor = monitor_of(dossier.run)?;
    let (claimed, marked) = (dossier.claimed?.0, dossier.marked?.0);
    let tells = |note: &Note| match note.what {
        Noted::TakenIn { monitor: of, .. } => of == monitor,
        Noted::Applied(_) => true,
        _ => false,
    };
    let places = (claimed..=marked).filter(|place| *place == claimed || tells(evidence.note(*place)));
    let mut called = places.filter_map(|place| {
        let policy = evidence.policy_at(dossier.run.reaction, place)?;
        Some(policy.enabled && policy.mode == Mode::Act && evidence.streaks.at(monitor, place).matches(policy))
    });
    (!called.any(|called| called)).then(|| "nothing called for it any more when it was marked as sent".to_owned())
}

/// "The shortest time from the start of the reaction's last run that took effect, or may have, to its next", by Flyball's
/// own clock.
pub(super) fn cooled_down(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    monitor_of(dossier.run)?;
    // One that was chosen by the file before, and was not sent since the file changed, is none too soon.
    let (queued, _sent) = (dossier.queued?, dossier.marked?);
    let cooldown = evidence.policy_at(dossier.run.reaction, queued)?.cooldown;
    let earlier = evidence.dossiers.values().filter(|other| {
        other.run.reaction == dossier.run.reaction
            && other.run.id != dossier.run.id
            && other.marked.is_some_and(|(place, _)| place < queued)
    });
    let last = earlier.filter_map(|other| other.run.took_effect_at()).max()?;
    let waited = dossier.run.queued_at.since(last);
    (waited < cooldown).then(|| format!("{} s after the last one, and not {} s", waited.as_secs(), cooldown.as_secs()))
}

/// "A global pause takes effect within a second": what is paused when a run is marked as sent is not sent.
pub(super) fn not_paused(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (marked, given) = dossier.marked?;
    let given = if evidence.story.is_shared() { evidence.note(marked).at } else { given };
    let paused = pauses(evidence, dossier, marked).until?;
    paused.is_none_or(|until| given < until).then(|| "it was paused when it was marked as sent".to_owned())
}

/// What people's pauses come to for a run.
#[derive(Default)]
struct Pauses {
    /// Whether one of them holds, and until when.
    until: Option<Option<Timestamp>>,
    /// When the last of them ended, by Flyball's clock.
    resumed_at: Option<Timestamp>,
}

/// Engines that share a store go by its clock, which is the world's: within a second, and once they have looked at it, which they do
/// each second.
const CLOCKS_APART: Duration = Duration::from_secs(3);

fn pauses(evidence: &Evidence<'_>, dossier: &Dossier<'_>, until: Place) -> Pauses {
    let run = dossier.run;
    let is_shared = evidence.story.is_shared();
    let shown = |note: &Note| if is_shared { note.at } else { note.clock };
    let covers = |scope: &PauseScope| match scope {
        PauseScope::Everything => true,
        PauseScope::App(app) => *app == run.plan.app().name,
        PauseScope::Reaction(name) => *name == run.reaction_name,
    };
    let mut held: Vec<(PauseScope, Option<Timestamp>)> = Vec::new();
    let mut resumed_at: Option<Timestamp> = None;
    for note in evidence.between(0, until) {
        // A pause that has run out stays so, also when the clock is set back.
        for (_, until) in held.extract_if(.., |(_, until)| until.is_some_and(|until| until <= shown(note))) {
            resumed_at = resumed_at.max(until);
        }
        match &note.what {
            Noted::Happened(What::Pause { scope, lasts }) if covers(scope) => {
                held.retain(|(of, _)| of != scope);
                held.push((scope.clone(), lasts.map(|lasts| shown(note) + lasts)));
            }
            Noted::Happened(What::Resume { scope }) if held.iter().any(|(of, _)| of == scope) => {
                held.retain(|(of, _)| of != scope);
                resumed_at = resumed_at.max(Some(shown(note)));
            }
            _ => {}
        }
    }
    let earlier = |at: Timestamp| if is_shared { at - CLOCKS_APART } else { at };
    Pauses { until: held.first().map(|(_, until)| until.map(earlier)), resumed_at: resumed_at.map(earlier) }
}
