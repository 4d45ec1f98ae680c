//! The transport to the real services: HTTPS by reqwest, SMTP by lettre, TLS by rustls with the system's roots.
//!
//! Addresses are judged between look-up and connection, on what is connected to, as those of checks are.

use crate::{Answer, Letter, Lost, Request, Security, SmtpServer, Transport};
use async_trait::async_trait;
use lettre::Address;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use secrecy::ExposeSecret as _;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long one try may take, from the look-up to the last byte. Standard Webhooks asks for 15 to 30 s, and a mail server that looks
/// for spam while we wait needs some of it.
pub const TIME_LIMIT: Duration = Duration::from_secs(15);
/// What of an answer is read: Slack's are the longest that are understood, and have 2 KB with the message that they repeat.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// What is read of a mail server in all: twice a TLS handshake with a long chain of certificates. A line without an end stops here.
const MAIL_BYTES_MAX: usize = 64 * 1024;
/// A mail server with more addresses is reached by one of the first, or not at all.
const ADDRESSES_MAX: usize = 4;

/// Says why an address must not be connected to.
pub type Permit = Arc<dyn Fn(IpAddr) -> Result<(), String> + Send + Sync>;

/// Carries what is told to the real services.
#[derive(Clone)]
pub struct Wire {
    http: reqwest::Client,
    /// For this machine: a proxy could not reach it, and would be shown what is told in plain.
    here: reqwest::Client,
    permit: Permit,
    limit: Duration,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Wire {
    /// A transport that connects to permitted addresses, within this time: [`TIME_LIMIT`].
    ///
    /// # Errors
    ///
    /// In words, if TLS cannot be prepared on this machine.
    pub fn new(permit: Permit, limit: Duration) -> Result<Self, String> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .referer(false)
                .user_agent(concat!("flyball/", env!("CARGO_PKG_VERSION")))
                .timeout(limit)
                // Told rarely: a kept connection would be a closed one the next time.
                .pool_max_idle_per_host(0)
                .dns_resolver(Arc::new(Guarded(Arc::clone(&permit))))
        };
        let failed = |error: reqwest::Error| format!("TLS cannot be prepared: {}", root(&error));
        let http = builder().build().map_err(failed)?;
        let here = builder().no_proxy().build().map_err(failed)?;
        Ok(Self { http, here, permit, limit })
    }

    /// Where a mail server may be connected to.
    async fn permitted(&self, server: &SmtpServer) -> Result<Vec<SocketAddr>, Lost> {
        let SmtpServer { host, port, .. } = server;
        let found = tokio::net::lookup_host((host.as_str(), *port)).await.map_err(|error| cannot_reach(host, error))?;
        let addresses: Vec<SocketAddr> = found.take(ADDRESSES_MAX).collect();
        // Plain words stay on this machine, also when a name server says that somebody else is.
        let is_permitted = |address: &SocketAddr| match server.security {
            Security::None if !address.ip().is_loopback() => Err(format!("{} is not this machine", address.ip())),
            Security::None | Security::StartTls | Security::Tls => (self.permit)(address.ip()),
        };
        let refusal = addresses.first().and_then(|address| is_permitted(address).err());
        let permitted: Vec<SocketAddr> =
            addresses.into_iter().filter(|address| is_permitted(address).is_ok()).collect();
        match refusal {
            Some(why) if permitted.is_empty() => Err(Lost::Forbidden(format!("cannot connect to {host}: {why}"))),
            _ => Ok(permitted),
        }
    }

    async fn deliver(&self, server: &SmtpServer, letter: &Letter) -> Result<Answer, Lost> {
        let SmtpServer { host, security, login, .. } = server;
        let unsent = |error: lettre::transport::smtp::Error| refused(&error).map_err(Lost::NotSent);
        let tls = || TlsParameters::new(host.clone()).map_err(|error| Lost::NotSent(root(&error)));
        let address = |text: &String| text.parse::<Address>().map_err(|error| Lost::NotSent(error.to_string()));
        let to = letter.to.iter().map(address).collect::<Result<Vec<_>, _>>()?;
        let envelope =
            Envelope::new(Some(address(&letter.from)?), to).map_err(|error| Lost::NotSent(error.to_string()))?;
        let permitted = self.permitted(server).await?;
        // The machine's own name is nobody's business.
        let hello = ClientId::Domain("flyball.invalid".to_owned());
        let greeted = match security {
            Security::Tls => {
                AsyncSmtpConnection::connect_tokio1(&permitted[..], Some(self.limit), &hello, Some(tls()?), None).await
            }
            Security::StartTls | Security::None => {
                let stream = TcpStream::connect(&permitted[..]).await.map_err(|error| cannot_reach(host, error))?;
                let metered = Box::new(Metered { stream, left: MAIL_BYTES_MAX });
                AsyncSmtpConnection::connect_with_transport(metered, &hello).await
            }
        };
        let mut connection = match greeted {
            Ok(connection) => connection,
            Err(error) => return unsent(error),
        };
        if *security == Security::StartTls
            && let Err(error) = connection.starttls(tls()?, &hello).await
        {
            return unsent(error);
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            if let Err(error) = connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).await {
                return unsent(error);
            }
        }
        match connection.send(&envelope, &letter.message).await {
            Ok(response) => {
                let status = u16::from(response.code());
                // It has the letter: how it says good-bye changes nothing.
                let _taken = connection.quit().await;
                Ok(Answer { status, retry_after: None, body: Vec::new() })
            }
            Err(error) => refused(&error).map_err(Lost::Unanswered),
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn post(&self, request: Request) -> Result<Answer, Lost> {
        let Request { to, headers, body } = request;
        if let Some(address) = to.address() {
            (self.permit)(address).map_err(|why| Lost::Forbidden(format!("cannot connect to {address}: {why}")))?;
        }
        let client = if to.is_loopback() { &self.here } else { &self.http };
        let sent = client.post(to.url().clone()).headers(headers).body(body).send().await;
        let mut response = sent.map_err(|error| self.lost(to.host(), &error))?;
        let retry_after = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: retry_after.map(str::to_owned),
            body: Vec::new(),
        };
        // The head has decided: what breaks off or has no end behind it is only shown less of.
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = ANSWER_BYTES_MAX - answer.body.len();
            answer.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if answer.body.len() == ANSWER_BYTES_MAX {
                break;
            }
        }
        Ok(answer)
    }

    async fn mail(&self, server: &SmtpServer, letter: Letter) -> Result<Answer, Lost> {
        let late = || Lost::Unanswered(format!("{} did not answer within {} s", server.host, self.limit.as_secs_f32()));
        timeout(self.limit, self.deliver(server, &letter)).await.unwrap_or_else(|_| Err(late()))
    }
}

