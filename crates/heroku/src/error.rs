//! Why a call failed.

use crate::Call;
use crate::text::clean;
use crate::token::Source;
use flyball_model::Timestamp;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The longest message of Heroku that an error keeps, in characters: the longest known one has about 170.
const MESSAGE_CHARS_MAX: usize = 300;
/// The longest error id or resource name that an error keeps, in characters: the longest known one has 31.
const ID_CHARS_MAX: usize = 60;
/// The longest `Request-Id` that is kept, in characters: Heroku chains several UUIDs, and its CLI keeps up to 7 KB.
const REQUEST_ID_CHARS_MAX: usize = 1_000;

/// A call that failed.
///
/// `Display` is one lowercase fragment that reads after "cannot …" and holds subject and cause. For a message in
/// several lines take [`Error::call`], [`Error::cause`] and [`Error::hint`] apart. Cheap to clone, so that everybody
/// who waited for one shared call can be told.
#[derive(Debug, Clone)]
pub struct Error(Arc<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    call: Call,
    kind: ErrorKind,
    status: Option<u16>,
    id: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    date: Option<Timestamp>,
    token_from: Option<Arc<Source>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What went wrong, by status and error id; never by message.
///
/// Source: Platform API reference, *errors*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401: the token is missing, wrong or expired.
    Unauthorized,
    /// The token was refused with 401 a short while ago: nothing was sent.
    Stopped {
        /// When the call was sent whose answer said so.
        refused_at: Timestamp,
        /// From when on one call goes out again, to see whether the token is taken now.
        until: Timestamp,
    },
    /// 403 `two_factor`: the account wants a second factor for this.
    TwoFactor,
    /// 403: the account may not do this.
    Forbidden,
    /// 403 `suspended`: the account or the app is suspended.
    Suspended,
    /// 402: unpaid, or without a verified payment method.
    Delinquent,
    /// 404.
    NotFound {
        /// What was not found, in Heroku's word, where it says so: `app`.
        resource: Option<String>,
    },
    /// 409: the state does not allow it just now.
    Conflict,
    /// 422: understood, and refused.
    Invalid {
        /// Heroku's error id: `invalid_params`, `cannot_update_above_limit`, …
        id: String,
        /// Heroku's words, bounded, without control characters.
        message: String,
        /// The limit that was passed, where Heroku names it.
        limit: Option<u32>,
    },
    /// 429: the account's token bucket is empty.
    RateLimited,
    /// Our own count of the account's token bucket forbade it: nothing was sent.
    OverBudget {
        /// When there will be a token for this caller, at the earliest.
        wait: Duration,
    },
    /// 5xx, with whatever body.
    Server {
        /// The status.
        status: u16,
    },
    /// Any other status that is no success.
    Unexpected {
        /// The status.
        status: u16,
    },
    /// No whole answer within the call's deadline.
    TimedOut,
    /// The name was not found, nobody listened, or no trusted TLS connection came about: nothing was sent.
    Connect,
    /// The connection was lost midway.
    Broken,
    /// Heroku says that it succeeded, but the answer was not understood, or too long.
    Unreadable,
    /// A changing call on a [`crate::ReadOnly`] body: nothing was sent.
    ReadOnly,
}

/// Whether a failed call can have reached Heroku.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It certainly never left us.
    No,
    /// It may have arrived, and a change may have taken effect.
    Maybe,
    /// It arrived and Heroku refused it: it had no effect.
    Refused,
}

impl Error {
    /// A failure of `call`; add what came with it with the `with_…` methods.
    #[must_use]
    pub fn new(call: Call, kind: ErrorKind) -> Self {
        let kind = match kind {
            ErrorKind::Invalid { id, message, limit } => {
                ErrorKind::Invalid { id: clean(&id, ID_CHARS_MAX), message: clean(&message, MESSAGE_CHARS_MAX), limit }
            }
            ErrorKind::NotFound { resource } => {
                ErrorKind::NotFound { resource: resource.map(|resource| clean(&resource, ID_CHARS_MAX)) }
            }
            other => other,
        };
        Self(Arc::new(Parts {
            call,
            kind,
            status: None,
            id: None,
            message: None,
            request_id: None,
            date: None,
            token_from: None,
            source: None,
        }))
    }

    /// The same, with the status of Heroku's answer and the error id in it, if there was one: at most 60 characters.
    #[must_use]
    pub fn with_refusal(mut self, status: u16, id: &str) -> Self {
        let id = clean(id, ID_CHARS_MAX);
        let parts = Arc::make_mut(&mut self.0);
        parts.status = Some(status);
        parts.id = (!id.is_empty()).then_some(id);
        self
    }

    /// The same, with Heroku's words: bounded to 300 characters, control characters removed.
    #[must_use]
    pub fn with_message(mut self, message: &str) -> Self {
        let message = clean(message, MESSAGE_CHARS_MAX);
        Arc::make_mut(&mut self.0).message = (!message.is_empty()).then_some(message);
        self
    }

