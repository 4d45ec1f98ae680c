//! The Heroku accounts of a file: a pool that reads this process's environment, its clock and its chance.

use super::clock::SystemClock;
use super::ids::SystemIds;
use crate::environment::Environment;
use flyball_config::Account;
use flyball_engine::Clock as _;
use flyball_heroku::token::NoToken;
use flyball_heroku::{Access, BaseUrl, Heroku, Pool, PoolSettings, Retries, Standing};
use flyball_model::{AccountName, ApiHost};
use secrecy::SecretString;
use std::sync::Arc;

/// The accounts of a file.
#[derive(Debug)]
pub(crate) struct Accounts {
    pool: Pool,
    environment: Environment,
}

impl Accounts {
    /// The accounts of a file, at this API.
    pub(crate) fn new(base: BaseUrl, access: Access, environment: Environment, accounts: &[Account]) -> Self {
        let pool = Pool::new(PoolSettings {
            base,
            access,
            user_agent: concat!("flyball/", env!("CARGO_PKG_VERSION")).to_owned(),
            variable: Arc::new(move |name| environment.variable(name)),
            surroundings: Arc::new(move || environment.surroundings()),
            retries: Retries::new(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))), Arc::new(|| SystemIds.draw())),
            clock: Arc::new(|| SystemClock.now()),
            request_ids: Arc::new(|| SystemIds.request(SystemClock.now())),
        });
        let new = Self { pool, environment };
        flyball_engine::Accounts::define(&new, accounts);
        new
    }

    /// The Platform API for what observes: it stops while there is still a reserve for effects.
    pub(crate) fn for_monitors(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.pool.for_monitors(account)
    }

    /// The pool itself.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Finds an account's token now, and says where it was; `None` if there is no such account.
    pub(crate) async fn find(&self, account: &AccountName) -> Option<Result<String, NoToken>> {
        self.pool.find(account).await
    }
}

impl flyball_engine::Accounts for Accounts {
    fn heroku(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.pool.for_effects(account)
    }

    fn host(&self) -> ApiHost {
        self.pool.host().clone()
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        self.environment.variable(name)
    }

    fn standings(&self) -> Vec<Standing> {
        self.pool.standings()
    }

    fn define(&self, accounts: &[Account]) {
        self.pool.define(accounts.iter().map(|account| (account.name.clone(), account.token.clone())));
    }
}
