//! `/api/v1/hooks/KEY`: what somebody else tells a monitor. Nobody signs in: whoever has the key of a monitor can tell that monitor
//! something, and nothing else. What comes is remembered, and the monitor looks at once.
//!
//! A key is made from the monitor's name with a secret: of this installation, or the monitor's own from the first time on that somebody
//! replaced its key. It stands nowhere: not in the file, not in the store, not in the log.

use super::rates::Rates;
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::{Origin, hash_of, random};
use crate::house::House;
use aws_lc_rs::hmac;
use axum::Extension;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flyball_config::Definitions;
use flyball_engine::InForce;
use flyball_model::{Deed, Entry, Event, Excerpt, MonitorId, MonitorName, SecretHash, Signal, Timestamp};
use flyball_monitors::{Ear, Monitor};
use flyball_store::{HookSecrets, Store};
use flyball_views::HookView;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use utoipa::IntoResponses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What stands before a key.
pub(crate) const PREFIX: &str = "/api/v1/hooks/";
/// How Heroku signs what it sends: base64 of an HMAC with SHA-256 over the body.
const SIGNATURE: &str = "heroku-webhook-hmac-sha256";

/// What the way in remembers.
pub(crate) struct Hooks {
    /// The keys of the monitors in force, by their hashes: how long it takes to find one tells nothing of it. With them the version of
    /// the secrets that they were made with, since another node, or a command beside, may replace one.
    keys: Mutex<Option<(Arc<InForce>, i64, Keys)>>,
    /// A vendor's servers come from few addresses, and tell many monitors something; so does a house behind one address.
    addresses: Rates<IpAddr>,
    monitors: Rates<MonitorId>,
}

type Keys = Arc<HashMap<SecretHash, usize>>;

impl Default for Hooks {
    fn default() -> Self {
        let addresses = Rates::of(100, Duration::from_millis(50));
        Self { keys: Mutex::default(), addresses, monitors: Rates::of(10, Duration::from_secs(1)) }
    }
}

/// The two ways in, by which whoever has a key comes.
pub(crate) fn router() -> OpenApiRouter<Arc<House>> {
    OpenApiRouter::new().routes(routes!(whole)).routes(routes!(step))
}

/// Tell the monitor whose key this is something: a sign of life, or what a webhook says. The key is all that is needed; nobody signs in.
#[utoipa::path(method(get, post), path = "/api/v1/hooks/{key}", operation_id = "tell", tag = "hooks", security(()), request_body(content = Option<String>, content_type = "*/*", description = "What a `hook` is to find its words in; of what a `heartbeat` is sent the beginning is shown with the reading"), params(("key" = String, Path, description = "The key, as the monitor's address has it")), responses(Told))]
async fn whole(
    state: State<Arc<House>>,
    origin: Extension<Origin>,
    Of(key): Of<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(state, origin, (&key, ""), &method, &headers, body).await
}

/// Tell it something by the address alone: `start`, `fail`, or the exit status of what ended, 0 to 255.
#[utoipa::path(method(get, post), path = "/api/v1/hooks/{key}/{step}", operation_id = "tell_step", tag = "hooks", security(()), request_body(content = Option<String>, content_type = "*/*", description = "What a `hook` is to find its words in; of what a `heartbeat` is sent the beginning is shown with the reading"), params(("key" = String, Path, description = "The key, as the monitor's address has it"), ("step" = String, Path, description = "`start`, `fail`, or `0` to `255`")), responses(Told))]
async fn step(
    state: State<Arc<House>>,
    origin: Extension<Origin>,
    Of((key, step)): Of<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(state, origin, (&key, &step), &method, &headers, body).await
}

/// What whoever tells a monitor something is answered.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "the document is made from it")]
enum Told {
    /// `OK`: it is remembered, and the monitor looks at once.
    #[response(status = 200, content_type = "text/plain")]
    Remembered(String),
    /// It is not signed, and the monitor wants that it is.
    #[response(status = 403, content_type = "application/problem+json")]
    NotSigned(Problem),
    /// There is no such key, or no such step behind it.
    #[response(status = 404, content_type = "application/problem+json")]
    NotThere(Problem),
    /// A `hook` is told with POST alone.
    #[response(status = 405, content_type = "application/problem+json")]
    NotForThat(Problem),
    /// The body has more than 10,000 bytes (`heartbeat`), or 64 KiB (`hook`).
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// Asked by a name that is not Flyball's.
    #[response(status = 421, content_type = "application/problem+json")]
    NotThisHost(Problem),
    /// Too often: `Retry-After` says how many seconds to wait.
    #[response(status = 429, content_type = "application/problem+json")]
    TooOften(Problem),
    /// The store does not answer just now, or the signature cannot be verified: send it again.
    #[response(status = 503, content_type = "application/problem+json")]
    NotNow(Problem),
}

