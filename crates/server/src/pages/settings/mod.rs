//! Who may come in, tokens of programs, and what this Flyball is.

use super::frame::{Frame, shown, shown_with};
use crate::answer::Problem;
use crate::api::ask::Form;
use crate::guard::{Visitor, Who};
use crate::house::House;
use crate::words::{Html, moment};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use flyball_engine::queries::store_view;
use flyball_heroku::Standing;
use flyball_model::Timestamp;
use flyball_views::{NodeView, SessionView, StoreView, TokenMade, TokenView, UserView};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "settings/page.html")]
struct SettingsPage {
    frame: Frame,
    users: Vec<UserRow>,
    sessions: Vec<SessionRow>,
    tokens: Vec<TokenRow>,
    made: Option<TokenMade>,
    /// What went wrong with what was just sent.
    problem: Option<Problem>,
    file: String,
    store: StoreView,
    counts: String,
    accounts: Vec<AccountRow>,
    nodes: Vec<NodeView>,
    listen: String,
    names: Vec<String>,
    never_reached: Vec<String>,
}

struct AccountRow {
    name: String,
    /// Where its key comes from, or why there is none: never the key.
    key: String,
    left: Option<u32>,
    answered: Option<(Html, u16)>,
}

impl AccountRow {
    fn of(standing: Standing) -> Self {
        let Standing { account, source, why_none, left, stats } = standing;
        let own = || "not looked for yet: HEROKU_API_KEY, or Heroku's CLI".to_owned();
        let key = why_none.map_or_else(|| source.unwrap_or_else(own), |why| format!("none: {why}"));
        let answered = stats.and_then(|stats| stats.answered);
        let shown = |(at, status): (Timestamp, u16)| (moment(at), status);
        Self { name: account.to_string(), key, left, answered: answered.map(shown) }
    }
}

struct UserRow {
    view: UserView,
    since: Html,
}

struct SessionRow {
    view: SessionView,
    seen: Html,
    is_own: bool,
}

struct TokenRow {
    view: TokenView,
    seen: Option<Html>,
    until: Option<Html>,
}

pub(super) async fn page(State(house): State<Arc<House>>, visitor: Visitor) -> Result<Response, Problem> {
    house.settings_page(&visitor, None, None).await
}

#[derive(Deserialize)]
pub(super) struct NewUser {
    name: String,
    scope: String,
    password: String,
}

pub(super) async fn add_user(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(new): Form<NewUser>,
) -> Result<Response, Problem> {
    let is_first = house.store().users().await?.is_empty();
    let added = house.people().add_user(&new.name, &new.scope, new.password, &visitor.name).await;
    if added.is_ok() && is_first {
        // From now on one signs in: also whoever has just added the first.
        return Ok(Redirect::to("/sign-in").into_response());
    }
    house.answered(&visitor, added.map(drop)).await
}

#[derive(Deserialize)]
pub(super) struct Change {
    name: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn change_user(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(change): Form<Change>,
) -> Result<Response, Problem> {
    let scope = Some(change.scope.as_str()).filter(|scope| !scope.is_empty());
    let password = Some(change.password).filter(|password| !password.is_empty());
    let changed = house.people().change_user(&change.name, scope, password, &visitor.name).await;
    house.answered(&visitor, changed.map(drop)).await
}

#[derive(Deserialize)]
pub(super) struct OwnPassword {
    password: String,
}

/// One's own password.
pub(super) async fn change_password(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(own): Form<OwnPassword>,
) -> Result<Response, Problem> {
    if !matches!(visitor.who, Who::Person(_)) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "nobody has signed in whose password it would be"));
    }
    match house.people().change_user(&visitor.name, None, Some(own.password), &visitor.name).await {
        // All sessions have ended, this one too.
        Ok(_) => Ok(Redirect::to("/sign-in").into_response()),
        Err(problem) => house.answered(&visitor, Err(problem)).await,
    }
}

