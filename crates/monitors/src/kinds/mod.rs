//! The kinds of monitors: one file each, one variant each.

mod heroku_dynos;
mod http;
mod tcp;

pub use heroku_dynos::{HerokuDynos, Idle};
pub use http::{Exchange, Http, Page, Sought, SoughtText, Text};
pub(crate) use http::{IdleConnections, observe as observe_http};
pub use tcp::Tcp;

use flyball_model::{AccountName, AppName};
use flyball_settings::{KindDescription, Mistake, Settings, Span, Table};
use serde::Serialize;

/// What is watched, and how. Closed: the compiler lists what a new kind still lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A page.
    Http(Box<Http>),
    /// A port.
    Tcp(Tcp),
    /// The dynos of an app.
    HerokuDynos(HerokuDynos),
}

impl Kind {
    /// The words for the kinds in the file.
    #[must_use]
    pub const fn words() -> [&'static str; 3] {
        [Http::KIND, Tcp::KIND, HerokuDynos::KIND]
    }

    /// Every kind, for the reference.
    #[must_use]
    pub fn descriptions() -> [KindDescription; 3] {
        [KindDescription::of::<Http>(), KindDescription::of::<Tcp>(), KindDescription::of::<HerokuDynos>()]
    }

    /// Reads the settings of the kind that `word` names. `None` after mistakes, which are noted; also `None`, with
    /// nothing noted, for a word that is not among [`Kind::words`].
    pub fn read(word: &str, table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match word {
            Http::KIND => Http::from_table(table, span, mistakes).map(Box::new).map(Self::Http),
            Tcp::KIND => Tcp::from_table(table, span, mistakes).map(Self::Tcp),
            HerokuDynos::KIND => HerokuDynos::from_table(table, span, mistakes).map(Self::HerokuDynos),
            _ => None,
        }
    }

    /// Its word in the file.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Http(_) => Http::KIND,
            Self::Tcp(_) => Tcp::KIND,
            Self::HerokuDynos(_) => HerokuDynos::KIND,
        }
    }

    /// What it looks at, as a text that stays the same as long as that does: a streak survives a change of the file
    /// only if this did not change. How it looks (time-outs, bounds, accounts) is no part of it. Never shown.
    #[must_use]
    pub fn watched(&self) -> String {
        match self {
            Self::Http(http) => http.watched(),
            Self::Tcp(tcp) => tcp.watched(),
            Self::HerokuDynos(dynos) => dynos.watched(),
        }
    }

    /// What it looks at, for a person: `GET https://shop.example.com/`.
    #[must_use]
    pub fn subject(&self) -> String {
        match self {
            Self::Http(http) => http.subject(),
            Self::Tcp(tcp) => tcp.address.to_string(),
            Self::HerokuDynos(dynos) => dynos.subject(),
        }
    }

    /// Calls of the Platform API that one reading costs at most.
    #[must_use]
    pub const fn heroku_calls_per_reading(&self) -> u32 {
        match self {
            Self::Http(_) | Self::Tcp(_) => 0,
            Self::HerokuDynos(_) => HerokuDynos::CALLS_PER_READING,
        }
    }

    /// The Heroku account that it looks with, where it needs one.
    #[must_use]
    pub const fn account(&self) -> Option<&AccountName> {
        match self {
            Self::Http(_) | Self::Tcp(_) => None,
            Self::HerokuDynos(dynos) => Some(&dynos.account),
        }
    }

    /// The app that it looks at, where it looks at one through the Platform API.
    #[must_use]
    pub const fn app(&self) -> Option<&AppName> {
        match self {
            Self::Http(_) | Self::Tcp(_) => None,
            Self::HerokuDynos(dynos) => Some(&dynos.app),
        }
    }

    /// The host that it reaches, where it reaches one itself.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        match self {
            Self::Http(http) => http.url.url().host_str().map(str::to_owned),
            Self::Tcp(tcp) => Some(tcp.address.host().to_string()),
            Self::HerokuDynos(_) => None,
        }
    }

    /// The environment variables that it reads when it looks.
    pub fn variables(&self) -> Vec<&str> {
        match self {
            Self::Http(http) => http.variables(),
            Self::Tcp(_) | Self::HerokuDynos(_) => Vec::new(),
        }
    }
}
