//! Where a TCP check connects to.

use super::page_url::split_port;
use super::{refused, shown, wrong_kind};
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

    /// Reads an address, if it is one: a host, a colon, and a port that is not 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = split_port(text)?;
        Some(Self { host: Host::parse(name).ok()?, port: port? })
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
        match Self::parse(text) {
            Some(address) => Some(address),
            None => refused(node, format!("\"{}\" is no host and port", shown(text)), mistakes),
        }
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
        for text in ["localhost", ":5432", "localhost:0", "http://a:1", "a:1:2"] {
            assert!(Address::parse(text).is_none(), "{text}");
        }
    }
}
