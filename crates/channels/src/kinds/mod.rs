//! The kinds of channels, one file each: what it is for, its settings, what it sends, what the answers mean, and its tests.
//!
//! To add one: a file, its lines here, and what the compiler then asks for.

mod email;
mod ntfy;
mod pagerduty;
mod slack;
mod webhook;

pub use email::{Email, Mail};
pub use ntfy::Ntfy;
pub use pagerduty::PagerDuty;
pub use slack::Slack;
pub use webhook::Webhook;
pub(crate) use webhook::signed;

use crate::outcome::of_lost;
use crate::{Answer, Endpoint, Handle, Letter, Lost, Notice, Outcome, Request, SecretLookup, SmtpServer, Transport};
use bytes::Bytes;
use flyball_model::{ChannelName, Timestamp, not_had};
use flyball_settings::{KindDescription, Mistake, Secret, Settings, Span, Table};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// A way by which people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// What it is called.
    pub name: ChannelName,
    /// By what.
    pub kind: Kind,
}

/// What a notice becomes for one service.
#[derive(Debug)]
pub enum Exchange {
    /// Requests, one after the other while each is taken. Those before the last one may be sent again without harm.
    Http(Vec<Request>),
    /// An e-mail.
    Mail(SmtpServer, Letter),
}

/// What a channel sends with, beside the notice.
#[derive(Clone, Copy)]
pub struct Means<'m> {
    /// Gives what stands in the environment.
    pub secrets: SecretLookup<'m>,
    /// Now.
    pub now: Timestamp,
}

impl std::fmt::Debug for Means<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Means at {}", self.now)
    }
}

impl Means<'_> {
    /// The secret that a setting names.
    ///
    /// # Errors
    ///
    /// To be tried later where it is not there: a start with it mends that, and the notice is still owed then.
    pub(crate) fn secret(&self, Secret(asked): &Secret) -> Result<SecretString, Outcome> {
        (self.secrets)(asked).ok_or_else(|| Outcome::Later { after: None, why: not_had(asked) })
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// What a channel tells by.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Kind {
            /// The words for them in the file.
            #[must_use]
            pub const fn words() -> &'static [&'static str] {
                &[$(<$kind as Settings>::KIND),*]
            }

            /// What the reference says of each.
            #[must_use]
            pub fn descriptions() -> Vec<KindDescription> {
                vec![$(KindDescription::of::<$kind>()),*]
            }

            /// Reads the settings of the kind that this word is; nothing, with mistakes, if they are wrong, or it is none.
            pub fn read(word: &str, table: &Table, span: Span, mistakes: &mut Vec<Mistake>) -> Option<Self> {
                match word {
                    $(<$kind as Settings>::KIND => $kind::from_table(table, span, mistakes).map(Self::$kind),)*
                    _ => None,
                }
            }

            /// Its word in the file.
            #[must_use]
            pub const fn word(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => <$kind as Settings>::KIND,)*
                }
            }

            fn secrets(&self) -> Vec<&Secret> {
                match self {
                    $(Self::$kind(kind) => kind.secrets(),)*
                }
            }

            fn exchange(&self, notice: &Notice, handle: Option<&Handle>, means: &Means<'_>) -> Result<Exchange, Outcome> {
                match self {
                    $(Self::$kind(kind) => kind.exchange(notice, handle, means),)*
                }
            }

            fn outcome(&self, notice: &Notice, handle: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
                match self {
                    $(Self::$kind(kind) => kind.outcome(notice, handle, answer, now),)*
                }
            }
        }
    };
}

kinds! {
    /// A message in Slack.
    Slack,
    /// An incident in PagerDuty.
    PagerDuty,
    /// An e-mail.
    Email,
    /// A request in the form of Standard Webhooks.
    Webhook,
    /// A push message by ntfy.
    Ntfy,
}

