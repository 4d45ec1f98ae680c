//! `[network]`: what checks may reach, by which way, and by what Flyball tells an outage of its own.

use crate::found::Found;
use crate::sections::table;
use flyball_monitors::{Address, NetworkRules, Networks, Proxy};
use flyball_settings::{Fields, Mistake, Node, Settings, Shape, Table, Take, Value};
use std::sync::Arc;

/// More entries than this are a list for a firewall. Each check goes through all of them.
const NETWORKS_MAX: usize = 256;
/// One reference alone is as likely to be down as what is watched; more than eight are a load on others for nothing.
const REFERENCES_MIN: usize = 2;
const REFERENCES_MAX: usize = 8;
/// Two that belong to different companies, answer from everywhere, and are up whenever anything is.
const REFERENCES: [&str; 2] = ["one.one.one.one:443", "dns.google:443"];

/// What checks may reach, and by what Flyball tells an outage of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Which networks checks may reach. Shared with whoever follows them.
    pub rules: Arc<NetworkRules>,
    /// Which way is taken to pages whose monitor names none.
    pub proxy: Proxy,
    /// Places that are reached whenever our own network works: none, or two at least.
    pub references: Vec<Address>,
}

impl Default for Network {
    fn default() -> Self {
        Self { rules: Arc::default(), proxy: Proxy::default(), references: default_references().0 }
    }
}

fn default_references() -> References {
    References(REFERENCES.map(|text| Address::parse(text).expect("the references are addresses")).to_vec())
}

/// `[network]`
pub(crate) struct NetworkFields(Network);

impl Settings for NetworkFields {
    const KIND: &str = "network";
    const SUMMARY: &str = "what checks may reach, and by what Flyball tells an outage of its own";
    const EXAMPLE: &str = "deny_networks = [\"private\", \"203.0.113.0/24\"]\nallow_networks = [\"10.1.2.0/24\"]";

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let deny = fields.or("deny_networks", NetworkList::default(), "[]", "where checks never connect to");
        let allow =
            fields.or("allow_networks", NetworkList::default(), "[]", "exceptions, also from what always is denied");
        let proxy = fields.or(
            "proxy",
            Proxy::default(),
            "\"environment\"",
            "which way is taken to pages; a monitor's own is stronger, and a NO_PROXY that covers the host means directly",
        );
        let references = fields.or(
            "references",
            default_references(),
            &format!("{REFERENCES:?}"),
            "places that are reached whenever our own network works; with none, only other monitors can tell",
        );
        let rules = NetworkRules::new(&deny?.0, &allow?.0);
        Some(Self(Network { rules: Arc::new(rules), proxy: proxy?, references: references?.0 }))
    }
}

/// Reads the section; its defaults where there is none.
pub(crate) fn network(root: &Table, found: &mut Vec<Found>) -> Network {
    let Some((_, node)) = root.get(NetworkFields::KIND) else { return Network::default() };
    let mut mistakes = Vec::new();
    let fields = table(node, "a table, `[network]`", &mut mistakes)
        .and_then(|(table, span)| NetworkFields::from_table(table, span, &mut mistakes));
    found.extend(mistakes.into_iter().map(Found::from));
    fields.map(|fields| fields.0).unwrap_or_default()
}

/// What the reference says below the fields, in Markdown: what the rules mean, and what they begin with.
pub(crate) fn notes() -> String {
    let members = |networks: Networks| networks.members().iter().map(|network| format!("`{network}`")).collect();
    let [private, loopback] = [Networks::Private, Networks::Loopback].map(members).map(|list: Vec<_>| list.join(", "));
    let denied: Vec<String> =
        NetworkRules::always_denied().map(|(network, name)| format!("`{network}` ({name})")).collect();
    let denied = denied.join(", ");
    format!(
        "`http`, `tcp` and `certificate` checks connect to no address of a denied network, whatever its name was and however \
         many redirects led there: the address that is judged is the one that is connected to. `dns` checks ask no `server` \
         there. Such a check is *unknown*, and causes no reaction. Of a name with several addresses those that are permitted are tried. What is allowed is never \
         denied, even where the denial names a smaller network. An IPv6 address that carries an IPv4 address \
         (IPv4-mapped, NAT64, 6to4, Teredo, ISATAP) is reached only if neither is denied.\n\n\
         `\"private\"` stands for {private}; `\"loopback\"` is this host: {loopback}. Always denied, unless allowed: \
         {denied}.\n\n\
         `proxy = \"environment\"` is what calls to Heroku go by as well, so that a machine behind a proxy is set up once: \
         `HTTPS_PROXY` for https pages and certificates, `HTTP_PROXY` for http pages, else `ALL_PROXY`, each in lower case too, as curl reads \
         them. They are read at the start. A host that `NO_PROXY` covers is reached directly, however the proxy was named; \
         this machine is covered only if `localhost` and `127.0.0.1` stand there. A proxy with a password is \
         `{{ env = \"NAME\" }}`, a variable that holds its whole URL. Only http:// proxies can be used. https pages go through \
         a tunnel (`CONNECT`), in which the proxy reads nothing; http pages are asked of the proxy. `tcp` and `dns` monitors and \
         the references connect directly: where only the proxy leads out, name references within your network, or none. Calls to \
         Heroku go by the environment whatever stands here.\n\n\
         Through a proxy the address of a page is not seen, since the proxy looks its name up. What is denied is then judged \
         on what is written alone: an address, `localhost`, and the names of metadata services, in the URL and in every \
         redirect. Have the proxy deny the networks that it must not lead to. Its own address, which you named, is not \
         judged.\n\n\
         What the proxy says is not the page's failure: one that cannot be reached, asks for a password, or opens no tunnel \
         makes the reading *unknown*. Of an http page, only the answer 407 can be told from the page's own.\n"
    )
}

