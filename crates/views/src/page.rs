//! A part of a long list.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list, and where it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of what came before; none where this is the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The cursor of what comes after; none where this is the end as of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
