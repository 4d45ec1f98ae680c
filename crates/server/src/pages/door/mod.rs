//! The door: signing in and out, and the first administrator.

use super::frame::{shown, shown_with};
use crate::answer::Problem;
use crate::api::ask::{Asked, Form};
use crate::guard::{Origin, SESSION_COOKIE, SESSION_LASTS, Secret, Visitor, Who, cookie_of, hash_of, password_fits};
use crate::house::House;
use crate::words::{Html, in_path};
use askama::Template;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_model::{Deed, Entry, Event, Excerpt, SecretHash, SessionId, UserName};
use flyball_store::{Batch, NewSession};
use serde::Deserialize;
use std::sync::{Arc, PoisonError};

/// Why no password is taken.
const CAN_BE_READ: &str = "This connection can be read on its way, so that no password is taken on it: come by https.";

/// A refused sign-in is told in the timeline at the fourth wrong password in a row, and then at each tenth: the first are slips.
const fn is_told(wrong: u32) -> bool {
    wrong == 4 || wrong > 4 && wrong.is_multiple_of(10)
}

#[derive(Template)]
#[template(path = "door/page.html")]
struct Door {
    sign: Html,
    title: &'static str,
    name: String,
    to: String,
    /// The key of the one-time link, where it is that.
    key: String,
    mistake: Option<String>,
}

impl Door {
    fn to_sign_in(to: &str) -> Self {
        let sign = Html::of(flyball_charts::SIGN.to_owned());
        Self { sign, title: "Sign in", name: String::new(), to: own_path(to), key: String::new(), mistake: None }
    }

    fn first(key: &str) -> Self {
        Self {
            title: "The first administrator",
            name: "admin".to_owned(),
            key: key.to_owned(),
            ..Self::to_sign_in("/")
        }
    }
}

/// A path of ours, and no address elsewhere.
fn own_path(to: &str) -> String {
    let is_own =
        to.starts_with('/') && !to.starts_with("//") && !to.contains('\\') && !to.chars().any(char::is_control);
    if is_own { to.to_owned() } else { "/".to_owned() }
}

/// Leads whoever has not signed in to the door, and then back.
pub(crate) async fn lead(request: Request, next: Next) -> Response {
    let is_known = request.extensions().get::<Visitor>().is_some_and(|visitor| visitor.right.is_some());
    if is_known {
        return next.run(request).await;
    }
    let to = if crate::guard::changes(request.method()) { "/" } else { request.uri().path() };
    Redirect::to(&format!("/sign-in?to={}", in_path(to))).into_response()
}

#[derive(Deserialize)]
pub(super) struct Way {
    #[serde(default)]
    to: String,
}

pub(super) async fn page(visitor: Visitor, Asked(way): Asked<Way>) -> Result<Response, Problem> {
    if visitor.right.is_some() {
        return Ok(Redirect::to(&own_path(&way.to)).into_response());
    }
    shown(&Door::to_sign_in(&way.to))
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    key: String,
}

pub(super) async fn sign_in(
    State(house): State<Arc<House>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Problem> {
    let Credentials { name, password, to, .. } = credentials;
    let again = |status, mistake: String| {
        let (name, mistake) = (name.clone(), Some(mistake));
        shown_with(status, &Door { name, mistake, ..Door::to_sign_in(&to) })
    };
    if !origin.is_private {
        return again(StatusCode::FORBIDDEN, CAN_BE_READ.to_owned());
    }
    let time = &house.engine.ports().time;
    if let Some(wait) = house.throttle.wait(origin.address, &name, time.passed()) {
        let mut response = again(
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many wrong passwords: try again in {} s.", wait.as_secs() + 1),
        )?;
        response.headers_mut().insert(header::RETRY_AFTER, (wait.as_secs() + 1).into());
        return Ok(response);
    }
    let known = match name.parse::<UserName>() {
        Ok(name) => house.store().user_by_name(&name).await?,
        Err(_) => None,
    };
    let (user, hash) = known.unzip();
    if !password_fits(password, hash).await {
        let wrong = house.throttle.wrong(origin.address, &name, time.passed());
        house.tell_refused(&name, &origin, wrong).await;
        return again(StatusCode::UNAUTHORIZED, "Name and password do not go together.".to_owned());
    }
    house.throttle.right(origin.address, &name);
    let Some(user) = user else {
        return again(StatusCode::UNAUTHORIZED, "Name and password do not go together.".to_owned());
    };
    match house.begin_session(user.id, &origin, &headers).await? {
        Some(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&own_path(&to))).into_response()),
        None => again(StatusCode::UNAUTHORIZED, "Name and password do not go together.".to_owned()),
    }
}

