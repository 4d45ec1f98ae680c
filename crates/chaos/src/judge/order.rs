//! One app, one at a time; settling; nothing stale.

use super::evidence::{Arrival, Dossier, Evidence};
use super::terms::{Opinion, Place, Violation};
use crate::stage::Noted;
use flyball_heroku_sim::{App, Dyno, DynoState};
use flyball_model::{AppName, Effect, Look, Outcome, Rank, ReleaseVersion, RunState, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Heroku's times have whole seconds, and clocks that differ by less than two are taken to agree.
const GRAIN: Duration = Duration::from_secs(3);
/// How much a slow answer may hide of the difference between two clocks: as long as a look may take.
const HIDDEN: Duration = Duration::from_secs(12);
/// How long old dynos answer beside their successors, with preboot.
const PREBOOT: Duration = Duration::from_secs(180);

/// "'It did not happen' counts only after the call's deadline and a margin." Bends where the clock was set meanwhile; and
/// where somebody else did the same while the call was on its way, since what is seen to have happened ends a run: the
/// value is absolute and within its limits, and the next reading decides anew. A release tells whose it is, and a one-off
/// dyno by whom it was started: neither bends.
pub(super) fn nothing_arrives_after_the_end(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    // When to look is reckoned from a time before the mark.
    let (claimed, ended) = (dossier.claimed?.0, dossier.ended?);
    let late = dossier.arrivals.iter().find(|arrival| arrival.place > ended)?;
    let by = evidence.note(late.place).at.since(evidence.note(ended).at);
    let by_others = !matches!(dossier.run.plan.effect, Effect::RunOneOff { .. } | Effect::RollBack { .. })
        && matches!(
            &dossier.run.state,
            RunState::Ended { outcome: Outcome::Done { seen: Look::SeenAfterwards, .. }, .. }
        )
        && evidence.app_was_touched(dossier.app(), claimed, ended);
    let excused = by_others || evidence.clock_was_set(claimed, ended);
    (!excused).then(|| format!("its call arrived {} ms after its end", by.as_millis()))
}

/// "Effects on one app are serialised"; a one-off dyno stands outside. From its claim to its end a run is alone.
pub(super) fn one_at_a_time(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (from, to) = span(evidence, dossier)?;
    let mut others = evidence
        .dossiers
        .values()
        .filter(|other| other.run.id > dossier.run.id && other.run.plan.app().id == dossier.run.plan.app().id);
    let beside = others
        .find(|other| span(evidence, other).is_some_and(|(other_from, other_to)| other_from < to && from < other_to))?;
    Some(format!("{} was under way at the same time", beside.run.plan))
}

/// From when to when a run holds its app; `None` for one-off dynos, and for what was never claimed.
fn span(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Option<(Place, Place)> {
    let (claimed, _) = dossier.claimed.filter(|_| dossier.run.rank != Rank::OneOff)?;
    Some((claimed, dossier.ended.unwrap_or(evidence.record.notes.len())))
}

/// What it is about: the call that arrived, and the place of the claim. `None` where what was looked at may have been
/// old, or the clock was set on the way: nobody could know better.
fn looked_and_arrived<'a>(evidence: &Evidence<'a>, dossier: &Dossier<'a>) -> Option<(Place, Arrival<'a>)> {
    let arrival = *dossier.arrivals.first()?;
    let (claimed, _) = dossier.claimed?;
    let excused = evidence.clock_was_set(claimed, arrival.place)
        || evidence.may_have_seen_what_is_old(dossier, claimed, arrival.place);
    (!excused).then_some((claimed, arrival))
}

/// "While a formation dyno is booting … nothing that makes dynos boot anew is done to them." What began to boot only after
/// the run was claimed may not have been seen.
pub(super) fn nothing_boots_anew_while_settling(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    if !dossier.run.plan.effect.boots_anew() {
        return None;
    }
    let (claimed, arrival) = looked_and_arrived(evidence, dossier)?;
    let settle = evidence.policy_at(dossier.run.reaction, claimed)?.settle;
    let slack = if evidence.clocks_differ() { HIDDEN } else { GRAIN };
    let (seen, now) = (evidence.note(claimed).at, arrival.call.at);
    let app = arrival.before?;
    let booting = app.formation_dynos().find(|dyno| {
        dyno.state == DynoState::Starting && dyno.created_at < seen && dyno.created_at + settle > now + slack
    });
    if let Some(dyno) = booting {
        let age = now.since(dyno.created_at).as_secs();
        return Some(format!("{} had been booting for {age} s when its call arrived", dyno.name));
    }
    let age = now.since(app.current_release().created_at);
    if let Some(behind) = rolling_out(app, seen).filter(|_| age + slack < settle) {
        return Some(format!("{behind} did not run the current release yet, made {} s before", age.as_secs()));
    }
    let (dyno, made_at) = handing_over(app, seen)?;
    let age = now.since(made_at);
    (age + slack < PREBOOT + settle)
        .then(|| format!("the old {dyno} still answered beside the new one, made {} s before", age.as_secs()))
}

/// A dyno that does not run the current release yet, which had been made before it was looked.
fn rolling_out(app: &App, seen: Timestamp) -> Option<&str> {
    let current = app.current_release();
    let mut dynos = app.formation_dynos().filter(|_| current.updated_at < seen);
    dynos.find(|dyno| dyno.release_version != current.version).map(|dyno| dyno.name.as_str())
}

/// A name that old and new dynos share, and when the newest of them was made, if before it was looked.
fn handing_over(app: &App, seen: Timestamp) -> Option<(&str, Timestamp)> {
    let is_newer = |one: &Dyno, other: &Dyno| one.name == other.name && one.created_at > other.created_at;
    let successors = app.formation_dynos().filter(|dyno| app.formation_dynos().any(|other| is_newer(dyno, other)));
    let newest = successors.max_by_key(|dyno| dyno.created_at)?;
    (newest.created_at < seen).then_some((newest.name.as_str(), newest.created_at))
}

/// "Immediately before an effect, the plan's basis is read again." What did not hold when the run was claimed, and had not
/// changed when its call arrived, was there to be seen.
pub(super) fn stale_is_not_acted_on(evidence: &Evidence<'_>, dossier: &Dossier<'_>) -> Opinion {
    let (claimed, arrival) = looked_and_arrived(evidence, dossier)?;
    if evidence.app_was_touched(dossier.app(), claimed, arrival.place) {
        return None;
    }
    let app = dossier.claimed?.1?;
    let gone = what_is_gone(&dossier.run.plan.effect, app)?;
    let still_gone = what_is_gone(&dossier.run.plan.effect, arrival.before?)?;
    (gone == still_gone).then(|| format!("{gone} when it was claimed, and its call was made"))
}

/// "A list of releases only grows. One that ends before what is known is old, and everything that rests on it holds." What
/// a process has seen once it knows; the next one knows only what was written.
pub(super) fn no_old_list_is_acted_on(evidence: &Evidence<'_>) -> Vec<Violation> {
    let mut known: BTreeMap<(u32, &AppName), ReleaseVersion> = BTreeMap::new();
    let mut violations = Vec::new();
    for note in &evidence.record.notes {
        if let Noted::Asked { came_to, newest: Some((app, newest)), .. } = &note.what {
            let known = known.entry((note.process, app)).or_insert(*newest);
            if newest < known && matches!(*came_to, "act" | "tell") {
                let words = format!("the list of {app} ended with {newest}, and {known} had been seen before");
                let invariant = "an old list of releases is not acted on";
                violations.push(Violation { invariant, words, at: note.at, run: None });
            }
            *known = (*known).max(*newest);
        }
    }
    violations
}

/// What of a plan's basis does not hold, in words.
fn what_is_gone(effect: &Effect, app: &App) -> Option<String> {
    match effect {
        Effect::SetQuantity { process_type, from, .. } => {
            let quantity = app.process(process_type.as_str()).map(|process| process.quantity);
            (quantity.map(|quantity| quantity.to_string()) != Some(from.to_string()))
                .then(|| format!("{process_type} had {quantity:?} dynos"))
        }
        Effect::SetSize { process_type, from, .. } => {
            let size = app.size(process_type.as_str());
            (!size.eq_ignore_ascii_case(&from.to_string())).then(|| format!("{process_type} was {size}"))
        }
        Effect::RestartDyno { dyno, id } => {
            let present = app.dyno(&dyno.to_string()).map(|dyno| dyno.id.to_string());
            (present.as_deref() != Some(&id.to_string())).then(|| format!("{dyno} was another dyno"))
        }
        Effect::RestartAll { ids } => {
            let there = |id: &String| app.formation_dynos().any(|dyno| dyno.id.to_string() == *id);
            let gone = ids.iter().filter(|id| !there(&id.to_string())).count();
            (gone > 0).then(|| format!("{gone} of its dynos were gone"))
        }
        Effect::RollBack { from, .. } => {
            let current = app.current_release().version;
            (format!("v{current}") != from.to_string()).then(|| format!("v{current} was current"))
        }
        Effect::RunOneOff { .. } => None,
    }
}
