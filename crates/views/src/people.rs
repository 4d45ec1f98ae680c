//! Who may come in.

use crate::Word;
use flyball_model::{Excerpt, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who asks, and what they may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// What they are called.
    pub name: String,
    /// What they may: `read`, `operate` or `admin`.
    #[schema(value_type = Option<String>, example = "operate")]
    pub scope: Option<Word>,
    /// Whether somebody has signed in, or sent a token; else it is open on this machine.
    pub is_known: bool,
    /// The version of Flyball.
    #[schema(value_type = String)]
    pub version: Word,
    /// The file, as it is called in messages.
    pub file: String,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    /// What they are called.
    pub name: String,
    /// What they may: `read`, `operate` or `admin`.
    #[schema(value_type = String, example = "operate")]
    pub scope: Word,
    /// That in the word for a person: a viewer, an operator, an admin.
    #[schema(value_type = String, example = "operator")]
    pub role: Word,
    /// When they were added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When what they may, or their password, was changed last.
    #[schema(value_type = String, format = DateTime)]
    pub changed_at: Timestamp,
}

/// That somebody is signed in, in one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// Its id, which is no secret.
    pub id: String,
    /// Who.
    pub user: String,
    /// When they signed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last used, to a minute.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = String, format = DateTime)]
    pub until: Timestamp,
    /// The address that they signed in from.
    #[schema(value_type = String)]
    pub address: Excerpt,
    /// What the browser calls itself.
    #[schema(value_type = String)]
    pub agent: Excerpt,
}

/// A token of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// Its id, which is no secret.
    pub id: String,
    /// What it is called.
    #[schema(value_type = String)]
    pub name: Excerpt,
    /// What whoever has it may: `read`, `operate` or `admin`.
    #[schema(value_type = String, example = "read")]
    pub scope: Word,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who made it.
    #[schema(value_type = String)]
    pub created_by: Excerpt,
    /// When it ends by itself; otherwise it is good until it is revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// When it was last used, to a minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub seen_at: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenMade {
    /// The token itself: shown here, and never again.
    pub token: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    pub view: TokenView,
}

/// Without the token itself.
impl std::fmt::Debug for TokenMade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenMade").field("view", &self.view).finish_non_exhaustive()
    }
}
