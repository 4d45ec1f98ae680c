//! References: the places by which the engine tells an outage of its own from one of what is watched.

use async_trait::async_trait;
use flyball_model::{Excerpt, Reference};
use flyball_monitors::Address;
use std::sync::{Arc, PoisonError, RwLock};

/// The references of the file, reached as checks reach what they watch.
pub(crate) struct References {
    reach: flyball_monitors::References,
    of_file: RwLock<Arc<[Address]>>,
}

impl References {
    /// None yet; the file names them.
    pub(crate) fn new(reach: flyball_monitors::References) -> Self {
        Self { reach, of_file: RwLock::new(Arc::default()) }
    }
}

#[async_trait]
impl flyball_engine::References for References {
    async fn reached(&self) -> Vec<Reference> {
        let references = Arc::clone(&self.of_file.read().unwrap_or_else(PoisonError::into_inner));
        let reached = self.reach.reached(&references).await;
        let named = references.iter().map(|reference| Excerpt::of(&reference.to_string()));
        named.zip(reached).map(|(address, reached)| Reference { address, reached }).collect()
    }

    fn define(&self, network: &flyball_config::Network) {
        *self.of_file.write().unwrap_or_else(PoisonError::into_inner) = network.references.as_slice().into();
    }
}
