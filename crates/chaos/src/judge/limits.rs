//! None past a limit, and one step at a time.

use super::evidence::{Arrival, Dossier, Evidence};
use super::terms::Opinion;
use crate::story::KindStory;
use flyball_heroku_sim::{App, ReleaseStatus, Took};
use flyball_model::{Effect, Outcome, RunState};
use std::collections::BTreeSet;

/// Today's ladder of the tiers that the stories have, smallest first. Source: Dev Center, *Dyno Types*.
const LADDER: [&str; 6] =
    ["standard-1x", "standard-2x", "performance-m", "performance-l", "performance-xl", "performance-2xl"];

/// "At its limit a reaction makes no call that changes Heroku."
pub(super) fn within_limits(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let arrival = dossier.arrivals.first()?;
    if let Some(words) = in_maintenance(evidence, dossier, arrival) {
        return Some(words);
    }
    match (evidence.kind(dossier)?, &dossier.run.plan.effect) {
        (KindStory::ScaleOut { max_quantity, .. }, Effect::SetQuantity { from, to, .. }) => {
            let (from, to) = (number(from), number(to));
            (to != from + 1 || to > *max_quantity)
                .then(|| format!("from {from} to {to}, and {max_quantity} is its limit"))
        }
        (KindStory::ScaleIn { min_quantity, .. }, Effect::SetQuantity { from, to, .. }) => {
            let (from, to) = (number(from), number(to));
            (to + 1 != from || to < *min_quantity)
                .then(|| format!("from {from} to {to}, and {min_quantity} is its limit"))
        }
        (KindStory::ScaleUp { max_size, .. }, Effect::SetSize { from, to, .. }) => {
            let (from, to, limit) = (rung(&from.to_string())?, rung(&to.to_string())?, rung(max_size)?);
            (to != from + 1 || to > limit).then(|| format!("to {}, and {max_size} is its limit", LADDER[to]))
        }
        (KindStory::ScaleDown { min_size, .. }, Effect::SetSize { from, to, .. }) => {
            let (from, to, limit) = (rung(&from.to_string())?, rung(&to.to_string())?, rung(min_size)?);
            (to + 1 != from || to < limit).then(|| format!("to {}, and {min_size} is its limit", LADDER[to]))
        }
        (KindStory::RestartDyno { .. }, Effect::RestartDyno { .. })
        | (KindStory::RestartAll, Effect::RestartAll { .. }) => None,
        (KindStory::RollBack { min_release, max_steps }, Effect::RollBack { from, .. }) => {
            if arrival.call.took != Took::Effect {
                return None;
            }
            goes_back(arrival, &from.to_string(), *min_release)
                .or_else(|| too_many_steps(evidence, arrival.before?, (*max_steps)?))
        }
        (KindStory::OneOff { at_once, repeat, .. }, Effect::RunOneOff { .. }) => {
            if *repeat {
                None
            } else {
                too_many_at_once(evidence, dossier, arrival, *at_once)
            }
        }
        (kind, effect) => Some(format!("a {} does {:?}", kind.word(), effect.kind())),
    }
}

fn number(quantity: &flyball_model::Quantity) -> u32 {
    quantity.to_string().parse().expect("a quantity is a number")
}

fn rung(size: &str) -> Option<usize> {
    LADDER.iter().position(|rung| rung.eq_ignore_ascii_case(size))
}

/// "Maintenance mode of the app holds every reaction on it." What was switched after the claim may not have been seen.
fn in_maintenance(evidence: &Evidence<'_>, dossier: &Dossier<'_>, arrival: &Arrival<'_>) -> Opinion {
    let (claimed, _) = dossier.claimed?;
    let policy = evidence.policy_at(dossier.run.reaction, claimed)?;
    let holds = arrival.before?.in_maintenance() && !policy.in_maintenance;
    let excused = evidence.maintenance_was_switched(dossier.app(), claimed, arrival.place)
        || evidence.may_have_seen_what_is_old(dossier, claimed, arrival.place);
    (holds && !excused).then(|| "the app was in maintenance mode".to_owned())
}

/// "One further back" follows content, and never below `min_release`. By the world's own knowledge of where each
/// release's content came from.
fn goes_back(arrival: &Arrival<'_>, from: &str, min_release: Option<u64>) -> Opinion {
    let (before, made) = (arrival.before?.current_release(), arrival.after?.releases().next_back()?);
    if let Some(min) = min_release.filter(|min| made.origin < *min) {
        return Some(format!("the content of v{} is older than v{min}", made.origin));
    }
    // Somebody released in between: what it goes back from is not what it was based on.
    let is_based_on_it = format!("v{}", before.version) == from;
    (is_based_on_it && made.origin >= before.origin).then(|| {
        format!("it went from the content of v{} to that of v{}, which is not further back", before.origin, made.origin)
    })
}

/// "`max_steps` (per descent)": an unbroken chain of our rollbacks up to what is current. A rollback of which Flyball
/// could not know is not counted.
fn too_many_steps(evidence: &Evidence<'_>, before: &App, max: u32) -> Opinion {
    let ours: BTreeSet<u64> = evidence
        .dossiers
        .values()
        .filter(|other| {
            other.app() == before.name().as_str()
                && matches!(&other.run.state, RunState::Ended { outcome: Outcome::Done { .. }, .. })
                && matches!(other.run.plan.effect, Effect::RollBack { .. })
        })
        .flat_map(|other| &other.arrivals)
        .filter(|arrival| arrival.call.took == Took::Effect)
        .filter_map(|arrival| Some(arrival.after?.releases().next_back()?.version))
        .collect();
    let current = before.current_release().version;
    let newest_first = before.releases().rev().filter(|release| release.version <= current);
    let alive = newest_first.filter(|release| release.status != ReleaseStatus::Failed);
    let steps = alive.take_while(|release| ours.contains(&release.version)).count();
    (steps >= max as usize).then(|| format!("{steps} steps had been made already, and {max} is its limit"))
}

/// `at_once`: of the dynos that a reaction started, as many run at most.
fn too_many_at_once(evidence: &Evidence<'_>, dossier: &Dossier<'_>, arrival: &Arrival<'_>, at_once: u32) -> Opinion {
    let (claimed, _) = dossier.claimed?;
    if arrival.call.took != Took::Effect
        || evidence.may_have_seen_what_is_old(dossier, claimed, arrival.place)
        || evidence.clocks_differ()
    {
        return None;
    }
    let siblings = evidence.dossiers.values().filter(|other| other.run.reaction == dossier.run.reaction);
    let started = siblings.flat_map(|other| &other.arrivals).filter_map(started);
    let there = arrival.after?;
    let running = started.filter(|id| there.dynos().iter().any(|dyno| dyno.id == *id)).count();
    (running > at_once as usize)
        .then(|| format!("{running} of its one-off dynos were there then, and {at_once} may be"))
}

/// The dyno that a call started.
fn started(arrival: &Arrival<'_>) -> Option<uuid::Uuid> {
    let before = arrival.before?;
    let mut dynos = arrival.after?.dynos().iter();
    dynos.find(|dyno| !dyno.is_formation() && !before.dynos().iter().any(|old| old.id == dyno.id)).map(|dyno| dyno.id)
}
