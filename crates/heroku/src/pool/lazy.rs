//! An account that finds its token when it is first asked, and looks for another one when Heroku refuses it.

use super::{PoolSettings, Standing};
use crate::token::{self, NoToken, Source, discover};
use crate::{Budget, Live, LiveSettings, TimeLimits, Token};
use flyball_model::{AccountName, Timestamp};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;

/// After no token was found, or again the one that Heroku refuses, this long passes before the next search: Heroku's CLI
/// takes seconds to say what it has.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

pub(super) struct Lazy {
    settings: Arc<PoolSettings>,
    /// The variable that holds the token; none for Heroku's own ways.
    variable: Option<String>,
    state: Mutex<State>,
    /// Whether a person asked for another look.
    anew: AtomicBool,
}

/// What is known of the token.
enum State {
    NotAsked,
    Found { found: Found, at: Timestamp },
    None { why: NoToken, at: Timestamp },
}

/// A client with its token, and where that was.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) live: Live,
    pub(super) source: Source,
}

impl Lazy {
    pub(super) fn new(settings: Arc<PoolSettings>, variable: Option<String>) -> Self {
        Self { settings, variable, state: Mutex::new(State::NotAsked), anew: AtomicBool::new(false) }
    }

    /// The variable that holds the token; `None` for Heroku's own ways.
    pub(super) fn variable(&self) -> Option<&str> {
        self.variable.as_deref()
    }

    /// The next call looks for the token anew.
    pub(super) fn look_anew(&self) {
        self.anew.store(true, Ordering::Relaxed);
    }

    /// Where it stands, without looking for a token, and without waiting for whoever does.
    pub(super) fn standing(&self, account: AccountName) -> Standing {
        let mut standing = Standing { account, source: self.variable.clone(), why_none: None, left: None, stats: None };
        match self.state.try_lock().as_deref() {
            Ok(State::Found { found: Found { live, source }, .. }) => {
                standing.source = Some(source.to_string());
                standing.left = Some(live.budget().left((self.settings.clock)()));
                standing.stats = Some(live.stats());
            }
            Ok(State::None { why, .. }) => standing.why_none = Some(why.reasons.join("; ")),
            Ok(State::NotAsked) | Err(_) => {}
        }
        standing
    }

    /// The client. Several that ask at once wait for one search. A token that Heroku refused is looked for anew where it may
    /// have been replaced; if it is still the same, so is the client, with its stop.
    pub(super) async fn found(&self) -> Result<Found, NoToken> {
        let mut state = self.state.lock().await;
        let now = (self.settings.clock)();
        let anew = self.anew.swap(false, Ordering::Relaxed);
        let known = match &*state {
            State::NotAsked => None,
            State::None { why, at } if !anew && now.since(*at) < LOOK_AGAIN => return Err(why.clone()),
            State::None { .. } => None,
            State::Found { found, at } => {
                let refused = found.live.is_refused() && now.since(*at) >= LOOK_AGAIN;
                if !found.source.is_read_anew() || !(anew || refused) {
                    return Ok(found.clone());
                }
                Some(found.clone())
            }
        };
        let searched = match (self.search(known.as_ref()).await, known) {
            // What the CLI cannot say just now takes no token away that Heroku takes.
            (Err(_), Some(known)) if !known.live.is_refused() => Ok(known),
            (searched, _) => searched,
        };
        let at = (self.settings.clock)();
        *state = match &searched {
            Ok(found) => State::Found { found: found.clone(), at },
            Err(why) => State::None { why: why.clone(), at },
        };
        searched
    }

    async fn search(&self, known: Option<&Found>) -> Result<Found, NoToken> {
        let PoolSettings { base, user_agent, surroundings, retries, clock, request_ids, .. } = &*self.settings;
        let token::Found { token, source } = match &self.variable {
            None => discover(&surroundings(), base).await?,
            Some(variable) => {
                token::Found { token: self.token_in(variable)?, source: Source::Variable(variable.clone()) }
            }
        };
        if let Some(known) = known.filter(|known| known.source == source && known.live.has_token(&token)) {
            return Ok(known.clone());
        }
        let live = Live::new(LiveSettings {
            base: base.clone(),
            token,
            user_agent: user_agent.clone(),
            // Nearly always the same account's, and Heroku's next answer puts it right where it is another's.
            budget: known.map_or_else(Budget::default, |known| known.live.budget().clone()),
            limits: TimeLimits::default(),
            retries: retries.clone(),
            clock: Arc::clone(clock),
            request_ids: Arc::clone(request_ids),
        })
        .map_err(|error| no_token(format!("a token is there, but TLS cannot be used: cannot {error}")))?;
        Ok(Found { live: live.with_token_from(source.clone()), source })
    }

    fn token_in(&self, variable: &str) -> Result<Token, NoToken> {
        let value = (self.settings.variable)(variable).ok_or_else(|| no_token(format!("{variable} is not set")))?;
        value.expose_secret().parse().map_err(|error| no_token(format!("{variable} holds none: {error}")))
    }
}

fn no_token(reason: String) -> NoToken {
    NoToken { reasons: vec![reason] }
}
