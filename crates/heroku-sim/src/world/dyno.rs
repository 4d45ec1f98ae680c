//! Dynos: they take time to boot, crash, cool off, are cycled, and come back under new ids.

use super::app::{App, Turn};
use super::behaviour::{Behaviour, Cycling};
use super::one_off::Ending;
use super::sizes::{SizeClass, Tier};
use flyball_model::{ProcessType, Timestamp};
use std::time::Duration;
use uuid::Uuid;

/// A process that ran longer than this starts at once after a crash. Source: platform-api 5.3 (DC dynos 2014, CL 344).
const STEADY: Duration = Duration::from_secs(600);
/// The first cool-off; doubled each time. Source: platform-api 5.3.
const COOL_OFF: Duration = Duration::from_secs(600);
/// The longest cool-off. Source: platform-api 5.3.
const COOL_OFF_MAX: Duration = Duration::from_secs(24 * 3600);
/// Every dyno is restarted after a day, and up to 216 minutes. Source: platform-api 5.3 (DC dyno-restarts 2025-04).
pub(crate) const CYCLE: Duration = Duration::from_secs(24 * 3600);
pub(crate) const CYCLE_SPREAD_MS: u64 = 216 * 60_000;
/// An Eco web dyno without traffic sleeps after this. Source: platform-api 5.3.
const SLEEPS_AFTER: Duration = Duration::from_secs(30 * 60);

/// The state of a dyno. Source: platform-api 5.3 (S26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynoState {
    /// Booting.
    Starting,
    /// Running.
    Up,
    /// An Eco web dyno asleep.
    Idle,
    /// Exited, and waiting to be started again.
    Crashed,
}

impl DynoState {
    /// The state as the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Idle => "idle",
            Self::Crashed => "crashed",
        }
    }
}

/// What a dyno is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynoKind {
    /// One of the formation.
    Formation,
    /// A one-off dyno: ends like this at this time, unless something ends it before.
    OneOff {
        /// When.
        ends_at: Timestamp,
        /// How.
        ending: Ending,
    },
    /// The dyno of a release phase.
    ReleasePhase,
}

/// Memory that is not given back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Leak {
    pub(crate) since: Timestamp,
    pub(crate) mib_per_minute: f64,
}

/// What happens to a dyno by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Booted,
    Restarted,
    Asleep,
    Retired,
    Ended,
}

/// One dyno.
#[derive(Debug, Clone, PartialEq)]
pub struct Dyno {
    /// New at every restart.
    pub id: Uuid,
    /// `web.1` on Cedar, `web-1234abcde-123ab` on Fir.
    pub name: String,
    /// `web`, `worker`, …; `run` for a one-off dyno, `release` for a release phase.
    pub process_type: ProcessType,
    /// The N of `web.N`, counted from 1; Fir counts too, but does not show it.
    pub ordinal: u32,
    /// Its size.
    pub size: &'static SizeClass,
    /// What it runs.
    pub command: String,
    /// The id of the release that it runs.
    pub release_id: Uuid,
    /// The version of that release.
    pub release_version: u64,
    /// What it is doing.
    pub state: DynoState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// What it is for.
    pub kind: DynoKind,
    /// Whether a hiccup of the platform has wedged it.
    pub wedged: bool,
    pub(crate) leak: Option<Leak>,
    /// Crashes in a row, of this dyno and those that it replaced.
    pub(crate) crashes: u32,
    /// With preboot: when the router begins to use it.
    pub(crate) serves_from: Timestamp,
    /// With preboot: an old dyno that goes when the new ones take over.
    pub(crate) retiring: bool,
    due: Option<(Timestamp, Change)>,
}

impl Dyno {
    /// Whether it belongs to the formation.
    #[must_use]
    pub fn is_formation(&self) -> bool {
        self.kind == DynoKind::Formation
    }

    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        self.due.map(|(at, _)| at)
    }

    /// As a dyno of the formation that is not about to be retired.
    pub(crate) fn is_active(&self) -> bool {
        self.is_formation() && !self.retiring
    }

    pub(crate) fn retire(&mut self, at: Timestamp) {
        self.retiring = true;
        self.due = Some((at, Change::Retired));
    }

    fn enter(&mut self, state: DynoState, now: Timestamp) {
        (self.state, self.updated_at) = (state, now);
    }
}

