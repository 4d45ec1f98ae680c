//! The transport to the real Heroku: HTTPS, and plain HTTP to this very machine.

use crate::{BODY_MAX, BaseUrl, Body, Request, Response, Transport, TransportError};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use std::sync::Arc;
use std::time::Duration;

/// How long connecting may take, TLS included: well below the shortest deadline, so that a host that swallows packets
/// is known as "never left us" and not as "may have arrived".
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long an idle connection is kept: Heroku's router closes idle ones after 55 s, and a change should not meet one
/// that is closing just then.
const IDLE_LIMIT: Duration = Duration::from_secs(30);
/// How often a connection with calls under way is asked whether it is still there, and how long it may take to say so.
/// Without it an HTTP/2 connection that a firewall forgot would swallow every call until TCP gives up.
const PING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(4));

/// Sends requests over TLS by rustls, with the system's roots; follows no redirect and repeats nothing.
#[derive(Debug, Clone)]
pub struct Https {
    client: reqwest::Client,
}

/// TLS could not be prepared: no roots, no randomness.
#[derive(Debug, thiserror::Error)]
#[error("prepare TLS")]
pub struct HttpsError(#[source] reqwest::Error);

impl Https {
    /// A transport to `base`, with a pool of connections of its own.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] if TLS cannot be prepared on this machine.
    pub fn new(base: &BaseUrl) -> Result<Self, HttpsError> {
        let (every, limit) = PING;
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_LIMIT)
            .pool_idle_timeout(IDLE_LIMIT)
            .http2_keep_alive_interval(every)
            .http2_keep_alive_timeout(limit);
        if base.is_loopback() {
            // A proxy could not reach this machine's own loopback, and would be shown the token in plain.
            builder = builder.no_proxy();
        }
        builder.build().map(|client| Self { client }).map_err(HttpsError)
    }
}

#[async_trait]
impl Transport for Https {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let deadline = request.deadline;
        let sent = self
            .client
            .request(request.method, request.url)
            .headers(request.headers)
            .timeout(deadline)
            .body(request.body)
            .send()
            .await;
        let mut response = sent.map_err(|error| failure(error, deadline))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = body(response, deadline).await;
        Ok(Response { status, headers, body })
    }
}

/// Reads the body as it comes and stops at the bound, whatever the headers promise.
async fn body(mut response: reqwest::Response, deadline: Duration) -> Body {
    let mut read = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if read.len() + chunk.len() > BODY_MAX => return Body::TooLong,
            Ok(Some(chunk)) => read.extend_from_slice(&chunk),
            Ok(None) => return Body::Whole(Bytes::from(read)),
            Err(error) => {
                return match failure(error, deadline) {
                    TransportError::TimedOut { .. } => Body::TimedOut,
                    broken => Body::Broken(broken),
                };
            }
        }
    }
}

/// Whether the request can have reached Heroku: not before there was a connection.
fn failure(error: reqwest::Error, deadline: Duration) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(Some(Arc::new(error.without_url())))
    } else if error.is_timeout() {
        TransportError::TimedOut { after: deadline }
    } else {
        TransportError::MaybeSent(Some(Arc::new(error.without_url())))
    }
}
