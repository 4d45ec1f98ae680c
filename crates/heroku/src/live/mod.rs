//! The body that speaks to Heroku, over whatever [`Transport`].

mod cache;
mod exchange;
mod pages;
mod refusal;
mod retry;
mod stop;

use crate::token::Source;
use crate::wire::{self, Items, Misread};
use crate::{
    APPS_ENOUGH, Account, Answer, BaseUrl, Budget, Call, Caller, Error, ErrorKind, Heroku, Https, HttpsError, OneOff,
    RELEASES_A_PAGE, Response, Stats, Token, Transport,
};
use async_trait::async_trait;
use bytes::Bytes;
use cache::{Cache, Known};
use exchange::{Ask, Variant, answer, unreadable, whole};
use flyball_model::{
    App, AppName, Dyno, DynoName, DynoSize, ProcessFormation, ProcessType, Quantity, Release, ReleaseId,
    ReleaseVersion, Timestamp,
};
use http::header::ETAG;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use retry::Patience;
pub use retry::{Chance, Pause, READ_TOTAL, Retries};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use stop::Stop;

/// How long one attempt at one page of a read may take; [`READ_TOTAL`] bounds them together. Heroku answers within a
/// second; its router gives up after 30. A monitor that waits longer than this learns nothing more.
pub const READ_DEADLINE: Duration = Duration::from_secs(10);
/// How long a change may take. Longer than a read, because a change of which nothing is known costs a look and a wait;
/// shorter than the router's 30 s, because nothing else is done to the process type meanwhile.
pub const CHANGE_DEADLINE: Duration = Duration::from_secs(20);

/// Tells the time. Built once, in `main`; the budget is counted by it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Makes the id of a request: visible ASCII, a UUID by custom. It comes back in [`Answer::request_id`].
pub type RequestIds = Arc<dyn Fn() -> String + Send + Sync>;

/// How long calls may take, from their start to the last byte of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Calls that only look: each attempt at each page, and [`READ_TOTAL`] in all.
    pub read: Duration,
    /// Calls that change Heroku.
    pub change: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self { read: READ_DEADLINE, change: CHANGE_DEADLINE }
    }
}

/// What a [`Live`] needs to know.
pub struct LiveSettings {
    /// Where the Platform API is.
    pub base: BaseUrl,
    /// The account's token.
    pub token: Token,
    /// Who we are: `flyball/0.1.0`. Characters that no header may hold are left out.
    pub user_agent: String,
    /// The account's budget: one for all clients with tokens of the same account.
    pub budget: Budget,
    /// How long calls may take.
    pub limits: TimeLimits,
    /// Whether reads are sent again. Changes never are.
    pub retries: Retries,
    /// Tells the time.
    pub clock: Clock,
    /// Makes the ids of requests.
    pub request_ids: RequestIds,
}

/// One account at Heroku. Clones share budget, cache, counts and connections, and stop together after a 401 but for a
/// slow probe ([`ErrorKind::Stopped`]).
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
    caller: Caller,
    /// Where its token was found, for what is said when Heroku refuses it.
    token_from: Option<Arc<Source>>,
}

struct Shared {
    base: BaseUrl,
    token: Token,
    user_agent: HeaderValue,
    transport: Arc<dyn Transport>,
    budget: Budget,
    limits: TimeLimits,
    retries: Retries,
    clock: Clock,
    request_ids: RequestIds,
    cache: Mutex<Cache>,
    stats: Mutex<Stats>,
    stop: Mutex<Stop>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("base", &self.shared.base)
            .field("caller", &self.caller)
            .field("budget", &self.shared.budget)
            .finish_non_exhaustive()
    }
}

/// The answer to a read, whole.
struct Fetched {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A list's page, and how it goes on.
struct Page<T> {
    value: T,
    next: Option<String>,
}

impl Live {
    /// A client over HTTPS. It spends as [`Caller::Effects`] until [`Live::for_monitors`] says otherwise.
    ///
    /// # Errors
    ///
    /// [`HttpsError`] if TLS cannot be prepared on this machine.
    pub fn new(settings: LiveSettings) -> Result<Self, HttpsError> {
        let https = Https::new(&settings.base)?;
        Ok(Self::over(Arc::new(https), settings))
    }

