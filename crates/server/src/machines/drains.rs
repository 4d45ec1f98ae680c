//! `/drain/KEY`: what Heroku sends of an app's logs. Nobody signs in: whoever has the key of an app can tell lines of that app, and
//! nothing else.
//!
//! Heroku sends a frame again at once when it is not answered, and not again when it is refused. So it is answered before anything is
//! done with it, whatever is in it; only who has no key is told so.
//!
//! Source: heroku/logplex, `logplex_http_drain.erl`; Private Spaces give a frame neither its id nor the drain's token.

use super::adapters;
use crate::answer::Problem;
use crate::api::ask::Of;
use crate::guard::{hash_of, random};
use crate::house::House;
use aws_lc_rs::hmac;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use flyball_config::{Definitions, OfKey, Received, Told};
use flyball_engine::{Frame, InForce};
use flyball_model::{AppName, SecretHash};
use flyball_store::Store;
use flyball_views::DrainView;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// What stands before a key.
pub(crate) const PREFIX: &str = "/drain/";
/// Logplex's frames have some 100 kB, and end with the message that goes beyond that.
const BODY_MAX: usize = 1024 * 1024;
/// An id has 32 digits; what is longer is none.
const ID_BYTES_MAX: usize = 64;

/// The apps in force, by the hashes of their keys: how long it takes to find one tells nothing of it.
#[derive(Default)]
pub(crate) struct Drains(Mutex<Option<(Arc<InForce>, Keys)>>);

type Keys = Arc<HashMap<(Told, SecretHash), AppName>>;

pub(super) async fn frame(
    State(house): State<Arc<House>>,
    Of(key): Of<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let app = house.app_of(Told::Drain, &key).await?.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "there is no such drain")
            .hint("`flyball drain APP` tells the address of an app's drain")
    })?;
    let id = headers.get("logplex-frame-id").map(|id| id.as_bytes().to_vec()).filter(|id| id.len() <= ID_BYTES_MAX);
    let messages = headers.get("logplex-msg-count").and_then(|count| count.to_str().ok()?.parse().ok());
    // A body that is too large, or does not come whole, is lost: what can be read of it would be counted as all of it.
    let (body, messages) = match to_bytes(body, BODY_MAX).await {
        Ok(body) => (body, messages.unwrap_or(1)),
        Err(_) => ("a body that did not come".into(), messages.unwrap_or(1)),
    };
    house.engine.take_frame(Frame { app, id, messages, body });
    Ok(StatusCode::NO_CONTENT)
}

/// Where an app's drain leads, the address that Heroku is given; and which config vars its adapters are given. `listen` is where the pages are served, for where the file has no name
/// for them.
///
/// # Errors
///
/// In words, when the store does not answer, or the key of somebody's own is not there, or too short.
pub async fn drain_of(
    store: &dyn Store,
    definitions: &Definitions,
    listen: Option<SocketAddr>,
    variable: impl Fn(&str) -> Option<SecretString>,
    received: &Received,
) -> Result<DrainView, String> {
    let secret = secret(store).await.map_err(|error| error.to_string())?;
    let base = super::base(definitions, listen);
    let key =
        |told: Told| received.key(told).map(|key| key_of(&secret, &received.app, told, key, &variable)).transpose();
    let drain = key(Told::Drain)?.unwrap_or_default();
    Ok(DrainView {
        app: received.app.clone(),
        url: format!("{base}{PREFIX}{drain}"),
        judoscale: key(Told::Judoscale)?.map(|key| adapters::judoscale_vars(&base, &key)),
        hirefire: key(Told::Hirefire)?.map(|key| adapters::hirefire_vars(&base, &key)),
    })
}

/// A key of an app: somebody's own, or one that is made from its name, and from what is told by it.
fn key_of(
    secret: &hmac::Key,
    app: &AppName,
    told: Told,
    key: &OfKey,
    variable: impl Fn(&str) -> Option<SecretString>,
) -> Result<String, String> {
    Ok(match (key.own(variable)?, told) {
        (Some(own), _) => own.expose_secret().to_owned(),
        (None, Told::Drain) => super::derived(secret, app.as_str()),
        // No app has a blank in its name.
        (None, Told::Judoscale | Told::Hirefire) => super::derived(secret, &format!("{} {app}", told.word())),
    })
}

async fn secret(store: &dyn Store) -> Result<hmac::Key, flyball_store::Error> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &store.key("drains", random()).await?))
}

impl House {
    /// Where an app's drain leads; none where its logs do not come in.
    pub(crate) async fn log_drain(&self, app: &AppName) -> Result<Option<DrainView>, Problem> {
        let in_force = self.in_force();
        let definitions = &in_force.definitions;
        let Some(received) = definitions.receive.iter().find(|received| received.app == *app) else { return Ok(None) };
        let variable = |name: &str| self.engine.ports().accounts.variable(name);
        let drain = drain_of(self.store(), definitions, Some(self.settings.listen), variable, received).await;
        drain.map(Some).map_err(|why| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("the logs of {app} cannot come in")).because(why)
        })
    }

    /// Whose key this is, by which so much may be told.
    pub(super) async fn app_of(&self, told: Told, key: &str) -> Result<Option<AppName>, Problem> {
        let in_force = self.in_force();
        let known = self.drains.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let keys = match known {
            Some((of, keys)) if Arc::ptr_eq(&of, &in_force) => keys,
            _ => {
                let secret = secret(self.store()).await?;
                let variable = |name: &str| self.engine.ports().accounts.variable(name);
                let all =
                    in_force.definitions.receive.iter().flat_map(|received| Told::ALL.map(|told| (received, told)));
                let keys = all.filter_map(|(received, told)| {
                    match key_of(&secret, &received.app, told, received.key(told)?, variable) {
                        Ok(key) => Some(((told, hash_of(&key)), received.app.clone())),
                        Err(why) => {
                            let (app, by) = (&received.app, told.word());
                            tracing::warn!(%app, by, "what an app tells cannot come in: {why}");
                            None
                        }
                    }
                });
                let keys: Keys = Arc::new(keys.collect());
                let now_known = Some((Arc::clone(&in_force), Arc::clone(&keys)));
                *self.drains.0.lock().unwrap_or_else(PoisonError::into_inner) = now_known;
                keys
            }
        };
        Ok(keys.get(&(told, hash_of(key))).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_key_is_made_or_somebody_s_own() {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let key = |app: &str, told: Told, of: &OfKey, value: Option<&str>| {
            let value = value.map(|value| SecretString::from(value.to_owned()));
            key_of(&secret, &app.parse().unwrap(), told, of, |_| value.clone())
        };
        let made = |app: &str, told: Told| key(app, told, &OfKey::Made, None).unwrap();
        let all: HashSet<String> =
            ["shop", "blog"].into_iter().flat_map(|app| Told::ALL.map(|told| made(app, told))).collect();
        assert_eq!(all.len(), 6, "each another");
        assert!(all.iter().all(|key| key.len() == 32 && key.bytes().all(|digit| digit.is_ascii_hexdigit())));
        let own = OfKey::Own("SHOP_DRAIN".to_owned());
        assert_eq!(key("shop", Told::Hirefire, &own, Some("0123456789abcdef\n")).as_deref(), Ok("0123456789abcdef"));
        assert!(key("shop", Told::Drain, &own, Some("short")).unwrap_err().contains("SHOP_DRAIN"));
    }
}
