//! `replay`: a reaction played anew over what was recorded, beside what it did then.

use super::Reader;
use super::app_story::Ran;
use super::{readings, times};
use crate::inbox::told;
use flyball_decide::Sighting;
use flyball_model::{
    Actor, App, AppId, AppName, Because, DynoSize, Effect, Finding, Generation, HerokuApp, Mode, Plan,
    ProcessFormation, ProcessType, Quantity, Rank, ReactionName, Run, Subject, Timestamp, duration,
};
use flyball_monitors::{Kind as MonitorKind, Monitor};
use flyball_reactions::{Kind, Reaction};
use flyball_replay::{
    Acted, Did, Difference, Found, Played, Stage, Track, Weighed, differences, play, quantity_at, weigh,
};
use flyball_signals::Slot;
use flyball_store::{Error, ReadingsPage, RunsPage};
use flyball_views::{Outlay, Replay, ReplayAct, ReplayDifference, ReplayHold};
use std::time::Duration;

/// How far back it is played, and looked, where nobody says otherwise; readings reach less far.
pub const PLAYED: Duration = Duration::from_hours(30 * 24);
/// And at most: no more readings are kept than of this.
const PLAYED_MAX: Duration = Duration::from_hours(92 * 24);
/// So many readings of a monitor are played, the latest of them: one each second for as long as they are kept, and a month of one each
/// ten seconds twice over.
const FOUND_MAX: usize = 700_000;
/// What apps told is read by so much: a slot that is read takes some 15 KB, and all that was told would not fit into memory.
pub(super) const PIECE: Duration = Duration::from_secs(3600);
/// A turn takes a moment, and a played one does not: what is within an interval and so much is one choice.
const TURN: Duration = Duration::from_secs(5);

/// Readings of a monitor.
pub(super) struct Recorded {
    /// Oldest first.
    pub(super) found: Vec<Found>,
    /// How many of them were told anew from what the app's drain told.
    pub(super) from_slots: usize,
}

