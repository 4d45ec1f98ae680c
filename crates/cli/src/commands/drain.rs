//! `flyball drain`: where Heroku is to send the logs of an app, and with `--add` that it does. The address goes to stdout alone, so that a
//! script takes it as it is; who has it added need not see it. With `--adapter` what to set in the app instead, so that an adapter in it
//! reports here.

use super::face;
use super::reading::Desk;
use crate::arguments::{Adapter, Drain};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::remote::is_loopback;
use crate::wiring::Wiring;
use flyball_config::Definitions;
use flyball_heroku::{Access, Error, Heroku, Sent};
use flyball_model::{AccountName, AppName};
use flyball_server::drain_of;
use flyball_views::DrainView;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

/// What says by which name Flyball is asked.
const NAMES: &str = "`[server] hosts`, `[notify] pages` or `[server] listen` in the file says it";

pub(super) async fn drain(wiring: &Wiring, asked: &Drain) -> Result<Exit, Failure> {
    let (drain, definitions) = match wiring.server() {
        Some(server) => {
            let drain: DrainView = server.get(&["apps", asked.app.as_str(), "drain"], &[]).await?;
            (drain, of_this_machine(wiring, asked)?)
        }
        None => here(wiring, &asked.app).await?,
    };
    if let Some(adapter) = asked.adapter {
        return set(wiring, asked, adapter, &drain);
    }
    let added = if asked.add { Some(add(wiring, asked, &definitions, &drain).await?) } else { None };
    match (wiring.format, added) {
        (Format::Json, _) => output::json(&drain)?,
        (Format::Text, Some(added)) => output::data(&added.in_words(&asked.app))?,
        (Format::Text, None) => output::data(&drain.url)?,
    }
    if drain.url.starts_with('/') {
        output::say(&format!("by which name Flyball is asked is not known here, so this is the path alone: {NAMES}"));
    }
    Ok(Exit::GOOD)
}

/// Shows what to set in the app.
fn set(wiring: &Wiring, asked: &Drain, adapter: Adapter, drain: &DrainView) -> Result<Exit, Failure> {
    let app = &asked.app;
    let (word, vars) = match adapter {
        Adapter::Judoscale => ("judoscale", &drain.judoscale),
        Adapter::Hirefire => ("hirefire", &drain.hirefire),
    };
    let Some(vars) = vars else {
        return Err(Failure::new(Exit::NO, format!("no reports of this adapter in {app} are taken"))
            .because(format!("`[receive.apps.{app}]` has no `{word}`"))
            .hint(format!("write `{word} = true` there")));
    };
    match wiring.format {
        Format::Json => output::json(drain)?,
        Format::Text => output::data(&format!("heroku config:set {vars} -a {app}"))?,
    }
    if drain.url.starts_with('/') {
        output::say(&format!(
            "by which name Flyball is asked is not known here, and is to stand before the path: {NAMES}"
        ));
    }
    Ok(Exit::GOOD)
}

async fn here(wiring: &Wiring, app: &AppName) -> Result<(DrainView, Definitions), Failure> {
    let Desk { definitions, store, .. } = Desk::open(wiring, Exit::NO).await?;
    let Some(received) = definitions.receive.iter().find(|received| received.app == *app) else {
        return Err(Failure::new(Exit::NO, format!("the logs of {app} do not come in"))
            .because(format!("{} has no `[receive.apps.{app}]`", wiring.config().display()))
            .hint(format!("write `[receive.apps.{app}]` there")));
    };
    let listen = face::address(wiring, None, &definitions.server)?;
    let variable = |name: &str| wiring.environment.variable(name);
    let drain = drain_of(&*store, &definitions, listen, variable, received).await;
    let drain =
        drain.map_err(|why| Failure::new(Exit::NO, format!("the logs of {app} cannot come in")).because(why))?;
    Ok((drain, definitions))
}

/// What the file on this machine says of accounts, where one is needed and there: a server is asked from anywhere.
fn of_this_machine(wiring: &Wiring, asked: &Drain) -> Result<Definitions, Failure> {
    let is_read = asked.add && wiring.config().exists();
    if is_read { wiring.definitions() } else { Ok(flyball_config::read("", "")?) }
}

/// What came of adding a drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Added {
    /// It was made.
    Now,
    /// It was there.
    Before,
    /// It is there; that it was made was not answered.
    Unanswered,
}

impl Added {
    fn in_words(self, app: &AppName) -> String {
        match self {
            Self::Now => format!("Heroku sends the logs of {app} here from now on"),
            Self::Before => format!("Heroku sends the logs of {app} here already; nothing was done"),
            Self::Unanswered => format!("Heroku sends the logs of {app} here from now on, though its answer was lost"),
        }
    }
}

