//! From what was seen to findings: values in, values out.

use super::acts;
use super::finding::Finding;
use crate::queries::{Rival, UndoneSteps};
use flyball_config::{AccountCost, Definitions, cost};
use flyball_decide::Home;
use flyball_heroku::Error;
use flyball_heroku::token::NoToken;
use flyball_model::{
    AccountName, AppName, DynoSize, Excerpt, MonitorName, SEALED, Sight, Timestamp, duration, not_had,
};
use flyball_monitors::{Kind, Monitor, PageUrl};
use flyball_reactions::Reaction;
use flyball_views::EngineState;
use std::collections::BTreeSet;
use std::time::Duration;

/// Clocks further apart than this make times hard to compare; NTP keeps them within milliseconds.
const SKEW_MAX: Duration = Duration::from_secs(5);
/// Fewer calls than this, and monitors are about to go blind: two minutes of what comes back.
const CALLS_LOW: u32 = 150;
/// At most this many sizes that are not known here are named.
const SIZES_TOLD: usize = 20;

/// What was seen of an account whose token Heroku takes.
pub(super) struct AccountSeen {
    pub(super) email: String,
    pub(super) asked_at: Timestamp,
    pub(super) answered_at: Timestamp,
    /// Heroku's clock in the answer.
    pub(super) date: Option<Timestamp>,
    pub(super) calls_left: Result<u32, Error>,
}

/// A file that was read: what it defines, what it costs, and whether the variables are set that it names.
#[must_use]
pub fn file(file: &str, definitions: &Definitions, is_set: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = vec![Finding::good("file", format!("{file} is good: {}", definitions.counted()))];
    let warned = match definitions.warnings.len() {
        0 => None,
        1 => Some("1 warning".to_owned()),
        count => Some(format!("{count} warnings")),
    };
    findings.extend(warned.map(|words| Finding::note("file", words).hint("`flyball validate` shows them")));
    findings.extend(cost(definitions).accounts.iter().map(|account| match AccountCost::is_over(account) {
        true => Finding::bad("cost", account.to_string()),
        false => Finding::good("cost", account.to_string()),
    }));
    let by_monitors = definitions.monitors.iter().flat_map(|monitor| monitor.kind.variables());
    let by_reactions = definitions.reactions.iter().flat_map(|reaction| reaction.kind.variables());
    let by_quiet = definitions.reactions.iter().filter_map(|reaction| reaction.kind.quiet());
    let by_quiet = by_quiet.map(|quiet| quiet.secret.0.as_str());
    let by_channels = definitions.channels.iter().flat_map(flyball_channels::Channel::variables);
    let proxy = definitions.network.proxy.variable();
    let named: BTreeSet<&str> =
        by_monitors.chain(by_reactions).chain(by_quiet).chain(by_channels).chain(proxy).collect();
    findings.extend(named.into_iter().filter(|name| !is_set(name)).map(|name| {
        Finding::bad(
            "environment",
            if name.starts_with(SEALED) { not_had(name) } else { format!("{name} is not set, and the file names it") },
        )
        .hint("set it where `flyball up` runs")
    }));
    findings
}

/// Where an account's token is, or why there is none.
pub(super) fn token(name: &AccountName, found: &Result<String, NoToken>) -> Finding {
    match found {
        Ok(source) => Finding::good("token", format!("of the account \"{name}\" in {source}")),
        Err(none) => {
            Finding::bad("token", format!("the account \"{name}\" has none: cannot {none}")).hint(NoToken::HINT)
        }
    }
}

/// Whose the token is, how far apart our clocks are, and what is left of its calls.
pub(super) fn account(name: &AccountName, seen: &AccountSeen) -> Vec<Finding> {
    let mut findings = vec![Finding::good("account", format!("\"{name}\" is {}", Excerpt::of(&seen.email)))];
    findings.extend(seen.date.map(|theirs| clock(seen.asked_at, seen.answered_at, theirs)));
    findings.push(match &seen.calls_left {
        Ok(left) if *left < CALLS_LOW => Finding::bad("quota", format!("only {left} calls left"))
            .hint("75 come back each minute; see what else uses the account, or raise `every`"),
        Ok(left) => Finding::good("quota", format!("{left} calls left")),
        Err(error) => Finding::of_heroku("quota", error),
    });
    findings
}