    /// The same, with the answer's `Request-Id` and `Date`.
    #[must_use]
    pub fn with_answer(mut self, request_id: Option<String>, date: Option<Timestamp>) -> Self {
        let parts = Arc::make_mut(&mut self.0);
        parts.request_id = request_id.map(|id| clean(&id, REQUEST_ID_CHARS_MAX));
        parts.date = date;
        self
    }

    /// The same, with where the token was found that Heroku refused.
    pub(crate) fn with_token_from(mut self, source: Arc<Source>) -> Self {
        Arc::make_mut(&mut self.0).token_from = Some(source);
        self
    }

    /// The same, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        Arc::make_mut(&mut self.0).source = Some(Arc::new(source));
        self
    }

    /// What was asked. Reads after "cannot …".
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.0.call
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Whether Heroku does not take the token: it said so to this call, or lately to another and this one was not sent.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unauthorized | ErrorKind::Stopped { .. })
    }

    /// The status of Heroku's answer; `None` when no answer came, or when the answer was a success.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Heroku's own error id, as it came: `invalid_params`. `None` when the answer had none.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_deref()
    }

    /// Heroku's own words, if it had any: bounded, one line.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match &self.0.kind {
            ErrorKind::Invalid { message, .. } if !message.is_empty() => Some(message),
            _ => self.0.message.as_deref(),
        }
    }

    /// The `Request-Id` header of the refusal, whole: what Heroku's support asks for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Heroku's clock when it refused.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        self.0.date
    }

    /// The cause in one lowercase fragment, with Heroku's words and the request's id.
    #[must_use]
    pub fn cause(&self) -> String {
        let mut cause = self.0.kind.to_string();
        if let Some(message) = self.message() {
            cause.push_str(": ");
            cause.push_str(message.trim_end_matches('.'));
        }
        if let Some(request_id) = self.request_id() {
            cause.push_str(" (request ");
            cause.push_str(request_id);
            cause.push(')');
        }
        cause
    }

    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        crate::hint::hint(&self.0.call, &self.0.kind, self.id(), self.0.token_from.as_deref())
    }

    /// Whether the call can have reached Heroku.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match &self.0.kind {
            ErrorKind::Stopped { .. } | ErrorKind::OverBudget { .. } | ErrorKind::Connect | ErrorKind::ReadOnly => {
                Sent::No
            }
            ErrorKind::Unauthorized
            | ErrorKind::TwoFactor
            | ErrorKind::Forbidden
            | ErrorKind::Suspended
            | ErrorKind::Delinquent
            | ErrorKind::NotFound { .. }
            | ErrorKind::Conflict
            | ErrorKind::Invalid { .. }
            | ErrorKind::RateLimited => Sent::Refused,
            ErrorKind::Unexpected { status } if is_refusal(*status) => Sent::Refused,
            ErrorKind::Unexpected { .. }
            | ErrorKind::Server { .. }
            | ErrorKind::TimedOut
            | ErrorKind::Broken
            | ErrorKind::Unreadable => Sent::Maybe,
        }
    }
}

impl ErrorKind {
    /// Whether Heroku refused, and goes on refusing the same call until a person changes something: the token, the
    /// payment method, the file.
    ///
    /// [`ErrorKind::Stopped`] is not among them although the token was refused: this call was not sent, and the token is
    /// tried again by itself.
    #[must_use]
    pub fn lasts(&self) -> bool {
        match self {
            Self::Unauthorized
            | Self::TwoFactor
            | Self::Forbidden
            | Self::Suspended
            | Self::Delinquent
            | Self::NotFound { .. }
            | Self::Invalid { .. } => true,
            Self::Unexpected { status } => is_refusal(*status),
            Self::Stopped { .. }
            | Self::Conflict
            | Self::RateLimited
            | Self::OverBudget { .. }
            | Self::Server { .. }
            | Self::TimedOut
            | Self::Connect
            | Self::Broken
            | Self::Unreadable
            | Self::ReadOnly => false,
        }
    }
}

