//! An account that finds its token when it is first asked.

use super::PoolSettings;
use crate::token::{NoToken, Source, discover};
use crate::{Budget, Live, LiveSettings, TimeLimits, Token};
use flyball_model::Timestamp;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// After no token was found, this long passes before the next search: Heroku's CLI takes seconds to say that it has none.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

pub(super) struct Lazy {
    settings: Arc<PoolSettings>,
    /// The variable that holds the token; none for Heroku's own ways.
    variable: Option<String>,
    state: Mutex<State>,
}

/// What is known of the token.
enum State {
    NotAsked,
    Found(Found),
    None { why: NoToken, at: Timestamp },
}

/// A client with its token, and where that was.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) live: Live,
    pub(super) source: String,
}

impl Lazy {
    pub(super) fn new(settings: Arc<PoolSettings>, variable: Option<String>) -> Self {
        Self { settings, variable, state: Mutex::new(State::NotAsked) }
    }

    /// The variable that holds the token; `None` for Heroku's own ways.
    pub(super) fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    /// The client. Several that ask at once wait for one search.
    pub(super) async fn found(&self) -> Result<Found, NoToken> {
        let clock = &self.settings.clock;
        let mut state = self.state.lock().await;
        match &*state {
            State::Found(found) => return Ok(found.clone()),
            State::None { why, at } if clock().since(*at) < LOOK_AGAIN => return Err(why.clone()),
            State::NotAsked | State::None { .. } => {}
        }
        match self.search().await {
            Ok(found) => {
                *state = State::Found(found.clone());
                Ok(found)
            }
            Err(why) => {
                *state = State::None { why: why.clone(), at: clock() };
                Err(why)
            }
        }
    }

    async fn search(&self) -> Result<Found, NoToken> {
        let PoolSettings { base, user_agent, surroundings, retries, clock, request_ids, .. } = &*self.settings;
        let (token, source) = match &self.variable {
            None => {
                let found = discover(&surroundings(), base).await?;
                (found.token, source_in_words(&found.source))
            }
            Some(variable) => (self.token_in(variable)?, variable.clone()),
        };
        let live = Live::new(LiveSettings {
            base: base.clone(),
            token,
            user_agent: user_agent.clone(),
            budget: Budget::default(),
            limits: TimeLimits::default(),
            retries: retries.clone(),
            clock: Arc::clone(clock),
            request_ids: Arc::clone(request_ids),
        })
        .map_err(|error| no_token(format!("a token is there, but TLS cannot be used: cannot {error}")))?;
        Ok(Found { live, source })
    }

    fn token_in(&self, variable: &str) -> Result<Token, NoToken> {
        let value = (self.settings.variable)(variable).ok_or_else(|| no_token(format!("{variable} is not set")))?;
        value.expose_secret().parse().map_err(|error| no_token(format!("{variable} holds none: {error}")))
    }
}

fn no_token(reason: String) -> NoToken {
    NoToken { reasons: vec![reason] }
}

fn source_in_words(source: &Source) -> String {
    match source {
        Source::ApiKey => "HEROKU_API_KEY".to_owned(),
        Source::Cli(_) => format!("`{source}`"),
        Source::Netrc(file) => file.display().to_string(),
    }
}