/// Heroku's clock against ours. Its date has whole seconds, and its answer took a while.
fn clock(asked_at: Timestamp, answered_at: Timestamp, theirs: Timestamp) -> Finding {
    let (earliest, latest) = (asked_at - Duration::from_secs(1), answered_at + Duration::from_secs(1));
    let apart = earliest.since(theirs).max(theirs.since(latest));
    if apart <= SKEW_MAX {
        return Finding::good("clock", "agrees with Heroku's");
    }
    let side = if theirs > latest { "behind" } else { "ahead of" };
    let words =
        format!("this machine's is {} {side} Heroku's", duration::roughly(Duration::from_secs(apart.as_secs())));
    Finding::bad("clock", words).hint("let it be set by NTP; Flyball allows for the difference as far as it can")
}

/// Heroku's list of sizes against ours.
pub(super) fn sizes(theirs: &Result<Vec<DynoSize>, Error>) -> Finding {
    let theirs = match theirs {
        Ok(theirs) => theirs,
        Err(error) => return Finding::of_heroku("sizes", error),
    };
    let new = theirs.iter().filter(|size| size.facts().is_none());
    let new: Vec<String> = new.take(SIZES_TOLD).map(|size| Excerpt::of(size.as_str()).to_string()).collect();
    if new.is_empty() {
        return Finding::good("sizes", format!("all {} of Heroku's are known", theirs.len()));
    }
    Finding::note("sizes", format!("not known here: {}", new.join(", ")))
        .hint("they are no rungs of the default ladder; name them in `ladder`, or use a newer Flyball")
}

/// Whether an app can be seen, and whether the reactions on it can act.
pub(super) fn app(
    app: &AppName,
    reactions: &[&Reaction],
    pages: &[(&MonitorName, &PageUrl)],
    seen: &Result<Sight, Error>,
) -> Vec<Finding> {
    let sight = match seen {
        Ok(sight) => sight,
        Err(error) => return vec![Finding::of_heroku("app", error)],
    };
    let mut findings = vec![Finding::good("app", format!("{app} can be seen"))];
    if sight.app.maintenance {
        findings.push(Finding::note("app", format!("{app} is in maintenance mode, in which reactions hold")));
    }
    if let Some(web_url) = &sight.app.web_url {
        findings.extend(pages.iter().filter_map(|(monitor, page)| elsewhere(app, web_url, monitor, page)));
    }
    findings.extend(reactions.iter().map(|reaction| acts::reaction(reaction, sight)));
    findings
}

/// Where Heroku puts the pages of its apps.
const PAGES: &str = ".herokuapp.com";
/// Newer apps have this many hexadecimal digits behind their name there (Dev Center, *app names and subdomains*).
const SUFFIX: usize = 12;

/// The pages that monitors look at under the very name that their URL has.
pub(super) fn pages<'a>(definitions: &'a Definitions) -> Vec<(&'a MonitorName, &'a PageUrl)> {
    let page = |monitor: &'a Monitor| match monitor {
        Monitor { name, kind: Kind::Http(http), .. } if http.host.is_none() => Some((name, &http.url)),
        _ => None,
    };
    definitions.monitors.iter().filter_map(page).collect()
}

/// A page that is meant to be the app's, going by its name, and cannot be: Heroku serves the app at another.
fn elsewhere(app: &AppName, web_url: &str, monitor: &MonitorName, page: &PageUrl) -> Option<Finding> {
    let host = page.url().host_str()?;
    let rest = host.strip_suffix(PAGES)?.strip_prefix(app.as_str())?;
    let is_suffix = |digits: &str| digits.len() == SUFFIX && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    // `shop-api` is another app than `shop`.
    if !rest.is_empty() && !rest.strip_prefix('-').is_some_and(is_suffix) {
        return None;
    }
    // Heroku tells its address whole, so that nothing of the page's own is left in it.
    let own = page.url().join(web_url).ok()?;
    let own_host = own.host_str().filter(|own| own.starts_with(app.as_str()) && *own != host)?;
    let mut right = page.url().clone();
    right.set_host(Some(own_host)).ok()?;
    let words = format!("\"{monitor}\" looks at {host}, and that is not where {app} is");
    Some(Finding::bad("page", words).hint(format!("write `url = \"{right}\"`")))
}

