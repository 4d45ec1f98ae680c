//! `drift`: what runs of an app, against what somebody else than us made it last, and what we changed since.

use super::Reader;
use crate::engine::Engine;
use flyball_decide::{AppFacts, Sighting, View, is_way_back_open, origin_of};
use flyball_model::{
    AppName, Because, DynoName, DynoSize, Effect, ForeignChange, Needs, Outcome, ProcessFormation, ProcessType,
    Quantity, Release, ReleaseHistory, ReleaseStatus, ReleaseVersion, Run, RunState, Sight, Timestamp,
};
use flyball_store::{Error, RunsPage};
use flyball_views::{Drift, DriftRun, OneOffView, ProcessDrift, ReleaseDrift};
use std::collections::BTreeSet;
use std::fmt::Display;

impl Reader<'_> {
    /// How far an app of the file is from what others made it, as far as the store knows; none where the file does not name it.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn drift(&self, app: &AppName) -> Result<Option<Drift>, Error> {
        if !self.apps().any(|known| known == app) {
            return Ok(None);
        }
        let known = self.known(Some(app)).await?.remove(app).unwrap_or_default();
        // The latest, of which an app has no more in a bad week; oldest first from here on.
        let mut runs = self.store.runs(&RunsPage { app: Some(app.clone()), ..RunsPage::default() }).await?;
        runs.reverse();
        Ok(Some(match &known.sighting {
            Some(sighting) => drift(sighting, &runs, &known.facts.our_rollbacks),
            None => unseen(app),
        }))
    }
}

impl Engine {
    /// The same with the app as it is now, where it can be looked at: by an engine that stands beside the running one. Stores
    /// nothing; none where the app cannot be looked at.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn drift_now(&self, app: &AppName) -> Result<Option<Drift>, Error> {
        let wiring = self.wiring();
        let key = wiring.app_named(app);
        let Some(reaction) = wiring.acting_on(&key).next().cloned() else { return Ok(None) };
        let subject = wiring.subject(&reaction);
        let Ok(sight) = self.look(&subject, Needs::ALL).await else { return Ok(None) };
        let subject = subject.seen_as(&sight.app);
        let facts = self.facts(&subject, &[]).await?;
        let facts = AppFacts { app_id: Some(sight.app.id.clone()), ..facts };
        self.recall_sighting(&subject).await?;
        let mut scene = self.situation(&subject, &[], facts).scene;
        scene.view = View::Seen { sight: Box::new(sight), parts: Needs::ALL, no_further: None };
        let (_, foreign) = scene.foreign_hands();
        let Some(seen) = scene.seen() else { return Ok(None) };
        let sighting = Sighting { foreign, ..seen.sighting(&subject.app().host, scene.up_to_date()) };
        let mut runs = self.ports.store.runs(&RunsPage { app: Some(app.clone()), ..RunsPage::default() }).await?;
        runs.reverse();
        Ok(Some(drift(&sighting, &runs, &scene.facts.our_rollbacks)))
    }
}

fn unseen(app: &AppName) -> Drift {
    let sentences = vec![format!("{app} has not been looked at yet: that is done when a reaction is called.")];
    let (release, processes, one_offs) = (None, Vec::new(), Vec::new());
    Drift { app: app.clone(), seen_at: None, drifted: false, release, processes, one_offs, sentences }
}

/// From what was seen last and the runs on the app, oldest first, to how far it is from what others made it.
pub(crate) fn drift(sighting: &Sighting, runs: &[Run], our_rollbacks: &BTreeSet<ReleaseVersion>) -> Drift {
    let done: Vec<&Run> = runs.iter().filter(|run| is_done(run)).collect();
    let sight = present(sighting, &done);
    let undone: BTreeSet<_> = done
        .iter()
        .filter_map(|run| match run.because {
            Because::Undoes { run } => Some(run),
            _ => None,
        })
        .collect();
    let told = |run: &&Run| DriftRun {
        id: run.id,
        plan: run.plan.to_string(),
        at: run.sent_at.unwrap_or(run.queued_at),
        undo: (!undone.contains(&run.id) && is_way_back_open(run, &sight, our_rollbacks))
            .then(|| format!("flyball undo {}", run.id)),
    };
    let release = release(&sight, &done, our_rollbacks, &told);
    let parts = sight
        .formation
        .iter()
        .flat_map(|process| [quantity(process, sighting, &done, &told), size(process, sighting, &done, &told)]);
    let processes: Vec<ProcessDrift> = parts.collect();
    let one_offs = one_offs(sighting, &done);
    let drifted = release.as_ref().is_some_and(|it| it.drifted) || processes.iter().any(|it| it.drifted);
    let app = sighting.app.name.clone();
    let sentences = sentences(&app, release.as_ref(), &processes, &one_offs);
    Drift { app, seen_at: Some(sighting.seen_at), drifted, release, processes, one_offs, sentences }
}

