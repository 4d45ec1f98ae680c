//! All routes, in one table. What stands in it is asked in this order: the guard, forgery, size and time, and then whoever answers.

use crate::answer::Problem;
use crate::guard::{enter, no_forgery};
use crate::house::House;
use crate::pages::problem::as_page;
use crate::{api, machines, pages};
use axum::extract::Request;
use axum::http::{Extensions, HeaderMap, StatusCode, Version, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};
use tower_http::limit::RequestBodyLimitLayer;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

/// What a form or a program sends: a monitor with all its settings takes some kilobytes.
const BODY_MAX: usize = 128 * 1024;
/// An answer takes no longer than this; a check that a person asks for takes up to a minute. Streams are not held to it.
const ANSWER_MAX: Duration = Duration::from_secs(75);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Flyball",
        description = "Watches Heroku apps and puts them right. Times are RFC 3339, in UTC. Problems are RFC 9457.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "standing", description = "Where everything stands, what happened, and why"),
        (name = "monitors", description = "What is watched"),
        (name = "reactions", description = "What is done"),
        (name = "definitions", description = "What the file says, and what is made beside it"),
        (name = "runs", description = "What was done"),
        (name = "incidents", description = "Outages: what failed, what was done, and what of it helped"),
        (name = "pauses", description = "Stopping effects; looking goes on"),
        (name = "nodes", description = "The engines that share the work"),
        (name = "people", description = "Who may come in"),
        (name = "hooks", description = "What others tell monitors: whoever has a key, without signing in")
    ),
    components(schemas(Problem)),
    security(("token" = []))
)]
struct Document;

/// The document of the HTTP interface: OpenAPI 3.1.
#[must_use]
pub fn open_api() -> utoipa::openapi::OpenApi {
    let (_, mut document) = documented().split_for_parts();
    let token = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    document.components.get_or_insert_default().add_security_scheme("token", token);
    api::told_of_all(&mut document);
    // Nothing of that holds for what others tell.
    document.merge(machines::hooks::router().into_openapi());
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

fn documented() -> OpenApiRouter<Arc<House>> {
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", api::router())
}

/// Everything that is answered.
pub(crate) fn router(house: Arc<House>) -> Router {
    let (api, _) = documented().split_for_parts();
    let document = Arc::new(open_api());
    let shown = get(move || async move { Json((*document).clone()) });
    // How long a compressed answer is tells of a secret in it to whoever can have something of their own put beside it, again and again
    // (BREACH). No page has both: nothing that proves where a form comes from stands in pages, since that is seen by headers; sessions
    // are in cookies; a secret that is made is shown once, in the answer to a form that no other site can send; and the page that tells the
    // key of a hook, beside what others made the monitor see, says of itself that it has one. Streams are not
    // compressed: a line would wait for the next.
    let compression = CompressionLayer::new()
        .compress_when(SizeAbove::new(1024).and(NotForContentType::new("text/event-stream")).and(tells_no_secret));
    Router::new()
        .merge(api.layer(Extension(Arc::clone(&house))))
        .merge(machines::router())
        .merge(pages::router())
        .route("/api/openapi.json", shown)
        .fallback(nothing_here)
        .layer(from_fn(methods_in_words))
        .layer(RequestBodyLimitLayer::new(BODY_MAX))
        .merge(machines::drains())
        .layer(from_fn(in_time))
        .layer(no_forgery())
        .layer(from_fn_with_state(Arc::clone(&house), enter))
        .layer(from_fn(as_page))
        .layer(compression)
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(house)
}

/// That an answer tells a secret beside what others may have put into it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TellsSecret;

fn tells_no_secret(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<TellsSecret>().is_none()
}

async fn nothing_here(request: Request) -> Problem {
    let path = flyball_model::Excerpt::of(request.uri().path());
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}"))
        .hint("/api/openapi.json tells what there is")
}

/// What layers answer by a bare status is told as a problem too.
async fn methods_in_words(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let is_bare = !response.headers().contains_key(header::CONTENT_TYPE);
    let title = match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if is_bare => "this path is not for that method",
        StatusCode::PAYLOAD_TOO_LARGE => "the request is larger than may be",
        _ => return response,
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut told = Problem::new(response.status(), title).into_response();
    allow.map(|allow| told.headers_mut().insert(header::ALLOW, allow));
    told
}

/// Ends what takes too long.
async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(ANSWER_MAX, next.run(request)).await.unwrap_or_else(|_| {
        let seconds = ANSWER_MAX.as_secs();
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("there was no answer within {seconds} s")).into_response()
    })
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request ended in a mistake of Flyball's own; the engine goes on");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "this is a mistake of Flyball's own")
        .hint("its log says more; the engine goes on")
        .into_response()
}
