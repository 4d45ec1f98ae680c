//! What cannot be done, as a page: for whoever asked with a browser.

use super::frame::shown_with;
use crate::answer::Problem;
use crate::words::Html;
use askama::Template;
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

#[derive(Template)]
#[template(path = "problem/page.html")]
struct ProblemPage {
    sign: Html,
    problem: Problem,
}

/// Turns problems into pages for browsers, beside the HTTP interface.
pub(crate) async fn as_page(request: Request, next: Next) -> Response {
    let accepts = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let is_browser =
        accepts.is_some_and(|accept| accept.contains("text/html")) && !request.uri().path().starts_with("/api/");
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| is_browser).cloned() else { return response };
    let (sign, retry) =
        (Html::of(flyball_charts::SIGN.to_owned()), response.headers().get(header::RETRY_AFTER).cloned());
    let status = problem.status_code();
    let page = shown_with(status, &ProblemPage { sign, problem });
    let mut page = page.unwrap_or_else(IntoResponse::into_response);
    retry.map(|retry| page.headers_mut().insert(header::RETRY_AFTER, retry));
    page
}
