//! The files that `flyball init --all` writes: one for each app, and the main file that includes them.

use crate::{Cost, Definitions, cost, read};
use flyball_model::{AccountName, App, AppName, DynoSize, ProcessFormation, Quantity};
use std::time::Duration;
use toml::Value;

/// The main file beside the files of apps: what holds for all of them, and that nothing acts yet.
pub const STARTING_MAIN_FILE: &str = include_str!("starting_main.toml");
/// The folder of the files of apps, beside the main file.
pub const APPS_FOLDER: &str = "apps";

/// How often the dynos of an app may be looked at, from often to seldom.
const INTERVALS: [(&str, u32); 6] = [("1m", 1), ("2m", 2), ("5m", 5), ("10m", 10), ("15m", 15), ("30m", 30)];
/// Where more apps are watched than the longest of them is enough for.
const SELDOM: (&str, u32) = ("1h", 60);
/// How much of what Heroku allows first files ask for: the other half is for effects, for looking around them, and for people.
const SHARE: f64 = 0.5;
/// Process types that a remark names; an app with more of them has a Procfile that nobody reads in a remark.
const TYPES_TOLD: usize = 8;

/// What is known of an app that is to be watched.
#[derive(Debug, Clone, Copy)]
pub struct StartingApp<'a> {
    /// What Heroku says of it.
    pub app: &'a App,
    /// The account that sees it.
    pub account: &'a AccountName,
    /// The page that is looked at.
    pub page: &'a str,
    /// Its process types.
    pub formation: &'a [ProcessFormation],
}

/// Whether a file's reactions say themselves that they only tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DryRun {
    /// The main file says so for all, as [`STARTING_MAIN_FILE`] does.
    ByDefault,
    /// Each says it: the main file is somebody's own, and may have everything act.
    BySelf,
}

/// Why an app is given no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftAlone {
    /// Flyball itself runs on it.
    Ours,
    /// A monitor or a reaction has it already.
    Watched,
    /// A person has switched maintenance mode on.
    Maintenance,
    /// Heroku names no address of its pages that could be asked for.
    NoPage,
    /// No web dyno runs.
    NoWebDyno,
}

impl LeftAlone {
    /// As a fragment that reads after "left out: ".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ours => "Flyball itself runs on it",
            Self::Watched => "it is watched already",
            Self::Maintenance => "it is in maintenance mode",
            Self::NoPage => "Heroku names no web address of it",
            Self::NoWebDyno => "it has no web dyno",
        }
    }
}

/// Why an app is left alone, as far as Heroku's list of apps tells; `ours` is the app that Flyball runs on.
#[must_use]
pub fn left_alone(app: &App, ours: Option<&AppName>, watched: &Definitions) -> Option<LeftAlone> {
    let is_watched = || {
        watched.monitors.iter().any(|monitor| monitor.kind.app() == Some(&app.name))
            || watched.monitors.iter().any(|monitor| monitor.name.as_str() == format!("{} answers", app.name))
            || watched.reactions.iter().any(|reaction| *reaction.kind.app() == app.name)
    };
    match () {
        () if ours == Some(&app.name) => Some(LeftAlone::Ours),
        () if is_watched() => Some(LeftAlone::Watched),
        () if app.maintenance => Some(LeftAlone::Maintenance),
        () if !app.web_url.as_deref().is_some_and(is_page) => Some(LeftAlone::NoPage),
        () => None,
    }
}

/// The same, by its formation.
#[must_use]
pub fn left_alone_by(formation: &[ProcessFormation]) -> Option<LeftAlone> {
    web(formation).is_none().then_some(LeftAlone::NoWebDyno)
}

