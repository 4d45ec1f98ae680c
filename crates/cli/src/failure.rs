//! Why a command did not do what it was asked to, as a person is told: what, why, and what to do.

use crate::exit::Exit;
use clap::builder::styling::{AnsiColor, Style};
use flyball_config::{Colour, Mistakes};
use flyball_engine::doctor::Finding;
use flyball_heroku::ErrorKind;
use std::fmt;

/// At most this many causes are told: more of them help nobody.
const CAUSES_MAX: usize = 8;

/// Why a command ends without having done what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something went wrong, and here is what to do.
    Told(Box<Told>),
    /// The file has mistakes.
    Mistakes(Box<Mistakes>),
    /// Whoever read our output has seen enough. No error.
    ClosedPipe,
}

/// What is told of a failure.
#[derive(Debug)]
pub(crate) struct Told {
    /// A fragment that reads after "error: ", without a full stop: "cannot read shop.toml".
    what: String,
    causes: Vec<String>,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// A failure without causes and hint.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self::Told(Box::new(Told { what: what.into(), causes: Vec::new(), hint: None, exit }))
    }

    /// The same, with one more cause.
    pub(crate) fn because(mut self, cause: impl fmt::Display) -> Self {
        if let Self::Told(told) = &mut self {
            told.causes.push(cause.to_string());
        }
        self
    }

    /// The same, with what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Told(told) = &mut self {
            told.hint = Some(hint.into());
        }
        self
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Told(told) => told.exit,
            Self::Mistakes(_) => Exit::CONFIGURATION,
            Self::ClosedPipe => Exit::GOOD,
        }
    }

    /// As a finding of the diagnosis: what and why; and what to do, where that is known.
    pub(crate) fn finding(self, about: &'static str) -> Finding {
        match self {
            Self::Told(told) => {
                let words: Vec<String> = std::iter::once(told.what).chain(told.causes).collect();
                Finding { hint: told.hint, ..Finding::bad(about, words.join(": ")) }
            }
            Self::Mistakes(mistakes) => Finding::bad(about, mistakes.render(Colour::Plain)),
            Self::ClosedPipe => Finding::bad(about, ""),
        }
    }

    /// As it is told on stderr, with colours, without a line break at the end; nothing for a closed pipe.
    pub(crate) fn render(&self) -> Option<String> {
        match self {
            Self::Told(told) => Some(told.render()),
            Self::Mistakes(mistakes) => Some(mistakes.render(Colour::Ansi)),
            Self::ClosedPipe => None,
        }
    }
}

impl Told {
    fn render(&self) -> String {
        let label = |style: Style, label: &str| format!("{style}{label}:{style:#}");
        let red = AnsiColor::Red.on_default().bold();
        let mut lines = vec![format!("{} {}", label(red, "error"), self.what)];
        let plain = Style::new().bold();
        lines.extend(self.causes.iter().map(|cause| format!("  {} {cause}", label(plain, "cause"))));
        let green = AnsiColor::Green.on_default().bold();
        lines.extend(self.hint.iter().map(|hint| format!("  {} {hint}", label(green, "hint"))));
        lines.join("\n")
    }
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        Self::Mistakes(Box::new(mistakes))
    }
}

impl From<flyball_store::Error> for Failure {
    fn from(error: flyball_store::Error) -> Self {
        use flyball_store::Error;
        let exit = match &error {
            Error::Busy { .. }
            | Error::Full { .. }
            | Error::EngineRuns { .. }
            | Error::LockedByStranger { .. }
            | Error::Away { .. }
            | Error::Fenced { .. } => Exit::TRY_AGAIN,
            Error::ReadOnly { .. } | Error::CannotOpen { .. } | Error::TurnedAway { .. } | Error::NotSafe { .. } => {
                Exit::NO_PERMISSION
            }
            Error::Unsupported { .. } | Error::NotAnAddress => Exit::CONFIGURATION,
            Error::Corrupt { .. }
            | Error::Unreadable { .. }
            | Error::Newer { .. }
            | Error::EngineIsOlder { .. }
            | Error::NotPlain { .. }
            | Error::NotOurs { .. }
            | Error::NotALock { .. }
            | Error::NotThere { .. }
            | Error::Unfinished { .. }
            | Error::Other { .. } => Exit::NO,
        };
        Self::of_store(&error, exit)
    }
}

impl From<flyball_store::CopyError> for Failure {
    fn from(error: flyball_store::CopyError) -> Self {
        use flyball_store::CopyError;
        let exit = match error {
            CopyError::Store(error) => return error.into(),
            CopyError::EngineRuns { .. } => Exit::TRY_AGAIN,
            CopyError::Itself { .. } => Exit::CONFIGURATION,
            CopyError::Older { .. }
            | CopyError::OlderTarget { .. }
            | CopyError::NotOurs { .. }
            | CopyError::Differs { .. } => Exit::NO,
        };
        Self::of_error(&error, error.hint(), exit)
    }
}

impl Failure {
    /// What the store did not do, with another exit code than its own.
    pub(crate) fn of_store(error: &flyball_store::Error, exit: Exit) -> Self {
        Self::of_error(error, error.hint(), exit)
    }

    fn of_error(error: &dyn std::error::Error, hint: Option<String>, exit: Exit) -> Self {
        let mut failure = Self::new(exit, error.to_string());
        let mut source = error.source();
        for _ in 0..CAUSES_MAX {
            let Some(cause) = source else { break };
            failure = failure.because(cause);
            source = cause.source();
        }
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<flyball_heroku::Error> for Failure {
    fn from(error: flyball_heroku::Error) -> Self {
        let failure = Self::new(exit_of(error.kind()), format!("cannot {}", error.call())).because(error.cause());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// How the process ends after a call that failed like this.
pub(crate) fn exit_of(kind: &ErrorKind) -> Exit {
    match kind {
        ErrorKind::Unauthorized
        | ErrorKind::Stopped { .. }
        | ErrorKind::TwoFactor
        | ErrorKind::Forbidden
        | ErrorKind::Suspended
        | ErrorKind::Delinquent => Exit::NO_PERMISSION,
        ErrorKind::Conflict
        | ErrorKind::RateLimited
        | ErrorKind::OverBudget { .. }
        | ErrorKind::Server { .. }
        | ErrorKind::TimedOut
        | ErrorKind::Connect
        | ErrorKind::Broken => Exit::TRY_AGAIN,
        ErrorKind::NotFound { .. }
        | ErrorKind::Invalid { .. }
        | ErrorKind::Unexpected { .. }
        | ErrorKind::Unreadable
        | ErrorKind::ReadOnly => Exit::NO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(failure: &Failure) -> String {
        anstream::adapter::strip_str(&failure.render().unwrap()).to_string()
    }

    #[test]
    fn a_failure_says_what_happened_why_and_what_to_do() {
        let failure = Failure::new(Exit::NO, "cannot read shop.toml").because("no such file").hint("make it");
        assert_eq!(plain(&failure), "error: cannot read shop.toml\n  cause: no such file\n  hint: make it");
    }

    #[test]
    fn a_refused_token_is_a_matter_of_permission_and_a_full_bucket_of_time() {
        let error = |kind| Failure::from(flyball_heroku::Error::new(flyball_heroku::Call::Account, kind));
        assert_eq!(error(ErrorKind::Unauthorized).exit(), Exit::NO_PERMISSION);
        assert_eq!(error(ErrorKind::RateLimited).exit(), Exit::TRY_AGAIN);
        assert!(plain(&error(ErrorKind::Unauthorized)).contains("hint: the token is wrong or expired"));
    }
}
