//! The port: what Flyball asks of Heroku, in our nouns.

use crate::Error;
use async_trait::async_trait;
use flyball_model::{
    App, AppName, Dyno, DynoName, DynoSize, ProcessFormation, ProcessType, Quantity, Release, ReleaseId,
    ReleaseVersion, Timestamp,
};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The most releases that one call to [`Heroku::releases`] answers.
///
/// The API's own default page. Heroku keeps the content of the newest 20 releases and of the last 30 days, so one page
/// nearly always holds everything that can still be rolled back to; the maximum of 1,000 would cost a megabyte a look.
pub const RELEASES_A_PAGE: usize = 200;

/// From how many apps on a list of them is not followed any further.
///
/// More than a person would write first files for; and at 200 a page, three calls.
pub const APPS_ENOUGH: usize = 501;

/// The longest time to live that Heroku takes for a one-off dyno.
///
/// Source: Platform API schema, `dyno.time_to_live`: at most 86,400 seconds.
pub const TIME_TO_LIVE_MAX: Duration = Duration::from_secs(86_400);

/// An answer of Heroku: the value, and what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// What was asked for, or what was made.
    pub value: T,
    /// How many items of a list were left out because they were not understood. What is not on such a list may be all
    /// the same.
    pub left_out: usize,
    /// The `Request-Id` header, whole: what Heroku's support asks for.
    pub request_id: Option<String>,
    /// Heroku's clock, from the `Date` header.
    pub date: Option<Timestamp>,
}

impl<T> Answer<T> {
    /// The same answer about something made of its value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer { value: f(self.value), left_out: self.left_out, request_id: self.request_id, date: self.date }
    }
}

/// The account that a token belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id, as Heroku wrote it.
    pub id: String,
    /// Its e-mail address.
    pub email: String,
}

/// A one-off dyno that is to be started, detached: its output goes to the app's log.
#[derive(Debug, Clone)]
pub struct OneOff {
    /// Exactly this command; the name of a process type runs that type's command.
    pub command: String,
    /// Its size; Heroku's default for the app if none is given.
    pub size: Option<DynoSize>,
    /// After this, Heroku ends it: whole seconds, 1 to [`TIME_TO_LIVE_MAX`]; what lies outside is brought inside.
    pub time_to_live: Duration,
    /// Added over the app's config vars, for this dyno alone. `Debug` prints the names and never the values.
    pub env: BTreeMap<String, SecretString>,
}

/// The Platform API, as far as Flyball uses it. One value is one account.
#[async_trait]
pub trait Heroku: Send + Sync {
    /// The account that the token belongs to.
    async fn account(&self) -> Result<Answer<Account>, Error>;
    /// Calls left in the account's token bucket; costs none.
    async fn rate_limit(&self) -> Result<Answer<u32>, Error>;
    /// The apps that the account may see, its teams' among them, in the order of their names. It is asked on until they end or there are
    /// [`APPS_ENOUGH`]: where there are that many, there may be more.
    async fn apps(&self) -> Result<Answer<Vec<App>>, Error>;
    /// An app by name.
    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error>;
    /// Its process types.
    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error>;
    /// Its dynos, one-off dynos among them.
    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error>;
    /// A page of its releases, newest first, at most [`RELEASES_A_PAGE`]; those below `below` if it is given. Fewer
    /// than a full page means that there are none older.
    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error>;
    /// The sizes that Heroku knows.
    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error>;
    /// The names of the config vars that are not the same in two releases of an app, in order. Their values are compared
    /// here, and go no further. Two calls; a token may be good for everything else and not for these.
    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error>;
    /// Where an app's log drains lead. An address may hold a secret of whoever reads there, so it is kept nowhere here.
    async fn drains(&self, app: &AppName) -> Result<Answer<Vec<SecretString>>, Error>;

    /// Sets a process type's quantity.
    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error>;
    /// Sets a process type's dyno size.
    async fn set_size(&self, app: &AppName, of: &ProcessType, to: &DynoSize)
    -> Result<Answer<ProcessFormation>, Error>;
    /// Restarts one dyno.
    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error>;
    /// Restarts every dyno of the formation.
    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error>;
    /// Makes a new release with the content of an old one.
    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error>;
    /// Starts a one-off dyno.
    async fn run_one_off(&self, app: &AppName, one_off: &OneOff) -> Result<Answer<Dyno>, Error>;
    /// Has the app's logs sent to an address as well, from now on. It is no release, and restarts nothing.
    async fn add_drain(&self, app: &AppName, url: &SecretString) -> Result<Answer<()>, Error>;
}

#[async_trait]
impl<H: Heroku + ?Sized> Heroku for Arc<H> {
    async fn account(&self) -> Result<Answer<Account>, Error> {
        (**self).account().await
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        (**self).rate_limit().await
    }

    async fn apps(&self) -> Result<Answer<Vec<App>>, Error> {
        (**self).apps().await
    }

    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error> {
        (**self).app(app).await
    }

    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        (**self).formation(app).await
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        (**self).dynos(app).await
    }

    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        (**self).releases(app, below).await
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        (**self).dyno_sizes().await
    }

    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        (**self).config_difference(app, one, other).await
    }

    async fn drains(&self, app: &AppName) -> Result<Answer<Vec<SecretString>>, Error> {
        (**self).drains(app).await
    }

    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error> {
        (**self).set_quantity(app, of, to).await
    }

    async fn set_size(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: &DynoSize,
    ) -> Result<Answer<ProcessFormation>, Error> {
        (**self).set_size(app, of, to).await
    }

    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error> {
        (**self).restart_dyno(app, dyno).await
    }

    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error> {
        (**self).restart_all(app).await
    }

    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error> {
        (**self).roll_back(app, to).await
    }

    async fn run_one_off(&self, app: &AppName, one_off: &OneOff) -> Result<Answer<Dyno>, Error> {
        (**self).run_one_off(app, one_off).await
    }

    async fn add_drain(&self, app: &AppName, url: &SecretString) -> Result<Answer<()>, Error> {
        (**self).add_drain(app, url).await
    }
}