pub(super) async fn sign_out(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let (Who::Person(session), true) = (visitor.who, cookie_of(&headers).is_some()) {
        house.store().end_session(session, &[]).await?;
    }
    let gone = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    Ok(([(header::SET_COOKIE, gone)], Redirect::to("/sign-in")).into_response())
}

#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    key: String,
}

/// What the one-time link opens.
pub(super) async fn first_page(
    State(house): State<Arc<House>>,
    Asked(Key { key }): Asked<Key>,
) -> Result<Response, Problem> {
    house.must_be_first(&key)?;
    shown(&Door::first(&key))
}

/// Makes the first administrator, and signs them in.
pub(super) async fn first(
    State(house): State<Arc<House>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Result<Response, Problem> {
    let Credentials { name, password, key, .. } = credentials;
    house.must_be_first(&key)?;
    if !origin.is_private {
        let mistake = Some(CAN_BE_READ.to_owned());
        return shown_with(StatusCode::FORBIDDEN, &Door { name, mistake, ..Door::first(&key) });
    }
    let made = house.people().add_user(&name, "admin", password, "the one-time link").await;
    if let Err(problem) = made {
        let told: Vec<String> = problem.mistakes.iter().map(|one| format!("{}: {}", one.field, one.words)).collect();
        let mistake = if told.is_empty() { problem.title } else { told.join("; ") };
        return shown_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &Door { name, mistake: Some(mistake), ..Door::first(&key) },
        );
    }
    *house.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let user = match name.trim().parse::<UserName>() {
        Ok(name) => house.store().user_by_name(&name).await?,
        Err(_) => None,
    };
    let cookie = match user {
        Some((user, _)) => house.begin_session(user.id, &origin, &headers).await?,
        None => None,
    };
    Ok(match cookie {
        Some(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
        None => Redirect::to("/sign-in").into_response(),
    })
}

impl House {
    /// Whether a key is that of the one-time link.
    fn must_be_first(&self, key: &str) -> Result<(), Problem> {
        let known: Option<SecretHash> = *self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_some_and(|known| known == hash_of(key)) {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "this link is not good, or was used already")
            .hint("a start without any user prints a new one"))
    }

    /// Begins a session; returns its cookie. None where there is no such user any more.
    async fn begin_session(
        &self,
        user: flyball_model::UserId,
        origin: &Origin,
        headers: &HeaderMap,
    ) -> Result<Option<HeaderValue>, Problem> {
        let (secret, now) = (Secret::new("session"), self.now());
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let session = NewSession {
            id: SessionId(self.new_id()),
            user,
            secret: secret.hash(),
            until: now + SESSION_LASTS,
            address: Excerpt::of(&origin.address.to_string()),
            agent: Excerpt::of(agent),
        };
        if !self.store().begin_session(&session, now).await? {
            return Ok(None);
        }
        let (secret, seconds) = (secret.shown(), SESSION_LASTS.as_secs());
        let cookie = format!("{SESSION_COOKIE}={secret}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
        Ok(HeaderValue::from_str(&cookie).ok())
    }

    /// Tells that somebody wants to come in and cannot, once in a while.
    async fn tell_refused(&self, name: &str, origin: &Origin, times: u32) {
        if !is_told(times) {
            return;
        }
        let (name, address) = (Excerpt::of(name), Excerpt::of(&origin.address.to_string()));
        let did = Deed::SignInRefused { name, address, times };
        let event = Event::Administered { did, by: Excerpt::of("nobody") };
        let entries = vec![Entry::new(self.now(), event)];
        if let Err(error) = self.store().save(&Batch { entries, ..Batch::default() }).await {
            tracing::warn!(%error, "a refused sign-in could not be told");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_one_stays_here() {
        for (to, path) in [
            ("/monitors/page", "/monitors/page"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\r\nset-cookie: a=b", "/"),
        ] {
            assert_eq!(own_path(to), path, "{to:?}");
        }
    }

    #[test]
    fn slips_are_not_told_and_guessing_is() {
        let told: Vec<u32> = (1..45).filter(|wrong| is_told(*wrong)).collect();
        assert_eq!(told, [4, 10, 20, 30, 40]);
    }
}
