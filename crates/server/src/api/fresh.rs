//! Reads that were read before: an answer has a tag, and whoever sends it is told when it is still the same.

use crate::answer::Problem;
use aws_lc_rs::digest;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Whoever has read it may keep it for themselves, and asks each time whether it still holds.
const KEPT: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Of a hash these many bytes: two answers under one path are never taken for one.
const TAG_BYTES: usize = 16;

/// Tags what is read by the hash of its bytes, weakly, since it may be compressed on its way; one that has a tag keeps it. Streams are
/// left alone.
pub(crate) async fn tagged(request: Request, next: Next) -> Response {
    let is_read = *request.method() == Method::GET;
    let asked = request.headers().clone();
    let response = next.run(request).await;
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if !is_read || response.status() != StatusCode::OK || !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is an answer of our own, which is in memory already.
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer was lost").into_response();
    };
    let tag = parts.headers.get(header::ETAG).cloned().unwrap_or_else(|| tag_of(&body));
    parts.headers.insert(header::CACHE_CONTROL, KEPT);
    parts.headers.insert(header::ETAG, tag.clone());
    if is_known(&asked, &tag) {
        let [kept, tag] = [(header::CACHE_CONTROL, KEPT), (header::ETAG, tag)];
        return (StatusCode::NOT_MODIFIED, [kept, tag]).into_response();
    }
    Response::from_parts(parts, Body::from(body))
}

fn tag_of(body: &[u8]) -> HeaderValue {
    let hash = digest::digest(&digest::SHA256, body);
    let digits: String = hash.as_ref().iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("W/\"{digits}\"")).expect("digits stand in every header")
}

/// Whether a tag is among those that somebody has. Weak and strong ones are the same here, as RFC 9110 has it.
fn is_known(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(tag) = tag.to_str().map(bare) else { return false };
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(bare).any(|known| known == tag || known == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_however_it_is_sent_back() {
        let tag = HeaderValue::from_static("W/\"ab\"");
        for (sent, expected) in [
            ("W/\"ab\"", true),
            ("\"ab\"", true),
            ("W/\"cd\", W/\"ab\"", true),
            ("*", true),
            ("W/\"cd\"", false),
            ("ab", false),
            ("", false),
        ] {
            let asked: HeaderMap = [(header::IF_NONE_MATCH, HeaderValue::from_static(sent))].into_iter().collect();
            assert_eq!(is_known(&asked, &tag), expected, "{sent}");
        }
        assert!(!is_known(&HeaderMap::new(), &tag));
    }

    #[test]
    fn the_same_bytes_have_the_same_tag() {
        assert_eq!(tag_of(b"{}"), tag_of(b"{}"));
        assert_ne!(tag_of(b"{}"), tag_of(b"{ }"));
    }
}