async fn add(wiring: &Wiring, asked: &Drain, definitions: &Definitions, drain: &DrainView) -> Result<Added, Failure> {
    let app = &asked.app;
    let cannot = |why: &str| Failure::new(Exit::NO, format!("cannot add a log drain to {app}")).because(why);
    if drain.url.starts_with('/') {
        return Err(cannot("by which name Flyball is asked is not known here").hint(NAMES));
    }
    if !is_taken(&drain.url) {
        return Err(cannot("Heroku sends logs to addresses with https:// alone")
            .hint("`[server] hosts` or `[notify] pages` in the file says by which name Heroku comes here"));
    }
    let account = asked.account.clone().unwrap_or_else(|| account_of(definitions, app));
    let accounts = wiring.accounts(Access::Full, definitions)?;
    let heroku = accounts.pool().for_effects(&account).ok_or_else(|| {
        Failure::new(Exit::CONFIGURATION, format!("cannot find the account \"{account}\""))
            .because(format!("{} has no `[heroku.accounts.{account}]`", wiring.config().display()))
            .hint("write it there, with the variable of its token")
    })?;
    once(&*heroku, app, &SecretString::from(drain.url.as_str())).await
}

/// Adds a drain unless it is there. Where the answer is lost it is looked for, and nothing is sent again.
async fn once(heroku: &dyn Heroku, app: &AppName, url: &SecretString) -> Result<Added, Failure> {
    if is_there(heroku, app, url).await? {
        return Ok(Added::Before);
    }
    match heroku.add_drain(app, url).await {
        Ok(_) => Ok(Added::Now),
        Err(error) if error.sent() != Sent::Maybe => Err(error.into()),
        Err(_) if is_there(heroku, app, url).await.unwrap_or(false) => Ok(Added::Unanswered),
        Err(error) => Err(Failure::from(error).hint("run this again: it first looks whether the drain came about")),
    }
}

async fn is_there(heroku: &dyn Heroku, app: &AppName, url: &SecretString) -> Result<bool, Error> {
    let drains = heroku.drains(app).await?.value;
    Ok(drains.iter().any(|drain| drain.expose_secret() == url.expose_secret()))
}

/// Whether an address is one that logs are sent to: with TLS, or within this machine, where a stand-in for Heroku may be.
fn is_taken(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url))
}

/// The account of what acts on the app, or else of what watches it, or else the default one.
fn account_of(definitions: &Definitions, app: &AppName) -> AccountName {
    let reactions = definitions.reactions.iter().filter(|reaction| reaction.kind.app() == app);
    let monitors = definitions.monitors.iter().filter(|monitor| monitor.kind.app() == Some(app));
    let acting = reactions.map(|reaction| reaction.kind.account());
    acting.chain(monitors.filter_map(|monitor| monitor.kind.account())).next().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_sent_with_tls_or_within_this_machine() {
        for (url, expected) in [
            ("https://flyball.example.com/drain/k", true),
            ("http://127.0.0.1:8080/drain/k", true),
            ("http://[::1]:8080/drain/k", true),
            ("http://localhost/drain/k", true),
            ("http://flyball.example.com/drain/k", false),
            ("http://0.0.0.0:8080/drain/k", false),
            ("http://127.0.0.1.example.com/drain/k", false),
            ("ftp://127.0.0.1/drain/k", false),
            ("/drain/k", false),
        ] {
            assert_eq!(is_taken(url), expected, "{url}");
        }
    }

    #[test]
    fn the_account_is_that_of_what_acts_on_the_app_or_else_watches_it() {
        let file = "[heroku.accounts.acts]\ntoken = { env = \"A\" }\n[heroku.accounts.looks]\ntoken = { env = \"B\" }\n\
                    [[monitor]]\nname = \"dynos\"\nheroku_dynos = { app = \"shop\", account = \"looks\" }\nreactions = [\"more\"]\n\
                    [[monitor]]\nname = \"blog\"\nheroku_dynos = { app = \"blog\", account = \"looks\" }\n\
                    [[reaction]]\nname = \"more\"\nscale_out = { app = \"shop\", max_quantity = 5, account = \"acts\" }\n";
        let definitions = flyball_config::read("flyball.toml", file).expect("the file is good");
        for (app, account) in [("shop", "acts"), ("blog", "looks"), ("other", "default")] {
            let app = app.parse().expect("a name");
            assert_eq!(account_of(&definitions, &app).as_str(), account, "{app}");
        }
    }
}
