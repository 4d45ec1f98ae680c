//! What an exchange says of a page. Pure: the same exchange gives the same reading, whoever made it.
//!
//! The rules, in this order; the first that applies is the cause:
//!
//! 1. No answer: unknown if we could not look, else failing, whatever was sought.
//! 2. A text is there that should not be, whatever status it came with.
//! 3. The status is not among those wanted. Without `status` only 2xx is wanted: passing needs evidence of health, and an
//!    error page shows none, however quick it is and whatever it does not say. A wanted text that was found is such
//!    evidence, whatever status it came with.
//! 4. The page broke off before what was sought was found.
//! 5. The text was not found, in a page that could not be read as text to its last character: unknown. Only where the
//!    text is not plain ASCII, since that is found in nearly every charset.
//! 6. The text is not there.
//! 7. Its JSON is not as it should be, or it is no JSON. Of one that is longer than what is read nothing is known.
//! 8. It took longer than it may.
//!
//! A judgement that is added later stands below the status, so that no error page can satisfy it.
//!
//! Whether to believe what it took is decided after that, by [`crate::net::StallWatch`].

use super::json::Json;
use super::page_text::PageText;
use super::search::{Aim, Text};
use super::settings::{Http, Sought, SoughtText};
use crate::net::Failure;
use crate::values::StatusList;
use flyball_model::{Blind, Cause, Evidence, Excerpt, Finding, HttpEvidence, Phases, Reading, Timestamp, duration};
use http::HeaderMap;
use std::time::Duration;

/// What one check met, up to the last hop.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// The head of the last answer, and what there was of its page; `None` when no answer came.
    pub page: Option<Page>,
    /// Why it did not go on to its end, if it did not.
    pub failure: Option<Failure>,
    /// The address that was connected to last.
    pub address: Option<String>,
    /// The proxy through which was connected last: host and port.
    pub proxy: Option<String>,
    /// Where the last redirect led.
    pub redirected_to: Option<Excerpt>,
    /// How long the steps of the last hop took; the total is [`Exchange::took`].
    pub phases: Phases,
    /// How long all of it took.
    pub took: Duration,
}

/// An answer, as far as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its status.
    pub status: u16,
    /// What was sought in it.
    pub text: Text,
    /// Bytes of the page that were read, after its content encoding was undone.
    pub body_bytes: u64,
    /// Whether the page was longer than what was read of it.
    pub cut_short: bool,
}

impl Http {
    /// The reading of a page that somebody else fetched: `body` after its content encoding was undone, with a head
    /// that does not say its charset. The same code that judges a page of the network.
    #[must_use]
    pub fn judge_page(&self, status: u16, body: &[u8], took: Duration, begun_at: Timestamp) -> Reading {
        self.reading(&self.exchange_of(self.aim(), status, body, took), begun_at)
    }

    /// The exchange of a page that somebody else fetched, read for what is aimed at.
    pub(in crate::kinds) fn exchange_of(
        &self,
        aim: Option<Aim<'_>>,
        status: u16,
        body: &[u8],
        took: Duration,
    ) -> Exchange {
        let limit = usize::try_from(self.max_body.get()).unwrap_or(usize::MAX);
        let read = &body[..body.len().min(limit)];
        let mut text = PageText::new(&HeaderMap::new(), aim, self.max_body);
        text.push(read);
        let page =
            Page { status, text: text.finish(), body_bytes: read.len() as u64, cut_short: read.len() < body.len() };
        let phases = Phases { total_ms: millis(took), ..Phases::default() };
        Exchange { page: Some(page), failure: None, address: None, proxy: None, redirected_to: None, phases, took }
    }

    /// The reading of an exchange that began at `begun_at`.
    #[must_use]
    pub fn reading(&self, exchange: &Exchange, begun_at: Timestamp) -> Reading {
        let (finding, words) = self.judge(exchange);
        Reading {
            begun_at,
            took: exchange.took,
            finding,
            words: Excerpt::of(&words),
            evidence: Evidence::Http(self.evidence(exchange)),
        }
    }

    /// The verdict on an exchange, and the verdict in words.
    #[must_use]
    pub fn judge(&self, exchange: &Exchange) -> (Finding, String) {
        let failing = |cause, words| (Finding::Failing(cause), words);
        let failure = exchange.failure.as_ref().map(|failure| (failure.finding, failure.words.clone()));
        let Some(page) = &exchange.page else {
            return failure.unwrap_or_else(|| failing(Cause::Protocol, "no answer".to_owned()));
        };
        let failure = failure.or_else(|| self.unreadable(page));
        let found = matches!(page.text, Text::Found(_));
        if let Some(unwanted) = self.sought.as_ref().filter(|sought| found && !sought.present) {
            return failing(Cause::Text, self.wrong_text(unwanted, page));
        }
        let missing = self.sought.as_ref().filter(|_| !found).filter(|sought| sought.present);
        let text_excuses = self.status.is_none();
        if !(text_excuses && found || self.wanted().contains(page.status)) {
            return match failure {
                // In the part that is missing may stand what excuses it.
                Some(failure) if text_excuses && missing.is_some() => failure,
                _ => failing(Cause::Status, self.wrong_status(missing.filter(|_| text_excuses), page)),
            };
        }
        // A text that was found settles the matter, however the page went on; how long it took is not known then.
        if let Some(failure) = failure.filter(|_| !found || self.slower_than.is_some()) {
            return failure;
        }
        if let Some(missing) = missing {
            return failing(Cause::Text, self.wrong_text(missing, page));
        }
        if let Some(json) = &self.json
            && let Err(words) = json.judge(json_of(page))
        {
            return failing(Cause::Json, with_status(words, page));
        }
        if let Some(limit) = self.slower_than.filter(|limit| exchange.took > *limit) {
            return failing(
                Cause::Slow,
                format!("took {}, slower than {}", rounded(exchange.took), duration::print(limit)),
            );
        }
        (Finding::Passing, self.passing_words(page, exchange.took))
    }

