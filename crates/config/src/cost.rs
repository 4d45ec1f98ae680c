//! What a file costs of Heroku's rate limit, at rest.

use crate::Definitions;
use flyball_model::AccountName;
use flyball_monitors::Monitor;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Platform API calls that a file will make while nothing is wrong: those of the monitors that look at Heroku.
/// Reactions add theirs when they run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// The accounts that monitors look with, by name.
    pub accounts: Vec<AccountCost>,
    /// Checks of hosts that are under way at once when every one of them times out: each holds a place. A check never
    /// overlaps itself.
    pub checks_at_once: u64,
}

/// What one account will be asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountCost {
    /// The account.
    pub account: AccountName,
    /// Monitors that look with it.
    pub monitors: usize,
    /// Calls a minute, at most: what several monitors ask about one app in the same moment is asked once.
    pub calls_per_minute: f64,
    /// Calls a minute that Heroku allows: [`Cost::ALLOWED_PER_MINUTE`].
    pub allowed_per_minute: f64,
}

impl Cost {
    /// What Heroku refills in a minute: 4,500 calls an hour for each account (Platform API reference, *rate limits*).
    pub const ALLOWED_PER_MINUTE: f64 = 75.0;
}

impl AccountCost {
    /// Whether the file asks for more than Heroku allows, so that readings will be unknown.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.calls_per_minute > self.allowed_per_minute
    }
}

/// As a sentence: "the account "default" will be asked at most 12.0 times a minute by 3 monitors; Heroku allows 75".
impl fmt::Display for AccountCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, monitors, calls_per_minute, allowed_per_minute } = self;
        let s = if *monitors == 1 { "" } else { "s" };
        write!(
            f,
            "the account \"{account}\" will be asked at most {calls_per_minute:.1} times a minute by {monitors} monitor{s}; \
             Heroku allows {allowed_per_minute:.0}"
        )
    }
}

/// Adds up what the enabled monitors of a file cost.
#[must_use]
pub fn cost(definitions: &Definitions) -> Cost {
    let enabled = || definitions.monitors.iter().filter(|monitor| monitor.enabled);
    let under_way = |monitor: &Monitor| {
        let part = monitor.kind.timeout().map_or(0.0, |timeout| timeout.as_secs_f64() / monitor.every.as_secs_f64());
        part.min(1.0)
    };
    let checks: f64 = enabled().map(under_way).sum();
    let mut accounts: BTreeMap<&AccountName, (usize, f64)> = BTreeMap::new();
    for monitor in enabled() {
        let Some(account) = monitor.kind.account() else { continue };
        let calls = f64::from(monitor.kind.heroku_calls_per_reading()) * 60.0 / monitor.every.as_secs_f64();
        let (monitors, sum) = accounts.entry(account).or_default();
        *monitors += 1;
        *sum += calls;
    }
    let accounts = accounts.into_iter().map(|(account, (monitors, calls_per_minute))| AccountCost {
        account: account.clone(),
        monitors,
        calls_per_minute,
        allowed_per_minute: Cost::ALLOWED_PER_MINUTE,
    });
    Cost { accounts: accounts.collect(), checks_at_once: whole(checks) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of parts of monitors, rounded up")]
fn whole(checks: f64) -> u64 {
    checks.ceil() as u64
}
