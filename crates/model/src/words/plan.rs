//! What plans do.

use super::list;
use crate::{Plan, PlanSummary, duration};
use std::fmt;

impl fmt::Display for Plan {
    /// "web of shop from 2 to 3".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary().fmt(f)
    }
}

impl fmt::Display for PlanSummary {
    /// "web of shop from 2 to 3".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetQuantity { app, process_type, from, to } => {
                write!(f, "{process_type} of {app} from {from} to {to}")
            }
            Self::SetSize { app, process_type, from, to } => write!(f, "{process_type} of {app} from {from} to {to}"),
            Self::RestartDyno { app, dyno } => write!(f, "restart {dyno} of {app}"),
            Self::RestartAll { app, dynos: 1 } => write!(f, "restart the one dyno of {app}"),
            Self::RestartAll { app, dynos } => write!(f, "restart all {dynos} dynos of {app}"),
            Self::RollBack { app, from, origin, to, restores } => {
                write!(f, "{app} back from {from}")?;
                if from != origin {
                    write!(f, " (content of {origin})")?;
                }
                write!(f, " to {to}")?;
                match restores.as_deref() {
                    None | Some([]) => Ok(()),
                    Some(names) => write!(f, ", and with it the config vars {}", list(names)),
                }
            }
            Self::RunOneOff { app, command, size, time_to_live } => {
                write!(f, "run `{command}` once on {app}")?;
                if let Some(size) = size {
                    write!(f, " on a {size}")?;
                }
                write!(f, ", for {} at most", duration::print(*time_to_live))
            }
            Self::Told(words) => words.fmt(f),
        }
    }
}
