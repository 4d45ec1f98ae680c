//! `[server]`: where pages and the HTTP interface are served, under which names, and who is told that Flyball is there.

use crate::found::Found;
use crate::sections::table;
use flyball_monitors::PageUrl;
use flyball_settings::{Fields, Mistake, Node, Settings, Shape, Table, Take, Value};
use ipnet::IpNet;
use std::net::SocketAddr;

/// More names than this are a list for the proxy in front.
const HOSTS_MAX: usize = 64;
/// More proxies than this are a network.
const PROXIES_MAX: usize = 64;

/// Where pages and the HTTP interface are served.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Server {
    /// The address to listen on; none where nothing is served.
    pub listen: Option<SocketAddr>,
    /// The names, beside those of this machine's loopback, by which it may be asked: in lower case, without a port.
    pub hosts: Vec<String>,
    /// Whose word on where a request comes from is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// What is asked for each minute while Flyball looks and remembers, so that somebody is told once it does not.
    pub heartbeat_url: Option<PageUrl>,
}

/// `[server]`
pub(crate) struct ServerFields(Server);

impl Settings for ServerFields {
    const KIND: &str = "server";
    const SUMMARY: &str = "where pages and the HTTP interface are served, and under which names";
    const EXAMPLE: &str = "listen = \"127.0.0.1:8080\"\nhosts = [\"flyball.example.com\"]";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let listen = fields.optional("listen", "the address to listen on; without it, nothing is served");
        let doc = "names, beside those of this machine, by which it may be asked";
        let hosts = fields.or("hosts", Hosts(Vec::new()), "[]", doc);
        let doc = "proxies whose word on where a request comes from is taken: addresses or networks";
        let proxies = fields.or("trusted_proxies", Proxies(Vec::new()), "[]", doc);
        let doc = "a page of a dead-man's switch, asked for each minute while Flyball looks and remembers";
        let heartbeat = fields.optional("heartbeat_url", doc);
        let listen = listen?.map(|listen: Listen| listen.0);
        let (hosts, trusted_proxies) = (hosts?.0, proxies?.0);
        Some(Self(Server { listen, hosts, trusted_proxies, heartbeat_url: heartbeat? }))
    }
}

/// Reads the section; its defaults where there is none.
pub(crate) fn server(root: &Table, found: &mut Vec<Found>) -> Server {
    let Some((_, node)) = root.get(ServerFields::KIND) else { return Server::default() };
    let mut mistakes = Vec::new();
    let fields = table(node, "a table, `[server]`", &mut mistakes)
        .and_then(|(table, span)| ServerFields::from_table(table, span, &mut mistakes));
    found.extend(mistakes.into_iter().map(Found::from));
    fields.map(|fields| fields.0).unwrap_or_default()
}

/// What the reference says below the fields, in Markdown.
pub(crate) fn notes() -> &'static str {
    "On this machine's loopback, without any user, and with neither `hosts` nor `trusted_proxies`, everything is open to whoever is on \
     this machine, and it says so. Else everybody signs in: `FLYBALL_ADMIN_PASSWORD` makes the first user, `admin`, at the first \
     start, and without it the start prints a link that does it once. A dyno listens \
     on all addresses at `PORT`, whatever `listen` says; the names it is asked by still stand in `hosts`. The section is read at \
     the start; a change of it needs another.\n\n\
     A request whose `Host` is neither a name of the loopback nor in `hosts` is refused, so that no page elsewhere reaches \
     Flyball by a name that it has pointed here. Behind a proxy that ends TLS, name it in `trusted_proxies`: only then its \
     `X-Forwarded-For` and `X-Forwarded-Proto` are believed.\n"
}

/// One text, read in one way, with the mistake told otherwise.
fn of_text<T: Take>(node: &Node, mistakes: &mut Vec<Mistake>, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let text = String::take(node, mistakes)?;
    let value = read(&text);
    if value.is_none() {
        mistakes.push(Mistake::new(node.span.clone(), "not valid", format!("expected {}", T::expected())));
    }
    value
}

/// The members of a list of at most so many.
fn list<T: Take>(node: &Node, most: usize, expected: &str, mistakes: &mut Vec<Mistake>) -> Option<Vec<T>> {
    match &node.value {
        Value::List(nodes) if nodes.len() > most => {
            let label = format!("expected at most {most}");
            mistakes.push(Mistake::new(node.span.clone(), format!("{} entries", nodes.len()), label));
            None
        }
        Value::List(_) => Vec::<T>::take(node, mistakes),
        other => {
            let found = format!("found {}", other.kind());
            mistakes.push(Mistake::new(node.span.clone(), found, format!("expected {expected}")));
            None
        }
    }
}

struct Listen(SocketAddr);

impl Take for Listen {
    fn expected() -> String {
        "an address with its port, such as \"127.0.0.1:8080\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        of_text(node, mistakes, |text| text.parse().ok().map(Self))
    }
}

struct Host(String);

impl Take for Host {
    fn expected() -> String {
        "a name such as \"flyball.example.com\", without a port".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let is_host = |text: &str| {
            (1..=253).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        };
        of_text(node, mistakes, |text| is_host(text).then(|| Self(text.to_ascii_lowercase())))
    }
}

struct Hosts(Vec<String>);

impl Take for Hosts {
    fn expected() -> String {
        format!("a list of at most {HOSTS_MAX}, each {}", Host::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let hosts: Vec<Host> = list(node, HOSTS_MAX, &Self::expected(), mistakes)?;
        Some(Self(hosts.into_iter().map(|host| host.0).collect()))
    }
}

struct TrustedProxy(IpNet);

impl Take for TrustedProxy {
    fn expected() -> String {
        "an address or a network such as \"10.0.0.0/8\"".to_owned()
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let read = |text: &str| {
            text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| address.into()))
        };
        of_text(node, mistakes, |text| read(text).map(Self))
    }
}

struct Proxies(Vec<IpNet>);

impl Take for Proxies {
    fn expected() -> String {
        format!("a list of at most {PROXIES_MAX}, each {}", TrustedProxy::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let proxies: Vec<TrustedProxy> = list(node, PROXIES_MAX, &Self::expected(), mistakes)?;
        Some(Self(proxies.into_iter().map(|proxy| proxy.0).collect()))
    }
}
