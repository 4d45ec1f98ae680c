//! Incidents in the loop: what goes on is held in memory, asked for at each flip, and told from where all monitors stand whenever
//! something else is watched than before.

use crate::engine::Engine;
use crate::memory::Memory;
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_decide::{Asked, IncidentStep, Watched, incident};
use flyball_model::{AppName, FirstCause, Incident, IncidentOf, Outcome, ReactionId, Run, Timestamp};
use flyball_monitors::Monitor;
use flyball_store::{Batch, Error, IncidentsPage, Open};
use std::collections::{BTreeSet, HashMap};

/// What a monitor belongs to: the apps of the reactions that it calls and the app that it looks at, or else itself. People speak of
/// an app that is down, whichever page of it shows that; and a monitor that only looks is still an outage of something.
pub(crate) fn incidents_of<'a>(
    monitor: &'a Monitor,
    app_of: impl Fn(ReactionId) -> Option<&'a AppName>,
) -> BTreeSet<IncidentOf> {
    let called = monitor.reactions.iter().filter_map(|reaction| app_of(ReactionId::of(reaction)));
    let apps: BTreeSet<IncidentOf> = called.chain(monitor.kind.app()).cloned().map(IncidentOf::App).collect();
    if apps.is_empty() { BTreeSet::from([IncidentOf::Monitor(monitor.name.clone())]) } else { apps }
}

/// Whether a file has a monitor that belongs to this.
fn is_in(definitions: &Definitions, of: &IncidentOf) -> bool {
    let apps: HashMap<ReactionId, &AppName> =
        definitions.reactions.iter().map(|reaction| (reaction.id, reaction.kind.app())).collect();
    definitions.monitors.iter().any(|monitor| incidents_of(monitor, |id| apps.get(&id).copied()).contains(of))
}

impl Memory {
    /// Takes up incidents that go on.
    pub(crate) fn recall_incidents(&mut self, open: impl IntoIterator<Item = Incident>) {
        self.incidents.extend(open.into_iter().map(|incident| (incident.of.clone(), incident)));
    }

    /// What becomes of a monitor's incidents by a reading that could be made. One that says what was known is asked about only
    /// where somebody waits for what all monitors say.
    pub(crate) fn incidents_after(&mut self, monitor: &Monitor, begun_at: Timestamp, flips: bool) -> Vec<Incident> {
        let wiring = std::sync::Arc::clone(&self.wiring);
        let by_run = |of: &IncidentOf| {
            self.incidents.get(of).is_some_and(|incident| matches!(incident.first, FirstCause::Run(_)))
        };
        let asked: Vec<&IncidentOf> = wiring.incidents_of(monitor.id).filter(|of| flips || by_run(of)).collect();
        asked.into_iter().filter_map(|of| self.incident_step(&wiring, of, Asked::Reading(begun_at))).collect()
    }

    /// What becomes of all incidents where something else may be watched than before. Those that are `elsewhere` now are another
    /// node's to end.
    pub(crate) fn incidents_anew(&mut self, now: Timestamp, elsewhere: impl Fn(&IncidentOf) -> bool) -> Vec<Incident> {
        let wiring = std::sync::Arc::clone(&self.wiring);
        self.incidents.retain(|of, _| wiring.watching(of).next().is_some() || !elsewhere(of));
        let all: BTreeSet<IncidentOf> = wiring.incidents().chain(self.incidents.keys()).cloned().collect();
        all.iter().filter_map(|of| self.incident_step(&wiring, of, Asked::Definitions(now))).collect()
    }

    /// Goes a step with one incident; what is to be written of it.
    fn incident_step(&mut self, wiring: &Wiring, of: &IncidentOf, asked: Asked) -> Option<Incident> {
        let watched = wiring.watching(of).filter(|monitor| monitor.enabled);
        let watched = watched.map(|monitor| Watched { name: &monitor.name, standing: self.standing(monitor.id) });
        let watched: Vec<Watched<'_>> = watched.collect();
        match incident(of, self.incidents.get(of), &watched, asked) {
            IncidentStep::None | IncidentStep::GoesOn => None,
            IncidentStep::Begins(begun) => {
                self.incidents.insert(of.clone(), begun.clone());
                Some(begun)
            }
            IncidentStep::Ends(ended) => {
                self.incidents.remove(of);
                Some(ended)
            }
        }
    }

    /// A run has ended so that it needs a person: that is an incident as well, where one can see how it ends. It is written with
    /// what comes next.
    pub(crate) fn run_needs_a_person(&mut self, run: &Run, now: Timestamp) {
        let of = IncidentOf::App(run.plan.app().name.clone());
        let is_watched = self.wiring.watching(&of).any(|monitor| monitor.enabled);
        if !is_watched || self.incidents.contains_key(&of) {
            return;
        }
        let begun = Incident { of: of.clone(), began_at: now, first: FirstCause::Run(run.id), end: None };
        self.incidents.insert(of, begun.clone());
        self.owe(Batch { incidents: vec![begun], ..Batch::default() });
    }
}

/// Whether a run that has ended so needs a person.
pub(crate) const fn needs_a_person(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::InDoubt { .. } | Outcome::Refused { .. })
}

impl Engine {
    /// The incidents that go on, as the store has them.
    pub(crate) async fn open_incidents(&self) -> Result<Vec<Incident>, Error> {
        let (mut open, mut page) = (Vec::new(), IncidentsPage { open: Some(Open), ..IncidentsPage::default() });
        loop {
            let found = self.ports.store.incidents(&page).await?;
            page.before = found.last().map(|last| last.number);
            let is_last = found.len() < IncidentsPage::INCIDENTS_MAX as usize;
            open.extend(found.into_iter().map(|numbered| numbered.incident));
            if is_last {
                return Ok(open);
            }
        }
    }

    /// Tells incidents from what is watched now. What comes of it is owed to the store.
    pub(crate) fn go_over_incidents(&self, now: Timestamp) {
        let whole = self.whole();
        let elsewhere = |of: &IncidentOf| whole.as_ref().is_some_and(|whole| is_in(whole, of));
        let mut memory = self.memory();
        let incidents = memory.incidents_anew(now, elsewhere);
        memory.owe(Batch { incidents, ..Batch::default() });
    }

    /// Writes what is owed of incidents: where nothing is watched any more no reading would. What the store does not take stays
    /// owed to it.
    pub(crate) async fn write_incidents(&self) {
        let incidents = self.memory().take_owed_incidents();
        if let Err(error) = self.save(Batch { incidents, ..Batch::default() }).await {
            tracing::warn!(error = %error.in_full(), "incidents could not be written; it is tried again with the next reading");
        }
    }
}
