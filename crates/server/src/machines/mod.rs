//! What machines ask: whether the process is there, whether it works, and its figures; and what they tell.

mod badge;
mod exposition;
pub(crate) mod hooks;
mod metrics;
mod rates;

use crate::answer::Problem;
use crate::guard::may_read;
use crate::house::House;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
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