/// What distinguishes a dyno about to be started.
pub(crate) struct NewDyno {
    pub(crate) name: String,
    pub(crate) process_type: ProcessType,
    pub(crate) ordinal: u32,
    pub(crate) size: &'static SizeClass,
    pub(crate) command: String,
    pub(crate) kind: DynoKind,
    pub(crate) crashes: u32,
    /// Index of the release that it runs.
    pub(crate) release: usize,
    pub(crate) boots_in: Duration,
}

impl App {
    /// Starts a dyno and returns its place in the list.
    pub(crate) fn start_dyno(&mut self, new: NewDyno, turn: &mut Turn<'_>) -> usize {
        let release = &self.releases[new.release];
        let booted = turn.now + new.boots_in;
        let due = match new.kind {
            DynoKind::OneOff { ends_at, .. } if ends_at <= booted => (ends_at, Change::Ended),
            _ => (booted, Change::Booted),
        };
        self.dynos.push(Dyno {
            id: turn.chance.ids.uuid(),
            name: new.name,
            process_type: new.process_type,
            ordinal: new.ordinal,
            size: new.size,
            command: new.command,
            release_id: release.id,
            release_version: release.version,
            state: DynoState::Starting,
            created_at: turn.now,
            updated_at: turn.now,
            kind: new.kind,
            wedged: false,
            leak: None,
            crashes: new.crashes,
            serves_from: turn.now,
            retiring: false,
            due: Some(due),
        });
        self.dynos.len() - 1
    }

    /// Starts the formation dyno of this ordinal on the current release.
    pub(crate) fn start_formation_dyno(
        &mut self,
        process: usize,
        ordinal: u32,
        crashes: u32,
        turn: &mut Turn<'_>,
    ) -> usize {
        let process = &self.formation[process];
        let process_type = process.process_type.clone();
        let name = if self.spec.place.is_fir() {
            // platform-api 5.3 [S26, CLI]: replica-set style, not stable across restarts.
            format!("{process_type}-{}-{}", turn.chance.names.letters(9), turn.chance.names.letters(5))
        } else {
            format!("{process_type}.{ordinal}")
        };
        let (size, command) = (process.size, process.command.clone());
        let (release, boots_in) = (self.current, self.spec.mechanics.boot);
        let kind = DynoKind::Formation;
        let new = NewDyno { name, process_type, ordinal, size, command, kind, crashes, release, boots_in };
        self.start_dyno(new, turn)
    }

    /// Replaces a formation dyno by a new one in the same place: a new id, booting. Source: platform-api 5.3.
    pub(crate) fn replace_dyno(&mut self, index: usize, crashes: u32, turn: &mut Turn<'_>) {
        let old = &self.dynos[index];
        let (ordinal, process) = (old.ordinal, self.process_index(old.process_type.as_str()));
        let Some(process) = process else {
            self.dynos.remove(index);
            return;
        };
        let last = self.start_formation_dyno(process, ordinal, crashes, turn);
        self.dynos.swap(index, last);
        self.dynos.truncate(last);
    }

    /// What an exit of a formation dyno leads to; any exit is a crash, status 0 included. Source: platform-api 5.3.
    pub(crate) fn crash_dyno(&mut self, index: usize, now: Timestamp) {
        let dyno = &mut self.dynos[index];
        if now.since(dyno.created_at) > STEADY {
            dyno.crashes = 0;
        }
        dyno.crashes += 1;
        let wait = match dyno.crashes {
            1 => Duration::ZERO,
            // 2^8 times 10 minutes is past the longest already.
            again => (COOL_OFF * 2_u32.pow((again - 2).min(8))).min(COOL_OFF_MAX),
        };
        dyno.enter(DynoState::Crashed, now);
        dyno.due = Some((now + wait, Change::Restarted));
        self.exited.push(dyno.id);
    }