fn is_done(run: &Run) -> bool {
    matches!(run.state, RunState::Ended { outcome: Outcome::Done { .. }, .. })
}

fn sent_at(run: &Run) -> Timestamp {
    run.sent_at.unwrap_or(run.queued_at)
}

/// What the app is like now: what was seen of it last, and what we made of it since. Who changes a quantity looks before, and
/// not again afterwards.
fn present(sighting: &Sighting, done: &[&Run]) -> Sight {
    let mut formation = sighting.formation.clone();
    let seen_at = sighting.formation_at.unwrap_or(sighting.seen_at);
    for run in done.iter().filter(|run| sent_at(run) >= seen_at) {
        let of = run.plan.effect.process_type();
        let Some(process) = formation.iter_mut().find(|process| Some(&process.process_type) == of) else { continue };
        match &run.plan.effect {
            Effect::SetQuantity { to, .. } => process.quantity = *to,
            Effect::SetSize { to, .. } => process.size = to.clone(),
            _ => {}
        }
    }
    let mut newest_first = sighting.releases.clone();
    for run in done {
        newest_first = with_ours(newest_first, run);
    }
    Sight {
        app: sighting.app.clone(),
        formation,
        dynos: sighting.dynos.clone(),
        releases: ReleaseHistory { newest_first, reaches_the_first: false },
        taken_at: sighting.seen_at,
        heroku_now: None,
    }
}

/// Releases with the one that a rollback of ours made after they were seen.
fn with_ours(mut newest_first: Vec<Release>, run: &Run) -> Vec<Release> {
    let RunState::Ended { at, outcome: Outcome::Done { release: Some(made), .. } } = &run.state else {
        return newest_first;
    };
    let Effect::RollBack { to, .. } = &run.plan.effect else { return newest_first };
    if newest_first.first().is_none_or(|newest| newest.version >= *made) {
        return newest_first;
    }
    let Some(target) = newest_first.iter().find(|release| release.version == *to).cloned() else { return newest_first };
    newest_first.iter_mut().for_each(|release| release.current = false);
    let description = format!("Rollback to {to}");
    let ours = Release { version: *made, current: true, description, created_at: *at, user: None, ..target };
    newest_first.insert(0, ours);
    newest_first
}

fn release(
    sight: &Sight,
    done: &[&Run],
    our_rollbacks: &BTreeSet<ReleaseVersion>,
    told: &impl Fn(&&Run) -> DriftRun,
) -> Option<ReleaseDrift> {
    let history = &sight.releases;
    let current = history.current()?;
    let ran = |release: &&Release| {
        release.version <= current.version
            && matches!(release.status, ReleaseStatus::Succeeded | ReleaseStatus::Expired)
    };
    let theirs = history.newest_first.iter().filter(ran).find(|release| !our_rollbacks.contains(&release.version));
    let origin = |release: &Release| origin_of(history, release).ok().map(|origin| origin.version);
    let content_of = origin(current);
    let since = |run: &&&Run| match (&run.plan.effect, &run.state) {
        (Effect::RollBack { from, .. }, _) => theirs.is_none_or(|theirs| *from >= theirs.version),
        _ => false,
    };
    Some(ReleaseDrift {
        theirs: theirs.map(|release| release.version),
        by: theirs.and_then(|release| release.user.clone()),
        current: current.version,
        content_of,
        drifted: match theirs {
            Some(theirs) => content_of != origin(theirs),
            // All that is known is ours: what others made is further back.
            None => true,
        },
        runs: done.iter().filter(since).map(told).collect(),
    })
}

fn quantity(
    process: &ProcessFormation,
    sighting: &Sighting,
    done: &[&Run],
    told: &impl Fn(&&Run) -> DriftRun,
) -> ProcessDrift {
    let of = &process.process_type;
    let set = |change: &ForeignChange| match change {
        ForeignChange::Quantity { process_type, to, .. } if process_type == of => Some(*to),
        _ => None,
    };
    let from = |effect: &Effect| match effect {
        Effect::SetQuantity { process_type, from, .. } if process_type == of => Some(*from),
        _ => None,
    };
    let (theirs, runs): (Option<Quantity>, _) = since_others(sighting, done, set, from);
    process_drift(
        of,
        "quantity",
        &theirs.unwrap_or(process.quantity),
        &process.quantity,
        runs.iter().map(told).collect(),
    )
}

