//! Whether an address may be connected to. The second of three steps: [`super::connect`] takes nothing but what comes
//! out of here, so that the address which is judged is the address which is connected to, whatever a name server says
//! the next time.

use super::{Failure, NetworkRules};
use flyball_model::{Blind, Cause};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::Host;

/// Addresses that may be connected to, in the order in which they should be tried. Never empty.
#[derive(Debug)]
pub(super) struct Permitted(Vec<IpAddr>);

impl Permitted {
    /// Those of `addresses` that may be connected to.
    ///
    /// # Errors
    ///
    /// Unknown when all that could be connected to is forbidden; failing when there was nothing to connect to at all.
    pub(super) fn of(mut addresses: Vec<IpAddr>, rules: &NetworkRules) -> Result<Self, Failure> {
        let Some(first) = addresses.first().copied() else {
            return Err(Failure::failing(Cause::Name, "the name has no address"));
        };
        addresses.retain(is_one_host);
        let Some(nearest) = addresses.first().copied() else {
            return Err(Failure::failing(Cause::Unreachable, format!("{first} is the address of no single host")));
        };
        addresses.retain(|address| rules.refusal(*address).is_none());
        match rules.refusal(nearest) {
            Some(refusal) if addresses.is_empty() => Err(Failure::unknown(Blind::Forbidden, refusal.to_string())),
            _ => Ok(Self(addresses)),
        }
    }

    /// Whether a host may be reached that only a proxy looks up: judged are an address that is written out, and a name
    /// that stands for the same address everywhere. Where any other name leads is seen by the proxy alone.
    ///
    /// # Errors
    ///
    /// As [`Permitted::of`].
    pub(super) fn unseen(host: &Host, rules: &NetworkRules) -> Result<(), Failure> {
        let addresses = match host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => fixed(name),
        };
        if addresses.is_empty() { Ok(()) } else { Self::of(addresses, rules).map(|_| ()) }
    }

    /// The addresses.
    pub(super) fn into_addresses(self) -> Vec<IpAddr> {
        self.0
    }
}

/// Names of the metadata services that clouds serve at 169.254.169.254: Google Cloud, *About VM metadata*; Amazon EC2 as
/// its name servers have it, `instance-data`.
const METADATA: [&str; 5] =
    ["metadata.google.internal", "metadata.goog", "metadata", "instance-data.ec2.internal", "instance-data"];

/// The addresses of a name that stands for the same ones everywhere.
fn fixed(name: &str) -> Vec<IpAddr> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if name == "localhost" || name.ends_with(".localhost") {
        return vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    }
    if METADATA.contains(&name.as_str()) {
        return vec![Ipv4Addr::new(169, 254, 169, 254).into()];
    }
    Vec::new()
}

/// Not a group of hosts, nor all of them.
fn is_one_host(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !address.is_multicast() && !address.is_broadcast(),
        IpAddr::V6(address) => !address.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permitted(addresses: &[&str]) -> Result<Vec<String>, Failure> {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let permitted = Permitted::of(addresses, &NetworkRules::default())?;
        Ok(permitted.into_addresses().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn only_what_is_permitted_is_left_to_be_tried() {
        assert_eq!(permitted(&["fe80::1", "1.1.1.1", "169.254.1.1", "::1"]).unwrap(), ["1.1.1.1", "::1"]);
        assert_eq!(permitted(&["1.1.1.1", "169.254.1.1"]).unwrap(), ["1.1.1.1"]);
        let forbidden = permitted(&["224.0.0.1", "169.254.1.1", "fe80::1"]).unwrap_err();
        let words = "169.254.1.1 is in a network that checks may not reach (link-local)";
        assert_eq!(forbidden, Failure::unknown(Blind::Forbidden, words));
    }

    #[test]
    fn a_host_that_only_a_proxy_looks_up_is_judged_by_what_is_written() {
        let rules = NetworkRules::default();
        for (host, forbidden) in [
            ("shop.example.com", false),
            ("10.0.0.1", false),
            ("localhost", false),
            ("169.254.169.254", true),
            ("0xa9fea9fe", true),
            ("[::ffff:a9fe:a9fe]", true),
            ("metadata.google.internal", true),
            ("Metadata.Google.Internal.", true),
        ] {
            let judged = Permitted::unseen(&Host::parse(host).unwrap(), &rules);
            assert_eq!(judged.is_err(), forbidden, "{host}");
        }
    }

    #[test]
    fn a_group_of_hosts_is_not_connected_to() {
        let failure = permitted(&["224.0.0.1", "ff02::1", "255.255.255.255"]).unwrap_err();
        assert_eq!(failure, Failure::failing(Cause::Unreachable, "224.0.0.1 is the address of no single host"));
    }
}