    /// Wakes the sleeping dynos of the process type that a visitor has called.
    pub(crate) fn wake_dynos(&mut self, now: Timestamp) {
        self.last_visit = now;
        let boot = self.spec.mechanics.boot;
        for dyno in self.dynos.iter_mut().filter(|dyno| dyno.state == DynoState::Idle) {
            dyno.enter(DynoState::Starting, now);
            dyno.due = Some((now + boot, Change::Booted));
        }
    }

    /// What the dynos at the beginning of the world do next.
    pub(crate) fn settle_dyno(&mut self, index: usize, turn: &mut Turn<'_>) {
        let cycle = self.cycle_of(index, turn);
        let dyno = &mut self.dynos[index];
        dyno.enter(DynoState::Up, turn.now);
        dyno.due = cycle;
    }

    /// Does what is due at `turn.now`.
    pub(crate) fn change_dynos(&mut self, turn: &mut Turn<'_>) {
        while let Some((index, change)) = self.dyno_due(turn.now) {
            match change {
                Change::Booted => self.dyno_has_booted(index, turn),
                Change::Restarted => {
                    let crashes = self.dynos[index].crashes;
                    self.replace_dyno(index, crashes, turn);
                }
                Change::Asleep => self.perhaps_sleep(index, turn.now),
                Change::Retired => drop(self.dynos.remove(index)),
                Change::Ended => self.one_off_has_ended(index, turn.now),
            }
        }
    }

    fn dyno_due(&self, now: Timestamp) -> Option<(usize, Change)> {
        let due =
            self.dynos.iter().enumerate().filter_map(|(index, dyno)| dyno.due.map(|(at, change)| (at, index, change)));
        let (_, index, change) = due.filter(|(at, ..)| *at <= now).min_by_key(|(at, index, _)| (*at, *index))?;
        Some((index, change))
    }

    fn dyno_has_booted(&mut self, index: usize, turn: &mut Turn<'_>) {
        let dyno = &self.dynos[index];
        match dyno.kind {
            DynoKind::OneOff { ends_at, .. } => {
                let dyno = &mut self.dynos[index];
                dyno.enter(DynoState::Up, turn.now);
                dyno.due = Some((ends_at, Change::Ended));
            }
            // The end of the phase is the release's business.
            DynoKind::ReleasePhase => {
                let dyno = &mut self.dynos[index];
                dyno.enter(DynoState::Up, turn.now);
                dyno.due = None;
            }
            DynoKind::Formation => {
                let content = &self.releases[(dyno.release_version - 1) as usize].content;
                if *self.behaviour_of(content) == Behaviour::CrashesOnBoot {
                    self.crash_dyno(index, turn.now);
                    return;
                }
                self.settle_dyno(index, turn);
            }
        }
    }

    fn cycle_of(&self, index: usize, turn: &mut Turn<'_>) -> Option<(Timestamp, Change)> {
        let dyno = &self.dynos[index];
        if dyno.size.tier == Tier::Eco && dyno.process_type.as_str() == "web" {
            return Some((self.last_visit.max(turn.now) + SLEEPS_AFTER, Change::Asleep));
        }
        match self.spec.mechanics.cycling {
            Cycling::Never => None,
            Cycling::Daily => {
                let spread = Duration::from_millis(turn.chance.cycles.below(CYCLE_SPREAD_MS));
                Some((dyno.created_at + CYCLE + spread, Change::Restarted))
            }
        }
    }

    fn perhaps_sleep(&mut self, index: usize, now: Timestamp) {
        let sleeps_at = self.last_visit + SLEEPS_AFTER;
        let busy = self.load(now) > 0.0;
        let dyno = &mut self.dynos[index];
        if busy || sleeps_at > now {
            let again = if busy { now + SLEEPS_AFTER } else { sleeps_at };
            dyno.due = Some((again, Change::Asleep));
        } else {
            dyno.enter(DynoState::Idle, now);
            dyno.due = None;
        }
    }
}
