//! `/api/v1/hooks/KEY`: what somebody else tells a monitor. Nobody signs in: whoever has the key of a monitor can tell that monitor
//! something, and nothing else. What comes is remembered, and the monitor looks at once.
//!
//! A key is made from the monitor's name with a secret of this installation. It stands nowhere: not in the file, not in the store, not
//! in the log.

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
use flyball_model::{MonitorId, MonitorName, SecretHash, Signal};
use flyball_monitors::{Ear, Monitor};
use flyball_store::Store;
use flyball_views::HookView;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What stands before a key.
pub(crate) const PREFIX: &str = "/api/v1/hooks/";
/// How Heroku signs what it sends: base64 of an HMAC with SHA-256 over the body.
const SIGNATURE: &str = "heroku-webhook-hmac-sha256";

/// What the way in remembers.
pub(crate) struct Hooks {
    /// The keys of the monitors in force, by their hashes: how long it takes to find one tells nothing of it.
    keys: Mutex<Option<(Arc<InForce>, Keys)>>,
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

/// What comes to the key itself.
pub(super) async fn whole(
    state: State<Arc<House>>,
    origin: Extension<Origin>,
    Of(key): Of<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(state, origin, (&key, ""), &method, &headers, body).await
}

/// What comes to a step behind it.
pub(super) async fn step(
    state: State<Arc<House>>,
    origin: Extension<Origin>,
    Of((key, step)): Of<(String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Result<&'static str, Problem> {
    take(state, origin, (&key, &step), &method, &headers, body).await
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

/// The key of a monitor.
fn key_of(secret: &hmac::Key, monitor: &MonitorName) -> String {
    super::derived(secret, monitor.as_str())
}

async fn secret(store: &dyn Store) -> Result<hmac::Key, flyball_store::Error> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &store.key("hooks", random()).await?))
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
    let key = key_of(&secret(store).await?, &monitor.name);
    Ok(Some(HookView { monitor: monitor.name.clone(), url: format!("{base}{PREFIX}{key}") }))
}

impl House {
    /// Whose key this is.
    async fn monitor_of<'a>(&self, in_force: &'a Arc<InForce>, key: &str) -> Result<Option<&'a Monitor>, Problem> {
        let monitors = &in_force.definitions.monitors;
        let known = self.hooks.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = match known {
            Some((of, keys)) if Arc::ptr_eq(&of, in_force) => keys,
            _ => {
                let secret = secret(self.store()).await?;
                let hears = monitors.iter().enumerate().filter(|(_, monitor)| monitor.kind.ear().is_some());
                let keys = hears.map(|(at, monitor)| (hash_of(&key_of(&secret, &monitor.name)), at)).collect();
                let keys: Keys = Arc::new(keys);
                let now_known = Some((Arc::clone(in_force), Arc::clone(&keys)));
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
