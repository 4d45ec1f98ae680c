//! The one sheet, the one module, and the icons. They are within the binary, and change with it alone.

use crate::answer::Problem;
use crate::api::ask::Of;
use crate::house::House;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;

/// The module that keeps pages live.
const MODULE: &str = include_str!("../assets/flyball.js");

pub(crate) fn router() -> Router<Arc<House>> {
    Router::new()
        .route(
            "/sheet.css",
            get(async |headers: HeaderMap| asset(&headers, "text/css; charset=utf-8", flyball_charts::SHEET)),
        )
        .route("/flyball.js", get(async |headers: HeaderMap| asset(&headers, "text/javascript; charset=utf-8", MODULE)))
        .route("/icons/{name}", get(icon))
}

/// A text that changes with the version alone: whoever has it is told so.
fn asset(headers: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = tag_of(text);
    let has_it = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if has_it { StatusCode::NOT_MODIFIED.into_response() } else { text.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn tag_of(text: &str) -> String {
    format!("\"{}\"", crate::guard::hash_of(text))
}

async fn icon(Of(name): Of<String>) -> Result<Response, Problem> {
    let verdict = match name.as_str() {
        "passing.svg" => flyball_charts::Verdict::Passing,
        "failing.svg" => flyball_charts::Verdict::Failing,
        "unknown.svg" => flyball_charts::Verdict::Unknown,
        _ => return Err(Problem::new(StatusCode::NOT_FOUND, "there is no such icon")),
    };
    Ok((
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")],
        flyball_charts::favicon(verdict),
    )
        .into_response())
}
