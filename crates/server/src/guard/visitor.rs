//! Who asks, and what they may.

use super::Origin;
use super::secret::hash_of;
use crate::answer::Problem;
use crate::house::House;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use flyball_model::{Right, SessionId, Timestamp};
use std::time::Duration;

/// The cookie of a session. The prefix has browsers take it by TLS alone, for this host alone, and for all paths; they count this
/// machine's loopback as TLS.
pub(crate) const SESSION_COOKIE: &str = "__Host-flyball";
/// A session ends after so long, whatever happens.
pub(crate) const SESSION_LASTS: Duration = Duration::from_secs(30 * 24 * 3600);
/// That a session or a token is used is noted once in so long.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    /// What they are called.
    pub(crate) name: String,
    /// How they came in.
    pub(crate) who: Who,
    /// What they may; nothing before they have signed in.
    pub(crate) right: Option<Right>,
}

/// How somebody came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// They have not signed in.
    Nobody,
    /// Nobody needs to: it is open on this machine.
    Local,
    /// By signing in.
    Person(SessionId),
    /// A program, by a token.
    Program,
}

impl Visitor {
    /// Refuses what they may not.
    pub(crate) fn may(&self, needed: Right) -> Result<(), Problem> {
        match self.right {
            Some(right) if right >= needed => Ok(()),
            Some(right) => {
                let what = match self.who {
                    Who::Program => {
                        format!("the token's scope is `{}`, and this needs `{}`", right.scope(), needed.scope())
                    }
                    Who::Person(_) | Who::Local | Who::Nobody => {
                        format!("{} is a {}, and this needs an {}", self.name, right.role(), needed.role())
                    }
                };
                Err(Problem::new(StatusCode::FORBIDDEN, what).hint("an administrator changes what somebody may"))
            }
            None => Err(Problem::new(StatusCode::UNAUTHORIZED, "nobody has signed in")
                .hint("sign in at /sign-in, or send a token: `Authorization: Bearer …`")),
        }
    }

    /// By the token or the cookie of a request.
    pub(crate) async fn of(house: &House, origin: &Origin, headers: &HeaderMap) -> Result<Self, Problem> {
        let now = house.now();
        if let Some(token) = bearer(headers)? {
            return Self::program(house, &token, now).await;
        }
        if let Some(secret) = cookie_of(headers)
            && let Some(session) = house.store().session(hash_of(&secret), now).await?
        {
            if now.since(session.seen_at) >= NOTED_EVERY {
                house.store().seen(session.id, now).await?;
            }
            let (name, who, right) = (session.name.to_string(), Who::Person(session.id), Some(session.right));
            return Ok(Self { name, who, right });
        }
        if house.is_open(origin).await? {
            let (name, who, right) = (house.settings.person.clone(), Who::Local, Some(Right::Admin));
            return Ok(Self { name, who, right });
        }
        Ok(Self::nobody())
    }

    /// Who may nothing.
    pub(crate) fn nobody() -> Self {
        Self { name: "nobody".to_owned(), who: Who::Nobody, right: None }
    }

    async fn program(house: &House, token: &str, now: Timestamp) -> Result<Self, Problem> {
        let Some(token) = house.store().token(hash_of(token), now).await? else {
            return Err(Problem::new(StatusCode::UNAUTHORIZED, "the token is not known, or not any more")
                .hint("`flyball token create` makes one"));
        };
        if token.seen_at.is_none_or(|seen| now.since(seen) >= NOTED_EVERY) {
            house.store().token_seen(token.id, now).await?;
        }
        Ok(Self { name: format!("token {}", token.name), who: Who::Program, right: Some(token.right) })
    }
}

impl House {
    /// Whether nobody needs to sign in: it is for this machine alone, the request comes from it and not through a proxy, and there is
    /// no user.
    pub(crate) async fn is_open(&self, origin: &Origin) -> Result<bool, Problem> {
        let is_local = self.settings.is_for_this_machine() && origin.is_local;
        Ok(is_local && self.store().users().await?.is_empty())
    }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim().to_owned())
    });
    token.map(Some).ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "the authorization is not understood")
            .hint("`Authorization: Bearer TOKEN`")
    })
}

/// The secret of the session's cookie.
pub(crate) fn cookie_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value.to_owned())
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "nobody looked who asks"))
    }
}
