//! Why a run cannot be undone, as values with their sentences.

use crate::{AppName, DynoName, DynoSize, ProcessType, Quantity, ReactionName, ReleaseVersion, RunId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a run cannot be undone. Each reads after "cannot be undone:", without a full stop, and says what to do where there is
/// something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum NoUndo {
    /// It has not ended.
    NotEnded,
    /// Nobody knows whether it took effect.
    InDoubt {
        /// Which run.
        run: RunId,
    },
    /// It did not take effect.
    NotDone,
    /// No call was sent.
    Superseded,
    /// Heroku refused it.
    Refused,
    /// It restarted dynos.
    Restarted,
    /// It started a one-off dyno.
    OneOff {
        /// On which app.
        app: AppName,
        /// Its dyno, where that was seen to run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running: Option<DynoName>,
    },
    /// It undoes another run itself.
    IsUndo {
        /// Which.
        of: RunId,
    },
    /// Another run undoes it, or did.
    UndoneBy {
        /// Which.
        run: RunId,
    },
    /// The quantity is not the one that it set.
    Quantity {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// What it is now.
        now: Quantity,
        /// What the run made it.
        made: Quantity,
        /// What it was before the run.
        before: Quantity,
    },
    /// The size is not the one that it set.
    Size {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// What it is now.
        now: DynoSize,
        /// What the run made it.
        made: DynoSize,
        /// What it was before the run.
        before: DynoSize,
    },
    /// Going back would set a quantity that Flyball does not set.
    OutOfBounds {
        /// Of which app.
        app: AppName,
        /// Of which process type.
        process_type: ProcessType,
        /// What it was before the run.
        before: Quantity,
    },
    /// Somebody else released since.
    ReleasedSince {
        /// What: the latest.
        version: ReleaseVersion,
        /// The release that the run made.
        made: ReleaseVersion,
    },
    /// A later rollback of ours left the content that the run went back to.
    LaterRollback {
        /// What runs now.
        current: ReleaseVersion,
        /// The release that the run made.
        made: ReleaseVersion,
    },
    /// The release that the run made cannot be told, or never ran.
    NotRunning {
        /// The release that it went back to.
        to: ReleaseVersion,
    },
    /// Heroku will not go back to what ran before.
    NotEligible {
        /// The release that ran before.
        before: ReleaseVersion,
    },
    /// Its reaction is not in the file any more.
    ReactionGone {
        /// Which.
        reaction: ReactionName,
    },
    /// Its reaction was changed, and does not do what the run did.
    ReactionChanged {
        /// Which.
        reaction: ReactionName,
    },
}

/// What helps where Flyball does not do it.
const BY_HAND: &str = "`heroku ps:scale`, `heroku ps:resize` or `heroku releases:rollback` says what you want";

impl fmt::Display for NoUndo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEnded => write!(f, "it has not ended yet"),
            Self::InDoubt { run } => {
                write!(f, "nobody knows whether it took effect: say so first, with `flyball settle {run} --done` or ")?;
                write!(f, "`--not-done`")
            }
            Self::NotDone => write!(f, "it did not take effect, so there is nothing to undo"),
            Self::Superseded => write!(f, "it was superseded and no call was sent, so there is nothing to undo"),
            Self::Refused => write!(f, "Heroku refused it, so there is nothing to undo"),
            Self::Restarted => write!(f, "a restart has no way back: the dynos that it ended are gone"),
            Self::OneOff { running: None, .. } => {
                write!(f, "a one-off dyno has no way back: what its command did is done")
            }
            Self::OneOff { app, running: Some(dyno) } => {
                write!(f, "a one-off dyno has no way back: what its command did is done; {dyno} still runs, and ")?;
                write!(f, "`heroku ps:stop {dyno} --app {app}` ends it")
            }
            Self::IsUndo { of } => {
                write!(f, "it undoes run {of} itself: `flyball react` has the reaction act once more")
            }
            Self::UndoneBy { run } => write!(f, "run {run} undoes it already"),
            Self::Quantity { app, process_type, now, made, before } => {
                write!(
                    f,
                    "{process_type} is {now} now, and not the {made} that the run made it; it was {before} before: "
                )?;
                write!(f, "`heroku ps:scale {process_type}={before} --app {app}` says what you want")
            }
            Self::Size { app, process_type, now, made, before } => {
                write!(
                    f,
                    "{process_type} is {now} now, and not the {made} that the run made it; it was {before} before: "
                )?;
                write!(f, "`heroku ps:resize {process_type}={before} --app {app}` says what you want")
            }
            Self::OutOfBounds { app, process_type, before } => {
                write!(f, "{process_type} was {before} before, and Flyball sets 1 to {} dynos: ", Self::QUANTITY_MAX)?;
                write!(f, "`heroku ps:scale {process_type}={before} --app {app}` says what you want")
            }
            Self::ReleasedSince { version, made } => {
                write!(
                    f,
                    "somebody released {version} since, after the {made} that the run made: what ran before is "
                )?;
                write!(f, "not what is wanted now; `heroku releases:rollback` goes back to what you choose")
            }
            Self::LaterRollback { current, made } => {
                write!(f, "{current} runs now, by a later rollback of ours, and not the {made} that the run made: ")?;
                write!(f, "undo the later one first")
            }
            Self::NotRunning { to } => {
                write!(
                    f,
                    "the release by which it went back to {to} is not among those that ran: see `heroku releases`"
                )
            }
            Self::NotEligible { before } => {
                write!(f, "Heroku will not go back to {before}, which ran before: deploy its code again")
            }
            Self::ReactionGone { reaction } => {
                write!(f, "\"{reaction}\" is not in the file any more, and no run is made for it: {BY_HAND}")
            }
            Self::ReactionChanged { reaction } => {
                write!(f, "\"{reaction}\" is another one by now, which would not do what the run did: {BY_HAND}")
            }
        }
    }
}

impl NoUndo {
    /// No undo sets more dynos than this, whatever was there before: as many as a file may let a reaction set.
    pub const QUANTITY_MAX: u32 = 100;
}
