//! Who may come in: users, sessions, and tokens of programs.

use super::ask::{Json as Body, Of};
use crate::answer::{FieldMistake, Problem, Problems};
use crate::guard::{Secret, Visitor, hash_password};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_engine::Ids;
use flyball_model::{Deed, Entry, Event, Excerpt, Right, SessionId, Timestamp, TokenId, UserId, UserName, duration};
use flyball_store::{Changed, NewToken, NewUser, Store};
use flyball_views::{SessionView, TokenMade, TokenView, UserView};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// A password that is shorter is guessed.
const PASSWORD_MIN: usize = 10;
/// A longer one is no better, and takes time to hash.
const PASSWORD_MAX: usize = 256;

/// The users.
#[utoipa::path(get, path = "/users", tag = "people", responses((status = 200, body = Vec<UserView>), Problems))]
pub(crate) async fn users(State(house): State<Arc<House>>) -> Result<Json<Vec<UserView>>, Problem> {
    Ok(Json(house.people().users().await?))
}

/// A user who is to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToAdd {
    /// What they are called.
    #[schema(example = "ann")]
    name: String,
    /// What they may do: `read` (a viewer), `operate` (an operator) or `admin`.
    #[schema(example = "operate")]
    scope: String,
    /// Their password, of 10 to 256 characters.
    password: String,
}

/// Add a user.
#[utoipa::path(post, path = "/users", tag = "people", request_body = ToAdd, responses((status = 201, body = UserView), Problems))]
pub(crate) async fn add_user(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Body(to_add): Body<ToAdd>,
) -> Result<(StatusCode, Json<UserView>), Problem> {
    let user = house.people().add_user(&to_add.name, &to_add.scope, to_add.password, &visitor.name).await?;
    Ok((StatusCode::CREATED, Json(user)))
}

/// What is to be changed of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToChange {
    /// What they may do from now on.
    #[schema(example = "read")]
    scope: Option<String>,
    /// Their password from now on.
    password: Option<String>,
}

/// Change what a user may do, or their password. Whoever is signed in as them is not any more.
#[utoipa::path(patch, path = "/users/{name}", tag = "people", params(("name" = String, Path)), request_body = ToChange, responses((status = 200, body = UserView), Problems))]
pub(crate) async fn change_user(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    visitor: Visitor,
    Body(to_change): Body<ToChange>,
) -> Result<Json<UserView>, Problem> {
    Ok(Json(house.people().change_user(&name, to_change.scope.as_deref(), to_change.password, &visitor.name).await?))
}