    /// The same over any transport.
    pub fn over(transport: Arc<dyn Transport>, settings: LiveSettings) -> Self {
        let LiveSettings { base, token, user_agent, budget, limits, retries, clock, request_ids } = settings;
        let user_agent: String = user_agent.chars().filter(|char| matches!(char, ' '..='~')).take(200).collect();
        let user_agent = HeaderValue::try_from(user_agent).expect("visible ASCII and blanks are a header");
        let (cache, stats, stop) = (Mutex::default(), Mutex::default(), Mutex::default());
        let shared = Shared {
            base,
            token,
            user_agent,
            transport,
            budget,
            limits,
            retries,
            clock,
            request_ids,
            cache,
            stats,
            stop,
        };
        Self { shared: Arc::new(shared), caller: Caller::Effects, token_from: None }
    }

    /// The same client for things that observe: it stops while there is still a reserve for effects.
    #[must_use]
    pub fn for_monitors(&self) -> Self {
        Self { caller: Caller::Monitors, ..self.clone() }
    }

    /// The same client for things that act, and for the looks around that: it may use the last token.
    #[must_use]
    pub fn for_effects(&self) -> Self {
        Self { caller: Caller::Effects, ..self.clone() }
    }

    /// The same client, which knows where its token was found: what it says about a token that Heroku refuses names the
    /// place.
    #[must_use]
    pub fn with_token_from(self, source: Source) -> Self {
        Self { token_from: Some(Arc::new(source)), ..self }
    }

    /// Whether Heroku refused the token, and has not taken it since.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.stop().is_on()
    }

    /// Whether this is its token.
    pub(crate) fn has_token(&self, token: &Token) -> bool {
        self.shared.token.expose() == token.expose()
    }

