//! Which call was made, and of what: the subject of every error and the key of every count.

use flyball_model::{AppName, DynoName, DynoSize, ProcessType, Quantity, ReleaseId, ReleaseVersion};
use std::fmt;

/// One call of the Platform API. Its `Display` reads after "cannot …": "scale `web` of `shop` to 3".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// [`crate::Heroku::account`]
    Account,
    /// [`crate::Heroku::rate_limit`]
    RateLimit,
    /// [`crate::Heroku::apps`]
    Apps,
    /// [`crate::Heroku::app`]
    App {
        /// Which app.
        app: AppName,
    },
    /// [`crate::Heroku::formation`]
    Formation {
        /// Of which app.
        app: AppName,
    },
    /// [`crate::Heroku::dynos`]
    Dynos {
        /// Of which app.
        app: AppName,
    },
    /// [`crate::Heroku::releases`]
    Releases {
        /// Of which app.
        app: AppName,
        /// Only those below this one.
        below: Option<ReleaseVersion>,
    },
    /// [`crate::Heroku::dyno_sizes`]
    DynoSizes,
    /// [`crate::Heroku::config_difference`], for one of the two releases.
    Config {
        /// Of which app.
        app: AppName,
        /// As of which release.
        release: ReleaseVersion,
    },
    /// [`crate::Heroku::drains`]
    Drains {
        /// Of which app.
        app: AppName,
    },
    /// [`crate::Heroku::set_quantity`]
    SetQuantity {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// The quantity that is set.
        to: Quantity,
    },
    /// [`crate::Heroku::set_size`]
    SetSize {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// The size that is set.
        to: DynoSize,
    },
    /// [`crate::Heroku::restart_dyno`]
    RestartDyno {
        /// Of which app.
        app: AppName,
        /// Which dyno.
        dyno: DynoName,
    },
    /// [`crate::Heroku::restart_all`]
    RestartAll {
        /// Of which app.
        app: AppName,
    },
    /// [`crate::Heroku::roll_back`]
    RollBack {
        /// Which app.
        app: AppName,
        /// To the content of which release.
        to: ReleaseId,
    },
    /// [`crate::Heroku::run_one_off`]. The command is left out: people write secrets into commands.
    RunOneOff {
        /// On which app.
        app: AppName,
    },
    /// [`crate::Heroku::add_drain`]. The address is left out: whoever has it can tell lines of this app.
    AddDrain {
        /// Of which app.
        app: AppName,
    },
}

impl Call {
    /// Whether it changes Heroku: such a call is never repeated unseen.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self {
            Self::Account
            | Self::RateLimit
            | Self::Apps
            | Self::App { .. }
            | Self::Formation { .. }
            | Self::Dynos { .. }
            | Self::Releases { .. }
            | Self::Config { .. }
            | Self::Drains { .. }
            | Self::DynoSizes => false,
            Self::SetQuantity { .. }
            | Self::SetSize { .. }
            | Self::RestartDyno { .. }
            | Self::RestartAll { .. }
            | Self::RollBack { .. }
            | Self::RunOneOff { .. }
            | Self::AddDrain { .. } => true,
        }
    }

    /// Its name in counts and logs, without its subject: `set_quantity`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::RateLimit => "rate_limit",
            Self::Apps => "apps",
            Self::App { .. } => "app",
            Self::Formation { .. } => "formation",
            Self::Dynos { .. } => "dynos",
            Self::Releases { .. } => "releases",
            Self::DynoSizes => "dyno_sizes",
            Self::Config { .. } => "config",
            Self::Drains { .. } => "drains",
            Self::SetQuantity { .. } => "set_quantity",
            Self::SetSize { .. } => "set_size",
            Self::RestartDyno { .. } => "restart_dyno",
            Self::RestartAll { .. } => "restart_all",
            Self::RollBack { .. } => "roll_back",
            Self::RunOneOff { .. } => "run_one_off",
            Self::AddDrain { .. } => "add_drain",
        }
    }

    /// The app that it is about, if it is about one.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::Account | Self::RateLimit | Self::Apps | Self::DynoSizes => None,
            Self::App { app }
            | Self::Formation { app }
            | Self::Dynos { app }
            | Self::Releases { app, .. }
            | Self::Config { app, .. }
            | Self::Drains { app }
            | Self::SetQuantity { app, .. }
            | Self::SetSize { app, .. }
            | Self::RestartDyno { app, .. }
            | Self::RestartAll { app }
            | Self::RollBack { app, .. }
            | Self::RunOneOff { app }
            | Self::AddDrain { app } => Some(app),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("read the account"),
            Self::RateLimit => f.write_str("read the rate limit"),
            Self::Apps => f.write_str("read the list of apps"),
            Self::App { app } => write!(f, "read `{app}`"),
            Self::Formation { app } => write!(f, "read the formation of `{app}`"),
            Self::Dynos { app } => write!(f, "read the dynos of `{app}`"),
            Self::Releases { app, below: None } => write!(f, "read the releases of `{app}`"),
            Self::Releases { app, below: Some(below) } => write!(f, "read the releases of `{app}` below {below}"),
            Self::DynoSizes => f.write_str("read the dyno sizes"),
            Self::Config { app, release } => write!(f, "read the config vars of `{app}` as of {release}"),
            Self::Drains { app } => write!(f, "read the log drains of `{app}`"),
            Self::SetQuantity { app, process_type, to } => write!(f, "scale `{process_type}` of `{app}` to {to}"),
            Self::SetSize { app, process_type, to } => write!(f, "resize `{process_type}` of `{app}` to {to}"),
            Self::RestartDyno { app, dyno } => write!(f, "restart `{dyno}` of `{app}`"),
            Self::RestartAll { app } => write!(f, "restart all dynos of `{app}`"),
            Self::RollBack { app, to } => write!(f, "roll `{app}` back to release `{to}`"),
            Self::RunOneOff { app } => write!(f, "start a one-off dyno of `{app}`"),
            Self::AddDrain { app } => write!(f, "add a log drain to `{app}`"),
        }
    }
}
