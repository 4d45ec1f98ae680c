//! Networks, as the file names them.

use super::{refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Take, Value, did_you_mean};
use ipnet::{IpNet, Ipv4Net};
use std::fmt;
use std::net::IpAddr;

/// What one entry of a list of networks names: a network in CIDR notation, or a word for the well-known ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// `10.0.0.0/8`, `fd12:3456::/32`.
    Cidr(IpNet),
    /// Addresses that only mean something within somebody's own network.
    Private,
    /// This host.
    Loopback,
}

/// RFC 1918, section 3; RFC 6598, section 7 (between a provider and its customers); RFC 4193, section 3.1 (unique local
/// addresses); RFC 3879 (site-local addresses, which came before those).
const PRIVATE: [&str; 6] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"];

/// RFC 1122, section 3.2.1.3, and RFC 4291, sections 2.5.2 and 2.5.3. The unspecified addresses are among them because
/// a connection to one of them arrives at this host.
const LOOPBACK: [&str; 4] = ["127.0.0.0/8", "::1/128", "0.0.0.0/8", "::/128"];

impl Networks {
    const PRIVATE_WORD: &str = "private";
    const LOOPBACK_WORD: &str = "loopback";

    /// The networks that are meant.
    #[must_use]
    pub fn members(&self) -> Vec<IpNet> {
        let known = |networks: &[&str]| {
            networks.iter().map(|text| text.parse().expect("the networks known here are valid")).collect()
        };
        match self {
            Self::Cidr(network) => vec![*network],
            Self::Private => known(&PRIVATE),
            Self::Loopback => known(&LOOPBACK),
        }
    }

    fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        match text {
            Self::PRIVATE_WORD => return Ok(Self::Private),
            Self::LOOPBACK_WORD => return Ok(Self::Loopback),
            _ => {}
        }
        let Ok(network) = text.parse::<IpNet>() else { return Err(no_network(text)) };
        if network != network.trunc() {
            let (network, host) = (network.trunc(), IpNet::from(network.addr()));
            // Which of the two is meant decides what is reached, so that neither is guessed.
            let message = format!("\"{}\" has bits beyond its prefix", shown(text));
            return Err((
                message,
                Some(format!("write \"{network}\" for the network, or \"{host}\" for the one host")),
            ));
        }
        if let Some(plain) = mapped(&network) {
            // Connections to IPv4 addresses have them in their own form, which this would never hold.
            let message = format!("\"{}\" is an IPv4 network in IPv6 clothing", shown(text));
            return Err((message, Some(format!("write \"{plain}\": it holds for every form of its addresses"))));
        }
        Ok(Self::Cidr(network))
    }
}

/// Why a text names no network, and what to write instead where that can be told.
fn no_network(text: &str) -> (String, Option<String>) {
    if let Ok(host) = text.parse::<IpAddr>() {
        let hint = format!("write \"{}\" for this one host", IpNet::from(host));
        return ("an address without its prefix length".to_owned(), Some(hint));
    }
    let is_word = text.chars().all(|c| c.is_ascii_alphabetic());
    let meant = did_you_mean(text, [Networks::PRIVATE_WORD, Networks::LOOPBACK_WORD]).filter(|_| is_word);
    (format!("\"{}\" is no network", shown(text)), meant.map(|meant| format!("did you mean \"{meant}\"?")))
}

/// The IPv4 network that an IPv4-mapped one stands for (RFC 4291, section 2.5.5.2).
fn mapped(network: &IpNet) -> Option<Ipv4Net> {
    const MAPPED_BITS: u8 = 96;
    let IpNet::V6(network) = network else { return None };
    let length = network.prefix_len().checked_sub(MAPPED_BITS)?;
    Ipv4Net::new(network.addr().to_ipv4_mapped()?, length).ok()
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cidr(network) => write!(f, "{network}"),
            Self::Private => f.write_str(Self::PRIVATE_WORD),
            Self::Loopback => f.write_str(Self::LOOPBACK_WORD),
        }
    }
}

impl Take for Networks {
    fn expected() -> String {
        "a network such as \"10.0.0.0/8\" or \"fd12:3456::/32\", or \"private\" or \"loopback\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        match Self::parse(text) {
            Ok(networks) => Some(networks),
            Err((message, hint)) => {
                let refused = refused(node, message, mistakes);
                if let Some(mistake) = mistakes.last_mut() {
                    mistake.hint = hint;
                }
                refused
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_shown_as_it_was_written() {
        for text in ["10.0.0.0/8", "169.254.169.254/32", "0.0.0.0/0", "fd12:3456::/32", "::/0", "private", "loopback"] {
            assert_eq!(Networks::parse(text).unwrap().to_string(), text);
        }
        for words in [Networks::Private, Networks::Loopback] {
            assert!(words.members().iter().all(|network| *network == network.trunc()));
        }
    }

    #[test]
    fn what_is_no_network_is_told_with_what_to_write_instead() {
        let cases = [
            (
                "10.0.0.1/8",
                "bits beyond",
                Some("write \"10.0.0.0/8\" for the network, or \"10.0.0.1/32\" for the one host"),
            ),
            ("10.0.0.1", "without its prefix", Some("write \"10.0.0.1/32\" for this one host")),
            ("::1", "without its prefix", Some("write \"::1/128\" for this one host")),
            (
                "::ffff:10.0.0.0/104",
                "IPv6 clothing",
                Some("write \"10.0.0.0/8\": it holds for every form of its addresses"),
            ),
            ("privat", "no network", Some("did you mean \"private\"?")),
            ("10.0.0.0/33", "\"10.0.0.0/33\" is no network", None),
            ("shop.example.com", "no network", None),
            ("", "no network", None),
        ];
        for (text, part, hint) in cases {
            let (message, told) = Networks::parse(text).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
            assert_eq!(told.as_deref(), hint, "{text}");
        }
    }
}
