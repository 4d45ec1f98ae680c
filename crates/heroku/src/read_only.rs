//! A body that looks and never touches: dry runs, and everything that only shows.

use crate::{Account, Answer, Call, Error, ErrorKind, Heroku, OneOff};
use async_trait::async_trait;
use flyball_model::{
    App, AppName, Dyno, DynoName, DynoSize, ProcessFormation, ProcessType, Quantity, Release, ReleaseId, ReleaseVersion,
};
use secrecy::SecretString;

/// Passes what reads on to another body and refuses what changes Heroku with [`ErrorKind::ReadOnly`].
#[derive(Debug, Clone)]
pub struct ReadOnly<H>(H);

impl<H: Heroku> ReadOnly<H> {
    /// The same Heroku, to look at only.
    pub fn new(heroku: H) -> Self {
        Self(heroku)
    }
}

fn refused<T>(call: Call) -> Result<Answer<T>, Error> {
    Err(Error::new(call, ErrorKind::ReadOnly))
}

#[async_trait]
impl<H: Heroku> Heroku for ReadOnly<H> {
    async fn account(&self) -> Result<Answer<Account>, Error> {
        self.0.account().await
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        self.0.rate_limit().await
    }

    async fn apps(&self) -> Result<Answer<Vec<App>>, Error> {
        self.0.apps().await
    }

    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error> {
        self.0.app(app).await
    }

    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        self.0.formation(app).await
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        self.0.dynos(app).await
    }

    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        self.0.releases(app, below).await
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        self.0.dyno_sizes().await
    }

    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        self.0.config_difference(app, one, other).await
    }

    async fn drains(&self, app: &AppName) -> Result<Answer<Vec<SecretString>>, Error> {
        self.0.drains(app).await
    }

    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error> {
        refused(Call::SetQuantity { app: app.clone(), process_type: of.clone(), to })
    }

    async fn set_size(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: &DynoSize,
    ) -> Result<Answer<ProcessFormation>, Error> {
        refused(Call::SetSize { app: app.clone(), process_type: of.clone(), to: to.clone() })
    }

    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error> {
        refused(Call::RestartDyno { app: app.clone(), dyno: dyno.clone() })
    }

    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error> {
        refused(Call::RestartAll { app: app.clone() })
    }

    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error> {
        refused(Call::RollBack { app: app.clone(), to: to.clone() })
    }

    async fn run_one_off(&self, app: &AppName, _: &OneOff) -> Result<Answer<Dyno>, Error> {
        refused(Call::RunOneOff { app: app.clone() })
    }

    async fn add_drain(&self, app: &AppName, _: &SecretString) -> Result<Answer<()>, Error> {
        refused(Call::AddDrain { app: app.clone() })
    }
}