impl Reader<'_> {
    /// Since when something is played of which that is asked for.
    pub(super) fn played_since(&self, asked: Option<Timestamp>) -> Timestamp {
        asked.unwrap_or(self.now - PLAYED).max(self.now - PLAYED_MAX)
    }

    /// A reaction played anew since then, or for [`PLAYED`], by its settings as this reader has them; none where there is no such reaction.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn replay(&self, name: &ReactionName, since: Option<Timestamp>) -> Result<Option<Replay>, Error> {
        let Some(reaction) = self.wiring.reaction_named(name) else { return Ok(None) };
        let since = self.played_since(since);
        let (app, process_type) = (reaction.kind.app(), reaction.kind.process_type());
        let page = RunsPage { reaction: Some(reaction.id), since: Some(since), ..RunsPage::default() };
        let runs = self.store.runs(&page).await?;
        // What it did before the first run that is known is not known, and nothing to compare with.
        let known_since =
            runs.iter().map(|run| run.queued_at).min().filter(|_| runs.len() >= RunsPage::RUNS_MAX as usize);
        let since = known_since.unwrap_or(since);
        let callers = self.wiring.watched_by(reaction.id);
        let mut recorded = Vec::with_capacity(callers.len());
        for monitor in callers {
            recorded.push(self.recorded(monitor, since).await?);
        }
        let first = recorded.iter().filter_map(|of| Some(of.found.first()?.at)).min();
        let ran = match process_type {
            Some(process_type) => self.ran(app, process_type, since).await?,
            None => Ran { quantities: Vec::new(), others: Vec::new(), sighting: self.sighting(app).await? },
        };
        let did = did(&runs, first.unwrap_or(self.now));

        let begins = first.unwrap_or(self.now);
        let tracks: Vec<Track<'_>> = callers
            .iter()
            .zip(&recorded)
            .map(|(monitor, of)| Track {
                id: monitor.id,
                name: monitor.name.clone(),
                every: monitor.every,
                found: &of.found,
            })
            .collect();
        let stage = stage(self, reaction, &ran, begins, &ran.others);
        // Of what was never seen nobody knows what would have become of it.
        let is_seen = process_type.is_none_or(|of| stage.formation.iter().any(|process| process.process_type == *of));
        let played = play(&**reaction, &stage, if is_seen { &tracks } else { &[] }, begins);

        let per_dyno = per_dyno(reaction);
        let every = callers.iter().map(|monitor| monitor.every).min().unwrap_or(Monitor::EVERY);
        // A load is told by one monitor.
        let found = recorded.first().map(|of| of.found.as_slice()).unwrap_or_default();
        let weighed = |quantities: &[(Timestamp, u32)]| weigh(quantities, found, every, per_dyno, self.now);
        let size = process_type.and_then(|of| size_of(ran.sighting.as_ref(), of));
        let had = since_then(&ran.quantities, begins);
        let is_exact = per_dyno.is_some();
        let would_be = outlay(played.acted, &played.quantities, weighed(&played.quantities), is_exact, size.as_ref());
        let was = outlay(count(&did), &had, weighed(&had), is_exact, size.as_ref());
        let differing = differences(&played.acts, &did, every + TURN);
        let on_app = |effect: &Effect| words(effect, &stage.subject);
        let replay = Replay {
            reaction: name.clone(),
            app: app.clone(),
            process_type: process_type.cloned(),
            since,
            until: self.now,
            from: first.filter(|_| is_seen),
            readings: played.readings,
            from_slots: recorded.iter().map(|of| count_of(of.from_slots)).sum(),
            exact: is_exact,
            would: would_be,
            did: was,
            acts: played.acts.iter().take(Replay::ACTS_MAX).map(|acted| act(acted, &on_app)).collect(),
            holds: holds(&played),
            differing: count_of(differing.len()),
            differences: differing.iter().take(Replay::DIFFERENCES_MAX).map(|of| difference(of, &on_app)).collect(),
            sentences: Vec::new(),
        };
        let lacks = match (callers.len(), is_seen || first.is_none()) {
            (0, _) => "no monitor calls it, so that nothing was recorded that it would go by",
            (_, true) => "nothing is recorded of its monitors in that time; readings are kept for a week",
            (_, false) => "how many dynos its app had was never seen",
        };
        let sentences = sentences(&replay, reaction, self.wiring.mode(reaction), lacks);
        Ok(Some(Replay { sentences, ..replay }))
    }

    async fn sighting(&self, app: &AppName) -> Result<Option<Sighting>, Error> {
        Ok(self.known([app]).await?.remove(app).unwrap_or_default().sighting)
    }

    /// What a monitor found since then. Of one that goes by an app's drain, and did not look yet, what it would have found.
    pub(super) async fn recorded(&self, monitor: &Monitor, since: Timestamp) -> Result<Recorded, Error> {
        let mut newest_first: Vec<Found> = Vec::new();
        let mut until = self.now;
        while newest_first.len() < FOUND_MAX {
            let page = ReadingsPage { monitor: monitor.id, since: Some(since), until: Some(until), readings: 0 };
            let readings = self.store.readings(&page).await?;
            newest_first.extend(readings.iter().rev().map(Found::from));
            match readings.first() {
                Some(oldest) if readings.len() >= ReadingsPage::READINGS_MAX as usize => {
                    until = oldest.begun_at - Duration::from_millis(1);
                }
                Some(_) | None => break,
            }
        }
        newest_first.reverse();
        // What was measured in another unit, before the file was changed, is another load.
        let is_other = |found: &Found| found.told.is_some_and(|told| Some(told.amount.unit) != monitor.kind.measures());
        if let Some(last) = newest_first.iter().rposition(is_other) {
            newest_first.drain(..=last);
        }
        let looked_since = newest_first.first().map_or(self.now, |first| first.at);
        let mut found = match &monitor.kind {
            // What narrows is counted only since a monitor asks for it.
            MonitorKind::HerokuRouter(router)
                if router.narrow().to_string().is_empty() && looked_since.since(since) > PIECE =>
            {
                self.told_anew(monitor, since, looked_since).await?
            }
            _ => Vec::new(),
        };
        let from_slots = found.len();
        found.append(&mut newest_first);
        Ok(Recorded { found, from_slots })
    }

    /// What a monitor would have found between two times by what its app told, from the first that it told on.
    async fn told_anew(&self, monitor: &Monitor, since: Timestamp, until: Timestamp) -> Result<Vec<Found>, Error> {
        let MonitorKind::HerokuRouter(router) = &monitor.kind else { return Ok(Vec::new()) };
        let (mut found, mut slots): (Vec<Found>, Vec<(Timestamp, Slot)>) = (Vec::new(), Vec::new());
        let (mut begins, mut before) = (since, None);
        while begins < until && found.len() < FOUND_MAX {
            let ends = (begins + PIECE).min(until);
            slots.extend(told(self.store, &router.app, begins, ends).await?);
            let first = slots.first().map(|(at, _)| *at);
            let mut at = begins;
            while at < ends {
                if first.is_some_and(|first| first <= at) && monitor.looks_at(at) {
                    let from = slots.partition_point(|(told_at, _)| *told_at < router.since(at));
                    let behind = slots.partition_point(|(told_at, _)| *told_at <= at);
                    let (finding, told) = router.found(&slots[from.min(behind)..behind], before, at);
                    if !matches!(finding, Finding::Unknown(_)) {
                        before = Some(finding);
                    }
                    found.push(Found { at, finding, told });
                }
                at = at + monitor.every;
            }
            let needed = router.since(at);
            slots.retain(|(told_at, _)| *told_at >= needed);
            begins = at.max(ends);
        }
        // Before anything was told there was nothing to find.
        let heard = found.iter().position(|found| found.told.is_some()).unwrap_or(found.len());
        found.drain(..heard);
        Ok(found)
    }
}

