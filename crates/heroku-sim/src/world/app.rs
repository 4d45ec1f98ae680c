//! One app: its formation, dynos, releases and troubles, and what can be asked about it.

use super::behaviour::Mechanics;
use super::chance::Chance;
use super::drains::Drain;
use super::dyno::{Dyno, DynoKind, DynoState, Leak, NewDyno};
use super::one_off::OneOff;
use super::release::{Config, Content, Release, Slug};
use super::sizes::{Place, SizeClass, Tier};
use super::spec::AppSpec;
use flyball_model::{AppName, ProcessType, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What a change of an app needs beside the app: the time, and the streams of chance.
pub(crate) struct Turn<'a> {
    pub(crate) chance: &'a mut Chance,
    pub(crate) now: Timestamp,
}

/// One process type of a formation.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its id.
    pub id: Uuid,
    /// `web`, `worker`, …
    pub process_type: ProcessType,
    /// How many dynos it should have.
    pub quantity: u32,
    /// Their size.
    pub size: &'static SizeClass,
    /// What they run.
    pub command: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A time of more requests than the load points say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Surge {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) extra: f64,
}

/// One app.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) id: Uuid,
    pub(crate) name: AppName,
    pub(crate) spec: Arc<AppSpec>,
    pub(crate) owner: usize,
    pub(crate) collaborators: Vec<usize>,
    /// Twelve hex digits in the name of its host. Source: platform-api 5.1 (LOG 2024-02).
    pub(crate) host_suffix: String,
    pub(crate) maintenance: bool,
    pub(crate) began_at: Timestamp,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) released_at: Timestamp,
    pub(crate) formation: Vec<Process>,
    pub(crate) dynos: Vec<Dyno>,
    pub(crate) releases: Vec<Arc<Release>>,
    /// Index of the current release.
    pub(crate) current: usize,
    /// Indices of the releases whose phase is running.
    pub(crate) pending: Vec<usize>,
    pub(crate) expiry_cursor: usize,
    pub(crate) slugs: Arc<BTreeMap<Uuid, Slug>>,
    pub(crate) config: Arc<Config>,
    pub(crate) drains: Vec<Drain>,
    pub(crate) one_offs: VecDeque<OneOff>,
    pub(crate) one_offs_started: u64,
    /// The status of its pages while the database is in trouble.
    pub(crate) database_error: Option<u16>,
    /// The share of its pages that wait for the database, and by how much longer they take.
    pub(crate) database_slow: Option<(f64, Duration)>,
    /// The share of requests that routers answer with H99.
    pub(crate) platform_error: f64,
    /// A leak of every web dyno, whatever the code.
    pub(crate) leak: Option<Leak>,
    pub(crate) steady_load: Option<f64>,
    pub(crate) surges: Vec<Surge>,
    pub(crate) last_visit: Timestamp,
    /// False while its history is told: releases come and go without dynos.
    pub(crate) running: bool,
    /// The dynos that have exited by themselves in the change that is being made: a crash may be over before it can be seen.
    pub(crate) exited: Vec<Uuid>,
}

