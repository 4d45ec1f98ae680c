//! Settings, described once.
//!
//! A settings struct reads itself from a table, field by field. The same lines say what each field is called, what it
//! takes, what its default is, and what it is for; so parsing, "did you mean", the reference page and a form all
//! come from them, and cannot drift apart.
//!
//! ```
//! use flyball_settings::{Fields, Settings};
//! use flyball_model::{AppName, ProcessType};
//!
//! struct RestartAll { app: AppName }
//!
//! impl Settings for RestartAll {
//!     const KIND: &str = "restart_all_dynos";
//!     const SUMMARY: &str = "restarts every dyno of the app";
//!     const EXAMPLE: &str = r#"{ app = "shop" }"#;
//!
//!     fn read(fields: &mut Fields<'_>) -> Option<Self> {
//!         let app = fields.required("app", "the app whose dynos are restarted");
//!         Some(Self { app: app? })
//!     }
//! }
//! ```
//!
//! Every field is read before the first `?`, so that all mistakes are found at once.

mod endpoint;
mod fields;
mod mistake;
mod shape;
mod take;
mod tree;

pub use endpoint::{Endpoint, is_loopback_host};
pub use fields::{FieldDescription, Fields, KindDescription, Need, Settings, describe};
pub use mistake::{Mistake, did_you_mean};
pub use shape::Shape;
pub use take::{Bounds, Secret, Take, Variable};
pub use tree::{Key, Node, Span, Table, Value};
