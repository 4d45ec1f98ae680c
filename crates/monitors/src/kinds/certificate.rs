//! `certificate`: makes a TLS handshake, and judges how long the certificate will be valid.
//!
//! One that is not trusted, not for the name, or expired ends the handshake: that is `tls`, as for a page, since something on
//! the way may have shown it. What is `certificate` comes from a good one, which ends too soon.

use super::kind::MonitorKind;
use crate::means::{Look, Means};
use crate::net::{Behind, Failure, Progress, Relay, StallWatch, Step, Way, day};
use crate::values::{HostName, Proxy, in_words};
use flyball_model::{Blind, Cause, Evidence, Excerpt, Finding, Phases, Reading, Timestamp};
use flyball_settings::{Bounds, Fields, Settings};
use serde::Serialize;
use std::time::Duration;

/// The settings of a `certificate` monitor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Certificate {
    /// The host, by the name that the certificate should be for.
    pub host: HostName,
    /// The port, where TLS is spoken from the first byte on.
    pub port: u16,
    /// A certificate that is valid for fewer days fails.
    pub days_left: u32,
    /// Which way is taken to it, where that is not `[network]`'s.
    pub proxy: Option<Proxy>,
    /// For everything together.
    #[serde(serialize_with = "in_words")]
    pub timeout: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Certificate {
    const PORT: u32 = 443;
    /// Default: Heroku and Let's Encrypt renew about thirty days ahead, so that three weeks tell of one that was not.
    const DAYS_LEFT: u32 = 21;
    /// Default: the time for one check.
    const TIMEOUT: Duration = Duration::from_secs(10);

    /// The verdict on a certificate that is good until then, and the verdict in words.
    fn judge(&self, not_after: Timestamp, now: Timestamp) -> (Finding, String) {
        let days = not_after.since(now).as_secs() / DAY.as_secs();
        let left = match days {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        let words = format!("valid until {}, {left}", day(not_after));
        if days < u64::from(self.days_left) {
            (Finding::Failing(Cause::Certificate), format!("{words}, fewer than {}", self.days_left))
        } else {
            (Finding::Passing, words)
        }
    }

    fn reading(&self, met: Result<Timestamp, Failure>, progress: &Progress, begun_at: Timestamp) -> Reading {
        let took = progress.took();
        let (finding, words) = match met {
            Ok(not_after) => self.judge(not_after, begun_at),
            Err(failure) => (failure.finding, failure.words),
        };
        let total_ms = u32::try_from(took.as_millis()).unwrap_or(u32::MAX);
        let phases = Phases { total_ms, ..progress.phases() };
        let evidence = Evidence::Tcp { address: progress.address(), phases };
        Reading { begun_at, took, finding, words: Excerpt::of(&words), evidence }
    }

    /// Until when the certificate is valid that the host shows.
    async fn look(&self, means: &Means, progress: &mut Progress) -> Result<Timestamp, Failure> {
        let (host, port) = (self.host.host(), self.port);
        let way = means.network.way(self.proxy.as_ref(), true, host, |name| (means.secrets)(name))?;
        let stream = match way {
            Way::Direct => means.network.reach(host, port, progress).await?,
            Way::Through(proxy) => {
                let behind = Behind { host: host.clone(), port, proxy, relay: Relay::Tunnel };
                means.network.reach_behind(&behind, progress).await?
            }
        };
        let certificate = means.tls.certificate(stream, host, progress).await?;
        progress.enter(Step::FirstByte);
        not_after(&certificate)
    }
}

/// Until when a certificate is valid.
fn not_after(certificate: &[u8]) -> Result<Timestamp, Failure> {
    match x509_parser::parse_x509_certificate(certificate) {
        Ok((_, certificate)) => {
            let seconds = certificate.validity().not_after.timestamp();
            Ok(Timestamp::from_millis(seconds.saturating_mul(1000)))
        }
        // It was good enough for the handshake.
        Err(_) => {
            Err(Failure::unknown(Blind::Unreadable, "the certificate is good, and its dates cannot be read here"))
        }
    }
}

impl MonitorKind for Certificate {
    const HOST_SETTING: Option<&'static str> = Some("host");

    fn watched(&self) -> String {
        format!("certificate {}:{} {}", self.host, self.port, self.days_left)
    }

    fn subject(&self) -> String {
        format!("the certificate of {}:{}", self.host, self.port)
    }

    fn host(&self) -> Option<String> {
        Some(self.host.to_string())
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        matches!(
            cause,
            Cause::TimeOut
                | Cause::Refused
                | Cause::Reset
                | Cause::Name
                | Cause::Unreachable
                | Cause::Tls
                | Cause::Certificate
        )
    }

    fn variables(&self) -> Vec<&str> {
        self.proxy.as_ref().and_then(Proxy::variable).into_iter().collect()
    }

    async fn observe(&self, means: &Means, Look { begun_at, .. }: Look<'_>) -> Reading {
        let mut stall = StallWatch::begin();
        let mut progress = Progress::begin();
        let met = match stall.within(self.timeout, self.look(means, &mut progress)).await {
            Some(met) => met,
            None => Err(progress.timed_out(self.timeout)),
        };
        stall.judge(self.reading(met, &progress, begun_at))
    }
}

impl Settings for Certificate {
    const KIND: &str = "certificate";
    const SUMMARY: &str = "makes a TLS handshake, and judges whom the certificate is for and how long it will be valid";
    const EXAMPLE: &str = r#"{ host = "shop.example.com", days_left = 21 }"#;

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let host: Option<HostName> =
            fields.required("host", "the host, by the name that the certificate should be for");
        let ports = Bounds { least: 1, most: 65_535, words: "1 to 65535" };
        let port =
            fields.within("port", Self::PORT, "443", &ports, "a port where TLS is spoken from the first byte on");
        let days = Bounds { least: 1, most: 1000, words: "1 to 1000" };
        let doc = "a certificate that is valid for fewer days fails";
        let days_left = fields.within("days_left", Self::DAYS_LEFT, "21", &days, doc);
        let proxy = fields.optional("proxy", "which way is taken to it; without it, as `[network]` says");
        let bounds = Bounds { least: Duration::from_millis(100), most: Duration::from_secs(300), words: "100ms to 5m" };
        let timeout = fields.within("timeout", Self::TIMEOUT, "\"10s\"", &bounds, "the time for all of it");
        if let Some(port) = host.as_ref().and_then(HostName::port) {
            let hint = Some(format!("write `port = {port}` beside it"));
            fields.wrong("host", "`host`: a port in it", "expected the name alone", hint);
            return None;
        }
        let port = u16::try_from(port?).ok()?;
        Some(Self { host: host?, port, days_left: days_left?, proxy: proxy?, timeout: timeout? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flyball_settings::{Node, Take, Value};

    #[test]
    fn the_table() {
        let host = Node { value: Value::Text("shop.example.com".to_owned()), span: 0..0 };
        let certificate = Certificate {
            host: HostName::take(&host, &mut Vec::new()).unwrap(),
            port: 443,
            days_left: 21,
            proxy: None,
            timeout: Certificate::TIMEOUT,
        };
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let (passing, failing) = (Finding::Passing, Finding::Failing(Cause::Certificate));
        for (not_after, finding, words) in [
            ("2026-12-24T12:00:00Z", passing, "valid until 2026-12-24, 25 days"),
            ("2026-12-20T12:00:00Z", passing, "valid until 2026-12-20, 21 days"),
            ("2026-12-20T11:59:59Z", failing, "valid until 2026-12-20, 20 days, fewer than 21"),
            ("2026-11-30T12:00:00Z", failing, "valid until 2026-11-30, 1 day, fewer than 21"),
            ("2026-11-29T12:00:01Z", failing, "valid until 2026-11-29, less than a day, fewer than 21"),
            // The handshake refuses it; a clock that goes by another second may not.
            ("2026-11-29T11:00:00Z", failing, "valid until 2026-11-29, less than a day, fewer than 21"),
            ("9999-12-30T00:00:00Z", passing, "valid until 9999-12-30, 2912108 days"),
        ] {
            let judged = certificate.judge(not_after.parse().unwrap(), now);
            assert_eq!((judged.0, judged.1.as_str()), (finding, words), "{not_after}");
        }
    }
}
