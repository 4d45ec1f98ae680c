//! `http` as a kind of monitor.

use super::exchange;
use super::settings::Http;
use crate::kinds::kind::MonitorKind;
use crate::means::Means;
use flyball_model::{EnvValue, MonitorId, Reading, Timestamp};
use std::time::Duration;

impl MonitorKind for Http {
    const HOST_SETTING: Option<&'static str> = Some("url");

    fn watched(&self) -> String {
        let Self { url, method, status, sought, slower_than, host, headers, body, follow_redirects, .. } = self;
        // `Debug` of these types shows every part of them, quoted, and is the same in every run of one version.
        let follows = *follow_redirects > 0;
        format!("http {method} {url} {host:?} {headers:?} {body:?} {status:?} {sought:?} {slower_than:?} {follows}")
    }

    fn subject(&self) -> String {
        match &self.host {
            Some(host) => format!("{} {} for {host}", self.method, self.url),
            None => format!("{} {}", self.method, self.url),
        }
    }

    fn host(&self) -> Option<String> {
        self.url.url().host_str().map(str::to_owned)
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.timeout)
    }

    fn variables(&self) -> Vec<&str> {
        let values = self.headers.iter().map(|(_, value)| value).chain(&self.body);
        values
            .filter_map(|value| match value {
                EnvValue::Variable(name) => Some(name.as_str()),
                EnvValue::Plain(_) => None,
            })
            .collect()
    }

    async fn observe(&self, means: &Means, monitor: MonitorId, begun_at: Timestamp) -> Reading {
        exchange::observe(means, monitor, self, begun_at).await
    }
}