/// Remove a user, with all sessions. Tokens that they made stay good.
#[utoipa::path(delete, path = "/users/{name}", tag = "people", params(("name" = String, Path)), responses((status = 204), Problems))]
pub(crate) async fn remove_user(
    State(house): State<Arc<House>>,
    Of(name): Of<String>,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    house.people().remove_user(&name, &visitor.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The sessions that have not ended, the latest seen first.
#[utoipa::path(get, path = "/sessions", tag = "people", responses((status = 200, body = Vec<SessionView>), Problems))]
pub(crate) async fn sessions(State(house): State<Arc<House>>) -> Result<Json<Vec<SessionView>>, Problem> {
    Ok(Json(house.people().sessions().await?))
}

/// End a session.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "people", params(("id" = String, Path)), responses((status = 204), Problems))]
pub(crate) async fn end_session(
    State(house): State<Arc<House>>,
    Of(id): Of<String>,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    house.people().end_session(&id, &visitor.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The tokens of programs.
#[utoipa::path(get, path = "/tokens", tag = "people", responses((status = 200, body = Vec<TokenView>), Problems))]
pub(crate) async fn tokens(State(house): State<Arc<House>>) -> Result<Json<Vec<TokenView>>, Problem> {
    Ok(Json(house.people().tokens().await?))
}

/// A token that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToMake {
    /// What it is called.
    #[schema(example = "deploy script")]
    name: String,
    /// What whoever has it may do: `read`, `operate` or `admin`.
    #[schema(example = "operate")]
    scope: String,
    /// How long it is good; without it, until it is revoked.
    #[serde(rename = "for")]
    #[schema(example = "90d")]
    lasts: Option<String>,
}

/// Make a token. It is shown in this answer, and never again.
#[utoipa::path(post, path = "/tokens", tag = "people", request_body = ToMake, responses((status = 201, body = TokenMade), Problems))]
pub(crate) async fn make_token(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Body(to_make): Body<ToMake>,
) -> Result<(StatusCode, Json<TokenMade>), Problem> {
    let made =
        house.people().make_token(&to_make.name, &to_make.scope, to_make.lasts.as_deref(), &visitor.name).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Have a token be good for nothing any more.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "people", params(("id" = String, Path)), responses((status = 204), Problems))]
pub(crate) async fn revoke_token(
    State(house): State<Arc<House>>,
    Of(id): Of<String>,
    visitor: Visitor,
) -> Result<StatusCode, Problem> {
    house.people().revoke_token(&id, &visitor.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who may come in, as the store has it: for whoever has that at hand.
#[derive(Clone, Copy)]
pub struct People<'a> {
    /// Where they are kept.
    pub store: &'a dyn Store,
    /// What makes ids.
    pub ids: &'a dyn Ids,
    /// Now.
    pub now: Timestamp,
}

impl House {
    /// Who may come in, as of now.
    pub(crate) fn people(&self) -> People<'_> {
        let ports = self.engine.ports();
        People { store: &*ports.store, ids: &*ports.ids, now: ports.clock.now() }
    }

    /// A new id, time-ordered.
    pub(crate) fn new_id(&self) -> Uuid {
        self.people().new_id()
    }
}

impl People<'_> {
    /// The users, by name.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn users(&self) -> Result<Vec<UserView>, Problem> {
        Ok(self.store.users().await?.iter().map(user_view).collect())
    }

    /// The sessions that have not ended, the latest seen first.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn sessions(&self) -> Result<Vec<SessionView>, Problem> {
        Ok(self.store.sessions(None, self.now).await?.into_iter().map(session_view).collect())
    }

    /// The tokens that are good, by name.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub async fn tokens(&self) -> Result<Vec<TokenView>, Problem> {
        Ok(self.store.tokens(self.now).await?.into_iter().map(token_view).collect())
    }

    fn told(&self, did: Deed, by: &str) -> [Entry; 1] {
        [Entry::new(self.now, Event::Administered { did, by: Excerpt::of(by) })]
    }

    fn new_id(&self) -> Uuid {
        self.ids.run(self.now).0
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// When the store does not answer, the name, the scope or the password is none, or the name is taken.
    pub async fn add_user(&self, name: &str, scope: &str, password: String, by: &str) -> Result<UserView, Problem> {
        let mut mistakes = Vec::new();
        let (name, right) = (user_name(name, &mut mistakes), right(scope, &mut mistakes));
        password_is_good(&password, &mut mistakes);
        let (Some(name), Some(right), true) = (name, right, mistakes.is_empty()) else { return Err(wrong(mistakes)) };
        let password = hash_password(password).await;
        let user = NewUser { id: UserId(self.new_id()), name: name.clone(), right, password };
        let told = self.told(Deed::UserAdded { name: name.clone(), right }, by);
        if !self.store.add_user(&user, self.now, &told).await? {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                format!("{name} is there already, or there are as many as may be"),
            )
            .hint("choose another name"));
        }
        let added = self.store.user_by_name(&name).await?;
        added.map(|(user, _)| user_view(&user)).ok_or_else(|| no_such_user(name.as_str()))
    }

    /// Changes what a user may do, or their password.
    ///
    /// # Errors
    ///
    /// When the store does not answer, there is no such user, they are the last administrator, or what is to be has mistakes.
    pub async fn change_user(
        &self,
        name: &str,
        scope: Option<&str>,
        password: Option<String>,
        by: &str,
    ) -> Result<UserView, Problem> {
        let mut mistakes = Vec::new();
        let right = scope.and_then(|scope| right(scope, &mut mistakes));
        password.iter().for_each(|password| password_is_good(password, &mut mistakes));
        if !mistakes.is_empty() {
            return Err(wrong(mistakes));
        }
        let (user, _) = self.user(name).await?;
        let hashed = match password {
            Some(password) => Some(hash_password(password).await),
            None => None,
        };
        let mut told = Vec::new();
        if let Some(right) = right.filter(|right| *right != user.right) {
            told.extend(self.told(Deed::UserChanged { name: user.name.clone(), right }, by));
        }
        if hashed.is_some() {
            told.extend(self.told(Deed::PasswordChanged { name: user.name.clone() }, by));
        }
        made(name, self.store.change_user(user.id, right, hashed.as_deref(), self.now, &told).await?)?;
        Ok(user_view(&self.user(name).await?.0))
    }

    /// Removes a user.
    ///
    /// # Errors
    ///
    /// When the store does not answer, there is no such user, or they are the last administrator.
    pub async fn remove_user(&self, name: &str, by: &str) -> Result<(), Problem> {
        let (user, _) = self.user(name).await?;
        let told = self.told(Deed::UserRemoved { name: user.name }, by);
        made(name, self.store.remove_user(user.id, &told).await?)
    }

    async fn user(&self, name: &str) -> Result<(flyball_store::User, String), Problem> {
        let parsed = name.parse::<UserName>().map_err(|_| no_such_user(name))?;
        self.store.user_by_name(&parsed).await?.ok_or_else(|| no_such_user(name))
    }

    /// Ends a session of whomever.
    ///
    /// # Errors
    ///
    /// When the store does not answer, or there is no such session.
    pub async fn end_session(&self, id: &str, by: &str) -> Result<(), Problem> {
        let no_such = || Problem::new(StatusCode::NOT_FOUND, "there is no such session");
        let id = SessionId(id.parse().map_err(|_| no_such())?);
        let session = self.store.sessions(None, self.now).await?.into_iter().find(|session| session.id == id);
        let told = self.told(Deed::SessionEnded { name: session.ok_or_else(no_such)?.name }, by);
        if self.store.end_session(id, &told).await? { Ok(()) } else { Err(no_such()) }
    }

    /// Makes a token.
    ///
    /// # Errors
    ///
    /// When the store does not answer, the scope, the length or the name is none, or the name is taken.
    pub async fn make_token(
        &self,
        name: &str,
        scope: &str,
        lasts: Option<&str>,
        by: &str,
    ) -> Result<TokenMade, Problem> {
        let mut mistakes = Vec::new();
        let right = right(scope, &mut mistakes);
        let lasts = lasts.map(|lasts| duration::parse(lasts).ok().filter(|lasts| !lasts.is_zero()));
        if lasts == Some(None) {
            mistakes.push(FieldMistake::of("for", format!("expected {}", duration::EXPECTED)));
        }
        let name = Excerpt::of(name.trim());
        if name.as_str().is_empty() {
            mistakes.push(FieldMistake::of("name", "expected a name"));
        }
        let (Some(right), true) = (right, mistakes.is_empty()) else { return Err(wrong(mistakes)) };
        let (secret, now) = (Secret::new("flyball"), self.now);
        let token = NewToken {
            id: TokenId(self.new_id()),
            name: name.clone(),
            right,
            secret: secret.hash(),
            created_by: Excerpt::of(by),
            until: lasts.flatten().map(|lasts| now + lasts),
        };
        let told = self.told(Deed::TokenMade { name: name.clone(), right }, by);
        if !self.store.make_token(&token, now, &told).await? {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                format!("a token is called \"{name}\", or there are as many as may be"),
            )
            .hint("choose another name, or revoke one"));
        }
        let made = self.store.tokens(now).await?.into_iter().find(|made| made.id == token.id);
        let view =
            made.map(token_view).ok_or_else(|| Problem::new(StatusCode::CONFLICT, "the token is gone already"))?;
        Ok(TokenMade { token: secret.shown().to_owned(), view })
    }

    /// Revokes a token, by its id.
    ///
    /// # Errors
    ///
    /// When the store does not answer, or there is no such token.
    pub async fn revoke_token(&self, id: &str, by: &str) -> Result<(), Problem> {
        let no_such = || Problem::new(StatusCode::NOT_FOUND, "there is no such token");
        let id = TokenId(id.parse().map_err(|_| no_such())?);
        let token = self.store.tokens(self.now).await?.into_iter().find(|token| token.id == id);
        let told = self.told(Deed::TokenRevoked { name: token.ok_or_else(no_such)?.name }, by);
        if self.store.revoke_token(id, &told).await? { Ok(()) } else { Err(no_such()) }
    }
}

