//! Who is at the other end of a connection, and how it was reached.

use crate::values::ProxyServer;
use std::fmt;
use std::net::SocketAddr;
use url::Host;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Whoever answers at this address.
    At(SocketAddr),
    /// A host whose address only the proxy knows.
    Behind(Box<Behind>),
}

/// A host behind a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) host: Host,
    pub(crate) port: u16,
    pub(crate) proxy: ProxyServer,
    pub(crate) relay: Relay,
}

/// What the proxy does with what we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relay {
    /// Passes bytes on, once it has answered CONNECT.
    Tunnel,
    /// Reads each request and asks in our place: for http pages, whose request it is sent with the whole URL.
    Requests,
}

impl Peer {
    /// Whether requests are sent to a proxy, to be made by it, and to which.
    pub(crate) fn asks_for_us(&self) -> Option<&ProxyServer> {
        match self {
            Self::Behind(behind) if behind.relay == Relay::Requests => Some(&behind.proxy),
            Self::At(_) | Self::Behind(_) => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::Behind(behind) => behind.fmt(f),
        }
    }
}

/// Whoever ends the connection: a proxy that asks in our place does that itself.
impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, proxy, relay } = self;
        match relay {
            Relay::Tunnel => write!(f, "{host}:{port} through the proxy {proxy}"),
            Relay::Requests => write!(f, "the proxy {proxy}"),
        }
    }
}