impl Wire {
    fn lost(&self, host: &str, error: &reqwest::Error) -> Lost {
        if let Some(Forbidden(why)) = causes(error).find_map(|cause| cause.downcast_ref()) {
            return Lost::Forbidden(format!("cannot connect to {host}: {why}"));
        }
        if error.is_connect() || error.is_builder() {
            Lost::NotSent(format!("cannot connect to {host}: {}", root(error)))
        } else if error.is_timeout() {
            Lost::Unanswered(format!("{host} did not answer within {} s", self.limit.as_secs_f32()))
        } else {
            Lost::Unanswered(format!("{host} broke the connection off: {}", root(error)))
        }
    }
}

fn cannot_reach(host: &str, error: impl fmt::Display) -> Lost {
    Lost::NotSent(format!("cannot connect to {host}: {error}"))
}

/// The answer with which a mail server refused; what went wrong, where it was none.
fn refused(error: &lettre::transport::smtp::Error) -> Result<Answer, String> {
    let words = root(error);
    match error.status() {
        Some(code) => Ok(Answer { status: u16::from(code), retry_after: None, body: words.into_bytes() }),
        None => Err(words),
    }
}

fn causes<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause, in words: those around it only say that something failed, or the address again.
fn root(error: &(dyn StdError + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// An address that must not be connected to, and why.
#[derive(Debug)]
struct Forbidden(String);

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Forbidden {}

/// Looks names up, and gives only what may be connected to.
struct Guarded(Permit);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let permit = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let judged = found.iter().map(|address| permit(address.ip()));
            let refusal = judged.filter_map(Result::err).next();
            let permitted: Vec<SocketAddr> = found.into_iter().filter(|address| permit(address.ip()).is_ok()).collect();
            match refusal {
                Some(why) if permitted.is_empty() => Err(Box::new(Forbidden(why)) as Box<dyn StdError + Send + Sync>),
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

/// A connection of which no more than so many bytes are read.
#[derive(Debug)]
struct Metered {
    stream: TcpStream,
    left: usize,
}

impl AsyncRead for Metered {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buf))?;
        let Some(left) = self.left.checked_sub(buf.filled().len() - before) else {
            return Poll::Ready(Err(io::Error::other("the server says more than a mail server has to say")));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Metered {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Metered {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}