/// Whether an engine runs on the database.
#[must_use]
pub fn engine(state: EngineState) -> Finding {
    match state {
        EngineState::Running => Finding::good("engine", "runs"),
        EngineState::Silent => Finding::bad("engine", "holds the lock, and gives no sign of life in this database")
            .hint("was the database deleted, replaced or restored, or is its disk full? Start `flyball up` anew"),
        EngineState::Stopped => Finding::note("engine", "does not run").hint("`flyball up` starts it"),
    }
}

/// Whether a reaction would act on the app that we run on, as far as that is known here.
#[must_use]
pub fn home(home: &Home, definitions: &Definitions) -> Vec<Finding> {
    let own = match (home, &definitions.settings.own_app) {
        (Home::App { name: Some(name), .. }, _) | (Home::Elsewhere | Home::SomeApp, Some(name)) => name,
        (Home::SomeApp, None) => {
            return vec![
                Finding::bad("home", "Flyball runs on a dyno, and does not know of which app: every reaction holds")
                    .hint("`heroku labs:enable runtime-dyno-metadata`, or `own_app = \"…\"` in the file"),
            ];
        }
        (Home::Elsewhere | Home::App { name: None, .. }, _) => return Vec::new(),
    };
    let on_it = definitions.reactions.iter().filter(|reaction| reaction.kind.app() == own);
    let told = on_it.map(|reaction| match reaction.policy.allow_self {
        true => format!("\"{}\" acts on {own}, on which Flyball itself runs", reaction.name),
        false => format!("\"{}\" holds: Flyball itself runs on {own}", reaction.name),
    });
    told.map(|words| Finding::note("home", words)).collect()
}

/// What looks like another autoscaler.
#[must_use]
pub fn rival(Rival { app, process_type, times }: &Rival) -> Finding {
    Finding::bad("rivals", format!("{process_type} of {app} was scaled {times} times within an hour by others"))
        .hint("this looks like another autoscaler: switch one of the two off, or set `give_way` on the reaction")
}

/// What a reaction took away, and something else had to give back.
#[must_use]
pub fn undone(UndoneSteps { reaction, app, words }: &UndoneSteps) -> Finding {
    Finding::note("undone", format!("\"{reaction}\" on {app}: {words}"))
        .hint("the load needs what it takes: raise its minimum or `trigger`, or what its monitor asks for")
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    #[test]
    fn undone_steps_are_named_with_when_the_next_may_come() {
        let words = "3 of the last 3 steps in were undone within 2m: next at 2026-01-02T03:04:05Z".to_owned();
        let steps = UndoneSteps { reaction: "less".parse().unwrap(), app: "shop".parse().unwrap(), words };
        let told = undone(&steps);
        assert_eq!(told.health, Health::Note);
        assert!(told.words.starts_with("\"less\" on shop: 3 of the last 3 steps in were undone"), "{told:?}");
    }

    #[test]
    fn a_clock_is_wrong_only_beyond_what_the_answer_took() {
        let at = |millis: i64| Timestamp::from_millis(1_700_000_000_000 + millis);
        let health = |theirs| clock(at(0), at(2_000), at(theirs)).health;
        assert_eq!(health(0), Health::Good);
        assert_eq!(health(-6_000), Health::Good);
        assert_eq!(health(-7_000), Health::Bad);
        assert_eq!(health(9_000), Health::Bad);
        assert!(clock(at(0), at(0), at(60_000)).words.contains("behind"));
        assert!(clock(at(0), at(0), at(-60_000)).words.contains("ahead of"));
    }
}
