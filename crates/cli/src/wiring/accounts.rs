//! The Heroku accounts of a file. Each finds its token when it is first used, so that a file without need of Heroku
//! needs no token, and a file that changes while it is followed may name other accounts.

use super::clock::SystemClock;
use super::ids::SystemIds;
use crate::environment::Environment;
use async_trait::async_trait;
use flyball_config::Account;
use flyball_engine::Clock as _;
use flyball_heroku::token::{NoToken, Source, discover};
use flyball_heroku::{
    Account as HerokuAccount, Answer, BaseUrl, Budget, Call, Caller, Error, ErrorKind, Heroku, Live, LiveSettings,
    OneOff, Retries, TimeLimits, Token,
};
use flyball_model::{
    AccountName, App, AppName, Dyno, DynoName, DynoSize, ProcessFormation, ProcessType, Quantity, Release, ReleaseId,
    ReleaseVersion, Timestamp,
};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// After no token was found, it is not looked for again for so long: Heroku's CLI takes seconds to say that it has none.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The accounts of a file.
pub(crate) struct Accounts {
    base: BaseUrl,
    host: String,
    environment: Environment,
    known: Mutex<HashMap<AccountName, Arc<Lazy>>>,
}

impl Accounts {
    /// The accounts of a file, at this API.
    pub(crate) fn new(base: BaseUrl, environment: Environment, accounts: &[Account]) -> Self {
        let host = base.authority();
        let new = Self { base, host, environment, known: Mutex::default() };
        flyball_engine::Accounts::define(&new, accounts);
        new
    }

    fn known(&self) -> MutexGuard<'_, HashMap<AccountName, Arc<Lazy>>> {
        // One insert or look-up under the lock: it is whole whatever happened elsewhere.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body(&self, account: &AccountName, caller: Caller) -> Option<Body> {
        self.known().get(account).map(|lazy| Body { lazy: Arc::clone(lazy), caller })
    }

    /// The Platform API for what observes: it stops while there is still a reserve for effects.
    pub(crate) fn for_monitors(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.body(account, Caller::Monitors).map(|body| Arc::new(body) as Arc<dyn Heroku>)
    }

    /// Finds an account's token now, and says where it was; `None` if there is no such account.
    pub(crate) async fn find(&self, account: &AccountName) -> Option<Result<String, NoToken>> {
        let lazy = self.known().get(account).cloned()?;
        Some(lazy.found().await.map(|found| found.source))
    }
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("host", &self.host).finish_non_exhaustive()
    }
}

impl flyball_engine::Accounts for Accounts {
    fn heroku(&self, account: &AccountName) -> Option<Arc<dyn Heroku>> {
        self.body(account, Caller::Effects).map(|body| Arc::new(body) as Arc<dyn Heroku>)
    }

    fn host(&self) -> &str {
        &self.host
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        self.environment.variable(name)
    }

    fn define(&self, accounts: &[Account]) {
        let mut known = self.known();
        let mut next = HashMap::new();
        for Account { name, token } in accounts {
            // Who stays as they were keep their budget, their answers and their connections.
            let kept = known.remove(name).filter(|lazy| lazy.variable == *token);
            let lazy = kept.unwrap_or_else(|| Arc::new(Lazy::new(&self.base, self.environment, token.clone())));
            next.insert(name.clone(), lazy);
        }
        *known = next;
    }
}

/// An account that finds its token when it is first asked.
struct Lazy {
    base: BaseUrl,
    environment: Environment,
    /// The variable that holds the token; none for Heroku's own ways.
    variable: Option<String>,
    state: tokio::sync::Mutex<State>,
}

/// What is known of the token.
enum State {
    NotAsked,
    Found(Found),
    None { why: NoToken, at: Timestamp },
}

/// A client with its token, and where that was.
#[derive(Clone)]
struct Found {
    live: Live,
    source: String,
}

impl Lazy {
    fn new(base: &BaseUrl, environment: Environment, variable: Option<String>) -> Self {
        Self { base: base.clone(), environment, variable, state: tokio::sync::Mutex::new(State::NotAsked) }
    }

    /// The client. Several that ask at once wait for one search.
    async fn found(&self) -> Result<Found, NoToken> {
        let mut state = self.state.lock().await;
        match &*state {
            State::Found(found) => return Ok(found.clone()),
            State::None { why, at } if SystemClock.now().since(*at) < LOOK_AGAIN => return Err(why.clone()),
            State::NotAsked | State::None { .. } => {}
        }
        match self.search().await {
            Ok(found) => {
                *state = State::Found(found.clone());
                Ok(found)
            }
            Err(why) => {
                *state = State::None { why: why.clone(), at: SystemClock.now() };
                Err(why)
            }
        }
    }