/// Whether an unexpected status means that Heroku refused. A 408 does not: a router sends it for a request that it lost
/// sight of.
fn is_refusal(status: u16) -> bool {
    (400..500).contains(&status) && status != 408
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.call, self.cause())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized => f.write_str("the Platform API does not know the token (401)"),
            Self::Stopped { until, .. } => {
                write!(f, "not sent: Heroku refused the token and is asked again at {until}")
            }
            Self::TwoFactor => f.write_str("the account wants a second factor for this (403 `two_factor`)"),
            Self::Forbidden => f.write_str("the account may not do this (403)"),
            Self::Suspended => f.write_str("the account or the app is suspended (403 `suspended`)"),
            Self::Delinquent => f.write_str("the account is unpaid or not verified (402)"),
            Self::NotFound { resource: Some(resource) } => write!(f, "no such {resource} (404)"),
            Self::NotFound { resource: None } => f.write_str("the Platform API answered 404"),
            Self::Conflict => f.write_str("the app's state does not allow it just now (409)"),
            Self::Invalid { id, .. } if id.is_empty() => f.write_str("the Platform API answered 422"),
            Self::Invalid { id, .. } => write!(f, "the Platform API answered 422 `{id}`"),
            Self::RateLimited => f.write_str("the account's calls are used up (429)"),
            Self::OverBudget { .. } => f.write_str("not sent, because the account's calls are nearly used up"),
            Self::Server { status } => write!(f, "the Platform API is in trouble ({status})"),
            Self::Unexpected { status } => write!(f, "the Platform API answered {status}, which was not expected"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Connect => f.write_str("not sent, because no connection to the Platform API came about"),
            Self::Broken => f.write_str("the connection was lost before the answer was whole"),
            Self::Unreadable => f.write_str("the Platform API's answer was not understood"),
            Self::ReadOnly => f.write_str("not sent, because nothing may be changed here"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(Call::RestartAll { app: "shop".parse().unwrap() }, kind)
    }

    #[test]
    fn an_error_reads_after_cannot_and_keeps_its_cause_apart() {
        let plain = error(ErrorKind::TimedOut);
        assert_eq!(plain.to_string(), "restart all dynos of `shop`: no answer in time");
        let full = error(ErrorKind::Server { status: 503 })
            .with_message("Down for\r\n maintenance.")
            .with_answer(Some("7f3c2a".into()), None)
            .with_source(std::io::Error::other("deep inside"));
        assert_eq!(
            full.to_string(),
            "restart all dynos of `shop`: the Platform API is in trouble (503): Down for maintenance (request 7f3c2a)"
        );
        assert_eq!(StdError::source(&full).unwrap().to_string(), "deep inside");
    }

    #[test]
    fn what_heroku_says_is_bounded_wherever_it_is_kept() {
        let long = "x".repeat(100_000);
        let invalid = ErrorKind::Invalid { id: long.clone(), message: long.clone(), limit: None };
        for kind in [invalid, ErrorKind::NotFound { resource: Some(long.clone()) }, ErrorKind::Forbidden] {
            let shown = error(kind).with_message(&long).with_refusal(422, &long).with_answer(Some(long.clone()), None);
            assert!(shown.to_string().len() < 2_000 && format!("{shown:?}").len() < 4_000);
        }
    }

    #[test]
    fn a_refusal_lasts_until_a_person_changes_something() {
        let at = Timestamp::EPOCH;
        // (kind, whether it lasts, whether it can have reached Heroku)
        for (kind, lasts, sent) in [
            (ErrorKind::Unauthorized, true, Sent::Refused),
            (ErrorKind::Stopped { refused_at: at, until: at }, false, Sent::No),
            (ErrorKind::TwoFactor, true, Sent::Refused),
            (ErrorKind::Forbidden, true, Sent::Refused),
            (ErrorKind::Suspended, true, Sent::Refused),
            (ErrorKind::Delinquent, true, Sent::Refused),
            (ErrorKind::NotFound { resource: None }, true, Sent::Refused),
            (ErrorKind::Conflict, false, Sent::Refused),
            (ErrorKind::Invalid { id: String::new(), message: String::new(), limit: None }, true, Sent::Refused),
            (ErrorKind::RateLimited, false, Sent::Refused),
            (ErrorKind::OverBudget { wait: Duration::ZERO }, false, Sent::No),
            (ErrorKind::Server { status: 503 }, false, Sent::Maybe),
            (ErrorKind::Unexpected { status: 302 }, false, Sent::Maybe),
            (ErrorKind::Unexpected { status: 400 }, true, Sent::Refused),
            (ErrorKind::Unexpected { status: 408 }, false, Sent::Maybe),
            (ErrorKind::Unexpected { status: 410 }, true, Sent::Refused),
            (ErrorKind::TimedOut, false, Sent::Maybe),
            (ErrorKind::Connect, false, Sent::No),
            (ErrorKind::Broken, false, Sent::Maybe),
            (ErrorKind::Unreadable, false, Sent::Maybe),
            (ErrorKind::ReadOnly, false, Sent::No),
        ] {
            let error = error(kind);
            assert_eq!((error.kind().lasts(), error.sent()), (lasts, sent), "{error:?}");
        }
    }

    #[test]
    fn an_error_keeps_heroku_s_own_status_and_id() {
        let refused = error(ErrorKind::Forbidden).with_refusal(403, "something_new");
        assert_eq!((refused.status(), refused.id()), (Some(403), Some("something_new")));
        let without_id = error(ErrorKind::NotFound { resource: None }).with_refusal(404, "");
        assert_eq!((without_id.status(), without_id.id()), (Some(404), None));
        assert_eq!((error(ErrorKind::TimedOut).status(), error(ErrorKind::TimedOut).id()), (None, None));
    }

    #[test]
    fn an_error_is_small_and_shared() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }
}
