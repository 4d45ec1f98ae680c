//! What is seen of an app, before a call and after its answer was lost.

use super::dynos;
use crate::{Changed, NotSeen, Unchanged, Unclear};
use std::fmt;

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity { process_type, quantity, from } => {
                write!(f, "{process_type} has {quantity} dynos by now, and not {from}")
            }
            Self::Size { process_type, size, from } => write!(f, "{process_type} is {size} by now, and not {from}"),
            Self::NoProcessType { process_type } => write!(f, "the app has no process type {process_type} any more"),
            Self::DynoRestarted { dyno } => write!(f, "{dyno} has been restarted already"),
            Self::NoDyno { dyno } => write!(f, "there is no {dyno} any more"),
            Self::DynosGone { gone } => write!(f, "{gone} of the dynos have been restarted, or stopped, already"),
            Self::NoCurrentRelease => write!(f, "no release is current any more"),
            Self::Current { current, from } => write!(f, "{current} is current by now, and not {from}"),
            Self::Pending { pending } => write!(f, "{pending} is in its release phase by now"),
            Self::NotEligible { to } => write!(f, "{to} can no longer be gone back to"),
            Self::Told(words) => words.fmt(f),
        }
    }
}

impl fmt::Display for Unchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quantity { process_type, quantity } => write!(f, "{process_type} has {}", dynos(*quantity)),
            Self::Size { process_type, size } => write!(f, "{process_type} is {size}"),
            Self::NoProcessType { process_type } => write!(f, "the app has no process type {process_type}"),
            Self::SameDyno { dyno } => write!(f, "{dyno} is still the same dyno"),
            Self::AllSameDynos => write!(f, "every dyno is still the same"),
            Self::SomeSameDynos { same, of } => write!(f, "{same} of {of} dynos are still the same"),
            Self::NoRollback { from, to } => {
                write!(f, "there is no release newer than {from} that goes back to {to}")
            }
        }
    }
}

impl fmt::Display for Unclear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDynos => write!(f, "the app has no dynos now"),
            Self::DynoGone { dyno } => write!(f, "{dyno} is gone, and none has come under its name"),
            Self::NoOneOff => write!(f, "no such one-off dyno is there, and it may have come and gone"),
            Self::OneOffOfAnother => {
                write!(f, "such a one-off dyno is there, and another run may have started it")
            }
        }
    }
}

impl fmt::Display for NotSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotLook { error } => error.fmt(f),
            Self::NoAccount { account } => write!(f, "there is no account \"{account}\" any more"),
            Self::OutOfDate { because } => because.fmt(f),
            Self::OldReleases { before } => {
                write!(f, "Heroku answers with an old list of releases, which ends before {before}")
            }
        }
    }
}