impl App {
    /// Its id, which survives a rename.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &AppName {
        &self.name
    }

    /// Whether it is in maintenance mode.
    #[must_use]
    pub fn in_maintenance(&self) -> bool {
        self.maintenance
    }

    /// Where it runs.
    #[must_use]
    pub fn place(&self) -> Place {
        self.spec.place
    }

    /// Whether it is built as a container, so that its releases show no code.
    #[must_use]
    pub fn is_container(&self) -> bool {
        self.spec.container.is_some()
    }

    /// How it works.
    #[must_use]
    pub fn mechanics(&self) -> &Mechanics {
        &self.spec.mechanics
    }

    /// Its process types.
    #[must_use]
    pub fn formation(&self) -> &[Process] {
        &self.formation
    }

    /// One process type.
    #[must_use]
    pub fn process(&self, process_type: &str) -> Option<&Process> {
        self.process_index(process_type).map(|index| &self.formation[index])
    }

    /// How many dynos of this type there should be; 0 for a type that does not exist.
    #[must_use]
    pub fn quantity(&self, process_type: &str) -> u32 {
        self.process(process_type).map_or(0, |process| process.quantity)
    }

    /// The size of this type's dynos; empty for a type that does not exist.
    #[must_use]
    pub fn size(&self, process_type: &str) -> &'static str {
        self.process(process_type).map_or("", |process| process.size.name)
    }

    /// Every dyno, one-offs and release phases included.
    #[must_use]
    pub fn dynos(&self) -> &[Dyno] {
        &self.dynos
    }

    /// The dynos of the formation.
    pub fn formation_dynos(&self) -> impl Iterator<Item = &Dyno> {
        self.dynos.iter().filter(|dyno| dyno.is_formation())
    }

    /// One dyno by name or id, the one that stays where a name is doubled by preboot.
    #[must_use]
    pub fn dyno(&self, name_or_id: &str) -> Option<&Dyno> {
        self.dyno_index(name_or_id).map(|index| &self.dynos[index])
    }

    /// Every release, oldest first.
    pub fn releases(&self) -> impl DoubleEndedIterator<Item = &Release> + ExactSizeIterator {
        self.releases.iter().map(AsRef::as_ref)
    }

    /// One release by its version.
    #[must_use]
    pub fn release(&self, version: u64) -> Option<&Release> {
        let index = usize::try_from(version).ok()?.checked_sub(1)?;
        self.releases.get(index).map(AsRef::as_ref)
    }

    /// The release that is current.
    #[must_use]
    pub fn current_release(&self) -> &Release {
        &self.releases[self.current]
    }

    /// What the app consists of now.
    #[must_use]
    pub fn current_content(&self) -> &Content {
        &self.current_release().content
    }

    /// The content of one release.
    #[must_use]
    pub fn content_of(&self, version: u64) -> Option<&Content> {
        self.release(version).map(|release| &release.content)
    }

    /// Its config vars.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Its log drains.
    #[must_use]
    pub fn drains(&self) -> &[Drain] {
        &self.drains
    }

    /// The one-off dynos that were started, oldest first; at most the last 10,000.
    pub fn one_offs(&self) -> impl DoubleEndedIterator<Item = &OneOff> + ExactSizeIterator {
        self.one_offs.iter()
    }

    /// How many one-off dynos were ever started.
    #[must_use]
    pub fn one_offs_started(&self) -> u64 {
        self.one_offs_started
    }

    /// Whether its database is in trouble.
    #[must_use]
    pub fn has_database_error(&self) -> bool {
        self.database_error.is_some()
    }

    /// Whether any of its dynos is wedged by a hiccup.
    #[must_use]
    pub fn is_wedged(&self) -> bool {
        self.formation_dynos().any(|dyno| dyno.wedged)
    }

    /// The number of formation dynos of one type in one state.
    #[must_use]
    pub fn count(&self, process_type: &str, state: DynoState) -> usize {
        self.formation_dynos().filter(|dyno| dyno.process_type.as_str() == process_type && dyno.state == state).count()
    }

    /// The tier that its process types belong to. Source: platform-api 9 (mixing).
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.formation.first().map_or(self.spec.place.size_by_default().tier, |process| process.size.tier)
    }

    /// When something happens to it by itself.
    pub(crate) fn due_at(&self) -> Option<Timestamp> {
        self.dynos.iter().filter_map(Dyno::due_at).chain(self.releases_due()).min()
    }

    /// Does what is due at `turn.now`.
    pub(crate) fn step(&mut self, turn: &mut Turn<'_>) {
        self.end_release_phases(turn);
        self.change_dynos(turn);
        self.expire_releases(turn.now);
        self.surges.retain(|surge| surge.until > turn.now);
    }

    pub(crate) fn process_index(&self, type_or_id: &str) -> Option<usize> {
        self.formation.iter().position(|process| {
            process.process_type.as_str() == type_or_id || Uuid::parse_str(type_or_id).is_ok_and(|id| id == process.id)
        })
    }

    pub(crate) fn dyno_index(&self, name_or_id: &str) -> Option<usize> {
        let id = Uuid::parse_str(name_or_id).ok();
        let matches = |dyno: &Dyno| dyno.name == name_or_id || Some(dyno.id) == id;
        let staying = self.dynos.iter().position(|dyno| matches(dyno) && !dyno.retiring);
        staying.or_else(|| self.dynos.iter().position(matches))
    }

    /// Makes a release the current one: process types follow its slug, and every dyno starts anew on it.
    pub(crate) fn make_current(&mut self, index: usize, turn: &mut Turn<'_>) {
        self.current = index;
        self.released_at = turn.now;
        self.follow_slug(turn);
        if self.running {
            self.start_anew(turn);
        }
    }

    /// Entries exist per process type of the current slug. Source: platform-api 5.2 (S26, LOG).
    fn follow_slug(&mut self, turn: &mut Turn<'_>) {
        let content = self.current_content().clone();
        let Some(slug) = self.slug_of(&content) else { return };
        let types = slug.process_types.clone();
        if types.is_empty() {
            if self.formation.is_empty() {
                self.add_process("web", "bin/web", turn);
            }
            return;
        }
        for (process_type, command) in &types {
            match self.process_index(process_type.as_str()) {
                Some(index) => self.formation[index].command.clone_from(command),
                None => self.add_process(process_type.as_str(), command, turn),
            }
        }
        let kept = |process: &Process| types.iter().any(|(kept, _)| *kept == process.process_type);
        self.formation.retain(kept);
        // Process types that the slug lacks stop. // platform-api 6
        let formation = &self.formation;
        self.dynos.retain(|dyno| {
            !dyno.is_formation() || formation.iter().any(|process| process.process_type == dyno.process_type)
        });
    }

    fn add_process(&mut self, process_type: &str, command: &str, turn: &mut Turn<'_>) {
        let first = self.formation.is_empty();
        // The app's own size, so that a new type never mixes tiers.
        let size = self.formation.first().map_or_else(|| self.spec.place.size_by_default(), |process| process.size);
        self.formation.push(Process {
            id: turn.chance.ids.uuid(),
            process_type: process_type.parse().expect("process types were checked before"),
            quantity: u32::from(first && process_type == "web"),
            size,
            command: command.to_owned(),
            created_at: turn.now,
            updated_at: turn.now,
        });
    }

    /// Every formation dyno starts anew on the current release; cool-offs are forgotten. Source: platform-api 5.3, 6.
    fn start_anew(&mut self, turn: &mut Turn<'_>) {
        self.restart_where(|_| true, turn);
        self.reconcile(turn);
    }

    /// Restarts every active formation dyno that `chosen` picks, the way that a release and a person's restart do; returns
    /// how many.
    pub(crate) fn restart_where(&mut self, chosen: impl Fn(&Dyno) -> bool, turn: &mut Turn<'_>) -> usize {
        if !self.spec.preboot {
            return self.replace_where(chosen, turn);
        }
        let is_web = |dyno: &Dyno| dyno.process_type.as_str() == "web";
        self.replace_where(|dyno| chosen(dyno) && !is_web(dyno), turn)
            + self.preboot_where(|dyno| chosen(dyno) && is_web(dyno), turn)
    }

    /// New dynos start beside those that `chosen` picks, which go on serving for a while. Source: platform-api 6 (preboot).
    fn preboot_where(&mut self, chosen: impl Fn(&Dyno) -> bool, turn: &mut Turn<'_>) -> usize {
        let switch_at = turn.now + self.spec.mechanics.preboot_overlap;
        let old: Vec<&mut Dyno> = self.dynos.iter_mut().filter(|dyno| dyno.is_active() && chosen(dyno)).collect();
        let count = old.len();
        for dyno in old {
            dyno.retire(switch_at);
        }
        let new_from = self.dynos.len();
        self.reconcile(turn);
        for dyno in &mut self.dynos[new_from..] {
            dyno.serves_from = switch_at;
        }
        count
    }

    /// Replaces every active formation dyno that `chosen` picks; returns how many.
    pub(crate) fn replace_where(&mut self, chosen: impl Fn(&Dyno) -> bool, turn: &mut Turn<'_>) -> usize {
        let ids: Vec<Uuid> = self.dynos.iter().filter(|dyno| dyno.is_active() && chosen(dyno)).map(|d| d.id).collect();
        for id in &ids {
            if let Some(index) = self.dynos.iter().position(|dyno| dyno.id == *id) {
                self.replace_dyno(index, 0, turn);
            }
        }
        ids.len()
    }

    /// Starts and stops dynos until each process type has as many as it should. Highest numbers stop first, the lowest
    /// free number starts. Source: platform-api 5.2 (UNCONFIRMED, observed custom).
    pub(crate) fn reconcile(&mut self, turn: &mut Turn<'_>) {
        for process in 0..self.formation.len() {
            let process_type = self.formation[process].process_type.clone();
            let quantity = self.formation[process].quantity as usize;
            let of_type = |dyno: &Dyno| dyno.is_active() && dyno.process_type == process_type;
            let mut ordinals: Vec<u32> =
                self.dynos.iter().filter(|dyno| of_type(dyno)).map(|dyno| dyno.ordinal).collect();
            ordinals.sort_unstable();
            while ordinals.len() > quantity {
                let highest = ordinals.pop().expect("more than the quantity is more than none");
                self.dynos.retain(|dyno| !(of_type(dyno) && dyno.ordinal == highest));
            }
            while ordinals.len() < quantity {
                let free =
                    (1..).find(|ordinal| !ordinals.contains(ordinal)).expect("a finite list leaves a number free");
                ordinals.push(free);
                self.start_formation_dyno(process, free, 0, turn);
            }
        }
    }

    /// The dyno of a release phase: `release.NNNN`. Source: platform-api 5.3, 6.
    pub(crate) fn start_release_phase(&mut self, index: usize, turn: &mut Turn<'_>) {
        let command = self.process("release").map_or("bin/release", |process| process.command.as_str()).to_owned();
        let new = NewDyno {
            name: self.one_off_name("release", turn),
            process_type: "release".parse().expect("`release` is a process type"),
            ordinal: 0,
            size: self.spec.place.sizes().find(|size| size.tier == self.tier()).expect("a tier has sizes"),
            command,
            kind: DynoKind::ReleasePhase,
            crashes: 0,
            release: index,
            boots_in: self.spec.mechanics.one_off_boot,
        };
        self.start_dyno(new, turn);
    }
}

impl App {
    /// Whether this account owns it or may use it.
    pub(crate) fn is_open_to(&self, account: usize) -> bool {
        self.owner == account || self.collaborators.contains(&account)
    }

    /// The first part of its host under `herokuapp.com`: its name and twelve hex digits.
    /// Source: platform-api 5.1 (LOG 2024-02).
    #[must_use]
    pub fn host_label(&self) -> String {
        format!("{}-{}", self.name, self.host_suffix)
    }
}
