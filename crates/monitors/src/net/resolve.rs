//! Name look-up: the first of three steps.
//!
//! Both families are asked at once, `/etc/hosts` and `localhost` are honoured, and an address needs no look-up. Answers
//! are kept for seconds only, so that a change of addresses is seen by the next check.

use super::Failure;
use crate::values::unanswerable;
use flyball_model::{Blind, Cause};
use futures_util::future::{Either, select};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout};
use url::Host;

/// How long an answer is kept, at most: enough for many monitors of one host, little enough for monitoring.
const POSITIVE_MAX: Duration = Duration::from_secs(5);
/// How long it is remembered, at most, that there is no such name.
const NEGATIVE_MAX: Duration = Duration::from_secs(1);
/// How many names have their answers kept, at most: about 100 KiB.
const NAMES_MAX: u64 = 512;
/// How long one question to one server may take. It is asked [`ATTEMPTS`] times, which together is less than a check
/// has.
const SERVER_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;
/// RFC 8305, section 3: how long IPv6 addresses are waited for once there are IPv4 addresses.
const IPV6_DELAY: Duration = Duration::from_millis(50);
/// How long IPv4 addresses are waited for once there are IPv6 addresses. Longer, because a host without working IPv6
/// would fail without them.
const IPV4_DELAY: Duration = Duration::from_secs(1);
/// How often the system's settings are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The system's settings, which hickory reads when it is built, and never again.
const FILES: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Looks names up.
pub(super) struct Resolver {
    servers: Option<Vec<SocketAddr>>,
    asks_for: AsksFor,
    built: Mutex<Option<Built>>,
}

/// What is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsksFor {
    /// Where to connect to: as everything on this machine would have it.
    Addresses,
    /// What the world is told: nothing of `/etc/hosts`, and nothing that was kept.
    Records,
}

/// A resolver that was built from settings, and what tells whether these have changed.
struct Built {
    resolver: TokioResolver,
    files: [Option<(SystemTime, u64)>; 2],
    looked_at: Instant,
}

impl Resolver {
    /// As the system is set up. What that is, is read at the first look-up.
    pub(super) fn system() -> Self {
        Self { servers: None, asks_for: AsksFor::Addresses, built: Mutex::new(None) }
    }

    /// With these servers.
    pub(super) fn at(servers: Vec<SocketAddr>) -> Self {
        Self { servers: Some(servers), asks_for: AsksFor::Addresses, built: Mutex::new(None) }
    }

    /// The same, to look at what the world is told.
    pub(super) fn for_records(self) -> Self {
        Self { asks_for: AsksFor::Records, ..self }
    }

    /// The addresses of a host: never empty.
    ///
    /// # Errors
    ///
    /// Failing when there is no such name, unknown when nobody could tell or be asked.
    pub(super) async fn look_up(&self, host: &Host) -> Result<Vec<IpAddr>, Failure> {
        let name = match host {
            Host::Ipv4(address) => return Ok(vec![(*address).into()]),
            Host::Ipv6(address) => return Ok(vec![(*address).into()]),
            Host::Domain(name) => name.as_str(),
        };
        // It is the file, or a redirect, that is wrong here, and not what is watched.
        if let Some(why) = unanswerable(name) {
            return Err(Failure::unknown(Blind::Resolver, why));
        }
        let resolver = self.resolver()?;
        let six = pin!(resolver.lookup(name, RecordType::AAAA));
        let four = pin!(resolver.lookup(name, RecordType::A));
        let (six, four) = match select(four, six).await {
            Either::Left((four, six)) if four.is_ok() => (timeout(IPV6_DELAY, six).await.ok(), Some(four)),
            Either::Left((four, six)) => (Some(six.await), Some(four)),
            Either::Right((six, four)) if six.is_ok() => (Some(six), timeout(IPV4_DELAY, four).await.ok()),
            Either::Right((six, four)) => (Some(six), Some(four.await)),
        };
        let answers = [six, four].into_iter().flatten();
        let mut addresses = Vec::new();
        let mut failures = Vec::new();
        for answer in answers {
            match answer {
                Ok(lookup) => addresses.extend(addresses_of(&lookup)),
                Err(error) => failures.push(in_words(name, &error)),
            }
        }
        if !addresses.is_empty() {
            return Ok(addresses);
        }
        // One family may have been told that there is nothing, and the other nothing at all: then it is not known.
        let nobody_told = failures.iter().position(|failure| failure.finding.cause().is_none());
        let told = failures.into_iter().nth(nobody_told.unwrap_or(0));
        Err(told.unwrap_or_else(|| no_address(name)))
    }

