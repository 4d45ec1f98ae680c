//! Wiring: which reactions are attached to which monitors. Read-only; a changed file makes a new one.

use crate::incidents::incidents_of;
use flyball_config::{Definitions, Instance};
use flyball_model::{
    AccountName, ApiHost, AppLimits, AppName, HerokuApp, IncidentOf, Mode, MonitorId, ReactionId, ReactionName,
    Subject, SubjectKey, Timestamp,
};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// Which reactions are attached to which monitors.
#[derive(Debug, Default)]
pub struct Wiring {
    monitors: HashMap<MonitorId, Arc<Monitor>>,
    reactions: HashMap<ReactionId, Arc<Reaction>>,
    attached: HashMap<MonitorId, Vec<Arc<Reaction>>>,
    watched_by: HashMap<ReactionId, Vec<Arc<Monitor>>>,
    acting_on: HashMap<SubjectKey, Vec<Arc<Reaction>>>,
    /// What each monitor belongs to when it fails, and the monitors of each.
    incidents: HashMap<MonitorId, BTreeSet<IncidentOf>>,
    watching: BTreeMap<IncidentOf, Vec<Arc<Monitor>>>,
    host: ApiHost,
    mode: Mode,
    limits: AppLimits,
    own_app: Option<AppName>,
    /// Since when each reaction is as it is: refusals from before are forgiven.
    since: HashMap<ReactionId, Timestamp>,
}

impl Wiring {
    /// Wires definitions up, of apps at this API host. `before` is what held until now: reactions that did not change
    /// keep their history.
    #[must_use]
    pub fn new(definitions: &Definitions, host: ApiHost, mode: Mode, before: &Self, now: Timestamp) -> Self {
        let monitors: HashMap<_, _> = definitions.monitors.iter().map(|m| (m.id, Arc::new(m.clone()))).collect();
        let reactions: HashMap<_, _> = definitions.reactions.iter().map(|r| (r.id, Arc::new(r.clone()))).collect();
        let mut attached = HashMap::new();
        let mut watched_by: HashMap<ReactionId, Vec<Arc<Monitor>>> = HashMap::new();
        for monitor in monitors.values() {
            let ids = monitor.reactions.iter().map(ReactionId::of);
            let reactions: Vec<Arc<Reaction>> = ids.filter_map(|id| reactions.get(&id).cloned()).collect();
            for reaction in &reactions {
                watched_by.entry(reaction.id).or_default().push(Arc::clone(monitor));
            }
            attached.insert(monitor.id, reactions);
        }
        let mut acting_on: HashMap<SubjectKey, Vec<Arc<Reaction>>> = HashMap::new();
        for reaction in reactions.values() {
            acting_on.entry(subject(&host, reaction).key()).or_default().push(Arc::clone(reaction));
        }
        let app_of = |id: ReactionId| reactions.get(&id).map(|reaction| reaction.kind.app());
        let incidents: HashMap<_, _> = monitors.iter().map(|(id, one)| (*id, incidents_of(one, app_of))).collect();
        let mut watching: BTreeMap<IncidentOf, Vec<Arc<Monitor>>> = BTreeMap::new();
        for (id, all) in &incidents {
            for of in all {
                watching.entry(of.clone()).or_default().push(Arc::clone(&monitors[id]));
            }
        }
        let since = |reaction: &Arc<Reaction>| match before.reactions.get(&reaction.id) {
            Some(old) if **old == **reaction => before.since.get(&reaction.id).copied().unwrap_or(now),
            Some(_) | None => now,
        };
        let since = reactions.values().map(|reaction| (reaction.id, since(reaction))).collect();
        let Instance { mode: of_file, own_app, limits } = definitions.settings.clone();
        let mode = mode.and(of_file);
        Self {
            monitors,
            reactions,
            attached,
            watched_by,
            acting_on,
            incidents,
            watching,
            host,
            mode,
            limits,
            own_app,
            since,
        }
    }

    /// Every monitor, in no order.
    pub fn monitors(&self) -> impl Iterator<Item = &Arc<Monitor>> {
        self.monitors.values()
    }

    /// Every reaction, in no order.
    pub fn reactions(&self) -> impl Iterator<Item = &Arc<Reaction>> {
        self.reactions.values()
    }

    /// One monitor.
    #[must_use]
    pub fn monitor(&self, id: MonitorId) -> Option<&Arc<Monitor>> {
        self.monitors.get(&id)
    }

    /// One reaction.
    #[must_use]
    pub fn reaction(&self, id: ReactionId) -> Option<&Arc<Reaction>> {
        self.reactions.get(&id)
    }

