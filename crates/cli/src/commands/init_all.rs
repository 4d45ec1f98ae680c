//! `flyball init --all`: a first file for every app of the accounts, and a main file that includes them. Nothing of it acts yet, and
//! nothing that is there is written over.

use super::init::{Left, write_new};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::render::report::table;
use crate::wiring::{Accounts, Wiring};
use flyball_config::{
    APPS_FOLDER, Cost, Definitions, DryRun, LeftAlone, STARTING_MAIN_FILE, StartingApp, calls_an_hour, cost,
    left_alone, left_alone_by, read, read_files, stand_in_page, starting_app_file, starting_interval,
};
use flyball_engine::Home;
use flyball_engine::survey::{self, APPS_MAX, Apps};
use flyball_heroku::{Access, BaseUrl};
use flyball_model::{AccountName, App, AppName, ProcessFormation};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What became of everything, as data.
#[derive(Serialize)]
struct Said {
    file: String,
    /// Whether the main file was written; else it was there, or nothing was to be written.
    written: bool,
    apps: Vec<Became>,
    /// Whether there are more apps than are looked at.
    has_more: bool,
    cost: Cost,
}

/// What became of one app.
#[derive(Serialize)]
struct Became {
    app: AppName,
    account: AccountName,
    /// Its file, where it has one.
    file: Option<String>,
    /// Whether that was written now.
    written: bool,
    /// Why it has none.
    left_out: Option<String>,
    /// What it costs of Heroku's rate limit at rest.
    calls_an_hour: f64,
}

impl Became {
    fn words(&self) -> String {
        match (&self.file, &self.left_out) {
            (Some(file), _) if self.written => format!("wrote {file}"),
            (Some(file), _) => format!("left as it is: {file} was there"),
            (None, Some(why)) => format!("left out: {why}"),
            (None, None) => "-".to_owned(),
        }
    }
}

/// The main file, before anything is written.
struct Before {
    definitions: Definitions,
    is_there: bool,
}

/// An app that was found.
struct Found {
    account: AccountName,
    app: App,
    formation: Vec<ProcessFormation>,
    /// Why it is given no file.
    left_out: Option<String>,
}

/// The file of an app.
struct AppFile {
    app: AppName,
    path: PathBuf,
    left: Left,
}

pub(super) async fn init_all(wiring: &Wiring) -> Result<Exit, Failure> {
    let before = before(wiring)?;
    let accounts = wiring.accounts(Access::ReadOnly, &before.definitions)?;
    let asked = whom_to_ask(&accounts, &before.definitions).await;
    let Apps { seen, has_more, left_out } = survey::apps(accounts.pool(), &asked).await?;
    let mut found: Vec<Found> = seen.into_iter().map(|(account, app)| judged(wiring, &before, account, app)).collect();
    look_closer(&accounts, &mut found).await;
    if has_more {
        output::say(&format!("there are more apps than {APPS_MAX}: the others are not looked at"));
    }
    if left_out > 0 {
        output::say(&format!("{left_out} on Heroku's list of apps could not be read, and are not looked at"));
    }
    let nothing = found.iter().all(|found| found.left_out.is_some());
    let files = if nothing { Vec::new() } else { write(wiring, &before, &found)? };
    let is_new = !nothing && !before.is_there && write_new(wiring.config(), STARTING_MAIN_FILE)? == Left::Written;
    let definitions = if nothing { before.definitions } else { read_again(wiring, &files)? };
    let said = Said {
        file: wiring.config().display().to_string(),
        written: is_new,
        apps: found.into_iter().map(|found| became(found, &files, &definitions)).collect(),
        has_more,
        cost: cost(&definitions),
    };
    tell(wiring, &said)?;
    if nothing { nothing_to_write(&said) } else { Ok(Exit::GOOD) }
}

/// What the main file says, where there is one.
fn before(wiring: &Wiring) -> Result<Before, Failure> {
    let is_there = wiring.config().exists();
    let definitions = if is_there { wiring.definitions()? } else { read("", "")? };
    Ok(Before { definitions, is_there })
}

/// Every account of the file; not the default one where others are used, and it has no token.
async fn whom_to_ask(accounts: &Accounts, definitions: &Definitions) -> Vec<AccountName> {
    let mut asked: Vec<AccountName> = definitions.accounts.iter().map(|account| account.name.clone()).collect();
    let default = AccountName::default();
    if asked.len() > 1 && matches!(accounts.find(&default).await, Some(Err(_))) {
        asked.retain(|account| *account != default);
    }
    asked
}

/// An app, by what the list of apps tells of it.
fn judged(wiring: &Wiring, before: &Before, account: AccountName, app: App) -> Found {
    let (name, id) = match wiring.environment.home() {
        Home::App { name, id } => (name, id),
        Home::SomeApp | Home::Elsewhere => (None, None),
    };
    let ours = name.or_else(|| before.definitions.settings.own_app.clone());
    let ours = if id.is_some_and(|id| id == app.id) { Some(&app.name) } else { ours.as_ref() };
    let left_out = left_alone(&app, ours, &before.definitions);
    // One whose file is there has that told of it.
    let left_out = left_out.filter(|why| *why != LeftAlone::Watched || !file_of(wiring, &app.name).exists());
    Found { account, app, formation: Vec::new(), left_out: left_out.map(|why| why.words().to_owned()) }
}