    /// What it has done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account's budget.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.shared.budget
    }

    /// Where it sends to.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        &self.shared.base
    }

    /// How long one attempt at this call may take. A change that was lost may still arrive until then.
    #[must_use]
    pub fn deadline(&self, call: &Call) -> Duration {
        if call.is_change() { self.shared.limits.change } else { self.shared.limits.read }
    }

    fn count(&self, count: impl FnOnce(&mut Stats)) {
        count(&mut self.shared.stats.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Every change of it is a single assignment, so poison is no reason to stop.
    fn stop(&self) -> MutexGuard<'_, Stop> {
        self.shared.stop.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whatever a panic left in there is still an answer with its own tag, so poison is no reason to stop.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The patience of a read that begins now.
    fn patience(&self) -> Patience {
        Patience::new((self.shared.clock)())
    }

    /// Sends a read until it is answered whole, or given up.
    async fn fetch(&self, ask: &Ask<'_>, patience: &mut Patience) -> Result<Fetched, Error> {
        let now = || (self.shared.clock)();
        loop {
            let Some(left) = patience.left(now()) else {
                let late = Error::new(ask.call.clone(), ErrorKind::TimedOut);
                return Err(late.with_message("all of its pages together took too long"));
            };
            let error = match self.fetch_once(ask.within(left)).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            self.shared.retries.wait(self.caller, error, patience.spent(now())).await?;
            patience.repeat();
        }
    }

    async fn fetch_once(&self, ask: Ask<'_>) -> Result<Fetched, Error> {
        let call = ask.call;
        let Response { status, headers, body } = self.exchange(ask).await?;
        // A 304 has no body that could break.
        let body = if status == StatusCode::NOT_MODIFIED { Bytes::new() } else { whole(call, &headers, body)? };
        Ok(Fetched { status, headers, body })
    }

    /// Reads one thing or one page, conditionally if it was read before.
    async fn read<T: Send + Sync + 'static>(
        &self,
        mut ask: Ask<'_>,
        patience: &mut Patience,
        parse: fn(&[u8]) -> Result<T, Misread>,
    ) -> Result<Answer<Arc<Page<T>>>, Error> {
        let call = ask.call;
        let key = [ask.variant.accept(), ask.range.as_deref().unwrap_or_default(), &ask.path.join("/")].join(" ");
        let known: Option<Known<Page<T>>> = self.cache().get(&key);
        ask.if_none_match = known.as_ref().map(|known| known.etag.clone());
        let Fetched { status, headers, body } = self.fetch(&ask, patience).await?;
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (status, known) {
            return Ok(answer(known.value, &headers));
        }
        let value = parse(&body).map_err(|misread| unreadable(call, &headers, &misread))?;
        let next = if status == StatusCode::PARTIAL_CONTENT { next_range(&headers) } else { None };
        let page = Arc::new(Page { value, next });
        match headers.get(ETAG) {
            Some(etag) => self.cache().put(key, etag.clone(), Arc::clone(&page), body.len()),
            None => self.cache().forget(&key),
        }
        Ok(answer(page, &headers))
    }

    /// Reads one thing.
    async fn one<T: Clone + Send + Sync + 'static>(
        &self,
        call: &Call,
        path: &[&str],
        variant: Variant,
        parse: fn(&[u8]) -> Result<T, Misread>,
    ) -> Result<Answer<T>, Error> {
        let ask = Ask::new(call, Method::GET, path, variant);
        let page = self.read(ask, &mut self.patience(), parse).await?;
        Ok(page.map(|page| page.value.clone()))
    }

    /// Reads a list page by page from `ask.range` on, until it ends or there are `enough`. Anything else is an error:
    /// what is missing from a list would be taken for not there.
    async fn list<T: Clone + Send + Sync + 'static>(
        &self,
        mut ask: Ask<'_>,
        enough: usize,
        patience: &mut Patience,
        parse: fn(&[u8]) -> Result<Items<T>, Misread>,
    ) -> Result<Answer<Vec<T>>, Error> {
        let call = ask.call;
        let (mut list, mut left_out) = (Vec::new(), 0);
        for _ in 0..pages::PAGES_MAX {
            let page = self.read(ask.clone(), patience, parse).await?;
            list.extend_from_slice(&page.value.value.understood);
            left_out += page.value.value.left_out;
            match &page.value.next {
                Some(next) if list.len() < enough => ask.range = Some(next.clone()),
                Some(_) | None => return Ok(Answer { left_out, ..page.map(|_| list) }),
            }
        }
        Err(Error::new(call.clone(), ErrorKind::Unreadable).with_message("the list does not end"))
    }

    /// Reads a list that is short enough to be needed whole.
    async fn whole_list<T: Clone + Send + Sync + 'static>(
        &self,
        call: &Call,
        path: &[&str],
        parse: fn(&[u8]) -> Result<Items<T>, Misread>,
    ) -> Result<Answer<Vec<T>>, Error> {
        let mut ask = Ask::new(call, Method::GET, path, Variant::Three);
        ask.range = Some(pages::WHOLE_LIST.to_owned());
        self.list(ask, usize::MAX, &mut self.patience(), parse).await
    }

    async fn page_of_releases(
        &self,
        call: &Call,
        app: &AppName,
        range: String,
        patience: &mut Patience,
    ) -> Result<Answer<Vec<Release>>, Error> {
        let path = ["apps", app.as_str(), "releases"];
        let mut ask = Ask::new(call, Method::GET, &path, Variant::Sdk);
        ask.range = Some(range);
        self.list(ask, RELEASES_A_PAGE, patience, wire::releases).await
    }

    /// The config vars as of a release. Never kept: what the cache holds stays in memory for as long as we run.
    async fn config(
        &self,
        app: &AppName,
        release: ReleaseVersion,
        patience: &mut Patience,
    ) -> Result<Answer<wire::Config>, Error> {
        let call = Call::Config { app: app.clone(), release };
        let version = release.get().to_string();
        let path = ["apps", app.as_str(), "releases", &version, "config-vars"];
        let Fetched { headers, body, .. } =
            self.fetch(&Ask::new(&call, Method::GET, &path, Variant::Three), patience).await?;
        let config = wire::config(&body).map_err(|misread| unreadable(&call, &headers, &misread))?;
        Ok(answer(config, &headers))
    }

    /// Makes a change, once, whatever comes of it: it may have taken effect, so that only whoever looked may decide anew.
    async fn change<T>(
        &self,
        ask: Ask<'_>,
        parse: impl FnOnce(&[u8]) -> Result<T, Misread> + Send,
    ) -> Result<Answer<T>, Error> {
        let call = ask.call;
        let response = self.exchange(ask).await?;
        let body = whole(call, &response.headers, response.body)?;
        let value = parse(&body).map_err(|misread| unreadable(call, &response.headers, &misread))?;
        Ok(answer(value, &response.headers))
    }

    /// Restarts what is at this path. The head of the answer says all: its body is `{}`, and how it ends is nothing to
    /// doubt the restart for.
    async fn restart(&self, call: &Call, path: &[&str]) -> Result<Answer<()>, Error> {
        let response = self.exchange(Ask::new(call, Method::DELETE, path, Variant::Sdk)).await?;
        Ok(answer((), &response.headers))
    }

    async fn change_formation(
        &self,
        call: &Call,
        app: &AppName,
        of: &ProcessType,
        body: &Value,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let path = ["apps", app.as_str(), "formation"];
        let mut ask = Ask::new(call, Method::PATCH, &path, Variant::Three);
        ask.body = Some(body);
        self.change(ask, |answer| wire::process_after(answer, of)).await
    }
}