impl Channel {
    /// The environment variables, and what is sealed, that it needs.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        self.kind.secrets().into_iter().map(|Secret(name)| name.as_str()).collect()
    }

    /// Whether more can be told of an outage there without disturbing anybody: in a thread, or to a program.
    #[must_use]
    pub const fn follows(&self) -> bool {
        match &self.kind {
            Kind::Slack(slack) => matches!(slack, Slack::Bot { .. }),
            Kind::Webhook(_) => true,
            // Each would be another mail, another push, or another ring.
            Kind::Email(_) | Kind::Ntfy(_) | Kind::PagerDuty(_) => false,
        }
    }

    /// What this notice becomes; it is not sent.
    ///
    /// # Errors
    ///
    /// What keeps it from being sent at all.
    pub fn request(&self, notice: &Notice, handle: Option<&Handle>, means: &Means<'_>) -> Result<Exchange, Outcome> {
        self.kind.exchange(notice, handle, means)
    }

    /// What an answer means.
    #[must_use]
    pub fn outcome(&self, notice: &Notice, handle: Option<&Handle>, answer: &Answer, now: Timestamp) -> Outcome {
        self.kind.outcome(notice, handle, answer, now)
    }

    /// Tells it once.
    pub async fn send(
        &self,
        transport: &dyn Transport,
        means: &Means<'_>,
        notice: &Notice,
        handle: Option<&Handle>,
    ) -> Outcome {
        let mut outcome = self.send_once(transport, means, notice, handle).await;
        if let (Err(Void), Some(_)) = (&outcome, handle) {
            outcome = self.send_once(transport, means, notice, None).await;
        }
        let outcome =
            outcome.unwrap_or_else(|Void| Outcome::Never { why: "it refers to what is not there".to_owned() });
        self.without_secrets(outcome, means)
    }

    async fn send_once(
        &self,
        transport: &dyn Transport,
        means: &Means<'_>,
        notice: &Notice,
        handle: Option<&Handle>,
    ) -> Result<Outcome, Void> {
        let judged = |answer: Result<Answer, Lost>| match answer {
            Ok(answer) if self.is_void(&answer, handle) => Err(Void),
            Ok(answer) => Ok(self.outcome(notice, handle, &answer, means.now)),
            Err(lost) => Ok(of_lost(&lost)),
        };
        let requests = match self.request(notice, handle, means) {
            Ok(Exchange::Http(requests)) => requests,
            Ok(Exchange::Mail(server, letter)) => return judged(transport.mail(&server, letter).await),
            Err(outcome) => return Ok(outcome),
        };
        let mut last = Outcome::Sent { handle: None };
        for request in requests {
            last = judged(transport.post(request).await)?;
            if !matches!(last, Outcome::Sent { .. }) {
                break;
            }
        }
        Ok(last)
    }

    /// Whether an answer says that what the handle refers to is not there any more.
    fn is_void(&self, answer: &Answer, handle: Option<&Handle>) -> bool {
        match &self.kind {
            Kind::Slack(_) => handle.is_some() && slack::is_void(answer),
            Kind::PagerDuty(_) | Kind::Email(_) | Kind::Webhook(_) | Kind::Ntfy(_) => false,
        }
    }

    /// What would be sent, for a person, with every secret blotted out.
    ///
    /// # Errors
    ///
    /// What keeps it from being sent at all.
    pub fn shown(&self, notice: &Notice, handle: Option<&Handle>, means: &Means<'_>) -> Result<String, Outcome> {
        let exchange = self.request(notice, handle, means).map_err(|outcome| self.without_secrets(outcome, means))?;
        let mut shown = String::new();
        match exchange {
            Exchange::Http(requests) => requests.iter().for_each(|request| show(request, &mut shown)),
            Exchange::Mail(SmtpServer { host, port, .. }, Letter { to, message, .. }) => {
                let message = String::from_utf8_lossy(&message).replace('\r', "");
                shown = format!("to {} by {host}:{port}\n\n{message}", to.join(", "));
            }
        }
        Ok(self.blotted(&shown, means))
    }

    /// A text without the channel's secrets, wherever it has them from.
    fn blotted(&self, text: &str, means: &Means<'_>) -> String {
        // Shorter ones would blot out half of the words, and nobody guards one.
        const SECRET_CHARS_MIN: usize = 4;
        let secrets = self.kind.secrets().into_iter().filter_map(|secret| means.secret(secret).ok());
        secrets
            .filter(|secret| secret.expose_secret().len() >= SECRET_CHARS_MIN)
            .fold(text.to_owned(), |text, secret| text.replace(secret.expose_secret().trim(), "[secret]"))
    }

    fn without_secrets(&self, outcome: Outcome, means: &Means<'_>) -> Outcome {
        match outcome {
            Outcome::Sent { handle } => Outcome::Sent { handle },
            Outcome::Later { after, why } => Outcome::Later { after, why: self.blotted(&why, means) },
            Outcome::Never { why } => Outcome::Never { why: self.blotted(&why, means) },
            Outcome::Gone { why } => Outcome::Gone { why: self.blotted(&why, means) },
        }
    }
}

