//! `http`: asks for a page, and judges its status, its text or JSON, and how long it took.
//!
//! The judgement is in `verdict`, and is pure; `exchange` and what it uses do the asking.

mod body;
mod charset;
mod cookies;
mod exchange;
mod json;
mod kind;
mod page_text;
mod request;
mod search;
mod settings;
mod verdict;

pub(super) use json::read_at;
pub use json::{Json, JsonTest, JsonValue, JsonWanted};
pub use search::Text;
pub use settings::{Http, Sought, SoughtText};
pub use verdict::{Exchange, Page};
