//! `/judoscale/KEY` and `/hirefire/KEY`: what adapters of other scalers in an app post. Nobody signs in: whoever has the key of an app can
//! tell numbers of that app, and nothing else.
//!
//! It is answered before anything is done with it, whatever is in it: an adapter that waits takes its app's time. Judoscale's takes any
//! answer of 2xx, and HireFire's for Node 200 alone.
//!
//! Source: the adapters, which are open. HireFire's of today for Python and Node post to the root of a host alone, so that their key
//! comes in a header.

use crate::answer::Problem;
use crate::api::ask::Of;
use crate::house::House;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flyball_config::Told;
use flyball_engine::Posted;
use flyball_model::{AppName, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What stands before a key.
pub(crate) const JUDOSCALE: &str = "/judoscale/";
/// The same.
pub(crate) const HIREFIRE: &str = "/hirefire/";
/// Where HireFire's adapters post to where they have the host alone.
const AT_ROOT: [&str; 3] = ["/", "/metrics/ingest", "/metrics/lease"];
/// The key, where it is not in the address.
const TOKEN: HeaderName = HeaderName::from_static("hirefire-token");
/// A report has a value for each request: 5000 a second in one process for ten seconds.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// What an adapter is told of how it is to post: each five seconds, of which two are in a slot; and to keep what could not be posted for
/// two minutes, as Judoscale's does. Node's has other names for it.
const TUNING: [(&str, &str); 6] = [
    ("HireFire-Resource-Dispatch-Interval", "5"),
    ("HireFire-Resource-Dispatcher-Interval", "5"),
    ("HireFire-Resource-Dispatch-Timeout", "5"),
    ("HireFire-Resource-Dispatcher-Timeout", "5"),
    ("HireFire-Resource-Buffer-TTL", "120"),
    ("HireFire-Resource-Dispatcher-Buffer-TTL", "120"),
];

/// So long a process is lent the looking at queues, as it is told; it asks again afterwards.
const LEASE_TOLD: &str = "15";
/// And how often it is to look.
const LOOKS_EVERY: &str = "10";
/// So long nobody else is lent it: whoever asks again is a little late.
const LEASE_LASTS: Duration = Duration::from_secs(20);
/// A process names itself by a UUID; what is longer is none.
const PROCESS_BYTES_MAX: usize = 64;

/// Which process of an app looks at its queues, and until when. What another engine lends is not known here: two that look tell the same.
#[derive(Default)]
pub(crate) struct Leases(Mutex<HashMap<AppName, (Vec<u8>, Timestamp)>>);

impl Leases {
    /// Whether this process is the one.
    fn lend(&self, app: &AppName, process: &[u8], now: Timestamp) -> bool {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        leases.retain(|_, (_, until)| *until > now);
        let (holder, until) = leases.entry(app.clone()).or_insert_with(|| (process.to_vec(), now));
        let is_holder = holder == process;
        if is_holder {
            *until = now + LEASE_LASTS;
        }
        is_holder
    }
}

/// Where the key of what is asked for stands, where it stands in it or beside it: nobody notes it, and nobody signs in.
pub(crate) fn way(method: &Method, path: &str, headers: &HeaderMap) -> Option<&'static str> {
    let is_at_root = *method == Method::POST && AT_ROOT.contains(&path) && headers.contains_key(TOKEN);
    [JUDOSCALE, HIREFIRE].into_iter().find(|way| path.starts_with(way)).or(is_at_root.then_some(HIREFIRE))
}

/// What to set in an app so that Judoscale's adapter reports here.
pub(super) fn judoscale_vars(base: &str, key: &str) -> String {
    format!("JUDOSCALE_URL={base}{JUDOSCALE}{key}")
}

/// The same of HireFire's: of today, and of those to come. All of them take a host, and some no more than that.
pub(super) fn hirefire_vars(base: &str, key: &str) -> String {
    format!("HIREFIRE_TOKEN={key} HIREFIRE_DISPATCH_URL={base} HIREFIRE_DATA_URL={base}")
}

/// A report of Judoscale's adapter, whatever stands behind the key: `/v3/reports`, or `/api/SERVICE/v3/reports`.
pub(super) async fn judoscale(
    State(house): State<Arc<House>>,
    Of(key): Of<String>,
    body: Body,
) -> Result<StatusCode, Problem> {
    report(&house, &key, body).await
}

/// The same, with more behind the key.
pub(super) async fn judoscale_behind(
    State(house): State<Arc<House>>,
    Of((key, _)): Of<(String, String)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    report(&house, &key, body).await
}

