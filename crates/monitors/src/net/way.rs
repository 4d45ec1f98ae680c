//! The choice between the direct way and a proxy. Pure: what the environment says is handed in.

use super::Failure;
use crate::values::{Proxy, ProxyServer};
use flyball_model::Blind;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret, SecretString};
use url::Host;

/// What the environment says of proxies: read once by who wires, in the way of curl and of the client of the Platform
/// API. Nothing at all by default.
#[derive(Default)]
pub struct ProxyEnvironment {
    http: Option<Named>,
    https: Option<Named>,
    no_proxy: NoProxy,
}

/// A proxy, and the variable that names it.
struct Named {
    variable: &'static str,
    server: Result<ProxyServer, &'static str>,
}

/// Hosts that are reached directly.
#[derive(Default)]
enum NoProxy {
    /// None.
    #[default]
    Nobody,
    /// All of them: `*`.
    Everybody,
    /// Those that the matcher takes for none of a proxy's.
    Some(Box<Matcher>),
}

/// Which way leads to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Directly.
    Direct,
    /// Through a proxy.
    Through(ProxyServer),
}

impl ProxyEnvironment {
    /// Of an environment that `variable` gives the values of. Upper case counts before lower case. In a CGI program
    /// (`REQUEST_METHOD` is set) a stranger could set HTTP_PROXY by a header, and nothing counts.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<SecretString>) -> Self {
        if variable("REQUEST_METHOD").is_some() {
            return Self::default();
        }
        let first = |names: [&'static str; 2]| {
            let (name, value) = names.into_iter().find_map(|name| Some((name, variable(name)?)))?;
            (!value.expose_secret().trim().is_empty()).then_some((name, value))
        };
        let named = |names| {
            let (variable, value) = first(names).or_else(|| first(["ALL_PROXY", "all_proxy"]))?;
            Some(Named { variable, server: ProxyServer::of_variable(value.expose_secret()) })
        };
        let no_proxy = first(["NO_PROXY", "no_proxy"]);
        Self {
            http: named(["HTTP_PROXY", "http_proxy"]),
            https: named(["HTTPS_PROXY", "https_proxy"]),
            no_proxy: no_proxy.map_or(NoProxy::Nobody, |(_, list)| NoProxy::of(list.expose_secret())),
        }
    }

    /// Which way leads to this host: NO_PROXY counts however the proxy is named. `is_https` says by which of the
    /// variables "environment" goes, and `variable` gives the value of one that a setting names.
    ///
    /// # Errors
    ///
    /// Unknown when a variable does not hold what it should: it is named, and nothing of its value is.
    pub fn way(
        &self,
        proxy: &Proxy,
        is_https: bool,
        host: &Host,
        variable: impl Fn(&str) -> Option<SecretString>,
    ) -> Result<Way, Failure> {
        let unusable = |name: &str, why: &str| {
            Failure::unknown(Blind::Settings, format!("the environment variable {name}, for the proxy, {why}"))
        };
        if self.no_proxy.covers(host) {
            return Ok(Way::Direct);
        }
        let server = match proxy {
            Proxy::None => return Ok(Way::Direct),
            Proxy::Server(server) => server.clone(),
            Proxy::Variable(name) => {
                let value = variable(name).ok_or_else(|| unusable(name, "is not set"))?;
                ProxyServer::of_variable(value.expose_secret()).map_err(|why| unusable(name, why))?
            }
            Proxy::Environment => match if is_https { &self.https } else { &self.http } {
                None => return Ok(Way::Direct),
                Some(Named { variable, server }) => server.clone().map_err(|why| unusable(variable, why))?,
            },
        };
        Ok(Way::Through(server))
    }
}

impl NoProxy {
    /// Commas or blanks stand between its entries; a dot at an end of one means nothing. A domain stands for all below
    /// it as well, and an address may be a network.
    fn of(list: &str) -> Self {
        if list.trim() == "*" {
            return Self::Everybody;
        }
        let entries = list.split([',', ' ']).map(|entry| entry.trim().trim_end_matches('.'));
        let entries: Vec<&str> = entries.filter(|entry| !entry.is_empty() && *entry != "*").collect();
        // Whatever the matcher would send through this proxy is not covered.
        Self::Some(Box::new(Matcher::builder().all("http://proxy.invalid").no(entries.join(",")).build()))
    }

