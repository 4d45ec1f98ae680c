//! Why a history was not copied.

use crate::{Error, Place};
use flyball_model::Excerpt;

/// Where two stores are not the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// A row that only the source has.
    #[error("{table}, {key}: this row is missing")]
    Missing {
        /// The table.
        table: &'static str,
        /// The row's key: each column and its value.
        key: String,
    },
    /// A row that only the target has.
    #[error("{table}, {key}: this row is not in the source")]
    Foreign {
        /// The table.
        table: &'static str,
        /// The row's key: each column and its value.
        key: String,
    },
    /// A row that both have, with another value.
    #[error("{table}, {key}: `{column}` has another value than in the source")]
    Other {
        /// The table.
        table: &'static str,
        /// The row's key: each column and its value.
        key: String,
        /// The first column in which they differ.
        column: &'static str,
    },
}

/// Why a history was not copied. The source is never changed.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two stores does not do what it should.
    #[error(transparent)]
    Store(#[from] Error),
    /// From and to are one.
    #[error("cannot copy {place} to itself")]
    Itself {
        /// The one.
        place: Place,
    },
    /// An engine works on one of them. Nothing is written from then on.
    #[error("cannot copy while an engine runs on {place}: {}", whose(host.as_ref(), *process))]
    EngineRuns {
        /// The store that it works on.
        place: Place,
        /// The machine that it runs on; none where that is this one.
        host: Option<Excerpt>,
        /// Its process there, where that is known.
        process: Option<u32>,
    },
    /// The source has the schema of an earlier version. Nothing was written.
    #[error("cannot copy {place}: it has schema {has}, and this version copies schema {knows}")]
    Older {
        /// The source.
        place: Place,
        /// The schema that it has.
        has: i64,
        /// The one that is copied.
        knows: i64,
    },
    /// The target holds a history of an earlier version. Nothing was written.
    #[error("cannot copy to {place}: it holds a history of an earlier version, and two are never made one")]
    OlderTarget {
        /// The target.
        place: Place,
    },
    /// The target holds another history than the source. Nothing was written.
    #[error("cannot copy to {to}: it holds a history that is not that of {from}, and two are never made one")]
    NotOurs {
        /// The source.
        from: Place,
        /// The target.
        to: Place,
        /// The first row that shows it.
        #[source]
        difference: Difference,
    },
    /// All was copied, and the two are not the same.
    #[error("{to} is not the same as {from} after the copy")]
    Differs {
        /// The source.
        from: Place,
        /// The target.
        to: Place,
        /// Where first.
        #[source]
        difference: Difference,
    },
}

impl CopyError {
    /// What a person can do, as a sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Itself { .. } => "name two stores: one with --from, another with --to".into(),
            Self::EngineRuns { .. } => {
                "stop it and copy again; one that was killed is forgotten after a quarter of a minute".into()
            }
            Self::Older { place, .. } => format!(
                "start `flyball up` of this version on {place} once, or on a copy of it, and stop it: that brings it up to date"
            ),
            Self::OlderTarget { place: to } | Self::NotOurs { to, .. } => match to {
                Place::File(file) => {
                    format!("name a file that is not there yet; or move {} away, if nobody needs it", file.display())
                }
                Place::Server(_) => {
                    "name an empty database; or empty this one by `DROP SCHEMA flyball CASCADE`, if nobody \
                    needs what it holds"
                        .into()
                }
            },
            Self::Differs { to, .. } => {
                format!(
                    "see who writes to one of them, and copy again; no engine starts on {to} until they are the same"
                )
            }
        })
    }
}

fn whose(host: Option<&Excerpt>, process: Option<u32>) -> String {
    let host = host.map_or("this machine", Excerpt::as_str);
    process.map_or_else(|| format!("on {host}"), |process| format!("process {process} on {host}"))
}
