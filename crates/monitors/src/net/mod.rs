//! The way to a host. Name look-up, permission and connecting are three steps, so that what may be reached is decided
//! on the addresses that are really connected to, and on nothing else.

mod connect;
mod connection;
mod failure;
mod permit;
mod progress;
mod references;
mod resolve;
mod rules;
mod stall;
mod tls;
mod tls_words;

pub(crate) use connection::{Arrived, Connection, IdleConnections, RequestBody, Version, io_error, of_hyper};
pub use failure::Failure;
pub(crate) use failure::of_io;
pub(crate) use progress::{Progress, Step};
pub use references::References;
pub use rules::NetworkRules;
pub(crate) use stall::StallWatch;
pub use tls::Trust;
pub(crate) use tls::{Tls, of_tls};

use permit::Permitted;
use resolve::Resolver;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpStream;
use url::Host;

/// The way to a host: shared by all checks.
pub(crate) struct Network {
    resolver: Arc<Resolver>,
    rules: RwLock<Arc<NetworkRules>>,
}

impl Network {
    /// With the system's resolver, and nothing denied but what always is.
    pub(crate) fn system() -> Self {
        Self { resolver: Arc::new(Resolver::system()), rules: RwLock::default() }
    }

    /// The same, with the resolvers at these addresses.
    pub(crate) fn with_name_servers(self, servers: Vec<SocketAddr>) -> Self {
        Self { resolver: Arc::new(Resolver::at(servers)), ..self }
    }

    /// Goes over to other rules. A connection that is being made goes on.
    pub(crate) fn follow(&self, rules: Arc<NetworkRules>) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn rules(&self) -> Arc<NetworkRules> {
        // One assignment under the lock: it is whole whatever happened elsewhere.
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether the rules of this moment permit what leads to this address.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        self.rules().refusal(address).is_none()
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
        connect::connect(permitted, port, progress).await
    }

    /// Who tells whether the world can be reached from here.
    pub(crate) fn references(&self) -> References {
        References::new(Arc::clone(&self.resolver))
    }
}
