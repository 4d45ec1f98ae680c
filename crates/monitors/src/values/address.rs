//! Where a TCP check connects to.

use super::page_url::split_port;
use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;
use url::Host;

/// A host and a port: `db.example.com:5432`, `[::1]:6379`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: Host,
    port: u16,
}

impl Address {
    /// The name or address.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Reads an address, if it is one: a host that can be looked up, a colon, and a port that is not 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::taken(text).ok()
    }

    fn taken(text: &str) -> Result<Self, Refusal> {
        let parts = split_port(text).and_then(|(name, port)| Some((Host::parse(name).ok()?, port?)));
        let (host, port) = parts.ok_or_else(|| format!("\"{}\" is no host and port", shown(text)))?;
        match Refusal::of_host(&host) {
            Some(refusal) => Err(refusal),
            None => Ok(Self { host, port }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Take for Address {
    fn expected() -> String {
        "a host and a port, such as \"db.example.com:5432\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        Self::taken(text).map_or_else(|refusal| refused(node, refusal, mistakes), Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_its_port() {
        for text in ["localhost:5432", "10.0.0.1:1", "[::1]:6379"] {
            assert_eq!(Address::parse(text).unwrap().to_string(), text);
        }
        for text in ["localhost", ":5432", "localhost:0", "http://a:1", "a:1:2", "${DB}:5432", "a..b:1"] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