    /// That the page cannot be read well enough to say that the text is not there, or what its JSON says, if that is so.
    fn unreadable(&self, page: &Page) -> Option<(Finding, String)> {
        let why = match (&page.text, &self.json) {
            (Text::Unreadable(_, why), _) => why.clone(),
            (_, Some(_)) if page.cut_short => format!("is longer than `max_body`, {}", self.max_body),
            _ => return None,
        };
        let what = match (&self.sought, &self.json) {
            (Some(sought), _) => format!("{} cannot be sought in it", in_quotes(&sought.text)),
            (None, Some(_)) => "its JSON cannot be read".to_owned(),
            (None, None) => return None,
        };
        Some((Finding::Unknown(Blind::Unreadable), format!("the page {why}, so that {what}")))
    }

    /// The statuses that can pass.
    fn wanted(&self) -> StatusList {
        self.status.clone().unwrap_or_else(StatusList::success)
    }

    /// That the status is wrong, and which text would have excused it.
    fn wrong_status(&self, missing: Option<&Sought>, page: &Page) -> String {
        let words = format!("answered {}, wanted {}", page.status, self.wanted());
        match missing {
            Some(missing) => format!("{words}, and the page does not have {}", in_quotes(&missing.text)),
            None => words,
        }
    }

    /// That the text is there, or is not, and should be otherwise.
    fn wrong_text(&self, sought: &Sought, page: &Page) -> String {
        let text = in_quotes(&sought.text);
        let words = match (sought.present, page.cut_short) {
            (false, _) => format!("the page has {text}"),
            (true, false) => format!("the page does not have {text}"),
            (true, true) => format!("the page does not have {text} in its first {}", self.max_body),
        };
        with_status(words, page)
    }

    fn passing_words(&self, page: &Page, took: Duration) -> String {
        let status = page.status;
        let took = rounded(took);
        match (&self.sought, &self.json) {
            (None, None) => format!("answered {status} in {took}"),
            (None, Some(json)) => format!("answered {status} in {took}, and {}", json.in_words(json_of(page))),
            (Some(sought), _) => {
                let has = if sought.present { "has" } else { "does not have" };
                let text = in_quotes(&sought.text);
                // A page that ends before the bound was read whole; of a longer one this is all that can be said.
                let part = if page.cut_short && !sought.present { " in what was read of it" } else { "" };
                format!("answered {status} in {took}, and the page {has} {text}{part}")
            }
        }
    }

    fn evidence(&self, exchange: &Exchange) -> HttpEvidence {
        let page = exchange.page.as_ref();
        let (found, excerpt) = match page.map(|page| &page.text) {
            Some(Text::Found(excerpt)) => (Some(true), Some(excerpt.clone())),
            Some(Text::NotFound(excerpt)) => (Some(false), Some(excerpt.clone())),
            Some(Text::Unreadable(excerpt, _) | Text::Json(excerpt, _) | Text::Exposed(excerpt, _)) => {
                (None, Some(excerpt.clone()))
            }
            None => (None, None),
        };
        // Of a page that broke off before the text was found it is not known whether it is there.
        let known = self.sought.is_some() && (exchange.failure.is_none() || found == Some(true));
        HttpEvidence {
            status: page.map(|page| page.status),
            redirected_to: exchange.redirected_to.clone(),
            address: exchange.address.clone(),
            proxy: exchange.proxy.clone(),
            found: found.filter(|_| known),
            excerpt: excerpt.filter(|excerpt| !excerpt.as_str().is_empty()),
            body_bytes: page.map_or(0, |page| page.body_bytes),
            cut_short: page.is_some_and(|page| page.cut_short),
            phases: Phases { total_ms: millis(exchange.took), ..exchange.phases },
        }
    }
}

/// What there was of JSON in a page.
const fn json_of(page: &Page) -> &Json {
    match &page.text {
        Text::Json(_, json) => json,
        Text::Found(_) | Text::NotFound(_) | Text::Unreadable(..) | Text::Exposed(..) => &Json::Unread,
    }
}

/// The words, and which status the page came with where it is none of success.
fn with_status(words: String, page: &Page) -> String {
    match page.status {
        200..=299 => words,
        status => format!("{words} (it answered {status})"),
    }
}

/// What is sought, for a sentence: short enough to leave room for the rest of it.
fn in_quotes(text: &SoughtText) -> String {
    const CHARS_MAX: usize = 60;
    let short = |text: &str| match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    match text {
        SoughtText::Keyword(keyword) => format!("\"{}\"", short(keyword.as_str())),
        SoughtText::Regex(pattern) => format!("a match of /{}/", short(pattern.as_str())),
    }
}

/// Milliseconds, as evidence has them.
pub(super) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// A duration for a sentence: "12ms", "1.2s".
fn rounded(took: Duration) -> String {
    match took.as_millis() {
        millis @ 0..1000 => format!("{millis}ms"),
        millis => format!("{}.{}s", millis / 1000, millis % 1000 / 100),
    }
}