/// Where a list that was cut goes on, to be sent back word for word.
fn next_range(headers: &HeaderMap) -> Option<String> {
    let next = headers.get(HeaderName::from_static("next-range"))?.to_str().ok()?;
    (next.len() <= pages::NEXT_RANGE_BYTES_MAX).then(|| next.to_owned())
}

#[async_trait]
impl Heroku for Live {
    async fn account(&self) -> Result<Answer<Account>, Error> {
        self.one(&Call::Account, &["account"], Variant::Three, wire::account).await
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        let call = Call::RateLimit;
        let ask = Ask::new(&call, Method::GET, &["account", "rate-limits"], Variant::Three);
        let Fetched { headers, body, .. } = self.fetch(&ask, &mut self.patience()).await?;
        let left = wire::rate_limit(&body).map_err(|misread| unreadable(&call, &headers, &misread))?;
        self.shared.budget.told(left, (self.shared.clock)());
        Ok(answer(left, &headers))
    }

    async fn apps(&self) -> Result<Answer<Vec<App>>, Error> {
        let mut ask = Ask::new(&Call::Apps, Method::GET, &["apps"], Variant::Sdk);
        ask.range = Some(pages::APPS_BY_NAME.to_owned());
        self.list(ask, APPS_ENOUGH, &mut self.patience(), wire::apps).await
    }

    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error> {
        let call = Call::App { app: app.clone() };
        self.one(&call, &["apps", app.as_str()], Variant::Sdk, wire::app).await
    }

    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        let call = Call::Formation { app: app.clone() };
        self.whole_list(&call, &["apps", app.as_str(), "formation"], |body| wire::formation(body).map(Items::whole))
            .await
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        let call = Call::Dynos { app: app.clone() };
        self.whole_list(&call, &["apps", app.as_str(), "dynos"], wire::dynos).await
    }

    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        let call = Call::Releases { app: app.clone(), below };
        let mut patience = self.patience();
        let Some(bound) = below else {
            let page = self.page_of_releases(&call, app, pages::newest(), &mut patience).await?;
            return Ok(page.map(|page| pages::in_order(page, None)));
        };
        if bound <= ReleaseVersion::new(1) {
            // Versions count from 1.
            return Ok(Answer { value: Vec::new(), left_out: 0, request_id: None, date: None });
        }
        let mut page = self.page_of_releases(&call, app, pages::on_from(bound), &mut patience).await?;
        if !pages::is_below(&page.value, bound) {
            page = self.page_of_releases(&call, app, pages::by_value(bound), &mut patience).await?;
        }
        Ok(page.map(|page| pages::in_order(page, below)))
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        self.whole_list(&Call::DynoSizes, &["dyno-sizes"], |body| wire::dyno_sizes(body).map(Items::whole)).await
    }

    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        let mut patience = self.patience();
        let one = self.config(app, one, &mut patience).await?;
        let other = self.config(app, other, &mut patience).await?;
        Ok(other.map(|other| wire::difference(&one.value, &other)))
    }

    async fn drains(&self, app: &AppName) -> Result<Answer<Vec<SecretString>>, Error> {
        let call = Call::Drains { app: app.clone() };
        let path = ["apps", app.as_str(), "log-drains"];
        // Never kept, as config vars are not. An app has five, which is far less than a page.
        let ask = Ask::new(&call, Method::GET, &path, Variant::Three);
        let Fetched { status, headers, body } = self.fetch(&ask, &mut self.patience()).await?;
        if status == StatusCode::PARTIAL_CONTENT {
            // What is missing from a list would be taken for not there.
            return Err(Error::new(call, ErrorKind::Unreadable).with_message("the list does not end"));
        }
        let drains = wire::drains(&body).map_err(|misread| unreadable(&call, &headers, &misread))?;
        Ok(Answer { left_out: drains.left_out, ..answer(drains.understood, &headers) })
    }

    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = Call::SetQuantity { app: app.clone(), process_type: of.clone(), to };
        self.change_formation(&call, app, of, &wire::scale(of, to)).await
    }

    async fn set_size(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: &DynoSize,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = Call::SetSize { app: app.clone(), process_type: of.clone(), to: to.clone() };
        self.change_formation(&call, app, of, &wire::resize(of, to)).await
    }

    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error> {
        let call = Call::RestartDyno { app: app.clone(), dyno: dyno.clone() };
        self.restart(&call, &["apps", app.as_str(), "dynos", dyno.as_str()]).await
    }

    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error> {
        let call = Call::RestartAll { app: app.clone() };
        self.restart(&call, &["apps", app.as_str(), "dynos"]).await
    }

    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error> {
        let call = Call::RollBack { app: app.clone(), to: to.clone() };
        let (path, body) = (["apps", app.as_str(), "releases"], wire::roll_back(to));
        let mut ask = Ask::new(&call, Method::POST, &path, Variant::Sdk);
        ask.body = Some(&body);
        self.change(ask, wire::release).await
    }

    async fn run_one_off(&self, app: &AppName, one_off: &OneOff) -> Result<Answer<Dyno>, Error> {
        let call = Call::RunOneOff { app: app.clone() };
        let (path, body) = (["apps", app.as_str(), "dynos"], wire::start_one_off(one_off));
        let secrets: Vec<&str> = one_off.env.values().map(|value| value.expose_secret()).collect();
        let mut ask = Ask::new(&call, Method::POST, &path, Variant::Three);
        ask.body = Some(&body);
        ask.secrets = &secrets;
        self.change(ask, wire::dyno).await
    }

    async fn add_drain(&self, app: &AppName, url: &SecretString) -> Result<Answer<()>, Error> {
        let call = Call::AddDrain { app: app.clone() };
        let (path, body) = (["apps", app.as_str(), "log-drains"], wire::add_drain(url));
        let url = url.expose_secret();
        // Who names the address in part would most likely name its path, whose end is the key.
        let secrets = [url, url.rsplit('/').next().unwrap_or(url)];
        let mut ask = Ask::new(&call, Method::POST, &path, Variant::Three);
        ask.body = Some(&body);
        ask.secrets = &secrets;
        // The head of the answer says all, as for a restart.
        let response = self.exchange(ask).await?;
        Ok(answer((), &response.headers))
    }
}
