//! All apps that accounts may see, before anything is watched: what first files are written from. It only looks.

use flyball_heroku::{Error, Pool};
use flyball_model::{AccountName, App, AppId, AppName, ProcessFormation};
use futures_util::StreamExt as _;
use std::collections::HashSet;

/// The most apps that are looked at in one survey, of all accounts together.
pub const APPS_MAX: usize = flyball_heroku::APPS_ENOUGH - 1;
/// Apps that are looked at in the same moment.
const APPS_AT_ONCE: usize = 8;

/// The apps of some accounts.
#[derive(Debug)]
pub struct Apps {
    /// Each once, by the first account that sees it: by account, and then by name.
    pub seen: Vec<(AccountName, App)>,
    /// Whether there are more than [`APPS_MAX`], of which the others are left out.
    pub has_more: bool,
    /// How many were not understood.
    pub left_out: usize,
}

/// Asks each account for its apps, in this order.
///
/// # Errors
///
/// When one of them cannot be asked: what is missing would be taken for not there.
pub async fn apps(pool: &Pool, accounts: &[AccountName]) -> Result<Apps, Error> {
    let (mut seen, mut left_out) = (Vec::new(), 0);
    for account in accounts {
        let Some(heroku) = pool.for_effects(account) else { continue };
        let answer = heroku.apps().await?;
        left_out += answer.left_out;
        seen.extend(answer.value.into_iter().map(|app| (account.clone(), app)));
    }
    let mut known: HashSet<AppId> = HashSet::new();
    seen.retain(|(_, app)| known.insert(app.id.clone()));
    let has_more = seen.len() > APPS_MAX;
    seen.truncate(APPS_MAX);
    Ok(Apps { seen, has_more, left_out })
}

/// The formations of apps, each by its account, in the same order.
pub async fn formations(pool: &Pool, apps: &[(AccountName, AppName)]) -> Vec<Result<Vec<ProcessFormation>, Error>> {
    let looks = apps.iter().map(|(account, app)| async move {
        match pool.for_effects(account) {
            Some(heroku) => heroku.formation(app).await.map(|answer| answer.value),
            // Whoever is no account any more sees nothing of it.
            None => Ok(Vec::new()),
        }
    });
    futures_util::stream::iter(looks.collect::<Vec<_>>()).buffered(APPS_AT_ONCE).collect().await
}
