//! The evidence, sorted: for each run what the journal has of it, and what happened around it.

use super::streaks::Streaks;
use super::terms::Place;
use crate::play::Record;
use crate::stage::{Note, Noted, SPELL_AGE};
use crate::story::{Fate, KindStory, Met, Spell, Story, What};
use flyball_config::Definitions;
use flyball_heroku_sim::{App, AppEvent, ReceivedCall, Took};
use flyball_model::{Policy, ReactionId, Run, RunId, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// No release phase of a story takes longer.
const RELEASE_PHASE_MAX: Duration = Duration::from_secs(240);

/// Everything, sorted.
pub(super) struct Evidence<'a> {
    pub(super) story: &'a Story,
    pub(super) record: &'a Record,
    pub(super) dossiers: BTreeMap<RunId, Dossier<'a>>,
    /// For which run each request was sent.
    pub(super) senders: HashMap<&'a str, Option<RunId>>,
    /// What the readings of every monitor come to.
    pub(super) streaks: Streaks,
}

/// A changing call that arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival<'a> {
    pub(super) place: Place,
    pub(super) call: &'a ReceivedCall,
    pub(super) before: Option<&'a App>,
    pub(super) after: Option<&'a App>,
}

impl Arrival<'_> {
    /// Whether the world accepted it.
    pub(super) fn was_accepted(&self) -> bool {
        matches!(self.call.took, Took::Effect | Took::Nothing)
    }
}

/// What there is about one run.
pub(super) struct Dossier<'a> {
    pub(super) run: &'a Run,
    pub(super) queued: Option<Place>,
    pub(super) claimed: Option<(Place, Option<&'a App>)>,
    pub(super) marked: Option<(Place, Timestamp)>,
    pub(super) left: Vec<Place>,
    pub(super) arrivals: Vec<Arrival<'a>>,
    pub(super) ended: Option<Place>,
    /// Places at which a look for it was answered with something old, and how old that was.
    pub(super) stale: Vec<(Place, Duration)>,
    began_at: Timestamp,
}

impl<'a> Dossier<'a> {
    fn of(run: &'a Run) -> Self {
        Self {
            run,
            queued: None,
            claimed: None,
            marked: None,
            left: Vec::new(),
            arrivals: Vec::new(),
            ended: None,
            stale: Vec::new(),
            began_at: run.queued_at,
        }
    }

    /// When it was queued, in the world's time.
    pub(super) fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// The name of its app.
    pub(super) fn app(&self) -> &'a str {
        self.run.plan.app().name.as_str()
    }
}

impl<'a> Evidence<'a> {
    pub(super) fn new(story: &'a Story, record: &'a Record) -> Self {
        let mut dossiers: BTreeMap<RunId, Dossier<'a>> =
            record.runs.iter().map(|run| (run.id, Dossier::of(run))).collect();
        let mut senders: HashMap<&str, Option<RunId>> = HashMap::new();
        for (place, note) in record.notes.iter().enumerate() {
            if let Noted::Left { run, request_id } = &note.what {
                senders.insert(request_id, *run);
            }
            let of = match &note.what {
                Noted::Queued(run) => Some(run.id),
                Noted::Claimed { run, .. } | Noted::Marked { run, .. } | Noted::Ended(run) => Some(*run),
                Noted::Left { run, .. } | Noted::Faulted { run, .. } => *run,
                Noted::Arrived { call, .. } => sender(&senders, call),
                Noted::Started
                | Noted::Applied(_)
                | Noted::Stopped
                | Noted::Happened(_)
                | Noted::TakenIn { .. }
                | Noted::Asked { .. }
                | Noted::Written { .. }
                | Noted::Remembered { .. }
                | Noted::Held { .. }
                | Noted::Trespassed(_)
                | Noted::Quiet => None,
            };
            if let Some(dossier) = of.and_then(|run| dossiers.get_mut(&run)) {
                dossier.take_up(place, note);
            }
        }
        Self { story, record, dossiers, senders, streaks: Streaks::of(&record.notes) }
    }

