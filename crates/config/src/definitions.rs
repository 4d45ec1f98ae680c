//! What a valid file says.

use crate::{Mistakes, Network};
use flyball_model::{AccountName, AppLimits, AppName, Mode, MonitorId, ReactionId};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use std::collections::BTreeMap;

/// Everything that a file defines. Read-only once made.
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions {
    /// What holds for the whole instance.
    pub settings: Instance,
    /// What checks may reach, and by what Flyball tells an outage of its own.
    pub network: Network,
    /// In the order of the file; their names are unique.
    pub monitors: Vec<Monitor>,
    /// In the order of the file; their names are unique.
    pub reactions: Vec<Reaction>,
    /// The default one first, also when the file does not mention it.
    pub accounts: Vec<Account>,
    /// What is allowed and probably not meant.
    pub warnings: Mistakes,
}

/// What holds for the whole instance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Instance {
    /// Whether any reaction may act. The default is `act`.
    pub mode: Mode,
    /// The app that Flyball itself runs on, where the file says so.
    pub own_app: Option<AppName>,
    /// How much is done to one app in an hour.
    pub limits: AppLimits,
}

/// A Heroku account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `default` for the one of `[heroku]`.
    pub name: AccountName,
    /// The environment variable that holds its token. Only the default account may leave it out: then the token is
    /// that of `HEROKU_API_KEY`, or of Heroku's CLI.
    pub token: Option<String>,
}

/// What became of a monitor when its file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    New,
    /// It is as it was.
    Same,
    /// Something about it changed, but not what it looks at: it keeps its streak.
    Adjusted,
    /// It looks at something else now: its streak starts anew.
    LooksElsewhere,
    /// It is not there any more.
    Removed,
}

/// The difference between two files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Every monitor of either.
    pub monitors: BTreeMap<MonitorId, Change>,
    /// Reactions that are new or not as they were.
    pub reactions_changed: Vec<ReactionId>,
    /// Reactions that are not there any more.
    pub reactions_removed: Vec<ReactionId>,
}

impl Definitions {
    /// How much it defines: "2 monitors, 1 reaction".
    #[must_use]
    pub fn counted(&self) -> String {
        let of = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
        format!("{}, {}", of(self.monitors.len(), "monitor"), of(self.reactions.len(), "reaction"))
    }

    /// What changes when `self` is followed by `next`.
    #[must_use]
    pub fn changes(&self, next: &Self) -> Changes {
        let before: BTreeMap<MonitorId, &Monitor> = self.monitors.iter().map(|m| (m.id, m)).collect();
        let mut monitors: BTreeMap<MonitorId, Change> = before.keys().map(|id| (*id, Change::Removed)).collect();
        monitors.extend(next.monitors.iter().map(|m| (m.id, change(before.get(&m.id).copied(), m))));

        let before: BTreeMap<ReactionId, &Reaction> = self.reactions.iter().map(|r| (r.id, r)).collect();
        let changed = next.reactions.iter().filter(|r| before.get(&r.id) != Some(r)).map(|r| r.id).collect();
        let stays = |id: &ReactionId| next.reactions.iter().any(|r| r.id == *id);
        let removed = before.into_keys().filter(|id| !stays(id)).collect();
        Changes { monitors, reactions_changed: changed, reactions_removed: removed }
    }
}

fn change(before: Option<&Monitor>, after: &Monitor) -> Change {
    match before {
        None => Change::New,
        Some(before) if before == after => Change::Same,
        Some(before) if before.kind.watched() == after.kind.watched() => Change::Adjusted,
        Some(_) => Change::LooksElsewhere,
    }
}
