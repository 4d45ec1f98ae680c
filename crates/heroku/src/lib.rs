//! A client for the Heroku Platform API that knows whether a failed call can have taken effect.
//!
//! [`Heroku`] is a trait over our nouns with three bodies: [`Live`] speaks HTTPS, [`ReadOnly`] refuses everything that
//! changes Heroku, and tests bring a simulated one, either as a body of the trait or as a [`Transport`] under [`Live`],
//! which then exercises every line between a call and its bytes.
//!
//! Five promises shape it:
//!
//! - **A changing call is sent at most once**, whatever comes of it. [`Error::sent`] says whether the call can have taken
//!   effect and [`ErrorKind::lasts`] whether Heroku refused it for good. The caller's loop is the retry.
//! - **A read is sent again only where somebody waits for it**: around an effect or for a person, after trouble that may
//!   pass, at most twice, within [`READ_TOTAL`] ([`Retries`]). A monitor's next interval is its retry.
//! - **Observers never starve effects.** All clones of one [`Live`] spend from one [`Budget`], and those made by
//!   [`Live::for_monitors`] stop while there is still enough left for effects.
//! - **A refused token is not sent on and on.** After a 401 every clone of that [`Live`] stops but for a slow probe.
//! - **Whatever Heroku answers is survived**: an HTML page, an endless body, a field, state, size or error id that is
//!   newer than this crate.
//!
//! ```no_run
//! # async fn example(now: flyball_heroku::Clock, ids: flyball_heroku::RequestIds) -> Result<(), Box<dyn std::error::Error>> {
//! use flyball_heroku::{BaseUrl, Budget, Heroku, Live, LiveSettings, Retries, TimeLimits};
//!
//! let live = Live::new(LiveSettings {
//!     base: BaseUrl::from_heroku_host(None)?,
//!     token: "HRKU-12345678".parse()?,
//!     user_agent: "example/1.0".into(),
//!     budget: Budget::default(),
//!     limits: TimeLimits::default(),
//!     retries: Retries::none(),
//!     clock: now,
//!     request_ids: ids,
//! })?;
//! let app = "shop".parse()?;
//! for dyno in live.for_monitors().dynos(&app).await?.value {
//!     println!("{} is {}", dyno.name, dyno.state);
//! }
//! if let Err(error) = live.restart_all(&app).await {
//!     eprintln!("cannot {error}: was it sent? {:?}", error.sent());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A token, a config var or a body is never part of an error, a log line or a `Debug` output.

mod budget;
mod call;
mod error;
mod heroku;
mod hint;
mod host;
mod https;
mod live;
mod pool;
mod read_only;
mod stats;
mod text;
pub mod token;
mod transport;
mod wire;

pub use budget::{BucketSize, Budget, Caller};
pub use call::Call;
pub use error::{Error, ErrorKind, Sent};
pub use heroku::{APPS_ENOUGH, Account, Answer, Heroku, OneOff, RELEASES_A_PAGE, TIME_TO_LIVE_MAX};
pub use host::{BaseUrl, InvalidHost};
pub use https::{Https, HttpsError};
pub use live::{
    CHANGE_DEADLINE, Chance, Clock, Live, LiveSettings, Pause, READ_DEADLINE, READ_TOTAL, RequestIds, Retries,
    TimeLimits,
};
pub use pool::{Access, Pool, PoolSettings, Standing, Variables};
pub use read_only::ReadOnly;
pub use stats::Stats;
pub use token::Token;
pub use transport::{BODY_MAX, Body, Request, Response, Transport, TransportError};
