//! Several Heroku accounts at one API. Each finds its token when it is first used, so that whoever needs no Heroku needs no
//! token, and the accounts may change while the process runs.
//!
//! The pool reads no environment by itself: it is told how to look up a variable, and where tokens are found.

mod body;
mod lazy;

use crate::token::{NoToken, Surroundings};
use crate::{BaseUrl, Caller, Clock, Heroku, ReadOnly, RequestIds, Retries, Stats};
use body::Body;
use flyball_model::{AccountName, ApiHost};
use lazy::Lazy;
use secrecy::SecretString;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Looks up an environment variable; `None` if it is not set.
pub type Variables = Arc<dyn Fn(&str) -> Option<SecretString> + Send + Sync>;

/// Whether the clients of a pool may change anything at Heroku.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They may.
    Full,
    /// They only look: every call that changes Heroku is refused here, and never sent.
    ReadOnly,
}

/// What a [`Pool`] needs to know.
pub struct PoolSettings {
    /// Where the Platform API is.
    pub base: BaseUrl,
    /// Whether anything may be changed.
    pub access: Access,
    /// Who we are: `flyball/0.1.0`.
    pub user_agent: String,
    /// Looks up the variable that an account names for its token.
    pub variable: Variables,
    /// Where the token of an account without a variable is found. Asked at each search.
    pub surroundings: Arc<dyn Fn() -> Surroundings + Send + Sync>,
    /// Whether reads are sent again.
    pub retries: Retries,
    /// Tells the time.
    pub clock: Clock,
    /// Makes the ids of requests.
    pub request_ids: RequestIds,
}

/// Where an account stands, as far as it is known without asking anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which account.
    pub account: AccountName,
    /// Where its token was found, or is to be: never the token. None where it was not looked for yet, by Heroku's own ways.
    pub source: Option<String>,
    /// Why no token was found, place by place.
    pub why_none: Option<String>,
    /// Calls left in its budget; none before its token was found.
    pub left: Option<u32>,
    /// What its client has done so far; none before its token was found.
    pub stats: Option<Stats>,
}

/// The accounts at one API.
pub struct Pool {
    settings: Arc<PoolSettings>,
    known: Mutex<HashMap<AccountName, Arc<Lazy>>>,
}

impl Pool {
    /// A pool without accounts: [`Pool::define`] names them.
    #[must_use]
    pub fn new(settings: PoolSettings) -> Self {
        Self { settings: Arc::new(settings), known: Mutex::default() }
    }

    /// Goes over to these accounts, each with the variable that holds its token; without one, the token is found by
    /// Heroku's own ways. An account that stays as it was keeps its budget, its answers and its connections, unless its token
    /// was replaced in `.netrc` or the CLI: the next call looks.
    pub fn define(&self, accounts: impl IntoIterator<Item = (AccountName, Option<String>)>) {
        let mut known = self.known();
        let mut next = HashMap::new();
        for (name, variable) in accounts {
            let kept = known.remove(&name).filter(|lazy| lazy.variable() == variable.as_deref());
            let lazy = kept.unwrap_or_else(|| Arc::new(Lazy::new(Arc::clone(&self.settings), variable)));
            lazy.look_anew();
            next.insert(name, lazy);
        }
        *known = next;
    }

    /// The API host.
    #[must_use]
    pub fn host(&self) -> &ApiHost {
        self.settings.base.host()
    }

    /// The Platform API for what acts, and for the looks around that; `None` if there is no such account.
    #[must_use]
    pub fn for_effects(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.body(account, Caller::Effects)
    }

    /// The Platform API for what observes: it stops while there is still a reserve for effects.
    #[must_use]
    pub fn for_monitors(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.body(account, Caller::Monitors)
    }

    /// Finds an account's token now, and says where it was; `None` if there is no such account.
    pub async fn find(&self, account: &AccountName) -> Option<Result<String, NoToken>> {
        let lazy = self.known().get(account).cloned()?;
        Some(lazy.found().await.map(|found| found.source.to_string()))
    }

