//! Which networks checks may reach: what is denied always, what the file denies, and what it allows all the same.

use crate::values::Networks;
use ipnet::IpNet;
use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks that no check reaches unless the file allows them, and what a reading calls them. A page of a stranger must
/// not lead us to where our own machine's credentials are given to whoever asks from it.
const ALWAYS_DENIED: [(&str, &str); 14] = [
    // RFC 3927. Also 169.254.169.254, where AWS, Azure, Google Cloud, DigitalOcean, Oracle and others have their metadata
    // services, and 169.254.170.2 and .23, where AWS gives containers their credentials.
    ("169.254.0.0/16", "link-local"),
    // RFC 4291, section 2.5.6. Also fe80::a9fe:a9fe, OpenStack's metadata service (Nova, *Metadata service*).
    ("fe80::/10", "link-local"),
    // RFC 1122, section 3.2.1.3, and RFC 4291, section 2.5.2: no addresses of anybody. Linux connects to itself there.
    ("0.0.0.0/8", "this host"),
    ("::/128", "this host"),
    // Amazon EC2 User Guide, *Access instance metadata*; Amazon EKS User Guide, *Set up the Pod Identity Agent*.
    ("fd00:ec2::254/128", "cloud metadata"),
    ("fd00:ec2::23/128", "cloud metadata"),
    // Google Cloud, *About VM metadata*: of machines with IPv6 alone.
    ("fd20:ce::254/128", "cloud metadata"),
    // Microsoft Azure, *What is IP address 168.63.129.16?*: the wire server, which hands out configuration and secrets.
    ("168.63.129.16/32", "cloud metadata"),
    // Alibaba Cloud, *Instance metadata*.
    ("100.100.100.200/32", "cloud metadata"),
    ("fd00:100::100:200/128", "cloud metadata"),
    // Oracle Cloud Infrastructure Classic, *Retrieving instance metadata*; and today's over IPv6, *Getting instance
    // metadata*.
    ("192.0.0.192/32", "cloud metadata"),
    ("fd00:c1::a9fe:a9fe/128", "cloud metadata"),
    // Scaleway and Akamai (Linode), as cloud-init has them: doc/rtd/reference/datasources/{scaleway,akamai}.rst.
    ("fd00:42::42/128", "cloud metadata"),
    ("fd00:a9fe:a9fe::1/128", "cloud metadata"),
];

/// Which networks checks may reach. What is allowed is never denied, however much more is said of what is denied: an
/// exception would be none otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRules {
    denied: Vec<Denied>,
    allowed: Vec<IpNet>,
}

/// A network that is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Denied {
    network: IpNet,
    /// What a reading calls it.
    name: Cow<'static, str>,
}

/// Why an address may not be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal<'r> {
    address: IpAddr,
    /// The form of it that is denied: the address itself, or the IPv4 address that it carries.
    form: IpAddr,
    name: &'r str,
}

impl NetworkRules {
    /// Denies these networks besides those that always are, except for what is allowed.
    #[must_use]
    pub fn new(deny: &[Networks], allow: &[Networks]) -> Self {
        let always = Self::always_denied().map(|(network, name)| {
            let network = network.parse().expect("the networks that are always denied are valid");
            Denied { network, name: Cow::Borrowed(name) }
        });
        let written = deny.iter().flat_map(|entry| {
            let name = entry.to_string();
            entry.members().into_iter().map(move |network| Denied { network, name: Cow::Owned(name.clone()) })
        });
        Self { denied: always.chain(written).collect(), allowed: allow.iter().flat_map(Networks::members).collect() }
    }

