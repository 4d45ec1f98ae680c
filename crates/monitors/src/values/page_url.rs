//! Where a page is.

use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;
use url::{Host, Url};

/// The URL of a page: `http` or `https`, with a host, without a user or password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUrl(Url);

/// What is wrong with a URL that has a user or a password. Neither is repeated.
const SECRET: &str = "a user or password in the URL would be a secret in the file";
const SECRET_HINT: &str = "give it as a header: `headers = { authorization = { env = \"NAME\" } }`";

impl PageUrl {
    /// As long as any router takes.
    const BYTES_MAX: usize = 4000;

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > Self::BYTES_MAX {
            return Err(format!("a URL of more than {} bytes", Self::BYTES_MAX).into());
        }
        // The parser would leave these out, or take them for slashes, and another host would be asked than is written.
        if text.contains(char::is_control) {
            return Err("a URL with a line break, a tab or the like in it".into());
        }
        let path_or_more = text.find(['?', '#']).unwrap_or(text.len());
        if text[..path_or_more].contains('\\') {
            return Err("a URL with a backslash in it".into());
        }
        let mut url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => "the URL does not begin with http:// or https://".to_owned(),
            error => format!("not a URL: {error}"),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("a URL of scheme \"{}\"", shown(url.scheme())).into());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal { message: SECRET.to_owned(), hint: Some(SECRET_HINT) });
        }
        let host = url.host().ok_or("the URL has no host")?;
        if let Some(refusal) = Refusal::of_host(&host) {
            return Err(refusal);
        }
        url.set_fragment(None);
        Ok(Self(url))
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_str())
    }
}

impl Serialize for PageUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Take for PageUrl {
    fn expected() -> String {
        "a URL that begins with http:// or https://".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        Self::parse(text).map_or_else(|refusal| refused(node, refusal, mistakes), Some)
    }
}

/// The host whose page is asked for, where that is not the one of the URL: a name or address, and a port if the `Host`
/// header shall have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    host: Host,
    port: Option<u16>,
}

impl HostName {
    /// The name or address.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port of the `Host` header, if it shall have one.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let parts = split_port(text).and_then(|(name, port)| Some((Host::parse(name).ok()?, port)));
        let (host, port) = parts.ok_or_else(|| format!("\"{}\" is no host's name", shown(text)))?;
        match Refusal::of_host(&host) {
            Some(refusal) => Err(refusal),
            None => Ok(Self { host, port }),
        }
    }
}

/// `name:port`, `[::1]:port`, or without the port.
pub(super) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let bracket = text.rfind(']').unwrap_or(0);
    match text[bracket..].find(':') {
        Some(colon) => {
            let (name, port) = (&text[..bracket + colon], &text[bracket + colon + 1..]);
            let plain = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            let port: u16 = port.parse().ok().filter(|port| *port > 0 && plain)?;
            Some((name, Some(port)))
        }
        None => Some((text, None)),
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

impl Serialize for HostName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Take for HostName {
    fn expected() -> String {
        "a host's name, such as \"shop.example.com\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        Self::parse(text).map_or_else(|refusal| refused(node, refusal, mistakes), Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_at_an_http_url_without_secrets() {
        assert_eq!(PageUrl::parse("https://Shop.example.com#top").unwrap().as_str(), "https://shop.example.com/");
        for (text, part) in [
            ("shop.example.com", "http://"),
            ("ftp://shop.example.com/", "scheme \"ftp\""),
            ("mailto:ops@example.com", "scheme"),
            ("https://", "not a URL"),
            ("https://ops:hunter2@shop.example.com/", "secret"),
            ("https://a b/", "not a URL"),
            ("https://${APP_NAME}.example.com/", "no resolver can answer for \"${app_name}.example.com\""),
            ("https://{{app}}/", "`{` is in no name"),
            ("https://%7B%7Bapp%7D%7D/", "`{` is in no name"),
            ("https://shop..example.com/", "between two of its dots"),
            ("https://shop\\.example.com/", "backslash"),
            ("https://shop.\texample.com/", "a tab"),
        ] {
            let message = PageUrl::parse(text).unwrap_err().message;
            assert!(message.contains(part) && !message.contains("hunter2"), "{text}: {message}");
        }
    }

    #[test]
    fn a_host_may_have_a_port() {
        for (text, shown) in [("Shop.Example.com", "shop.example.com"), ("a:8080", "a:8080"), ("[::1]:80", "[::1]:80")]
        {
            assert_eq!(HostName::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "a:", "a:0", "a:+1", "a:99999", "a/b", "a b", "::1", "${HOST}"] {
            assert!(HostName::parse(text).is_err(), "{text}");
        }
    }
}