/// Where a reaction is played from this time on.
pub(super) fn stage<'a>(
    reader: &Reader<'_>,
    reaction: &Reaction,
    ran: &Ran,
    begins: Timestamp,
    others: &'a [(Timestamp, u32)],
) -> Stage<'a> {
    let name = reaction.kind.app().clone();
    let app = ran.sighting.as_ref().map(|sighting| sighting.app.clone());
    let never_seen = || App {
        id: AppId::new(""),
        name,
        maintenance: false,
        generation: Generation::Cedar,
        shield: false,
        web_url: None,
    };
    let mut formation = ran.sighting.as_ref().map(|sighting| sighting.formation.clone()).unwrap_or_default();
    let began = quantity_at(&ran.quantities, begins).or(ran.quantities.first().map(|(_, quantity)| *quantity));
    if let (Some(process_type), Some(began)) = (reaction.kind.process_type(), began) {
        let quantity = Quantity::new(began);
        match formation.iter_mut().find(|process| process.process_type == *process_type) {
            Some(process) => process.quantity = quantity,
            None => formation.push(ProcessFormation {
                process_type: process_type.clone(),
                quantity,
                size: DynoSize::new("Standard-1X"),
            }),
        }
    }
    // Those before are in the quantity that it begins with.
    let before = others.partition_point(|(at, _)| *at <= begins);
    Stage {
        subject: reader.wiring().subject(reaction),
        app: app.unwrap_or_else(never_seen),
        formation,
        others: &others[before..],
        limits: reader.wiring().limits(),
        shared_interval: reader.wiring().shared_interval(reaction.id),
    }
}

