//! Pages, and what is sought in them.

use crate::{Drawn, toml};
use flyball_model::{Cause, Evidence, Excerpt, Finding, Timestamp};
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
    let read = &page[..page.len().min(bound)];
    let is_there = read.windows(keyword.len()).any(|window| window == keyword.as_bytes());
    let pattern = regex::escape(&keyword);
    for sought in [format!("keyword = {}", toml::text(&keyword)), format!("regex = {}", toml::text(&pattern))] {
        let settings = format!("{sought}\npresent = {present}\nmax_body = {bound}");
        let Ok(http) = toml::http(&settings) else { panic!("it is refused: {settings}") };
        let wanted = match (is_there, present) {
            (true, false) => Finding::Failing(Cause::Text),
            (true, true) => Finding::Passing,
            (false, _) if status != 200 => Finding::Failing(Cause::Status),
            (false, true) => Finding::Failing(Cause::Text),
            (false, false) => Finding::Passing,
        };
        judge(&http, status, page, bound, wanted, is_there);
    }
}

fn judge(http: &Http, status: u16, page: &[u8], bound: usize, wanted: Finding, is_there: bool) {
    let reading = http.judge_page(status, page, Duration::from_millis(3), Timestamp::EPOCH);
    assert_eq!(reading.finding, wanted, "{:?} of {http:?}", reading.words);
    judge_excerpt(&reading.words);
    let Evidence::Http(evidence) = reading.evidence else { panic!("a page was looked at: {:?}", reading.evidence) };
    assert_eq!(evidence.found, Some(is_there));
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