/// How often the dynos of each app are looked at, so that as many more apps fit beside what an account is asked for already.
#[must_use]
pub fn starting_interval(apps: usize, account: &AccountName, already: &Definitions) -> &'static str {
    let asked = cost(already).accounts.into_iter().find(|cost| cost.account == *account);
    let left = Cost::ALLOWED_PER_MINUTE * SHARE - asked.map_or(0.0, |cost| cost.calls_per_minute);
    let calls = f64::from(u32::try_from(apps).unwrap_or(u32::MAX)) * CALLS;
    INTERVALS.into_iter().find(|(_, minutes)| calls / f64::from(*minutes) <= left).unwrap_or(SELDOM).0
}

/// Calls at each look at the dynos of an app.
const CALLS: f64 = 2.0;

/// What an app costs of Heroku's rate limit at rest, in calls an hour.
#[must_use]
pub fn calls_an_hour(app: &AppName, definitions: &Definitions) -> f64 {
    let of_app = definitions.monitors.iter().filter(|monitor| monitor.enabled && monitor.kind.app() == Some(app));
    let hour = Duration::from_secs(3600).as_secs_f64();
    of_app.map(|monitor| f64::from(monitor.kind.heroku_calls_per_reading()) * hour / monitor.every.as_secs_f64()).sum()
}

/// A commented file for one app: its page and its dynos are watched, and careful reactions have limits that go by its formation.
/// `every` is how often its dynos are looked at.
#[must_use]
pub fn starting_app_file(of: &StartingApp<'_>, every: &str, dry_run: DryRun) -> String {
    let name = &of.app.name;
    let account = match of.account {
        account if *account == AccountName::default() => String::new(),
        account => format!("account = \"{account}\"    # of [heroku.accounts]: who sees it\n"),
    };
    let mode = match dry_run {
        DryRun::ByDefault => "",
        DryRun::BySelf => {
            "mode = \"dry_run\"                     # only tells; once you agree with what you read, write \"act\"\n"
        }
    };
    let (called, more_web) = match room_for_one(of.formation) {
        Some((now, most)) => (
            format!("\"more web of {name}\", \"restart {name}\""),
            include_str!("starting_app_out.toml").replace("MOST", &most.to_string()).replace("NOW", &now.to_string()),
        ),
        None => (format!("\"restart {name}\""), include_str!("starting_app_alone.toml").to_owned()),
    };
    include_str!("starting_app.toml")
        .replace("MORE_WEB", &more_web)
        .replace("CALLED", &called)
        .replace("MODE\n", mode)
        .replace("ACCOUNT\n", &account)
        .replace("EVERY", every)
        .replace("FORMATION", &formation(of.formation))
        .replace("APP", name.as_str())
        // What comes from outside comes last, so that nothing in it is taken for a blank.
        .replace("PAGE", &Value::from(of.page).to_string())
}

/// How many web dynos run, and one more, where the size allows it.
fn room_for_one(formation: &[ProcessFormation]) -> Option<(Quantity, Quantity)> {
    let web = web(formation)?;
    let most = web.quantity.one_more();
    let is_allowed = web.size.facts().is_none_or(|facts| most.get() <= facts.dynos_max);
    is_allowed.then_some((web.quantity, most))
}

fn web(formation: &[ProcessFormation]) -> Option<&ProcessFormation> {
    formation.iter().find(|process| process.process_type.as_str() == "web" && process.quantity > Quantity::ZERO)
}

/// "web 2 of Standard-1X, worker 1 of Standard-2X"
fn formation(formation: &[ProcessFormation]) -> String {
    let running = || formation.iter().filter(|process| process.quantity > Quantity::ZERO);
    let told = running().take(TYPES_TOLD).map(|process| {
        let ProcessFormation { process_type, quantity, size } = process;
        format!("{process_type} {quantity} of {}", plain(size))
    });
    let more = running().count().saturating_sub(TYPES_TOLD);
    let more = (more > 0).then(|| format!("{more} more process types"));
    told.chain(more).collect::<Vec<_>>().join(", ")
}

/// A size that Heroku added may be called anything, and stands in a remark.
fn plain(size: &DynoSize) -> String {
    let is_plain = |char: &char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '.' | '_');
    size.as_str().to_ascii_lowercase().chars().filter(is_plain).take(40).collect()
}

