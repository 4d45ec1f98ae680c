//! Frames on their way: what the world has for its drains is posted to receivers on this machine.
//!
//! A stand-in never reaches out: whoever tries things with a copy of a real app's drains sends nothing to their owners. A
//! drain that is elsewhere is as one that refuses every connection.

use crate::world::{Frame, FrameAnswer, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flyball_model::Timestamp;
use http_body_util::Full;
use hyper::Uri;
use hyper::header::{AUTHORIZATION, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often it is asked for frames. A quarter of a second of 1,000 requests a second is far below what waits for a drain.
const ASK_EVERY: Duration = Duration::from_millis(250);
/// Source: platform-api 10.5 (LP).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Source: platform-api 10.5 (LP).
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Posts the world's frames until it is told to stop. At most one for each drain is under way, so there is no other bound.
pub(crate) async fn post_frames(
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    stopping: CancellationToken,
) {
    let mut under_way: JoinSet<(Uuid, FrameAnswer)> = JoinSet::new();
    loop {
        let answered = tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY) => None,
            Some(posted) = under_way.join_next() => posted.ok(),
        };
        let frames = {
            let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((drain, answer)) = answered {
                world.frame_answered(drain, answer);
            }
            if !world.is_drained() {
                continue;
            }
            world.advance_to(clock());
            world.frames()
        };
        for frame in frames {
            under_way.spawn(async move { (frame.drain, post(frame).await) });
        }
    }
}

/// Posts one frame over a connection of its own.
async fn post(frame: Frame) -> FrameAnswer {
    let Some((addr, request)) = request(&frame) else { return FrameAnswer::Refused };
    let Ok(Ok(stream)) = tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(addr)).await else {
        return FrameAnswer::Refused;
    };
    let answer = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let mut connection = std::pin::pin!(connection);
        let mut answer = std::pin::pin!(sender.send_request(request));
        tokio::select! {
            biased;
            answer = answer.as_mut() => answer,
            // What has come before the end of the connection is an answer all the same.
            ended = connection.as_mut() => match ended {
                Ok(()) => answer.await,
                Err(error) => Err(error),
            },
        }
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(answer)) => FrameAnswer::Status(answer.status().as_u16()),
        // A connection that breaks is as good as one that says nothing: both cost a try.
        Ok(Err(_)) | Err(_) => FrameAnswer::Silence,
    }
}

/// Host and port that a frame goes to, and the request.
type Addressed = ((String, u16), hyper::Request<Full<Bytes>>);

/// `None`: the drain is not on this machine, or its URL cannot be written as a request.
fn request(frame: &Frame) -> Option<Addressed> {
    let uri: Uri = frame.url.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if uri.scheme_str() != Some("http") || !is_here {
        return None;
    }
    let authority = uri.authority()?.as_str();
    let (credentials, name) = authority.rsplit_once('@').map_or((None, authority), |(who, name)| (Some(who), name));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = hyper::Request::post(path).header(HOST, name);
    for (name, value) in frame.headers() {
        request = request.header(name, value);
    }
    if let Some(credentials) = credentials {
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials))).ok()?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let port = uri.port_u16().unwrap_or(80);
    Some(((host, port), request.body(Full::new(frame.body.clone())).ok()?))
}

#[cfg(test)]
mod tests {
    use super::request;
    use crate::world::{DrainForm, Frame};
    use uuid::Uuid;

    fn frame(url: &str) -> Frame {
        let (id, token, form) = ("F".repeat(32), "d.1".to_owned(), DrainForm::Common);
        Frame { drain: Uuid::nil(), url: url.to_owned(), id, token, form, messages: 1, body: "3 abc".into() }
    }

    #[test]
    fn frames_go_to_this_machine_only() {
        for (url, expected) in [
            ("http://127.0.0.1:5000/drain?a=b", Some(("127.0.0.1", 5000, "127.0.0.1:5000", "/drain?a=b"))),
            ("http://localhost", Some(("localhost", 80, "localhost", "/"))),
            ("http://[::1]:99/x", Some(("::1", 99, "[::1]:99", "/x"))),
            ("http://drains.example.com/x", None),
            ("http://127.0.0.1.example.com/x", None),
            ("http://192.168.0.1/x", None),
            ("https://127.0.0.1/x", None),
            ("http://", None),
        ] {
            let request = request(&frame(url));
            let seen = request.as_ref().map(|((host, port), request)| {
                let name = request.headers()["host"].to_str().unwrap();
                (host.as_str(), *port, name, request.uri().path_and_query().unwrap().as_str())
            });
            assert_eq!(seen, expected, "{url}");
        }
    }

    #[test]
    fn credentials_of_the_url_become_a_header_and_nothing_else() {
        let (_, request) = request(&frame("http://logs:pl4nted@127.0.0.1:1/x")).unwrap();
        assert_eq!(request.headers()["authorization"], "Basic bG9nczpwbDRudGVk");
        assert_eq!((request.headers()["host"].to_str().unwrap(), request.uri().path()), ("127.0.0.1:1", "/x"));
        assert!(!format!("{request:?}").contains("bG9nczpwbDRudGVk"));
    }
}
