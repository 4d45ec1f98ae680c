//! `dns`: asks for the records of a name, and judges whether they are those that are wanted.
//!
//! What is looked at is what the world is told: nothing of this machine's own list of hosts counts, no search domain is tried,
//! and no answer is kept for the next check.

use super::kind::MonitorKind;
use crate::means::{Look, Means};
use crate::net::{Failure, Progress, StallWatch};
use crate::values::{NameServer, Record, RecordName, RecordType, Wanted, WantedTexts, in_words};
use flyball_model::{Cause, Evidence, Excerpt, Finding, Reading, Timestamp};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `dns` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dns {
    /// The name.
    pub name: RecordName,
    /// Which of its records.
    #[serde(rename = "type")]
    pub of_type: RecordType,
    /// Those that must be among them; where none is said, any will do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Wanted>,
    /// Whether there may be no others.
    pub only: bool,
    /// Who is asked, where it is not whoever the system asks.
    pub server: Option<NameServer>,
    /// For everything together.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
}

/// So many records are told in words; the count says the rest.
const TOLD_MAX: usize = 3;

impl Dns {
    /// Default: two questions to a silent server take no longer.
    const TIMEOUT: Duration = Duration::from_secs(10);

    /// The verdict on the records that there are, and the verdict in words.
    fn judge(&self, records: &[Record]) -> (Finding, String) {
        let Self { name, of_type, .. } = self;
        let failing = |words: String| (Finding::Failing(Cause::Dns), words);
        if records.is_empty() {
            return failing(format!("{name} has no {of_type} record"));
        }
        let is_there = |wanted: &Wanted| records.iter().any(|record| wanted.is_met_by(record));
        if let Some(missing) = self.expect.iter().find(|wanted| !is_there(wanted)) {
            return failing(format!("{of_type} is not {missing}, but {}", told(records)));
        }
        let is_wanted = |record: &Record| self.expect.iter().any(|wanted| wanted.is_met_by(record));
        if let Some(other) = records.iter().find(|record| self.only && !is_wanted(record)) {
            return failing(format!("{of_type} is also {other}, which is not wanted"));
        }
        (Finding::Passing, format!("{of_type} is {}", told(records)))
    }

    fn reading(&self, met: Result<Vec<Record>, Failure>, progress: &Progress, begun_at: Timestamp) -> Reading {
        let (finding, words) = match met {
            Ok(records) => self.judge(&records),
            Err(failure) => (failure.finding, failure.words),
        };
        Reading { begun_at, took: progress.took(), finding, words: Excerpt::of(&words), evidence: Evidence::None }
    }
}

/// `10.0.0.1, 10.0.0.2 and 3 more`
fn told(records: &[Record]) -> String {
    let told: Vec<String> = records.iter().take(TOLD_MAX).map(Record::to_string).collect();
    let told = told.join(", ");
    match records.len().saturating_sub(TOLD_MAX) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

impl MonitorKind for Dns {
    const HOST_SETTING: Option<&'static str> = Some("name");

    fn watched(&self) -> String {
        let Self { name, of_type, expect, only, server, .. } = self;
        // `Debug` of these types shows every part of them, quoted, and is the same in every run of one version.
        format!("dns {of_type} {name} {expect:?} {only} {server:?}")
    }

    fn subject(&self) -> String {
        match self.server {
            Some(server) => format!("{} of {} at {server}", self.of_type, self.name),
            None => format!("{} of {}", self.of_type, self.name),
        }
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        matches!(cause, Cause::Dns | Cause::Name)
    }

    async fn observe(&self, means: &Means, Look { begun_at, .. }: Look<'_>) -> Reading {
        let mut stall = StallWatch::begin();
        let progress = Progress::begin();
        let asked = means.network.records(self.server, &self.name, self.of_type);
        let met = match stall.within(self.timeout, asked).await {
            Some(met) => met,
            None => Err(progress.timed_out(self.timeout)),
        };
        stall.judge(self.reading(met, &progress, begun_at))
    }
}

impl Settings for Dns {
    const KIND: &str = "dns";
    const SUMMARY: &str = "asks for the records of a name, and judges whether those that are wanted are among them";
    const EXAMPLE: &str =
        r#"{ name = "shop.example.com", type = "CNAME", expect = "mighty-fjord-1234.herokudns.com" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", "the name");
        let of_type = fields.required("type", "which of its records");
        let expect: Option<Option<WantedTexts>> = fields.optional(
            "expect",
            "what all must be among them; an MX may be written with its number or without; without it any will do",
        );
        let only = fields.or("only", false, "false", "whether there may be no others");
        let server = fields.optional("server", "who is asked; without it whoever this system asks");
        let bounds = Bounds { least: Duration::from_millis(100), most: Duration::from_secs(300), words: "100ms to 5m" };
        let timeout = fields.within("timeout", Self::TIMEOUT, "\"10s\"", &bounds, "the time for all of it");
        if only == Some(true) && !fields.has("expect") {
            let hint = Some("write `expect = \"…\"` beside it".to_owned());
            fields.wrong("only", "`only` without `expect`", "no record is wanted", hint);
        }
        let of_type: RecordType = of_type?;
        let mut wanted = Vec::new();
        for written in expect?.map(|texts| texts.0).unwrap_or_default() {
            match Wanted::of(&written, of_type) {
                Ok(record) => wanted.push(record),
                Err(why) => fields.wrong("expect", format!("`expect`: {why}"), expected(of_type), None),
            }
        }
        Some(Self { name: name?, of_type, expect: wanted, only: only?, server: server?, timeout: timeout? })
    }
}

/// What is expected of a record of this type.
fn expected(of_type: RecordType) -> String {
    let such = match of_type {
        RecordType::A => "an IPv4 address",
        RecordType::Aaaa => "an IPv6 address",
        RecordType::Cname => "the name that it is an alias of",
        RecordType::Mx => "a host that takes mail, such as \"10 mail.example.com\"",
        RecordType::Txt => "a text",
        RecordType::Ns => "the name of a name server",
    };
    format!("expected {such}, since `type` is {of_type}")
}