    fn covers(&self, host: &Host) -> bool {
        let matcher = match self {
            Self::Nobody => return false,
            Self::Everybody => return true,
            Self::Some(matcher) => matcher,
        };
        let host = host.to_string();
        let uri = Uri::try_from(format!("http://{}/", host.trim_end_matches('.')));
        uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
    }
}

impl std::fmt::Debug for ProxyEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyEnvironment").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn way(variables: Variables<'_>, proxy: &Proxy, url: &str) -> String {
        let of = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        let url: url::Url = url.parse().unwrap();
        let host = url.host().unwrap().to_owned();
        match ProxyEnvironment::of(of).way(proxy, url.scheme() == "https", &host, of) {
            Ok(Way::Direct) => "direct".to_owned(),
            Ok(Way::Through(server)) => server.to_string(),
            Err(failure) => failure.words,
        }
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let (http, https) = ("http://shop.example.com/", "https://shop.example.com/");
        for (variables, url, expected) in [
            (&[][..], http, "direct"),
            (&[("HTTP_PROXY", "http://a:1")], http, "a:1"),
            (&[("HTTP_PROXY", "http://a:1")], https, "direct"),
            (&[("HTTPS_PROXY", "a:1")], https, "a:1"),
            (&[("HTTPS_PROXY", "http://a:1")], http, "direct"),
            (&[("https_proxy", "http://a:1")], https, "a:1"),
            (&[("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:2")], https, "b:2"),
            (&[("ALL_PROXY", "http://a:1")], http, "a:1"),
            (&[("all_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:2")], https, "b:2"),
            (&[("HTTPS_PROXY", "")], https, "direct"),
            (&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")], http, "direct"),
            (
                &[("HTTPS_PROXY", "socks5://ops:hunter2@a:1")],
                https,
                "the environment variable HTTPS_PROXY, for the proxy, holds the URL of a proxy that is no http:// one, which \
                 Flyball cannot speak to",
            ),
        ] {
            assert_eq!(way(variables, &Proxy::Environment, url), expected, "{variables:?} {url}");
        }
    }

    #[test]
    fn a_no_proxy_that_covers_the_host_means_direct() {
        for (list, host, direct) in [
            ("shop.example.com", "shop.example.com", true),
            ("SHOP.example.com", "shop.example.com", true),
            ("example.com", "shop.example.com", true),
            (".example.com", "shop.example.com", true),
            (".example.com", "example.com", true),
            ("example.com.", "shop.example.com", true),
            ("example.com", "shop.example.com.", true),
            ("ample.com", "example.com", false),
            ("shop.example.com", "example.com", false),
            ("a.example, example.com", "example.com", true),
            ("a.example example.com", "example.com", true),
            ("*", "example.com", true),
            ("*", "10.1.2.3", true),
            ("*.example.com", "shop.example.com", false),
            ("a.example,*", "example.com", false),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("10", "10.1.2.3", false),
            ("::1", "[::1]", true),
            ("fd00::/8", "[fd00::1]", true),
            ("localhost", "localhost", true),
            ("localhost", "127.0.0.1", false),
            ("", "example.com", false),
            (" , ", "example.com", false),
        ] {
            let variables = [("ALL_PROXY", "http://a:1"), ("NO_PROXY", list)];
            let url = format!("https://{host}/");
            let named = Proxy::Variable("ALL_PROXY".to_owned());
            for proxy in [Proxy::Environment, named] {
                let expected = if direct { "direct" } else { "a:1" };
                assert_eq!(way(&variables, &proxy, &url), expected, "{list} {host}");
            }
        }
    }

    #[test]
    fn a_setting_is_stronger_than_the_environment_and_names_what_is_missing() {
        let variables = [("ALL_PROXY", "http://a:1"), ("OURS", "http://ops:hunter2@b:2"), ("BAD", "http://hunter 2")];
        let named = |name: &str| Proxy::Variable(name.to_owned());
        let url = "https://shop.example.com/";
        assert_eq!(way(&variables, &Proxy::None, url), "direct");
        assert_eq!(way(&variables, &Proxy::Server(ProxyServer::of_variable("c:3").unwrap()), url), "c:3");
        assert_eq!(way(&variables, &named("OURS"), url), "b:2");
        let missing = "the environment variable THEIRS, for the proxy, is not set";
        assert_eq!(way(&variables, &named("THEIRS"), url), missing);
        let bad = way(&variables, &named("BAD"), url);
        assert!(bad.contains("BAD, for the proxy, holds no proxy's URL") && !bad.contains("hunter"), "{bad}");
    }
}