    /// The notes from one place to another, both among them.
    pub(super) fn between(&self, from: Place, to: Place) -> impl Iterator<Item = &'a Note> {
        let notes = &self.record.notes;
        let to = (to + 1).min(notes.len());
        notes[from.min(to)..to].iter()
    }

    pub(super) fn note(&self, place: Place) -> &'a Note {
        &self.record.notes[place]
    }

    /// Whether Flyball's clock was set between two places; or another machine's was looked at in the end, which shows
    /// something else.
    pub(super) fn clock_was_set(&self, from: Place, to: Place) -> bool {
        let ahead =
            |place: Place| self.record.notes.get(place).map(|note| note.clock.as_millis() - note.at.as_millis());
        let is_another = ahead(to).is_some() && ahead(from) != ahead(to);
        is_another || self.between(from, to).any(|note| matches!(note.what, Noted::Happened(What::ClockStep { .. })))
    }

    /// Whether Flyball's clock shows something else than Heroku's at any time of the story.
    pub(super) fn clocks_differ(&self) -> bool {
        self.story.clocks_ahead_ms().any(|ahead_ms| ahead_ms != 0) || self.clock_was_set(0, self.record.notes.len())
    }

    /// Whether what somebody did with this app came about between two places: a release with its release phase comes about
    /// minutes after it was made.
    pub(super) fn app_was_touched(&self, app: &str, from: Place, to: Place) -> bool {
        let deed = |note: &'a Note| match &note.what {
            Noted::Happened(What::App { app: of, what }) if of == app => Some(what),
            _ => None,
        };
        let makes_release =
            |what: &AppEvent| matches!(what, AppEvent::Deploy(_) | AppEvent::Config(_) | AppEvent::Rollback(_));
        let began = self.note(from).at - RELEASE_PHASE_MAX;
        let earlier = self.record.notes[..from].iter().rev().take_while(|note| note.at >= began);
        self.between(from, to).any(|note| deed(note).is_some()) || earlier.filter_map(deed).any(makes_release)
    }

    /// Whether maintenance mode of this app was switched between two places.
    pub(super) fn maintenance_was_switched(&self, app: &str, from: Place, to: Place) -> bool {
        self.between(from, to).any(|note| {
            matches!(&note.what, Noted::Happened(What::App { app: of, what: AppEvent::Maintenance(_) }) if of == app)
        })
    }

    /// Whether anything that was looked at for this run from a place on may have been old.
    pub(super) fn may_have_seen_what_is_old(&self, dossier: &Dossier<'_>, from: Place, to: Place) -> bool {
        self.old_as_of(dossier, from, to).is_some()
    }

    /// Up to when the latest of the old answers could tell that were given to this run, from a place on.
    pub(super) fn old_as_of(&self, dossier: &Dossier<'_>, from: Place, to: Place) -> Option<Timestamp> {
        let faults = dossier.stale.iter().filter(|(place, _)| (from..=to).contains(place));
        let by_faults = faults.map(|(place, age)| self.note(*place).at - *age);
        let (from, to) = (self.note(from).at, self.note(to).at);
        let spells = self.story.incidents.iter().filter_map(|incident| match incident.what {
            What::Spell { of: Spell::StaleLists, lasts } => {
                let began = crate::stage::START + incident.at;
                Some((began, began + lasts))
            }
            _ => None,
        });
        let during = spells.filter(|(began, ended)| *began <= to && from <= *ended);
        by_faults.chain(during.map(|(_, ended)| ended.min(to) - SPELL_AGE)).max()
    }

    /// The definitions that held at a place, in the process that ran then.
    pub(super) fn definitions_at(&self, place: Place) -> Option<&'a Definitions> {
        let process = self.note(place).process;
        let mut applied = self.record.notes[..=place].iter().rev().filter_map(|note| match &note.what {
            Noted::Applied(definitions) => Some((note.process, &**definitions)),
            _ => None,
        });
        let latest = applied.clone().next();
        // One that has not started yet goes by nothing of its own.
        applied.find(|(of, _)| *of == process).or(latest).map(|(_, definitions)| definitions)
    }

    /// A reaction's policy at a place.
    pub(super) fn policy_at(&self, reaction: ReactionId, place: Place) -> Option<&'a Policy> {
        let definitions = self.definitions_at(place)?;
        definitions.reactions.iter().find(|of| of.id == reaction).map(|of| &of.policy)
    }

    /// What a run's reaction does, and until where.
    pub(super) fn kind(&self, dossier: &Dossier<'_>) -> Option<&'a KindStory> {
        self.story.file.reaction(dossier.run.reaction_name.as_str()).map(|reaction| &reaction.kind)
    }
}

/// For which run a call was sent.
fn sender(senders: &HashMap<&str, Option<RunId>>, call: &ReceivedCall) -> Option<RunId> {
    senders.get(call.request_id.as_deref()?).copied().flatten()
}

impl<'a> Dossier<'a> {
    fn take_up(&mut self, place: Place, note: &'a Note) {
        match &note.what {
            Noted::Queued(_) => (self.queued, self.began_at) = (Some(place), note.at),
            Noted::Claimed { app, .. } => self.claimed = Some((place, app.as_deref())),
            Noted::Marked { given, .. } => self.marked = Some((place, *given)),
            Noted::Left { .. } => self.left.push(place),
            Noted::Arrived { call, before, after } => {
                let (before, after) = (before.as_deref(), after.as_deref());
                self.arrivals.push(Arrival { place, call, before, after });
            }
            Noted::Ended(_) => self.ended = Some(place),
            Noted::Faulted { met: Met { fate: Fate::Stale(age), .. }, .. } => self.stale.push((place, *age)),
            Noted::Faulted { .. }
            | Noted::Started
            | Noted::Applied(_)
            | Noted::Stopped
            | Noted::Happened(_)
            | Noted::TakenIn { .. }
            | Noted::Asked { .. }
            | Noted::Written { .. }
            | Noted::Remembered { .. }
            | Noted::Held { .. }
            | Noted::Trespassed(_)
            | Noted::Quiet => {}
        }
    }
}
