//! Whether an address may be connected to. The second of three steps: [`super::connect`] takes nothing but what comes
//! out of here, so that the address which is judged is the address which is connected to, whatever a name server says
//! the next time.

use super::{Failure, NetworkRules};
use flyball_model::{Blind, Cause};
use std::net::IpAddr;

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

    /// The addresses.
    pub(super) fn into_addresses(self) -> Vec<IpAddr> {
        self.0
    }
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
    fn a_group_of_hosts_is_not_connected_to() {
        let failure = permitted(&["224.0.0.1", "ff02::1", "255.255.255.255"]).unwrap_err();
        assert_eq!(failure, Failure::failing(Cause::Unreachable, "224.0.0.1 is the address of no single host"));
    }
}
