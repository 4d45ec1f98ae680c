//! Blast radius: how often an app, and a reaction, is acted on.

use super::evidence::{Dossier, Evidence};
use super::reasons::reading_of;
use super::terms::Opinion;
use flyball_model::{Actor, AppLimits, CallOn, Spending, Timestamp};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// "Effects per app and hour are bounded": of one sort, those that took effect or may have, by Flyball's own clock.
pub(super) fn app_has_left(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (marked, given) = dossier.marked?;
    let sort = Spending::of(dossier.run.rank)?;
    let limits = evidence.definitions_at(marked).map_or(AppLimits::default(), |file| file.settings.limits);
    let before = earlier(evidence, dossier).filter(|other| {
        other.run.plan.app().id == dossier.run.plan.app().id && Spending::of(other.run.rank) == Some(sort)
    });
    let within = before.filter_map(|other| other.run.took_effect_at()).filter(|at| *at + HOUR > given).count();
    let max = limits.of(sort);
    (within >= max as usize)
        .then(|| format!("there had been {within} {sort} on the app within the hour, and {max} may be"))
}

/// `max_per_hour` and `give_up_after`, of one reaction.
pub(super) fn reaction_has_left(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let Actor::Engine { monitor, episode, .. } = &dossier.run.actor else { return None };
    dossier.marked?;
    let policy = evidence.policy_at(dossier.run.reaction, reading_of(evidence, dossier, *monitor)?)?;
    let effects: Vec<Timestamp> = earlier(evidence, dossier)
        .filter(|other| other.run.reaction == dossier.run.reaction)
        .filter_map(|other| other.run.took_effect_at())
        .collect();
    let within = effects.iter().filter(|at| **at + HOUR > dossier.run.queued_at).count();
    if let Some(max) = policy.max_per_hour.filter(|max| within >= *max as usize) {
        return Some(format!("it had had {within} effects within the hour, and may have {max}"));
    }
    let gives_up = policy.call_on == CallOn::Failing && Spending::of(dossier.run.rank).is_some();
    let in_episode = effects.iter().filter(|at| *at >= episode).count();
    (gives_up && in_episode >= policy.give_up_after as usize).then(|| {
        format!("{in_episode} effects in this episode had not helped, and it gives up after {}", policy.give_up_after)
    })
}

/// "Flyball refuses by default to act on the app it runs on."
pub(super) fn not_on_our_own_app(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (marked, _) = dossier.marked?;
    let own = evidence.definitions_at(marked)?.settings.own_app.as_ref()?;
    let allowed = evidence.policy_at(dossier.run.reaction, marked).is_some_and(|policy| policy.allow_self);
    (*own == dossier.run.plan.app().name && !allowed).then(|| "Flyball runs on this app".to_owned())
}

/// The runs that were marked as sent before this one was decided, or before it was marked where they are not its own.
fn earlier<'a, 'e>(
    evidence: &'e Evidence<'a>,
    dossier: &'e Dossier<'a>,
) -> impl Iterator<Item = &'e Dossier<'a>> + use<'a, 'e> {
    let before = dossier.marked.map_or(0, |(place, _)| place);
    let others = evidence.dossiers.values();
    others.filter(move |other| other.run.id != dossier.run.id && other.marked.is_some_and(|(place, _)| place < before))
}