/// That what a handle refers to is not there any more.
struct Void;

fn show(Request { to, headers, body }: &Request, shown: &mut String) {
    let separator = if shown.is_empty() { "" } else { "\n\n" };
    shown.push_str(&format!("{separator}POST {}\n", to.url()));
    for (name, value) in headers {
        let value = if value.is_sensitive() { "[secret]" } else { value.to_str().unwrap_or_default() };
        shown.push_str(&format!("{name}: {value}\n"));
    }
    let pretty = serde_json::from_slice(body).and_then(|json: Value| serde_json::to_string_pretty(&json));
    shown.push_str(&format!("\n{}", pretty.unwrap_or_default()));
}

/// A request whose body is JSON.
fn json(to: Endpoint, body: &Value) -> Request {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))]);
    Request { to, headers, body: Bytes::from(body.to_string()) }
}

/// The same, with a token.
fn with_token(mut request: Request, token: &SecretString) -> Result<Request, Outcome> {
    let bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret().trim()));
    let mut bearer = bearer.map_err(|_| Outcome::Never { why: "the token is no text for a header".to_owned() })?;
    bearer.set_sensitive(true);
    request.headers.insert(AUTHORIZATION, bearer);
    Ok(request)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// What channels send with in tests.
    pub(crate) fn means() -> Means<'static> {
        Means { secrets: &secret, now: "2026-11-29T03:06:00Z".parse().unwrap() }
    }

    /// `NONE` is not set; a URL is one; everything else has a value in which the word is that no test may print.
    fn secret(name: &str) -> Option<SecretString> {
        let value = match name {
            "NONE" => return None,
            "SIGNING" => "whsec_cGw0bnRlZC1zaWduaW5nLXNlY3JldC1vZi10ZXN0cw==".to_owned(),
            "SIGNING_OLD" => "whsec_cGw0bnRlZC1vbGQtc2lnbmluZy1zZWNyZXQtb2YtdGVzdA==".to_owned(),
            "HOOK" => "https://hooks.slack.com/services/T0/B0/pl4nted".to_owned(),
            "ROUTING" => "pl4nted0pl4nted0pl4nted0pl4nted0".to_owned(),
            name => format!("pl4nted-{name}"),
        };
        Some(value.into())
    }

    /// The requests of a notice.
    pub(crate) fn requests(exchange: Result<Exchange, Outcome>) -> Vec<Request> {
        match exchange {
            Ok(Exchange::Http(requests)) => requests,
            other => panic!("no requests: {other:?}"),
        }
    }

    pub(crate) fn body(request: &Request) -> Value {
        serde_json::from_slice(&request.body).unwrap()
    }

    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
    }

    /// An outcome by its word.
    pub(crate) fn word(outcome: &Outcome) -> &'static str {
        match outcome {
            Outcome::Sent { .. } => "sent",
            Outcome::Later { .. } => "later",
            Outcome::Never { .. } => "never",
            Outcome::Gone { .. } => "gone",
        }
    }
}
