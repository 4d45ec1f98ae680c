//! `http`: asks for a page, and judges its status, its text or JSON, and how long it took.
//!
//! The judgement is in `verdict`, and is pure; `exchange` and what it uses do the asking.

mod body;
mod charset;
mod cookies;
mod exchange;
mod exposition;
mod json;
mod kind;
mod page_text;
mod request;
mod search;
mod settings;
mod verdict;

pub(super) use exchange::ask;
pub use exposition::{Exposed, Labels, MetricName, Series};
pub(super) use json::read_at;
pub use json::{Json, JsonTest, JsonValue, JsonWanted};
pub(super) use search::Aim;
pub use search::Text;
pub use settings::{Http, Sought, SoughtText};
pub use verdict::{Exchange, Page};