/// Whether a monitor can ask for this.
fn is_page(url: &str) -> bool {
    read("", &format!("[[monitor]]\nname = \"a\"\nhttp = {{ url = {} }}\n", Value::from(url))).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{File, Files, read_files};
    use flyball_model::{AppId, Generation, Mode};

    fn app(name: &str) -> App {
        App {
            id: AppId::new(name),
            name: name.parse().unwrap(),
            maintenance: false,
            generation: Generation::Cedar,
            shield: false,
            web_url: Some(format!("https://{name}-1a2b3c4d5e6f.herokuapp.com/")),
        }
    }

    /// A process type, how many dynos, and of which size.
    type Process = (&'static str, u32, &'static str);
    /// An app, and its formation.
    type Apps = (&'static str, &'static [Process]);

    fn processes(all: &[Process]) -> Vec<ProcessFormation> {
        let process = |&(process_type, quantity, size): &Process| ProcessFormation {
            process_type: process_type.parse().unwrap(),
            quantity: Quantity::new(quantity),
            size: DynoSize::new(size),
        };
        all.iter().map(process).collect()
    }

    /// The main file of a team with these apps, as `init --all` leaves it.
    fn written(main: &str, apps: &[Apps], account: &AccountName, dry_run: DryRun) -> Definitions {
        let file = |(name, formation): &Apps| {
            let (app, formation) = (app(name), processes(formation));
            let page = app.web_url.clone().unwrap();
            let of = StartingApp { app: &app, account, page: &page, formation: &formation };
            File { name: format!("apps/{name}.toml"), text: starting_app_file(&of, "2m", dry_run) }
        };
        let files = Files { included: apps.iter().map(file).collect(), ..Files::one("flyball.toml", main) };
        read_files(&files).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(crate::Colour::Plain)))
    }

    const THREE: [Apps; 3] = [
        ("shop", &[("web", 2, "Standard-1X"), ("worker", 1, "Standard-2X")]),
        ("blog", &[("web", 1, "Basic")]),
        ("page-everywhere-more-web-app-01", &[("web", 12, "mega\" 9x\n[x]")]),
    ];

    #[test]
    fn the_files_are_valid_together_and_only_dry_run() {
        let apps = &THREE[..2];
        let default = AccountName::default();
        let definitions = written(STARTING_MAIN_FILE, apps, &default, DryRun::ByDefault);
        assert!(definitions.warnings.is_empty(), "{}", definitions.warnings);
        assert_eq!((definitions.monitors.len(), definitions.reactions.len()), (4, 3));
        assert!(definitions.reactions.iter().all(|reaction| reaction.policy.mode == Mode::DryRun));
        let limits: Vec<String> =
            definitions.reactions.iter().map(|one| serde_json::to_string(&one.kind).unwrap()).collect();
        assert!(limits[0].contains("\"max_quantity\":3"), "one more than there are: {limits:?}");
        assert!(!limits.iter().any(|limit| limit.contains("blog") && limit.contains("max_quantity")), "{limits:?}");
        assert!((calls_an_hour(&"shop".parse().unwrap(), &definitions) - 60.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_team_s_apps_are_looked_at_by_its_account_and_dry_run_whatever_the_main_file_says() {
        let main = "include = [\"apps/*.toml\"]\nmode = \"act\"\n[heroku.accounts.team]\ntoken = { env = \"TEAM\" }\n";
        let team: AccountName = "team".parse().unwrap();
        let definitions = written(main, &THREE[..2], &team, DryRun::BySelf);
        assert!(definitions.reactions.iter().all(|reaction| reaction.policy.mode == Mode::DryRun));
        assert!(definitions.reactions.iter().all(|reaction| *reaction.kind.account() == team));
        let looking = definitions.monitors.iter().filter_map(|monitor| monitor.kind.account());
        assert_eq!(looking.collect::<Vec<_>>(), [&team, &team]);
    }

    #[test]
    fn whatever_heroku_calls_its_sizes_nothing_of_it_leaves_the_remark() {
        let (_, formation) = THREE[2];
        let (app, formation) = (app("shop"), processes(formation));
        let page = "https://a.example/?APP=\"EVERY\"#MODE";
        let of = StartingApp { app: &app, account: &AccountName::default(), page, formation: &formation };
        let text = starting_app_file(&of, "1m", DryRun::ByDefault);
        let read = read("", &text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(text.contains("web 12 of mega9xx"), "{text}");
        assert!(serde_json::to_string(&read.monitors[0].kind).unwrap().contains("APP=%22EVERY%22"), "{text}");
    }

    #[test]
    fn every_setting_is_explained() {
        let (app, formation) = (app("shop"), processes(THREE[0].1));
        let of = StartingApp {
            app: &app,
            account: &AccountName::default(),
            page: "https://a.example/",
            formation: &formation,
        };
        let texts = [STARTING_MAIN_FILE.to_owned(), starting_app_file(&of, "1m", DryRun::BySelf)];
        let settings =
            texts.iter().flat_map(|text| text.lines()).filter(|line| line.contains(" = ") && !line.starts_with('#'));
        let bare: Vec<_> = settings.filter(|line| !line.contains(" # ")).collect();
        assert!(bare.is_empty(), "{bare:#?}");
        for blank in ["MORE_WEB", "CALLED", "MODE", "ACCOUNT", "EVERY", "FORMATION", "PAGE", "MOST", "NOW", "APP"] {
            assert!(!texts.iter().any(|text| text.contains(blank)), "{blank}");
        }
    }

    #[test]
    fn an_app_is_left_alone_for_the_first_reason_that_there_is() {
        let watched = read("", "[[monitor]]\nname = \"a\"\nheroku_dynos = { app = \"old\" }\n").unwrap();
        let ours: AppName = "flyball".parse().unwrap();
        for (case, app, expected) in [
            ("an app", app("shop"), None),
            ("our own", App { maintenance: true, ..app("flyball") }, Some(LeftAlone::Ours)),
            ("one that is watched", app("old"), Some(LeftAlone::Watched)),
            ("in maintenance", App { maintenance: true, ..app("shop") }, Some(LeftAlone::Maintenance)),
            ("without an address", App { web_url: None, ..app("shop") }, Some(LeftAlone::NoPage)),
            (
                "no address",
                App { web_url: Some("https://a:b@x.example/".into()), ..app("shop") },
                Some(LeftAlone::NoPage),
            ),
        ] {
            assert_eq!(left_alone(&app, Some(&ours), &watched), expected, "{case}");
        }
        for (formation, expected) in [
            (&[][..], Some(LeftAlone::NoWebDyno)),
            (&[("worker", 1, "Eco")], Some(LeftAlone::NoWebDyno)),
            (&[("web", 0, "Eco")], Some(LeftAlone::NoWebDyno)),
            (&[("web", 1, "Eco")], None),
        ] {
            assert_eq!(left_alone_by(&processes(formation)), expected, "{formation:?}");
        }
    }

    #[test]
    fn the_more_apps_the_more_seldom_so_that_half_of_what_heroku_allows_is_enough() {
        let nothing = read("", "").unwrap();
        let busy = read("", "[[monitor]]\nname = \"a\"\nevery = \"4s\"\nheroku_dynos = { app = \"old\" }\n").unwrap();
        let default = AccountName::default();
        for (apps, already, expected) in [
            (1, &nothing, "1m"),
            (18, &nothing, "1m"),
            (19, &nothing, "2m"),
            (500, &nothing, "30m"),
            (5000, &nothing, "1h"),
            (5, &busy, "2m"),
        ] {
            assert_eq!(starting_interval(apps, &default, already), expected, "{apps}");
        }
        let others: AccountName = "team".parse().unwrap();
        assert_eq!(starting_interval(5, &others, &busy), "1m", "each account has its own");
    }
}