#[derive(Deserialize)]
pub(super) struct Named {
    name: String,
}

pub(super) async fn remove_user(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(named): Form<Named>,
) -> Result<Response, Problem> {
    let removed = house.people().remove_user(&named.name, &visitor.name).await;
    house.answered(&visitor, removed).await
}

#[derive(Deserialize)]
pub(super) struct WithId {
    id: String,
}

pub(super) async fn end_session(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(with): Form<WithId>,
) -> Result<Response, Problem> {
    let ended = house.people().end_session(&with.id, &visitor.name).await;
    house.answered(&visitor, ended).await
}

#[derive(Deserialize)]
pub(super) struct NewToken {
    name: String,
    scope: String,
    #[serde(default, rename = "for")]
    lasts: String,
}

/// Makes a token, and shows it once.
pub(super) async fn make_token(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(new): Form<NewToken>,
) -> Result<Response, Problem> {
    let lasts = Some(new.lasts.trim()).filter(|lasts| !lasts.is_empty());
    match house.people().make_token(&new.name, &new.scope, lasts, &visitor.name).await {
        Ok(made) => house.settings_page(&visitor, Some(made), None).await,
        Err(problem) => house.answered(&visitor, Err(problem)).await,
    }
}

pub(super) async fn revoke_token(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Form(with): Form<WithId>,
) -> Result<Response, Problem> {
    let revoked = house.people().revoke_token(&with.id, &visitor.name).await;
    house.answered(&visitor, revoked).await
}

impl House {
    /// The page again: as it is now, or with what went wrong on top.
    async fn answered(&self, visitor: &Visitor, done: Result<(), Problem>) -> Result<Response, Problem> {
        match done {
            Ok(()) => Ok(Redirect::to("/settings").into_response()),
            Err(problem) => self.settings_page(visitor, None, Some(problem)).await,
        }
    }

    async fn settings_page(
        &self,
        visitor: &Visitor,
        made: Option<TokenMade>,
        problem: Option<Problem>,
    ) -> Result<Response, Problem> {
        let (status, in_force) = (self.status().await?, self.in_force());
        let frame = Frame::of("Settings", "settings", visitor, self, &status);
        let (mut users, mut sessions, mut tokens) = (Vec::new(), Vec::new(), Vec::new());
        if frame.may_administer {
            users = self.people().users().await?;
            tokens = self.people().tokens().await?;
        }
        if frame.may_administer || frame.is_person {
            let own = match visitor.who {
                Who::Person(session) => Some(session.0.to_string()),
                Who::Local | Who::Program | Who::Nobody => None,
            };
            let all = self.people().sessions().await?.into_iter();
            let shown = all.filter(|view| frame.may_administer || view.user == visitor.name);
            sessions = shown
                .map(|view| SessionRow { seen: moment(view.seen_at), is_own: own.as_ref() == Some(&view.id), view })
                .collect();
        }
        let code = problem.as_ref().map_or(StatusCode::OK, Problem::status_code);
        let definitions = &in_force.definitions;
        let page = SettingsPage {
            frame,
            users: users.into_iter().map(|view| UserRow { since: moment(view.created_at), view }).collect(),
            sessions,
            tokens: tokens
                .into_iter()
                .map(|view| TokenRow { seen: view.seen_at.map(moment), until: view.until.map(moment), view })
                .collect(),
            made,
            problem,
            file: self.settings.file.clone(),
            store: store_view(self.store()).await?,
            counts: definitions.counted().to_string(),
            accounts: self.engine.ports().accounts.standings().into_iter().map(AccountRow::of).collect(),
            nodes: status.nodes.clone(),
            listen: self.settings.listen.to_string(),
            names: self.settings.hosts.clone(),
            never_reached: definitions.network.rules.words(),
        };
        if code == StatusCode::OK { shown(&page) } else { shown_with(code, &page) }
    }
}
