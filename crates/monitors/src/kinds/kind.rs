//! What a kind of monitor is: the trait that its file implements, and the macro that makes [`super::Kind`] from the
//! list of all kinds. Nothing outside a kind's own file knows what sets it apart.

use super::levels::Levels;
use crate::ear::Ear;
use crate::means::{Look, Means};
use flyball_model::{AccountName, AppName, Cause, Reading, Unit};
use flyball_settings::Settings;
use flyball_signals::Narrow;
use std::future::Future;
use std::time::Duration;

/// One kind of monitor: its settings, and how it looks.
pub(super) trait MonitorKind: Settings {
    /// Calls of the Platform API that one reading costs at most.
    const HEROKU_CALLS_PER_READING: u32 = 0;

    /// The setting that names the host that it reaches, where it reaches one itself: a hint points to it.
    const HOST_SETTING: Option<&'static str> = None;

    /// What it looks at, as a text that stays the same as long as that does: see [`super::Kind::watched`].
    fn watched(&self) -> String;

    /// What it looks at, for a person.
    fn subject(&self) -> String;

    /// The host that it reaches, where it reaches one itself.
    fn host(&self) -> Option<String> {
        None
    }

    /// The Heroku account that it looks with, where it needs one.
    fn account(&self) -> Option<&AccountName> {
        None
    }

    /// The app that it looks at, where it looks at one by Heroku: its Platform API, or its logs.
    fn app(&self) -> Option<&AppName> {
        None
    }

    /// How long one reading may take at most, where it holds a connection of its own for as long.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// How long a reading may take before it fails for that alone.
    fn slower_than(&self) -> Option<Duration> {
        None
    }

    /// Whether a failing reading of it can ever have this cause.
    fn can_fail_for(&self, cause: Cause) -> bool;

    /// What of its settings is allowed and probably not meant.
    fn doubts(&self) -> Vec<Doubt> {
        Vec::new()
    }

    /// The environment variables that it reads when it looks.
    fn variables(&self) -> Vec<&str> {
        Vec::new()
    }

    /// In which unit it measures, where its readings tell a number.
    fn measures(&self) -> Option<Unit> {
        None
    }

    /// How far its number may go, where its readings tell one.
    fn levels(&self) -> Option<&Levels> {
        None
    }

    /// Over how long its number is told.
    fn measures_over(&self) -> Option<Duration> {
        None
    }

    /// The app whose drain it is told by, and which requests of it are to be counted, where it is told by one.
    fn drained(&self) -> Option<(&AppName, Narrow)> {
        None
    }

    /// The app whose adapters it is told by, where it is told by one.
    fn adapted(&self) -> Option<&AppName> {
        None
    }

    /// The queues of jobs that it looks at, where it looks at some: all of its app where none is named.
    fn queues(&self) -> Option<&[String]> {
        None
    }

    /// What it makes of what comes in by its monitor's key, where something may.
    fn ear(&self) -> Option<&dyn Ear> {
        None
    }

    /// Looks once. Takes no longer than its own time-out, and never fails: what stands in the way of looking is a
    /// reading too.
    fn observe(&self, means: &Means, look: Look<'_>) -> impl Future<Output = Reading> + Send;
}

/// A setting that is allowed and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Its key.
    pub setting: &'static str,
    /// What it means as it is written.
    pub message: String,
    /// What is doubted, beside its value.
    pub label: &'static str,
    /// What to write instead.
    pub hint: String,
}

