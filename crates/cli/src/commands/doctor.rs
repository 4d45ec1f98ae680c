//! `flyball doctor`: whether everything is as it should be, line by line, each with what to do.

use super::reading::{Desk, engine_state};
use super::validate::{cost_in_words, counted};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::wiring::{Accounts, Wiring};
use flyball_config::{AccountCost, Definitions, cost};
use flyball_engine::queries::{EngineState, Rival};
use flyball_engine::{Accounts as _, Home};
use flyball_heroku::{Access, Heroku};
use flyball_heroku::token::NoToken;
use flyball_model::{AccountName, AppName, DynoSize, MonitorName, ProcessType, Timestamp, duration};
use flyball_monitors::{Kind, Monitor, PageUrl};
use flyball_store::Sqlite;
use futures_util::StreamExt as _;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Apps that are looked at in the same moment.
const APPS_AT_ONCE: usize = 8;
/// Clocks further apart than this make times hard to compare; NTP keeps them within milliseconds.
const SKEW_MAX: Duration = Duration::from_secs(5);
/// Fewer calls than this, and monitors are about to go blind: two minutes of what comes back.
const CALLS_LOW: u32 = 150;

/// One line of the diagnosis.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    about: &'static str,
    health: Health,
    words: String,
    hint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// To be mended.
    Bad,
}

impl Finding {
    fn new(about: &'static str, health: Health, words: impl Into<String>) -> Self {
        Self { about, health, words: words.into(), hint: None }
    }

    fn good(about: &'static str, words: impl Into<String>) -> Self {
        Self::new(about, Health::Good, words)
    }

    fn bad(about: &'static str, words: impl Into<String>) -> Self {
        Self::new(about, Health::Bad, words)
    }

    fn hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    fn of_error(about: &'static str, error: &flyball_heroku::Error) -> Self {
        Self::bad(about, format!("cannot {error}")).hint(error.hint())
    }
}

pub(super) async fn doctor(wiring: &Wiring) -> Result<Exit, Failure> {
    let mut findings = Vec::new();
    let definitions = of_file(wiring, &mut findings);
    match wiring.base() {
        Ok(base) if base.is_production() => {}
        Ok(base) => findings.push(Finding::new("host", Health::Note, format!("HEROKU_HOST is {base}"))),
        Err(failure) => findings.push(of_failure("host", &failure)),
    }
    // Without a good file there is still the default account to look at.
    let looked_at = definitions.clone().or_else(|| flyball_config::read("", "").ok());
    if let Some(definitions) = looked_at
        && let Ok(accounts) = wiring.accounts(Access::ReadOnly, &definitions)
    {
        of_accounts(wiring, &definitions, &accounts, &mut findings).await;
    }
    if let Some(definitions) = &definitions {
        findings.extend(of_home(wiring, definitions));
    }
    findings.push(of_database(wiring).await);
    findings.push(of_engine(wiring));
    findings.extend(of_rivals(wiring).await);

    match wiring.format {
        Format::Json => output::json(&findings)?,
        Format::Text => findings.iter().try_for_each(tell)?,
    }
    let is_bad = findings.iter().any(|finding| finding.health == Health::Bad);
    Ok(if is_bad { Exit::NO } else { Exit::GOOD })
}

fn tell(finding: &Finding) -> Result<(), Failure> {
    let (mark, style) = match finding.health {
        Health::Good => ("✓", output::GOOD),
        Health::Note => ("·", output::ODD),
        Health::Bad => ("✗", output::BAD),
    };
    output::data(&format!("{} {}: {}", output::paint(style, mark), finding.about, finding.words))?;
    finding.hint.iter().try_for_each(|hint| output::data(&format!("    {hint}")))
}

