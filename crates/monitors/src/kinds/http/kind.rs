//! `http` as a kind of monitor.

use super::exchange;
use super::settings::{Http, Sought, SoughtText};
use crate::kinds::kind::{Doubt, MonitorKind};
use crate::means::{Look, Means};
use crate::values::Proxy;
use flyball_model::{Cause, EnvValue, Reading};
use std::time::Duration;

impl MonitorKind for Http {
    const HOST_SETTING: Option<&'static str> = Some("url");

    fn watched(&self) -> String {
        let Self { url, method, status, sought, json, slower_than, host, headers, body, follow_redirects, .. } = self;
        // `Debug` of these types shows every part of them, quoted, and is the same in every run of one version.
        let follows = *follow_redirects > 0;
        let asked = format!(
            "http {method} {url} {host:?} {headers:?} {body:?} {status:?} {sought:?} {slower_than:?} {follows}"
        );
        match json {
            Some(json) => format!("{asked} {json:?}"),
            None => asked,
        }
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

    fn slower_than(&self) -> Option<Duration> {
        self.slower_than
    }

    fn can_fail_for(&self, cause: Cause) -> bool {
        let follows = self.follow_redirects > 0;
        match cause {
            Cause::Text => self.sought.is_some(),
            Cause::Slow => self.slower_than.is_some(),
            Cause::Tls => self.url.url().scheme() == "https" || follows,
            Cause::Redirects => follows,
            Cause::Json => self.json.is_some(),
            Cause::Status
            | Cause::TimeOut
            | Cause::Refused
            | Cause::Reset
            | Cause::Name
            | Cause::Unreachable
            | Cause::Protocol => true,
            Cause::Dyno | Cause::Certificate | Cause::Dns | Cause::Silent | Cause::Signal => false,
            Cause::Above | Cause::Below | Cause::Capacity | Cause::App | Cause::Platform | Cause::Worse => false,
        }
    }

    fn doubts(&self) -> Vec<Doubt> {
        let Some(Sought { text: SoughtText::Regex(pattern), .. }) = &self.sought else { return Vec::new() };
        let within = pattern.between_slashes();
        let doubt = |within: &str| Doubt {
            setting: "regex",
            message: "the slashes are sought as well".to_owned(),
            label: "is this meant?",
            hint: format!("a regex stands alone, without delimiters: '{within}'"),
        };
        within.map(doubt).into_iter().collect()
    }

    fn variables(&self) -> Vec<&str> {
        let values = self.headers.iter().map(|(_, value)| value).chain(&self.body);
        let named = values.filter_map(EnvValue::asked);
        named.chain(self.proxy.as_ref().and_then(Proxy::variable)).collect()
    }

    async fn observe(&self, means: &Means, Look { monitor, begun_at, .. }: Look<'_>) -> Reading {
        exchange::observe(means, monitor, self, begun_at).await
    }
}
