//! Where a request comes from: the other end of the connection, or what a proxy says that is trusted to.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The address of whoever asks.
    pub(crate) address: IpAddr,
    /// Whether nobody on the way could read it: it came by TLS, or never left this machine.
    pub(crate) is_private: bool,
    /// Whether it comes from this machine, and no proxy says that it passes something on.
    pub(crate) is_local: bool,
}

/// What a proxy adds that passes a request on.
const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

impl Origin {
    /// The last address that a trusted proxy saw is believed, and nothing before it, which the client may have written.
    pub(crate) fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let peer = peer.ip().to_canonical();
        let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
        if !is_trusted(&peer) {
            let is_local = peer.is_loopback() && PASSED_ON.iter().all(|name| !headers.contains_key(*name));
            return Self { address: peer, is_private: peer.is_loopback(), is_local };
        }
        let forwarded: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
        let chain = forwarded.iter().flat_map(|value| value.split(',')).map(|part| part.trim().parse::<IpAddr>());
        let chain: Vec<_> = chain.collect();
        // From the end: each proxy appends whom it was asked by. What is no address ends what can be believed.
        let address = chain
            .iter()
            .rev()
            .map_while(|part| part.as_ref().ok().map(IpAddr::to_canonical))
            .find(|address| !is_trusted(address))
            .unwrap_or(peer);
        let is_private = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        Self { address, is_private, is_local: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_what_it_saw_itself() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        type Case<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, bool);
        let cases: [Case<'_>; 9] = [
            ("a stranger", "192.0.2.1:1", None, "192.0.2.1", false),
            ("this machine", "127.0.0.1:1", None, "127.0.0.1", true),
            ("a stranger who claims to be somebody", "192.0.2.1:1", Some("203.0.113.9"), "192.0.2.1", false),
            ("behind a proxy", "10.1.2.3:1", Some("203.0.113.9"), "203.0.113.9", true),
            (
                "behind a proxy, with a claim before it",
                "10.1.2.3:1",
                Some("127.0.0.1, 203.0.113.9"),
                "203.0.113.9",
                true,
            ),
            ("behind two proxies", "10.1.2.3:1", Some("203.0.113.9, 10.9.9.9"), "203.0.113.9", true),
            ("behind a proxy that says nothing", "10.1.2.3:1", None, "10.1.2.3", true),
            ("behind a proxy that says nonsense", "10.1.2.3:1", Some("127.0.0.1, nonsense"), "10.1.2.3", true),
            ("an IPv4 address as IPv6", "[::ffff:10.1.2.3]:1", Some("203.0.113.9"), "203.0.113.9", true),
        ];
        for (case, peer, forwarded, address, is_private) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-proto", "https".parse().unwrap());
            if let Some(forwarded) = forwarded {
                headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            }
            let origin = Origin::of(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!((origin.address, origin.is_private), (address.parse().unwrap(), is_private), "{case}");
        }
    }

    #[test]
    fn what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine() {
        let local = |peer: &str, header: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            header.map(|name| headers.insert(name, "203.0.113.9".parse().unwrap()));
            Origin::of(peer.parse().unwrap(), &headers, &[]).is_local
        };
        assert!(local("127.0.0.1:1", None) && local("[::1]:1", None));
        assert!(!local("192.0.2.1:1", None));
        for header in PASSED_ON {
            assert!(!local("127.0.0.1:1", Some(header)), "{header}");
        }
    }
}