/// A failure as a line: what and why; and what to do, where that is known.
fn of_failure(about: &'static str, failure: &Failure) -> Finding {
    let words = failure.render().map(|words| anstream::adapter::strip_str(&words).to_string()).unwrap_or_default();
    let (hints, told): (Vec<&str>, Vec<&str>) =
        words.lines().map(str::trim).partition(|line| line.starts_with("hint: "));
    let told: Vec<&str> =
        told.iter().map(|line| line.trim_start_matches("error: ").trim_start_matches("cause: ")).collect();
    let hint = hints.first().map(|hint| hint.trim_start_matches("hint: "));
    Finding::bad(about, told.join(": ")).hint(hint)
}

fn of_file(wiring: &Wiring, findings: &mut Vec<Finding>) -> Option<Definitions> {
    let file = wiring.config().display();
    let definitions = match wiring.definitions() {
        Ok(definitions) => definitions,
        Err(Failure::Mistakes(mistakes)) => {
            let words = format!("{file} has {}", counted(mistakes.len(), "mistake"));
            findings.push(Finding::bad("file", words).hint(Some("`flyball validate` shows them")));
            return None;
        }
        Err(failure) => {
            findings.push(of_failure("file", &failure));
            return None;
        }
    };
    findings.push(Finding::good("file", format!("{file} is good: {}", definitions.counted())));
    if !definitions.warnings.is_empty() {
        let words = counted(definitions.warnings.len(), "warning");
        findings.push(Finding::new("file", Health::Note, words).hint(Some("`flyball validate` shows them")));
    }
    for account in cost(&definitions).accounts {
        let health = if AccountCost::is_over(&account) { Health::Bad } else { Health::Good };
        findings.push(Finding::new("cost", health, cost_in_words(&account)));
    }
    let by_monitors = definitions.monitors.iter().flat_map(|monitor| monitor.kind.variables());
    let by_reactions = definitions.reactions.iter().flat_map(|reaction| reaction.kind.variables());
    let named: BTreeSet<&str> = by_monitors.chain(by_reactions).collect();
    for name in named {
        if wiring.environment.variable(name).is_none() {
            findings.push(
                Finding::bad("environment", format!("{name} is not set, and a monitor names it"))
                    .hint(Some("set it where `flyball up` runs")),
            );
        }
    }
    Some(definitions)
}

/// What a file needs of an account's apps.
type Needed = BTreeMap<AccountName, BTreeMap<AppName, BTreeSet<ProcessType>>>;

fn needed(definitions: &Definitions) -> Needed {
    let mut needed = Needed::new();
    for account in &definitions.accounts {
        // The default one is there whether a file mentions it or not; it is looked at all the same.
        needed.entry(account.name.clone()).or_default();
    }
    for reaction in &definitions.reactions {
        let apps = needed.entry(reaction.kind.account().clone()).or_default();
        let process_types = apps.entry(reaction.kind.app().clone()).or_default();
        process_types.extend(reaction.kind.process_type().cloned());
    }
    for monitor in &definitions.monitors {
        if let (Some(account), Some(app)) = (monitor.kind.account(), monitor.kind.app()) {
            needed.entry(account.clone()).or_default().entry(app.clone()).or_default();
        }
    }
    needed
}

async fn of_accounts(
    wiring: &Wiring,
    definitions: &Definitions,
    accounts: &Arc<Accounts>,
    findings: &mut Vec<Finding>,
) {
    let needed = needed(definitions);
    let pages = pages(definitions);
    let others_are_used = needed.iter().any(|(name, apps)| *name != AccountName::default() && !apps.is_empty());
    let mut sizes_seen = false;
    for (name, apps) in &needed {
        if apps.is_empty() && others_are_used && *name == AccountName::default() {
            continue;
        }
        let Some(heroku) = token(name, accounts, findings).await else { continue };
        if !account(wiring, name, &*heroku, findings).await {
            continue;
        }
        if !std::mem::replace(&mut sizes_seen, true) {
            findings.push(sizes(&*heroku).await);
        }
        let looks = futures_util::stream::iter(apps).map(|(app, types)| of_app(&*heroku, app, types, &pages));
        findings.extend(looks.buffered(APPS_AT_ONCE).collect::<Vec<_>>().await.into_iter().flatten());
    }
}

