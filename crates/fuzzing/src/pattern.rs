//! Regular expressions, as people write them into a file.

use crate::toml;
use flyball_model::{Blind, Finding, Timestamp};
use std::time::Duration;

/// A page that makes a pattern work: long, with runs, with bytes that are no text.
fn pages() -> [Vec<u8>; 3] {
    [
        Vec::new(),
        b"a".repeat(20_000),
        [b"<p>Database error, \xff\xfe 0123456789</p>\n".as_slice(), &[b' '; 500]].concat(),
    ]
}

/// Reads any text as a pattern, and seeks what it means.
///
/// # Panics
///
/// When something does not hold.
pub fn pattern(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let naive = regex::bytes::Regex::new(&text);
    match toml::http(&format!("regex = {}", toml::text(&text))) {
        Ok(http) => {
            let naive = naive.expect("what is taken is a pattern");
            for page in pages() {
                let reading = http.judge_page(200, &page, Duration::ZERO, Timestamp::EPOCH);
                // What is sought is text, and what is no character in the page is none of it.
                let is_there = naive.is_match(String::from_utf8_lossy(&page).as_bytes());
                assert_eq!(reading.finding == Finding::Passing, is_there, "{text:?}");
                let is_text = std::str::from_utf8(&page).is_ok();
                assert!(!is_text || reading.finding != Finding::Unknown(Blind::Unreadable), "{text:?}");
            }
        }
        Err(mistakes) => {
            let told = mistakes.iter().next().expect("refused for a reason");
            assert_eq!(told.place.line, 5, "it is told where the pattern stands: {mistakes}");
            // Larger ones are refused for what they cost; a small one that can be compiled is taken.
            let is_large = text.len() > 200 || text.contains(['{', '\\', '[', '.']) || text.contains("(?");
            assert!(naive.is_err() || text.is_empty() || is_large, "{text:?} is refused: {mistakes}");
        }
    }
}
