//! What machines ask: whether the process is there, whether it works, and its figures.

mod badge;

use crate::answer::Problem;
use crate::house::House;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use std::sync::Arc;

/// Asked without signing in: they tell nothing but whether it is well, and badges to whoever has their key.
pub(crate) fn router() -> Router<Arc<House>> {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/badges/{key}/{folder}/{file}", get(badge::badge))
}

/// Whether the loop turns and the store takes: its sign of life is renewed by both.
async fn ready(State(house): State<Arc<House>>) -> Result<&'static str, Problem> {
    let seen = flyball_engine::queries::SeenEngine::on(house.store(), house.now()).await?;
    if seen.state == flyball_views::EngineState::Running {
        Ok("ready\n")
    } else {
        Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the engine gives no sign of life in its store"))
    }
}
