//! What a diagnosis looks at: Heroku, by each account, and the database. Nothing is changed.

use super::checks::{self, AccountSeen};
use super::finding::Finding;
use crate::look::look;
use crate::ports::Clock;
use flyball_config::Definitions;
use flyball_heroku::{Error, Heroku, Pool};
use flyball_model::{AccountName, AppName, Needs, Sight};
use flyball_reactions::Reaction;
use flyball_store::{Address, Exposed, exposed};
use futures_util::{FutureExt as _, StreamExt as _};
use std::collections::BTreeMap;
use std::path::Path;

/// Apps that are looked at in the same moment.
const APPS_AT_ONCE: usize = 8;

/// The apps that a file needs of an account, each with the reactions on it.
type Needed<'a> = BTreeMap<AccountName, BTreeMap<AppName, Vec<&'a Reaction>>>;

/// Looks at each account that the file needs: its token, its calls, its clock, and the apps that the file names.
pub async fn accounts(pool: &Pool, definitions: &Definitions, clock: &dyn Clock) -> Vec<Finding> {
    accounts_and_apps(pool, definitions, clock).await.0
}

/// The same, with what was seen of each app, by the name in the file.
pub(crate) async fn accounts_and_apps(
    pool: &Pool,
    definitions: &Definitions,
    clock: &dyn Clock,
) -> (Vec<Finding>, Vec<(AppName, Sight)>) {
    let (mut findings, mut sights) = (Vec::new(), Vec::new());
    let needed = needed(definitions);
    let pages = checks::pages(definitions);
    let others_are_used = needed.iter().any(|(name, apps)| *name != AccountName::default() && !apps.is_empty());
    let mut sizes_seen = false;
    for (name, apps) in &needed {
        if apps.is_empty() && others_are_used && *name == AccountName::default() {
            continue;
        }
        let Some(found) = pool.find(name).await else { continue };
        findings.push(checks::token(name, &found));
        let (Ok(_), Some(heroku)) = (found, pool.for_effects(name)) else { continue };
        match account(&*heroku, clock).await {
            Ok(seen) => findings.extend(checks::account(name, &seen)),
            Err(error) => {
                findings.push(Finding::of_heroku("account", &error));
                continue;
            }
        }
        if !std::mem::replace(&mut sizes_seen, true) {
            findings.push(checks::sizes(&heroku.dyno_sizes().await.map(|answer| answer.value)));
        }
        let looks = apps.iter().map(|(name, reactions)| {
            let (heroku, pages, needs) = (&*heroku, &pages, needs(reactions));
            async move {
                let seen = look(heroku, name, needs, clock).await;
                (checks::app(name, reactions, pages, &seen), seen.ok().map(|sight| (name.clone(), sight)))
            }
            .boxed()
        });
        let looks = futures_util::stream::iter(looks.collect::<Vec<_>>()).buffered(APPS_AT_ONCE);
        for (found, sight) in looks.collect::<Vec<_>>().await {
            findings.extend(found);
            sights.extend(sight);
        }
    }
    (findings, sights)
}

/// What must be seen of an app to tell whether these can act on it.
fn needs(reactions: &[&Reaction]) -> Needs {
    let each = reactions.iter().map(|reaction| reaction.kind.needs());
    // Whether a dyno that is not there may come is told by its process type.
    each.fold(Needs { formation: !reactions.is_empty(), ..Needs::default() }, Needs::and)
}

fn needed(definitions: &Definitions) -> Needed<'_> {
    let mut needed = Needed::new();
    for account in &definitions.accounts {
        // The default one is there whether a file mentions it or not; it is looked at all the same.
        needed.entry(account.name.clone()).or_default();
    }
    for reaction in &definitions.reactions {
        let apps = needed.entry(reaction.kind.account().clone()).or_default();
        apps.entry(reaction.kind.app().clone()).or_default().push(reaction);
    }
    for monitor in &definitions.monitors {
        if let (Some(account), Some(app)) = (monitor.kind.account(), monitor.kind.app()) {
            needed.entry(account.clone()).or_default().entry(app.clone()).or_default();
        }
    }
    needed
}

/// Whose the token is, what is left of its calls, and Heroku's clock. An error means that the token is not taken.
async fn account(heroku: &dyn Heroku, clock: &dyn Clock) -> Result<AccountSeen, Error> {
    let asked_at = clock.now();
    let answer = heroku.account().await?;
    let answered_at = clock.now();
    let calls_left = heroku.rate_limit().await.map(|left| left.value);
    Ok(AccountSeen { email: answer.value.email, asked_at, answered_at, date: answer.date, calls_left })
}

/// What other users of this machine may do to the database and its folder.
#[must_use]
pub fn others(database: &Path) -> Vec<Finding> {
    let told = |exposed: &Exposed| match exposed {
        // Whoever may do that may have us remember, and do, what they like.
        Exposed::Folder(_) => Finding::bad("folder", exposed.words()).hint(exposed.hint()),
        Exposed::File(_) => Finding::note("database", exposed.words()).hint(exposed.hint()),
    };
    exposed(database).iter().map(told).collect()
}

/// Whether the database can be written. One that is not there is not made.
pub async fn database(address: &Address) -> Finding {
    let place = address.place();
    let is_there = place.file().is_none_or(Path::exists);
    if is_there {
        return match address.open_existing().await {
            Ok(store) => {
                let is_read_only = store.is_read_only();
                store.close().await;
                if is_read_only {
                    let refused = flyball_store::Error::ReadOnly { doing: "write the database".to_owned(), place };
                    return Finding::of_store("database", &refused);
                }
                Finding::good("database", format!("{place} can be written"))
            }
            Err(flyball_store::Error::NotThere { .. }) => {
                Finding::good("database", format!("{place} answers, and is empty yet"))
            }
            Err(error) => Finding::of_store("database", &error),
        };
    }
    let Some(file) = place.file() else { return Finding::good("database", format!("{place} answers")) };
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = directory.join(format!(".flyball-doctor-{}", std::process::id()));
    match std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::good("database", format!("{} can be made", file.display())),
        Err(error) => Finding::bad("database", format!("{} cannot be made: {error}", file.display()))
            .hint("let this user write its directory, or name another with --database"),
    }
}
