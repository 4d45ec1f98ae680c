//! The way through a proxy: reaching it, and having it open a tunnel. What the proxy says is not the app's failure.

use super::connection::{Driver, HEAD_BYTES_MAX, HEADERS_MAX};
use super::peer::{Behind, Peer, Relay};
use super::{Failure, RequestBody, Version, of_hyper};
use crate::values::ProxyServer;
use flyball_model::{Blind, Finding};
use http::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Has the proxy at the other end of this stream open a tunnel.
pub(super) async fn open(stream: TcpStream, behind: &Behind) -> Result<TcpStream, Failure> {
    // Until there is a tunnel it is the proxy that ends the connection.
    let proxy = Peer::Behind(Box::new(Behind { relay: Relay::Requests, ..behind.clone() }));
    let broken = |error: &hyper::Error| of_proxy(&behind.proxy, &of_hyper(error, Version::One, &proxy));
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX).ignore_invalid_headers_in_responses(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let mut driver = Driver::of(connection.with_upgrades());
    let answer = driver.alongside(sender.send_request(request(behind)?)).await.map_err(|error| broken(&error))?;
    if let Some(failure) = refusal(answer.status(), behind) {
        return Err(failure);
    }
    let upgraded = driver.alongside(hyper::upgrade::on(answer)).await.map_err(|error| broken(&error))?;
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        // In every tunnel we speak first: what came before that is the proxy's.
        Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io.into_inner()),
        Ok(_) | Err(_) => Err(unknown(format!("the proxy {} sent more than its answer to CONNECT", behind.proxy))),
    }
}

fn request(behind: &Behind) -> Result<Request<RequestBody>, Failure> {
    let to = format!("{}:{}", behind.host, behind.port);
    let odd = || unknown(format!("no proxy can be asked for {to}"));
    let mut request = Request::new(RequestBody::default());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::try_from(to.as_str()).map_err(|_| odd())?;
    let headers = request.headers_mut();
    headers.insert(HOST, HeaderValue::from_str(&to).map_err(|_| odd())?);
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("flyball/", env!("CARGO_PKG_VERSION"))));
    headers.extend(behind.proxy.authorization().map(|value| (PROXY_AUTHORIZATION, value.clone())));
    Ok(request)
}

/// Why the proxy opened no tunnel, if it did not. It alone could tell whether the page's host is to blame, and it says
/// the same when its own name server or network is.
fn refusal(status: StatusCode, behind: &Behind) -> Option<Failure> {
    let Behind { host, port, proxy, .. } = behind;
    match status.as_u16() {
        200..=299 => None,
        407 => Some(unauthorized(proxy)),
        403 => {
            Some(unknown(format!("the proxy {proxy} does not let us to {host}:{port} (403): have it allowed there")))
        }
        status => Some(unknown(format!(
            "the proxy {proxy} opened no way to {host}:{port}, it answered {status}: see its log, or set `proxy`"
        ))),
    }
}

/// That the proxy wants to know who asks.
pub(crate) fn unauthorized(proxy: &ProxyServer) -> Failure {
    unknown(match proxy.authorization() {
        None => format!(
            "the proxy {proxy} asks for a password (407): name its URL with one, `proxy = {{ env = \"NAME\" }}`"
        ),
        Some(_) => {
            format!("the proxy {proxy} does not take the user and password that it was given (407): mend its URL")
        }
    })
}

/// What went wrong between us and the proxy: never the app's failure.
pub(crate) fn of_proxy(proxy: &ProxyServer, failure: &Failure) -> Failure {
    let finding = match failure.finding {
        Finding::Unknown(blind) => Finding::Unknown(blind),
        Finding::Passing | Finding::Failing(_) => Finding::Unknown(Blind::Network),
    };
    Failure { finding, words: format!("cannot use the proxy {proxy}, is it right and up? {}", failure.words) }
}

fn unknown(words: String) -> Failure {
    Failure::unknown(Blind::Network, words)
}