/// The load that one dyno carries, where a reaction goes by that.
fn per_dyno(reaction: &Reaction) -> Option<f64> {
    match &reaction.kind {
        Kind::ScaleTo(scale) => scale.per_dyno(),
        _ => None,
    }
}

/// The size of a process type, as it was seen last.
pub(super) fn size_of(sighting: Option<&Sighting>, process_type: &ProcessType) -> Option<DynoSize> {
    let process = sighting?.formation.iter().find(|process| process.process_type == *process_type)?;
    Some(process.size.clone())
}

/// Quantities from this time on: the one that held then, and those behind it.
pub(super) fn since_then(quantities: &[(Timestamp, u32)], begins: Timestamp) -> Vec<(Timestamp, u32)> {
    let at_first = quantity_at(quantities, begins).map(|quantity| (begins, quantity));
    at_first.into_iter().chain(quantities.iter().copied().filter(|(at, _)| *at > begins)).collect()
}

/// What something comes to.
pub(super) fn outlay(
    acted: u64,
    quantities: &[(Timestamp, u32)],
    weighed: Weighed,
    knows_need: bool,
    size: Option<&DynoSize>,
) -> Outlay {
    let dyno_hours = (!quantities.is_empty()).then_some(weighed.dyno_seconds / 3600.0);
    let minutes = |seconds: f64| (knows_need && !quantities.is_empty()).then_some(seconds / 60.0);
    Outlay {
        acted,
        dyno_hours,
        usd: dyno_hours.zip(size.and_then(DynoSize::usd_per_hour)).map(|(hours, usd)| hours * usd),
        short_minutes: minutes(weighed.short_seconds),
        known_minutes: minutes(weighed.known_seconds),
    }
}

/// What a reaction did by itself, oldest first.
fn did(newest_first: &[Run], since: Timestamp) -> Vec<Did> {
    let by_itself = |run: &&Run| {
        matches!(run.actor, Actor::Engine { .. }) && run.took_effect_at().is_some() && run.queued_at >= since
    };
    let made = |run: &Run| Did { at: run.queued_at, effect: run.plan.effect.clone(), because: run.because.clone() };
    let mut did: Vec<Did> = newest_first.iter().filter(by_itself).map(made).collect();
    did.sort_by_key(|did| did.at);
    did
}

fn count<T>(of: &[T]) -> u64 {
    count_of(of.len())
}

