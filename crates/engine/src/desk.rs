//! The desk of an app: who is called and waits to be asked, and what was seen of the app last.
//!
//! A choice about an app is made by one at a time, since nobody else would see a run before it is on disk. Who is called
//! meanwhile waits here, and is asked as soon as that choice is made; a wish is never thrown away.

use crate::turn::Called;
use crate::wiring::Wiring;
use flyball_decide::{FRESH, PATIENCE_MAX, Reacts as _};
use flyball_model::{AccountName, Because, Cause, Needs, Sight, Timestamp};
use flyball_store::HoldingKey;
use std::collections::HashMap;
use std::time::Duration;

/// How old a sight may be, at first, on which a reaction at its limit is judged again. It doubles with each new sight
/// that shows the same.
const PATIENCE: Duration = Duration::from_secs(10);

/// The desk of one app.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// Whether somebody makes a choice about the app.
    attended: bool,
    /// Called, and to be asked as soon as the present choice is made; first come first. One for each monitor and
    /// reaction, so that their number is bounded by the file.
    waiting: Vec<Called>,
    /// Called, and held by an open run on the app; asked when that has ended.
    behind: Vec<Called>,
    latest: Option<Glance>,
    patience: HashMap<HoldingKey, Patience>,
}

/// What was seen of an app, and which parts were looked at.
#[derive(Debug, Clone)]
pub(crate) struct Glance {
    pub(crate) sight: Sight,
    pub(crate) parts: Needs,
}

/// How old a sight may be on which a reaction is judged that stood at its limit.
#[derive(Debug)]
struct Patience {
    age: Duration,
    /// Why its monitor's reading failed.
    cause: Option<Cause>,
    /// What was seen of the app, and when.
    gist: String,
    seen_at: Timestamp,
}

impl Desk {
    /// Puts wishes down. True when nobody makes a choice about the app: whoever put them down does, from now on.
    pub(crate) fn wait(&mut self, called: impl IntoIterator<Item = Called>) -> bool {
        for new in called {
            self.waiting.retain(|old| old.key() != new.key());
            self.behind.retain(|old| old.key() != new.key());
            self.waiting.push(new);
        }
        !std::mem::replace(&mut self.attended, true)
    }

    /// A monitor has a reading that does not call a reaction: what it called for before is no longer wanted.
    pub(crate) fn forget(&mut self, key: HoldingKey) {
        self.waiting.retain(|called| called.key() != key);
        self.behind.retain(|called| called.key() != key);
        self.patience.remove(&key);
    }

    /// Takes those who wait, by one account, whoever came first.
    pub(crate) fn take(&mut self) -> Vec<Called> {
        let Some(account) = self.waiting.first().map(|called| called.account().clone()) else { return Vec::new() };
        let by_account = |called: &mut Called| *called.account() == account;
        self.waiting.extract_if(.., by_account).collect()
    }

    /// The choice is made. True when more of them wait; otherwise nobody attends from now on.
    pub(crate) fn goes_on(&mut self) -> bool {
        self.attended = !self.waiting.is_empty();
        self.attended
    }

    /// Whoever attended has gone.
    pub(crate) fn leave(&mut self) {
        self.attended = false;
    }

    /// Puts a wish down that an open run on the app holds, unless its monitor has called for it anew.
    pub(crate) fn wait_behind(&mut self, called: Called) {
        if !self.waiting.iter().any(|newer| newer.key() == called.key()) {
            self.behind.push(called);
        }
    }

    /// A run on the app has ended: what was seen before is old, and who waited behind it is to be asked.
    pub(crate) fn run_ended(&mut self) {
        self.latest = None;
        self.patience.clear();
        self.waiting.append(&mut self.behind);
    }

    /// True when somebody waits and nobody attends: whoever asked this does, from now on.
    pub(crate) fn begin(&mut self) -> bool {
        !self.waiting.is_empty() && !std::mem::replace(&mut self.attended, true)
    }

    /// What was seen last, if the clock was not set back since.
    pub(crate) fn latest(&self, now: Timestamp) -> Option<&Glance> {
        self.latest.as_ref().filter(|glance| glance.sight.taken_at <= now)
    }

    /// Keeps what was seen. `changed` when it was seen that others changed the app.
    pub(crate) fn saw(&mut self, glance: Glance, changed: bool) {
        if changed {
            self.patience.clear();
        }
        self.latest = Some(glance);
    }

    /// How old a sight may be on which a wish is judged, whose reading fails for this cause.
    pub(crate) fn patience(&self, key: HoldingKey, cause: Option<Cause>) -> Duration {
        self.patience.get(&key).filter(|patience| patience.cause == cause).map_or(FRESH, |patience| patience.age)
    }

    /// Notes what a wish came to on this sight. One that stands at its limit, or rests, becomes more patient with each new sight
    /// that shows the same.
    pub(crate) fn came_to(&mut self, called: &Called, cause: Option<Cause>, because: Option<&Because>, sight: &Sight) {
        if !because.is_some_and(|because| because.is_limit() || because.rests()) {
            self.patience.remove(&called.key());
            return;
        }
        let (gist, seen_at) = (sight.gist(called.reaction.rests_on()), sight.taken_at);
        let before = self.patience.get(&called.key()).filter(|before| before.cause == cause && before.gist == gist);
        let age = match before {
            Some(before) if before.seen_at == seen_at => before.age,
            Some(before) => (before.age * 2).min(PATIENCE_MAX),
            None => PATIENCE,
        };
        self.patience.insert(called.key(), Patience { age, cause, gist, seen_at });
    }

    /// Goes over to other definitions: who is not called by them is forgotten, and nobody is patient.
    pub(crate) fn rewire(&mut self, wiring: &Wiring) {
        self.patience.clear();
        let is_wired = |called: &Called| wiring.attached(called.monitor.id).contains(&called.reaction);
        self.waiting.retain(is_wired);
        self.behind.retain(is_wired);
    }

    /// Whether there is nothing on it.
    pub(crate) fn is_empty(&self) -> bool {
        !self.attended && self.waiting.is_empty() && self.behind.is_empty()
    }
}

impl Called {
    pub(crate) fn key(&self) -> HoldingKey {
        HoldingKey { monitor: self.monitor.id, reaction: self.reaction.id }
    }

    pub(crate) fn account(&self) -> &AccountName {
        self.reaction.kind.account()
    }
}