    async fn search(&self) -> Result<Found, NoToken> {
        let (token, source) = match &self.variable {
            None => {
                let found = discover(&self.environment.surroundings(), &self.base).await?;
                (found.token, source_in_words(&found.source))
            }
            Some(variable) => (self.token_in(variable)?, variable.clone()),
        };
        let live = Live::new(LiveSettings {
            base: self.base.clone(),
            token,
            user_agent: concat!("flyball/", env!("CARGO_PKG_VERSION")).to_owned(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: retries(),
            clock: Arc::new(|| SystemClock.now()),
            request_ids: Arc::new(|| SystemIds.request(SystemClock.now())),
        })
        .map_err(|error| no_token(format!("a token is there, but TLS cannot be used: cannot {error}")))?;
        Ok(Found { live, source })
    }

    fn token_in(&self, variable: &str) -> Result<Token, NoToken> {
        let value = self.environment.variable(variable).ok_or_else(|| no_token(format!("{variable} is not set")))?;
        value.expose_secret().parse().map_err(|error| no_token(format!("{variable} holds none: {error}")))
    }
}

/// Reads that failed are sent again by the system's clock and chance.
fn retries() -> Retries {
    Retries::new(Arc::new(|wait| Box::pin(tokio::time::sleep(wait))), Arc::new(|| SystemIds.draw()))
}

fn no_token(reason: String) -> NoToken {
    NoToken { reasons: vec![reason] }
}

fn source_in_words(source: &Source) -> String {
    match source {
        Source::ApiKey => "HEROKU_API_KEY".to_owned(),
        Source::Cli(_) => format!("`{source}`"),
        Source::Netrc(file) => file.display().to_string(),
    }
}

/// The Platform API by one account, for one kind of caller.
struct Body {
    lazy: Arc<Lazy>,
    caller: Caller,
}

impl Body {
    /// The client; a failure of `call` when there is no token. Nothing is sent then.
    async fn live(&self, call: impl FnOnce() -> Call) -> Result<Live, Error> {
        let found = self.lazy.found().await;
        let found = found.map_err(|none| {
            Error::new(call(), ErrorKind::Unauthorized).with_message(&format!("cannot {none}; nothing was sent"))
        })?;
        Ok(match self.caller {
            Caller::Monitors => found.live.for_monitors(),
            Caller::Effects => found.live.for_effects(),
        })
    }
}

#[async_trait]
impl Heroku for Body {
    async fn account(&self) -> Result<Answer<HerokuAccount>, Error> {
        self.live(|| Call::Account).await?.account().await
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        self.live(|| Call::RateLimit).await?.rate_limit().await
    }

    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error> {
        self.live(|| Call::App { app: app.clone() }).await?.app(app).await
    }

    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        self.live(|| Call::Formation { app: app.clone() }).await?.formation(app).await
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        self.live(|| Call::Dynos { app: app.clone() }).await?.dynos(app).await
    }

    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        self.live(|| Call::Releases { app: app.clone(), below }).await?.releases(app, below).await
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        self.live(|| Call::DynoSizes).await?.dyno_sizes().await
    }

    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        let call = || Call::Config { app: app.clone(), release: one };
        self.live(call).await?.config_difference(app, one, other).await
    }

    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = || Call::SetQuantity { app: app.clone(), process_type: of.clone(), to };
        self.live(call).await?.set_quantity(app, of, to).await
    }

    async fn set_size(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: &DynoSize,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = || Call::SetSize { app: app.clone(), process_type: of.clone(), to: to.clone() };
        self.live(call).await?.set_size(app, of, to).await
    }

    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error> {
        let call = || Call::RestartDyno { app: app.clone(), dyno: dyno.clone() };
        self.live(call).await?.restart_dyno(app, dyno).await
    }

    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error> {
        self.live(|| Call::RestartAll { app: app.clone() }).await?.restart_all(app).await
    }

    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error> {
        self.live(|| Call::RollBack { app: app.clone(), to: to.clone() }).await?.roll_back(app, to).await
    }

    async fn run_one_off(&self, app: &AppName, one_off: &OneOff) -> Result<Answer<Dyno>, Error> {
        self.live(|| Call::RunOneOff { app: app.clone() }).await?.run_one_off(app, one_off).await
    }
}