fn made(name: &str, changed: Changed) -> Result<(), Problem> {
    match changed {
        Changed::Yes => Ok(()),
        Changed::NoSuchUser => Err(no_such_user(name)),
        Changed::LastAdmin => Err(Problem::new(StatusCode::CONFLICT, format!("{name} is the last administrator"))
            .because("nobody would be left who may say who comes in")
            .hint("make somebody else an administrator first")),
    }
}

fn no_such_user(name: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no user \"{}\"", Excerpt::of(name)))
}

fn wrong(mistakes: Vec<FieldMistake>) -> Problem {
    Problem { mistakes, ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "what was sent has mistakes") }
}

fn user_name(text: &str, mistakes: &mut Vec<FieldMistake>) -> Option<UserName> {
    let name = text.trim().parse::<UserName>();
    if let Err(error) = &name {
        mistakes.push(FieldMistake::of("name", error.to_string()));
    }
    name.ok()
}

fn right(text: &str, mistakes: &mut Vec<FieldMistake>) -> Option<Right> {
    let right = text.parse::<Right>();
    if let Err(error) = &right {
        mistakes.push(FieldMistake::of("scope", error.to_string()));
    }
    right.ok()
}

fn password_is_good(password: &str, mistakes: &mut Vec<FieldMistake>) {
    if !(PASSWORD_MIN..=PASSWORD_MAX).contains(&password.chars().count()) {
        let words = format!("expected {PASSWORD_MIN} to {PASSWORD_MAX} characters");
        mistakes.push(FieldMistake::of("password", words));
    }
}

fn user_view(user: &flyball_store::User) -> UserView {
    UserView {
        name: user.name.to_string(),
        scope: user.right.scope().into(),
        role: user.right.role().into(),
        created_at: user.created_at,
        changed_at: user.changed_at,
    }
}

fn session_view(session: flyball_store::Session) -> SessionView {
    SessionView {
        id: session.id.0.to_string(),
        user: session.name.to_string(),
        created_at: session.created_at,
        seen_at: session.seen_at,
        until: session.until,
        address: session.address,
        agent: session.agent,
    }
}

fn token_view(token: flyball_store::ApiToken) -> TokenView {
    TokenView {
        id: token.id.0.to_string(),
        name: token.name,
        scope: token.right.scope().into(),
        created_at: token.created_at,
        created_by: token.created_by,
        until: token.until,
        seen_at: token.seen_at,
    }
}
