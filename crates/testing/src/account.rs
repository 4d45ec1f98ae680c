//! The one account of a stage.

use crate::lock;
use flyball_engine::Accounts;
use flyball_heroku::Heroku;
use flyball_model::{AccountName, ApiHost};
use secrecy::SecretString;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// One account, by whatever name it is asked for, and the environment's variables.
pub struct OneAccount {
    heroku: Arc<dyn Heroku>,
    variables: Arc<Mutex<HashMap<String, String>>>,
}

impl OneAccount {
    /// Without variables.
    pub fn new(heroku: impl Heroku + 'static) -> Self {
        Self { heroku: Arc::new(heroku), variables: Arc::default() }
    }

    /// The same, with these variables, which may change.
    #[must_use]
    pub fn variables(mut self, variables: &Arc<Mutex<HashMap<String, String>>>) -> Self {
        self.variables = Arc::clone(variables);
        self
    }
}

impl Accounts for OneAccount {
    fn heroku(&self, _: &AccountName) -> Option<Arc<dyn Heroku>> {
        Some(Arc::clone(&self.heroku))
    }

    fn host(&self) -> ApiHost {
        "api.heroku.test".parse().expect("a host")
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        lock(&self.variables).get(name).cloned().map(SecretString::from)
    }
}
