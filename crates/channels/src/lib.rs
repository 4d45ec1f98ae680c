//! How Flyball tells people: one file per kind of channel under `kinds/`.
//!
//! A [`Notice`] is what is told, as a value with bounds; [`words`] make it readable for somebody who was asleep. A [`Channel`] turns it
//! into what its service takes, by a plain function, and sends that once through a [`Transport`]. What the answer means is a plain
//! function too. Nothing here repeats anything or remembers anything: [`next_try`] says when to try again, [`Rules`] says whom an event
//! concerns, [`telling()`] says what is told to whom, and whoever calls keeps what is owed.

mod ask;
mod kinds;
mod notice;
mod outcome;
mod retry;
mod rules;
mod telling;
mod transport;
mod wire;
pub mod words;

pub use ask::Ask;
pub use flyball_settings::Endpoint;
pub use kinds::*;
pub use notice::{About, Done, Next, Notice, Text};
pub use outcome::{Handle, Outcome};
pub use retry::{GIVE_UP_AFTER, next_try};
pub use rules::{Event, On, Quiet, Rules};
pub use telling::{Known, Listener, News, Outage, Telling, telling};
pub use transport::{Answer, Letter, Lost, Request, Security, SmtpServer, Transport};
pub use wire::{ANSWER_BYTES_MAX, Permit, TIME_LIMIT, Wire};

use secrecy::SecretString;

/// Gives the value of an environment variable, or opens what is sealed; `None` if it is not there.
pub type SecretLookup<'a> = &'a (dyn Fn(&str) -> Option<SecretString> + Send + Sync);
