//! The stand-in for Heroku as the one account there is: of the demo, and of a bench.

use crate::exit::Exit;
use crate::failure::Failure;
use flyball_engine::{Accounts, Clock, Ids};
use flyball_heroku::{BaseUrl, Budget, Heroku, Live, LiveSettings, Retries, TimeLimits};
use flyball_heroku_sim::Server;
use flyball_model::{AccountName, ApiHost};
use secrecy::SecretString;
use std::fmt::Display;
use std::sync::Arc;

/// The real client, for the stand-in.
///
/// # Errors
///
/// When the client cannot be made for its address.
pub(crate) fn stand_in(
    server: &Server,
    token: &str,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> Result<Live, Failure> {
    let (time, ids) = (Arc::clone(clock), Arc::clone(ids));
    let settings = LiveSettings {
        base: BaseUrl::from_heroku_host(Some(&server.url()))
            .map_err(|error| cannot("use the stand-in's address", error))?,
        token: token.parse().expect("the stand-in's token is one word"),
        user_agent: concat!("flyball/", env!("CARGO_PKG_VERSION"), " (stand-in)").to_owned(),
        budget: Budget::default(),
        limits: TimeLimits::default(),
        // Its calls are counted, and nothing on the way to the stand-in can break.
        retries: Retries::none(),
        clock: {
            let time = Arc::clone(&time);
            Arc::new(move || time.now())
        },
        request_ids: Arc::new(move || ids.run(time.now()).to_string()),
    };
    Live::new(settings).map_err(|error| cannot("speak to the stand-in", error))
}

fn cannot(what: &str, why: impl Display) -> Failure {
    Failure::new(Exit::NO, format!("cannot {what}")).because(why)
}

/// The one account of a stand-in. Neither the environment nor anybody's token is looked at.
pub(crate) struct OneAccount {
    host: ApiHost,
    heroku: Arc<dyn Heroku>,
}

impl OneAccount {
    /// The account of this client at this stand-in.
    pub(crate) fn of(server: &Server, client: &Live) -> Self {
        let host = server.addr().to_string().parse().expect("an address is a host");
        Self { host, heroku: Arc::new(client.for_effects()) }
    }
}

impl Accounts for OneAccount {
    fn heroku(&self, _: &AccountName) -> Option<Arc<dyn Heroku>> {
        Some(Arc::clone(&self.heroku))
    }

    fn host(&self) -> ApiHost {
        self.host.clone()
    }

    fn variable(&self, _: &str) -> Option<SecretString> {
        None
    }
}
