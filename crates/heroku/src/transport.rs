//! The seam between the client's logic and the wire.
//!
//! Everything above it ([`crate::Live`]) builds requests and reads answers; everything below it only carries bytes.
//! Tests put a simulated Heroku here, with answers lost before or after their effect.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// The longest body that is read, in bytes. A page of 1,000 dynos has about 600 KB, one of 200 releases with long
/// lists of add-ons about as much; what is longer is not Heroku's, and is cut off.
pub const BODY_MAX: usize = 4 * 1024 * 1024;

/// One request, ready to be sent. `Debug` shows neither the token nor the body.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: Url,
    /// Every header except those of the connection itself; `Authorization` is marked as sensitive.
    pub headers: HeaderMap,
    /// The body; empty for calls without one.
    pub body: Bytes,
    /// How long the whole exchange may take, from now to the last byte of the answer.
    pub deadline: Duration,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// An answer whose head arrived. `Debug` does not show the body.
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as far as it came.
    pub body: Body,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &self.body)
            .finish()
    }
}

/// How a body ended. The head alone may decide: a 422 is a refusal even if its explanation was cut off.
pub enum Body {
    /// It came whole.
    Whole(Bytes),
    /// It was longer than [`BODY_MAX`].
    TooLong,
    /// The connection was lost before its end.
    Broken(TransportError),
    /// The deadline passed before its end.
    TimedOut,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::TooLong => write!(f, "more than {BODY_MAX} bytes"),
            Self::Broken(_) => f.write_str("broken off"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

/// Why there is no answer at all.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// Certainly nothing left us: no such name, nobody listening, no trusted TLS connection.
    #[error("no connection")]
    NotSent(#[source] Option<Arc<dyn StdError + Send + Sync>>),
    /// The connection was lost when the request may have arrived.
    #[error("connection lost")]
    MaybeSent(#[source] Option<Arc<dyn StdError + Send + Sync>>),
    /// The deadline passed when the request may have arrived.
    #[error("no answer within {} ms", .after.as_millis())]
    TimedOut {
        /// The deadline.
        after: Duration,
    },
}

/// Carries one request to Heroku and its answer back: no retries, no redirects, no opinion.
///
/// Implementations stop at `request.deadline` and read at most [`BODY_MAX`] bytes of the body.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` once.
    ///
    /// # Errors
    ///
    /// [`TransportError`] if no head of an answer arrived; it says whether the request can have reached Heroku.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}
