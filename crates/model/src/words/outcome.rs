//! How runs end, and why.

use super::dynos;
use crate::{Look, Outcome, WhyInDoubt, WhyLost, WhyNotDone, WhySuperseded};
use std::fmt;

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { seen: Look::Answered, release: Some(made), .. } => write!(f, "done, as {made}"),
            Self::Done { seen: Look::Answered, dyno_name: Some(started), .. } => write!(f, "started as {started}"),
            Self::Done { seen: Look::Answered, .. } => write!(f, "done"),
            Self::Done { seen: Look::SeenAfterwards, dyno_name: Some(started), .. } => {
                write!(f, "started as {started}: the answer was lost, and it was seen afterwards")
            }
            Self::Done { seen: Look::SeenAfterwards, .. } => {
                write!(f, "done: the answer was lost, and it was seen afterwards")
            }
            Self::Done { seen: Look::SaidSo, .. } => write!(f, "done, as a person said"),
            Self::NotDone { why } => write!(f, "not done: {why}"),
            Self::Superseded { why } => write!(f, "superseded, no call was sent: {why}"),
            Self::Refused { why, .. } => write!(f, "refused: {why}"),
            Self::InDoubt { why } => write!(f, "in doubt: {why}"),
        }
    }
}

impl fmt::Display for WhyNotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoreTooLate => write!(f, "the store did not answer in time, so nothing was sent"),
            Self::SaidSo { by } => write!(f, "{by} said so"),
            Self::Stopped => write!(f, "Flyball was stopped before the call was sent"),
            Self::CannotLook { error } => {
                write!(f, "nothing was sent, since the app could not be looked at: {error}")
            }
            Self::StoreFailed { error } => write!(f, "nothing was sent: {error}"),
            Self::NoVariable { name } => {
                write!(f, "nothing was sent: {} where Flyball runs", crate::not_had(name))
            }
            Self::CallFailed { error } => error.fmt(f),
            Self::DidNotHappen { seen } => write!(f, "the answer was lost, and it did not happen: {seen}"),
            Self::Told(words) => words.fmt(f),
        }
    }
}

impl fmt::Display for WhySuperseded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { because } => because.fmt(f),
            Self::Paused { scope, by } => write!(f, "{scope} was paused by {by}"),
            Self::WaitedTooLong => write!(f, "it waited too long behind another run on the app"),
            Self::NoAccount { account } => write!(f, "there is no account \"{account}\" any more"),
            Self::NoReaction => write!(f, "the reaction is not in the file that Flyball follows"),
            Self::Restarted => write!(f, "Flyball was restarted before it began"),
            Self::Told(words) => words.fmt(f),
        }
    }
}

impl fmt::Display for WhyInDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unclear { seen } => write!(f, "the answer was lost: {seen}"),
            Self::NotSeen { why } => write!(f, "the answer was lost, and nothing could be seen for an hour: {why}"),
            Self::Told(words) => words.fmt(f),
        }
    }
}

impl fmt::Display for WhyLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CallFailed { error } => error.fmt(f),
            Self::OtherQuantity { process_type, quantity } => {
                write!(f, "Heroku answered that {process_type} has {}", dynos(*quantity))
            }
            Self::OtherSize { process_type, size } => write!(f, "Heroku answered that {process_type} is {size}"),
            Self::Told(words) => words.fmt(f),
        }
    }
}