fn size(
    process: &ProcessFormation,
    sighting: &Sighting,
    done: &[&Run],
    told: &impl Fn(&&Run) -> DriftRun,
) -> ProcessDrift {
    let of = &process.process_type;
    let set = |change: &ForeignChange| match change {
        ForeignChange::Size { process_type, to, .. } if process_type == of => Some(to.clone()),
        _ => None,
    };
    let from = |effect: &Effect| match effect {
        Effect::SetSize { process_type, from, .. } if process_type == of => Some(from.clone()),
        _ => None,
    };
    let (theirs, runs): (Option<DynoSize>, _) = since_others(sighting, done, set, from);
    let theirs = theirs.unwrap_or_else(|| process.size.clone());
    process_drift(of, "size", &theirs, &process.size, runs.iter().map(told).collect())
}

/// What others made of something last, and our runs since. Where no change of theirs is remembered it is what was there before
/// the first of our runs that are known.
fn since_others<'r, T>(
    sighting: &Sighting,
    done: &[&'r Run],
    set: impl Fn(&ForeignChange) -> Option<T>,
    from: impl Fn(&Effect) -> Option<T>,
) -> (Option<T>, Vec<&'r Run>) {
    let foreign = sighting.foreign.iter().rev().find_map(|foreign| Some((foreign.at, set(&foreign.change)?)));
    let since = foreign.as_ref().map(|(at, _)| *at);
    let is_since = |run: &&&Run| from(&run.plan.effect).is_some() && since.is_none_or(|at| sent_at(run) >= at);
    let runs: Vec<&Run> = done.iter().filter(is_since).copied().collect();
    let before = runs.first().and_then(|run| from(&run.plan.effect));
    (foreign.map(|(_, to)| to).or(before), runs)
}

fn process_drift<T: Display + PartialEq>(
    of: &ProcessType,
    what: &'static str,
    theirs: &T,
    now: &T,
    runs: Vec<DriftRun>,
) -> ProcessDrift {
    let drifted = theirs != now;
    let (theirs, now) = (theirs.to_string(), now.to_string());
    ProcessDrift { process_type: of.clone(), what: what.into(), theirs, now, drifted, runs }
}

fn one_offs(sighting: &Sighting, done: &[&Run]) -> Vec<OneOffView> {
    let runs = |run: &&&Run| match &run.state {
        RunState::Ended { outcome: Outcome::Done { dyno: Some(dyno), .. }, .. } => {
            sighting.one_offs.iter().any(|seen| seen.id == *dyno && seen.gone_at.is_none())
        }
        _ => false,
    };
    let name = |run: &Run| -> Option<DynoName> {
        match &run.state {
            RunState::Ended { outcome: Outcome::Done { dyno_name, .. }, .. } => dyno_name.clone(),
            _ => None,
        }
    };
    let view =
        |run: &&Run| OneOffView { run: run.id, plan: run.plan.to_string(), dyno: name(run), since: sent_at(run) };
    done.iter().filter(runs).map(view).collect()
}

fn sentences(
    app: &AppName,
    release: Option<&ReleaseDrift>,
    processes: &[ProcessDrift],
    one_offs: &[OneOffView],
) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(it) = release.filter(|it| it.drifted) {
        let content = it.content_of.map_or_else(|| "older content".to_owned(), |of| format!("the content of {of}"));
        let by = it.by.as_ref().map(|by| format!(", which {by} made")).unwrap_or_default();
        told.push(match it.theirs {
            Some(theirs) => format!("{} runs with {content}, and not {theirs}{by}.", it.current),
            None => {
                format!("{} runs with {content}; what others released last is further back than is known.", it.current)
            }
        });
        told.extend(it.runs.iter().map(run_told));
    }
    for it in processes.iter().filter(|it| it.drifted) {
        let ProcessDrift { process_type, what, theirs, now, .. } = it;
        told.push(format!("The {what} of {process_type} is {now}, and was {theirs} as others had it."));
        told.extend(it.runs.iter().map(run_told));
    }
    if told.is_empty() {
        told.push(format!("As far as is known, {app} is as others made it."));
    }
    told.extend(one_offs.iter().map(|it| {
        let dyno = it.dyno.as_ref().map_or_else(|| "a one-off dyno".to_owned(), ToString::to_string);
        let stop = it.dyno.as_ref().map(|dyno| format!(": `heroku ps:stop {dyno} --app {app}` ends it"));
        format!("{dyno} of ours still ran, since {} ({}){}.", it.since, it.plan, stop.unwrap_or_default())
    }));
    told
}

fn run_told(run: &DriftRun) -> String {
    let undo = run.undo.as_ref().map(|undo| format!("; `{undo}` gives it back")).unwrap_or_default();
    format!("{} at {} (run {}){undo}.", run.plan, run.at, run.id)
}
