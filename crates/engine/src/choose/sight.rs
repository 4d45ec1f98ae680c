//! What is seen of an app: looked at, held against what was remembered, and remembered.

use crate::engine::Engine;
use crate::look::{Seen, look, trouble};
use crate::wiring::Subject;
use flyball_decide::looks_like_autoscaler;
use flyball_model::{Because, Entry, Event, Excerpt, Foreign, ForeignChange, Needs, Sight};
use flyball_store::{AppFacts, Batch, Error, Sighting};

impl Engine {
    /// Takes up what was seen of an app before this process began.
    pub(crate) async fn recall_sighting(&self, subject: &Subject) -> Result<(), Error> {
        if self.memory().sighting(&subject.app).is_some() {
            return Ok(());
        }
        if let Some(seen) = self.ports.store.sighting(self.ports.accounts.host(), &subject.app).await? {
            self.memory().set_sighting(&subject.app, seen);
        }
        Ok(())
    }

    /// Looks at an app, as far as is needed; a failure is a reason to hold.
    pub(crate) async fn look(&self, subject: &Subject, needs: Needs) -> Result<Sight, Because> {
        let account = &subject.account;
        let Some(heroku) = self.ports.accounts.heroku(account) else {
            return Err(Because::CannotSee { error: format!("there is no account \"{account}\"") });
        };
        let looked = look(&*heroku, subject, needs, &*self.ports.clock).await;
        let refused = matches!(&looked, Err(error) if error.is_unauthorized());
        if self.memory().account_answers(account, !refused) && refused {
            tracing::warn!(account = %account, "Heroku does not take the account's token; its reactions hold");
        }
        looked.map_err(|error| match refused {
            true => Because::AccountStopped { account: account.clone() },
            false => Because::CannotSee { error: trouble(&error) },
        })
    }

    /// What of an app was looked at, and may be told and remembered: an old list of releases may not.
    pub(super) fn up_to_date(&self, subject: &Subject, sight: &Sight, looked_at: Needs, facts: &AppFacts) -> Needs {
        let memory = self.memory();
        let seen = Seen::new(sight, memory.sighting(&subject.app));
        let releases = looked_at.releases && seen.is_up_to_date(looked_at, &facts.our_rollbacks).is_ok();
        Needs { releases, ..looked_at }
    }

    /// Tells what others changed of the app since it was last looked at. Returns what is remembered of that from now on.
    pub(super) fn notice_foreign_hands(
        &self,
        subject: &Subject,
        sight: &Sight,
        needs: Needs,
        facts: &AppFacts,
        batch: &mut Batch,
    ) -> Vec<Foreign> {
        let memory = self.memory();
        let seen = Seen::new(sight, memory.sighting(&subject.app));
        let found = seen.foreign(needs, &facts.since_seen, &facts.our_rollbacks);
        let mut remembered = seen.foreign_remembered(needs, &facts.our_rollbacks);
        for foreign in found {
            remembered.push(foreign.clone());
            let mut entry = Entry::new(sight.taken_at, told_foreign(foreign, sight, &remembered));
            entry.app = Some(subject.app.clone());
            batch.entries.push(entry);
        }
        let surplus = remembered.len().saturating_sub(Foreign::REMEMBERED);
        remembered.drain(..surplus);
        remembered
    }

    /// Keeps what was seen of an app.
    pub(super) fn remember_sight(
        &self,
        subject: &Subject,
        sight: &Sight,
        needs: Needs,
        foreign: Vec<Foreign>,
        batch: &mut Batch,
    ) {
        let mut memory = self.memory();
        let seen = Seen::new(sight, memory.sighting(&subject.app));
        let sighting = Sighting { foreign, ..seen.sighting(self.ports.accounts.host(), needs) };
        memory.set_sighting(&subject.app, sighting.clone());
        drop(memory);
        batch.sightings.push(sighting);
    }
}

/// The timeline's word of what somebody else did.
fn told_foreign(foreign: Foreign, sight: &Sight, remembered: &[Foreign]) -> Event {
    let (by, times) = match &foreign.change {
        ForeignChange::Release { version, .. } => {
            let user = sight.releases.version(*version).and_then(|release| release.user.as_deref());
            (user.map(Excerpt::of), None)
        }
        ForeignChange::Quantity { process_type, .. } => {
            (None, looks_like_autoscaler(remembered, process_type, sight.taken_at))
        }
        ForeignChange::Size { .. } => (None, None),
    };
    Event::Foreign { change: foreign.change, by, times }
}
