//! Telling people by the real services, as the file's networks allow.

use crate::environment::Environment;
use async_trait::async_trait;
use flyball_channels::{Ask, Channel, Handle, Means, Notice, Outcome, TIME_LIMIT, Wire};
use flyball_config::Network;
use flyball_engine::Tell;
use flyball_model::Timestamp;
use flyball_monitors::NetworkRules;
use std::sync::{Arc, PoisonError, RwLock};

/// Tells people.
pub(crate) struct People {
    environment: Environment,
    wire: Result<Wire, String>,
    rules: Arc<RwLock<Arc<NetworkRules>>>,
}

impl People {
    /// Tells people with the secrets of this environment; until a file says more, where checks may go without one.
    pub(crate) fn new(environment: Environment) -> Self {
        let rules: Arc<RwLock<Arc<NetworkRules>>> = Arc::default();
        let asked = Arc::clone(&rules);
        let permit = move |address| {
            let rules = Arc::clone(&asked.read().unwrap_or_else(PoisonError::into_inner));
            rules.forbids(address).map_or(Ok(()), Err)
        };
        Self { environment, wire: Wire::new(Arc::new(permit), TIME_LIMIT), rules }
    }

    /// The same, as this file's networks allow.
    pub(crate) fn in_network(self, network: &Network) -> Self {
        Tell::define(&self, network);
        self
    }
}

#[async_trait]
impl Tell for People {
    async fn tell(&self, channel: &Channel, notice: &Notice, handle: Option<&Handle>, now: Timestamp) -> Outcome {
        let variable = |name: &str| self.environment.variable(name);
        let means = Means { secrets: &variable, now };
        match &self.wire {
            Ok(wire) => channel.send(wire, &means, notice, handle).await,
            Err(why) => Outcome::Later { after: None, why: why.clone() },
        }
    }

    async fn ask(&self, ask: &Ask, now: Timestamp) -> Outcome {
        let variable = |name: &str| self.environment.variable(name);
        let means = Means { secrets: &variable, now };
        match &self.wire {
            Ok(wire) => ask.send(wire, &means).await,
            Err(why) => Outcome::Later { after: None, why: why.clone() },
        }
    }

    fn define(&self, network: &Network) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&network.rules);
    }
}
