//! `tcp`: connects to a port within a time, and hangs up.

use super::kind::MonitorKind;
use crate::means::{Look, Means};
use crate::net::{Failure, Progress, StallWatch, Step};
use crate::values::{Address, in_words};
use flyball_model::{Cause, Evidence, Excerpt, Finding, Phases, Reading, Timestamp};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `tcp` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tcp {
    /// The host and port.
    pub address: Address,
    /// For the name look-up and the connection together.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
}

impl Tcp {
    /// Default: the time for one check.
    const TIMEOUT: Duration = Duration::from_secs(10);

    fn reading(&self, failure: Option<Failure>, progress: &Progress, begun_at: Timestamp) -> Reading {
        let took = progress.took();
        let millis = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let address = progress.address();
        let (finding, words) = match failure {
            Some(failure) => (failure.finding, failure.words),
            None => {
                let to = address.as_deref().unwrap_or_default();
                (Finding::Passing, format!("connected to {to} in {millis}ms"))
            }
        };
        let phases = Phases { total_ms: millis, ..progress.phases() };
        let evidence = Evidence::Tcp { address, phases };
        Reading { begun_at, took, finding, words: Excerpt::of(&words), evidence }
    }
}

impl MonitorKind for Tcp {
    const HOST_SETTING: Option<&'static str> = Some("address");

    fn watched(&self) -> String {
        format!("tcp {}", self.address)
    }

    fn subject(&self) -> String {
        self.address.to_string()
    }

    fn host(&self) -> Option<String> {
        Some(self.address.host().to_string())
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        matches!(cause, Cause::TimeOut | Cause::Refused | Cause::Reset | Cause::Name | Cause::Unreachable)
    }

    async fn observe(&self, means: &Means, Look { begun_at, .. }: Look<'_>) -> Reading {
        let mut stall = StallWatch::begin();
        let mut progress = Progress::begin();
        let reached = means.network.reach(self.address.host(), self.address.port(), &mut progress);
        let failure = match stall.within(self.timeout, reached).await {
            Some(Ok(_stream)) => {
                progress.enter(Step::FirstByte);
                None
            }
            Some(Err(failure)) => Some(failure),
            None => Some(progress.timed_out(self.timeout)),
        };
        stall.judge(self.reading(failure, &progress, begun_at))
    }
}

impl Settings for Tcp {
    const KIND: &str = "tcp";
    const SUMMARY: &str = "connects to a port within a time, directly and through no proxy";
    const EXAMPLE: &str = r#"{ address = "db.example.com:5432", timeout = "5s" }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let address = fields.required("address", "the host and port");
        let bounds = Bounds { least: Duration::from_millis(100), most: Duration::from_secs(300), words: "100ms to 5m" };
        let timeout = fields.within("timeout", Self::TIMEOUT, "\"10s\"", &bounds, "the time for all of it");
        Some(Self { address: address?, timeout: timeout? })
    }
}
