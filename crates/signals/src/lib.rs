//! What apps tell by their logs: frames of Logplex, and what their lines say.
//!
//! Bytes in, values out, without a clock and without I/O. Nothing in here fails: what cannot be read is passed over and counted, since
//! an answer other than "taken" loses the whole frame for good, and a line that is cut off within a quoted value is everyday.
//!
//! [`messages`] cuts a body by the lengths that it states; [`Line::of`] reads a message's head; [`said()`] reads what it says.
//!
//! Sources: Logplex's own (heroku/logplex, `logplex_http_drain.erl`, `logplex_syslog_utils.erl`), and Heroku Dev Center: *HTTP Routing*,
//! *Log Runtime Metrics*, *Error Codes*.

mod code;
mod frame;
mod line;
mod pairs;
mod said;

pub use code::{Class, Code};
pub use frame::{Messages, messages};
pub use line::Line;
pub use pairs::{Pairs, pairs};
pub use said::{DynoError, Exited, Lost, Request, Runtime, Said, StateChange, said};
