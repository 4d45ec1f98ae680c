//! The way to a host. Name look-up, permission and connecting are three steps, so that what may be reached is decided
//! on the addresses that are really connected to, and on nothing else.

mod connect;
mod connection;
mod failure;
mod peer;
mod permit;
mod progress;
mod records;
mod references;
mod resolve;
mod rules;
mod stall;
mod tls;
mod tls_words;
mod tunnel;
mod way;

pub(crate) use connection::{Arrived, Connection, IdleConnections, RequestBody, Version, io_error, of_hyper};
pub use failure::Failure;
pub(crate) use failure::of_io;
pub(crate) use peer::{Behind, Peer, Relay};
pub(crate) use progress::{Progress, Step};
pub use references::References;
pub use rules::NetworkRules;
pub(crate) use stall::StallWatch;
pub use tls::Trust;
pub(crate) use tls::{Tls, of_tls};
pub(crate) use tls_words::day;
pub(crate) use tunnel::{of_proxy, unauthorized};
pub use way::{ProxyEnvironment, Way};

use crate::values::{NameServer, Proxy, Record, RecordName, RecordType};
use permit::Permitted;
use resolve::Resolver;
use secrecy::SecretString;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use url::Host;

/// The way to a host: shared by all checks.
pub(crate) struct Network {
    resolver: Arc<Resolver>,
    /// The same servers, asked for records: without what this machine alone knows.
    records: Resolver,
    rules: RwLock<Arc<NetworkRules>>,
    environment: ProxyEnvironment,
    proxy: RwLock<Proxy>,
}

impl Network {
    /// With the system's resolver, and nothing denied but what always is.
    pub(crate) fn system() -> Self {
        Self {
            resolver: Arc::new(Resolver::system()),
            records: Resolver::system().for_records(),
            rules: RwLock::default(),
            environment: ProxyEnvironment::default(),
            proxy: RwLock::default(),
        }
    }

    /// The same, with the resolvers at these addresses.
    pub(crate) fn with_name_servers(self, servers: Vec<SocketAddr>) -> Self {
        let records = Resolver::at(servers.clone()).for_records();
        Self { resolver: Arc::new(Resolver::at(servers)), records, ..self }
    }

    /// The same, in an environment that says this of proxies.
    pub(crate) fn with_proxies(self, environment: ProxyEnvironment) -> Self {
        Self { environment, ..self }
    }

    /// Goes over to another way for whoever names none. A connection that is being made goes on.
    pub(crate) fn go_by(&self, proxy: Proxy) {
        *self.proxy.write().unwrap_or_else(PoisonError::into_inner) = proxy;
    }

    /// Goes over to other rules. A connection that is being made goes on.
    pub(crate) fn follow(&self, rules: Arc<NetworkRules>) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn rules(&self) -> Arc<NetworkRules> {
        // One assignment under the lock: it is whole whatever happened elsewhere.
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the rules of this moment permit what leads there.
    pub(crate) fn permits(&self, peer: &Peer) -> bool {
        match peer {
            Peer::At(address) => self.rules().refusal(address.ip()).is_none(),
            Peer::Behind(behind) => Permitted::unseen(&behind.host, &self.rules()).is_ok(),
        }
    }

    /// Which way leads to a host: `own` is the setting of who asks, where it has one.
    ///
    /// # Errors
    ///
    /// As [`ProxyEnvironment::way`].
    pub(crate) fn way(
        &self,
        own: Option<&Proxy>,
        is_https: bool,
        host: &Host,
        variable: impl Fn(&str) -> Option<SecretString>,
    ) -> Result<Way, Failure> {
        let shared = || self.proxy.read().unwrap_or_else(PoisonError::into_inner).clone();
        let proxy = own.cloned().unwrap_or_else(shared);
        self.environment.way(&proxy, is_https, host, variable)
    }

    /// Connects to a host.
    ///
    /// # Errors
    ///
    /// Failing when there is no such name, or nothing answers there; unknown when the fault lies on this side, or the
    /// rules forbid every address that it has.
    pub(crate) async fn reach(&self, host: &Host, port: u16, progress: &mut Progress) -> Result<TcpStream, Failure> {
        progress.enter(Step::Name);
        let addresses = self.resolver.look_up(host).await?;
        let permitted = Permitted::of(addresses, &self.rules())?;
        progress.enter(Step::Connect);
        let trying = |address| progress.peer = Some(Peer::At(address));
        connect::connect(permitted, port, trying).await
    }

    /// Connects to a proxy that the operator named, and so whatever its own address; has it open a tunnel where one is
    /// needed.
    ///
    /// # Errors
    ///
    /// Unknown when the rules forbid the host behind it, as far as that can be seen from here, or the proxy does not do
    /// what it should.
    pub(crate) async fn reach_behind(&self, behind: &Behind, progress: &mut Progress) -> Result<TcpStream, Failure> {
        progress.enter(Step::Name);
        progress.peer = Some(Peer::Behind(Box::new(behind.clone())));
        Permitted::unseen(&behind.host, &self.rules())?;
        let reached = async {
            let addresses = self.resolver.look_up(behind.proxy.host()).await?;
            let permitted = Permitted::of(addresses, &NetworkRules::none())?;
            progress.enter(Step::Connect);
            connect::connect(permitted, behind.proxy.port(), |_| ()).await
        };
        let stream = reached.await.map_err(|failure| of_proxy(&behind.proxy, &failure))?;
        if behind.relay == Relay::Requests {
            return Ok(stream);
        }
        progress.enter(Step::Tunnel);
        tunnel::open(stream, behind).await
    }

    /// The records of a name, as `server` has them, or whoever the system asks. None where the name has none of this type.
    ///
    /// # Errors
    ///
    /// Failing when there is no such name; unknown when nobody could tell or be asked, or the rules forbid to ask there.
    pub(crate) async fn records(
        &self,
        server: Option<NameServer>,
        name: &RecordName,
        of_type: RecordType,
    ) -> Result<Vec<Record>, Failure> {
        match server {
            None => self.records.records(name, of_type).await,
            Some(server) => {
                Permitted::of(vec![server.address().ip()], &self.rules())?;
                Resolver::at(vec![server.address()]).for_records().records(name, of_type).await
            }
        }
    }

    /// Who tells whether the world can be reached from here.
    pub(crate) fn references(&self) -> References {
        References::new(Arc::clone(&self.resolver))
    }
}
