//! The HTTP interface, `/api/v1`: one file a noun. A handler asks one query or gives one command, and answers the view that comes back.

pub(crate) mod ask;
pub(crate) mod definitions;
pub(crate) mod events;
mod fresh;
pub(crate) mod incidents;
mod monitors;
mod nodes;
pub(crate) mod notices;
pub(crate) mod once;
pub(crate) mod pauses;
pub(crate) mod people;
mod reactions;
pub(crate) mod replays;
pub(crate) mod runs;
pub(crate) mod standing;

use crate::guard::{may_administer, may_operate, may_read};
use crate::house::House;
use axum::middleware::from_fn;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{OpenApi, Required, Response};
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
        .routes(routes!(standing::drift))
        .routes(routes!(standing::file))
        .routes(routes!(standing::me))
        .routes(routes!(monitors::list))
        .routes(routes!(monitors::one))
        .routes(routes!(monitors::readings))
        .routes(routes!(monitors::series))
        .routes(routes!(replays::suggestion))
        .routes(routes!(reactions::list))
        .routes(routes!(reactions::one))
        .routes(routes!(reactions::plan))
        .routes(routes!(replays::replay))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one))
        .routes(routes!(notices::list))
        .routes(routes!(runs::list))
        .routes(routes!(runs::one))
        .routes(routes!(runs::story))
        .routes(routes!(runs::undo_plan))
        .routes(routes!(pauses::list))
        .routes(routes!(nodes::list))
        .routes(routes!(events::events))
        .route_layer(from_fn(may_read));
    let operate = OpenApiRouter::new()
        .routes(once::keyed(routes!(monitors::hook, monitors::renew_hook)))
        .routes(routes!(standing::log_drain))
        .routes(once::keyed(routes!(monitors::check)))
        .routes(once::keyed(routes!(reactions::run)))
        .routes(once::keyed(routes!(runs::settle)))
        .routes(once::keyed(routes!(runs::undo)))
        .routes(once::keyed(routes!(pauses::pause)))
        .routes(once::keyed(routes!(pauses::resume)))
        .routes(once::keyed(routes!(nodes::drain)))
        .routes(once::keyed(routes!(nodes::undrain)))
        .route_layer(from_fn(may_operate));
    let administer = OpenApiRouter::new()
        .routes(routes!(definitions::list))
        .routes(once::keyed(routes!(definitions::one, definitions::put, definitions::remove)))
        .routes(once::keyed(routes!(people::users, people::add_user)))
        .routes(once::keyed(routes!(people::change_user, people::remove_user)))
        .routes(routes!(people::sessions))
        .routes(once::keyed(routes!(people::end_session)))
        .routes(once::keyed(routes!(people::tokens, people::make_token)))
        .routes(once::keyed(routes!(people::revoke_token)))
        .route_layer(from_fn(may_administer));
    read.merge(operate).merge(administer).route_layer(from_fn(fresh::tagged))
}

/// What holds for all routes of a kind, told of each: what changes something takes a key, and what is read is tagged.
pub(crate) fn told_of_all(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let PathItem { get, post, put, patch, delete, .. } = item;
        for operation in [post, put, patch, delete].into_iter().flatten() {
            let words = "The same request with the same key is done once in 24 hours, and answered again with \
                         `Idempotency-Replayed: true`. With another request the key is refused.";
            let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1));
            let schema = schema.max_length(Some(once::KEY_CHARS_MAX));
            add_header(operation, once::KEY.as_str(), words, schema);
        }
        // A stream is never the same.
        if let Some(operation) = get.as_mut().filter(|_| !path.ends_with("/events")) {
            let words = "The ETag of an answer that was read before";
            add_header(operation, "If-None-Match", words, ObjectBuilder::new().schema_type(Type::String));
            let unchanged = Response::new("It is still what it was");
            operation.responses.responses.insert("304".to_owned(), unchanged.into());
        }
    }
}

fn add_header(operation: &mut Operation, name: &str, words: &str, schema: ObjectBuilder) {
    let header = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Header).required(Required::False);
    let header = header.description(Some(words)).schema(Some(schema.build())).build();
    operation.parameters.get_or_insert_default().push(header.into());
}
