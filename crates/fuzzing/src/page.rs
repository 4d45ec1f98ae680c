//! Pages, and what is sought in them.

use crate::{Drawn, toml};
use encoding_rs::UTF_8;
use flyball_model::{Blind, Cause, Evidence, Excerpt, Finding, Timestamp};
use flyball_monitors::Http;
use std::time::Duration;

/// Seeks a text in a page, as a keyword and as the regular expression that means the same, and compares both with a
/// search that nobody can get wrong.
///
/// # Panics
///
/// When something does not hold.
pub fn page(data: &[u8]) {
    let mut drawn = Drawn(data);
    let (choice, length) = (drawn.byte(), usize::from(drawn.byte()));
    let keyword = String::from_utf8_lossy(drawn.bytes(length)).into_owned();
    if keyword.is_empty() {
        return;
    }
    let (present, status) = (choice & 1 == 0, if choice & 2 == 0 { 200 } else { 503 });
    let page = drawn.rest();
    // A bound that lies in the page, at its end, or beyond it.
    let bound = match choice >> 2 {
        0 => page.len().max(1),
        part => (page.len() * usize::from(part) / 32).max(1),
    };
    // A keyword that cannot stand in what is read is a mistake in the file.
    let bound = bound.max(keyword.chars().count());
    let read = &page[..page.len().min(bound)];
    if read.to_ascii_lowercase().windows(b"<meta".len()).any(|window| window == b"<meta") {
        // Which charset it names is a table of its own.
        return;
    }
    // What it ends within is no character, and nothing is wrong with it.
    let (text, is_malformed) = decoded(read);
    let is_there = text.contains(&keyword);
    let is_unreadable = !is_there && !keyword.is_ascii() && is_malformed;
    let pattern = regex::escape(&keyword);
    for sought in [format!("keyword = {}", toml::text(&keyword)), format!("regex = {}", toml::text(&pattern))] {
        let settings = format!("{sought}\npresent = {present}\nmax_body = {bound}");
        let Ok(http) = toml::http(&settings) else { panic!("it is refused: {settings}") };
        let wanted = match (is_there, present) {
            (true, false) => Finding::Failing(Cause::Text),
            (true, true) => Finding::Passing,
            // It would excuse the status, if it were there.
            (false, true) if is_unreadable => Finding::Unknown(Blind::Unreadable),
            (false, _) if status != 200 => Finding::Failing(Cause::Status),
            (false, false) if is_unreadable => Finding::Unknown(Blind::Unreadable),
            (false, true) => Finding::Failing(Cause::Text),
            (false, false) => Finding::Passing,
        };
        judge(&http, status, page, bound, wanted, (!is_unreadable).then_some(is_there));
    }
}

/// The page as text, decoded at once, and whether it has what is no character.
fn decoded(page: &[u8]) -> (String, bool) {
    let mut decoder = UTF_8.new_decoder();
    let room = decoder.max_utf8_buffer_length(page.len()).expect("a page is small");
    let mut text = String::with_capacity(room);
    let (_, _, is_malformed) = decoder.decode_to_string(page, &mut text, false);
    let _ = decoder.decode_to_string(&[], &mut text, true);
    (text, is_malformed)
}

fn judge(http: &Http, status: u16, page: &[u8], bound: usize, wanted: Finding, found: Option<bool>) {
    let reading = http.judge_page(status, page, Duration::from_millis(3), Timestamp::EPOCH);
    assert_eq!(reading.finding, wanted, "{:?} of {http:?}", reading.words);
    judge_excerpt(&reading.words);
    let Evidence::Http(evidence) = reading.evidence else { panic!("a page was looked at: {:?}", reading.evidence) };
    assert_eq!(evidence.found, found);
    assert_eq!((evidence.body_bytes, evidence.cut_short), (page.len().min(bound) as u64, page.len() > bound));
    if let Some(excerpt) = &evidence.excerpt {
        judge_excerpt(excerpt);
    }
}

/// What of a stranger's page is shown is one bounded line.
fn judge_excerpt(excerpt: &Excerpt) {
    let text = excerpt.as_str();
    // Its last character may bring a blank with it, and then comes the mark that there was more.
    assert!(text.chars().count() <= Excerpt::CHARS_MAX + 2 && !text.chars().any(char::is_control), "{text:?}");
}
