//! Which way is taken to whom: directly, or through a proxy. Values in, values out.

use super::finding::Finding;
use flyball_config::Definitions;
use flyball_heroku::BaseUrl;
use flyball_monitors::{Http, Kind, Monitor, Proxy, ProxyEnvironment, Way};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// At most this many monitors that go one way are named.
const NAMED_MAX: usize = 5;

/// Which way calls to Heroku and each monitor's checks go. `variable` gives the value of an environment variable.
#[must_use]
pub fn ways(
    definitions: &Definitions,
    environment: &ProxyEnvironment,
    heroku: Option<&BaseUrl>,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = heroku.map(|base| to_heroku(base, environment, variable)).into_iter().collect();
    let mut by_way: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let (mut unusable, mut ports) = (Vec::new(), Vec::new());
    for monitor in &definitions.monitors {
        let Monitor { name, kind, .. } = monitor;
        let way = match kind {
            Kind::Tcp(_) => {
                ports.push(name.as_str());
                continue;
            }
            // Heroku's API has its own way, name servers are asked directly, and what comes in comes by itself.
            Kind::HerokuDynos(_) | Kind::Release(_) | Kind::Dns(_) => continue,
            Kind::HerokuRouter(_) | Kind::HerokuMetrics(_) | Kind::Heartbeat(_) | Kind::Hook(_) => continue,
            Kind::QueueTime(_) | Kind::Utilization(_) | Kind::Jobs(_) => continue,
            Kind::Http(http) => to_page(http, definitions, environment, variable),
            Kind::Number(number) => to_page(number.ask.page(), definitions, environment, variable),
            Kind::Prometheus(prometheus) => to_page(prometheus.ask.page(), definitions, environment, variable),
            Kind::Certificate(certificate) => {
                let proxy = certificate.proxy.as_ref().unwrap_or(&definitions.network.proxy);
                let way = environment.way(proxy, true, certificate.host.host(), variable);
                way.map(|way| in_words(&way)).map_err(|failure| failure.words)
            }
        };
        match way {
            Ok(way) => by_way.entry(way).or_default().push(name.as_str()),
            Err(words) => unusable.push(Finding::bad("way", format!("\"{name}\" cannot look: {words}"))),
        }
    }
    let is_proxied = |words: &str| words.contains(THROUGH);
    let any_proxy =
        findings.iter().any(|finding| is_proxied(&finding.words)) || by_way.keys().any(|way| is_proxied(way));
    findings.extend(by_way.iter().map(|(way, names)| Finding::good("way", format!("to {} {way}", named(names)))));
    if any_proxy && !ports.is_empty() {
        let words = format!("to {} directly, since `tcp` knows no proxy", named(&ports));
        let hint = "where only the proxy leads out, it tells nothing: let this machine reach the port, or watch a page";
        findings.push(Finding::note("way", words).hint(hint));
    } else if !ports.is_empty() {
        findings.push(Finding::good("way", format!("to {} {DIRECTLY}", named(&ports))));
    }
    if any_proxy && !definitions.network.references.is_empty() {
        let words = "to the references directly: where only the proxy leads out, none is ever reached, and what makes dynos \
                     boot anew holds as `cut_off`";
        findings.push(Finding::note("way", words).hint("name `references` within your network, or `references = []`"));
    }
    findings.extend(unusable);
    findings
}

const DIRECTLY: &str = "directly";
const THROUGH: &str = "through the proxy";

