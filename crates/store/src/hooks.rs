//! What keys of monitors are made with, where it is not the secret of the installation.

use flyball_model::MonitorId;
use std::collections::HashMap;
use std::fmt;

/// The secrets of monitors whose key was replaced.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HookSecrets {
    /// How often one was given: whoever knows this version knows all of them. 0 where none was.
    pub version: i64,
    /// Those of each monitor: 256 bits by chance.
    pub secrets: HashMap<MonitorId, [u8; 32]>,
}

/// Says how many there are, and none of them.
impl fmt::Debug for HookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HookSecrets({} at version {})", self.secrets.len(), self.version)
    }
}
