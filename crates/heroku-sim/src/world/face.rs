//! What the API face needs of a world beside the public questions: buckets, counts, faults, visits.

use super::{Account, FaultKind, Page, ReceivedCall, Tier, Traffic, World};
use uuid::Uuid;

impl World {
    pub(crate) fn account_mut(&mut self, index: usize) -> &mut Account {
        &mut self.accounts[index]
    }

    pub(crate) fn traffic_mut(&mut self) -> &mut Traffic {
        &mut self.history.traffic
    }

    pub(crate) fn record_call(&mut self, call: ReceivedCall) {
        self.history.record(call);
    }

    /// Our three parts of a `Request-Id`.
    pub(crate) fn request_ids(&mut self) -> [Uuid; 3] {
        std::array::from_fn(|_| self.chance.requests.uuid())
    }

    /// The faults that hit this call: every slowness, and the first of the others.
    pub(crate) fn faults_for(&mut self, method: &str, path: &str) -> Vec<FaultKind> {
        let (now, draws) = (self.now, &mut self.chance.faults);
        let mut hit: Vec<FaultKind> = Vec::new();
        for fault in &mut self.faults {
            let slow = matches!(fault.kind, FaultKind::Slow(_));
            let taken = hit.iter().any(|kind| !matches!(kind, FaultKind::Slow(_)));
            if (slow || !taken) && fault.hits(method, path, now, draws) {
                hit.push(fault.kind.clone());
            }
        }
        hit
    }

    /// A visit of an app's own page: the page, and what the visit wakes. `None`: there is no such app.
    pub fn visit(&mut self, app: &str) -> Option<Page> {
        let index = self.app_index(app)?;
        let page = self.page_under_load(index);
        // Only Eco dynos sleep, so that a visit of any other app changes nothing. // platform-api 5.3
        if self.apps[index].tier() == Tier::Eco {
            self.change(index, |app, turn| app.wake_dynos(turn.now));
        }
        Some(page)
    }
}
