//! What is defined: each monitor and each reaction as text.

use crate::Word;
use flyball_model::{Excerpt, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A monitor or a reaction as it is written. Whether it is in force, `status` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DefinitionView {
    /// `monitor` or `reaction`.
    #[schema(value_type = String, example = "monitor")]
    pub family: Word,
    /// What it is called, as no other of its family.
    #[schema(example = "page")]
    pub name: String,
    /// The word of its kind; null where the text cannot be read.
    #[schema(value_type = Option<String>, example = "http")]
    pub kind: Option<Word>,
    /// Where it stands.
    pub origin: DefinitionOrigin,
    /// In which file it stands; null of what was made.
    #[schema(example = "flyball.toml")]
    pub file: Option<String>,
    /// Its text, as one `[[monitor]]` or `[[reaction]]`. Of a file it is written anew, without remarks.
    #[schema(example = "[[monitor]]\nname = \"page\"\nhttp = { url = \"https://shop.example/\" }\n")]
    pub toml: String,
    /// What a change must name, as `If-Match: "…"`. No two changes of what is made have one.
    #[schema(example = "7")]
    pub version: String,
    /// When it was changed last; null of a file.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// Who changed it last; null of a file.
    #[schema(value_type = Option<String>, example = "ann")]
    pub changed_by: Option<Excerpt>,
}

/// Where a definition stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DefinitionOrigin {
    /// In the file, and is changed there.
    File,
    /// It was made in pages or by this interface, and is changed in either.
    Pages,
}
