//! The HTTP interface, `/api/v1`: one file a noun. A handler asks one query or gives one command, and answers the view that comes back.

pub(crate) mod ask;
pub(crate) mod definitions;
mod events;
mod monitors;
mod nodes;
pub(crate) mod pauses;
pub(crate) mod people;
mod reactions;
pub(crate) mod runs;
pub(crate) mod standing;

use crate::guard::{may_administer, may_operate, may_read};
use crate::house::House;
use axum::middleware::from_fn;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Everything below `/api/v1`, by what it takes to call it.
pub(crate) fn router() -> OpenApiRouter<Arc<House>> {
    let read = OpenApiRouter::new()
        .routes(routes!(standing::status))
        .routes(routes!(standing::why))
        .routes(routes!(standing::report))
        .routes(routes!(standing::timeline))
        .routes(routes!(standing::apps))
        .routes(routes!(standing::me))
        .routes(routes!(monitors::list))
        .routes(routes!(monitors::one))
        .routes(routes!(monitors::readings))
        .routes(routes!(reactions::list))
        .routes(routes!(reactions::one))
        .routes(routes!(reactions::plan))
        .routes(routes!(runs::list))
        .routes(routes!(runs::one))
        .routes(routes!(runs::story))
        .routes(routes!(pauses::list))
        .routes(routes!(nodes::list))
        .routes(routes!(events::events))
        .route_layer(from_fn(may_read));
    let operate = OpenApiRouter::new()
        .routes(routes!(monitors::check))
        .routes(routes!(reactions::run))
        .routes(routes!(runs::settle))
        .routes(routes!(pauses::pause))
        .routes(routes!(pauses::resume))
        .routes(routes!(nodes::drain))
        .routes(routes!(nodes::undrain))
        .route_layer(from_fn(may_operate));
    let administer = OpenApiRouter::new()
        .routes(routes!(definitions::list))
        .routes(routes!(definitions::one, definitions::put, definitions::remove))
        .routes(routes!(people::users, people::add_user))
        .routes(routes!(people::change_user, people::remove_user))
        .routes(routes!(people::sessions))
        .routes(routes!(people::end_session))
        .routes(routes!(people::tokens, people::make_token))
        .routes(routes!(people::revoke_token))
        .route_layer(from_fn(may_administer));
    read.merge(operate).merge(administer)
}
