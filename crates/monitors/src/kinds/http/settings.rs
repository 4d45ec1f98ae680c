//! The settings of an `http` monitor.

use super::json::JsonWanted;
use super::search::Aim;
use crate::values::{
    ByteSize, HeaderList, HostName, Keyword, Method, PageUrl, Pattern, Proxy, StatusList, in_words, in_words_if_any,
};
use flyball_model::{EnvValue, duration};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of an `http` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Http {
    /// The page.
    pub url: PageUrl,
    /// The method.
    pub method: Method,
    /// The statuses that pass, where it was said.
    pub status: Option<StatusList>,
    /// What is sought in the page.
    #[serde(flatten)]
    pub sought: Option<Sought>,
    /// What its JSON should say: beside nothing that is sought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json: Option<Box<JsonWanted>>,
    /// A page that takes longer than this fails.
    #[serde(serialize_with = "in_words_if_any")]
    pub slower_than: Option<Duration>,
    /// Whose page is asked for, where it is not the URL's host.
    pub host: Option<HostName>,
    /// Which way is taken to it, where that is not `[network]`'s.
    pub proxy: Option<Proxy>,
    /// Headers besides our own.
    pub headers: HeaderList,
    /// What is sent with POST.
    pub body: Option<EnvValue>,
    /// For everything together, from the name look-up to the page's last byte.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
    /// How many redirects are followed, at most.
    pub follow_redirects: u32,
    /// How much of the page is read, at most.
    pub max_body: ByteSize,
    /// Whether a connection may serve more than one check.
    pub reuse: bool,
}

/// A text that is sought, and whether it should be there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sought {
    /// What is sought.
    #[serde(flatten)]
    pub text: SoughtText,
    /// Whether it should be there.
    pub present: bool,
}

/// What is sought in a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SoughtText {
    /// These characters.
    Keyword(Keyword),
    /// Something that matches.
    Regex(Pattern),
}

impl SoughtText {
    /// Whether it is written in ASCII alone, which is the same in nearly every charset.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        match self {
            Self::Keyword(keyword) => keyword.as_str().is_ascii(),
            Self::Regex(pattern) => {
                let named_otherwise =
                    [r"\x", r"\u", r"\U", r"\p"].iter().any(|escape| pattern.as_str().contains(escape));
                pattern.as_str().is_ascii() && !named_otherwise
            }
        }
    }
}

impl Http {
    /// Default: the time for one check.
    const TIMEOUT: Duration = Duration::from_secs(10);
    /// Default: as many redirects as a page needs. `http` to `https`, to `www`, to a language, to a login, and one
    /// more.
    const REDIRECTS: u32 = 5;
    /// Browsers and curl give up at about this many.
    const REDIRECTS_MAX: u32 = 20;
    /// Default: how much of a page is read. One that has not shown its text by then hardly will, and ten thousand
    /// checks at once must fit in memory.
    const BODY: ByteSize = ByteSize::new(1 << 20);
    /// A body to send is kept in memory with the settings, so it is bounded.
    const REQUEST_BODY_BYTES_MAX: usize = 65_536;

    /// What the page is read for, beside its status.
    pub(super) fn aim(&self) -> Option<Aim<'_>> {
        let text = self.sought.as_ref().map(|sought| Aim::Text(&sought.text));
        text.or_else(|| self.json.as_ref().map(|json| Aim::Json(&json.at)))
    }

    fn fields(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "the page");
        let method = fields.or("method", Method::Get, "\"GET\"", "how it is asked for");
        let status = fields.optional(
            "status",
            "the statuses that can pass; without it only 2xx, and any where a wanted text is found",
        );
        let keyword =
            fields.optional("keyword", "a text that the page should have, with case, in whatever charset the page is");
        let regex = fields.optional("regex", "a regular expression that the page should match");
        let present = fields.or("present", true, "true", "whether `keyword` or `regex` should be there, or should not");
        let json = fields.optional::<JsonWanted>(
            "json",
            "what the page should say, as JSON that is read whole: a number above or below another, a value that it is or is not",
        );
        let slower_than = fields.optional("slower_than", "a page that takes longer fails; less than `timeout`");
        let body = fields.optional("body", "what is sent with POST");
        let How { host, proxy, headers, timeout, follow_redirects, max_body, reuse } = How::read(fields);
        let sought = sought(fields, keyword?, regex?, present?);
        let is_json = fields.has("json");
        let texts = ["keyword", "regex"].into_iter().filter(|text| is_json && fields.has(text));
        for text in texts.collect::<Vec<_>>() {
            let hint = Some("make two monitors of it, one for each".to_owned());
            let message = format!("both `{text}` and `json`");
            fields.wrong("json", message, "a page is read as text or as JSON", hint);
        }
        if method == Some(Method::Head) && (is_json || matches!(sought, Some(Some(_)))) {
            let hint = Some("leave it out, and the page is asked for by GET".to_owned());
            let label = if is_json { "`json` needs GET" } else { "`keyword` and `regex` need GET" };
            fields.wrong("method", "a HEAD request has no page to seek in", label, hint);
            return None;
        }
        if let (Some(Some(limit)), Some(timeout)) = (slower_than, timeout)
            && limit >= timeout
        {
            let message = "a page that takes so long is not waited for";
            let label = format!("expected less than `timeout`, which is {}", duration::print(timeout));
            fields.wrong("slower_than", message, label, Some("lower it, or raise `timeout`".to_owned()));
            return None;
        }
        if let (Some(Some(Sought { text: SoughtText::Keyword(keyword), .. })), Some(max_body)) = (&sought, max_body)
            && keyword.bytes_least() > max_body.get()
        {
            let label = format!("longer than `max_body`, which is {max_body}");
            fields.wrong("keyword", "the keyword is longer than what is read of a page", label, None);
            return None;
        }
        let body = body?.map(|body| Self::checked_body(fields, method?, body));
        Some(Self {
            url: url?,
            method: method?,
            status: status?,
            sought: sought?,
            json: json?.map(Box::new),
            slower_than: slower_than?,
            host: host?,
            proxy: proxy?,
            headers: headers?,
            body: match body {
                Some(body) => Some(body?),
                None => None,
            },
            timeout: timeout?,
            follow_redirects: follow_redirects?,
            max_body: max_body?,
            reuse: reuse?,
        })
    }

    /// Reads how a page is asked for by GET, for kinds that make something else of it: none of its texts is sought.
    pub(in crate::kinds) fn asked_by_get(fields: &mut Fields<'_>) -> Option<Self> {
        let url = fields.required("url", "the page");
        let How { host, proxy, headers, timeout, follow_redirects, max_body, reuse } = How::read(fields);
        Some(Self {
            url: url?,
            method: Method::Get,
            status: None,
            sought: None,
            json: None,
            slower_than: None,
            host: host?,
            proxy: proxy?,
            headers: headers?,
            body: None,
            timeout: timeout?,
            follow_redirects: follow_redirects?,
            max_body: max_body?,
            reuse: reuse?,
        })
    }

    fn checked_body(fields: &mut Fields<'_>, method: Method, body: EnvValue) -> Option<EnvValue> {
        if method != Method::Post {
            let hint = Some("write `method = \"POST\"` beside it, or leave it out".to_owned());
            fields.wrong("body", format!("a {method} request has no body"), "only sent with POST", hint);
            return None;
        }
        if matches!(&body, EnvValue::Plain(text) if text.len() > Self::REQUEST_BODY_BYTES_MAX) {
            fields.wrong("body", "the body is too long", "expected at most 64 KiB", None);
            return None;
        }
        Some(body)
    }
}

