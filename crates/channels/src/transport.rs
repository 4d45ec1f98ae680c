//! The seam between what is told and the wire. Above it everything is a plain function of values; below it bytes are only carried.

use crate::Endpoint;
use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use secrecy::SecretString;
use std::fmt;

/// One POST, ready to be sent. `Debug` shows neither the address, which may be a secret, nor headers and body.
#[derive(Clone)]
pub struct Request {
    /// Where to.
    pub to: Endpoint,
    /// Every header but those of the connection itself; credentials among them are marked as sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {} bytes)", self.to.host(), self.body.len())
    }
}

/// An answer, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Retry-After` header, as it was written.
    pub retry_after: Option<String>,
    /// The beginning of the body, at most [`ANSWER_BYTES_MAX`](crate::ANSWER_BYTES_MAX) bytes.
    pub body: Vec<u8>,
}

/// One e-mail, ready to be sent.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Who sends it, as the server is told.
    pub from: String,
    /// Whom it is for, as the server is told.
    pub to: Vec<String>,
    /// The whole message with its headers.
    pub message: Bytes,
}

/// How a connection to a mail server is kept from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// It begins plain and is encrypted before anything is said; one that is not is given up.
    StartTls,
    /// It is encrypted from its first byte on.
    Tls,
    /// It is not: on this machine only.
    None,
}

/// The server that takes an e-mail.
#[derive(Debug, Clone)]
pub struct SmtpServer {
    /// Its name, which its certificate is for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept from being read.
    pub security: Security,
    /// The user, and the password.
    pub login: Option<(String, SecretString)>,
}

/// Why there is no answer. In words without addresses that may be secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// The file does not permit to go there: nothing was sent.
    Forbidden(String),
    /// There was no connection: nothing was sent.
    NotSent(String),
    /// It was sent, or may have been, and nobody knows what came of it.
    Unanswered(String),
}

/// Carries one request or one e-mail and its answer: no second try, no redirect, no opinion. Ends within a time limit of its own.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends a request once.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    async fn post(&self, request: Request) -> Result<Answer, Lost>;

    /// Sends an e-mail once. The answer is the first one of the server that refuses, or the last one: its code is the status.
    ///
    /// # Errors
    ///
    /// When there is no answer, or one that is none.
    async fn mail(&self, server: &SmtpServer, letter: Letter) -> Result<Answer, Lost>;
}