/// Makes the enum of all kinds from their list, in the order of the reference. Each stands in a box, since their
/// settings differ much in size.
macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident, )+) => {
        /// What is watched, and how. Closed: the list of kinds is all there is.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $( $(#[$doc])* $kind(Box<$kind>), )+
        }

        impl Kind {
            /// The words for the kinds in the file.
            #[must_use]
            pub const fn words() -> &'static [&'static str] {
                &[$( $kind::KIND ),+]
            }

            /// Every kind, for the reference.
            #[must_use]
            pub fn descriptions() -> Vec<KindDescription> {
                vec![$( KindDescription::of::<$kind>() ),+]
            }

            /// Reads the settings of the kind that `word` names. `None` after mistakes, which are noted; also `None`,
            /// with nothing noted, for a word that is not among [`Kind::words`].
            pub fn read(word: &str, table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                match word {
                    $( $kind::KIND => $kind::from_table(table, span, mistakes).map(Box::new).map(Self::$kind), )+
                    _ => None,
                }
            }

            /// Its word in the file.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $( Self::$kind(_) => $kind::KIND, )+
                }
            }

            /// What it looks at, as a text that stays the same as long as that does: a streak survives a change of the
            /// file only if this did not change. How it looks (time-outs, bounds, accounts) is no part of it. Never
            /// shown.
            #[must_use]
            pub fn watched(&self) -> String {
                match self {
                    $( Self::$kind(kind) => MonitorKind::watched(&**kind), )+
                }
            }

            /// What it looks at, for a person: `GET https://shop.example.com/`.
            #[must_use]
            pub fn subject(&self) -> String {
                match self {
                    $( Self::$kind(kind) => MonitorKind::subject(&**kind), )+
                }
            }

            /// Calls of the Platform API that one reading costs at most.
            #[must_use]
            pub const fn heroku_calls_per_reading(&self) -> u32 {
                match self {
                    $( Self::$kind(_) => <$kind as MonitorKind>::HEROKU_CALLS_PER_READING, )+
                }
            }

            /// The Heroku account that it looks with, where it needs one.
            #[must_use]
            pub fn account(&self) -> Option<&AccountName> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::account(&**kind), )+
                }
            }

            /// The app that it looks at, where it looks at one by Heroku: its Platform API, or its logs.
            #[must_use]
            pub fn app(&self) -> Option<&AppName> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::app(&**kind), )+
                }
            }

            /// The host that it reaches, where it reaches one itself.
            #[must_use]
            pub fn host(&self) -> Option<String> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::host(&**kind), )+
                }
            }

            /// How long one reading may take at most, where it holds a connection of its own for as long.
            #[must_use]
            pub fn timeout(&self) -> Option<Duration> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::timeout(&**kind), )+
                }
            }

            /// How long a reading may take before it fails for that alone; none where it may take as long as it likes.
            #[must_use]
            pub fn slower_than(&self) -> Option<Duration> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::slower_than(&**kind), )+
                }
            }

            /// The setting that names the host, where it reaches one itself.
            #[must_use]
            pub const fn host_setting(&self) -> Option<&'static str> {
                match self {
                    $( Self::$kind(_) => <$kind as MonitorKind>::HOST_SETTING, )+
                }
            }

            /// Whether a failing reading of it can ever have this cause.
            #[must_use]
            pub fn can_fail_for(&self, cause: Cause) -> bool {
                match self {
                    $( Self::$kind(kind) => MonitorKind::can_fail_for(&**kind, cause), )+
                }
            }

            /// What of its settings is allowed and probably not meant.
            #[must_use]
            pub fn doubts(&self) -> Vec<Doubt> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::doubts(&**kind), )+
                }
            }

            /// The environment variables that it reads when it looks.
            pub fn variables(&self) -> Vec<&str> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::variables(&**kind), )+
                }
            }

            /// In which unit it measures, where its readings tell a number.
            #[must_use]
            pub fn measures(&self) -> Option<Unit> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::measures(&**kind), )+
                }
            }

            /// How far its number may go, where its readings tell one.
            #[must_use]
            pub fn levels(&self) -> Option<&Levels> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::levels(&**kind), )+
                }
            }

            /// Over how long its number is told.
            #[must_use]
            pub fn measures_over(&self) -> Option<Duration> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::measures_over(&**kind), )+
                }
            }

            /// The app whose drain it is told by, and which requests of it are to be counted, where it is told by one.
            #[must_use]
            pub fn drained(&self) -> Option<(&AppName, Narrow)> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::drained(&**kind), )+
                }
            }

            /// The app whose adapters it is told by, where it is told by one.
            #[must_use]
            pub fn adapted(&self) -> Option<&AppName> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::adapted(&**kind), )+
                }
            }

            /// The queues of jobs that it looks at, where it looks at some: all of its app where none is named.
            #[must_use]
            pub fn queues(&self) -> Option<&[String]> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::queues(&**kind), )+
                }
            }

            /// What it makes of what comes in by its monitor's key, where something may.
            #[must_use]
            pub fn ear(&self) -> Option<&dyn Ear> {
                match self {
                    $( Self::$kind(kind) => MonitorKind::ear(&**kind), )+
                }
            }

            /// Looks once.
            pub(crate) async fn observe(&self, means: &Means, look: Look<'_>) -> Reading {
                match self {
                    $( Self::$kind(kind) => MonitorKind::observe(&**kind, means, look).await, )+
                }
            }
        }
    };
}

pub(super) use kinds;
