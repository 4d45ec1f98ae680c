//! What apps tell: by their logs, frames of Logplex and what their lines say; and by adapters of other scalers that they have in them.
//!
//! Bytes in, values out, without a clock and without I/O. Nothing in here fails: what cannot be read is passed over and counted, since
//! an answer other than "taken" loses the whole frame for good, and a line that is cut off within a quoted value is everyday.
//!
//! [`messages`] cuts a body by the lengths that it states; [`Line::of`] reads a message's head; [`said()`] reads what it says.
//! [`judoscale()`] and [`hirefire()`] read what adapters post. A [`Feed`]
//! counts all of it by slots of ten seconds, which are stored, and a [`Window`] of them is what a reading tells.
//!
//! Sources: Logplex's own (heroku/logplex, `logplex_http_drain.erl`, `logplex_syslog_utils.erl`), and Heroku Dev Center: *HTTP Routing*,
//! *Log Runtime Metrics*, *Error Codes*.

mod adapters;
mod carried;
mod code;
mod feed;
mod frame;
mod hirefire;
mod json;
mod judoscale;
mod line;
mod narrow;
mod pairs;
mod release;
mod report;
mod said;
mod slot;
mod times;
mod window;

pub use adapters::{Adapters, Latest, Queue, Up};
pub use carried::TimedOut;
pub use code::{Class, Code};
pub use feed::{Feed, GRACE};
pub use frame::{Messages, messages};
pub use hirefire::hirefire;
pub use judoscale::judoscale;
pub use line::Line;
pub use narrow::Narrow;
pub use pairs::{Pairs, pairs};
pub use release::{Compared, Compares, Comparison, Moments, Share, compare};
pub use report::{Gauge, Report, Said as Reported, Value};
pub use said::{DynoError, Exited, Lost, Request, Runtime, Said, StateChange, said};
pub use slot::{OfDyno, SLOT, Slot, Tally};
pub use times::Times;
pub use window::{
    STEADY_OVER, USUAL_OVER, Window, foremost, is_one_dynos, only_time_out, told_until, usual_of, usual_service, whose,
};