    /// What the servers answer for a name and a type of record.
    pub(super) async fn answers(&self, name: &str, of_type: RecordType) -> Result<Vec<RData>, Failure> {
        let resolver = self.resolver()?;
        // With a dot behind it, it is this name, and never one within a search domain.
        let whole = format!("{}.", name.trim_end_matches('.'));
        match resolver.lookup(whole, of_type).await {
            Ok(lookup) => Ok(lookup.answers().iter().map(|record| record.data.clone()).collect()),
            Err(error) if has_no_such_record(&error) => Ok(Vec::new()),
            Err(error) => Err(in_words(name, &error)),
        }
    }

    /// The resolver that follows the settings of this moment.
    fn resolver(&self) -> Result<TokioResolver, Failure> {
        let now = Instant::now();
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = built.as_mut() {
            let is_fresh = now.duration_since(built.looked_at) < LOOK_AGAIN || self.servers.is_some();
            if is_fresh || built.files == FILES.map(stamp) {
                built.looked_at = if is_fresh { built.looked_at } else { now };
                return Ok(built.resolver.clone());
            }
        }
        let files = FILES.map(stamp);
        let resolver = self.build().map_err(|error| {
            Failure::unknown(Blind::Resolver, format!("the system's resolver settings cannot be used: {error}"))
        })?;
        *built = Some(Built { resolver: resolver.clone(), files, looked_at: now });
        Ok(resolver)
    }

    fn build(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match &self.servers {
            None => TokioResolver::builder_tokio()?,
            Some(servers) => {
                let servers = servers.iter().map(|server| {
                    let mut settings = NameServerConfig::udp_and_tcp(server.ip());
                    settings.connections.iter_mut().for_each(|connection| connection.port = server.port());
                    settings
                });
                let settings = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
                TokioResolver::builder_with_config(settings, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.cache_size = NAMES_MAX;
        options.positive_max_ttl = Some(POSITIVE_MAX);
        options.negative_max_ttl = Some(NEGATIVE_MAX);
        options.timeout = SERVER_TIMEOUT;
        options.attempts = ATTEMPTS;
        if self.asks_for == AsksFor::Records {
            options.use_hosts_file = ResolveHosts::Never;
            options.cache_size = 0;
        }
        builder.build()
    }
}

/// What tells whether a file has changed.
fn stamp(path: &str) -> Option<(SystemTime, u64)> {
    let metadata = Path::new(path).metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn addresses_of(lookup: &Lookup) -> impl Iterator<Item = IpAddr> {
    lookup.answers().iter().filter_map(|record| match &record.data {
        RData::A(address) => Some(IpAddr::V4(address.0)),
        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
        _ => None,
    })
}

/// Whether the name is there, and has nothing of the type that was asked for.
fn has_no_such_record(error: &NetError) -> bool {
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError)
}

fn no_address(name: &str) -> Failure {
    Failure::failing(Cause::Name, format!("{name} has no address"))
}

/// What an error of the resolver means.
fn in_words(name: &str, error: &NetError) -> Failure {
    let unknown = |why: String| Failure::unknown(Blind::Resolver, format!("cannot look up {name}: {why}"));
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Failure::failing(Cause::Name, format!("there is no name {name}")),
            ResponseCode::NoError => no_address(name),
            code => unknown(format!("the resolver answered \"{code}\"")),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => unknown(format!("the resolver answered \"{code}\"")),
        NetError::Timeout => unknown("the resolver did not answer".to_owned()),
        error => unknown(error.to_string()),
    }
}
