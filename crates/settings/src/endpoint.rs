//! Where requests go: https anywhere, and http on this machine.

use crate::{Mistake, Node, Take};
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// Where a request is sent: an https:// address, or an http:// one of this machine's loopback. `Debug` shows its host only, since such
/// addresses often are secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The address that a text is.
    ///
    /// Nothing for one that is none, that has a user in it, or by which what is told could be read on the way.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let is_private = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url.host()?));
        let is_plain = url.username().is_empty() && url.password().is_none();
        (is_private && is_plain && url.host().is_some()).then_some(Self(url))
    }

    /// The address.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// Its host, as messages have it.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Its host where that is an address already.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.host().is_some_and(|host| is_loopback(&host))
    }

    /// This path below it.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        Self(url)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({}, …)", self.host())
    }
}

/// Whether a host is this machine, whatever a name server says.
fn is_loopback<T: AsRef<str>>(host: &Host<T>) -> bool {
    match host {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::Domain(name) => name.as_ref() == "localhost",
    }
}

/// Whether a host, as it is written, is this machine, whatever a name server says.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    Host::parse(host).is_ok_and(|host| is_loopback(&host))
}

impl Take for Endpoint {
    fn expected() -> String {
        "an https:// address, or an http:// one of this machine".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let text = String::take(node, mistakes)?;
        let endpoint = Self::parse(&text);
        if endpoint.is_none() {
            mistakes.push(Mistake::new(node.span.clone(), "not an address", format!("expected {}", Self::expected())));
        }
        endpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_not_read_on_the_way() {
        for (text, is_one) in [
            ("https://hooks.example.com/a?b=c", true),
            ("http://127.0.0.1:8080/", true),
            ("http://[::1]/", true),
            ("http://localhost/", true),
            ("http://hooks.example.com/", false),
            ("http://localhost.example.com/", false),
            ("https://user:word@hooks.example.com/", false),
            ("ftp://hooks.example.com/", false),
            ("hooks.example.com", false),
        ] {
            assert_eq!(Endpoint::parse(text).is_some(), is_one, "{text}");
        }
        let below = Endpoint::parse("https://slack.com/api/").map(|url| url.at("chat.update").url().to_string());
        assert_eq!(below.as_deref(), Some("https://slack.com/api/chat.update"));
        assert!(!format!("{:?}", Endpoint::parse("https://a.example/pl4nted")).contains("pl4nted"));
    }
}
