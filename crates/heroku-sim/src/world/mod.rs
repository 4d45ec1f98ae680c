//! The pure world: apps, formations, dynos and releases under load, with no I/O, no clock and no ambient chance.
//!
//! Time moves only by [`World::advance_to`]; everything that looks like chance comes from the seed. The same calls at
//! the same times on the same seed give the same world, down to every id, however finely time is cut.

mod account;
mod actions;
mod app;
mod behaviour;
mod build;
mod chance;
mod drains;
mod dyno;
mod event;
mod face;
mod fault;
mod formation;
mod history;
mod lines;
mod load;
mod log;
mod one_off;
mod page;
mod refusal;
mod release;
mod sizes;
mod spec;

pub use account::Account;
pub use app::{App, Process};
pub use behaviour::{Behaviour, CommandSpec, Cures, Cycling, Mechanics, Outcome, Routing, Texts};
pub use build::{ScriptedEvent, WorldFile};
pub use drains::{Drain, DrainFaults, DrainForm, DrainSpec, Drained, Frame, FrameAnswer};
pub use dyno::{Dyno, DynoKind, DynoState};
pub use event::{AppEvent, Event, Maintenance};
pub use fault::{Fault, FaultKind};
pub use formation::{Changed, FormationUpdate, QuantityChange};
pub use history::{Answered, ReceivedCall, Took, Traffic};
pub use lines::RouterLines;
pub use load::{Minute, Second, Serving, Share};
pub use one_off::{Attach, Ending, OneOff, OneOffRequest};
pub use page::Page;
pub use refusal::Refusal;
pub use release::{Config, Content, Release, ReleaseStatus};
pub use sizes::{Place, SizeClass, Tier, find_size};
pub use spec::{AccountSpec, AppSpec, ConfigFault, Container, DeploySpec, ProcessSpec, Step, slug_id};

pub(crate) use drains::{DRAINS_MAX, is_drain_url};
pub(crate) use log::Visit;
pub(crate) use sizes::SIZES;

use app::Turn;
use chance::Chance;
use drains::Outlet;
use flyball_model::Timestamp;
use history::History;
use load::Load;
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// At most this many past states are kept for stale answers: enough for minutes of scenarios, and a bound.
const PAST_STATES: usize = 512;

/// At most this many refused events are remembered: a script with more is wrong from the start.
const REFUSED_EVENTS: usize = 100;

/// The whole of it. Cheap to clone: apps are shared until one of the two changes them.
#[derive(Debug, Clone)]
pub struct World {
    now: Timestamp,
    began_at: Timestamp,
    chance: Chance,
    accounts: Vec<Account>,
    apps: Vec<Arc<App>>,
    /// The requests of each app, in the order of the apps. Apart from them, so that a second that passes changes no app.
    loads: Vec<Load>,
    /// What waits for each drain.
    outlets: Vec<Outlet>,
    /// What is still to happen, in order of time.
    script: VecDeque<(Timestamp, Event)>,
    refused_events: Vec<(Timestamp, Refusal)>,
    faults: Vec<Fault>,
    history: History,
    /// When something happens next by itself; `None` after a change, until it is found out anew.
    next_due: Option<Timestamp>,
    /// Former states, oldest first; kept only once there is a fault that answers with them.
    past: VecDeque<(Timestamp, Vec<Arc<App>>)>,
}

impl World {
    /// The time of the world.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// When it began.
    #[must_use]
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// Lets time pass: everything that is due until `now` happens, in order. Going back does nothing.
    pub fn advance_to(&mut self, now: Timestamp) {
        while let Some(at) = self.due_until(now) {
            self.now = self.now.max(at);
            self.happen();
            self.next_due = None;
            self.remember_state();
        }
        self.now = self.now.max(now);
    }

    /// The apps.
    pub fn apps(&self) -> impl ExactSizeIterator<Item = &App> {
        self.apps.iter().map(AsRef::as_ref)
    }

    /// One app by name or id.
    #[must_use]
    pub fn app(&self, name_or_id: &str) -> Option<&App> {
        self.app_index(name_or_id).map(|index| self.apps[index].as_ref())
    }