/// Where an account's token is.
async fn token(name: &AccountName, accounts: &Accounts, findings: &mut Vec<Finding>) -> Option<Arc<dyn Heroku>> {
    match accounts.find(name).await? {
        Ok(source) => {
            findings.push(Finding::good("token", format!("of the account \"{name}\" in {source}")));
            accounts.heroku(name)
        }
        Err(none) => {
            let words = format!("the account \"{name}\" has none: cannot {none}");
            findings.push(Finding::bad("token", words).hint(Some(NoToken::HINT)));
            None
        }
    }
}

/// Whose the token is, what is left of its calls, and how far apart our clocks are. False when it is not taken.
async fn account(wiring: &Wiring, name: &AccountName, heroku: &dyn Heroku, findings: &mut Vec<Finding>) -> bool {
    let asked_at = wiring.now();
    let answer = match heroku.account().await {
        Ok(answer) => answer,
        Err(error) => {
            findings.push(Finding::of_error("account", &error));
            return false;
        }
    };
    let email = flyball_model::Excerpt::of(&answer.value.email);
    findings.push(Finding::good("account", format!("\"{name}\" is {email}")));
    findings.extend(answer.date.map(|theirs| clock(asked_at, wiring.now(), theirs)));
    findings.push(match heroku.rate_limit().await {
        Ok(left) if left.value < CALLS_LOW => Finding::bad("quota", format!("only {} calls left", left.value))
            .hint(Some("75 come back each minute; see what else uses the account, or raise `every`")),
        Ok(left) => Finding::good("quota", format!("{} calls left", left.value)),
        Err(error) => Finding::of_error("quota", &error),
    });
    true
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
    Finding::bad("clock", words).hint(Some("let it be set by NTP; Flyball allows for the difference as far as it can"))
}

/// Heroku's list of sizes against ours.
async fn sizes(heroku: &dyn Heroku) -> Finding {
    let theirs = match heroku.dyno_sizes().await {
        Ok(answer) => answer.value,
        Err(error) => return Finding::of_error("sizes", &error),
    };
    let new: Vec<String> = theirs.iter().filter(|size| size.facts().is_none()).take(20).map(clean).collect();
    if new.is_empty() {
        return Finding::good("sizes", format!("all {} of Heroku's are known", theirs.len()));
    }
    Finding::new("sizes", Health::Note, format!("not known here: {}", new.join(", ")))
        .hint(Some("they are no rungs of the default ladder; name them in `ladder`, or use a newer Flyball"))
}

fn clean(size: &DynoSize) -> String {
    flyball_model::Excerpt::of(size.as_str()).to_string()
}

/// Whether an app can be seen, and has what the file names.
async fn of_app(
    heroku: &dyn Heroku,
    app: &AppName,
    process_types: &BTreeSet<ProcessType>,
    pages: &[(&MonitorName, &PageUrl)],
) -> Vec<Finding> {
    let seen = match heroku.app(app).await {
        Ok(answer) => answer.value,
        Err(error) => return vec![Finding::of_error("app", &error)],
    };
    let mut findings = vec![Finding::good("app", format!("{app} can be seen"))];
    if seen.maintenance {
        let words = format!("{app} is in maintenance mode, in which reactions hold");
        findings.push(Finding::new("app", Health::Note, words));
    }
    if let Some(web_url) = &seen.web_url {
        findings.extend(pages.iter().filter_map(|(monitor, page)| elsewhere(app, web_url, monitor, page)));
    }
    if process_types.is_empty() {
        return findings;
    }
    match heroku.formation(app).await {
        Ok(formation) => findings.extend(
            process_types
                .iter()
                .filter(|wanted| formation.value.iter().all(|process| process.process_type != **wanted))
                .map(|missing| {
                    Finding::bad("app", format!("{app} has no process type {missing}"))
                        .hint(Some(format!("`heroku ps:type -a {app}` lists them; correct `process_type`")))
                }),
        ),
        Err(error) => findings.push(Finding::of_error("app", &error)),
    }
    findings
}

