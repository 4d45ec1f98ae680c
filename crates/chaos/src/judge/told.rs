//! What is told is true, and everything is told.

use super::evidence::{Arrival, Dossier, Evidence};
use super::terms::Opinion;
use crate::story::Story;
use flyball_heroku_sim::{App, Took};
use flyball_model::{Effect, Event, Look, Outcome, RunState, Timestamp};
use std::time::Duration;

/// A page of the timeline holds at most this many lines; of a reaction with more of them the oldest are not seen here.
const LINES_SEEN: usize = 1000;
/// After this, "nothing could be seen" is a reason for doubt.
const LOOKED_FOR_AN_HOUR: Duration = Duration::from_secs(3500);

/// After a time in which nothing goes wrong, no run is open.
pub(super) fn every_run_ends(_: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    match &dossier.run.state {
        RunState::Ended { .. } => None,
        open => Some(format!("it is still {}", open.code())),
    }
}

fn outcome<'a>(dossier: &Dossier<'a>) -> Option<&'a Outcome> {
    match &dossier.run.state {
        RunState::Ended { outcome, .. } => Some(outcome),
        RunState::Queued | RunState::Claimed { .. } | RunState::Sent { .. } => None,
    }
}

/// "What happened is recorded as done". An absolute value may have been set by somebody else, and a dyno been restarted:
/// then it is there all the same.
pub(super) fn done_is_in_the_world(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let Outcome::Done { seen, .. } = outcome(dossier)? else { return None };
    if dossier.arrivals.iter().any(|arrival| arrival.was_accepted()) {
        return None;
    }
    if *seen == Look::Answered {
        return Some("it is told as answered, and the world did not accept it".to_owned());
    }
    let (from, to) = (dossier.claimed?.0, dossier.ended?);
    let by_others = !matches!(dossier.run.plan.effect, Effect::RunOneOff { .. })
        && evidence.app_was_touched(dossier.app(), from, to);
    let by_itself = matches!(dossier.run.plan.effect, Effect::RestartDyno { .. } | Effect::RestartAll { .. });
    (!by_others && !by_itself).then(|| "it is told as seen afterwards, and nobody did it".to_owned())
}

/// "What did not is ended as not done". Bends where the look came too early because the clock was set, saw something old,
/// or came after somebody had changed it back.
pub(super) fn not_done_is_not_in_the_world(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let outcome = outcome(dossier)?;
    if outcome.may_have_taken_effect() {
        return None;
    }
    let effect = dossier.arrivals.iter().find(|arrival| arrival.call.took == Took::Effect)?;
    // When to look is reckoned from a time before the mark.
    let (claimed, ended) = (dossier.claimed?.0, dossier.ended?);
    let changed_back = matches!(dossier.run.plan.effect, Effect::SetQuantity { .. } | Effect::SetSize { .. })
        && evidence.app_was_touched(dossier.app(), effect.place, ended);
    let excused = changed_back
        || evidence.clock_was_set(claimed, ended)
        || evidence
            .old_as_of(dossier, claimed, ended)
            .is_some_and(|as_of| !is_older_than_its_basis(effect, dossier, as_of));
    (!excused).then(|| format!("it took effect, and is told as \"{outcome}\""))
}

/// Whether a list of releases as of then ends before the one that a rollback went back from: that it says nothing of the
/// rollback can be seen.
fn is_older_than_its_basis(effect: &Arrival<'_>, dossier: &Dossier<'_>, as_of: Timestamp) -> bool {
    let Effect::RollBack { from, .. } = &dossier.run.plan.effect else { return false };
    let mut releases = effect.before.into_iter().flat_map(App::releases);
    releases.find(|release| release.version == from.get()).is_some_and(|basis| basis.created_at > as_of)
}

/// In doubt is what nobody can know: a one-off dyno may have come and gone, dynos that are not there have no ids, and
/// an hour without a look is too long.
pub(super) fn doubted_for_a_reason(_: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let Outcome::InDoubt { why } = outcome(dossier)? else { return None };
    let RunState::Ended { at, .. } = &dossier.run.state else { return None };
    let sent_at: Timestamp = dossier.run.sent_at.unwrap_or(*at);
    let known = matches!(
        dossier.run.plan.effect,
        Effect::SetQuantity { .. } | Effect::SetSize { .. } | Effect::RollBack { .. }
    );
    (known && at.since(sent_at) < LOOKED_FOR_AN_HOUR).then(|| format!("it is in doubt: {why}"))
}

/// Every effect is in the timeline with its cause: its beginning once, and its end once.
pub(super) fn told_once(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let timeline = &evidence.record.timeline;
    if timeline.len() >= LINES_SEEN * reactions(evidence.story) {
        return None;
    }
    let entries = timeline.iter().filter(|entry| entry.run == Some(dossier.run.id));
    let (mut begun, mut ended) = (0, 0);
    for entry in entries {
        match entry.event {
            Event::Queued { .. } => begun += 1,
            Event::Ended { .. } => ended += 1,
            _ => {}
        }
    }
    let wanted = (1, usize::from(!dossier.run.state.is_open()));
    ((begun, ended) != wanted).then(|| format!("its beginning is told {begun} times, and its end {ended} times"))
}

fn reactions(story: &Story) -> usize {
    story.file.reactions.len().max(1)
}
