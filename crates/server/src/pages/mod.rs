//! Pages, made whole on the server. A page is a struct, a template and a handler, in a folder of its name; what it shows are views, and
//! what it says are the sentences that everything else says.

mod app;
mod assets;
pub(crate) mod door;
mod edit;
mod frame;
pub(crate) mod incident;
mod monitor;
mod overview;
mod pause;
pub(crate) mod problem;
mod reaction;
mod replay;
mod run;
mod settings;
mod suggestion;
mod timeline;

use crate::guard::{may_administer, may_operate};
use crate::house::House;
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use std::sync::Arc;

/// Every page and form. Whoever has not signed in is led to the door.
pub(crate) fn router() -> Router<Arc<House>> {
    let read = Router::new()
        .route("/", get(overview::page))
        .route("/monitors/{name}", get(monitor::page))
        .route("/monitors/{name}/suggestion", get(suggestion::page))
        .route("/reactions", get(reaction::list))
        .route("/reactions/{name}", get(reaction::page))
        .route("/reactions/{name}/plan", get(reaction::plan))
        .route("/reactions/{name}/replay", get(replay::page))
        .route("/runs/{id}", get(run::page))
        .route("/runs/{id}/undo", get(run::plan_undo))
        .route("/incidents", get(incident::list))
        .route("/incidents/{number}", get(incident::page))
        .route("/apps", get(app::list))
        .route("/apps/{name}", get(app::page))
        .route("/timeline", get(timeline::page))
        .route("/settings", get(settings::page))
        .route("/sign-out", post(door::sign_out))
        .route("/settings/password", post(settings::change_password))
        .route_layer(from_fn(door::lead));
    let operate = Router::new()
        .route("/pause", get(pause::page).post(pause::pause))
        .route("/resume", post(pause::resume))
        .route("/monitors/{name}/check", post(monitor::check))
        .route("/reactions/{name}/run", post(reaction::run))
        .route("/runs/{id}/settle", post(run::settle))
        .route("/runs/{id}/undo", post(run::undo))
        .route_layer(from_fn(may_operate))
        .route_layer(from_fn(door::lead));
    let administer = Router::new()
        .route("/new", get(edit::list))
        .route("/new/from", get(edit::new))
        .route("/new/{family}", post(edit::make))
        .route("/made/{id}", get(edit::page).post(edit::change))
        .route("/made/{id}/remove", post(edit::remove))
        .route("/settings/users", post(settings::add_user))
        .route("/settings/users/change", post(settings::change_user))
        .route("/settings/users/remove", post(settings::remove_user))
        .route("/settings/sessions/end", post(settings::end_session))
        .route("/settings/tokens", post(settings::make_token))
        .route("/settings/tokens/revoke", post(settings::revoke_token))
        .route_layer(from_fn(may_administer))
        .route_layer(from_fn(door::lead));
    let open = Router::new()
        .route("/sign-in", get(door::page).post(door::sign_in))
        .route("/first", get(door::first_page).post(door::first))
        .merge(assets::router());
    read.merge(operate).merge(administer).merge(open)
}
