//! Where the Platform API is: `HEROKU_HOST`, as Heroku's CLI reads it.
//!
//! One difference, on purpose: what the CLI would not accept it replaces by production, with a warning. Here it is an
//! error, because a token meant for another place must not go to production by a typing mistake, nor the reverse.

use flyball_model::ApiHost;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use url::{Host, Url};

/// The domains that Heroku's CLI sends a token to, with everything below them; and loopback, for development.
///
/// Source: npm `@heroku-cli/command`, `vars`.
const DOMAINS: [&str; 4] = ["heroku.com", "herokai.com", "herokuspace.com", "herokudev.com"];

/// The base address of the Platform API. HTTPS, or plain HTTP to this very machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    host: ApiHost,
}

/// A `HEROKU_HOST` that no token is sent to. Reads after "cannot use HEROKU_HOST: ".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidHost {
    why: &'static str,
}

impl InvalidHost {
    /// What would be accepted.
    pub const HINT: &str = "leave HEROKU_HOST unset for Heroku itself; for a stand-in on this machine set it to a whole \
                            address such as http://127.0.0.1:5000";
}

impl fmt::Display for InvalidHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why)
    }
}

impl std::error::Error for InvalidHost {}

impl BaseUrl {
    /// Heroku itself.
    #[must_use]
    pub fn production() -> Self {
        "https://api.heroku.com/".parse().expect("a constant address parses")
    }

    /// What a value of `HEROKU_HOST` means: unset or empty is production, `example.herokudev.com` is
    /// `https://api.example.herokudev.com`, a loopback host is `http://` to it, and a whole address is itself.
    ///
    /// # Errors
    ///
    /// [`InvalidHost`] for whatever Heroku's CLI would not accept.
    pub fn from_heroku_host(value: Option<&str>) -> Result<Self, InvalidHost> {
        match value {
            None | Some("") => Ok(Self::production()),
            Some(value) => value.parse(),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// Host, and port if it is not the scheme's own: by it apps of the same name are told apart, and
    /// after it an entry of `~/.netrc` is named.
    #[must_use]
    pub const fn host(&self) -> &ApiHost {
        &self.host
    }

    /// Whether this is Heroku itself.
    #[must_use]
    pub fn is_production(&self) -> bool {
        *self == Self::production()
    }

    /// Whether this is on this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.url.host().is_some_and(|host| is_loopback(&host))
    }

    /// The address of a path below it; each segment is escaped.
    pub(crate) fn at(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        url.path_segments_mut().expect("an http address has a path").clear().extend(path);
        url
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidHost;

    fn from_str(value: &str) -> Result<Self, InvalidHost> {
        let refuse = |why| Err(InvalidHost { why });
        if value.chars().any(|char| char.is_whitespace() || char.is_control()) {
            return refuse("it contains a blank");
        }
        let scheme = value.get(..8).unwrap_or(value).to_ascii_lowercase();
        let is_whole = scheme.starts_with("http://") || scheme.starts_with("https://");
        if !is_whole && value.contains("://") {
            return refuse("its scheme is neither http nor https");
        }
        let whole = if is_whole { value.to_owned() } else { format!("https://{value}") };
        let Ok(url) = Url::parse(&whole) else { return refuse("it is neither a host nor an address") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it contains a user name or password");
        }
        if url.path() != "/" || value.contains(['?', '#']) {
            return refuse("it has a path, a query or a fragment");
        }
        let Some(host) = url.host() else { return refuse("it names no host") };
        let loopback = is_loopback(&host);
        if !loopback && !is_herokus(&host) {
            return refuse(
                "it is neither below heroku.com, herokai.com, herokuspace.com or herokudev.com nor this machine",
            );
        }
        if url.scheme() == "http" && !loopback {
            return refuse("it would send the token unencrypted");
        }
        let url = match (is_whole, loopback) {
            (true, _) => url,
            (false, true) => Url::parse(&format!("http://{value}")).expect("it parsed with https://"),
            (false, false) => Url::parse(&format!("https://api.{value}")).expect("it parsed without api."),
        };
        let Ok(host) = authority(&url).parse() else { return refuse("its name is too long") };
        Ok(Self { url, host })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.url.as_str().trim_end_matches('/'))
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

fn is_herokus(host: &Host<&str>) -> bool {
    let Host::Domain(name) = host else { return false };
    DOMAINS.iter().any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heroku_host_is_read_as_herokus_cli_reads_it() {
        for (value, wanted) in [
            (None, "https://api.heroku.com"),
            (Some(""), "https://api.heroku.com"),
            (Some("heroku.com"), "https://api.heroku.com"),
            (Some("HEROKU.com"), "https://api.heroku.com"),
            (Some("staging.herokudev.com"), "https://api.staging.herokudev.com"),
            (Some("staging.herokudev.com:8443"), "https://api.staging.herokudev.com:8443"),
            (Some("https://api.heroku.com"), "https://api.heroku.com"),
            (Some("https://api.heroku.com/"), "https://api.heroku.com"),
            (Some("HTTPS://x.herokuspace.com:444"), "https://x.herokuspace.com:444"),
            (Some("http://127.0.0.1:5000"), "http://127.0.0.1:5000"),
            (Some("http://localhost:5000/"), "http://localhost:5000"),
            (Some("https://localhost"), "https://localhost"),
            (Some("http://[::1]:5000"), "http://[::1]:5000"),
            (Some("127.0.0.1:5000"), "http://127.0.0.1:5000"),
            (Some("127.9.9.9"), "http://127.9.9.9"),
            (Some("localhost:5000"), "http://localhost:5000"),
            (Some("[::1]:5000"), "http://[::1]:5000"),
        ] {
            let base = BaseUrl::from_heroku_host(value);
            assert_eq!(base.map(|base| base.to_string()), Ok(wanted.to_owned()), "{value:?}");
        }
    }

    #[test]
    fn a_host_that_heroku_would_not_accept_is_an_error_and_never_production() {
        for value in [
            "example.com",
            "heroku.com.example.com",
            "evilheroku.com",
            "heroku.com.",
            "https://example.com",
            "http://api.heroku.com",
            "http://10.0.0.1:5000",
            "https://user:pass@api.heroku.com",
            "user@heroku.com",
            "https://api.heroku.com/v3",
            "https://api.heroku.com?x=1",
            "https://api.heroku.com#x",
            "heroku.com/path",
            "ftp://heroku.com",
            "heroku .com",
            "heroku.com\n",
            "0.0.0.0:5000",
            "128.0.0.1",
            "::1",
            "https://",
            "http",
            "localhost.example.com",
            "münchen.example",
        ] {
            assert!(BaseUrl::from_heroku_host(Some(value)).is_err(), "{value:?}");
        }
    }

    #[test]
    fn segments_are_escaped_and_the_host_names_a_port_of_its_own() {
        let base: BaseUrl = "http://127.0.0.1:5000".parse().unwrap();
        assert_eq!(base.at(&["apps", "sh/op", "dynos"]).as_str(), "http://127.0.0.1:5000/apps/sh%2Fop/dynos");
        assert_eq!(base.host().as_str(), "127.0.0.1:5000");
        assert_eq!(BaseUrl::production().host().as_str(), "api.heroku.com");
        assert!(base.is_loopback() && !base.is_production());
        assert!(BaseUrl::production().is_production() && !BaseUrl::production().is_loopback());
    }
}