    /// What checks may not reach, and what they may nevertheless, in words: what is always denied comes first.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        // One name stands for many networks.
        for denied in &self.denied {
            if !words.iter().any(|known| *known == denied.name) {
                words.push(denied.name.to_string());
            }
        }
        words.extend(self.allowed.iter().map(|network| format!("but for {network}")));
        words
    }

    /// Why this address must not be connected to, in words; `None` if it may be.
    #[must_use]
    pub fn forbids(&self, address: IpAddr) -> Option<String> {
        self.refusal(address).map(|refusal| refusal.to_string())
    }

    /// Denies nothing at all: for addresses that the operator chose, and no stranger.
    pub(super) const fn none() -> Self {
        Self { denied: Vec::new(), allowed: Vec::new() }
    }

    /// The networks that are denied unless they are allowed, each with what it is called.
    pub fn always_denied() -> impl Iterator<Item = (&'static str, &'static str)> {
        ALWAYS_DENIED.into_iter()
    }

    /// Why this address may not be connected to; `None` if it may. An address that carries another one inside is
    /// reached only if neither is denied.
    pub(super) fn refusal(&self, address: IpAddr) -> Option<Refusal<'_>> {
        forms(address).into_iter().find_map(|form| {
            let denied = self.denial(form)?;
            Some(Refusal { address, form, name: &denied.name })
        })
    }

    fn denial(&self, form: IpAddr) -> Option<&Denied> {
        if self.allowed.iter().any(|network| network.contains(&form)) {
            return None;
        }
        self.denied.iter().find(|denied| denied.network.contains(&form))
    }
}

impl Default for NetworkRules {
    fn default() -> Self {
        Self::new(&[], &[])
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, form, name } = self;
        if form == address {
            write!(f, "{address} is in a network that checks may not reach ({name})")
        } else {
            write!(f, "{address} leads to {form}, which is in a network that checks may not reach ({name})")
        }
    }
}

