//! Records of the domain name system: which are asked for, which are wanted, and who is asked.

use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value};
use serde::{Serialize, Serializer};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use url::Host;

/// The type of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// The name that this one is an alias of.
    Cname,
    /// A host that takes mail.
    Mx,
    /// A text.
    Txt,
    /// A name server.
    Ns,
}

impl RecordType {
    const ALL: [Self; 6] = [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Txt, Self::Ns];

    /// The word for it, everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ns => "NS",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Take for RecordType {
    fn expected() -> String {
        let words: Vec<String> = Self::ALL.iter().map(|word| format!("\"{word}\"")).collect();
        format!("one of {}", words.join(", "))
    }

    fn shape() -> Shape {
        Shape::Word(Self::ALL.iter().map(|word| word.as_str()).collect())
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        match Self::ALL.into_iter().find(|word| word.as_str().eq_ignore_ascii_case(text)) {
            Some(word) => Some(word),
            None => refused(node, format!("unknown type \"{}\"", shown(text)), mistakes),
        }
    }
}

/// A name that has records: in lower case and ASCII, without the dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordName(Box<str>);

impl RecordName {
    /// The name.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let host = Host::parse(text).map_err(|_| format!("\"{}\" is no name", shown(text)))?;
        if let Some(refusal) = Refusal::of_host(&host) {
            return Err(refusal);
        }
        match host {
            Host::Domain(name) => Ok(Self(name.strip_suffix('.').unwrap_or(&name).into())),
            Host::Ipv4(_) | Host::Ipv6(_) => Err("an address, which has no records".into()),
        }
    }
}

impl fmt::Display for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for RecordName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Take for RecordName {
    fn expected() -> String {
        "a name, such as \"shop.example.com\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        Self::parse(text).map_or_else(|refusal| refused(node, refusal, mistakes), Some)
    }
}

/// A record, as a name has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Record {
    /// Of A and AAAA.
    Address(IpAddr),
    /// Of CNAME and NS: in lower case, without the dot at its end.
    Name(Box<str>),
    /// Of MX: the lower the number, the sooner it is taken.
    Mail(u16, Box<str>),
    /// Of TXT.
    Text(Box<str>),
}

/// In words so much of a text is shown.
const SHOWN_MAX: usize = 60;

/// As a sentence has it: a text in quotes, and short enough to leave room for the rest.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Mail(preference, host) => write!(f, "{preference} {host}"),
            Self::Text(text) => match text.char_indices().nth(SHOWN_MAX) {
                Some((end, _)) => write!(f, "\"{}…\"", &text[..end]),
                None => write!(f, "\"{text}\""),
            },
        }
    }
}

/// A record that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This one.
    Record(Record),
    /// Of MX: this host, whatever its number.
    MailAt(Box<str>),
}

impl Wanted {
    /// A TXT record is no longer than this where people write it by hand: a key of DKIM has 400.
    const BYTES_MAX: usize = 2000;

    /// What is written, as a record of this type; or why it cannot be one.
    ///
    /// # Errors
    ///
    /// With the mistake, as a fragment.
    pub fn of(written: &str, of_type: RecordType) -> Result<Self, String> {
        let name = |text: &str| RecordName::parse(text).map(|name| name.0).map_err(|refusal| refusal.message);
        let address = |is_four: bool, family: &str| {
            let address: Option<IpAddr> = written.trim().parse().ok();
            let address = address.filter(|address| address.is_ipv4() == is_four);
            address.map(Record::Address).ok_or_else(|| format!("\"{}\" is no {family} address", shown(written)))
        };
        Ok(match of_type {
            RecordType::A => Self::Record(address(true, "IPv4")?),
            RecordType::Aaaa => Self::Record(address(false, "IPv6")?),
            RecordType::Cname | RecordType::Ns => Self::Record(Record::Name(name(written)?)),
            RecordType::Mx => match written.trim().split_once(' ') {
                Some((preference, host)) => {
                    let preference =
                        preference.parse().map_err(|_| format!("\"{}\" is no number", shown(preference)))?;
                    Self::Record(Record::Mail(preference, name(host.trim())?))
                }
                None => Self::MailAt(name(written.trim())?),
            },
            RecordType::Txt if written.len() > Self::BYTES_MAX => {
                return Err(format!("a text of more than {} bytes", Self::BYTES_MAX));
            }
            RecordType::Txt => Self::Record(Record::Text(written.into())),
        })
    }

    /// Whether this record is what is wanted.
    #[must_use]
    pub fn is_met_by(&self, record: &Record) -> bool {
        match (self, record) {
            (Self::Record(wanted), record) => wanted == record,
            (Self::MailAt(wanted), Record::Mail(_, host)) => wanted == host,
            (Self::MailAt(_), _) => false,
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => record.fmt(f),
            Self::MailAt(host) => f.write_str(host),
        }
    }
}

