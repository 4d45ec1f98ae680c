//! What is asked for, hop by hop: the target, the request's head, and what stays behind at another origin.

use super::cookies::Cookies;
use super::settings::Http;
use crate::net::{Failure, Peer, Relay, RequestBody, Version, Way};
use crate::values::{Method, ProxyServer};
use bytes::Bytes;
use flyball_model::{Blind, Cause, EnvValue, Excerpt};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, COOKIE, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// One request of a check: the first, or that to which a redirect led.
pub(super) struct Hop<'a> {
    http: &'a Http,
    /// The page's URL as its host knows it: with `host` in the place of the address that is asked.
    url: Url,
    /// The first hop's.
    first: Url,
    method: Method,
    headers: HeaderMap,
    /// Headers that never leave the first origin.
    secret: Vec<HeaderName>,
    body: Bytes,
    body_is_secret: bool,
    /// What was set on the way here.
    cookies: Cookies,
}

impl<'a> Hop<'a> {
    /// The first request. Reads the variables that its settings name.
    pub(super) fn first(http: &'a Http, secret: impl Fn(&str) -> Option<SecretString>) -> Result<Self, Failure> {
        let unusable = |words: String| Failure::unknown(Blind::Settings, words);
        let value_of = |value: &EnvValue| match value {
            EnvValue::Plain(text) => Ok(text.clone()),
            EnvValue::Variable(asked) | EnvValue::Sealed(asked) => secret(asked)
                .map(|value| value.expose_secret().to_owned())
                .ok_or_else(|| unusable(flyball_model::not_had(asked))),
        };
        let mut headers = HeaderMap::with_capacity(8);
        let mut secrets = vec![AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("flyball/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br, zstd"));
        for (name, value) in http.headers.iter() {
            let text = value_of(value)?;
            // Text that cannot be a header was refused in the file, so this is a secret's. It is not shown.
            let mut text = HeaderValue::from_str(&text).map_err(|_| {
                unusable(format!("the value of header {name} has characters that a header cannot have"))
            })?;
            if value.asked().is_some() {
                text.set_sensitive(true);
                secrets.push(name.clone());
            }
            headers.insert(name.clone(), text);
        }
        let body = http.body.as_ref().map(value_of).transpose()?.unwrap_or_default();
        let url = url_for(http);
        Ok(Self {
            http,
            first: url.clone(),
            url,
            method: http.method,
            headers,
            secret: secrets,
            body: body.into(),
            body_is_secret: http.body.as_ref().and_then(EnvValue::asked).is_some(),
            cookies: Cookies::default(),
        })
    }

    /// The host and port to connect to.
    pub(super) fn target(&self) -> (Host, u16) {
        let asked = self.http.url.url();
        let port = self.url.port_or_known_default().unwrap_or(0);
        if self.url.host_str() != self.first.host_str() {
            return (host_of(&self.url), port);
        }
        // The same host, so the same address; and the same port unless a redirect led to another one.
        let same_origin = self.url.origin() == self.first.origin();
        let port = if same_origin { asked.port_or_known_default().unwrap_or(port) } else { port };
        (host_of(asked), port)
    }

    /// Whether it goes over TLS, and with whose name.
    pub(super) fn tls_name(&self) -> Option<Host> {
        (self.url.scheme() == "https").then(|| host_of(&self.url))
    }

    /// What a kept connection must lead to, to serve this hop by this way.
    pub(super) fn connection_key(&self, way: &Way) -> String {
        let (host, port) = self.target();
        let target = format!("{} via {host}:{port}", self.url.origin().ascii_serialization());
        match way {
            Way::Direct => target,
            Way::Through(proxy) => format!("{target} through {proxy}"),
        }
    }

    /// What a proxy has to do for this hop. It would ask the host that the request names, so that where another is to be
    /// connected to only a tunnel leads there.
    pub(super) fn relay(&self) -> Relay {
        let (host, port) = self.target();
        let is_as_named = host == host_of(&self.url) && Some(port) == self.url.port_or_known_default();
        let is_asked_for_this_host = self.http.host.is_none() || self.url.origin() != self.first.origin();
        match self.tls_name() {
            None if is_as_named && is_asked_for_this_host => Relay::Requests,
            Some(_) | None => Relay::Tunnel,
        }
    }

    /// The method.
    pub(super) const fn method(&self) -> Method {
        self.method
    }