/// Looks at the formation of each app that may be given a file.
async fn look_closer(accounts: &Accounts, found: &mut [Found]) {
    let mut wanted: Vec<&mut Found> = found.iter_mut().filter(|found| found.left_out.is_none()).collect();
    let asked: Vec<_> = wanted.iter().map(|found| (found.account.clone(), found.app.name.clone())).collect();
    let formations = survey::formations(accounts.pool(), &asked).await;
    for (found, formation) in wanted.iter_mut().zip(formations) {
        match formation {
            Err(error) => found.left_out = Some(format!("cannot {error}")),
            Ok(formation) => {
                found.left_out = left_alone_by(&formation).map(|why| why.words().to_owned());
                found.formation = formation;
            }
        }
    }
}

/// Writes a file for each app that is given one. Those that were there stay as they are.
fn write(wiring: &Wiring, before: &Before, found: &[Found]) -> Result<Vec<AppFile>, Failure> {
    let folder = folder(wiring);
    std::fs::create_dir_all(&folder).map_err(|error| {
        Failure::new(Exit::NO, format!("cannot make the folder {}", folder.display())).because(error)
    })?;
    // A stand-in serves the pages of its apps itself.
    let stand_in = wiring.base().ok().filter(BaseUrl::is_loopback).map(|base| base.to_string());
    let dry_run = if before.is_there { DryRun::BySelf } else { DryRun::ByDefault };
    let wanted = || found.iter().filter(|found| found.left_out.is_none());
    let write = |found: &Found| {
        let Found { account, app, formation, .. } = found;
        let page = match (&stand_in, &app.web_url) {
            (Some(base), _) => stand_in_page(&app.name, base),
            (None, page) => page.clone().unwrap_or_default(),
        };
        let of_account = wanted().filter(|other| other.account == *account).count();
        let every = starting_interval(of_account, account, &before.definitions);
        let text = starting_app_file(&StartingApp { app, account, page: &page, formation }, every, dry_run);
        let path = file_of(wiring, &app.name);
        let left = write_new(&path, &text)?;
        Ok(AppFile { app: app.name.clone(), path, left })
    };
    wanted().map(write).collect()
}

/// What all files say now, and whether those of the apps are among them.
fn read_again(wiring: &Wiring, files: &[AppFile]) -> Result<Definitions, Failure> {
    let all = wiring.files()?;
    let definitions = read_files(&all)?;
    let is_included = |file: &AppFile| all.included().iter().any(|other| Path::new(&other.name) == file.path);
    if let Some(unread) = files.iter().find(|file| !is_included(file)) {
        output::say(&format!(
            "warning: {} includes no {}: add `include = [\"{APPS_FOLDER}/*.toml\"]` at its top",
            wiring.config().display(),
            unread.path.display()
        ));
    }
    Ok(definitions)
}

fn became(found: Found, files: &[AppFile], definitions: &Definitions) -> Became {
    let Found { account, app, left_out, .. } = found;
    let file = files.iter().find(|file| file.app == app.name);
    Became {
        calls_an_hour: calls_an_hour(&app.name, definitions),
        account,
        file: file.map(|file| file.path.display().to_string()),
        written: file.is_some_and(|file| file.left == Left::Written),
        left_out,
        app: app.name,
    }
}

fn tell(wiring: &Wiring, said: &Said) -> Result<(), Failure> {
    if wiring.format == Format::Json {
        return output::json(said);
    }
    if !said.apps.is_empty() {
        let rows = said.apps.iter().map(|app| [app.app.to_string(), app.account.to_string(), calls(app), app.words()]);
        output::data(&table(["APP", "ACCOUNT", "CALLS AN HOUR", "BECAME"], rows.collect(), 4))?;
        output::data("")?;
    }
    said.cost.accounts.iter().try_for_each(|account| output::data(&account.to_string()))?;
    if said.apps.iter().any(|app| app.written) {
        let main = if said.written { "wrote" } else { "left as it is:" };
        output::say(&format!(
            "{main} {}; the new reactions only tell what they would do, until you write `mode = \"act\"`\n\
             next: `flyball validate`, `flyball doctor`, `flyball plan`, `flyball up`",
            said.file
        ));
    }
    Ok(())
}

fn calls(app: &Became) -> String {
    if app.calls_an_hour > 0.0 { format!("{:.0}", app.calls_an_hour) } else { "-".to_owned() }
}

fn nothing_to_write(said: &Said) -> Result<Exit, Failure> {
    let is_watched = said.apps.iter().any(|app| app.left_out.as_deref() == Some(LeftAlone::Watched.words()));
    if is_watched {
        return Ok(Exit::GOOD);
    }
    let why = if said.apps.is_empty() { "the account sees no app" } else { "every app is left out" };
    Err(Failure::new(Exit::NO, "cannot write a file for any app")
        .because(why)
        .hint("`flyball init --app APP` writes one for an app that you name"))
}

/// The folder of the files of apps.
fn folder(wiring: &Wiring) -> PathBuf {
    wiring.config().parent().unwrap_or(Path::new("")).join(APPS_FOLDER)
}

fn file_of(wiring: &Wiring, app: &AppName) -> PathBuf {
    folder(wiring).join(format!("{app}.toml"))
}