    /// One reaction by name.
    #[must_use]
    pub fn reaction_named(&self, name: &ReactionName) -> Option<&Arc<Reaction>> {
        self.reactions.get(&ReactionId::of(name))
    }

    /// The reactions that are asked after each reading of a monitor, in order.
    #[must_use]
    pub fn attached(&self, monitor: MonitorId) -> &[Arc<Reaction>] {
        self.attached.get(&monitor).map_or(&[], Vec::as_slice)
    }

    /// The reactions of a monitor that act on the same app as this one and stand below it in the order of effects.
    #[must_use]
    pub fn rungs_below(&self, monitor: MonitorId, above: &Reaction) -> Vec<ReactionId> {
        let app = self.subject(above).key();
        let is_below =
            |other: &&Arc<Reaction>| other.kind.rank() > above.kind.rank() && self.subject(other).key() == app;
        self.attached(monitor).iter().filter(is_below).map(|other| other.id).collect()
    }

    /// The monitors that a reaction is attached to.
    #[must_use]
    pub fn watched_by(&self, reaction: ReactionId) -> &[Arc<Monitor>] {
        self.watched_by.get(&reaction).map_or(&[], Vec::as_slice)
    }

    /// Where the API of its apps is.
    pub(crate) const fn host(&self) -> &ApiHost {
        &self.host
    }

    /// What a reaction acts on, as the file names it.
    #[must_use]
    pub fn subject(&self, reaction: &Reaction) -> Subject {
        subject(&self.host, reaction)
    }

    /// The app of this name, whichever account looks at it.
    #[must_use]
    pub fn subject_named(&self, name: &AppName) -> Subject {
        let (host, name) = (self.host.clone(), name.clone());
        Subject::HerokuApp(HerokuApp { host, account: AccountName::default(), name, id: None })
    }

    /// By what the app of this name is remembered.
    #[must_use]
    pub fn app_named(&self, name: &AppName) -> SubjectKey {
        SubjectKey::HerokuApp { host: self.host.clone(), name: name.clone() }
    }

    /// The reactions that act on a subject, in no order.
    pub fn acting_on(&self, subject: &SubjectKey) -> impl Iterator<Item = &Arc<Reaction>> {
        self.acting_on.get(subject).into_iter().flatten()
    }

    /// What a monitor belongs to when it fails.
    pub fn incidents_of(&self, monitor: MonitorId) -> impl Iterator<Item = &IncidentOf> {
        self.incidents.get(&monitor).into_iter().flatten()
    }

    /// The monitors that belong to this, in no order.
    pub fn watching(&self, of: &IncidentOf) -> impl Iterator<Item = &Arc<Monitor>> {
        self.watching.get(of).into_iter().flatten()
    }

    /// Everything that a monitor belongs to.
    pub fn incidents(&self) -> impl Iterator<Item = &IncidentOf> {
        self.watching.keys()
    }

    /// How many readings' times a monitor must remember: the longest trigger of its reactions.
    #[must_use]
    pub fn remember(&self, monitor: MonitorId) -> u32 {
        self.attached(monitor).iter().map(|reaction| reaction.policy.trigger.get()).max().unwrap_or(1)
    }

    /// The shortest interval of a reaction's monitors, when there are several.
    #[must_use]
    pub fn shared_interval(&self, reaction: ReactionId) -> Option<Duration> {
        let monitors = self.watched_by(reaction);
        if monitors.len() < 2 { None } else { monitors.iter().map(|monitor| monitor.every).min() }
    }

    /// Whether this reaction acts, or only tells.
    #[must_use]
    pub fn mode(&self, reaction: &Reaction) -> Mode {
        self.mode.and(reaction.policy.mode)
    }

    /// How much is done to one app in an hour.
    #[must_use]
    pub const fn limits(&self) -> AppLimits {
        self.limits
    }

    /// The app that Flyball itself runs on, as far as the file says so.
    #[must_use]
    pub const fn own_app(&self) -> Option<&AppName> {
        self.own_app.as_ref()
    }

    /// Since when a reaction is as it is.
    #[must_use]
    pub fn since(&self, reaction: ReactionId) -> Timestamp {
        self.since.get(&reaction).copied().unwrap_or(Timestamp::EPOCH)
    }
}

/// What a reaction acts on, as the file names it.
fn subject(host: &ApiHost, reaction: &Reaction) -> Subject {
    let (account, name) = (reaction.kind.account().clone(), reaction.kind.app().clone());
    Subject::HerokuApp(HerokuApp { host: host.clone(), account, name, id: None })
}