    /// The request as it is sent to whoever is at the other end.
    pub(super) fn request(&self, version: Version, peer: &Peer) -> Request<RequestBody> {
        let proxy = peer.asks_for_us();
        let authority = self.authority();
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let whole = || format!("{}://{authority}{path}", self.url.scheme());
        let text = if version == Version::One && proxy.is_none() { path.to_owned() } else { whole() };
        let mut request = Request::new(RequestBody::new(self.body.clone()));
        *request.method_mut() = self.method.into();
        // A URL's path holds no character that a request's may not; should that ever be wrong, its root is asked for.
        *request.uri_mut() = Uri::try_from(text).unwrap_or_default();
        *request.headers_mut() = self.headers.clone();
        self.cookies.put(request.headers_mut(), &self.url);
        if let Some(value) = proxy.and_then(ProxyServer::authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value.clone());
        }
        if version == Version::One {
            if let Ok(host) = HeaderValue::from_str(&authority) {
                request.headers_mut().insert(HOST, host);
            }
            if !self.http.reuse {
                // Whoever closes first keeps the port for a minute; there are 28,000, and checks need as many.
                request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        request
    }

    /// Takes the cookies that the answer sets, for the hops that follow.
    pub(super) fn take_cookies(&mut self, answer: &HeaderMap) {
        self.cookies.take(answer, &self.url);
    }

    /// The host as the request names it.
    fn authority(&self) -> String {
        match &self.http.host {
            Some(host) if self.url.origin() == self.first.origin() => host.to_string(),
            _ => self.url[url::Position::BeforeHost..url::Position::AfterPort].to_owned(),
        }
    }

    /// The request that a redirect leads to, and where that is; `None` if the answer is no redirect.
    ///
    /// # Errors
    ///
    /// Failing when it leads to what cannot be followed, or would take a secret body to another origin.
    pub(super) fn redirected(
        mut self,
        status: u16,
        location: Option<&HeaderValue>,
    ) -> Result<Option<(Self, Excerpt)>, Failure> {
        let Some(location) = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308)) else {
            return Ok(None);
        };
        let next = self.followed(location)?;
        match (status, self.method) {
            (303, Method::Get | Method::Post) | (301 | 302, Method::Post) => {
                self.method = Method::Get;
                self.body = Bytes::new();
                self.headers.remove(http::header::CONTENT_TYPE);
            }
            _ => {}
        }
        if next.origin() != self.url.origin() {
            if self.body_is_secret && !self.body.is_empty() {
                let to = shown(&next);
                let words = format!("{status} redirects to {to}, and a secret body is not sent to another origin");
                return Err(Failure::failing(Cause::Redirects, words));
            }
            for name in &self.secret {
                self.headers.remove(name);
            }
        }
        let to = Excerpt::of(&shown(&next));
        self.url = next;
        Ok(Some((self, to)))
    }

    fn followed(&self, location: &HeaderValue) -> Result<Url, Failure> {
        let failing = |words: String| Failure::failing(Cause::Redirects, words);
        let text = String::from_utf8_lossy(location.as_bytes());
        let mut next = self
            .url
            .join(&text)
            .map_err(|_| failing(format!("redirects to \"{}\", which is no URL", Excerpt::of(&text))))?;
        if !matches!(next.scheme(), "http" | "https") || next.host().is_none() {
            return Err(failing(format!("redirects to {}, which cannot be followed", shown(&next))));
        }
        // What a stranger writes there is not sent on as somebody's name and password. Neither can fail for http.
        let _ = next.set_username("");
        let _ = next.set_password(None);
        Ok(next)
    }
}

/// The page's URL as its host knows it.
fn url_for(http: &Http) -> Url {
    let mut url = http.url.url().clone();
    if let Some(host) = &http.host {
        // Neither can fail: the scheme is http or https, and the host was parsed.
        let _ = url.set_host(Some(&host.host().to_string()));
        let _ = url.set_port(host.port());
    }
    url
}

fn host_of(url: &Url) -> Host {
    url.host().expect("every URL that is followed has a host").to_owned()
}

/// A URL for a person: without what may be a secret in its query.
fn shown(url: &Url) -> String {
    let query = if url.query().is_some() { "?…" } else { "" };
    let plain = &url[url::Position::BeforeScheme..url::Position::AfterPath];
    Excerpt::of(&format!("{plain}{query}")).to_string()
}