async fn report(house: &House, key: &str, body: Body) -> Result<StatusCode, Problem> {
    let app = house.app_of(Told::Judoscale, key).await?.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "there is no such adapter")
            .hint("`flyball drain APP --adapter judoscale` tells what to set in an app")
    })?;
    Ok(house.take(app, Told::Judoscale, body).await)
}

/// What HireFire's adapter pushes, with the key in the address.
pub(super) async fn hirefire(
    State(house): State<Arc<House>>,
    Of(key): Of<String>,
    body: Body,
) -> Result<Response, Problem> {
    pushed(&house, Some(&key), body).await
}

/// The same, with the key beside it.
pub(super) async fn hirefire_at_root(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    pushed(&house, token(&headers), body).await
}

async fn pushed(house: &House, key: Option<&str>, body: Body) -> Result<Response, Problem> {
    let app = house.app_of_hirefire(key).await?;
    let status = house.take(app, Told::Hirefire, body).await;
    Ok((status, TUNING).into_response())
}

/// Which process is to look at queues: one of an app, so that they are not looked at by all.
pub(super) async fn lease(
    State(house): State<Arc<House>>,
    Of(key): Of<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    lent(&house, Some(&key), &headers).await
}

/// The same, with the key beside it.
pub(super) async fn lease_at_root(State(house): State<Arc<House>>, headers: HeaderMap) -> Result<Response, Problem> {
    lent(&house, token(&headers), &headers).await
}

async fn lent(house: &House, key: Option<&str>, headers: &HeaderMap) -> Result<Response, Problem> {
    let app = house.app_of_hirefire(key).await?;
    let process = headers.get("hirefire-process-id").map(|id| id.as_bytes()).filter(|id| id.len() <= PROCESS_BYTES_MAX);
    let is_lent = process.is_some_and(|process| house.leases.lend(&app, process, house.now()));
    let told = [
        ("HireFire-Lease-Granted", if is_lent { "true" } else { "false" }),
        ("HireFire-Lease-TTL", LEASE_TOLD),
        ("HireFire-Sample-Frequency", LOOKS_EVERY),
    ];
    Ok((StatusCode::OK, told).into_response())
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(TOKEN)?.to_str().ok()
}

impl House {
    /// Takes what was posted. What is too large, or does not come whole, is lost: what can be read of it would be counted as all of it.
    async fn take(&self, app: AppName, by: Told, body: Body) -> StatusCode {
        let body = to_bytes(body, BODY_MAX).await.ok();
        let status = if body.is_some() { StatusCode::OK } else { StatusCode::PAYLOAD_TOO_LARGE };
        self.engine.take_report(Posted { app, by, body });
        status
    }

    /// Whose key this is. Who has none is told so in the way that the adapter knows.
    async fn app_of_hirefire(&self, key: Option<&str>) -> Result<AppName, Problem> {
        let app = match key {
            Some(key) => self.app_of(Told::Hirefire, key).await?,
            None => None,
        };
        app.ok_or_else(|| {
            Problem::new(StatusCode::UNAUTHORIZED, "there is no such adapter")
                .hint("`flyball drain APP --adapter hirefire` tells what to set in an app")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_of_an_app_is_lent_the_looking_until_it_does_not_ask_again() {
        let leases = Leases::default();
        let at = |second: u64| Timestamp::EPOCH + Duration::from_secs(second);
        let app = |name: &str| name.parse::<AppName>().unwrap();
        for (second, name, process, expected) in [
            (0, "shop", "a", true),
            (1, "shop", "b", false),
            (1, "blog", "b", true),
            (16, "shop", "a", true),
            (30, "shop", "b", false),
            (36, "shop", "b", true),
            (37, "shop", "a", false),
        ] {
            assert_eq!(leases.lend(&app(name), process.as_bytes(), at(second)), expected, "{second} {name} {process}");
        }
    }

    #[test]
    fn whoever_posts_by_a_key_signs_in_nowhere() {
        let mut headers = HeaderMap::new();
        let way = |method: Method, path: &str, headers: &HeaderMap| super::way(&method, path, headers);
        assert_eq!(way(Method::POST, "/judoscale/k/v3/reports", &headers), Some(JUDOSCALE));
        assert_eq!(way(Method::POST, "/hirefire/k", &headers), Some(HIREFIRE));
        assert_eq!(way(Method::POST, "/", &headers), None);
        headers.insert(TOKEN, "k".parse().unwrap());
        assert_eq!(way(Method::POST, "/", &headers), Some(HIREFIRE));
        assert_eq!(way(Method::POST, "/metrics/lease", &headers), Some(HIREFIRE));
        assert_eq!(way(Method::GET, "/", &headers), None, "a page is looked at by whoever signs in");
        assert_eq!(way(Method::POST, "/sign-in", &headers), None);
    }
}