/// Every address at which a connection to this one may arrive: itself, and what translators and tunnels make of it.
fn forms(address: IpAddr) -> Vec<IpAddr> {
    let mut forms = vec![address];
    match address {
        IpAddr::V4(four) if four.is_unspecified() => forms.push(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V4(_) => {}
        IpAddr::V6(six) if six.is_unspecified() => forms.push(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V6(six) => forms.extend(carried(six).into_iter().map(IpAddr::V4)),
    }
    forms
}

/// The IPv4 addresses that an IPv6 address carries.
fn carried(six: Ipv6Addr) -> Vec<Ipv4Addr> {
    let bytes = six.octets();
    let four = |at: usize| Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]);
    let last = four(12);
    match six.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Vec::new(),
        // RFC 4291, section 2.5.5: IPv4-compatible and IPv4-mapped; RFC 2765, section 2.1: IPv4-translated.
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => vec![last],
        // RFC 6052, section 2.1: NAT64.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => vec![last],
        // RFC 8215: NAT64 of one's own, with any of the lengths of RFC 6052, section 2.2. An address in one form has
        // nothing but zeros where most of the others have theirs, which says nothing.
        [0x64, 0xff9b, 1, ..] => {
            let embedded = |at: usize| {
                let at = |nth: usize| if at + nth < 8 { at + nth } else { at + nth + 1 };
                Ipv4Addr::from([0, 1, 2, 3].map(|nth| bytes[at(nth)]))
            };
            let lengths = [6, 7].map(embedded).into_iter().chain([four(9), last]);
            lengths.filter(|four| four.octets()[0] != 0).collect()
        }
        // RFC 3056, section 2: 6to4.
        [0x2002, ..] => vec![four(2)],
        // RFC 4380, section 4: Teredo, by way of its server to the client behind an address with every bit turned.
        [0x2001, 0, ..] => vec![four(4), Ipv4Addr::from_bits(!last.to_bits())],
        // RFC 5214, section 6.1: ISATAP, below any prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => vec![last],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_settings::{Mistake, Node, Take, Value};

    fn networks(texts: &[&str]) -> Vec<Networks> {
        let take = |text: &&str| {
            let mut mistakes: Vec<Mistake> = Vec::new();
            Networks::take(&Node { value: Value::Text((*text).to_owned()), span: 0..0 }, &mut mistakes).unwrap()
        };
        texts.iter().map(take).collect()
    }

    /// Why an address is not reached under these rules.
    fn told(deny: &[&str], allow: &[&str], address: &str) -> Option<String> {
        let rules = NetworkRules::new(&networks(deny), &networks(allow));
        rules.refusal(address.parse().unwrap()).map(|refusal| refusal.to_string())
    }

    #[test]
    fn what_may_not_be_reached_is_told_by_its_names_and_what_may_nevertheless() {
        let words = |deny: &[&str], allow: &[&str]| NetworkRules::new(&networks(deny), &networks(allow)).words();
        assert_eq!(NetworkRules::default().words(), ["link-local", "this host", "cloud metadata"]);
        let told = words(&["private", "203.0.113.0/24"], &["10.1.2.0/24"]);
        let written = ["private", "203.0.113.0/24", "but for 10.1.2.0/24"];
        assert_eq!(told, [&["link-local", "this host", "cloud metadata"][..], &written].concat());
    }

    #[test]
    fn metadata_services_and_link_local_addresses_are_denied_unless_they_are_allowed() {
        for address in [
            "169.254.169.254",
            "169.254.170.2",
            "fe80::a9fe:a9fe",
            "febf::1",
            "fd00:ec2::254",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "::",
        ] {
            assert!(told(&[], &[], address).is_some(), "{address}");
        }
        for address in ["127.0.0.1", "::1", "10.0.0.1", "fd00::1", "1.1.1.1", "2606:4700::1111", "100.100.100.201"] {
            assert_eq!(told(&[], &[], address), None, "{address}");
        }
        assert_eq!(told(&[], &["169.254.169.254/32"], "169.254.169.254"), None);
        assert!(told(&[], &["169.254.169.254/32"], "169.254.169.253").is_some());
        let words = "169.254.169.254 is in a network that checks may not reach (link-local)";
        assert_eq!(told(&[], &[], "169.254.169.254").as_deref(), Some(words));
    }

    #[test]
    fn what_is_allowed_is_never_denied_even_where_the_denial_says_more() {
        assert_eq!(told(&["10.1.2.3/32"], &["10.0.0.0/8"], "10.1.2.3"), None);
        assert_eq!(told(&["private", "loopback"], &["0.0.0.0/0", "::/0"], "169.254.169.254"), None);
        let words = "10.1.2.3 is in a network that checks may not reach (10.0.0.0/8)";
        assert_eq!(told(&["10.0.0.0/8"], &["10.2.0.0/16"], "10.1.2.3").as_deref(), Some(words));
    }

    #[test]
    fn a_word_stands_for_all_of_its_networks() {
        for address in ["10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "fec0::1"] {
            assert!(told(&["private"], &[], address).unwrap().ends_with("(private)"), "{address}");
        }
        for address in ["127.0.0.1", "127.9.9.9", "::1"] {
            assert!(told(&["loopback"], &[], address).unwrap().ends_with("(loopback)"), "{address}");
        }
        assert_eq!(told(&["private"], &[], "172.32.0.1"), None);
    }

    #[test]
    fn the_unspecified_address_is_as_loopback_is() {
        assert_eq!(told(&[], &["loopback"], "0.0.0.0"), None);
        assert_eq!(told(&[], &["loopback"], "::"), None);
        let words = "0.0.0.0 leads to 127.0.0.1, which is in a network that checks may not reach (127.0.0.0/8)";
        assert_eq!(told(&["127.0.0.0/8"], &["0.0.0.0/32"], "0.0.0.0").as_deref(), Some(words));
    }

    #[test]
    fn an_address_that_carries_an_ipv4_address_is_judged_by_both() {
        for address in [
            "::ffff:10.1.2.3",
            "::10.1.2.3",
            "::ffff:0:10.1.2.3",
            "64:ff9b::10.1.2.3",
            "64:ff9b:1::10.1.2.3",
            "64:ff9b:1:a01:2:300::",
            "64:ff9b:1:0a:1:203::",
            "64:ff9b:1:0:a:102:300:0",
            "64:ff9b:1:abcd::10.1.2.3",
            "2002:a01:203::1",
            "2001:0:808:808:0:0:f5fe:fdfc",
            "2001:0:a01:203:0:0:f7f7:f7f7",
            "2001:db8::5efe:10.1.2.3",
            "2001:db8::200:5efe:10.1.2.3",
        ] {
            let words =
                format!("{address} leads to 10.1.2.3, which is in a network that checks may not reach (private)");
            let parsed: IpAddr = address.parse().unwrap();
            let words = words.replace(address, &parsed.to_string());
            assert_eq!(told(&["private"], &[], address), Some(words), "{address}");
            assert_eq!(told(&[], &[], address), None, "{address}");
            // The address itself may be as allowed as it likes.
            assert!(told(&["private"], &["::/0"], address).is_some(), "{address}");
            assert_eq!(told(&["private"], &["10.1.2.3/32"], address), None, "{address}");
        }
        for address in ["64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8", "2002:808:808::1", "::ffff:8.8.8.8", "2001:db8::1"] {
            assert_eq!(told(&["private", "loopback"], &[], address), None, "{address}");
        }
    }
}