async fn take(
    State(house): State<Arc<House>>,
    Extension(origin): Extension<Origin>,
    (key, step): (&str, &str),
    method: &Method,
    headers: &HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    let passed = house.engine.ports().time.passed();
    house.hooks.addresses.pass(origin.address, passed).map_err(too_often)?;
    let in_force = house.in_force();
    let monitor = house.monitor_of(&in_force, key).await?.ok_or_else(no_such)?;
    let ear = monitor.kind.ear().ok_or_else(no_such)?;
    house.hooks.monitors.pass(monitor.id, passed).map_err(too_often)?;
    if *method != Method::POST && !ear.may_be_asked() {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "what it says is sent with POST"));
    }
    let body = to_bytes(body, ear.body_bytes_max()).await.map_err(|_| too_large(ear))?;
    if let Some(asked) = ear.signed_with() {
        is_signed(house.engine.ports().accounts.variable(asked), asked, headers, &body)?;
    }
    let (kind, words) = ear.heard(step, &body).ok_or_else(no_such)?;
    house.store().note_signal(monitor.id, &Signal { at: house.now(), kind, words }).await?;
    house.engine.look_soon(monitor.id);
    Ok("OK\n")
}

/// The same whether there is no such key or no such step: who guesses learns nothing.
fn no_such() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such hook")
        .hint("`flyball hook NAME` tells the address of a monitor")
}

fn too_often(wait: Duration) -> Problem {
    let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
    Problem { retry_after_s: Some(seconds), ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "this comes too often") }
        .hint("ten at once are taken for a monitor, and then one a second")
}

fn too_large(ear: &dyn Ear) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than may be, or did not come whole")
        .because(format!("at most {} bytes are taken", ear.body_bytes_max()))
}

