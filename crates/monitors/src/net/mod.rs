//! The way to a host. Name look-up, permission and connecting are three steps, so that what may be reached is decided
//! on the addresses that are really connected to, and on nothing else.

mod connect;
mod failure;
mod permit;
mod progress;
mod resolve;
mod stall;
mod tls;

pub use failure::Failure;
pub(crate) use failure::of_io;
pub(crate) use progress::{Progress, Step};
pub(crate) use stall::StallWatch;
pub use tls::Trust;
pub(crate) use tls::{Tls, of_tls};

use permit::Permission;
use resolve::Resolver;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use url::Host;

/// The way to a host: shared by all checks.
pub(crate) struct Network {
    resolver: Resolver,
    permission: Permission,
}

impl Network {
    /// With the system's resolver.
    pub(crate) fn system() -> Self {
        Self { resolver: Resolver::system(), permission: Permission }
    }

    /// With the resolvers at these addresses.
    pub(crate) fn with_name_servers(servers: Vec<SocketAddr>) -> Self {
        Self { resolver: Resolver::at(servers), permission: Permission }
    }

    /// Connects to a host.
    ///
    /// # Errors
    ///
    /// Failing when there is no such name, or nothing answers there; unknown when the fault lies on this side.
    pub(crate) async fn reach(&self, host: &Host, port: u16, progress: &mut Progress) -> Result<TcpStream, Failure> {
        progress.enter(Step::Name);
        let addresses = self.resolver.look_up(host).await?;
        let permitted = self.permission.of(addresses)?;
        progress.enter(Step::Connect);
        connect::connect(permitted, port, progress).await
    }
}