impl Serialize for Wanted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Record(Record::Text(text)) => serializer.serialize_str(text),
            other => serializer.collect_str(other),
        }
    }
}

/// What is written of wanted records, before their type is known: a text, or a list of such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedTexts(pub(crate) Vec<String>);

impl WantedTexts {
    /// More than any name has.
    const MEMBERS_MAX: usize = 32;
}

impl Take for WantedTexts {
    fn expected() -> String {
        "a record as name servers write it, or a list of such".to_owned()
    }

    fn shape() -> Shape {
        Shape::OneOrList(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => Some(Self(vec![text.clone()])),
            Value::List(list) if list.is_empty() => refused(node, "no record at all is wanted", mistakes),
            Value::List(list) if list.len() > Self::MEMBERS_MAX => {
                refused(node, format!("more than {} records", Self::MEMBERS_MAX), mistakes)
            }
            Value::List(list) => {
                let members: Vec<Option<String>> = list.iter().map(|member| String::take(member, mistakes)).collect();
                members.into_iter().collect::<Option<Vec<_>>>().map(Self)
            }
            _ => wrong_kind(node, mistakes),
        }
    }
}

/// Who is asked: an address, and a port where it is not 53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameServer(SocketAddr);

impl NameServer {
    const PORT: u16 = 53;

    /// Where it is asked.
    #[must_use]
    pub const fn address(self) -> SocketAddr {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let alone = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let with_port: Option<SocketAddr> = text.parse().ok();
        let address = with_port.or_else(|| Some(SocketAddr::new(alone.parse().ok()?, Self::PORT)))?;
        (address.port() != 0).then_some(Self(address))
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.port(), self.0.ip()) {
            (Self::PORT, address) => address.fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

impl Serialize for NameServer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Take for NameServer {
    fn expected() -> String {
        "a name server's address, such as \"1.1.1.1\" or \"127.0.0.1:5353\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let Value::Text(text) = &node.value else { return wrong_kind(node, mistakes) };
        match Self::parse(text) {
            Some(server) => Some(server),
            None => refused(node, format!("\"{}\" is no address with or without a port", shown(text)), mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_is_compared_as_records_of_its_type_are() {
        use RecordType::{A, Aaaa, Cname, Mx, Ns, Txt};
        let name = |text: &str| Record::Name(text.into());
        let mail = |preference, text: &str| Record::Mail(preference, text.into());
        let address = |text: &str| Record::Address(text.parse().unwrap());
        for (of_type, written, found, is_met) in [
            (A, "10.0.0.1", address("10.0.0.1"), true),
            (A, "10.0.0.1", address("10.0.0.2"), false),
            (Aaaa, "2001:DB8::0:1", address("2001:db8::1"), true),
            (Cname, "Shop.Example.herokudns.com.", name("shop.example.herokudns.com"), true),
            (Cname, "example.com", name("shop.example.com"), false),
            (Ns, "bücher.example", name("xn--bcher-kva.example"), true),
            (Mx, "10 mail.example.com", mail(10, "mail.example.com"), true),
            (Mx, "20 mail.example.com", mail(10, "mail.example.com"), false),
            (Mx, "MAIL.example.com.", mail(10, "mail.example.com"), true),
            (Mx, "mail.example.com", name("mail.example.com"), false),
            (Txt, "v=spf1 -all", Record::Text("v=spf1 -all".into()), true),
            (Txt, "v=spf1 -all", Record::Text("v=SPF1 -all".into()), false),
        ] {
            assert_eq!(Wanted::of(written, of_type).unwrap().is_met_by(&found), is_met, "{of_type} {written} {found}");
        }
        for (of_type, written) in [
            (A, "::1"),
            (A, "shop.example.com"),
            (Aaaa, "10.0.0.1"),
            (Cname, "10.0.0.1"),
            (Cname, "${NAME}"),
            (Ns, "a b"),
            (Mx, "first mail.example.com"),
            (Mx, "70000 mail.example.com"),
            (Txt, &"x".repeat(2001)),
        ] {
            assert!(Wanted::of(written, of_type).is_err(), "{of_type} {written}");
        }
    }

    #[test]
    fn a_name_server_is_an_address_with_or_without_its_port() {
        for (text, shown) in [
            ("1.1.1.1", "1.1.1.1"),
            ("1.1.1.1:53", "1.1.1.1"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:5353", "[::1]:5353"),
        ] {
            assert_eq!(NameServer::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "ns.example.com", "1.1.1.1:", "1.1.1.1:0", "1.1.1.1:99999", "::1:5353:x"] {
            assert!(NameServer::parse(text).is_none(), "{text}");
        }
    }
}
