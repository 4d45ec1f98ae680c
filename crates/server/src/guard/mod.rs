//! Who comes in, and how far. In this order: by which name it is asked, where the request comes from, who asks, and what they may.
//! Pages of others cannot act here in somebody's name: see [`CsrfLayer`].

mod host;
mod origin;
mod secret;
mod throttle;
mod visitor;

pub(crate) use origin::Origin;
pub(crate) use secret::{Secret, hash_of, hash_password, password_fits, random};
pub(crate) use throttle::Throttle;
pub(crate) use visitor::{SESSION_COOKIE, SESSION_LASTS, Visitor, Who, cookie_of};

use crate::answer::Problem;
use crate::house::House;
use crate::machines::{adapters, drains, hooks};
use crate::serve::Peer;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flyball_model::Right;
use std::sync::Arc;
use tower_http::csrf::CsrfLayer;

/// What a page of ours may do: show itself, its one sheet and its one module, and speak to where it came from. Nothing of anybody else,
/// nothing inline, and nowhere within another page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The first thing that a request meets.
pub(crate) async fn enter(
    State(house): State<Arc<House>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = async {
        host::check(&house.settings, &request)?;
        let origin = Origin::of(peer, request.headers(), &house.settings.trusted_proxies);
        // Whoever has the key of a hook, a drain or an adapter may have an authorization of somebody else's making beside it.
        let path = request.uri().path();
        let by_key = [hooks::PREFIX, drains::PREFIX].into_iter().find(|way| path.starts_with(way));
        let by_key = by_key.or_else(|| adapters::way(request.method(), path, request.headers()));
        let visitor = match by_key {
            Some(way) => {
                // It has found its way already. Whoever notes what is asked for notes no key.
                *request.uri_mut() = Uri::from_static(way);
                Visitor::nobody()
            }
            None => Visitor::of(&house, &origin, request.headers()).await?,
        };
        request.extensions_mut().insert(origin);
        request.extensions_mut().insert(visitor);
        Ok::<Request, Problem>(request)
    };
    let mut response = match admitted.await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Lets through who may look.
pub(crate) async fn may_read(request: Request, next: Next) -> Response {
    may(Right::Read, request, next).await
}

/// Lets through who may act.
pub(crate) async fn may_operate(request: Request, next: Next) -> Response {
    may(Right::Operate, request, next).await
}

/// Lets through who may say what is done, and who comes in.
pub(crate) async fn may_administer(request: Request, next: Next) -> Response {
    may(Right::Admin, request, next).await
}

async fn may(needed: Right, request: Request, next: Next) -> Response {
    let visitor = request.extensions().get::<Visitor>();
    match visitor.map(|visitor| visitor.may(needed)) {
        Some(Ok(())) => next.run(request).await,
        Some(Err(problem)) => problem.into_response(),
        None => Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "nobody looked who asks").into_response(),
    }
}

/// Refuses what a page of somebody else sends in the name of whoever looks at it. A program sends neither header that tells of a page.
pub(crate) fn no_forgery() -> CsrfLayer {
    CsrfLayer::new()
}

/// Whether a request changes something.
pub(crate) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
