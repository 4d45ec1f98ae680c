//! The headers of an answer whose body is as it should be.

use crate::wire::{Same, run};
use flyball_heroku::{ErrorKind, Heroku};
use http::header::{DATE, ETAG, IF_NONE_MATCH, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// Longer ranges are not Heroku's, and are not sent back.
const NEXT_RANGE_BYTES_MAX: usize = 500;
/// The longest request id that is kept, in characters; its end is marked with one more.
const REQUEST_ID_CHARS_MAX: usize = 1_000;
/// Pages of one list that are asked for.
const PAGES: usize = 5;

/// Reads a list whose answer has these headers, in this order, one a line: next range, tag, request id, tokens left, date.
///
/// # Panics
///
/// When something does not hold.
pub fn headers(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n').map(|line| HeaderValue::from_bytes(line).ok());
    let mut line = || lines.next().flatten();
    let (next_range, tag, request_id, remaining, date) = (line(), line(), line(), line(), line());
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (HeaderName::from_static("next-range"), &next_range),
        (ETAG, &tag),
        (HeaderName::from_static("request-id"), &request_id),
        (HeaderName::from_static("ratelimit-remaining"), &remaining),
        (DATE, &date),
    ] {
        if let Some(value) = value {
            headers.insert(name, value.clone());
        }
    }
    // What goes on is text, and short enough.
    let goes_on = next_range.filter(|range| range.to_str().is_ok() && range.len() <= NEXT_RANGE_BYTES_MAX);

    // An account that has no tokens left is asked no more, whatever goes on.
    let mut of_a_page = headers.clone();
    of_a_page.remove("ratelimit-remaining");
    let transport = Same::new(StatusCode::PARTIAL_CONTENT, of_a_page, b"[]");
    let live = transport.client();
    let listed = run(live.dyno_sizes());
    let asked = transport.asked();
    match &goes_on {
        Some(_) => assert!(listed.is_err() && asked.len() == PAGES, "a list that does not end was taken for whole"),
        None => assert!(listed.is_ok() && asked.len() == 1, "{listed:?}"),
    }
    for (page, asked) in asked.iter().enumerate().skip(1) {
        assert_eq!(asked.headers.get(RANGE), goes_on.as_ref(), "page {page} is asked for word for word");
    }

    let transport = Same::new(StatusCode::OK, headers, br#"{"id":"u","email":"ops@example.com"}"#);
    let live = transport.client();
    for call in 0..2 {
        let id = match run(live.account()) {
            Ok(account) => account.request_id.unwrap_or_default(),
            // The first answer said that none are left.
            Err(error) => {
                assert!(call == 1 && matches!(error.kind(), ErrorKind::OverBudget { .. }), "{error}");
                return;
            }
        };
        assert!(id.chars().count() <= REQUEST_ID_CHARS_MAX + 1 && !id.chars().any(char::is_control), "{id:?}");
    }
    let asked = transport.asked();
    let tags: Vec<_> = asked.iter().map(|asked| asked.headers.get(IF_NONE_MATCH)).collect();
    assert_eq!(tags, [None, tag.as_ref()], "a tag is sent back word for word");
}
