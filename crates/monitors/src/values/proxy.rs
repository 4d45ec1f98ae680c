//! Which way is taken to a page: directly, or through a proxy.

use super::{Refusal, refused, shown, wrong_kind};
use flyball_settings::{Mistake, Node, Shape, Take, Value, Variable};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::fmt;
use url::{Host, Url};

/// Which way is taken to a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proxy {
    /// As the variables of the environment say: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY.
    #[default]
    Environment,
    /// Directly, whatever the environment says.
    None,
    /// Through this one, which asks for no password.
    Server(ProxyServer),
    /// Through the one whose URL this environment variable holds, with user and password if it likes.
    Variable(String),
}

/// A proxy that is spoken to by plain HTTP. It is shown as host and port alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyServer {
    host: Host,
    port: u16,
    /// `Proxy-Authorization`, where its URL had a user.
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The environment variable that it names, if it does.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Variable(name) => Some(name),
            Self::Environment | Self::None | Self::Server(_) => None,
        }
    }
}

/// What is wrong with a proxy's URL in the file that has a user or a password. Neither is repeated.
const SECRET: &str = "a user or password in the URL would be a secret in the file";
const SECRET_HINT: &str = "put the whole URL into an environment variable, and name that: `proxy = { env = \"NAME\" }`";
/// What to do about a scheme that is not spoken.
const SCHEME_HINT: &str = "Flyball speaks plain HTTP to a proxy; what it asks of https pages is still unreadable there";

impl ProxyServer {
    /// As long as a host's name, a user and a password ever are.
    const BYTES_MAX: usize = 4000;
    /// The port of a URL without one, as the client of the Platform API has it.
    const PORT: u16 = 80;

    /// Its name or address.
    #[must_use]
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `Proxy-Authorization`, if it is given one.
    pub(crate) const fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Reads what a variable of the environment holds: a URL, or host and port alone as curl takes them too.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a fragment. Nothing of the text is repeated, since it may hold a password.
    pub fn of_variable(text: &str) -> Result<Self, &'static str> {
        const NONE: &str = "holds no proxy's URL, such as http://proxy.example.com:3128";
        if text.len() > Self::BYTES_MAX {
            return Err(NONE);
        }
        let read = Matcher::builder().all(text.trim()).build().intercept(&Uri::from_static("http://a.invalid/"));
        let read = read.ok_or(NONE)?;
        if read.uri().scheme_str() != Some("http") {
            return Err("holds the URL of a proxy that is no http:// one, which Flyball cannot speak to");
        }
        let host = read.uri().host().and_then(|host| Host::parse(host).ok()).ok_or(NONE)?;
        if Refusal::of_host(&host).is_some() {
            return Err(NONE);
        }
        let port = read.uri().port_u16().unwrap_or(Self::PORT);
        Ok(Self { host, port, authorization: read.basic_auth().cloned() })
    }

    /// Reads what is written in the file.
    fn parse(text: &str) -> Result<Self, Refusal> {
        let hinted = |message: String, hint| Refusal { message, hint: Some(hint) };
        // Before anything of it is repeated.
        if text.contains('@') {
            return Err(hinted(SECRET.to_owned(), SECRET_HINT));
        }
        if text.len() > Self::BYTES_MAX || text.contains(char::is_control) || text.contains('\\') {
            return Err("not a proxy's URL".into());
        }
        let url = Url::parse(text).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => format!("\"{}\" is no way to a page", shown(text)),
            error => format!("not a URL: {error}"),
        })?;
        if url.scheme() != "http" {
            return Err(hinted(format!("a proxy of scheme \"{}\"", shown(url.scheme())), SCHEME_HINT));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("a proxy's URL ends with its port".into());
        }
        let host = url.host().ok_or("the URL has no host")?.to_owned();
        match Refusal::of_host(&host) {
            Some(refusal) => Err(refusal),
            None => Ok(Self { host, port: url.port().unwrap_or(Self::PORT), authorization: None }),
        }
    }
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyServer({self})")
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Environment => serializer.serialize_str("environment"),
            Self::None => serializer.serialize_str("none"),
            Self::Server(server) => serializer.collect_str(&format_args!("http://{server}")),
            Self::Variable(name) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("env", name)?;
                map.end()
            }
        }
    }
}

impl Take for Proxy {
    fn expected() -> String {
        "\"environment\", \"none\", a proxy's URL such as \"http://proxy.example.com:3128\", or { env = \"NAME\" } for one \
         with a password"
            .to_owned()
    }

    fn shape() -> Shape {
        Shape::TextOrVariable
    }

    fn take(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        match &node.value {
            Value::Text(text) => match text.as_str() {
                "environment" => Some(Self::Environment),
                "none" => Some(Self::None),
                url => match ProxyServer::parse(url) {
                    Ok(server) => Some(Self::Server(server)),
                    Err(refusal) => refused(node, refusal, mistakes),
                },
            },
            Value::Table(_) => Variable::take(node, mistakes).map(|variable| Self::Variable(variable.0)),
            _ => wrong_kind(node, mistakes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_in_the_file_is_an_http_url_without_secrets() {
        for (text, shown) in [
            ("http://proxy.example.com:3128", "proxy.example.com:3128"),
            ("http://proxy.example.com/", "proxy.example.com:80"),
            ("http://10.0.0.1:8080", "10.0.0.1:8080"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(ProxyServer::parse(text).unwrap().to_string(), shown);
        }
        for (text, part) in [
            ("http://ops:hunter2@proxy.example.com:3128", "secret"),
            ("ops:hunter2@proxy.example.com:3128", "secret"),
            ("https://proxy.example.com:3128", "scheme \"https\""),
            ("socks5://proxy.example.com:1080", "scheme \"socks5\""),
            ("proxy.example.com", "is no way to a page"),
            ("off", "\"off\" is no way"),
            ("http://proxy.example.com:3128/path", "ends with its port"),
            ("http://${PROXY}:3128", "no resolver can answer"),
            ("http://", "not a URL"),
        ] {
            let message = ProxyServer::parse(text).unwrap_err().message;
            assert!(message.contains(part) && !message.contains("hunter2"), "{text}: {message}");
        }
    }

    #[test]
    fn a_variable_may_hold_a_user_and_a_password_and_neither_is_shown() {
        let server = ProxyServer::of_variable("http://ops:hunter%32@proxy.example.com:3128/").unwrap();
        assert_eq!((server.to_string().as_str(), server.port()), ("proxy.example.com:3128", 3128));
        // base64 of "ops:hunter2".
        assert_eq!(server.authorization().unwrap(), "Basic b3BzOmh1bnRlcjI=");
        assert_eq!(
            format!("{server:?} {:?}", server.authorization()),
            "ProxyServer(proxy.example.com:3128) Some(Sensitive)"
        );
        assert_eq!(ProxyServer::of_variable("proxy.example.com:3128").unwrap().authorization(), None);
        for text in ["", "http://", "https://a:1", "socks5://a:1", "ftp://a:1", "http://ops:hun ter2@a:1", "/path"] {
            let why = ProxyServer::of_variable(text).unwrap_err();
            assert!(why.starts_with("holds "), "{text}: {why}");
        }
    }
}
