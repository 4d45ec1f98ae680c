//! The records of a name, as they are compared: the resolver's own values stay in here.

use super::Failure;
use super::resolve::Resolver;
use crate::values::{Record, RecordName, RecordType};
use hickory_resolver::proto::rr::{Name, RData, RecordType as Asked};
use std::net::IpAddr;

/// More records than this are not looked at: of no name that people wait for.
const RECORDS_MAX: usize = 200;

impl Resolver {
    /// The records of this type that the name has, each once and in an order of their own: servers shuffle them.
    pub(super) async fn records(&self, name: &RecordName, of_type: RecordType) -> Result<Vec<Record>, Failure> {
        let answers = self.answers(name.as_str(), asked(of_type)).await?;
        let mut records: Vec<Record> =
            answers.iter().filter_map(|answer| record(answer, of_type)).take(RECORDS_MAX).collect();
        records.sort();
        records.dedup();
        Ok(records)
    }
}

const fn asked(of_type: RecordType) -> Asked {
    match of_type {
        RecordType::A => Asked::A,
        RecordType::Aaaa => Asked::AAAA,
        RecordType::Cname => Asked::CNAME,
        RecordType::Mx => Asked::MX,
        RecordType::Txt => Asked::TXT,
        RecordType::Ns => Asked::NS,
    }
}

/// What was answered, if it is of the type: on the way to an address come the aliases that lead to it.
fn record(answer: &RData, of_type: RecordType) -> Option<Record> {
    match (of_type, answer) {
        (RecordType::A, RData::A(address)) => Some(Record::Address(IpAddr::V4(address.0))),
        (RecordType::Aaaa, RData::AAAA(address)) => Some(Record::Address(IpAddr::V6(address.0))),
        (RecordType::Cname, RData::CNAME(name)) => Some(Record::Name(text(&name.0))),
        (RecordType::Ns, RData::NS(name)) => Some(Record::Name(text(&name.0))),
        (RecordType::Mx, RData::MX(mx)) => Some(Record::Mail(mx.preference, text(&mx.exchange))),
        (RecordType::Txt, RData::TXT(txt)) => {
            // One text in pieces of 255 bytes: RFC 7208, section 3.3.
            Some(Record::Text(String::from_utf8_lossy(&txt.txt_data.concat()).into()))
        }
        _ => None,
    }
}

/// A name as it is compared: in lower case, without the dot at its end.
fn text(name: &Name) -> Box<str> {
    let name = name.to_ascii().to_ascii_lowercase();
    name.strip_suffix('.').unwrap_or(&name).into()
}
