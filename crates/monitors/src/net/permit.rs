//! Whether an address may be connected to. The second of three steps: [`super::connect`] takes nothing but what comes
//! out of here.

use super::Failure;
use flyball_model::Cause;
use std::net::IpAddr;

/// What may be connected to: every address of a single host.
pub(super) struct Permission;

/// Addresses that may be connected to, in the order in which they should be tried. Never empty.
pub(super) struct Permitted(Vec<IpAddr>);

impl Permission {
    /// Those of `addresses` that may be connected to.
    pub(super) fn of(&self, mut addresses: Vec<IpAddr>) -> Result<Permitted, Failure> {
        let first = addresses.first().copied();
        addresses.retain(is_one_host);
        match first {
            Some(first) if addresses.is_empty() => {
                Err(Failure::failing(Cause::Unreachable, format!("{first} is the address of no single host")))
            }
            None => Err(Failure::failing(Cause::Name, "the name has no address")),
            Some(_) => Ok(Permitted(addresses)),
        }
    }
}

impl Permitted {
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