    /// The accounts; the first owns what nobody else does.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Every changing call that was received, oldest first; at most the last 10,000.
    pub fn effects(&self) -> impl DoubleEndedIterator<Item = &ReceivedCall> + ExactSizeIterator {
        self.history.received.iter()
    }

    /// How many calls came, by how they ended.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.history.traffic
    }

    /// What a visitor of the app's own page gets now. `None`: there is no such app.
    #[must_use]
    pub fn page(&self, app: &str) -> Option<Page> {
        self.app_index(app).map(|index| self.page_under_load(index))
    }

    /// What the script asked for and the platform refused, oldest first; at most the first 100.
    #[must_use]
    pub fn refused_events(&self) -> &[(Timestamp, Refusal)] {
        &self.refused_events
    }

    /// The earliest thing that is due until `now`.
    fn due_until(&mut self, now: Timestamp) -> Option<Timestamp> {
        let next = self.next_due.unwrap_or_else(|| {
            let script = self.script.front().map(|(at, _)| *at);
            let apps = self.apps.iter().filter_map(|app| app.due_at());
            let seconds = self.loads.iter().map(|load| load.next);
            script.into_iter().chain(apps).chain(seconds).min().unwrap_or(Timestamp::FAR_FUTURE)
        });
        self.next_due = Some(next);
        (next <= now && next < Timestamp::FAR_FUTURE).then_some(next)
    }

    /// Does what is due at this very moment: what people do first, then what dynos do, then who comes to them.
    fn happen(&mut self) {
        while self.script.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, event) = self.script.pop_front().expect("the script was just looked at");
            // What the platform refuses has no effect, as it would have had none for a person; but it is not hidden.
            if let Err(refusal) = self.apply(event)
                && self.refused_events.len() < REFUSED_EVENTS
            {
                self.refused_events.push((self.now, refusal));
            }
        }
        for index in 0..self.apps.len() {
            if self.apps[index].due_at().is_some_and(|at| at <= self.now) {
                self.change(index, |app, turn| app.step(turn));
            }
            if self.loads[index].next <= self.now {
                self.begin_second(index);
            }
        }
    }

    fn app_index(&self, name_or_id: &str) -> Option<usize> {
        let id = Uuid::parse_str(name_or_id).ok();
        self.apps.iter().position(|app| app.name.as_str() == name_or_id || Some(app.id) == id)
    }

    /// Changes one app, and writes what that does to its dynos; everything that changes apps comes through here.
    fn change<T>(&mut self, index: usize, change: impl FnOnce(&mut App, &mut Turn<'_>) -> T) -> T {
        self.next_due = None;
        let app = Arc::make_mut(&mut self.apps[index]);
        let before = if app.drains.is_empty() { None } else { Some(lines::seen(app)) };
        let done = change(app, &mut Turn { chance: &mut self.chance, now: self.now });
        let exited = std::mem::take(&mut app.exited);
        if let Some(before) = before {
            let written = lines::of_changes(&before, &exited, app, self.now);
            self.write(index, &written);
        }
        done
    }

    /// Whether any fault answers with former states, so that they must be kept.
    fn needs_past(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::Stale(_)))
    }

    pub(crate) fn remember_state(&mut self) {
        if !self.needs_past() {
            return;
        }
        let same = |past: &[Arc<App>]| {
            past.len() == self.apps.len() && past.iter().zip(&self.apps).all(|(old, new)| Arc::ptr_eq(old, new))
        };
        if self.past.back().is_some_and(|(_, past)| same(past)) {
            return;
        }
        if self.past.len() == PAST_STATES {
            self.past.pop_front();
        }
        self.past.push_back((self.now, self.apps.clone()));
    }

    /// The apps as they were at `at`; as far back as is known.
    pub(crate) fn apps_at(&self, at: Timestamp) -> Option<Vec<Arc<App>>> {
        let after = self.past.partition_point(|(since, _)| *since <= at);
        self.past.get(after.saturating_sub(1)).map(|(_, apps)| apps.clone())
    }

    /// Looks at the world with other apps in it: a former state.
    pub(crate) fn with_apps<T>(&mut self, apps: Vec<Arc<App>>, look: impl FnOnce(&mut Self) -> T) -> T {
        let present = std::mem::replace(&mut self.apps, apps);
        let seen = look(self);
        self.apps = present;
        seen
    }
}