fn to_heroku(
    base: &BaseUrl,
    environment: &ProxyEnvironment,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Finding {
    let url = base.as_url();
    // The transport reads the environment in the same way, and never uses a proxy to this very machine.
    let way = match url.host().filter(|_| !base.is_loopback()) {
        Some(host) => environment.way(&Proxy::Environment, url.scheme() == "https", &host.to_owned(), variable),
        None => Ok(Way::Direct),
    };
    match way {
        Ok(way) => Finding::good("way", format!("to Heroku {}", in_words(&way))),
        Err(failure) => Finding::bad("way", format!("to Heroku: {}", failure.words))
            .hint("give it an http:// proxy, or none for api.heroku.com by NO_PROXY"),
    }
}

fn to_page(
    http: &Http,
    definitions: &Definitions,
    environment: &ProxyEnvironment,
    variable: &dyn Fn(&str) -> Option<SecretString>,
) -> Result<String, String> {
    let url = http.url.url();
    let proxy = http.proxy.as_ref().unwrap_or(&definitions.network.proxy);
    let Some(host) = url.host() else { return Ok(DIRECTLY.to_owned()) };
    let way = environment.way(proxy, url.scheme() == "https", &host.to_owned(), variable);
    way.map(|way| in_words(&way)).map_err(|failure| failure.words)
}

fn in_words(way: &Way) -> String {
    match way {
        Way::Direct => DIRECTLY.to_owned(),
        Way::Through(proxy) => format!("{THROUGH} {proxy}"),
    }
}

/// `"a", "b" and 3 more`
fn named(names: &[&str]) -> String {
    let told: Vec<String> = names.iter().take(NAMED_MAX).map(|name| format!("\"{name}\"")).collect();
    let told = told.join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => told,
        more => format!("{told} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    fn told(file: &str, variables: &[(&str, &str)]) -> Vec<(Health, String)> {
        let definitions = flyball_config::read("flyball.toml", file).expect("the file is good");
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        let environment = ProxyEnvironment::of(variable);
        let findings = ways(&definitions, &environment, Some(&BaseUrl::production()), &variable);
        findings.into_iter().map(|finding| (finding.health, finding.words)).collect()
    }

    #[test]
    fn each_monitor_s_way_and_heroku_s_is_told() {
        let file = "[[monitor]]\nname = \"front\"\nhttp = { url = \"https://shop.example.com/\" }\n\
                    [[monitor]]\nname = \"plain\"\nhttp = { url = \"http://shop.example.com/\" }\n\
                    [[monitor]]\nname = \"inside\"\nhttp = { url = \"https://10.0.0.1/\" }\n\
                    [[monitor]]\nname = \"own\"\nhttp = { url = \"https://a.example/\", proxy = { env = \"OWN\" } }\n\
                    [[monitor]]\nname = \"db\"\ntcp = { address = \"db.example.com:5432\" }\n\
                    [[monitor]]\nname = \"cert\"\ncertificate = { host = \"shop.example.com\" }\n\
                    [[monitor]]\nname = \"alias\"\ndns = { name = \"shop.example.com\", type = \"A\" }\n\
                    [[monitor]]\nname = \"dynos\"\nheroku_dynos = { app = \"shop\" }\n";
        let (good, note, bad) = (Health::Good, Health::Note, Health::Bad);
        let proxied = [("HTTPS_PROXY", "http://ops:hunter2@proxy:3128"), ("NO_PROXY", "10.0.0.0/8"), ("OWN", "own:1")];
        let expected = [
            (good, "to Heroku through the proxy proxy:3128"),
            (good, "to \"plain\", \"inside\" directly"),
            (good, "to \"own\" through the proxy own:1"),
            (good, "to \"front\", \"cert\" through the proxy proxy:3128"),
            (note, "to \"db\" directly, since `tcp` knows no proxy"),
            (
                note,
                "to the references directly: where only the proxy leads out, none is ever reached, and what makes dynos \
                 boot anew holds as `cut_off`",
            ),
        ];
        assert_eq!(told(file, &proxied), expected.map(|(health, words)| (health, words.to_owned())));
        let expected = [
            (good, "to Heroku directly"),
            (good, "to \"front\", \"plain\", \"inside\", \"cert\" directly"),
            (good, "to \"db\" directly"),
            (bad, "\"own\" cannot look: the environment variable OWN, for the proxy, is not set"),
        ];
        assert_eq!(told(file, &[]), expected.map(|(health, words)| (health, words.to_owned())));
    }
}