    /// Where each account stands, by name.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        let mut known: Vec<_> = self.known().iter().map(|(name, lazy)| (name.clone(), Arc::clone(lazy))).collect();
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        known.into_iter().map(|(name, lazy)| lazy.standing(name)).collect()
    }

    fn body(&self, account: &AccountName, caller: Caller) -> Option<Arc<dyn Heroku>> {
        let body = Body { lazy: self.known().get(account).cloned()?, caller };
        Some(match self.settings.access {
            Access::Full => Arc::new(body),
            Access::ReadOnly => Arc::new(ReadOnly::new(body)),
        })
    }

    fn known(&self) -> MutexGuard<'_, HashMap<AccountName, Arc<Lazy>>> {
        // One insert or look-up under the lock: it is whole whatever happened elsewhere.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("host", self.host()).field("access", &self.settings.access).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Sent};
    use flyball_model::Timestamp;

    /// A pool that knows one token, in the variable `ONE`. Nothing listens where it sends to.
    fn pool(access: Access) -> Pool {
        let pool = Pool::new(PoolSettings {
            base: BaseUrl::from_heroku_host(Some("http://127.0.0.1:9")).unwrap(),
            access,
            user_agent: "test".to_owned(),
            variable: Arc::new(|name| (name == "ONE").then(|| SecretString::from("HRKU-pl4nted-one"))),
            surroundings: Arc::new(Surroundings::default),
            retries: Retries::none(),
            clock: Arc::new(|| Timestamp::EPOCH),
            request_ids: Arc::new(|| "id".to_owned()),
        });
        pool.define([(name("one"), Some("ONE".to_owned())), (name("two"), Some("TWO".to_owned()))]);
        pool
    }

    fn name(name: &str) -> AccountName {
        name.parse().unwrap()
    }

    #[tokio::test]
    async fn a_pool_that_only_reads_refuses_every_change_and_still_reads() {
        let app = "shop".parse().unwrap();
        let pool = pool(Access::ReadOnly);
        for heroku in [pool.for_effects(&name("one")).unwrap(), pool.for_monitors(&name("one")).unwrap()] {
            let refused = heroku.restart_all(&app).await.unwrap_err();
            assert_eq!((refused.kind(), refused.sent()), (&ErrorKind::ReadOnly, Sent::No));
            assert_eq!(heroku.app(&app).await.unwrap_err().kind(), &ErrorKind::Connect, "it went out");
        }
    }

    #[tokio::test]
    async fn each_account_finds_its_own_token() {
        let pool = pool(Access::Full);
        assert_eq!(pool.find(&name("one")).await, Some(Ok("ONE".to_owned())));
        let none = pool.find(&name("two")).await.unwrap().unwrap_err();
        assert_eq!(none.reasons, ["TWO is not set"]);
        assert_eq!(pool.find(&name("three")).await, None);
        assert!(pool.for_effects(&name("three")).is_none());
        let error = pool.for_effects(&name("two")).unwrap().account().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (&ErrorKind::Unauthorized, None));
        let standings = pool.standings();
        let told: Vec<_> = standings
            .iter()
            .map(|one| (one.account.as_str(), one.source.as_deref(), one.why_none.as_deref(), one.left.is_some()))
            .collect();
        assert_eq!(told, [("one", Some("ONE"), None, true), ("two", Some("TWO"), Some("TWO is not set"), false)]);
        assert!(!format!("{standings:?}").contains("pl4nted"));
        assert!(!format!("{pool:?}").contains("pl4nted"));
    }

    #[tokio::test]
    async fn an_account_that_stays_as_it_was_keeps_its_client() {
        let pool = pool(Access::Full);
        let before = Arc::clone(&pool.known()[&name("one")]);
        pool.define([(name("one"), Some("ONE".to_owned())), (name("two"), None)]);
        assert!(Arc::ptr_eq(&before, &pool.known()[&name("one")]));
        pool.define([(name("one"), Some("OTHER".to_owned()))]);
        assert!(!Arc::ptr_eq(&before, &pool.known()[&name("one")]));
        assert!(pool.for_monitors(&name("two")).is_none());
    }
}