/// The networks of one setting.
#[derive(Default)]
struct NetworkList(Vec<Networks>);

impl Take for NetworkList {
    fn expected() -> String {
        format!("a list of at most {NETWORKS_MAX}, each {}", Networks::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let networks: Vec<Networks> = distinct(node, mistakes)?;
        if networks.len() > NETWORKS_MAX {
            let label = format!("expected at most {NETWORKS_MAX}");
            mistakes.push(Mistake::new(node.span.clone(), format!("{} networks", networks.len()), label));
            return None;
        }
        Some(Self(networks))
    }
}

/// The references.
struct References(Vec<Address>);

impl Take for References {
    fn expected() -> String {
        format!("a list of {REFERENCES_MIN} to {REFERENCES_MAX}, or an empty one, each {}", Address::expected())
    }

    fn shape() -> Shape {
        Shape::List(Box::new(Shape::Text))
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let references: Vec<Address> = distinct(node, mistakes)?;
        let expected = format!("expected {REFERENCES_MIN} to {REFERENCES_MAX}, or none");
        match references.len() {
            0 | REFERENCES_MIN..=REFERENCES_MAX => Some(Self(references)),
            1 => {
                let hint =
                    "when it alone is down, everything else would be doubted; add another that is not its neighbour";
                let mistake = Mistake::new(node.span.clone(), "one reference alone", expected);
                mistakes.push(mistake.hint(hint));
                None
            }
            many => {
                mistakes.push(Mistake::new(node.span.clone(), format!("{many} references"), expected));
                None
            }
        }
    }
}

/// The members of a list, none of which may be there twice.
fn distinct<T: Take + PartialEq>(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Vec<T>> {
    let before = mistakes.len();
    let members = Vec::<T>::take(node, mistakes)?;
    let Value::List(written) = &node.value else { return Some(members) };
    for (nth, (member, node)) in members.iter().zip(written).enumerate() {
        if members[..nth].contains(member) {
            mistakes.push(Mistake::new(node.span.clone(), "the same twice", "already in this list"));
        }
    }
    (mistakes.len() == before).then_some(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read;

    fn network_of(text: &str) -> Network {
        read("flyball.toml", text).unwrap_or_else(|mistakes| panic!("{mistakes}")).network
    }

    #[test]
    fn without_the_section_nothing_is_denied_but_what_always_is_and_two_references_stand() {
        let network = network_of("");
        assert_eq!(network, Network::default());
        assert_eq!(*network.rules, NetworkRules::new(&[], &[]));
        let shown: Vec<String> = network.references.iter().map(ToString::to_string).collect();
        assert_eq!(shown, REFERENCES);
        assert_eq!(network_of("[network]"), network);
    }

    #[test]
    fn the_way_to_pages_is_the_environment_s_unless_the_file_says_otherwise() {
        assert_eq!(network_of("").proxy, Proxy::Environment);
        assert_eq!(network_of("[network]\nproxy = \"none\"").proxy, Proxy::None);
        let named = network_of("[network]\nproxy = { env = \"PROXY_URL\" }").proxy;
        assert_eq!(named, Proxy::Variable("PROXY_URL".to_owned()));
        let Proxy::Server(server) = network_of("[network]\nproxy = \"http://proxy.example.com:3128\"").proxy else {
            panic!("a URL is a server")
        };
        assert_eq!(server.to_string(), "proxy.example.com:3128");
    }

    #[test]
    fn an_empty_list_of_references_is_none() {
        assert!(network_of("[network]\nreferences = []").references.is_empty());
        let two = network_of("[network]\nreferences = [\"a.example:1\", \"[::1]:2\"]").references;
        assert_eq!(two.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a.example:1", "[::1]:2"]);
    }

    #[test]
    fn rules_are_equal_when_they_say_the_same() {
        let one = network_of("[network]\ndeny_networks = [\"private\"]\nallow_networks = [\"10.1.2.0/24\"]");
        assert_eq!(
            one,
            network_of("network.allow_networks = [\"10.1.2.0/24\"]\nnetwork.deny_networks = [\"private\"]")
        );
        assert_ne!(one.rules, Network::default().rules);
    }
}