/// Refuses a body that is not signed with this secret.
fn is_signed(secret: Option<SecretString>, asked: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
    let Some(secret) = secret else {
        let why = flyball_model::not_had(asked);
        tracing::warn!("what came in for a hook was refused: {why}");
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the signature cannot be verified just now"));
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let signature = headers.get(SIGNATURE).and_then(|value| STANDARD.decode(value.as_bytes()).ok());
    let is_good = signature.is_some_and(|signature| hmac::verify(&key, body, &signature).is_ok());
    is_good.then_some(()).ok_or_else(|| {
        Problem::new(StatusCode::FORBIDDEN, "the body is not signed as it should be")
            .because("Heroku-Webhook-Hmac-SHA256 is not there, or is not of this body and this secret")
            .hint("give the webhook at Heroku the secret that `signature` names")
    })
}

/// With what keys are made.
struct Secrets {
    version: i64,
    of_all: hmac::Key,
    own: HashMap<MonitorId, [u8; 32]>,
}

impl Secrets {
    async fn of(store: &dyn Store) -> Result<Self, flyball_store::Error> {
        let of_all = hmac::Key::new(hmac::HMAC_SHA256, &store.key("hooks", random()).await?);
        let HookSecrets { version, secrets: own } = store.hook_secrets().await?;
        Ok(Self { version, of_all, own })
    }

    fn key_of(&self, monitor: &Monitor) -> String {
        match self.own.get(&monitor.id) {
            Some(own) => key_of(&hmac::Key::new(hmac::HMAC_SHA256, own), &monitor.name),
            None => key_of(&self.of_all, &monitor.name),
        }
    }
}

/// The key of a monitor.
fn key_of(secret: &hmac::Key, monitor: &MonitorName) -> String {
    super::derived(secret, monitor.as_str())
}

/// Where a monitor is told something: `None` where nothing comes in for its kind. `listen` is where the pages are served, for where the
/// file has no name for them.
///
/// # Errors
///
/// When the store does not answer.
pub async fn hook_of(
    store: &dyn Store,
    definitions: &Definitions,
    listen: Option<SocketAddr>,
    monitor: &Monitor,
) -> Result<Option<HookView>, flyball_store::Error> {
    if monitor.kind.ear().is_none() {
        return Ok(None);
    }
    let base = super::base(definitions, listen);
    let key = Secrets::of(store).await?.key_of(monitor);
    Ok(Some(HookView { monitor: monitor.name.clone(), url: format!("{base}{PREFIX}{key}") }))
}

/// Gives a monitor a new key for a person: the one before is refused from then on, on every node. Where it is told something then is as
/// [`hook_of()`] says; `None`, and nothing is done, where nothing comes in for its kind.
///
/// # Errors
///
/// When the store does not answer, or takes nothing.
pub async fn renew_hook_of(
    store: &dyn Store,
    definitions: &Definitions,
    listen: Option<SocketAddr>,
    monitor: &Monitor,
    (now, by): (Timestamp, &str),
) -> Result<Option<HookView>, flyball_store::Error> {
    if monitor.kind.ear().is_none() {
        return Ok(None);
    }
    let did = Deed::HookRenewed { name: monitor.name.clone() };
    let told = Entry::new(now, Event::Administered { did, by: Excerpt::of(by) });
    store.renew_hook(monitor.id, random(), &[told]).await?;
    hook_of(store, definitions, listen, monitor).await
}

impl House {
    /// Whose key this is.
    async fn monitor_of<'a>(&self, in_force: &'a Arc<InForce>, key: &str) -> Result<Option<&'a Monitor>, Problem> {
        let monitors = &in_force.definitions.monitors;
        let version = self.store().hooks_version().await?;
        let known = self.hooks.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = match known {
            Some((of, made_with, keys)) if Arc::ptr_eq(&of, in_force) && made_with == version => keys,
            _ => {
                let secrets = Secrets::of(self.store()).await?;
                let hears = monitors.iter().enumerate().filter(|(_, monitor)| monitor.kind.ear().is_some());
                let keys = hears.map(|(at, monitor)| (hash_of(&secrets.key_of(monitor)), at)).collect();
                let keys: Keys = Arc::new(keys);
                let now_known = Some((Arc::clone(in_force), secrets.version, Arc::clone(&keys)));
                *self.hooks.keys.lock().unwrap_or_else(PoisonError::into_inner) = now_known;
                keys
            }
        };
        Ok(keys.get(&hash_of(key)).and_then(|at| monitors.get(*at)))
    }

    /// Where a monitor is told something.
    pub(crate) async fn hook(&self, in_force: &InForce, monitor: &Monitor) -> Result<Option<HookView>, Problem> {
        Ok(hook_of(self.store(), &in_force.definitions, Some(self.settings.listen), monitor).await?)
    }

    /// Gives a monitor a new key for this person.
    pub(crate) async fn renew_hook(
        &self,
        in_force: &InForce,
        monitor: &Monitor,
        by: &str,
    ) -> Result<Option<HookView>, Problem> {
        let (definitions, listen) = (&in_force.definitions, Some(self.settings.listen));
        Ok(renew_hook_of(self.store(), definitions, listen, monitor, (self.now(), by)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_name_and_one_installation() {
        let of = |secret: &[u8], name: &str| key_of(&hmac::Key::new(hmac::HMAC_SHA256, secret), &name.parse().unwrap());
        let key = of(&[7; 32], "nightly");
        assert!(key.len() == 32 && key.bytes().all(|digit| digit.is_ascii_hexdigit()), "{key}");
        assert_eq!(key, of(&[7; 32], "nightly"));
        assert_ne!(key, of(&[7; 32], "nightly 2"));
        assert_ne!(key, of(&[8; 32], "nightly"));
    }

    #[test]
    fn what_is_not_signed_as_heroku_signs_is_refused() {
        // RFC 4231, test case 2, in base64.
        let (secret, body) = ("Jefe", &b"what do ya want for nothing?"[..]);
        let good = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";
        for (secret, signature, body, expected) in [
            (Some(secret), Some(good), body, None),
            (Some(secret), Some(good), b"what do ya want for nothing!", Some(403)),
            (Some("jefe"), Some(good), body, Some(403)),
            (Some(secret), None, body, Some(403)),
            (Some(secret), Some(""), body, Some(403)),
            (Some(secret), Some(good.trim_end_matches('=')), body, Some(403)),
            (None, Some(good), body, Some(503)),
        ] {
            let mut headers = HeaderMap::new();
            signature.map(|signature| headers.insert(SIGNATURE, signature.parse().unwrap()));
            let told = is_signed(secret.map(Into::into), "SECRET", &headers, body);
            assert_eq!(told.err().map(|problem| problem.status), expected, "{secret:?} {signature:?}");
        }
    }
}
