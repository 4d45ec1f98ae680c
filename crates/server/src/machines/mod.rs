//! What machines ask: whether the process is there, whether it works, and its figures; and what they tell.

pub(crate) mod adapters;
mod badge;
pub(crate) mod drains;
mod exposition;
pub(crate) mod hooks;
mod metrics;
mod rates;

use crate::answer::Problem;
use crate::guard::may_read;
use crate::house::House;
use aws_lc_rs::hmac;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use flyball_config::Definitions;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

/// Figures are for who may look. The others are asked without signing in: they tell nothing but whether it is well, badges to
/// whoever has their key; and whoever has the key of a monitor may tell that something.
pub(crate) fn router() -> Router<Arc<House>> {
    Router::new()
        .route("/metrics", get(metrics::metrics))
        .route_layer(from_fn(may_read))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .merge(Router::from(hooks::router()))
        .route("/badges/{key}/{folder}/{file}", get(badge::badge))
}

/// What Heroku sends of the logs of apps, and what adapters in them post: it is larger than anything that people send.
pub(crate) fn drains() -> Router<Arc<House>> {
    Router::new()
        .route("/drain/{key}", post(drains::frame))
        .route("/judoscale/{key}", post(adapters::judoscale))
        .route("/judoscale/{key}/{*behind}", post(adapters::judoscale_behind))
        .route("/hirefire/{key}", post(adapters::hirefire))
        .route("/hirefire/{key}/metrics/ingest", post(adapters::hirefire))
        .route("/hirefire/{key}/metrics/lease", post(adapters::lease))
        .route("/", post(adapters::hirefire_at_root))
        .route("/metrics/ingest", post(adapters::hirefire_at_root))
        .route("/metrics/lease", post(adapters::lease_at_root))
}

/// The key of what has this name, in hexadecimal digits: 128 bits, which nobody guesses.
fn derived(secret: &hmac::Key, name: &str) -> String {
    const BYTES: usize = 16;
    let tag = hmac::sign(secret, name.as_bytes());
    let mut digits = String::with_capacity(BYTES * 2);
    tag.as_ref()[..BYTES].iter().for_each(|byte| write!(digits, "{byte:02x}").expect("a String takes every text"));
    digits
}

/// The beginning of every address here; empty where nobody knows it.
fn base(definitions: &Definitions, listen: Option<SocketAddr>) -> String {
    match (&definitions.notify.pages, listen) {
        (Some(pages), _) => pages.as_str().trim_end_matches('/').to_owned(),
        (None, Some(listen)) => format!("http://{listen}"),
        (None, None) => String::new(),
    }
}

/// Whether the loop of this process turns, and the store takes its sign of life.
async fn ready(State(house): State<Arc<House>>) -> Result<&'static str, Problem> {
    if !house.engine.turns() {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the loop does not turn"));
    }
    let seen = flyball_engine::queries::SeenEngine::on(house.store(), house.now()).await?;
    if seen.state == flyball_views::EngineState::Running {
        Ok("ready\n")
    } else {
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the engine gives no sign of life in its store"))
    }
}