/// Where Heroku puts the pages of its apps.
const PAGES: &str = ".herokuapp.com";
/// Newer apps have so many hexadecimal digits behind their name there (Dev Center, *app names and subdomains*).
const SUFFIX: usize = 12;

/// The pages that monitors look at under the very name that their URL has.
fn pages<'a>(definitions: &'a Definitions) -> Vec<(&'a MonitorName, &'a PageUrl)> {
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
    Some(Finding::bad("page", words).hint(Some(format!("write `url = \"{right}\"`"))))
}

/// Whether the database can be written. One that is not there is not made.
async fn of_database(wiring: &Wiring) -> Finding {
    let file = match wiring.database() {
        Ok(file) => file,
        Err(failure) => return of_failure("database", &failure),
    };
    if file.exists() {
        return match Sqlite::open(&file).await {
            Ok(store) => {
                store.close().await;
                Finding::good("database", format!("{} can be written", file.display()))
            }
            Err(error) => of_failure("database", &error.into()),
        };
    }
    let directory = file.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let probe = directory.join(format!(".flyball-doctor-{}", std::process::id()));
    match std::fs::File::create_new(&probe).and_then(|_| std::fs::remove_file(&probe)) {
        Ok(()) => Finding::good("database", format!("{} can be made", file.display())),
        Err(error) => Finding::bad("database", format!("{} cannot be made: {error}", file.display()))
            .hint(Some("let this user write its directory, or name another with --database")),
    }
}

fn of_engine(wiring: &Wiring) -> Finding {
    match wiring.database().and_then(|database| engine_state(&database)) {
        Ok(EngineState::Running) => Finding::good("engine", "runs"),
        Ok(EngineState::Stopped) => {
            Finding::new("engine", Health::Note, "does not run").hint(Some("`flyball up` starts it"))
        }
        Err(failure) => of_failure("engine", &failure),
    }
}

/// Whether a reaction would act on the app that we run on, as far as that is known here.
fn of_home(wiring: &Wiring, definitions: &Definitions) -> Vec<Finding> {
    let own = match (wiring.environment.home(), &definitions.settings.own_app) {
        (Home::App { name: Some(name), .. }, _) => name,
        (Home::Elsewhere | Home::SomeApp, Some(name)) => name.clone(),
        (Home::SomeApp, None) => {
            return vec![
                Finding::bad("home", "Flyball runs on a dyno, and does not know of which app: every reaction holds")
                    .hint(Some("`heroku labs:enable runtime-dyno-metadata`, or `own_app = \"…\"` in the file")),
            ];
        }
        (Home::Elsewhere | Home::App { name: None, .. }, _) => return Vec::new(),
    };
    let on_it = definitions.reactions.iter().filter(|reaction| *reaction.kind.app() == own);
    let told = on_it.map(|reaction| match reaction.policy.allow_self {
        true => format!("\"{}\" acts on {own}, on which Flyball itself runs", reaction.name),
        false => format!("\"{}\" holds: Flyball itself runs on {own}", reaction.name),
    });
    told.map(|words| Finding::new("home", Health::Note, words)).collect()
}

/// What looks like another autoscaler. Where nothing was remembered yet, nothing can be told.
async fn of_rivals(wiring: &Wiring) -> Vec<Finding> {
    let Ok(desk) = Desk::open(wiring).await else { return Vec::new() };
    let Ok(reader) = desk.reader(wiring) else { return Vec::new() };
    let told = |Rival { app, process_type, times }: Rival| {
        let words = format!("{process_type} of {app} was scaled {times} times within an hour by others");
        let hint = "this looks like another autoscaler: switch one of the two off, or set `give_way` on the reaction";
        Finding::bad("rivals", words).hint(Some(hint))
    };
    match reader.rivals().await {
        Ok(rivals) => rivals.into_iter().map(told).collect(),
        Err(error) => vec![of_failure("rivals", &error.into())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