fn count_of(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// What an effect does, as it is told of a plan; of what nobody recorded without its names.
fn words(effect: &Effect, subject: &Subject) -> String {
    let HerokuApp { name, .. } = subject.app();
    match effect {
        Effect::RollBack { .. } => format!("{name} back by a release"),
        Effect::RestartDyno { .. } => format!("restart a dyno of {name}"),
        Effect::RestartAll { .. } => format!("restart every dyno of {name}"),
        Effect::SetQuantity { .. } | Effect::SetSize { .. } | Effect::RunOneOff { .. } => {
            let (subject, effect) = (subject.clone(), effect.clone());
            let plan = Plan { subject, effect, seen_at: Timestamp::EPOCH, gist: String::new(), restores: None };
            plan.to_string()
        }
    }
}

fn act(acted: &Acted, on_app: &impl Fn(&Effect) -> String) -> ReplayAct {
    let Acted { at, monitor, effect, because } = acted;
    ReplayAct { at: *at, monitor: monitor.clone(), plan: on_app(effect), because: because.to_string() }
}

fn holds(played: &Played) -> Vec<ReplayHold> {
    let hold = |held: &flyball_replay::Held| ReplayHold { readings: held.readings, because: held.because.to_string() };
    played.held.iter().take(Replay::HOLDS_MAX).map(hold).collect()
}

fn difference(of: &Difference<'_>, on_app: &impl Fn(&Effect) -> String) -> ReplayDifference {
    let told = |effect: &Effect, because: &Because| format!("{} ({because})", on_app(effect));
    ReplayDifference {
        at: of.at,
        would: of.would.map(|acted| told(&acted.effect, &acted.because)),
        did: of.did.map(|did| told(&did.effect, &did.because)),
    }
}

/// All of it, and what was taken for granted.
fn sentences(replay: &Replay, reaction: &Reaction, mode: Mode, lacks: &str) -> Vec<String> {
    let Replay { reaction: name, would, did, .. } = replay;
    let Some(from) = replay.from else {
        return vec![format!("\"{name}\" cannot be played: {lacks}.")];
    };
    let mut told = vec![format!(
        "\"{name}\" was played over {} since {from}{}.",
        readings(replay.readings),
        if from.since(replay.since) > Duration::from_secs(3600) { ", which is as far back as they reach" } else { "" }
    )];
    if replay.from_slots > 0 {
        told.push(format!("{} of them are told anew from what the app's drain told.", replay.from_slots));
    }
    let acted = |count: u64| if count == 0 { "not at all".to_owned() } else { times(count) };
    let then = match mode {
        Mode::Act => format!("then it acted {}", acted(did.acted)),
        Mode::DryRun => format!("it is a dry run, and acted {}", acted(did.acted)),
    };
    told.push(format!("It would have acted {}; {then}.", acted(would.acted)));
    told.extend(cost(would, did, replay.process_type.as_ref()));
    if !reaction.policy.enabled {
        told.push(
            "It is switched off, and holds all the time; with `enabled=true` it is played as if it were on.".to_owned(),
        );
    }
    told.push(if replay.exact {
        "A load does not depend on how many dynos there are, so that this is what would have been, but for what waiting adds.".to_owned()
    } else {
        "This is as it was, not as it would have been: the readings are those of what ran then.".to_owned()
    });
    let free = match reaction.kind.rank() {
        Rank::To | Rank::Out | Rank::In => {
            "Taken for granted: dynos are up at once, nothing was paused or in maintenance, no other reaction was in the way, and others \
             set the quantities that they set."
        }
        Rank::Up | Rank::Down | Rank::RestartAll | Rank::RestartDyno | Rank::RollBack | Rank::OneOff => {
            "Taken for granted: dynos are up at once, there is a release to go back to, one-off dynos have ended, nothing was paused or \
             in maintenance, no other reaction was in the way."
        }
    };
    told.push(free.to_owned());
    if let Some(after) = &reaction.policy.after {
        told.push(format!("That it comes after \"{after}\" is left out."));
    }
    told
}

/// What either costs, and for how long it was too little.
pub(super) fn cost(would: &Outlay, did: &Outlay, process_type: Option<&ProcessType>) -> Vec<String> {
    let (Some(process_type), Some(hours), Some(had)) = (process_type, would.dyno_hours, did.dyno_hours) else {
        return Vec::new();
    };
    let priced = |hours: f64, usd: Option<f64>| match usd {
        Some(usd) => format!("{hours:.0} dyno-hours (${usd:.2})"),
        None => format!("{hours:.0} dyno-hours"),
    };
    let (would_be, was) = (priced(hours, would.usd), priced(had, did.usd));
    let mut told = vec![format!("Of {process_type} there would have been {would_be}; there were {was}.")];
    if let (Some(short), Some(was), Some(known)) = (would.short_minutes, did.short_minutes, would.known_minutes) {
        let length = |minutes: f64| Duration::from_secs_f64((minutes * 60.0).clamp(0.0, 1e9).floor());
        let needed = match length(short) {
            Duration::ZERO => "The load would never have needed more dynos than there were".to_owned(),
            short => format!("The load would have needed more dynos than there were for {}", duration::roughly(short)),
        };
        let did = match length(was) {
            Duration::ZERO => "as it never did".to_owned(),
            was => format!("and did for {}", duration::roughly(was)),
        };
        told.push(format!("{needed}, {did}, of {} in which it is known.", duration::roughly(length(known))));
    }
    told
}
