//! The engines that share the work, and taking one out of it.

use super::ask::Of;
use crate::answer::{Problem, Problems};
use crate::house::House;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use flyball_engine::queries::did_you_mean;
use flyball_views::NodeView;
use std::sync::Arc;

/// The engines that share the work on one database, and what each has of it.
#[utoipa::path(get, path = "/nodes", tag = "nodes", responses((status = 200, body = Vec<NodeView>), Problems))]
pub(crate) async fn list(State(house): State<Arc<House>>) -> Result<Json<Vec<NodeView>>, Problem> {
    Ok(Json(house.nodes().await?))
}

/// Have a node give its share to the others, and take none. It is answered before that is done: the list tells.
#[utoipa::path(post, path = "/nodes/{name}/drain", tag = "nodes", params(("name" = String, Path)), responses((status = 200, body = NodeView), Problems))]
pub(crate) async fn drain(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<NodeView>, Problem> {
    Ok(Json(house.drain(&name, true).await?))
}

/// Have a node take its share again.
#[utoipa::path(post, path = "/nodes/{name}/undrain", tag = "nodes", params(("name" = String, Path)), responses((status = 200, body = NodeView), Problems))]
pub(crate) async fn undrain(State(house): State<Arc<House>>, Of(name): Of<String>) -> Result<Json<NodeView>, Problem> {
    Ok(Json(house.drain(&name, false).await?))
}

impl House {
    async fn nodes(&self) -> Result<Vec<NodeView>, Problem> {
        if !self.store().is_shared() {
            let place = self.store().place();
            return Err(Problem::new(StatusCode::CONFLICT, format!("{place} is for one engine alone"))
                .because("a SQLite file is on one machine")
                .hint("several engines share the work on a PostgreSQL database: set DATABASE_URL"));
        }
        let in_force = self.in_force();
        Ok(self.reader(&in_force).nodes().await?)
    }

    /// Has a node give its share away, or take it again; how it stood just before.
    async fn drain(&self, name: &str, gives: bool) -> Result<NodeView, Problem> {
        let nodes = self.nodes().await?;
        let known: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
        let Some(node) = nodes.into_iter().find(|node| node.name == name) else {
            let shown = flyball_model::Excerpt::of(name);
            let problem = Problem::new(StatusCode::NOT_FOUND, format!("there is no node {shown}"));
            return Err(match did_you_mean(name, known.iter().map(String::as_str)) {
                Some(meant) => problem.hint(format!("did you mean {meant}?")),
                None => problem.hint(format!("there are {}", known.join(", "))),
            });
        };
        self.store().drain(node.node, gives).await?;
        self.forget_snapshot().await;
        Ok(node)
    }
}
