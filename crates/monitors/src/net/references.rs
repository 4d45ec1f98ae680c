//! Whether the world can be reached from here: places that are nearly always up, and none of anybody's monitors. When
//! none of them answers, it is more likely our own network that is down than all that we watch.

use super::permit::Permitted;
use super::resolve::Resolver;
use super::{NetworkRules, connect};
use crate::values::Address;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Connects to references, through the same resolver as checks do.
#[derive(Clone)]
pub struct References {
    resolver: Arc<Resolver>,
}

impl References {
    /// How long a reference may take, for its name and its connection together. A good network takes a tenth of a second, and
    /// somebody waits to hear whether to believe what was seen.
    pub const TIMEOUT: Duration = Duration::from_secs(3);

    pub(super) const fn new(resolver: Arc<Resolver>) -> Self {
        Self { resolver }
    }

    /// Connects to all of them at once and hangs up; says for each, in their order, whether it was reached. Takes no
    /// longer than [`References::TIMEOUT`]. When this process is held up meanwhile, references are not reached, and that
    /// is as it should be: what was seen then is as doubtful.
    ///
    /// The operator chose them, so that no rule about networks stands in the way.
    pub async fn reached(&self, references: &[Address]) -> Vec<bool> {
        join_all(references.iter().map(|reference| self.is_reached(reference))).await
    }

    async fn is_reached(&self, reference: &Address) -> bool {
        let reach = async {
            let addresses = self.resolver.look_up(reference.host()).await?;
            let permitted = Permitted::of(addresses, &NetworkRules::none())?;
            connect::connect(permitted, reference.port(), |_| ()).await
        };
        matches!(timeout(Self::TIMEOUT, reach).await, Ok(Ok(_)))
    }
}

impl std::fmt::Debug for References {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("References").finish_non_exhaustive()
    }
}
