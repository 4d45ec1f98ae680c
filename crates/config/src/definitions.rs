//! What a valid file says.

use crate::{LeftOut, Mistakes, Network, Received, Server};
use flyball_channels::{Channel, Rules};
use flyball_model::{AccountName, AppLimits, AppName, Counts, Mode, MonitorId, ReactionId};
use flyball_monitors::Monitor;
use flyball_reactions::Reaction;
use std::collections::HashSet;

/// Everything that a file defines. Read-only once made.
#[derive(Debug, Clone, PartialEq)]
pub struct Definitions {
    /// What holds for the whole instance.
    pub settings: Instance,
    /// What checks may reach, and by what Flyball tells an outage of its own.
    pub network: Network,
    /// Where pages and the HTTP interface are served.
    pub server: Server,
    /// By what people are told, in the order of the file; their names are unique.
    pub channels: Vec<Channel>,
    /// Who is told what.
    pub notify: Rules,
    /// In the order of the file; their names are unique.
    pub monitors: Vec<Monitor>,
    /// In the order of the file; their names are unique.
    pub reactions: Vec<Reaction>,
    /// The default one first, also when the file does not mention it.
    pub accounts: Vec<Account>,
    /// The apps that tell something by themselves, in the order of the file; each is there once.
    pub receive: Vec<Received>,
    /// What is allowed and probably not meant.
    pub warnings: Mistakes,
    /// What is made in pages and does not hold beside the file: see [`read_with_made`](crate::read_with_made).
    pub left_out: Vec<LeftOut>,
    pub(crate) made: Made,
}

/// Which monitors and reactions are made in pages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Made {
    pub(crate) monitors: HashSet<MonitorId>,
    pub(crate) reactions: HashSet<ReactionId>,
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

impl Definitions {
    /// How much it defines: "2 monitors, 1 reaction".
    #[must_use]
    pub const fn counted(&self) -> Counts {
        Counts { monitors: self.monitors.len(), reactions: self.reactions.len() }
    }

    /// Whether this monitor was made in pages, and does not stand in the file.
    #[must_use]
    pub fn is_made_monitor(&self, id: MonitorId) -> bool {
        self.made.monitors.contains(&id)
    }

    /// Whether this reaction was made in pages, and does not stand in the file.
    #[must_use]
    pub fn is_made_reaction(&self, id: ReactionId) -> bool {
        self.made.reactions.contains(&id)
    }

    /// How many monitors stand in the file itself.
    #[must_use]
    pub fn monitors_of_file(&self) -> usize {
        self.monitors.iter().filter(|monitor| !self.is_made_monitor(monitor.id)).count()
    }
}
