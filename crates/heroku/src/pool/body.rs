//! The body of one account in the pool: finds the client at each call, and passes the call on.

use super::lazy::Lazy;
use crate::{Account, Answer, Call, Caller, Error, ErrorKind, Heroku, Live, OneOff};
use async_trait::async_trait;
use flyball_model::{
    App, AppName, Dyno, DynoName, DynoSize, ProcessFormation, ProcessType, Quantity, Release, ReleaseId, ReleaseVersion,
};
use secrecy::SecretString;
use std::sync::Arc;

/// The Platform API by one account, for one kind of caller.
pub(super) struct Body {
    pub(super) lazy: Arc<Lazy>,
    pub(super) caller: Caller,
}

impl Body {
    /// The client; a failure of `call` when there is no token. Nothing is sent then.
    async fn live(&self, call: impl FnOnce() -> Call) -> Result<Live, Error> {
        let found = self.lazy.found().await;
        let found = found.map_err(|none| {
            Error::new(call(), ErrorKind::Unauthorized).with_message(&format!("cannot {none}; nothing was sent"))
        })?;
        Ok(match self.caller {
            Caller::Monitors => found.live.for_monitors(),
            Caller::Effects => found.live.for_effects(),
        })
    }
}

#[async_trait]
impl Heroku for Body {
    async fn account(&self) -> Result<Answer<Account>, Error> {
        self.live(|| Call::Account).await?.account().await
    }

    async fn rate_limit(&self) -> Result<Answer<u32>, Error> {
        self.live(|| Call::RateLimit).await?.rate_limit().await
    }

    async fn apps(&self) -> Result<Answer<Vec<App>>, Error> {
        self.live(|| Call::Apps).await?.apps().await
    }

    async fn app(&self, app: &AppName) -> Result<Answer<App>, Error> {
        self.live(|| Call::App { app: app.clone() }).await?.app(app).await
    }

    async fn formation(&self, app: &AppName) -> Result<Answer<Vec<ProcessFormation>>, Error> {
        self.live(|| Call::Formation { app: app.clone() }).await?.formation(app).await
    }

    async fn dynos(&self, app: &AppName) -> Result<Answer<Vec<Dyno>>, Error> {
        self.live(|| Call::Dynos { app: app.clone() }).await?.dynos(app).await
    }

    async fn releases(&self, app: &AppName, below: Option<ReleaseVersion>) -> Result<Answer<Vec<Release>>, Error> {
        self.live(|| Call::Releases { app: app.clone(), below }).await?.releases(app, below).await
    }

    async fn dyno_sizes(&self) -> Result<Answer<Vec<DynoSize>>, Error> {
        self.live(|| Call::DynoSizes).await?.dyno_sizes().await
    }

    async fn config_difference(
        &self,
        app: &AppName,
        one: ReleaseVersion,
        other: ReleaseVersion,
    ) -> Result<Answer<Vec<String>>, Error> {
        let call = || Call::Config { app: app.clone(), release: one };
        self.live(call).await?.config_difference(app, one, other).await
    }

    async fn drains(&self, app: &AppName) -> Result<Answer<Vec<SecretString>>, Error> {
        self.live(|| Call::Drains { app: app.clone() }).await?.drains(app).await
    }

    async fn set_quantity(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: Quantity,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = || Call::SetQuantity { app: app.clone(), process_type: of.clone(), to };
        self.live(call).await?.set_quantity(app, of, to).await
    }

    async fn set_size(
        &self,
        app: &AppName,
        of: &ProcessType,
        to: &DynoSize,
    ) -> Result<Answer<ProcessFormation>, Error> {
        let call = || Call::SetSize { app: app.clone(), process_type: of.clone(), to: to.clone() };
        self.live(call).await?.set_size(app, of, to).await
    }

    async fn restart_dyno(&self, app: &AppName, dyno: &DynoName) -> Result<Answer<()>, Error> {
        let call = || Call::RestartDyno { app: app.clone(), dyno: dyno.clone() };
        self.live(call).await?.restart_dyno(app, dyno).await
    }

    async fn restart_all(&self, app: &AppName) -> Result<Answer<()>, Error> {
        self.live(|| Call::RestartAll { app: app.clone() }).await?.restart_all(app).await
    }

    async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Answer<Release>, Error> {
        self.live(|| Call::RollBack { app: app.clone(), to: to.clone() }).await?.roll_back(app, to).await
    }

    async fn run_one_off(&self, app: &AppName, one_off: &OneOff) -> Result<Answer<Dyno>, Error> {
        self.live(|| Call::RunOneOff { app: app.clone() }).await?.run_one_off(app, one_off).await
    }

    async fn add_drain(&self, app: &AppName, url: &SecretString) -> Result<Answer<()>, Error> {
        self.live(|| Call::AddDrain { app: app.clone() }).await?.add_drain(app, url).await
    }
}