/// How a page is asked for, each as far as it could be read.
struct How {
    host: Option<Option<HostName>>,
    proxy: Option<Option<Proxy>>,
    headers: Option<HeaderList>,
    timeout: Option<Duration>,
    follow_redirects: Option<u32>,
    max_body: Option<ByteSize>,
    reuse: Option<bool>,
}

impl How {
    fn read(fields: &mut Fields<'_>) -> Self {
        let host = fields.optional("host", "asks the URL's address for this host's page, TLS name included");
        let proxy = fields.optional("proxy", "which way is taken to the page; without it, as `[network]` says");
        let headers = fields.or("headers", HeaderList::default(), "none", "headers to send");
        let timeout = fields.within("timeout", Http::TIMEOUT, "\"10s\"", &timeout_bounds(), "the time for all of it");
        let redirects = Bounds { least: 0, most: Http::REDIRECTS_MAX, words: "0 to 20" };
        let doc = "redirects to follow at most; 0 judges the redirect itself";
        let follow_redirects = fields.within("follow_redirects", Http::REDIRECTS, "5", &redirects, doc);
        let bodies = Bounds { least: ByteSize::new(1), most: ByteSize::new(64 << 20), words: "1 byte to 64 MiB" };
        let max_body = fields.within("max_body", Http::BODY, "\"1MiB\"", &bodies, "how much of the page is read");
        let reuse = fields.or("reuse", false, "false", "whether a connection serves more than one check");
        Self { host, proxy, headers, timeout, follow_redirects, max_body, reuse }
    }
}

/// A check must have time for a round trip, and must end before anybody has forgotten it.
fn timeout_bounds() -> Bounds<Duration> {
    Bounds { least: Duration::from_millis(100), most: Duration::from_secs(300), words: "100ms to 5m" }
}

/// What is sought, from three fields that belong together.
fn sought(
    fields: &mut Fields<'_>,
    keyword: Option<Keyword>,
    regex: Option<Pattern>,
    present: bool,
) -> Option<Option<Sought>> {
    let text = match (keyword, regex) {
        (Some(_), Some(_)) => {
            let hint = Some("a regex can have alternatives: `one|other`; or make two monitors".to_owned());
            fields.wrong("regex", "both `keyword` and `regex`", "only one text is sought", hint);
            return None;
        }
        (Some(keyword), None) => SoughtText::Keyword(keyword),
        (None, Some(regex)) => SoughtText::Regex(regex),
        (None, None) if fields.has("present") && !fields.has("keyword") && !fields.has("regex") => {
            let hint = Some("write `keyword = \"…\"` beside it".to_owned());
            fields.wrong("present", "`present` without `keyword` or `regex`", "nothing is sought", hint);
            return None;
        }
        (None, None) => return Some(None),
    };
    Some(Some(Sought { text, present }))
}

impl Settings for Http {
    const KIND: &str = "http";
    const SUMMARY: &str = "asks for a page, and judges its status, its text or its JSON, and how long it took";
    const EXAMPLE: &str = r#"{ url = "https://shop.example.com/", keyword = "database error", present = false }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Self::fields(fields)
    }
}
